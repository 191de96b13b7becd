// The invigilator's board: draws tiles or a list from the page's data, asks for news every few seconds, filters by
// state, unit and mark. The filters live in the address. The news are columns over all people in the order of the page's
// data; only what differs is drawn anew (watch_drawing.js). Where the people have changed, the whole is asked for again.
// What a candidate's page noticed is asked for when the candidate is opened (watch_incidents.js).
import { Drawing, write } from "./watch_drawing.js";
import { Incidents } from "./watch_incidents.js";

const root = document.querySelector("[data-watch]");
const words = JSON.parse(document.querySelector("[data-watch-words]").textContent);
const every = Number(root.dataset.every) * 1000;
const ORDER = ["waiting", "working", "silent", "hidden", "offline", "done", "forced", "excused"];
const LOOK = { waiting: "waiting", working: "working", silent: "away", hidden: "away", offline: "offline", done: "done", forced: "lost", excused: "waiting" };
const ICON = { waiting: "circle-dashed", working: "edit", silent: "clock-pause", hidden: "eye-off", offline: "wifi-off", done: "send", forced: "hand-stop", excused: "circle-minus" };
// Always there, so that the board does not jump when the first one comes; the others only with somebody in them.
const STEADY = ["", "waiting", "working", "silent", "offline", "done"];
// A question that is never answered must not be the last one.
const GIVEN_UP = 8000;
const UNDER_WAY = ["working", "silent", "hidden", "offline"];

const find = (name) => root.querySelector(`[data-watch-${name}]`);
const asked = new URLSearchParams(location.search);
const chosen = { state: asked.get("state") ?? "", unit: asked.get("unit") ?? "", room: asked.get("room") ?? "", view: asked.get("view") ?? "tiles", word: asked.get("q") ?? "", marked: asked.get("marked") ?? "", sort: asked.get("sort") ?? "" };
let { people, desks } = JSON.parse(document.querySelector("[data-watch-board]").textContent);
let tag = "";
let failures = 0;

const fill = (text, params) => text.replace(/\{(\w+)\}/g, (_whole, key) => String(params[key]));

const icons = new Map(Array.from(document.querySelectorAll("template[data-icon]"), (one) => [one.dataset.icon, one.content.firstElementChild]));

function icon(name) {
  return icons.get(name).cloneNode(true);
}

