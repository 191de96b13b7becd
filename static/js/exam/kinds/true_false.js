// 判断题: the answer is true or false, null when taken back.
import { say } from "../words.js";
import { optionCards } from "./choices.js";

export function draw(item, answer, { labelledBy, change }) {
  const options = [
    { key: "true", mark: "✓", text: say("true") },
    { key: "false", mark: "✗", text: say("false") },
  ];
  const { node, inputs } = optionCards(item, options, {
    many: false, labelledBy, chosen: (key) => answer !== null && key === String(answer), pick: (key) => change(key === "true"),
  });
  return {
    node,
    choose(position) { inputs[position]?.click(); inputs[position]?.focus({ preventScroll: true }); },
    clear() { inputs.forEach((input) => { input.checked = false; }); change(null); },
    lock(locked) { inputs.forEach((input) => { input.disabled = locked; }); },
  };
}

export function told(item, answer) {
  return say(String(answer));
}
