// Before the start: a countdown to the opening and one button. Where all begin together, or the candidate has said to
// be ready, the paper opens by itself: at the second, spread over the seconds that cost nobody anything (the server
// says how many). The opening is asked for again while it comes near, and every few seconds where a signal opens the room.
import { clockText } from "../countdown.js";
import { call } from "./calls.js";
import { say, settings } from "./words.js";

const NEAR = 60;
const SOON = 3600;
const EVERY = 4000;

const lobby = document.querySelector('[data-exam="lobby"]');
const button = lobby.querySelector("[data-start]");
const note = document.querySelector('[data-exam="lobby-note"]');
const count = lobby.querySelector("[data-opens]");
const awaits = lobby.querySelector("[data-awaits]");
let heardAt = performance.now();
let opensIn = settings.opensIn;
let awaitsSignal = settings.awaitsSignal;
let spread = settings.spread;
// Whoever comes to a page that waits is let in; whoever opens it later presses the button.
const waited = lobby.dataset.phase === "upcoming";
let ready = waited && settings.together;
let busy = false;
let waiting = false;
let timer = 0;

function secondsLeft() {
  return Math.max(0, opensIn - (performance.now() - heardAt) / 1000);
}

function closed() {
  return awaitsSignal || secondsLeft() > 0;
}

function show() {
  const left = Math.ceil(secondsLeft());
  if (awaits) awaits.hidden = !awaitsSignal;
  if (button && !busy && waited) {
    // Days or hours ahead nobody waits here yet.
    const offers = closed() && !settings.together && left < SOON;
    button.disabled = closed() && !offers;
    button.textContent = offers ? button.dataset.ready : button.dataset.go;
    button.setAttribute("aria-pressed", String(closed() && ready));
  } else if (button && !busy) button.disabled = closed();
  if (!count) return;
  // Before the signal nobody knows how long it takes: the line above tells all.
  count.hidden = left === 0 || awaitsSignal;
  // Days ahead are told in words by the page; a clock is for the last day.
  if (left > 0 && left < 86400) count.querySelector("[data-opens-clock]").textContent = clockText(left);
  if (!closed() && !lobby.dataset.open) {
    lobby.dataset.open = "yes";
    note.textContent = say("open_now");
  }
}

/** Let the candidate in on a press of the button or at the opening; at once after a reload of the page that was sitting. */
export function openLobby({ enter }) {
  async function go() {
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    button.disabled = true;
    button.classList.add("is-busy");
    note.textContent = say("connecting");
    let early = false;
    try {
      await enter();
    } catch (error) {
      note.textContent = error.detail || say("no_line");
      early = error.code === "not_open";
      if (["attempts_used_up", "closed", "not_found"].includes(error.code)) window.location.reload();
    } finally {
      busy = false;
      button.classList.remove("is-busy");
      // Our clock and the server's may differ by a moment, or the opening was moved: who wanted in waits on.
      if (early) {
        opensIn = (performance.now() - heardAt) / 1000 + 2;
        ready ||= waited;
        arm();
        wait();
      }
      button.disabled = closed();
    }
  }

  function sayReady() { note.textContent = ready && !awaitsSignal ? say("ready") : ""; }

  /** Set the alarm for the opening. A late page has used up part of the spread already. */
  function arm() {
    clearTimeout(timer);
    if (!ready || awaitsSignal || busy || !lobby.isConnected) return;
    const late = Math.max(0, (performance.now() - heardAt) / 1000 - opensIn);
    const jitter = Math.random() * Math.max(0, spread - late);
    const seconds = secondsLeft() + jitter;
    // Longer waits than a timer can hold are armed again by the next news.
    if (seconds < 86400) timer = setTimeout(go, seconds * 1000);
  }

  async function ask() {
    try {
      const sentAt = performance.now();
      const news = await call("GET", `/api/v1/exams/${settings.exam}/waiting`, undefined, { timeout: 4000 });
      const moved = Math.abs(secondsLeft() - news.opens_in_ms / 1000) > 0.2 || awaitsSignal !== news.awaits_signal;
      heardAt = (sentAt + performance.now()) / 2;
      opensIn = news.opens_in_ms / 1000;
      awaitsSignal = news.awaits_signal;
      spread = news.spread_seconds;
      if (moved) {
        arm();
        if (ready && button && !busy && closed()) sayReady();
      }
    } catch (error) {
      // The exam is no more: it was cancelled, and the page that stands here now says why. Otherwise the countdown goes
      // on, and the next news puts it right.
      if (error.code === "not_found") window.location.reload();
    }
    show();
  }

  async function wait() {
    if (waiting) return;
    waiting = true;
    let asked = 0;
    while (waited && lobby.isConnected && closed()) {
      await new Promise((resolve) => { setTimeout(resolve, EVERY * (0.75 + Math.random() / 2)); });
      // Far from the opening once a minute is enough to learn that it was moved.
      const near = awaitsSignal || secondsLeft() < NEAR;
      if (closed() && !busy && (near || performance.now() - asked > NEAR * 1000)) {
        asked = performance.now();
        await ask();
      }
    }
    waiting = false;
  }

  button?.addEventListener("click", () => {
    if (!waited || !closed()) { go(); return; }
    ready = !ready;
    sayReady();
    arm();
    show();
  });
  if (ready && button) sayReady();
  show();
  arm();
  wait();
  setInterval(show, 500);
  let sitting = null;
  try { sitting = sessionStorage.getItem(`sitting:${settings.exam}`); } catch { /* then the button it is */ }
  if (sitting && lobby.dataset.phase === "resumable") go();
}
