// The invigilator's board: draws tiles or a list from the page's data, asks for news every few seconds
// (an ETag makes an unchanged board cost nothing), filters by state, unit and mark. The filters live in the address.
// What a candidate's page noticed is asked for when the candidate is opened (watch_incidents.js).
import { Incidents } from "./watch_incidents.js";

const root = document.querySelector("[data-watch]");
const words = JSON.parse(document.querySelector("[data-watch-words]").textContent);
const every = Number(root.dataset.every) * 1000;
const ORDER = ["waiting", "working", "silent", "done", "forced", "excused"];
const LOOK = { waiting: "waiting", working: "working", silent: "away", done: "done", forced: "lost", excused: "waiting" };
const ICON = { waiting: "circle-dashed", working: "edit", silent: "clock-pause", done: "send", forced: "hand-stop", excused: "circle-minus" };

const LEFT = 6;

const find = (name) => root.querySelector(`[data-watch-${name}]`);
const asked = new URLSearchParams(location.search);
const chosen = { state: asked.get("state") ?? "", unit: asked.get("unit") ?? "", room: asked.get("room") ?? "", view: asked.get("view") ?? "tiles", word: asked.get("q") ?? "", marked: asked.get("marked") ?? "", sort: asked.get("sort") ?? "" };
let desks = JSON.parse(document.querySelector("[data-watch-board]").textContent).desks;
let tag = "";
let failures = 0;

const fill = (text, params) => text.replace(/\{(\w+)\}/g, (_whole, key) => String(params[key]));

function icon(name) {
  return document.querySelector(`template[data-icon="${name}"]`).content.firstElementChild.cloneNode(true);
}

