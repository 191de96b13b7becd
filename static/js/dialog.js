// A button may also say what to put into a field of the dialog: data-put="field" data-value="text".
// Opens and closes <dialog> elements: data-dialog-open="id" on a button, data-dialog-close inside.
// A press on the veil closes too, unless the dialog says data-modal-strict.
// A dialog that the server sends open, because it refused what was typed there, becomes a modal one.
for (const dialog of document.querySelectorAll("dialog.ask[open]")) {
  dialog.removeAttribute("open");
  dialog.showModal();
  (dialog.querySelector("[data-form-summary]") ?? dialog.querySelector("[aria-invalid=true]"))?.focus();
}

// What was refused before concerned other input than what is put into the dialog now.
function forgetRefusal(dialog) {
  for (const told of dialog.querySelectorAll(".form-summary, .field-error")) told.remove();
  for (const field of dialog.querySelectorAll(".has-error")) field.classList.remove("has-error");
  for (const input of dialog.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialogOpen);
    const field = opener.dataset.put && dialog?.querySelector(`[name="${opener.dataset.put}"]`);
    if (field) {
      field.value = opener.dataset.value;
      forgetRefusal(dialog);
    }
    dialog?.showModal();
  }

  if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();

  if (event.target instanceof HTMLDialogElement && !("modalStrict" in event.target.dataset)) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right
      && event.clientY >= box.top && event.clientY <= box.bottom;
    // A press of Enter on a button reports 0,0; only a real press outside closes.
    if (!inside && event.detail > 0) event.target.close();
  }
});
