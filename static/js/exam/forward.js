// Sequential navigation: one item after the other, and none that was left opens again. The server holds to it by the
// numbers of the saves; coming to an item is a save of it, without an answer at first, so the step waits in the outbox
// like any answer and a page opened later knows where one is.
import { ask } from "./ask.js";
import { say } from "./words.js";

const dialog = document.getElementById("exam-leave");

/** Ask before an item without an answer is left for good; resolves to true when the candidate goes on. */
export function confirmLeaving(number) {
  dialog.querySelector("[data-which]").textContent = say("leave_empty", { n: number });
  return ask(dialog);
}

/**
 * Split what another page answered otherwise into {ask, closed}: about an item that was left there is nothing to ask,
 * what stands on the server counts. `at` is the item that the attempt is at.
 */
export function splitLeft(conflicts, at) {
  return { ask: conflicts.filter(({ entry }) => entry.number >= at), closed: conflicts.filter(({ entry }) => entry.number < at) };
}
