// Whether the line is up, and what the server says. The banner has to stand within five seconds of the moment the line
// goes dead, whichever way it does. A line that is refused or cut tells at once, and so does a browser that knows it is
// off line; a line that swallows everything tells nothing, so the page asks: at most 2.75 s after it last heard the
// server a beat leaves, and when 2 s later nothing has come, the line counts as down. That makes 4.75 s.
//
// - Whatever the server answers is as good as a beat: the receipt of a save puts the next one off.
// - An answer that comes later than that, up to GIVEN_UP, lifts the suspicion again. On a line that is slow but alive the
//   page asks sooner and waits longer, within the same 4.75 s, so that the banner does not come and go.
// - A beat tells where the page is (in front, or in the background, where browsers let it speak once a minute only) and
//   brings a mark. Where it differs from the mark we have, something changed: the clock is asked for the truth.
import { call, passes, signedOut } from "./calls.js";

const EVERY = 2500;
const SUSPECT = 2000;
const SLOW = 1500;
const SLOW_EVERY = 1000;
const SLOW_SUSPECT = 3600;
const GIVEN_UP = 4000;
const SPREAD = 0.1;
// Learnt anew even where the mark tells of nothing: the two clocks may run apart, and the session is kept alive by it.
const ASK_EVERY = 60000;

export class Line {
  #url;
  #hooks;
  #timer = 0;
  #beating = null;
  #asking = null;
  #again = false;
  #downSince = null;
  #stopped = false;
  #mark = "";
  #slow = false;
  #askedAt = -Infinity;

  /**
   * hooks: epoch() → the page's own, here() after each beat that was answered, tick(reply, sentAt) with the clock's word,
   * down(), up(seconds), signedOut(), gone()
   */
  constructor(attempt, hooks) {
    this.#url = `/api/v1/attempts/${attempt}`;
    this.#hooks = hooks;
    this.turned = () => { if (document.visibilityState === "visible") this.ask(); this.beat(); };
    this.wake = () => { if (document.visibilityState === "visible") this.ask(); };
    this.lost = () => this.unheard();
    document.addEventListener("visibilitychange", this.turned);
    window.addEventListener("pageshow", this.wake);
    window.addEventListener("online", this.wake);
    window.addEventListener("offline", this.lost);
    if (navigator.onLine) this.beat();
    else this.unheard();
  }

  get down() { return this.#downSince !== null; }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.turned);
    window.removeEventListener("pageshow", this.wake);
    window.removeEventListener("online", this.wake);
    window.removeEventListener("offline", this.lost);
  }

  #next() {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const every = this.#slow || this.down ? SLOW_EVERY : EVERY;
    this.#timer = setTimeout(() => this.beat(), every * (1 - SPREAD + 2 * SPREAD * Math.random()));
  }

  /** Say that the page is there. What is said while an earlier beat is under way is said after it. */
  async beat() {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    if (this.#beating) { this.#again = true; return; }
    this.#again = false;
    const hidden = document.visibilityState === "hidden" ? 1 : 0;
    this.#beating = this.#watched(() => this.#call(`beat?epoch=${this.#hooks.epoch()}&hidden=${hidden}`, hidden === 1));
    const reply = await this.#beating;
    this.#beating = null;
    this.#next();
    if (reply && !this.#stopped) this.#hooks.here();
    if (reply && !this.#mark) {
      // The attempt was begun or resumed a moment ago, and all that the mark stands for came with it.
      this.#mark = reply.mark;
      this.#askedAt = performance.now();
    }
    if (reply && (reply.mark !== this.#mark || performance.now() - this.#askedAt > ASK_EVERY)) this.ask();
    if (this.#again) this.beat();
  }

  /** Ask the clock now; resolves to its reply, or null when there was none. */
  ask() {
    this.#asking ??= this.#clock().finally(() => { this.#asking = null; });
    return this.#asking;
  }

  async #clock() {
    const sentAt = performance.now();
    const reply = await this.#watched(() => this.#call("clock"));
    if (!reply || this.#stopped) return null;
    this.#mark = reply.mark;
    this.#askedAt = sentAt;
    this.#hooks.tick(reply, sentAt);
    return reply;
  }

  /** Wait for an answer, and suspect the line while it is out for too long. */
  async #watched(send) {
    const sentAt = performance.now();
    const suspicion = setTimeout(() => this.unheard(), this.#slow ? SLOW_SUSPECT : SUSPECT);
    const reply = await send();
    clearTimeout(suspicion);
    if (reply) this.#slow = performance.now() - sentAt > SLOW;
    return reply;
  }

  async #call(what, keepalive = false) {
    try {
      const reply = await call("GET", `${this.#url}/${what}`, undefined, { timeout: GIVEN_UP, keepalive });
      if (this.#stopped) return null;
      if (typeof reply?.mark !== "string") throw Object.assign(new Error("no answer of ours"), { status: 0 });
      this.heard();
      return reply;
    } catch (error) {
      if (this.#stopped) return null;
      if (signedOut(error)) this.#hooks.signedOut();
      else if (passes(error)) this.unheard();
      else this.#hooks.gone();
      return null;
    }
  }

  /** Something came from the server: no beat is needed for a while. */
  heard() {
    if (!this.#beating) this.#next();
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
    if (!this.#beating) this.#next();
  }
}
