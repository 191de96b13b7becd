// Behaviour of forms with data-form: sent once, busy while under way; with data-unsaved also a
// warning before changes are left. The focus goes to the list of errors when there is one.
// Forms with data-download answer with a file and leave the page where it is, so they can be sent again.
// Filters with data-filter send only what is filled in, so that addresses stay short.

document.querySelector("[data-form-summary]")?.focus();
// A refused text has the focus already; where it lies in view by its head alone, the sentence below it does not.
document.querySelector("textarea[autofocus][aria-invalid]")?.scrollIntoView({ block: "nearest" });

document.addEventListener("submit", (event) => {
  const form = event.target;

  if ("filter" in form.dataset) {
    for (const input of form.elements) if (input.name && !input.value) input.disabled = true;
    return;
  }
  if (form.method !== "post" || event.defaultPrevented || "download" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  delete form.dataset.changed;
  const button = event.submitter ?? form.querySelector("button:not([type=button])");
  if (!button) return;
  // Disabled only after this turn: a disabled button would not be sent with its name and value.
  setTimeout(() => {
    button.classList.add("busy");
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.busy) {
      button.dataset.label = button.textContent;
      button.textContent = button.dataset.busy;
    }
  });
});

// Coming back with the browser's back button must find the form usable again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll(".busy")) {
      button.classList.remove("busy");
      button.removeAttribute("aria-disabled");
      if (button.dataset.label) button.textContent = button.dataset.label;
    }
  }
  for (const input of document.querySelectorAll("[data-filter] :disabled")) input.disabled = false;
});

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-unsaved]");
  if (!form || form.dataset.changed) return;
  form.dataset.changed = "yes";
  const state = form.querySelector("[data-form-state]");
  if (state) state.textContent = state.dataset.changed;
});

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-unsaved][data-changed]")) event.preventDefault();
});