function element(tagName, className, ...children) {
  const made = document.createElement(tagName);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function matches(desk, { state = chosen.state, marked = chosen.marked } = {}) {
  return (!state || desk.state === state) && (!marked || desk.marked) && (!chosen.unit || desk.unit === chosen.unit)
    && (!chosen.room || desk.room === chosen.room)
    && (!chosen.word || `${desk.name} ${desk.username}`.includes(chosen.word));
}

const drawing = new Drawing(words, { look: LOOK, icons: ICON, underWay: UNDER_WAY, icon, element, fill, open });

function paint() {
  const held = document.activeElement?.dataset?.desk;
  const shown = desks.filter((desk) => matches(desk));
  // The order of the board, by unit and name, holds among those who left the page equally often.
  if (chosen.sort === "left") shown.sort((one, other) => other.left - one.left);
  paintCounts();
  for (const view of ["tiles", "list"]) {
    const hidden = chosen.view !== view;
    if (find(view).hidden !== hidden) find(view).hidden = hidden;
  }
  drawing.draw(chosen.view, find(chosen.view === "tiles" ? "tiles" : "rows"), shown);
  find("none").hidden = shown.length > 0;
  if (held && document.activeElement?.dataset?.desk !== held) root.querySelector(`[data-desk="${held}"]`)?.focus({ preventScroll: true });
  const dialog = document.getElementById("desk-dialog");
  if (dialog.open) describe(dialog.dataset.desk);
}

const counts = new Map();

function count(name, look, mark, word, press) {
  const button = element("button", `watch-count is-${look}`, ...(mark ? [icon(mark)] : []), element("span", "watch-count-word", word), element("strong", "num"));
  button.type = "button";
  button.addEventListener("click", press);
  counts.set(name, button);
  find("counts").append(button);
}

/** Write the numbers: how many there are of each state under all other filters, and of those who left the page often. */
function paintCounts() {
  const numbers = { "": 0, marked: 0 };
  for (const desk of desks) {
    if (matches(desk, { state: "" })) {
      numbers[""] += 1;
      numbers[desk.state] = (numbers[desk.state] ?? 0) + 1;
    }
    if (matches(desk, { marked: "1" })) numbers.marked += 1;
  }
  for (const [name, button] of counts) {
    const number = String(numbers[name] ?? 0);
    const pressed = name === "marked" ? Boolean(chosen.marked) : chosen.state === name;
    write(button.lastElementChild, number);
    if (button.getAttribute("aria-pressed") !== String(pressed)) button.setAttribute("aria-pressed", String(pressed));
    button.hidden = !pressed && number === "0" && name !== "marked" && !STEADY.includes(name);
  }
}

function choose(changes) {
  Object.assign(chosen, changes);
  const query = new URLSearchParams();
  const names = { state: "state", unit: "unit", room: "room", word: "q", marked: "marked", sort: "sort" };
  Object.entries(names).forEach(([key, name]) => { if (chosen[key]) query.set(name, chosen[key]); });
  if (chosen.view !== "tiles") query.set("view", chosen.view);
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  document.querySelectorAll("[data-view]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === chosen.view)));
  paint();
}

// --- minutes for a room

function sittingOf() { return document.getElementById("room-sitting"); }

/** Let minutes for many go to one sitting, or to all of them (""), and name the button and the dialog after it. */
function aim(sitting) {
  const pick = sittingOf();
  pick.value = sitting;
  const name = sitting ? fill(words.minutes_room, { room: pick.selectedOptions[0].textContent }) : words.minutes_all;
  document.querySelectorAll("[data-minutes-name]").forEach((place) => { place.textContent = name; });
}

// --- one candidate

const incidents = new Incidents(document.querySelector("[data-desk-noticed]"), words, { icon, fill });

function describe(id, { anew = false } = {}) {
  const desk = desks.find((one) => one.id === id);
  if (!desk) return;
  const dialog = document.getElementById("desk-dialog");
  dialog.querySelector("[data-desk-name]").textContent = desk.name;
  dialog.querySelector("[data-desk-unit]").textContent = [desk.unit, desk.room].filter(Boolean).join(" · ");
  const values = {
    state: words[desk.state], answered: fill(words.answered, { n: desk.answered, all: desk.items }), started: desk.started ?? "–",
    saved: desk.saved ?? "–", deadline: desk.deadline ?? "–", extra: fill(words.minutes, { n: desk.extra }), shift: desk.shift ? fill(words.shifted, { time: desk.opens }) : words.unshifted,
  };
  Object.entries(values).forEach(([name, text]) => { dialog.querySelector(`[data-desk-${name}]`).textContent = text; });
  const under_way = UNDER_WAY.includes(desk.state);
  const force = dialog.querySelector("[data-desk-force]");
  force.hidden = !under_way;
  force.dataset.confirm = fill(words.force_sure, { name: desk.name });
  dialog.querySelector("[data-desk-takeover]").hidden = !under_way;
  dialog.querySelector("[data-desk-again]").hidden = !desk.again;
  incidents.show(id, desk, { anew });
  dialog.querySelector("[data-desk-extend]").hidden = !(under_way || desk.state === "waiting");
}

function open(id) {
  const dialog = document.getElementById("desk-dialog");
  dialog.dataset.desk = id;
  for (const form of dialog.querySelectorAll("form")) form.action = form.dataset.address.replace("/0/", `/${id}/`);
  describe(id, { anew: true });
  dialog.showModal();
}

// --- news

async function get(address, known = "") {
  const headers = known ? { "If-None-Match": known } : {};
  const signal = AbortSignal.timeout(GIVEN_UP);
  const answer = await fetch(address, { headers, credentials: "same-origin", redirect: "error", cache: "no-store", signal });
  if (answer.status === 304) return null;
  if (answer.status !== 200) throw new Error(String(answer.status));
  return { board: await answer.json(), tag: answer.headers.get("ETag") ?? "" };
}

/** Take what is new into the desks; returns whether the people are still the same. */
function take(board) {
  if (!board.news?.state) throw new Error("no board");
  if (board.people !== people || board.news.state.length !== desks.length) return false;
  const names = Object.keys(board.news);
  desks.forEach((desk, at) => { for (const name of names) desk[name] = board.news[name][at]; });
  return true;
}

async function ask() {
  if (document.visibilityState === "hidden") return;
  try {
    const news = await get(root.dataset.news, tag);
    if (news && !take(news.board)) {
      const { board } = await get(root.dataset.watch);
      if (!Array.isArray(board.desks)) throw new Error("no board");
      ({ people, desks } = board);
    }
    if (news) {
      tag = news.tag;
      paint();
    }
    failures = 0;
    find("fresh").textContent = fill(words.fresh, { time: new Date().toLocaleTimeString("en-GB", { hourCycle: "h23", timeZone: words.zone }) });
    find("stale").hidden = true;
  } catch {
    failures += 1;
    find("stale").hidden = failures < 2;
  }
}

async function run() {
  for (;;) {
    await new Promise((resolve) => { setTimeout(resolve, Math.min(60000, every * 2 ** Math.min(failures, 3)) * (0.9 + Math.random() / 5)); });
    await ask();
  }
}

for (const state of ["", ...ORDER]) count(state, LOOK[state] ?? "all", ICON[state], words[state || "all"], () => choose({ state }));
if (root.dataset.warnFrom) count("marked", "marked", "user-exclamation", words.marked, () => choose({ marked: chosen.marked ? "" : "1" }));
const units = [...new Set(desks.map((desk) => desk.unit))];
find("unit").append(...units.map((unit) => new Option(unit, unit, false, unit === chosen.unit)));
find("unit").addEventListener("change", (event) => choose({ unit: event.target.value }));
const room = find("room");
if (room) {
  room.value = chosen.room;
  if (room.selectedIndex < 0) {
    room.value = "";
    chosen.room = "";
  }
  room.addEventListener("change", () => { choose({ room: room.value }); aim(room.selectedOptions[0].dataset.sitting ?? ""); });
  sittingOf().addEventListener("change", () => aim(sittingOf().value));
  aim(room.selectedOptions[0].dataset.sitting ?? "");
}
find("sort").value = chosen.sort === "left" ? "left" : "";
find("sort").addEventListener("change", (event) => choose({ sort: event.target.value }));
find("word").value = chosen.word;
find("word").addEventListener("input", (event) => choose({ word: event.target.value.trim() }));
document.querySelectorAll("[data-view]").forEach((button) => button.addEventListener("click", () => choose({ view: button.dataset.view })));
document.addEventListener("visibilitychange", ask);
choose({});
run();
