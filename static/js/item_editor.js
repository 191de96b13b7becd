// The editor of items: what a candidate sees and the quiet checks follow the typing. On the form
// data-editor (address of the preview), beside it data-editor-side. Without script a button does it.
// What is typed into a field that lists found items (data-find is the address) is looked for in the bank.
import { api } from "./api.js";

const form = document.querySelector("[data-editor]");
const side = form.querySelector("[data-editor-side]");
const PAUSE = 500;
let asked = 0;
let timer;

async function look() {
  const mine = ++asked;
  try {
    const typed = new FormData(form);
    typed.delete("picture"); // sent when it is added, not at every key
    const told = await api("POST", form.dataset.editor, typed);
    // A slower answer to an older text must not overwrite a newer one.
    if (mine === asked) side.innerHTML = told.html;
  } catch {
    // Writing goes on without it: the server looks again when the item is saved.
  }
}

form.querySelector("[data-editor-look]").hidden = true;
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE);
});

const found = document.querySelector("#found-items");
let finding;

async function find(words) {
  try {
    const told = await api("GET", `${form.dataset.find}?words=${encodeURIComponent(words)}`);
    found.replaceChildren(...told.items.map((item) => new Option(item.stem, item.code)));
  } catch {
    // The id can be typed as well; the server says whether there is such an item.
  }
}

form.addEventListener("input", (event) => {
  if (event.target.getAttribute("list") !== "found-items") return;
  clearTimeout(finding);
  const words = event.target.value.trim();
  if (words) finding = setTimeout(find, PAUSE, words);
});

// A fill-in has a row of answers for each ____ of its stem: rows come and go as the stem is typed. One that holds an
// answer stays, and the server says what is too much.
const BLANK = /____/g;

function matchRows(fieldset) {
  const stem = form.elements[fieldset.dataset.blanks];
  const rows = [...fieldset.querySelectorAll(".row-edit")];
  const wanted = Math.max(1, (stem.value.match(BLANK) || []).length);
  while (rows.length < wanted) {
    const number = rows.length;
    const row = rows[0].cloneNode(true);
    row.querySelector(".row-mark").textContent = number + 1;
    row.querySelectorAll(".field-error").forEach((one) => one.remove());
    row.querySelectorAll("textarea, input").forEach((input) => {
      input.name = input.name.replace("blanks[0]", `blanks[${number}]`);
      input.id = input.name;
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    });
    row.querySelectorAll("label").forEach((label) => {
      label.htmlFor = label.htmlFor.replace("blanks[0]", `blanks[${number}]`);
      label.textContent = label.textContent.replace("1", number + 1);
    });
    rows.at(-1).after(row);
    rows.push(row);
  }
  while (rows.length > wanted && [...rows.at(-1).querySelectorAll("textarea, input")].every((one) => !one.value)) {
    rows.pop().remove();
  }
}

form.addEventListener("input", (event) => {
  const fieldset = [...form.querySelectorAll("[data-blanks]")].find((one) => one.dataset.blanks === event.target.name);
  if (fieldset) matchRows(fieldset);
});
