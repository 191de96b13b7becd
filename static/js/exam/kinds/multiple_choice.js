// 多选题: the answer is a list of keys, null when empty.
import { letter } from "../words.js";
import { optionCards } from "./choices.js";

export function draw(item, answer, { labelledBy, change }) {
  const chosen = new Set(answer ?? []);
  const { node, inputs } = optionCards(item, item.options, {
    many: true, labelledBy, chosen: (key) => chosen.has(key),
    pick: (key) => {
      if (!chosen.delete(key)) chosen.add(key);
      change(chosen.size ? [...chosen].sort() : null);
    },
  });
  return {
    node,
    choose(position) { inputs[position]?.click(); inputs[position]?.focus({ preventScroll: true }); },
    clear() { chosen.clear(); inputs.forEach((input) => { input.checked = false; }); change(null); },
    lock(locked) { inputs.forEach((input) => { input.disabled = locked; }); },
  };
}

export function told(item, answer) {
  const places = answer.map((key) => item.options.findIndex((option) => option.key === key));
  return places.sort((one, other) => one - other).map(letter).join("");
}
