// The heartbeat: every seven seconds or so the page asks the server for time, deadline, state and
// epoch, and knows from any failure that the line is down. It also learns of extra minutes this way.
import { call, passes, signedOut } from "./calls.js";

// With its spread at most 8.75 s pass between two: granted minutes must be seen within ten.
const EVERY = 7000;
const TIMEOUT = 4000;

export class Line {
  #url;
  #hooks;
  #timer = 0;
  #beating = null;
  #downSince = null;
  #stopped = false;

  /** hooks: tick(reply, sentAt), down(), up(seconds), signedOut(), gone() */
  constructor(attempt, hooks) {
    this.#url = `/api/v1/attempts/${attempt}/clock`;
    this.#hooks = hooks;
    this.wake = () => { if (document.visibilityState === "visible") this.beat(); };
    this.lost = () => this.unheard();
    document.addEventListener("visibilitychange", this.wake);
    window.addEventListener("pageshow", this.wake);
    window.addEventListener("online", this.wake);
    window.addEventListener("offline", this.lost);
    this.#next();
    if (!navigator.onLine) this.unheard();
  }

  get down() { return this.#downSince !== null; }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.wake);
    window.removeEventListener("pageshow", this.wake);
    window.removeEventListener("online", this.wake);
    window.removeEventListener("offline", this.lost);
  }

  #next() {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const every = this.down ? EVERY / 3 : EVERY;
    this.#timer = setTimeout(() => this.beat(), every * (0.75 + Math.random() / 2));
  }

  /** Ask now; resolves to the reply, or null when there was none. */
  beat() {
    this.#beating ??= this.#ask().finally(() => { this.#beating = null; this.#next(); });
    return this.#beating;
  }

  async #ask() {
    const sentAt = performance.now();
    try {
      const reply = await call("GET", this.#url, undefined, { timeout: TIMEOUT });
      if (this.#stopped) return null;
      this.heard();
      this.#hooks.tick(reply, sentAt);
      return reply;
    } catch (error) {
      if (this.#stopped) return null;
      if (signedOut(error)) this.#hooks.signedOut();
      else if (passes(error)) this.unheard();
      else this.#hooks.gone();
      return null;
    }
  }

  /** Something came from the server. */
  heard() {
    if (!this.down) return;
    const seconds = Math.round((performance.now() - this.#downSince) / 1000);
    this.#downSince = null;
    this.#hooks.up(seconds);
  }

  /** Something that should have come did not. */
  unheard() {
    if (this.down || this.#stopped) return;
    this.#downSince = performance.now();
    this.#hooks.down();
    this.#next();
  }
}
