// Which items the candidate wants to come back to, and where the candidate was. Flags are kept on the server, so that
// another device shows them; the tab keeps them too, for a reload while the line is down. Where one was belongs to the tab.
import { call } from "./calls.js";

const QUIET = 800;

export class Flags {
  #key;
  #url;
  #kept;
  #epoch = 0;
  #timer = 0;
  #sending = false;
  #stopped = true;

  constructor(attempt) {
    this.#key = `flags:${attempt}`;
    this.#url = `/api/v1/attempts/${attempt}/flags`;
    let known = {};
    try { known = JSON.parse(sessionStorage.getItem(this.#key) ?? "{}"); } catch { /* starts empty */ }
    this.#kept = { flags: known.flags ?? [], current: known.current ?? 1, unsentUnder: known.unsentUnder ?? null };
  }

  /** Begin under `epoch`, or begin anew. The server's list stands, unless this tab was the last writer and holds a newer one. */
  begin(epoch, flags) {
    const newer = this.#kept.unsentUnder !== null && this.#kept.unsentUnder + 1 === epoch;
    this.#epoch = epoch;
    this.#stopped = false;
    if (!newer) this.#kept.flags = [...flags];
    this.#kept.unsentUnder = newer ? epoch : null;
    this.#keep();
    this.send();
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
    this.#kept.unsentUnder = this.#epoch;
    this.#keep();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), QUIET);
    return stands;
  }

  /** Send the list if the server does not know it yet. What fails is tried again at the next heartbeat. */
  async send() {
    clearTimeout(this.#timer);
    if (this.#sending || this.#stopped || this.#kept.unsentUnder === null) return;
    this.#sending = true;
    const flags = this.all();
    try {
      await call("PUT", this.#url, { epoch: this.#epoch, flags });
      if (JSON.stringify(flags) === JSON.stringify(this.all())) this.#kept.unsentUnder = null;
      this.#keep();
    } catch (error) {
      // Another page writes now, or the attempt is closed: the answers' own channel tells the candidate.
      if (error.status === 409) this.halt();
    } finally {
      this.#sending = false;
    }
  }

  halt() {
    clearTimeout(this.#timer);
    this.#stopped = true;
  }

  wipe() {
    this.halt();
    try { sessionStorage.removeItem(this.#key); } catch { /* nothing was kept */ }
  }
}
