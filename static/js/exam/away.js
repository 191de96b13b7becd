// Notices that the candidate left the page, and reports it. Nothing is decided by it, here or on the server.
import { call } from "./calls.js";

// A reload and a native dialog leave for an instant; only what lasts longer counts.
const LEAST = 700;
const GAP = 2000;

export class Away {
  #url;
  #key;
  #count;
  #timer = 0;
  #gone = false;
  #waiting = [];
  #sending = false;
  #told = -Infinity;
  #returned;

  /** `returned(count)` is called when the candidate comes back. */
  constructor(attempt, returned) {
    this.#url = `/api/v1/attempts/${attempt}/incidents`;
    this.#key = `away:${attempt}`;
    this.#returned = returned;
    this.#count = Number(read(this.#key) ?? 0);
    this.check = () => this.#look();
    document.addEventListener("visibilitychange", this.check);
    window.addEventListener("blur", this.check);
    window.addEventListener("focus", this.check);
  }

  stop() {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.check);
    window.removeEventListener("blur", this.check);
    window.removeEventListener("focus", this.check);
  }

  #look() {
    clearTimeout(this.#timer);
    const away = document.visibilityState === "hidden" || !document.hasFocus();
    if (away && !this.#gone) this.#timer = setTimeout(() => this.#leave(), LEAST);
    if (!away && this.#gone) {
      this.#gone = false;
      this.#returned(this.#count);
      this.send();
    }
  }

  #leave() {
    if (document.visibilityState !== "hidden" && document.hasFocus()) return;
    this.#gone = true;
    if (performance.now() - this.#told < GAP) return;
    this.#told = performance.now();
    this.#count += 1;
    write(this.#key, String(this.#count));
    this.report("focus_loss", new Date(), "");
  }

  /** Report an incident; it waits for the line if need be. `at` is the server's time as far as known. */
  report(kind, at, detail) {
    this.#waiting.push({ kind, at: at.toISOString(), detail });
    this.send();
  }

  /** Send what is waiting, oldest first. */
  async send() {
    // The heartbeat asks for it too: without this, one incident would be reported twice.
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#waiting.length) {
        try {
          await call("POST", this.#url, this.#waiting[0], { timeout: 5000, keepalive: true });
        } catch (error) {
          // A page that has reported too often is no longer listened to; all else may pass.
          if (error.status < 400 || error.status >= 500 || error.status === 401) return;
        }
        this.#waiting.shift();
      }
    } finally {
      this.#sending = false;
    }
  }
}

function read(key) { try { return sessionStorage.getItem(key); } catch { return null; } }
function write(key, value) { try { sessionStorage.setItem(key, value); } catch { /* only the count is lost */ } }
