// The roll of a class: a search box that hides rows of the list, "tick all shown", and a running count.
for (const box of document.querySelectorAll("[data-roll]")) {
  const rows = [...box.querySelectorAll("[data-roll-row]")];
  const search = box.querySelector("[data-roll-search]");
  const count = box.querySelector("[data-roll-count]");
  const tick = (row) => row.querySelector("input[name=present]");

  const show = () => {
    const wanted = (search?.value ?? "").trim().toLowerCase();
    for (const row of rows) row.hidden = Boolean(wanted) && !row.dataset.rollRow.toLowerCase().includes(wanted);
  };
  const tell = () => {
    if (count) count.textContent = String(rows.filter((row) => tick(row).checked).length);
  };

  search?.addEventListener("input", show);
  search?.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  box.addEventListener("change", tell);
  box.querySelector("[data-roll-all]")?.addEventListener("click", () => {
    const shown = rows.filter((row) => !row.hidden);
    const all = shown.every((row) => tick(row).checked);
    for (const row of shown) tick(row).checked = !all;
    tell();
  });
  tell();
}
