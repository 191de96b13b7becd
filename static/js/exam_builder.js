// The blueprint builder: rows of sections that come and go, ready-made papers, and what the bank has
// for the rows as they stand. On the form data-builder with data-supply (address), data-most (rows) and data-graded
// (kinds with rules of partial credit; the others hide data-section-partial);
// inside data-sections > data-section, a <template data-section-pattern>, data-section-add, -remove,
// -need, -mends, -number, -more; a choice data-presets (values JSON) with the button data-preset-use,
// data-builder-total and data-builder-warnings, which also join the question of the button with data-publish;
// data-naming (address) tells how many people data-builder-named stands for. Sentences
// come from the server.
import { api } from "./api.js";

const form = document.querySelector("[data-builder]");
const rows = form.querySelector("[data-sections]");
const pattern = form.querySelector("[data-section-pattern]");
const total = form.querySelector("[data-builder-total]");
const warnings = form.querySelector("[data-builder-warnings]");
const publish = form.querySelector("[data-publish]");
const named = form.querySelector("[data-builder-named]");
const before = { text: named.textContent, people: Number(named.dataset.people) };
const addButton = form.querySelector("[data-section-add]");
const most = Number(form.dataset.most);
const graded = form.dataset.graded.split(" ");
const heading = pattern.content.querySelector("[data-section-number]").textContent;
let nextIndex = rows.querySelectorAll("[data-section]").length;
let asked = 0;
let timer;
const plain = publish.dataset.confirm;
let toldTo = null;
let leaks = [];
let counted = 0;
let counting;

/** The input of a row whose name ends with `name`. */
function input(row, name) {
  return row.querySelector(`[name$="-${name}"]`);
}

function ticked(row, name) {
  return [...row.querySelectorAll(`[name$="-${name}"]:checked`)].map((box) => box.value);
}

function tick(row, name, values) {
  for (const box of row.querySelectorAll(`[name$="-${name}"]`)) box.checked = values.includes(box.value);
}

function addRow(values = {}) {
  const index = nextIndex++;
  const html = pattern.innerHTML.replaceAll("sections-NN-", `sections-${index}-`);
  rows.insertAdjacentHTML("beforeend", html);
  const row = rows.lastElementChild;
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) tick(row, name, value);
    else input(row, name).value = value;
  }
  // What a row draws from must not hide in a fold.
  const part = ["topics", "fields", "difficulty"].some((name) => values[name]?.length);
  row.querySelector("[data-section-more]").open = Boolean(values.wing) || part;
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
  for (const name of ["title", "kind", "count", "points_each", "wing", "item_ids", "pool", "order"]) one[name] = input(row, name).value;
  for (const name of ["topics", "fields", "difficulty", "laws", "levels"]) one[name] = ticked(row, name);
  for (const box of row.querySelectorAll('[name*="-mix_"]')) one[box.name.replace(/^.*-/, "")] = box.value;
  return one;
}

function rules() {
  const data = new FormData(form);
  const names = ["release", "draw", "forms", "attempts", "credit_hours", "avoid_days", "avoid_practice", "exposure_most"];
  return Object.fromEntries(names.map((name) => [name, data.get(name) ?? ""]));
}

function warn(sentences) {
  warnings.replaceChildren(...sentences.map((sentence) => {
    const line = document.createElement("p");
    line.className = "note note-amber";
    line.append(mark("alert-triangle"), sentence);
    return line;
  }));
  leaks = sentences;
  tellQuestion();
}

/** What the button asks before it publishes: how many will be told, and what the rules give away. */
function tellQuestion() {
  const counted = toldTo === 0 ? publish.dataset.publishNobody : publish.dataset.publishPeople.replace("{n}", toldTo);
  const text = toldTo === null ? plain : counted;
  publish.dataset.confirm = [text, ...leaks].join(" ");
}

/** Who is named as the page stands. */
function people() {
  const units = [...form.querySelectorAll("[name=units]:checked")].map((box) => box.value);
  return { units, usernames: form.elements.usernames.value };
}

async function count() {
  const mine = ++counted;
  const { units, usernames } = people();
  const nobody = !units.length && !usernames.trim();
  try {
    // With nothing chosen a draft keeps those whom it names already.
    const told = nobody ? before : await api("POST", form.dataset.naming, { units, usernames });
    if (mine !== counted) return;
    named.textContent = told.text;
    toldTo = told.people;
  } catch {
    // The exam's page shows the number once the draft is saved.
    toldTo = null;
  }
  tellQuestion();
}

/** An icon by its name. A row's bin, also the pattern's, shows where the sprite of icons lies. */
function mark(shape) {
  const icon = pattern.content.querySelector("[data-section-remove] .icon").cloneNode(true);
  const use = icon.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${shape}`));
  return icon;
}

const SHAPES = { enough: "circle-check", short: "alert-circle", wrong: "alert-circle" };

function show(row, told) {
  const need = row.querySelector("[data-section-need]");
  need.classList.toggle("is-enough", told.state === "enough");
  need.classList.toggle("is-short", told.state === "short" || told.state === "wrong");
  need.textContent = told.text;
  const mends = row.querySelector("[data-section-mends]");
  mends.hidden = !told.mends.length;
  mends.querySelector("ul").replaceChildren(...told.mends.map((text) => {
    const line = document.createElement("li");
    line.textContent = text;
    return line;
  }));
  const shape = SHAPES[told.state];
  if (!shape) return;
  need.prepend(mark(shape));
}

async function ask() {
  const mine = ++asked;
  const all = [...rows.querySelectorAll("[data-section]")];
  try {
    const told = await api("POST", form.dataset.supply, {
      sections: all.map(described),
      closes_at: form.elements.closes_at?.value ?? "",
      rules: rules(),
      exam: form.dataset.exam,
      ...people(),
    });
    // A slower answer to an older question must not overwrite a newer one.
    if (mine !== asked) return;
    told.sections.forEach((one, place) => show(all[place], one));
    total.textContent = told.totals;
    warn(told.warnings);
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
}

/** Name a section after its kind while it bears no name of its own. */
function nameAfterKind(row) {
  const title = input(row, "title");
  const kind = input(row, "kind");
  const names = [...kind.options].map((one) => one.textContent);
  const typed = title.value.trim();
  if (!typed || names.includes(typed)) title.value = kind.selectedOptions[0].textContent;
}

addButton.addEventListener("click", () => {
  const row = addRow();
  nameAfterKind(row);
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
  if (event.target.closest("[data-preset-use]")) {
    const facts = JSON.parse(form.querySelector("[data-presets]").value);
    rows.replaceChildren();
    for (const section of facts.sections) addRow(section);
    form.elements.minutes.value = facts.minutes;
    form.elements.pass_mark.value = facts.pass_mark;
    changed();
  }
});

rows.addEventListener("change", (event) => {
  if (event.target.name.endsWith("-kind")) {
    nameAfterKind(event.target.closest("[data-section]"));
    offerRules(event.target.closest("[data-section]"));
  }
});
form.addEventListener("input", later);
form.addEventListener("input", (event) => {
  if (!["units", "usernames"].includes(event.target.name)) return;
  clearTimeout(counting);
  counting = setTimeout(count, 250);
});
rows.querySelectorAll("[data-section]").forEach(offerRules);
renumber();
ask();
count();
