// 单选题: the answer is a key, null when taken back.
import { letter } from "../words.js";
import { optionCards } from "./choices.js";

export function draw(item, answer, { labelledBy, change }) {
  const { node, inputs } = optionCards(item, item.options, {
    many: false, labelledBy, chosen: (key) => key === answer, pick: (key) => change(key),
  });
  return {
    node,
    choose(position) { inputs[position]?.click(); inputs[position]?.focus({ preventScroll: true }); },
    clear() { inputs.forEach((input) => { input.checked = false; }); change(null); },
    lock(locked) { inputs.forEach((input) => { input.disabled = locked; }); },
  };
}

export function told(item, answer) {
  return letter(item.options.findIndex((option) => option.key === answer));
}
