// Sends answers until each has its receipt. An answer is "saved" only when the reply parses and echoes
// its item and number with a digest; a proxy's page, a redirect or half a reply leave it unsent.
import { backOff, call, isOldPage, passes, signedOut } from "./calls.js";
import { normal } from "./answers.js";

const COALESCE = 120;
const LONGEST = 1900;
const SLOW = 4000;
const BATCH = 200;
// A browser lets 64 KiB of such requests be under way in all; flags, reports and a beat may be among them.
const KEEPALIVE_BYTES = 48000;
const bytesOf = (body) => new TextEncoder().encode(JSON.stringify(body)).length;

export class Sender {
  #outbox;
  #hooks;
  #url = "";
  #epoch = 0;
  #standing = new Map();
  #pending = new Map();
  #timer = 0;
  #dueAt = Infinity;
  #oldest = null;
  #flight = null;
  #failures = 0;
  #halted = true;
  #final = true;
  #handingIn = false;
  #refused = new Set();
  #changed = new Set();
  #inOrder = false;

  /**
   * hooks: changed(number), heard(reply, sentAt), unheard(), signedOut(), takenOver(stopped), closed(),
   * turnedAway(error): the server is there and takes nothing, and that does not pass by itself;
   * left(numbers): refused, because their items were left; behind() → fresh responses from the server.
   */
  constructor(outbox, hooks) {
    this.#outbox = outbox;
    this.#hooks = hooks;
  }

  /**
   * Begin, or begin anew after a resume: what stands on the server, and what is still to be sent. `inOrder` numbers
   * all answers by one counter, so that the server can tell what was given before an item was left.
   */
  begin(attempt, epoch, responses, entries, { inOrder = false } = {}) {
    this.#inOrder = inOrder;
    this.#url = `/api/v1/attempts/${attempt}/responses`;
    this.#epoch = epoch;
    this.#standing = new Map(responses.map((one) => [one.number, one]));
    this.#pending.clear();
    this.#changed.clear();
    for (const one of entries) {
      const least = (this.#standing.get(one.number)?.seq ?? 0) + 1;
      this.#keep({ ...one, seq: Math.max(one.seq, least), epoch });
    }
    this.#failures = 0;
    this.#halted = false;
    this.#final = false;
    if (this.#pending.size) this.#schedule(0);
  }

  /** Take answers that an earlier page left and that were found only now. */
  add(entries) {
    for (const one of entries) {
      const there = this.#standing.get(one.number)?.seq ?? 0;
      this.#keep({ ...one, seq: this.#inOrder ? this.#above(there) : Math.max(one.seq, there + 1), epoch: this.#epoch });
    }
    if (entries.length) this.#schedule(0);
  }

  #keep(entry) {
    this.#pending.set(entry.number, entry);
    this.#outbox.put(entry);
  }

  // The number above `least`; in order, above every other one too.
  #above(least) {
    const all = this.#inOrder ? [...this.#standing.values(), ...this.#pending.values()] : [];
    return all.reduce((most, { seq }) => Math.max(most, seq), least) + 1;
  }

