// Notices that the candidate left the page, and reports it. Nothing is decided by it, here or on the server.
// Leaving is: another tab, window or program has the focus, however often the browser says so (blur and
// visibilitychange are one). It is reported when it is noticed and once more, under the same mark, when it is over,
// so that an invigilator sees it at once and later how long it lasted.
import { call, signedOut } from "./calls.js";

// A reload, a native dialog and a notice of the system leave for an instant; only what lasts longer counts.
const LEAST = 1000;
// Who comes back and is gone again so soon has not been back.
const GAP = 2000;

export class Away {
  #url;
  #key;
  #hooks;
  #count = 0;
  #waiting = [];
  #timer = 0;
  #since = null;
  #gone = null;
  #back = null;
  #sending = false;

  /**
   * hooks: now() → the server's time as far as known, writes() → whether this page is the one that is written in (who
   * goes on elsewhere does not leave the exam by it), returned(count) when the candidate comes back.
   */
  constructor(attempt, hooks) {
    this.#url = `/api/v1/attempts/${attempt}/incidents`;
    this.#key = `away:${attempt}`;
    this.#hooks = hooks;
    this.#restore();
    this.check = () => this.#look();
    document.addEventListener("visibilitychange", this.check);
    window.addEventListener("blur", this.check);
    window.addEventListener("focus", this.check);
    window.addEventListener("pageshow", this.check);
    this.send();
  }

  /** The attempt is over: notice nothing more, and send what is left while the page still stands. */
  end() {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.check);
    window.removeEventListener("blur", this.check);
    window.removeEventListener("focus", this.check);
    window.removeEventListener("pageshow", this.check);
    if (this.#gone) this.#finish();
    this.#waiting.forEach((one) => this.#post(one).catch(() => { /* nobody is there to try again */ }));
    try { sessionStorage.removeItem(this.#key); } catch { /* nothing was kept */ }
  }

  #look() {
    const away = document.visibilityState === "hidden" || !document.hasFocus();
    if (away) {
      if (this.#since || !this.#hooks.writes()) return;
      this.#since = { wall: Date.now(), at: this.#hooks.now() };
      this.#timer = setTimeout(() => this.#leave(), LEAST);
      return;
    }
    clearTimeout(this.#timer);
    if (!this.#since) return;
    // A phone may have stopped the page together with its timer.
    if (!this.#gone && Date.now() - this.#since.wall >= LEAST) this.#leave();
    this.#since = null;
    if (!this.#gone) return;
    this.#finish();
    this.#hooks.returned(this.#count);
  }

  #leave() {
    if (this.#back && this.#since.wall - this.#back.ended < GAP) {
      this.#gone = this.#back;
      return;
    }
    this.#count += 1;
    const report = { kind: "focus_loss", at: this.#since.at.toISOString(), mark: newMark() };
    this.#gone = { report, wall: this.#since.wall };
    this.#add(report);
  }

  #finish() {
    const { report, wall } = this.#gone;
    const ended = Date.now();
    report.seconds = Math.max(0, Math.min(86400, Math.round((ended - wall) / 1000)));
    this.#back = { report, wall, ended };
    this.#gone = null;
    this.#add(report);
  }

  /** Report an incident; it waits for the line if need be. `at` is the server's time as far as known. */
  report(kind, at, seconds) {
    this.#add({ kind, at: at.toISOString(), mark: newMark(), seconds });
  }

  #add(report) {
    if (!this.#waiting.includes(report)) this.#waiting.push(report);
    this.#keep();
    this.send();
  }

  /** Send what is waiting, oldest first. */
  async send() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#waiting.length) {
        const one = this.#waiting[0];
        const { seconds } = one;
        try {
          const reply = await this.#post(one);
          one.known = true;
          const unknown = this.#waiting.filter((each) => each.kind === "focus_loss" && !each.known).length;
          // The server counts other devices too.
          if (Number.isInteger(reply?.focus_losses)) this.#count = reply.focus_losses + unknown;
        } catch (error) {
          // A page that has reported too often is no longer listened to; all else may pass.
          if (error.status < 400 || error.status >= 500 || signedOut(error)) return;
        }
        // Where it has ended while the report of its beginning was under way, its end is still to be told.
        if (one.seconds === seconds) this.#waiting.shift();
        this.#keep();
      }
    } finally {
      this.#sending = false;
    }
  }

  #post({ kind, at, mark, seconds }) {
    return call("POST", this.#url, { kind, at, mark, seconds: seconds ?? null }, { timeout: 5000, keepalive: true });
  }

  // Reports outlive a reload of the page; sent twice under their mark they are still recorded once.
  #keep() {
    const kept = JSON.stringify({ count: this.#count, waiting: this.#waiting });
    try { sessionStorage.setItem(this.#key, kept); } catch { /* they stay in the page */ }
  }

  #restore() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.#key));
      if (!Number.isInteger(kept?.count) || !Array.isArray(kept.waiting)) return;
      this.#count = kept.count;
      this.#waiting = kept.waiting;
    } catch { /* nothing was kept, or by another version of this page */ }
  }
}

function newMark() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (one) => one.toString(16).padStart(2, "0")).join("");
}
