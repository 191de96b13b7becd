// Shows what a repair would do while it is being chosen. Without this file the preview button of the form does it.

const form = document.querySelector("[data-repair]");
const seen = document.querySelector("[data-repair-seen]");
const key = form?.querySelector("[data-repair-key]");
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
  if (!["remedy", "appeals", "reason"].includes(event.target.name) || event.target.name === "remedy") {
    clearTimeout(waiting);
    if (showKey()) waiting = setTimeout(look, 400);
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
