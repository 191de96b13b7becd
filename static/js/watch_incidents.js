// What a candidate's page noticed, in the board's dialog: asked for when somebody is opened, and again when the board
// tells of more. The newest come first, and older ones on request.
import { api } from "./api.js";

const FIRST = 5;
const MORE = 50;

export class Incidents {
  #root;
  #words;
  #icon;
  #fill;
  #time;
  #shown = "";
  #asked = 0;
  #items = [];
  #next = null;

  /** `root` is the part of the dialog, `words` those of the board, `icon(name)` and `fill(text, params)` make one. */
  constructor(root, words, { icon, fill }) {
    this.#root = root;
    this.#words = words;
    this.#icon = icon;
    this.#fill = fill;
    const parts = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    this.#time = new Intl.DateTimeFormat(words.locale, { ...parts, hourCycle: "h23", timeZone: words.zone });
    root.querySelector("[data-noticed-more]").addEventListener("click", () => this.#more());
    root.querySelector("[data-noticed-again]").addEventListener("click", () => this.#start());
  }

  /** Show what is known of the candidate `id`; a second call for as many incidents asks nothing, unless `anew`: one that
   *  was known already may have ended. */
  show(id, desk, { anew = false } = {}) {
    const stand = `${id} ${desk.incidents}`;
    this.#find("marked").hidden = !desk.marked;
    if (desk.marked) this.#find("marked-words").textContent = this.#say("left_marked", { n: desk.left });
    if (stand === this.#shown && !anew) return;
    const other = !this.#shown.startsWith(`${id} `);
    this.#shown = stand;
    this.#root.dataset.candidate = id;
    if (other) this.#draw([], null);
    this.#start();
  }

  #say(name, params) { return this.#fill(this.#words[name], params); }

  #find(name) { return this.#root.querySelector(`[data-noticed-${name}]`); }

  #start() {
    this.#ask(`${this.#root.dataset.address.replace("/0/", `/${this.#root.dataset.candidate}/`)}?limit=${FIRST}`, []);
  }

  async #more() {
    if (!this.#next) return;
    const known = this.#items.length;
    await this.#ask(this.#next.replace(/limit=\d+/, `limit=${MORE}`), this.#items);
    // The button may be gone: go on where the reader was.
    this.#find("list").children[known]?.focus({ preventScroll: true });
  }

  async #ask(address, before) {
    this.#asked += 1;
    const asked = this.#asked;
    this.#find("failed").hidden = true;
    this.#find("state").textContent = this.#items.length ? "" : this.#words.noticed_asking;
    try {
      const found = await api("GET", address);
      if (asked !== this.#asked) return;
      this.#draw([...before, ...found.items], found.next);
      this.#find("state").textContent = this.#items.length ? "" : this.#words.noticed_none;
    } catch {
      if (asked !== this.#asked) return;
      this.#find("state").textContent = "";
      this.#find("failed").hidden = false;
    }
  }

  #draw(items, next) {
    this.#items = items;
    this.#next = next;
    const several = new Set(items.map((one) => one.attempt)).size > 1;
    this.#find("list").replaceChildren(...items.map((one) => this.#line(one, several)));
    this.#find("more").hidden = !next;
  }

  #line(one, several) {
    const line = document.createElement("li");
    line.tabIndex = -1;
    const time = document.createElement("time");
    time.dateTime = one.noticed_at;
    time.textContent = this.#time.format(new Date(one.noticed_at));
    const kind = document.createElement("span");
    kind.textContent = this.#words.kinds[one.kind];
    const about = document.createElement("span");
    about.className = "noticed-about num";
    about.append(time, ...[
      one.seconds === null ? "" : this.#lasted(one.seconds),
      one.detail,
      several ? this.#say("noticed_attempt", { n: one.attempt }) : "",
      Date.parse(one.recorded_at) - Date.parse(one.noticed_at) > 60000 ? this.#words.noticed_late : "",
    ].filter(Boolean).map((words) => ` · ${words}`));
    line.append(this.#icon(ICON[one.kind]), kind, about);
    return line;
  }

  #lasted(seconds) {
    if (seconds < 60) return this.#say("lasted_seconds", { n: seconds });
    return this.#say("lasted_minutes", { n: Math.floor(seconds / 60), seconds: seconds % 60 });
  }
}

const ICON = { focus_loss: "eye-off", network_loss: "wifi-off", taken_over: "device-desktop", stopped: "device-desktop", forced: "hand-stop", other: "info-circle" };
