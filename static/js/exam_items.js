// Looks up items in a section of the builder, so that their codes can be named: data-find around it, data-find-words
// on the search field, data-find-told on the line that says how many there are, data-find-list on the list. The form
// bears data-items with the address; sentences with {code} and all that is told of an item come from the server.
import { api } from "./api.js";

const form = document.querySelector("[data-builder]");
const rows = form.querySelector("[data-sections]");
const address = form.dataset.items;
// By search: the number of the last question asked, and the timer of the next one.
const asked = new WeakMap();
const timers = new WeakMap();

function named(row) {
  return row.querySelector('[name$="-item_ids"]');
}

/** The codes in a field of named items, parted as the server parts them. */
function codes(field) {
  return field.value.split(/[\s,，、;；]+/).filter(Boolean);
}

/** Show on each button whether its item is named already, in whichever section. */
function mark() {
  const there = new Set([...rows.querySelectorAll('[name$="-item_ids"]')].flatMap(codes));
  for (const button of rows.querySelectorAll("[data-find-code]")) {
    const { findAdd, findThere } = button.closest("[data-find]").dataset;
    const held = there.has(button.dataset.findCode);
    button.textContent = held ? findThere : findAdd;
    // It stays in the order of the tabulator: whoever has just pressed it must not lose the place.
    button.setAttribute("aria-disabled", String(held));
  }
}

function line(box, item) {
  const [one, code, stem, facts, button] = ["li", "code", "span", "span", "button"].map((name) => document.createElement(name));
  code.textContent = item.code;
  stem.textContent = item.stem;
  facts.textContent = item.facts;
  facts.className = "cell-note";
  button.type = "button";
  button.className = "btn btn-sm";
  button.dataset.findCode = item.code;
  button.setAttribute("aria-label", box.dataset.findName.replace("{code}", item.code));
  const words = document.createElement("div");
  words.append(code, " ", stem, facts);
  one.append(words, button);
  return one;
}

async function find(box) {
  clearTimeout(timers.get(box));
  const mine = (asked.get(box) ?? 0) + 1;
  asked.set(box, mine);
  const words = box.querySelector("[data-find-words]").value.trim();
  const kind = box.closest("[data-section]").querySelector('[name$="-kind"]').value;
  let told = { items: [], text: "" };
  try {
    if (words) told = await api("POST", address, { words, kind, closes_at: form.elements.closes_at.value });
  } catch (error) {
    told.text = error.message;
  }
  // A slower answer to an older question must not overwrite a newer one.
  if (mine !== asked.get(box)) return;
  box.querySelector("[data-find-list]").replaceChildren(...told.items.map((item) => line(box, item)));
  box.querySelector("[data-find-told]").textContent = told.text;
  mark();
}

rows.addEventListener("input", (event) => {
  if (event.target.name?.endsWith("-item_ids")) mark();
  if (!event.target.matches("[data-find-words]")) return;
  // What is looked for is no part of the exam: neither is it unsaved nor does the bank's answer change.
  event.stopPropagation();
  const box = event.target.closest("[data-find]");
  clearTimeout(timers.get(box));
  timers.set(box, setTimeout(() => find(box), 300));
});

rows.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-find-words]")) return;
  // Enter must not send the whole form.
  event.preventDefault();
  find(event.target.closest("[data-find]"));
});

rows.addEventListener("change", (event) => {
  if (event.target.matches("[data-find-words]")) event.stopPropagation();
  if (!event.target.name?.endsWith("-kind")) return;
  const box = event.target.closest("[data-section]").querySelector("[data-find]");
  if (box.querySelector("[data-find-words]").value.trim()) find(box);
});

rows.addEventListener("click", (event) => {
  const button = event.target.closest("[data-find-code]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  const box = button.closest("[data-find]");
  const field = named(box.closest("[data-section]"));
  field.value = [...codes(field), button.dataset.findCode].join(" ");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  box.querySelector("[data-find-told]").textContent = box.dataset.findDone.replace("{code}", button.dataset.findCode);
});