  /** Return the last item that has a save, sent or not; 1 before any. */
  furthest() { return Math.max(1, ...this.#standing.keys(), ...this.#pending.keys()); }

  get epoch() { return this.#epoch; }
  get halted() { return this.#halted; }

  /** Return the answers without a receipt, by number. */
  unsent() { return [...this.#pending.values()].sort((one, other) => one.number - other.number); }

  /** Return the numbers of the answers that the server would not take. */
  refused() { return [...this.#refused].sort((one, other) => one - other); }

  /** Return whether the candidate has answered the item since begin(); in order, coming to it is no answer. */
  answered(number) { return this.#changed.has(number) && !(this.#inOrder && this.answer(number) === null); }

  /** Return what stands on the server of the items that were not answered since begin(). */
  before() { return [...this.#standing.values()].filter(({ number }) => !this.#changed.has(number)); }

  /** Return the answer that the candidate sees for an item. */
  answer(number) {
    return normal((this.#pending.get(number) ?? this.#standing.get(number))?.answer);
  }

  /** Return {state: empty | saved | saving | unsent | held | refused, savedAt} of an item; held: no longer this page's to send. */
  state(number) {
    const savedAt = this.#standing.get(number)?.saved_at ?? null;
    if (this.#refused.has(number)) return { state: "refused", savedAt };
    if (this.#pending.has(number)) {
      if (this.#halted && this.#final) return { state: "held", savedAt };
      return { state: this.#failures || this.#halted ? "unsent" : "saving", savedAt };
    }
    // An item that one only came to has a receipt and no answer yet.
    const came = this.#inOrder && this.answer(number) === null;
    return { state: savedAt && !came ? "saved" : "empty", savedAt };
  }

  /** Take a changed answer. `wait` ms of quiet are given to somebody who types. */
  change(number, answer, wait = COALESCE) {
    if (this.#final) return;
    const older = this.#pending.get(number);
    const base = this.#standing.get(number)?.seq ?? 0;
    this.#refused.delete(number);
    this.#changed.add(number);
    this.#keep({ number, answer: normal(answer), seq: this.#above(Math.max(base, older?.seq ?? 0)), base, epoch: this.#epoch });
    this.#hooks.changed(number);
    if (this.#failures) this.#schedule();
    else this.#schedule(wait, { later: wait > COALESCE });
  }

  // A further keystroke puts the sending off, but nothing waits longer than LONGEST.
  #schedule(wait = backOff(this.#failures), { later = false } = {}) {
    if (this.#halted) return;
    const now = performance.now();
    this.#oldest ??= now;
    const wanted = now + wait;
    this.#dueAt = later ? Math.min(wanted, Math.max(now, this.#oldest + LONGEST)) : Math.min(wanted, this.#dueAt);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), this.#dueAt - now);
  }

  #unschedule() {
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
    this.#oldest = null;
  }

  /** Stop sending. With `final` no change is taken any more; otherwise they are kept for resume(). */
  halt({ final = true } = {}) {
    this.#halted = true;
    this.#final = final;
    this.#unschedule();
  }

  /** Go on after the person has signed in again. */
  resume() {
    this.#halted = false;
    this.#failures = 0;
    this.flush();
  }

  /** Send now what is waiting; resolves when the request is answered or has failed. */
  flush() {
    this.#unschedule();
    if (this.#flight) return this.#flight.then(() => (this.#pending.size ? this.flush() : undefined));
    // A save that overtakes or follows the hand-in would be refused, and its answers told as lost.
    if (this.#halted || this.#handingIn || !this.#pending.size) return Promise.resolve();
    this.#flight = this.#send().finally(() => {
      this.#flight = null;
      if (this.#pending.size && !this.#halted) this.#schedule(this.#failures ? undefined : COALESCE);
    });
    return this.#flight;
  }

  async #send() {
    const batch = this.unsent().slice(0, BATCH);
    const responses = batch.map(({ number, answer, seq }) => ({ number, answer, seq }));
    const body = { epoch: this.#epoch, responses };
    const keepalive = document.visibilityState === "hidden" && bytesOf(body) < KEEPALIVE_BYTES;
    const sentAt = performance.now();
    const slow = setTimeout(() => this.#hooks.unheard(), SLOW);
    try {
      const reply = await call("PUT", this.#url, body, { keepalive });
      await this.#take(batch, reply, sentAt);
    } catch (error) {
      this.#fail(error, batch);
    } finally {
      clearTimeout(slow);
    }
    batch.forEach(({ number }) => this.#hooks.changed(number));
  }

  async #take(batch, reply, sentAt) {
    const sound = reply && Array.isArray(reply.saved) && Array.isArray(reply.superseded)
      && !Number.isNaN(Date.parse(reply.server_time)) && !Number.isNaN(Date.parse(reply.deadline));
    if (!sound) throw Object.assign(new Error("no receipt"), { status: 0, code: "unexpected_answer" });
    const echoed = (rows, { number, seq }) => rows.find((one) => one.number === number && one.seq === seq);
    let complete = true;
    const behind = [], left = [];
    for (const sent of batch) {
      const receipt = echoed(reply.saved, sent);
      if (receipt && /^[0-9a-f]{16}$/.test(receipt.digest)) this.#acknowledge(sent, reply.server_time);
      else if (echoed(reply.superseded, sent)) behind.push(sent.number);
      else if (echoed(reply.refused ?? [], sent)) left.push(sent);
      else complete = false;
    }
    this.#failures = complete ? 0 : this.#failures + 1;
    this.#hooks.heard(reply, sentAt);
    if (left.length) this.#giveUp(left);
    if (behind.length) this.#overtake(behind, await this.#hooks.behind());
  }

  #acknowledge({ number, answer, seq }, savedAt) {
    this.#standing.set(number, { number, answer, seq, saved_at: savedAt });
    if (this.#pending.get(number)?.seq === seq) this.#pending.delete(number);
    this.#outbox.drop(number, seq);
    if (this.#pending.has(number)) this.#keep({ ...this.#pending.get(number), base: seq });
  }

  // Their items were left on another page before these were given: what stands there counts.
  #giveUp(left) {
    for (const { number, seq } of left) {
      if (this.#pending.get(number)?.seq === seq) this.#pending.delete(number);
      this.#outbox.drop(number, seq);
    }
    this.#hooks.left(left.map(({ number }) => number));
  }

  // The server holds a higher number although we are the writer: number ours anew, above it. What the
  // candidate sees on this page is what counts.
  #overtake(numbers, responses) {
    for (const one of responses ?? []) {
      const mine = this.#pending.get(one.number);
      if (!numbers.includes(one.number) || !mine) continue;
      this.#standing.set(one.number, one);
      if (mine.seq <= one.seq) this.#keep({ ...mine, seq: this.#above(one.seq), base: one.seq });
    }
  }

  #fail(error, batch) {
    if (isOldPage(error)) { this.halt(); this.#hooks.takenOver(error.code === "device_stopped"); return; }
    if (error.code === "attempt_closed") { this.halt(); this.#hooks.closed(); return; }
    if (signedOut(error)) { this.halt({ final: false }); this.#hooks.signedOut(); return; }
    if (error.status === 422) { this.#refuse(error, batch); return; }
    this.#failures += 1;
    if (passes(error)) this.#hooks.unheard();
    else this.#hooks.turnedAway(error);
  }

  // What the server will never take must not hold back the other answers.
  #refuse(error, batch) {
    const named = (error.errors ?? []).map((one) => batch[Number(/^responses\.(\d+)/.exec(one.field)?.[1] ?? NaN)]);
    const guilty = named.filter(Boolean).length ? named.filter(Boolean) : batch;
    for (const { number, seq } of guilty) {
      if (this.#pending.get(number)?.seq !== seq) continue;
      this.#pending.delete(number);
      this.#refused.add(number);
      this.#outbox.drop(number, seq);
    }
  }

  /**
   * Hand in, with the answers that are still unsent in the same call. Returns the server's receipt;
   * throws what call() throws, and then nothing is lost. What is not on its way on `signal` is not sent any more.
   */
  async handIn(signal) {
    this.#handingIn = true;
    try {
      if (this.#flight) await this.#flight;
      const responses = this.unsent().map(({ number, answer, seq }) => ({ number, answer, seq }));
      const url = this.#url.replace("/responses", "/submit");
      const receipt = await call("POST", url, { epoch: this.#epoch, responses }, { timeout: 15000, signal });
      if (receipt?.state !== "submitted" || !receipt.submitted_at) {
        throw Object.assign(new Error("no receipt"), { status: 0, code: "unexpected_answer" });
      }
      this.halt();
      for (const { number, seq } of responses) if (this.#pending.get(number)?.seq === seq) this.#pending.delete(number);
      return receipt;
    } finally {
      this.#handingIn = false;
      if (this.#pending.size && !this.#halted) this.#schedule();
    }
  }
}
