"""Going through a page by the Tab key alone, as people without a mouse do."""

# What Tab should reach: of the buttons of one choice only one is a stop, the arrows go on from there.
STOPS = """() => {
  document.documentElement.style.scrollBehavior = "auto";
  const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  const all = [...document.querySelectorAll(wanted)].filter((one) =>
    !one.disabled && one.tabIndex >= 0 && !one.closest("[inert]") &&
    one.checkVisibility({ visibilityProperty: true }));
  const group = (one) => `${[...document.forms].indexOf(one.form)}:${one.name}`;
  const chosen = new Map();
  for (const one of all.filter((one) => one.type === "radio")) {
    if (!chosen.has(group(one)) || one.checked) chosen.set(group(one), one);
  }
  const stops = all.filter((one) => one.type !== "radio" || chosen.get(group(one)) === one);
  stops.forEach((one, place) => { one.dataset.stop = place; });
  document.activeElement.blur();
  scrollTo(0, 0);
  return stops.length;
}"""
HERE = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const ringed = (node) => {
    const style = node && getComputedStyle(node);
    return style && ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) ||
      style.boxShadow !== "none");
  };
  const box = one.getBoundingClientRect();
  return {
    stop: one.dataset.stop ?? "",
    ringed: Boolean(ringed(one) || ringed(one.closest("label"))),
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    markup: one.outerHTML.slice(0, 90),
  };
}"""
NAMES = """() => [...document.querySelectorAll("[data-stop]")].map(
  (one) => [one.dataset.stop, one.outerHTML.slice(0, 90)])"""


def trouble_with_tab(page) -> list[str]:
    """Return what Tab does not reach on a page, and where it stands without anybody seeing it."""
    stops = page.evaluate(STOPS)
    reached, wrong = set(), []
    for _step in range(stops + 20):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None or (here["stop"] and here["stop"] in reached):
            break
        reached.add(here["stop"])
        if not here["ringed"]:
            wrong.append(f"stands unseen: {here['markup']}")
        if not here["inside"]:
            wrong.append(f"stands outside the window: {here['markup']}")
    return wrong + [f"not reached: {markup}" for stop, markup in page.evaluate(NAMES) if stop not in reached]
