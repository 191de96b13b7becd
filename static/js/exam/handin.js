// Handing in: one confirmation that lists what is empty, flagged, not yet saved and what could not be saved.
import { ask } from "./ask.js";
import { make, say } from "./words.js";

const dialog = document.getElementById("exam-handin");

/**
 * Ask; resolves to true when the candidate confirms. `lists` are {empty, flagged, unsaved, rejected} of item
 * numbers; `reading`: answers may lie on the device that are not read yet; `go(number)` leads to an item and closes the dialog, null where no item can be gone to.
 */
export function confirmHandIn(lists, { reading }, go) {
  const body = dialog.querySelector("[data-left]");
  body.replaceChildren(...["empty", "flagged", "unsaved", "rejected"].flatMap((name) => row(name, lists[name], go)));
  const nothing = !body.children.length;
  dialog.querySelector("[data-complete]").hidden = !nothing || reading;
  dialog.querySelector("[data-along]").hidden = !lists.unsaved.length;
  dialog.querySelector("[data-reading]").hidden = !reading;
  body.hidden = nothing;
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
