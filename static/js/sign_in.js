// Fills in a demonstration account: a button with data-fill-username and data-fill-password writes
// them into form[data-sign-in] and leaves the focus on its submit button. Nothing is sent by itself.
const form = document.querySelector("form[data-sign-in]");

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill-username]");
  if (!button || !form) return;
  form.elements.username.value = button.dataset.fillUsername;
  form.elements.password.value = button.dataset.fillPassword;
  for (const other of document.querySelectorAll("[data-fill-username]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  const submit = form.querySelector("button");
  submit.scrollIntoView({ block: "nearest" });
  submit.focus();
});
