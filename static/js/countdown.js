// Runs every <time data-countdown="seconds left when the page was made">. Counts on the monotonic
// clock, so a wrong or changed clock of the device does not matter; sends the event "countdownend"
// once. The text is the clock's; words around it belong to the page.
const started = performance.now();

/** Return whole seconds as h:mm:ss or mm:ss. */
export function clockText(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return (hours ? `${hours}:${two(minutes)}` : two(minutes)) + `:${two(seconds % 60)}`;
}

function show(element) {
  const left = Math.max(0, Math.ceil(Number(element.dataset.countdown) - (performance.now() - started) / 1000));
  // Days ahead are told in words by the server; a clock is for the last day.
  if (left >= 86400) return;
  element.textContent = clockText(left);
  element.classList.toggle("is-short", left <= Number(element.dataset.shortAfter ?? 300));
  if (left === 0 && !element.dataset.ended) {
    element.dataset.ended = "yes";
    element.dispatchEvent(new CustomEvent("countdownend", { bubbles: true }));
  }
}

function showAll() {
  document.querySelectorAll("[data-countdown]").forEach(show);
}

if (document.querySelector("[data-countdown]")) {
  showAll();
  setInterval(showAll, 1000);
  document.addEventListener("visibilitychange", showAll);
}
