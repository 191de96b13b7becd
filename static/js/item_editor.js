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
