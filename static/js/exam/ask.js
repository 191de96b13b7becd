// A question in a dialog with the buttons data-yes and data-no.

/** Open the dialog; resolves to true for yes, to false for no and for Escape. */
export function ask(dialog) {
  dialog.querySelector("[data-yes]").onclick = () => dialog.close("yes");
  dialog.querySelector("[data-no]").onclick = () => dialog.close("");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
