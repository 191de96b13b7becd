// The editor of teams: one more team is a copy of the last one, emptied; taking one away empties and
// hides it, because the server leaves out teams without name and members. Without script there is
// always one empty team at the end.
const form = document.querySelector("form[data-teams]");

function empty(team) {
  for (const input of team.querySelectorAll("input, textarea")) input.value = "";
  for (const select of team.querySelectorAll("select")) select.selectedIndex = 0;
  for (const error of team.querySelectorAll(".field-error")) error.remove();
  for (const field of team.querySelectorAll(".has-error")) field.classList.remove("has-error");
}

function renumber(team, number) {
  for (const element of team.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
    for (const name of ["name", "id", "for", "aria-describedby"]) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, value.replace(/^teams-\d+/, `teams-${number}`));
    }
  }
}

function ready(team) {
  team.querySelector("[data-team-remove]").hidden = false;
}

if (form) {
  const add = form.querySelector("[data-team-add]");
  add.hidden = false;
  form.querySelectorAll("[data-team]").forEach(ready);
  add.addEventListener("click", () => {
    const teams = form.querySelectorAll("[data-team]");
    const made = teams[teams.length - 1].cloneNode(true);
    empty(made);
    renumber(made, teams.length);
    made.hidden = false;
    teams[teams.length - 1].after(made);
    made.querySelector("input").focus();
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-team-remove]");
    if (!button) return;
    const team = button.closest("[data-team]");
    empty(team);
    team.hidden = true;
    team.dispatchEvent(new Event("input", { bubbles: true }));
    add.focus();
  });
}
