// Copies the value of an input: a button with data-copy="its id"; data-copied is the word shown
// afterwards. Without the clipboard (plain http elsewhere than this machine) the text is selected.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const input = document.getElementById(button.dataset.copy);
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    return;
  }
  button.querySelector("span").textContent = button.dataset.copied;
});
