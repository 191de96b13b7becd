// Something that can be taken away this once: a link [data-once]. Until it has been used, the browser asks before the
// page is left.
const link = document.querySelector("[data-once]");
let taken = !link;

link?.addEventListener("click", () => { taken = true; });
window.addEventListener("beforeunload", (event) => {
  if (!taken) event.preventDefault();
});
