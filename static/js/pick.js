// Narrows a long list of checkboxes by a word: data-pick around it, data-pick-words on the search
// field, data-pick-line on each label. What is ticked stays in sight.
for (const box of document.querySelectorAll("[data-pick]")) {
  const words = box.querySelector("[data-pick-words]");
  const lines = [...box.querySelectorAll("[data-pick-line]")];
  words.addEventListener("input", () => {
    const wanted = words.value.trim().toLowerCase();
    for (const line of lines) {
      const ticked = line.querySelector("input").checked;
      line.hidden = Boolean(wanted) && !ticked && !line.textContent.toLowerCase().includes(wanted);
    }
  });
  // Enter in the search field must not send the whole form.
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
