// Before the start: a countdown to the opening and one button.
import { clockText } from "../countdown.js";
import { say, settings } from "./words.js";

const lobby = document.querySelector('[data-exam="lobby"]');
const button = lobby.querySelector("[data-start]");
const note = document.querySelector('[data-exam="lobby-note"]');
const count = lobby.querySelector("[data-opens]");
const arrivedAt = performance.now();
let opensIn = settings.opensIn;
let busy = false;

function secondsLeft() {
  return Math.max(0, opensIn - (performance.now() - arrivedAt) / 1000);
}

function show() {
  const left = Math.ceil(secondsLeft());
  if (button && !busy) button.disabled = left > 0;
  if (!count) return;
  count.hidden = left === 0;
  // Days ahead are told in words by the page; a clock is for the last day.
  if (left > 0 && left < 86400) count.querySelector("[data-opens-clock]").textContent = clockText(left);
  if (left === 0 && !lobby.dataset.open) {
    lobby.dataset.open = "yes";
    note.textContent = say("open_now");
  }
}

/** Let the candidate in on a press of the button; at once after a reload of the page that was sitting. */
export function openLobby({ enter }) {
  async function go() {
    if (busy) return;
    busy = true;
    button.disabled = true;
    button.classList.add("is-busy");
    note.textContent = say("connecting");
    try {
      await enter();
    } catch (error) {
      note.textContent = error.detail || say("no_line");
      // Our clock and the server's may differ by a moment at the opening.
      if (error.code === "not_open") opensIn = (performance.now() - arrivedAt) / 1000 + 2;
      if (error.code === "attempts_used_up" || error.code === "closed") window.location.reload();
    } finally {
      busy = false;
      button.classList.remove("is-busy");
      button.disabled = secondsLeft() > 0;
    }
  }
  button?.addEventListener("click", go);
  show();
  setInterval(show, 500);
  let sitting = null;
  try { sitting = sessionStorage.getItem(`sitting:${settings.exam}`); } catch { /* then the button it is */ }
  if (sitting && lobby.dataset.phase === "resumable") go();
}
