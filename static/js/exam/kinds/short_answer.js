// 简答题: the answer is a text, null when empty; a person marks it.
import { make, say } from "../words.js";

const QUIET = 1000;

export function draw(item, answer, { labelledBy, change, settled }) {
  const text = make("textarea", {
    className: "answer-long", value: answer ?? "", rows: 6, maxLength: item.max_length, id: `text-${item.number}`,
    aria: { labelledby: labelledBy, describedby: `count-${item.number}` },
  });
  const count = make("p", { className: "answer-count num", id: `count-${item.number}` });
  const paint = () => { count.textContent = say("text_count", { n: [...text.value.trim()].length, most: item.max_length }); };
  text.addEventListener("input", () => {
    // Control characters come along with pasted text, half a character from some input methods; the server refuses them.
    change(text.value.replace(/[\u0000-\u0008\u000b-\u001f\u007f\ud800-\udfff]/gu, " ") || null, QUIET);
    paint();
  });
  text.addEventListener("blur", settled);
  paint();
  return {
    node: make("div", {}, text, count),
    choose(position) { if (position === 0) text.focus(); },
    clear() { text.value = ""; paint(); change(null); },
    lock(locked) { text.readOnly = locked; },
  };
}

export function told(_item, answer) {
  return answer;
}
