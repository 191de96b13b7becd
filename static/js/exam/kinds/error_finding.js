// 纠错题: the answer lists the marked segments of a document, in its order; null when none is. A segment is a switch in
// running text. It is no <button>, because a button does not break across lines as a sentence must.
import { make, say } from "../words.js";

export function draw(item, answer, { labelledBy, change, announce }) {
  const marked = new Set(answer ?? []);
  const segments = [];
  let locked = false;
  const sheet = make("div", { className: "facsimile", role: "group", aria: { labelledby: labelledBy } });
  const count = make("p", { className: "order-hint" });

  function turn(segment) {
    if (locked) return;
    const key = segment.dataset.key;
    if (!marked.delete(key)) marked.add(key);
    paint();
    announce(say(marked.has(key) ? "segment_marked" : "segment_free", { n: key }));
    given();
  }

  // The word joiner keeps a number from standing alone at the end of a line.
  for (const part of item.document) {
    if (part.key === undefined) { sheet.append(part.text); continue; }
    const segment = make("span", { className: "segment", role: "button", tabIndex: 0, data: { key: part.key } },
      make("sup", { className: "segment-number num", text: part.key }), `\u2060${part.text}`);
    segment.addEventListener("click", () => turn(segment));
    segment.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      turn(segment);
    });
    segments.push(segment);
    sheet.append(segment);
  }

  function paint() {
    for (const segment of segments) {
      segment.setAttribute("aria-pressed", String(marked.has(segment.dataset.key)));
      segment.setAttribute("aria-disabled", String(locked));
    }
    count.textContent = marked.size ? say("segments_marked", { n: marked.size }) : say("segments_none");
  }

  function given() {
    const made = segments.map((one) => one.dataset.key).filter((key) => marked.has(key));
    change(made.length ? made : null);
  }

  paint();
  return {
    node: make("div", { className: "find" }, count, sheet),
    choose(position) {
      const segment = segments[position];
      if (!segment) return;
      turn(segment);
      segment.focus({ preventScroll: true });
    },
    clear() { marked.clear(); paint(); given(); },
    lock(value) { locked = value; paint(); },
  };
}

export function told(item, answer) {
  return say("segments_told", { numbers: answer.join(say("list_comma")) });
}