function element(tagName, className, ...children) {
  const made = document.createElement(tagName);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function note(desk) {
  if (desk.state === "working" || desk.state === "silent") {
    const done = fill(words.answered, { n: desk.answered, all: desk.items });
    return `${done} · ${desk.saved ?? words.nothing_saved}`;
  }
  if (desk.state === "done" || desk.state === "forced") return desk.submitted ?? "";
  return desk.shift ? fill(words.shifted, { time: desk.opens }) : desk.unit;
}

function tile(desk) {
  const state = element("span", "tile-state", words[desk.state]);
  const name = element("span", "tile-name", desk.name);
  const more = element("span", "tile-note num", note(desk));
  const button = element("button", `tile is-${LOOK[desk.state]}`, icon(ICON[desk.state]), name, state, more);
  button.type = "button";
  button.title = `${desk.name} · ${desk.unit}`;
  if (desk.marked) {
    button.classList.add("is-marked");
    button.append(element("span", "tile-marked", icon("user-exclamation"), fill(words.left, { n: desk.left })));
  }
  if (desk.incidents) {
    const mark = element("span", "tile-incidents", icon("history"), String(desk.incidents));
    mark.title = fill(words.incidents, { n: desk.incidents });
    button.append(mark, element("span", "visually-hidden", fill(words.incidents, { n: desk.incidents })));
  }
  button.addEventListener("click", () => open(desk.id));
  button.dataset.desk = desk.id;
  return element("li", "", button);
}

function row(desk) {
  const cells = [
    [desk.name, "cell-title"], [desk.unit, ""], [words[desk.state], ""], [desk.items ? `${desk.answered}/${desk.items}` : String(desk.answered), "num"],
    [desk.saved ?? "–", "num"], [desk.deadline ?? "–", "num"], [String(desk.left), "num"], [String(desk.incidents - desk.left), "num"],
  ];
  const line = element("tr", "", ...cells.map(([text, className], at) => {
    const cell = element(at ? "td" : "th", className);
    cell.dataset.label = words.heads[at];
    if (at === 0) {
      cell.scope = "row";
      const button = element("button", "link-button", text);
      button.type = "button";
      button.dataset.desk = desk.id;
      button.addEventListener("click", () => open(desk.id));
      cell.append(button);
    } else if (at === 2) cell.append(element("span", `watch-state is-${LOOK[desk.state]}`, icon(ICON[desk.state]), text));
    else if (at === LEFT && desk.marked) cell.append(element("span", "watch-marked", icon("user-exclamation"), element("span", "visually-hidden", words.marked), text));
    else cell.append(text);
    return cell;
  }));
  return line;
}

function matches(desk, { state = chosen.state, marked = chosen.marked } = {}) {
  return (!state || desk.state === state) && (!marked || desk.marked) && (!chosen.unit || desk.unit === chosen.unit)
    && (!chosen.room || desk.room === chosen.room)
    && (!chosen.word || `${desk.name} ${desk.username}`.includes(chosen.word));
}

function paint() {
  const held = document.activeElement?.dataset?.desk;
  const shown = desks.filter((desk) => matches(desk));
  // The order of the board, by unit and name, holds among those who left the page equally often.
  if (chosen.sort === "left") shown.sort((one, other) => other.left - one.left);
  find("counts").replaceChildren(...["", ...ORDER].flatMap((state) => {
    const count = desks.filter((desk) => matches(desk, { state })).length;
    if (state === "excused" && !count) return [];
    const button = element("button", `watch-count is-${LOOK[state] ?? "all"}`,
      ...(state ? [icon(ICON[state])] : []), element("span", "watch-count-word", words[state || "all"]), element("strong", "num", String(count)));
    button.type = "button";
    button.setAttribute("aria-pressed", String(chosen.state === state));
    button.addEventListener("click", () => choose({ state }));
    return [button];
  }), ...marks());
  find("tiles").hidden = chosen.view !== "tiles";
  find("list").hidden = chosen.view !== "list";
  if (chosen.view === "tiles") find("tiles").replaceChildren(...shown.map(tile));
  else find("rows").replaceChildren(...shown.map(row));
  find("none").hidden = shown.length > 0;
  if (held) root.querySelector(`[data-desk="${held}"]`)?.focus({ preventScroll: true });
  const dialog = document.getElementById("desk-dialog");
  if (dialog.open) describe(dialog.dataset.desk);
}

/** Return the button that shows only the marked ones; none where the organiser wants no mark. */
function marks() {
  if (!root.dataset.warnFrom) return [];
  const count = desks.filter((desk) => matches(desk, { marked: "1" })).length;
  const button = element("button", "watch-count is-marked", icon("user-exclamation"),
    element("span", "watch-count-word", words.marked), element("strong", "num", String(count)));
  button.type = "button";
  button.setAttribute("aria-pressed", String(Boolean(chosen.marked)));
  button.addEventListener("click", () => choose({ marked: chosen.marked ? "" : "1" }));
  return [button];
}

function choose(changes) {
  Object.assign(chosen, changes);
  const query = new URLSearchParams();
  const names = { state: "state", unit: "unit", room: "room", word: "q", marked: "marked", sort: "sort" };
  Object.entries(names).forEach(([key, name]) => { if (chosen[key]) query.set(name, chosen[key]); });
  if (chosen.view !== "tiles") query.set("view", chosen.view);
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  document.querySelectorAll("[data-view]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === chosen.view)));
  const held = document.activeElement?.closest("[data-watch-counts]");
  const kind = "marked" in changes ? ".is-marked" : "[aria-pressed=true]";
  paint();
  if (held) find("counts").querySelector(kind)?.focus();
}

// --- one candidate

const incidents = new Incidents(document.querySelector("[data-desk-noticed]"), words, { icon, fill });

function describe(id) {
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
  const under_way = desk.state === "working" || desk.state === "silent";
  dialog.querySelector("[data-desk-force]").hidden = !under_way;
  dialog.querySelector("[data-desk-takeover]").hidden = !under_way;
  dialog.querySelector("[data-desk-again]").hidden = !desk.again;
  incidents.show(id, desk);
  dialog.querySelector("[data-desk-extend]").hidden = !(under_way || desk.state === "waiting");
}

function open(id) {
  const dialog = document.getElementById("desk-dialog");
  dialog.dataset.desk = id;
  for (const form of dialog.querySelectorAll("form")) form.action = form.dataset.address.replace("/0/", `/${id}/`);
  describe(id);
  dialog.showModal();
}

// --- news

async function ask() {
  if (document.visibilityState === "hidden") return;
  try {
    const answer = await fetch(root.dataset.watch, {
      headers: tag ? { "If-None-Match": tag } : {}, credentials: "same-origin", redirect: "error", cache: "no-store",
    });
    if (answer.status === 200) {
      const news = await answer.json();
      if (!Array.isArray(news.desks)) throw new Error("no board");
      desks = news.desks;
      tag = answer.headers.get("ETag") ?? "";
      paint();
    } else if (answer.status !== 304) throw new Error(String(answer.status));
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

const units = [...new Set(desks.map((desk) => desk.unit))];
find("unit").append(...units.map((unit) => new Option(unit, unit, false, unit === chosen.unit)));
find("unit").addEventListener("change", (event) => choose({ unit: event.target.value }));
const rooms = [...new Set(desks.map((desk) => desk.room))];
find("room")?.append(...rooms.map((room) => new Option(room, room, false, room === chosen.room)));
find("room")?.addEventListener("change", (event) => choose({ room: event.target.value }));
find("sort").value = chosen.sort === "left" ? "left" : "";
find("sort").addEventListener("change", (event) => choose({ sort: event.target.value }));
find("word").value = chosen.word;
find("word").addEventListener("input", (event) => choose({ word: event.target.value.trim() }));
document.querySelectorAll("[data-view]").forEach((button) => button.addEventListener("click", () => choose({ view: button.dataset.view })));
document.addEventListener("visibilitychange", ask);
choose({});
run();
