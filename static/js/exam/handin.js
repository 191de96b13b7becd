// Handing in: one confirmation that lists what is empty, flagged and not yet saved.
import { ask } from "./ask.js";
import { make, say } from "./words.js";

const dialog = document.getElementById("exam-handin");

/**
 * Ask; resolves to true when the candidate confirms. `lists` are {empty, flagged, unsaved} of item
 * numbers; `go(number)` leads to an item and closes the dialog, null where no item can be gone to.
 */
export function confirmHandIn(lists, go) {
  const body = dialog.querySelector("[data-left]");
  body.replaceChildren(...["empty", "flagged", "unsaved"].flatMap((name) => row(name, lists[name], go)));
  const complete = !lists.empty.length && !lists.flagged.length && !lists.unsaved.length;
  dialog.querySelector("[data-complete]").hidden = !complete;
  body.hidden = complete;
  return ask(dialog);
}

function row(name, numbers, go) {
  if (!numbers.length) return [];
  const shown = numbers.map((number) => {
    if (!go) return make("span", { className: "left-plain", text: String(number) });
    const button = make("button", { className: "left-number", type: "button", text: String(number), aria: { label: say("go_to", { n: number }) } });
    button.addEventListener("click", () => { dialog.close(""); go(number); });
    return button;
  });
  return [
    make("dt", { text: say(`left_${name}`) }),
    make("dd", {}, make("span", { className: "left-count", text: say("left_count", { n: numbers.length }) }), make("span", { className: "left-numbers" }, ...shown)),
  ];
}
