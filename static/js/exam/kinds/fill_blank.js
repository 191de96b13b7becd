// 填空题: the blanks of the stem, written ____, are inputs; the answer is a list with one text each.
import { make, say } from "../words.js";

const BLANK = "____";
const LONGEST = 2000;
const QUIET = 1000;

export function draw(item, answer, { stem, change, settled }) {
  const texts = Array.from({ length: item.blanks }, (_none, place) => answer?.[place] ?? "");
  const inputs = [];
  const gaps = item.stem_html === undefined ? cut(stem, item.stem) : [...stem.querySelectorAll("[data-blank]")];
  gaps.forEach((gap, place) => {
    const blank = make("input", {
      className: "blank", type: "text", value: texts[place], maxLength: LONGEST, autocomplete: "off", spellcheck: false,
      size: 8, aria: { label: say("blank", { n: place + 1, number: item.number }) },
    });
    blank.setAttribute("autocapitalize", "off");
    blank.addEventListener("input", () => {
      // Control characters come along with pasted text, half a character from some input methods; the server
      // would refuse the answer for them, and for half a character everything that is sent with it.
      texts[place] = blank.value.replace(/[\u0000-\u001f\u007f\ud800-\udfff]/gu, " ");
      widen(blank);
      change([...texts], QUIET);
    });
    blank.addEventListener("blur", settled);
    widen(blank);
    inputs.push(blank);
    gap.replaceWith(blank);
  });
  return {
    node: null,
    choose(position) { inputs[position]?.focus(); },
    clear() { inputs.forEach((input, place) => { input.value = ""; texts[place] = ""; widen(input); }); change(null); },
    lock(locked) { inputs.forEach((input) => { input.disabled = locked; }); },
  };
}

/** Show a plain stem with a gap for each blank, and return the gaps. */
function cut(stem, words) {
  const gaps = [];
  stem.replaceChildren(...words.split(BLANK).flatMap((part, place) => {
    if (place > 0) gaps.push(document.createElement("span"));
    return place > 0 ? [gaps.at(-1), part] : [part];
  }));
  return gaps;
}

// A Chinese character is as wide as two of the digits by which `size` counts.
function widen(input) {
  const width = [...input.value].reduce((sum, char) => sum + (char.charCodeAt(0) > 255 ? 2 : 1), 0);
  input.size = Math.min(32, Math.max(8, width + 2));
}

export function told(item, answer) {
  return answer.map((text) => text || BLANK).join(say("list_comma"));
}
