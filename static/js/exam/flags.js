// Which items the candidate wants to come back to, and where the candidate was. It concerns nobody else, so it stays in
// this tab: it survives a reload, and ends with the tab.
export class Flags {
  #key;
  #kept;

  constructor(attempt) {
    this.#key = `flags:${attempt}`;
    let known = {};
    try { known = JSON.parse(sessionStorage.getItem(this.#key) ?? "{}"); } catch { /* starts empty */ }
    this.#kept = { flags: known.flags ?? [], current: known.current ?? 1 };
  }

  #keep() { try { sessionStorage.setItem(this.#key, JSON.stringify(this.#kept)); } catch { /* this page only */ } }

  has(number) { return this.#kept.flags.includes(number); }
  all() { return [...this.#kept.flags].sort((one, other) => one - other); }
  get current() { return this.#kept.current; }
  set current(number) { this.#kept.current = number; this.#keep(); }

  /** Set or take a flag; returns whether it stands now. */
  turn(number) {
    const stands = !this.has(number);
    this.#kept.flags = stands ? [...this.#kept.flags, number] : this.#kept.flags.filter((one) => one !== number);
    this.#keep();
    return stands;
  }

  wipe() { try { sessionStorage.removeItem(this.#key); } catch { /* nothing was kept */ } }
}
