// Marking one answer. As soon as every line has its points they are saved, and again after each change; what the page
// says is what the server answered. Keys in a line: F full, arrows half a point, Enter the next line and, after the
// last, the next answer. Elsewhere: 1–9 a line, N skip, P the answer before.
import { api, ApiError } from "./api.js";

const form = document.querySelector("[data-marking]");
const lines = [...form.querySelectorAll("[data-mark-line]")];
const comment = form.querySelector("[data-mark-comment]");
const state = form.querySelector("[data-mark-state]");
const sum = form.querySelector("[data-mark-sum]");
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });

for (const button of form.querySelectorAll("[data-mark-set]")) button.hidden = false;

const typed = (input) => input.value.normalize("NFKC").trim().replace("。", ".").replace(",", ".");
const trimmed = (number) => String(Math.round(number * 100) / 100);

function fits(input) {
  const text = typed(input);
  return /^\d+(\.\d{1,2})?$/.test(text) && Number(text) <= Number(input.dataset.most);
}

const whole = () => lines.every(fits);
const content = () => JSON.stringify([lines.map(typed), comment.value.trim()]);

let saved = form.dataset.given ? content() : null;
let under_way = null;

function tell(text, tone = "") {
  state.textContent = text;
  state.dataset.tone = tone;
}

function look() {
  let total = 0;
  let filled = true;
  for (const input of lines) {
    const good = fits(input);
    const empty = input.value.trim() === "";
    input.toggleAttribute("aria-invalid", !good && !empty);
    if (!good && !empty) input.setAttribute("aria-invalid", "true");
    filled = filled && good;
    if (good) total += Number(typed(input));
  }
  sum.textContent = filled ? trimmed(total) : "–";
}

// One save at a time; what was typed meanwhile goes with the next one.
async function save() {
  if (under_way) {
    await under_way;
    return save();
  }
  if (content() === saved) return true;
  if (!whole()) {
    const wrong = lines.find((input) => input.value.trim() !== "" && !fits(input));
    tell(wrong ? form.dataset.wrong.replace("{most}", trimmed(Number(wrong.dataset.most))) : form.dataset.unsaved, "amber");
    return false;
  }
  const sent = content();
  tell(form.dataset.saving);
  under_way = api("PUT", form.dataset.save, { lines: lines.map(typed), comment: comment.value.trim() });
  try {
    const answer = await under_way;
    saved = sent;
    tell(form.dataset.saved.replace("{time}", clock.format(new Date(answer.given_at))), "green");
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(error.status ? error.errors.map((one) => one.message).join(" ") || error.detail : form.dataset.offline, "red");
    return false;
  } finally {
    under_way = null;
  }
}

async function go(address) {
  // A half-filled answer is left as it was: skipping must not ask for points.
  if (content() !== saved && whole() && !(await save())) return;
  window.location.assign(address);
}

async function finish() {
  if (await save()) {
    window.location.assign(form.dataset.next);
    return;
  }
  (lines.find((input) => !fits(input)) ?? lines[0]).focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  finish();
});

form.addEventListener("input", look);
form.addEventListener("change", () => {
  look();
  if (whole()) save();
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-mark-set]");
  if (button) {
    const input = button.closest("li").querySelector("[data-mark-line]");
    input.value = button.dataset.markSet === "full" ? trimmed(Number(input.dataset.most)) : "0";
    look();
    if (whole()) save();
    return;
  }
  const link = event.target.closest("[data-mark-earlier], [data-mark-skip]");
  if (link && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    go(link.href);
  }
});

function step(input, by) {
  const next = Math.min(Number(input.dataset.most), Math.max(0, (Number(typed(input)) || 0) + by));
  input.value = trimmed(next);
  look();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const input = event.target.closest?.("[data-mark-line]");
  if (input) {
    const place = lines.indexOf(input);
    if (event.key === "Enter") {
      event.preventDefault();
      if (place + 1 < lines.length) lines[place + 1].focus();
      else finish();
    } else if (event.key.toLowerCase() === "f") {
      event.preventDefault();
      input.value = trimmed(Number(input.dataset.most));
      look();
      if (whole()) save();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      step(input, event.key === "ArrowUp" ? 0.5 : -0.5);
    } else if (event.key === "Escape") {
      input.blur();
    }
    return;
  }
  if (event.target.closest("input, textarea, select, dialog, details[data-pop]")) return;
  if (/^[1-9]$/.test(event.key) && lines[Number(event.key) - 1]) {
    event.preventDefault();
    lines[Number(event.key) - 1].focus();
  } else if (event.key.toLowerCase() === "n") {
    form.querySelector("[data-mark-skip]").click();
  } else if (event.key.toLowerCase() === "p") {
    form.querySelector("[data-mark-earlier]")?.click();
  }
});

for (const input of lines) input.addEventListener("focus", () => input.select());
// On a phone the focus would push the answer out of sight behind the keyboard.
if (window.matchMedia("(hover: hover) and (pointer: fine)").matches) lines[0].focus({ preventScroll: true });

window.addEventListener("beforeunload", (event) => {
  if (under_way || (content() !== saved && lines.some((input) => input.value.trim() !== ""))) event.preventDefault();
});
