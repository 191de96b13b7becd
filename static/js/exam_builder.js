// The blueprint builder: rows of sections that come and go, ready-made papers, and what the bank has
// for the rows as they stand. On the form data-builder with data-supply (address), data-most (rows) and data-graded
// (kinds with rules of partial credit; the others hide data-section-partial);
// inside data-sections > data-section, a <template data-section-pattern>, data-section-add, -remove,
// -need, -number, data-preset (JSON) and data-builder-total. Sentences come from the server.
import { api } from "./api.js";

const form = document.querySelector("[data-builder]");
const rows = form.querySelector("[data-sections]");
const pattern = form.querySelector("[data-section-pattern]");
const total = form.querySelector("[data-builder-total]");
const addButton = form.querySelector("[data-section-add]");
const most = Number(form.dataset.most);
const graded = form.dataset.graded.split(" ");
const heading = pattern.content.querySelector("[data-section-number]").textContent;
let nextIndex = rows.querySelectorAll("[data-section]").length;
let asked = 0;
let timer;

/** The input of a row whose name ends with `name`. */
function input(row, name) {
  return row.querySelector(`[name$="-${name}"]`);
}

function ticked(row, name) {
  return [...row.querySelectorAll(`[name$="-${name}"]:checked`)].map((box) => box.value);
}

function addRow(values = {}) {
  const index = nextIndex++;
  const html = pattern.innerHTML.replaceAll("sections-NN-", `sections-${index}-`);
  rows.insertAdjacentHTML("beforeend", html);
  const row = rows.lastElementChild;
  for (const [name, value] of Object.entries(values)) input(row, name).value = value;
  offerRules(row);
  return row;
}

function renumber() {
  const all = [...rows.querySelectorAll("[data-section]")];
  all.forEach((row, place) => { row.querySelector("[data-section-number]").textContent = `${heading} ${place + 1}`; });
  addButton.disabled = all.length >= most;
}

function described(row) {
  const one = {};
  for (const name of ["title", "kind", "count", "points_each", "wing", "item_ids", "pool"]) one[name] = input(row, name).value;
  for (const name of ["topics", "fields", "difficulty"]) one[name] = ticked(row, name);
  return one;
}

const SHAPES = { enough: "circle-check", short: "alert-circle", wrong: "alert-circle" };

function show(row, told) {
  const need = row.querySelector("[data-section-need]");
  need.classList.toggle("is-enough", told.state === "enough");
  need.classList.toggle("is-short", told.state === "short" || told.state === "wrong");
  need.textContent = told.text;
  const shape = SHAPES[told.state];
  if (!shape) return;
  // The row's own bin shows where the sprite of icons lies.
  const icon = row.querySelector("[data-section-remove] .icon").cloneNode(true);
  const use = icon.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${shape}`));
  need.prepend(icon);
}

async function ask() {
  const mine = ++asked;
  const all = [...rows.querySelectorAll("[data-section]")];
  try {
    const told = await api("POST", form.dataset.supply, { sections: all.map(described) });
    // A slower answer to an older question must not overwrite a newer one.
    if (mine !== asked) return;
    told.sections.forEach((one, place) => show(all[place], one));
    total.textContent = told.totals;
  } catch {
    // The builder works without it: the server looks again when the exam is published.
  }
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, 250);
}

/** A rule of partial credit is asked for only where it makes a difference. */
function offerRules(row) {
  row.querySelector("[data-section-partial]").hidden = !graded.includes(input(row, "kind").value);
}

function changed() {
  renumber();
  form.dispatchEvent(new Event("input", { bubbles: true }));
  later();
}

addButton.addEventListener("click", () => {
  const row = addRow();
  changed();
  input(row, "title").focus();
});

form.addEventListener("click", (event) => {
  const bin = event.target.closest("[data-section-remove]");
  if (bin) {
    const row = bin.closest("[data-section]");
    const other = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    changed();
    (other?.querySelector("[data-section-remove]") ?? addButton).focus();
  }
  const preset = event.target.closest("[data-preset]");
  if (preset) {
    const facts = JSON.parse(preset.dataset.preset);
    rows.replaceChildren();
    for (const section of facts.sections) addRow(section);
    form.elements.minutes.value = facts.minutes;
    form.elements.pass_mark.value = facts.pass_mark;
    changed();
  }
});

rows.addEventListener("input", later);
rows.addEventListener("change", (event) => {
  if (event.target.matches('[name$="-kind"]')) offerRules(event.target.closest("[data-section]"));
});
rows.querySelectorAll("[data-section]").forEach(offerRules);
renumber();
ask();
