// Asks before a form or a link goes off. On the form or link:
//   data-confirm="sentence"           what will happen and what will be lost
//   data-confirm-title, -verb         optional heading and word on the button
//   data-confirm-danger               the button is red
const dialog = document.getElementById("confirm-dialog");
const agreed = new WeakSet();

/** Show the question; resolves to true when the person agrees. */
export function ask({ text, title, verb, danger = false }) {
  const heading = dialog.querySelector("[data-confirm-title]");
  const yes = dialog.querySelector("[data-confirm-yes]");
  heading.textContent = title || heading.dataset.default;
  dialog.querySelector("[data-confirm-text]").textContent = text;
  yes.textContent = verb || yes.dataset.default;
  yes.className = danger ? "btn btn-danger" : "btn btn-primary";
  dialog.showModal();
  return new Promise((resolve) => {
    // Told at the press itself: the close event comes later, when the second press of a double one may have hit the
    // button below and opened the dialog anew.
    yes.addEventListener("click", () => resolve(true), { once: true });
    dialog.addEventListener("close", () => resolve(false), { once: true });
  });
}

function question(element) {
  const data = element.dataset;
  return { text: data.confirm, title: data.confirmTitle, verb: data.confirmVerb, danger: "confirmDanger" in data };
}

if (dialog) {
  dialog.querySelector("[data-confirm-yes]").addEventListener("click", () => dialog.close());
  dialog.querySelector("[data-confirm-no]").addEventListener("click", () => dialog.close());

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const source = event.submitter?.dataset.confirm ? event.submitter : form;
    if (!source.dataset.confirm || agreed.has(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.dataset.sent || !(await ask(question(source)))) return;
    agreed.add(form);
    form.requestSubmit(event.submitter);
    agreed.delete(form);
  }, { capture: true });

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-confirm]");
    if (!link) return;
    event.preventDefault();
    if (await ask(question(link))) window.location.assign(link.href);
  });
}
