import { api } from "./api.js";

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

// The QR code of an entry ticket leads here with its code behind the #. It is put into the field and taken out of the
// address, so that neither the history nor a look at the screen has it; whoever holds the ticket presses the button.
const ticket = document.querySelector("form[data-ticket]");

function takeTicket() {
  const code = new URLSearchParams(window.location.hash.slice(1)).get("ticket");
  if (!code || !ticket) return;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  ticket.closest("details").open = true;
  ticket.elements.ticket.value = code.slice(0, 64);
  const told = ticket.querySelector("[data-ticket-filled]");
  told.textContent = told.dataset.ticketFilled;
  ticket.querySelector("button").focus();
}

takeTicket();
window.addEventListener("hashchange", takeTicket);

// Many who sign in at once are let in one after another. The place is asked for before the password
// is sent; while others are before us the page says how many, counts down, and sends the form in its turn.
const state = form?.querySelector("[data-line-state]");

function tell(turn, gone) {
  const share = Math.max(0, 1 - gone / (1000 * turn.seconds));
  state.textContent = form.dataset.line
    .replace("{place}", Math.max(1, Math.round(turn.place * share)))
    .replace("{seconds}", Math.max(1, Math.round(turn.seconds * share)));
}

async function ownTurn() {
  for (;;) {
    const turn = await api("POST", "/api/v1/session/turn", { username: form.elements.username.value });
    if (!turn.wait_ms) return;
    const since = Date.now();
    for (let gone = 0; gone < turn.wait_ms; gone = Date.now() - since) {
      if (turn.wait_ms > 1000) tell(turn, gone);
      await new Promise((done) => setTimeout(done, Math.min(1000, turn.wait_ms - gone)));
    }
  }
}

form?.addEventListener("submit", async (event) => {
  if (form.dataset.called) return;
  event.preventDefault();
  if (form.dataset.waiting) return;
  form.dataset.waiting = "yes";
  const button = event.submitter ?? form.querySelector("button");
  button.classList.add("busy");
  try {
    await ownTurn();
  } catch {
    // Without an answer the form is sent all the same: the server's page says what is wrong.
  }
  state.textContent = "";
  button.classList.remove("busy");
  delete form.dataset.waiting;
  form.dataset.called = "yes";
  form.requestSubmit(button);
});

window.addEventListener("pageshow", () => delete form?.dataset.called);
