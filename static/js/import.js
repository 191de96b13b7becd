// Asks how far an import is and shows it; when it has come to its next step the page is loaded anew.
const box = document.querySelector("[data-import]");
const bar = box?.querySelector("[data-bar]");

async function look() {
  let told = null;
  try {
    const answer = await fetch(box.dataset.import, { headers: { Accept: "application/json" } });
    if (answer.ok) told = await answer.json();
  } catch { /* asked again below */ }
  if (told && told.state !== box.dataset.state) {
    location.reload();
    return;
  }
  if (told) {
    const phase = box.querySelector("[data-phase]");
    if (phase.textContent !== told.phase) phase.textContent = told.phase;
    box.querySelector("[data-text]").textContent = told.text;
    if (told.total > 1) {
      bar.max = told.total;
      bar.value = told.done;
    } else {
      bar.removeAttribute("value");
    }
  }
  setTimeout(look, told ? 700 : 3000);
}

if (box) setTimeout(look, 500);
