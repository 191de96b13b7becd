// Folds the branches of a tree table: a button [data-branch="id"] in a row shows or hides the rows
// whose data-parent is that id, and below them. What was folded is remembered for the page's address.
const key = `folded:${location.pathname}`;

function read() {
  try { return new Set(JSON.parse(sessionStorage.getItem(key) ?? "[]")); } catch { return new Set(); }
}

function keep(folded) {
  try { sessionStorage.setItem(key, JSON.stringify([...folded])); } catch { /* only comfort is lost */ }
}

function show(table, folded) {
  const hidden = new Set();
  for (const row of table.querySelectorAll("tr[data-node]")) {
    const { node, parent } = row.dataset;
    row.hidden = hidden.has(parent) || folded.has(parent);
    if (row.hidden) hidden.add(node);
    row.querySelector("[data-branch]")?.setAttribute("aria-expanded", String(!folded.has(node)));
  }
}

for (const table of document.querySelectorAll("table[data-tree]")) {
  const folded = read();
  // Before anything is remembered, branches start as the server marked them.
  if (!folded.size) {
    for (const button of table.querySelectorAll("[data-branch][aria-expanded=false]")) folded.add(button.dataset.branch);
  }
  show(table, folded);
  table.addEventListener("click", (event) => {
    const button = event.target.closest("[data-branch]");
    if (!button) return;
    const node = button.dataset.branch;
    if (!folded.delete(node)) folded.add(node);
    keep(folded);
    show(table, folded);
  });
}
