// Keeps a leaderboard fresh: asks its address every few seconds with the ETag of before, not at all
// while the tab is hidden, and less often while there is no answer. On the page:
//   [data-board="address"]                    around the lines; absent: nothing moves any more
//   [data-board-lines], template[data-board-line]   body of the table, one empty line of it
//   [data-board-me]                           the own line, with the same data-at parts
//   [data-board-time data-zone]               when the standings were read; text in data-board-time-text
// Badges that only the server gives (who goes through) appear when the page is opened anew.
import { clockText } from "./countdown.js";

const EVERY = 5000;
const LONGEST = 60000;
const GIVEN_UP = 8000;
const board = document.querySelector("[data-board]");

function points(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function time(seconds) {
  const text = clockText(seconds);
  return seconds < 600 ? text.replace(/^0/, "") : text;
}

function set(root, name, text) {
  for (const element of root.querySelectorAll(`[data-at="${name}"]`)) element.textContent = text;
}

function fill(root, entry) {
  set(root, "place", String(entry.place));
  set(root, "name", entry.name);
  set(root, "unit", entry.unit);
  set(root, "score", points(entry.score));
  set(root, "time", time(entry.seconds_used));
  if (entry.participants !== undefined) {
    set(root, "participants", entry.participants.toLocaleString());
    const rate = entry.participation_rate;
    set(root, "rate", rate === null ? "–" : `${Math.round(rate * 100)}%`);
  }
}

function same(one, other) {
  return other && one.place === other.place && one.name === other.name && one.score === other.score
    && one.unit === other.unit && one.seconds_used === other.seconds_used;
}

let before = null;

function show(found) {
  const body = board.querySelector("[data-board-lines]");
  const template = board.querySelector("template[data-board-line]");
  const hall = document.body.classList.contains("hall");
  const known = new Set((before ?? []).map((entry) => JSON.stringify([entry.name, entry.unit, entry.score])));
  const lines = found.entries.map((entry) => {
    const row = template.content.cloneNode(true).querySelector("tr");
    fill(row, entry);
    if (!hall && entry.place <= 3) row.querySelector("[data-at=place]").className = "place-top";
    if (same(entry, found.me)) {
      row.classList.add("is-me");
      row.setAttribute("aria-current", "true");
      const chip = row.querySelector("[data-at=mine]");
      if (chip) chip.hidden = false;
    }
    if (hall && before && !known.has(JSON.stringify([entry.name, entry.unit, entry.score]))) row.classList.add("is-new");
    return row;
  });
  body.replaceChildren(...lines);
  const me = document.querySelector("[data-board-me]");
  if (me && found.me) fill(me, found.me);
  before = found.entries;
}

function say(text) {
  const element = document.querySelector("[data-board-time]");
  if (element) element.textContent = text;
}

function sayTime(asOf) {
  const zone = document.querySelector("[data-board-time]")?.dataset.zone;
  const parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const text = new Date(asOf).toLocaleTimeString("zh-CN", zone ? { ...parts, timeZone: zone } : parts);
  say(board.dataset.boardTimeText.replace("{time}", text));
}

let tag = null;
let wait = EVERY;
let timer = null;

async function ask() {
  timer = null;
  try {
    const headers = { Accept: "application/json" };
    if (tag) headers["If-None-Match"] = tag;
    const signal = AbortSignal.timeout(GIVEN_UP);
    const answer = await fetch(board.dataset.board, { headers, credentials: "same-origin", redirect: "error", cache: "no-store", signal });
    if (answer.status === 200) {
      const found = await answer.json();
      tag = answer.headers.get("ETag");
      // The first lines, a freeze and the end of the round change more than lines: the server draws the page anew.
      const drawn = board.querySelector("[data-board-lines]").children.length;
      if (found.frozen || !found.provisional || (found.entries.length && !drawn)) {
        location.reload();
        return;
      }
      show(found);
      sayTime(found.as_of);
    } else if (answer.status !== 304) {
      throw new Error(`HTTP ${answer.status}`);
    }
    wait = EVERY;
  } catch {
    wait = Math.min(wait * 2, LONGEST);
    say(board.dataset.boardFailed);
  }
  next();
}

function next() {
  if (document.hidden || timer !== null) return;
  // A little chance keeps a hall full of phones from asking all at once.
  timer = setTimeout(ask, wait * (0.85 + Math.random() * 0.3));
}

if (board?.querySelector("[data-board-lines]")) {
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    timer = null;
    if (!document.hidden) ask();
  });
  next();
}
