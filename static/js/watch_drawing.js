// Draws the invigilator's board, a tile or a line for each candidate. Each is made once and kept; when the news come,
// only the words that differ are written. A thousand people would otherwise be a thousand new tiles every few seconds.
const LEFT = 6;

/** Write a text where it is another one; into the node that is there, so that the browser has no element to match anew. */
export function write(place, text) {
  const node = place.firstChild;
  if (node?.nodeType !== Node.TEXT_NODE) place.textContent = text;
  else if (node.data !== text) node.data = text;
}

/** Turn an icon into another one, in place. */
function turn(shown, icon) {
  const use = shown.querySelector("use"), href = icon.querySelector("use").getAttribute("href");
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
}

export class Drawing {
  #words;
  #kit;
  #made = { tiles: new Map(), list: new Map() };
  #order = { tiles: "", list: "" };

  /** kit: {look, icons, underWay} by state, icon(name), element(tag, class, ...children), fill(text, params), open(id) */
  constructor(words, kit) {
    this.#words = words;
    this.#kit = kit;
  }

  /** Let `place` show these desks in this order, as tiles or as a list. */
  draw(view, place, desks) {
    const made = this.#made[view];
    const nodes = desks.map((desk) => {
      let one = made.get(desk.id);
      // Name, unit and the like are written once: where they change, everybody comes anew.
      if (one?.desk !== desk) {
        one = view === "tiles" ? this.#tile(desk) : this.#row(desk);
        made.set(desk.id, one);
      }
      one.update();
      return one.node;
    });
    const order = desks.map((desk) => desk.id).join();
    if (this.#order[view] === order && nodes.every((node) => node.parentNode === place)) return;
    this.#order[view] = order;
    place.replaceChildren(...nodes);
  }

  #note(desk) {
    const { fill, underWay } = this.#kit;
    if (underWay.includes(desk.state)) {
      const done = fill(this.#words.answered, { n: desk.answered, all: desk.items });
      return `${done} · ${desk.saved ?? this.#words.nothing_saved}`;
    }
    if (desk.state === "done" || desk.state === "forced") return desk.submitted ?? "";
    return desk.shift ? fill(this.#words.shifted, { time: desk.opens }) : desk.unit;
  }

  #tile(desk) {
    const { look, icons, icon, element, fill, open } = this.#kit;
    const words = this.#words;
    const state = element("span", "tile-state"), note = element("span", "tile-note num");
    const button = element("button", "", icon(icons[desk.state]), element("span", "tile-name", desk.name), state, note);
    button.type = "button";
    button.title = `${desk.name} · ${desk.unit}`;
    button.dataset.desk = desk.id;
    button.addEventListener("click", () => open(desk.id));
    let seen = "", noted = "", marks = [];
    const update = () => {
      write(note, this.#note(desk));
      const now = [desk.state, desk.marked, desk.left, desk.incidents].join();
      if (seen === now) return;
      seen = now;
      write(state, words[desk.state]);
      button.className = `tile is-${look[desk.state]}${desk.marked ? " is-marked" : ""}${desk.incidents ? " has-incidents" : ""}`;
      turn(button.firstElementChild, icon(icons[desk.state]));
      if (noted === `${desk.marked} ${desk.left} ${desk.incidents}`) return;
      noted = `${desk.marked} ${desk.left} ${desk.incidents}`;
      marks.forEach((one) => one.remove());
      marks = [];
      if (desk.marked) marks.push(element("span", "tile-marked", icon("user-exclamation"), fill(words.left, { n: desk.left })));
      if (desk.incidents) {
        const mark = element("span", "tile-incidents", icon("history"), String(desk.incidents));
        mark.title = fill(words.incidents, { n: desk.incidents });
        marks.push(mark, element("span", "visually-hidden", mark.title));
      }
      button.append(...marks);
    };
    return { desk, node: element("li", "", button), update };
  }

  #row(desk) {
    const { look, icons, icon, element, open } = this.#kit;
    const words = this.#words;
    const looks = ["cell-title", "", "", "num", "num", "num", "num", "num"];
    const cells = looks.map((className, at) => {
      const cell = element(at ? "td" : "th", className);
      cell.dataset.label = words.heads[at];
      return cell;
    });
    const button = element("button", "link-button", desk.name);
    button.type = "button";
    button.dataset.desk = desk.id;
    button.addEventListener("click", () => open(desk.id));
    cells[0].scope = "row";
    cells[0].append(button);
    cells[1].append(desk.unit);
    const word = document.createTextNode(""), shown = element("span", "", icon(icons[desk.state]), word);
    cells[2].append(shown);
    let state = "", left = "";
    const update = () => {
      write(cells[3], desk.items ? `${desk.answered}/${desk.items}` : String(desk.answered));
      write(cells[4], desk.saved ?? "–");
      write(cells[5], desk.deadline ?? "–");
      write(cells[7], String(desk.incidents - desk.left));
      if (state !== desk.state) {
        state = desk.state;
        shown.className = `watch-state is-${look[state]}`;
        turn(shown.firstElementChild, icon(icons[state]));
        word.data = words[state];
      }
      if (left !== `${desk.left} ${desk.marked}`) {
        left = `${desk.left} ${desk.marked}`;
        const marked = () => element("span", "watch-marked", icon("user-exclamation"), element("span", "visually-hidden", words.marked), String(desk.left));
        cells[LEFT].replaceChildren(desk.marked ? marked() : String(desk.left));
      }
    };
    return { desk, node: element("tr", "", ...cells), update };
  }
}
