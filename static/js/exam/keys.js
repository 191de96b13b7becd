// The keyboard: 1–9 and A–E choose, ← and → move, F flags. F never chooses, also where an item has a
// sixth option (key 6 does): a flag by mistake is harmless, an answer by mistake is not.

/** hooks: choose(position), step(by), flag(), active() */
export function listen(hooks) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !hooks.active()) return;
    if (document.querySelector("dialog[open]")) return;
    const typing = event.target.matches?.("input[type=text], input[type=password], textarea, select");
    if (typing) return;
    const act = action(event.key, hooks);
    if (!act) return;
    // Without this the arrows would also change the choice in a group of radio buttons.
    event.preventDefault();
    act();
  });
}

function action(key, hooks) {
  if (key === "ArrowLeft") return () => hooks.step(-1);
  if (key === "ArrowRight") return () => hooks.step(1);
  if (/^[fF]$/.test(key)) return () => hooks.flag();
  if (/^[1-9]$/.test(key)) return () => hooks.choose(Number(key) - 1);
  if (/^[a-eA-E]$/.test(key)) return () => hooks.choose(key.toUpperCase().charCodeAt(0) - 65);
  return null;
}
