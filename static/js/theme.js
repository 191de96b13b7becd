// Runs in <head> before anything is painted: theme and text size, kept in this browser only.
// data-bs-theme is "light" or "dark"; the choice "auto" follows the system, also while the page
// is open. Other files listen to the event "themechange" on document.
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");

  // A browser may forbid storage; then the choice holds for this page alone.
  var chosen = { theme: "auto", text: "normal" };
  function read(name) {
    try { return window.localStorage.getItem(name) || chosen[name]; } catch (error) { return chosen[name]; }
  }
  function write(name, value) {
    chosen[name] = value;
    try { window.localStorage.setItem(name, value); } catch (error) { /* said above */ }
  }

  function apply() {
    var theme = read("theme");
    // A page may fix its theme, as the hall's screen does.
    var dark = root.dataset.fixedTheme ? root.dataset.fixedTheme === "dark"
      : theme === "dark" || (theme === "auto" && system.matches);
    root.setAttribute("data-bs-theme", dark ? "dark" : "light");
    root.setAttribute("data-text", read("text"));
    document.dispatchEvent(new CustomEvent("themechange"));
  }

  function showChoices() {
    document.querySelectorAll("[data-setting]").forEach(function (group) {
      var value = read(group.dataset.setting);
      group.querySelectorAll("input").forEach(function (input) { input.checked = input.value === value; });
    });
  }

  apply();
  if (system.addEventListener) system.addEventListener("change", apply);
  window.addEventListener("storage", function () { apply(); showChoices(); });
  document.addEventListener("DOMContentLoaded", showChoices);
  document.addEventListener("change", function (event) {
    var group = event.target.closest && event.target.closest("[data-setting]");
    if (!group) return;
    write(group.dataset.setting, event.target.value);
    apply();
    showChoices();
  });
})();
