// The paper on the screen: one item or one whole section at a time, as the candidate chooses.
import { KINDS } from "./kinds/index.js";
import { icon, make, say, timeOfDay, write } from "./words.js";

const ONE = "one";
const VIEW = "exam-view";

export class Paper {
  #root;
  #hooks;
  #sections = [];
  #items = [];
  #drawn = new Map();
  #locked = false;
  #shown = "";
  #folded = new Set();
  current = 1;

  /** hooks: answer(number), state(number), change(number, answer, wait), settled(), flagged(number), flag(number), moved(), announce(text),
   *  inOrder: one item at a time, without flags */
  constructor(root, paper, hooks) {
    this.#root = root;
    this.#hooks = hooks;
    paper.sections.forEach((section, index) => {
      const items = section.items.map((item) => ({ ...item, section: index }));
      this.#sections.push({ ...section, items });
      this.#items.push(...items);
    });
    root.addEventListener("focusin", (event) => {
      const number = Number(event.target.closest("[data-number]")?.dataset.number);
      if (number && number !== this.current) { this.current = number; hooks.moved(); }
    });
  }

  get items() { return this.#items; }
  get sections() { return this.#sections; }
  get section() { return this.#sections[this.item(this.current).section]; }

  get view() { if (this.#hooks.inOrder) return ONE; try { return localStorage.getItem(VIEW) ?? ONE; } catch { return ONE; } }

  set view(name) {
    try { localStorage.setItem(VIEW, name); } catch { /* holds for this page alone */ }
    this.#shown = "";
    this.show(this.current, { focus: false });
  }

  item(number) { return this.#items[number - 1]; }

  /** Draw everything anew, after the answers have changed from outside. */
  redraw() {
    this.#shown = "";
    this.show(this.current, { focus: false });
  }

  lock(locked) {
    this.#locked = locked;
    this.#drawn.forEach((one) => { one.kind.lock(locked); one.tools.hidden = locked; });
  }

  /** Bring an item to the candidate, and the focus to it. */
  show(number, { focus = true } = {}) {
    const item = this.item(Math.min(Math.max(number, 1), this.#items.length));
    const before = this.item(this.current);
    this.current = item.number;
    const wanted = this.view === ONE ? [item] : this.#sections[item.section].items;
    const what = wanted.map((one) => one.number).join();
    if (what !== this.#shown) {
      this.#shown = what;
      this.#root.dataset.view = this.view;
      this.#drawn.clear();
      this.#root.replaceChildren(...wanted.flatMap((one, at) => [...this.#caseOf(one, wanted[at - 1]), this.#draw(one)]));
      wanted.forEach((one) => this.refresh(one.number));
      if (!focus) window.scrollTo(0, 0);
    }
    const block = this.#drawn.get(item.number).block;
    if (focus) {
      block.focus({ preventScroll: true });
      // Whoever goes on within a case has read it; it is still there above the question.
      const goesOn = item.case && before.case === item.case && before !== item;
      if (this.view === ONE && !goesOn) window.scrollTo(0, 0);
      else block.scrollIntoView({ block: "start" });
    }
    this.#hooks.moved();
  }

  step(by) {
    const next = this.current + by;
    if (next >= 1 && next <= this.#items.length) this.show(next);
  }

  /** Act on the option at `position` (0 first) of the current item. */
  choose(position) {
    if (!this.#locked) this.#drawn.get(this.current)?.kind.choose(position);
  }

  #draw(item) {
    const stemId = `stem-${item.number}`;
    const stem = write(make("div", { className: "question-stem", id: stemId }), { text: item.stem, html: item.stem_html });
    const saved = make("span", { className: "question-saved" });
    const flag = make("button", { className: "xbtn xbtn-quiet question-flag", type: "button" }, icon("flag"), make("span", { text: say("flag") }));
    flag.addEventListener("click", () => this.#hooks.flag(item.number));
    flag.hidden = Boolean(this.#hooks.inOrder);
    const clear = make("button", { className: "xbtn xbtn-quiet", type: "button", text: say("clear") });
    const kind = KINDS[item.kind].draw(item, this.#hooks.answer(item.number), {
      stem,
      labelledBy: stemId,
      change: (answer, wait) => this.#hooks.change(item.number, answer, wait),
      settled: () => this.#hooks.settled(),
      announce: (text) => this.#hooks.announce(text),
    });
    clear.addEventListener("click", () => { kind.clear(); this.#drawn.get(item.number)?.block.focus({ preventScroll: true }); });
    const tools = make("p", { className: "question-tools" }, clear);
    const head = make("div", { className: "question-head" },
      make("h2", { className: "num", text: say("item_number", { n: item.number }) }),
      make("span", { text: say(item.indefinite ? "indefinite_choice" : item.kind) }),
      make("span", { text: say("item_points", { points: tidy(item.points) }) }),
      flag);
    const block = make("section", {
      className: "question", tabIndex: -1, data: { number: String(item.number) }, aria: { labelledby: `${stemId}` },
    }, head, stem);
    if (kind.node) block.append(kind.node);
    block.append(make("div", { className: "question-end" }, saved, tools));
    this.#drawn.set(item.number, { block, kind, saved, flag, clear, tools });
    if (this.#locked) { kind.lock(true); tools.hidden = true; }
    return block;
  }

  /** Return the case of an item, to stand above it, where the item before is not of the same one. */
  #caseOf(item, before) {
    const shown = item.case && this.#sections[item.section].cases?.find((one) => one.case === item.case);
    if (!shown || before?.case === item.case) return [];
    const parts = this.#sections[item.section].items.filter((one) => one.case === item.case).map((one) => one.number);
    const block = make("details", { className: "question-case", open: !this.#folded.has(item.case) },
      make("summary", { text: say("case_title", { first: parts[0], last: parts.at(-1) }) }),
      write(make("div", { className: "case-text" }), { text: shown.stem, html: shown.stem_html }),
      ...(shown.documents ?? []).map((paper) => make("section", { className: "case-document" },
        make("h3", { text: paper.title }), write(make("div", { className: "case-text" }), paper))));
    // Folded once, it stays so for the other questions of the case.
    block.addEventListener("toggle", () => { if (block.open) this.#folded.delete(item.case); else this.#folded.add(item.case); });
    return [block];
  }

  /** Show anew what is known of an item: saved or not, flagged or not. */
  refresh(number) {
    const drawn = this.#drawn.get(number);
    if (!drawn) return;
    const { state, savedAt } = this.#hooks.state(number);
    const sentence = {
      empty: "", saving: say("item_saving"), unsent: say("item_unsent"), held: say("item_held"), refused: say("item_refused"),
      saved: savedAt ? say("item_saved", { n: number, time: timeOfDay(savedAt) }) : "",
    }[state];
    const mark = { saved: "circle-check", saving: "progress", unsent: "cloud-off", held: "cloud-off", refused: "alert-circle" }[state];
    drawn.saved.replaceChildren(...(mark ? [icon(mark), sentence] : []));
    drawn.saved.className = `question-saved is-${state}`;
    const flagged = this.#hooks.flagged(number);
    drawn.flag.setAttribute("aria-pressed", String(flagged));
    drawn.flag.lastChild.textContent = say(flagged ? "flagged" : "flag");
    drawn.clear.hidden = this.#hooks.answer(number) === null;
  }
}

/** Return points without idle zeros. */
export function tidy(points) {
  return String(Number(points));
}
