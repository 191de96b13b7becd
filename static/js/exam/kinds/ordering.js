// 排序题: the answer lists keys from first to last and may stop early. Steps that are not placed yet stand
// below; a press places one at the end, buttons move it. Everything works by keyboard and by touch.
import { icon, letter, make, say, wordsOf, write } from "../words.js";

export function draw(item, answer, { labelledBy, change, announce }) {
  let order = [...(answer ?? [])];
  let locked = false;
  const placed = make("ol", { className: "order-placed", aria: { label: say("order_placed") } });
  const rest = make("ul", { className: "order-rest", aria: { label: say("order_rest") } });
  const hint = make("p", { className: "order-hint" });
  const node = make("div", { className: "order", role: "group", aria: { labelledby: labelledBy } }, placed, hint, rest);

  const nameOf = (key) => letter(item.options.findIndex((option) => option.key === key));

  function set(next, focus) {
    if (locked) return;
    order = next;
    paint();
    change(order.length ? order : null);
    focus.map((one) => node.querySelector(one)).find(Boolean)?.focus({ preventScroll: true });
  }

  function place(key) {
    set([...order, key], [".order-rest button", `[data-key="${CSS.escape(key)}"] .order-take`]);
    announce(say("order_now", { letter: nameOf(key), place: order.length }));
  }

  function takeBack(key) {
    set(order.filter((one) => one !== key), [`.order-rest [data-key="${CSS.escape(key)}"] button`]);
    announce(say("order_out", { letter: nameOf(key) }));
  }

  function move(key, by) {
    const from = order.indexOf(key);
    const to = from + by;
    if (to < 0 || to >= order.length) return;
    const next = order.filter((one) => one !== key);
    next.splice(to, 0, key);
    const end = to === 0 ? ".order-down" : to === next.length - 1 ? ".order-up" : by < 0 ? ".order-up" : ".order-down";
    set(next, [`[data-key="${CSS.escape(key)}"] ${end}`]);
    announce(say("order_now", { letter: nameOf(key), place: to + 1 }));
  }

  const tool = (className, symbol, label, press, disabled = false) => {
    const button = make("button", { className: `xbtn order-tool ${className}`, type: "button", disabled: disabled || locked, aria: { label } }, icon(symbol));
    button.addEventListener("click", press);
    return button;
  };

  const named = (option) => write(make("div", { className: "option-text" },
    make("b", { className: "order-letter", text: `${nameOf(option.key)}. ` })), option);

  function paint() {
    const byKey = new Map(item.options.map((option) => [option.key, option]));
    placed.replaceChildren(...order.map((key, at) => make("li", { className: "order-row is-placed", data: { key } },
      make("span", { className: "option-key", text: String(at + 1), aria: { hidden: "true" } }),
      named(byKey.get(key)),
      make("span", { className: "order-tools" },
        tool("order-up", "arrow-up", say("order_up", { letter: nameOf(key) }), () => move(key, -1), at === 0),
        tool("order-down", "arrow-down", say("order_down", { letter: nameOf(key) }), () => move(key, 1), at === order.length - 1),
        tool("order-take", "x", say("order_take", { letter: nameOf(key) }), () => takeBack(key))))));
    const left = item.options.filter((option) => !order.includes(option.key));
    rest.replaceChildren(...left.map((option) => {
      const button = make("button", { className: "order-row", type: "button", disabled: locked },
        make("span", { className: "option-key", text: nameOf(option.key), aria: { hidden: "true" } }),
        write(make("span", { className: "option-text" }), option));
      button.setAttribute("aria-label", say("order_place", { letter: nameOf(option.key), text: wordsOf(option), place: order.length + 1 }));
      button.addEventListener("click", () => place(option.key));
      return make("li", { data: { key: option.key } }, button);
    }));
    placed.hidden = !order.length;
    rest.hidden = !left.length;
    hint.textContent = left.length ? say(order.length ? "order_next" : "order_first", { place: order.length + 1 }) : say("order_full");
  }

  paint();
  return {
    node,
    choose(position) {
      const key = item.options[position]?.key;
      if (key === undefined || locked) return;
      if (order.includes(key)) takeBack(key);
      else place(key);
    },
    clear() { set([], [".order-rest button"]); },
    lock(value) { locked = value; paint(); },
  };
}

export function told(item, answer) {
  return answer.map((key) => letter(item.options.findIndex((option) => option.key === key))).join(" → ");
}
