// Shows what a repair would do while it is being chosen. Without this file the preview button of the form does it.

const form = document.querySelector("[data-repair]");
const seen = document.querySelector("[data-repair-seen]");
const key = form?.querySelector("[data-repair-key]");
// Where one answer is judged anew there is no remedy to choose, but points to give.
const lines = [...(form?.querySelectorAll("[data-repair-line]") ?? [])];
let waiting = 0;
let asked = 0;

function showKey() {
  const chosen = form.querySelector("input[name=remedy]:checked")?.value;
  if (key) key.hidden = chosen === "drop" || chosen === "full_marks";
  return chosen;
}

async function look() {
  const turn = ++asked;
  const answer = await fetch(form.dataset.repair, { method: "POST", body: new FormData(form) });
  const text = await answer.text();
  // An answer that a later choice has overtaken is thrown away.
  if (turn === asked && (answer.ok || answer.status === 422)) seen.innerHTML = text;
}

function changed(event) {
  if (!["appeals", "reason", "comment"].includes(event.target.name)) {
    clearTimeout(waiting);
    if (showKey() || (lines.length && lines.every((line) => line.value.trim()))) waiting = setTimeout(look, 400);
  }
}

if (form && seen) {
  showKey();
  form.addEventListener("input", changed);
  form.querySelector("[data-repair-look]").addEventListener("click", (event) => {
    event.preventDefault();
    look();
  });
}
