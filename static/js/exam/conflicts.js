// When another page wrote something else meanwhile: both answers are shown, the candidate decides.
import { KINDS } from "./kinds/index.js";
import { normal } from "./answers.js";
import { make, say, timeOfDay } from "./words.js";

const dialog = document.getElementById("exam-conflicts");

/** Ask about {entry, there} pairs; resolves to the entries of this page that shall stand, null when it was closed undecided. */
export function decide(conflicts, itemOf) {
  const form = dialog.querySelector("form");
  const list = dialog.querySelector("[data-conflicts]");
  list.replaceChildren(...conflicts.map(({ entry, there }) => {
    const item = itemOf(entry.number);
    const told = (answer) => (normal(answer) === null ? say("map_empty") : KINDS[item.kind].told(item, answer));
    const choice = (value, text, checked) => make("label", { className: "conflict-choice" },
      make("input", { type: "radio", name: `conflict-${entry.number}`, value, checked }), make("span", { text }));
    return make("fieldset", { className: "conflict" },
      make("legend", { text: say("item_number", { n: entry.number }) }),
      choice("there", say("conflict_there", { answer: told(there.answer), time: timeOfDay(there.saved_at) }), true),
      choice("here", say("conflict_here", { answer: told(entry.answer) }), false));
  }));
  dialog.showModal();
  return new Promise((resolve) => {
    let kept = null;
    form.onsubmit = (event) => {
      event.preventDefault();
      kept = conflicts.map(({ entry }) => entry).filter(({ number }) => form.elements[`conflict-${number}`].value === "here");
      dialog.close();
    };
    dialog.addEventListener("close", () => resolve(kept), { once: true });
  });
}

dialog.addEventListener("cancel", (event) => event.preventDefault());
