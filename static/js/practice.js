// Practice without reloading: the answer is sent and the next page fetched here, and put in place of
// the old one. Whatever goes wrong leaves the form as it is, or lets the browser do what it would have
// done by itself. Keys: 1–9 and A–F choose, Enter hands in, N goes on. Steps move by buttons.

const main = document.getElementById("content");

/* --- steps in order: two buttons a step instead of the select, which stays as the value that is sent --- */

function renumber(list) {
  [...list.children].forEach((row, index) => {
    row.querySelector("select").value = String(index + 1);
    row.querySelector("[data-order-place]").textContent = String(index + 1);
    row.querySelector("[data-order-up]").setAttribute("aria-disabled", String(index === 0));
    row.querySelector("[data-order-down]").setAttribute("aria-disabled", String(index === list.children.length - 1));
  });
}

function arrange() {
  const place = (row) => Number(row.querySelector("select").value);
  // A case may hold several.
  for (const list of main.querySelectorAll("[data-order]")) {
    list.append(...[...list.children].sort((one, other) => place(one) - place(other)));
    for (const select of list.querySelectorAll("select")) select.hidden = true;
    for (const button of list.querySelectorAll("button")) button.hidden = false;
    renumber(list);
  }
}

function move(button) {
  const row = button.closest("li");
  const list = row.parentElement;
  const up = "orderUp" in button.dataset;
  const other = up ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (up) other.before(row);
  else other.after(row);
  renumber(list);
  for (const one of list.children) one.classList.toggle("is-moved", one === row);
  button.focus();
  const place = [...list.children].indexOf(row) + 1;
  list.parentElement.querySelector("[data-order-said]").textContent = list.dataset.moved.replace("{place}", String(place));
}

/* --- pages in place of pages --- */

// A redirect that leads away from practice (the session has ended) is for the browser to follow.
const stays = (answer) => new URL(answer.url).pathname.startsWith("/practice/");

function show(html, address) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const content = page.getElementById("content");
  if (!content) return false;
  main.replaceChildren(...content.childNodes);
  document.title = page.title;
  if (address) history.pushState({ practice: true }, "", address);
  arrange();
  window.scrollTo(0, 0);
  (main.querySelector("[data-verdict]") ?? main).focus({ preventScroll: true });
  return true;
}

function complain(form, text) {
  const place = form.querySelector("[data-practice-error]");
  place.querySelector("span").textContent = text;
  place.hidden = false;
  place.scrollIntoView({ block: "center" });
}

let under_way = false;

async function send(form, button) {
  if (under_way) return;
  under_way = true;
  button?.classList.add("busy");
  try {
    const body = new URLSearchParams(new FormData(form, button));
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      credentials: "same-origin",
      headers: { Accept: "text/html" },
    });
    if (!stays(answer)) {
      window.location.assign(answer.url);
      return;
    }
    const html = await answer.text();
    // A form that comes back with a remark keeps its address; another status is a page of its own.
    if (!show(html, answer.redirected ? answer.url : null)) window.location.reload();
  } catch {
    complain(form, form.dataset.offline);
  } finally {
    under_way = false;
    button?.classList.remove("busy");
  }
}

async function go(link) {
  if (under_way) return;
  under_way = true;
  link.classList.add("busy");
  try {
    const answer = await fetch(link.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!stays(answer) || !show(await answer.text(), answer.url)) window.location.assign(link.href);
  } catch {
    window.location.assign(link.href);
  } finally {
    under_way = false;
  }
}

// Before the frame's own handlers, so that they see that the form is taken care of.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-practice]")) return;
  event.preventDefault();
  send(event.target, event.submitter);
}, { capture: true });

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-order-up], [data-order-down]");
  if (button) {
    move(button);
    return;
  }
  const link = event.target.closest("a[data-practice-next]");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link);
});

window.addEventListener("popstate", () => window.location.reload());

/* --- keys --- */

function choose(form, key) {
  const inputs = [...form.querySelectorAll(".option > input, .segment > input")];
  const place = /^[1-9]$/.test(key) ? Number(key) - 1 : key.toUpperCase().charCodeAt(0) - 65;
  const input = inputs[place];
  if (!input) return false;
  input.focus();
  if (input.type === "checkbox") input.checked = !input.checked;
  else input.checked = true;
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.matches("input[type=text], input:not([type]), input[type=search], textarea, select")) return;
  if (event.target.closest("dialog, details[data-pop]")) return;
  const form = main.querySelector("form[data-practice]");
  if (!form) {
    const next = main.querySelector("a[data-practice-next]");
    if (next && event.key.toLowerCase() === "n") {
      event.preventDefault();
      next.click();
    }
    return;
  }
  if (/^[1-9a-fA-F]$/.test(event.key)) {
    // In a case nobody could tell which of its questions a key means.
    if (form.dataset.kind !== "case_study" && choose(form, event.key)) event.preventDefault();
  } else if (event.key === "Enter" && !event.target.closest("a, button")) {
    event.preventDefault();
    form.requestSubmit(form.querySelector(".thumb-actions .btn-primary"));
  }
});

arrange();
