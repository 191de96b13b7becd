// Small panels behind a <summary> (details[data-pop]): one open at a time, closed by Escape, by a
// press elsewhere, and when the focus leaves.
const open = () => document.querySelectorAll("details[data-pop][open]");

document.addEventListener("click", (event) => {
  for (const panel of open()) if (!panel.contains(event.target)) panel.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const panel of open()) {
    panel.open = false;
    panel.querySelector("summary").focus();
  }
});

document.addEventListener("focusin", (event) => {
  for (const panel of open()) if (!panel.contains(event.target)) panel.open = false;
});
