// 配对题: the answer is an object prompt → option, null when empty. Each prompt has a list to choose from, which every
// browser offers by keyboard and by touch in its own way; what the letters stand for is written above.
import { letter, make, say, wordsOf, write } from "../words.js";

export function draw(item, answer, { labelledBy, change, announce }) {
  const chosen = { ...(answer ?? {}) };
  const places = new Map(item.options.map((option, position) => [option.key, position]));
  const legend = make("ol", { className: "match-options", aria: { label: say("match_options") } },
    ...item.options.map((option, position) => make("li", { className: "match-option" },
      make("span", { className: "option-key", text: letter(position) }), write(make("div", { className: "option-text" }), option))));
  const selects = item.prompts.map((prompt, number) => {
    const select = make("select", { className: "match-select", id: `match-${item.number}-${prompt.key}` },
      make("option", { value: "", text: say("match_none") }),
      ...item.options.map((option, position) => make("option", { value: option.key, text: `${letter(position)}. ${wordsOf(option)}` })));
    select.value = chosen[prompt.key] ?? "";
    select.addEventListener("change", () => {
      if (select.value) chosen[prompt.key] = select.value;
      else delete chosen[prompt.key];
      const taken = item.prompts.findIndex((other) => other !== prompt && select.value && chosen[other.key] === select.value);
      if (taken >= 0 && !item.reuse) announce(say("match_twice", { letter: letter(places.get(select.value)), n: taken + 1 }));
      given();
    });
    return { prompt, number, select, row: null, note: make("p", { className: "match-note", id: `match-note-${item.number}-${prompt.key}` }) };
  });
  const rows = make("ol", { className: "match-rows", role: "group", aria: { labelledby: labelledBy } }, ...selects.map((one) => {
    const text = write(make("label", { className: "option-text", htmlFor: one.select.id }), one.prompt);
    one.select.setAttribute("aria-describedby", one.note.id);
    one.row = make("li", { className: "match-row" }, make("span", { className: "match-number num", text: String(one.number + 1), aria: { hidden: "true" } }), text, one.select, one.note);
    return one.row;
  }));
  const node = make("div", { className: "match" }, legend, item.reuse ? make("p", { className: "order-hint", text: say("match_reuse") }) : "", rows);

  function paint() {
    for (const { prompt, select, row, note } of selects) {
      const twice = !item.reuse && select.value && selects.some((other) => other.prompt !== prompt && other.select.value === select.value);
      row.classList.toggle("is-set", Boolean(select.value));
      row.classList.toggle("is-twice", Boolean(twice));
      note.textContent = twice ? say("match_same") : "";
    }
  }

  function given() {
    paint();
    // In the order of the prompts, as the server keeps it.
    const made = Object.fromEntries(item.prompts.filter(({ key }) => chosen[key]).map(({ key }) => [key, chosen[key]]));
    change(Object.keys(made).length ? made : null);
  }

  paint();
  return {
    node,
    choose(position) { selects[position]?.select.focus(); },
    clear() {
      for (const { prompt, select } of selects) { delete chosen[prompt.key]; select.value = ""; }
      given();
    },
    lock(locked) { selects.forEach(({ select }) => { select.disabled = locked; }); },
  };
}

export function told(item, answer) {
  return item.prompts
    .map((prompt, number) => (answer[prompt.key] ? `${number + 1}–${letter(item.options.findIndex((one) => one.key === answer[prompt.key]))}` : ""))
    .filter(Boolean).join(say("list_comma"));
}
