// The map of numbers: what is answered, flagged, saved, in shapes with words behind them. It is drawn
// twice, beside the paper and in a dialog for narrow screens.
import { make, say } from "./words.js";

export class ItemMap {
  #cells = new Map();
  #hooks;

  /** hooks: answered(number), state(number), flagged(number), current(), go(number), inOrder: nothing but the current item is open */
  constructor(roots, sections, hooks) {
    this.#hooks = hooks;
    roots.forEach((root) => {
      sections.forEach((section) => {
        const list = make("ol", { className: "map" });
        section.items.forEach(({ number }) => {
          const cell = make("button", { className: "map-cell", type: "button", text: String(number), data: { go: String(number) } });
          cell.addEventListener("click", () => hooks.go(number));
          list.append(make("li", {}, cell));
          this.#cells.set(number, [...(this.#cells.get(number) ?? []), cell]);
        });
        root.append(make("h3", { className: "map-title", text: section.title }), list);
      });
    });
    this.refreshAll();
  }

  refreshAll() {
    this.#cells.forEach((_cells, number) => this.refresh(number));
  }

  refresh(number) {
    const answered = this.#hooks.answered(number);
    const { state } = this.#hooks.state(number);
    const flagged = this.#hooks.flagged(number);
    const look = ["unsent", "held", "refused"].includes(state) ? "unsaved" : state === "saving" ? "saving" : answered ? "answered" : "empty";
    const words = [say("item_number", { n: number }), say(answered ? "map_answered" : "map_empty")];
    if (look === "unsaved") words.push(say("map_unsaved"));
    if (look === "saving") words.push(say("map_saving"));
    if (flagged) words.push(say("map_flagged"));
    const left = this.#hooks.inOrder && number < this.#hooks.current();
    if (left) words.push(say("map_left"));
    for (const cell of this.#cells.get(number)) {
      cell.className = `map-cell is-${look}${flagged ? " is-flagged" : ""}${left ? " is-left" : ""}`;
      cell.disabled = Boolean(this.#hooks.inOrder) && number !== this.#hooks.current();
      cell.setAttribute("aria-label", words.join(say("list_comma")));
      if (this.#hooks.current() === number) cell.setAttribute("aria-current", "true");
      else cell.removeAttribute("aria-current");
    }
  }
}
