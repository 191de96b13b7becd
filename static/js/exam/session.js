// Signing in again in the middle of an exam, without leaving the page: the answers stay where they are.
import { call } from "./calls.js";
import { say, settings } from "./words.js";

const dialog = document.getElementById("exam-signin");
const meta = document.querySelector("meta[name=csrf-token]");
let waiting = null;

/** Another page of this browser may have signed in anew: then only the token of this page is old. */
async function renewToken() {
  try {
    const me = await call("GET", "/api/v1/me");
    if (me.user.id !== settings.user) return false;
    meta.content = me.csrf_token;
    return true;
  } catch {
    return false;
  }
}

/** Make sure that the candidate is signed in; resolves when that is so. Several callers share one dialog. */
export function signInAgain() {
  waiting ??= renewToken().then((renewed) => (renewed ? undefined : ask())).finally(() => { waiting = null; });
  return waiting;
}

function ask() {
  const form = dialog.querySelector("form");
  const problem = dialog.querySelector("[data-signin-problem]");
  problem.textContent = "";
  dialog.showModal();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const secret = form.elements.secret.value;
      const body = settings.byTicket ? { ticket: secret.trim() } : { username: settings.username, password: secret };
      try {
        const made = await call("POST", "/api/v1/session", body);
        meta.content = made.csrf_token;
        if (made.user.id !== settings.user) { problem.textContent = say("other_person"); return; }
        form.reset();
        dialog.close();
        resolve();
      } catch (error) {
        problem.textContent = error.detail || say("no_line");
      }
    };
  });
}

// The exam cannot go on without a session, so Escape does not close this dialog.
dialog.addEventListener("cancel", (event) => event.preventDefault());
