// The time left. It counts on the monotonic clock from what the server said last, so that a wrong or
// changed clock of the device does not matter. A suspended device stops that clock: `drifted` tells.
export class Clock {
  #serverAt = 0;
  #deadlineAt = 0;
  #basedAt = 0;
  #wallAhead = 0;

  /**
   * Take the server's word; `sentAt` is performance.now() when the request left; the error is half a round trip. Returns
   * false, and takes nothing, where it was spoken before the one in use: minutes granted meanwhile would be taken back.
   */
  rebase(serverTime, deadline, sentAt = performance.now()) {
    const arrivedAt = performance.now();
    if (Date.parse(serverTime) < this.#serverAt) return false;
    this.#serverAt = Date.parse(serverTime);
    this.#deadlineAt = Date.parse(deadline);
    this.#basedAt = (sentAt + arrivedAt) / 2;
    this.#wallAhead = Date.now() - arrivedAt;
    return true;
  }

  get deadline() { return this.#deadlineAt; }

  /** Return milliseconds left, negative when the time is over. */
  left() {
    return this.#deadlineAt - (this.#serverAt + performance.now() - this.#basedAt);
  }

  /** Return the server's time now as a Date, as far as this page can know it. */
  now() {
    return new Date(this.#serverAt + performance.now() - this.#basedAt);
  }

  /** Return whether the device slept, or its clock was set, since the server was last heard. */
  drifted() {
    return Math.abs(Date.now() - performance.now() - this.#wallAhead) > 2000;
  }
}
