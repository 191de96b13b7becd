// Answers without a receipt, kept in IndexedDB so that they survive a reload and a crash.
//
// They are encrypted by AES-GCM under a key of the attempt that cannot be exported, and gone on
// receipt, on hand-in, on sign-out (the server clears the site's storage), when somebody else
// signs in here, and after 24 hours. Without a secure context there is no such key, and a browser may
// refuse to store anything: then nothing is written, the answers live in the page alone, and `hindrance`
// says why, so that the page can. The same holds where the browser takes the storage away in the middle of an exam:
// the outbox is no longer durable, and with the next answer, or when asked to, it opens anew and keeps all that is unsent.
// A storage that is slow to open opens in its own time, and what an earlier page left there is handed over before anything
// is written: an answer that was kept is sent, or decided on, however late it was found.

const NAME = "exam-outbox";
const DAY = 24 * 60 * 60 * 1000;
const PATIENCE = 2000;
const AGAIN = 5000;

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** A write stands when its transaction is complete: until then a full device may still undo it. */
const written = (request) => new Promise((resolve, reject) => {
  const { transaction } = request;
  transaction.oncomplete = () => resolve(request.result);
  transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error ?? new Error("not written"));
});

function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("entries", { keyPath: "id" });
    request.result.createObjectStore("keys", { keyPath: "attempt" });
  };
  return done(request);
}

const store = (database, name, mode = "readonly") => database.transaction(name, mode).objectStore(name);

/** Delete what is too old or another person's; a key goes with the last entry it protects. */
async function tidy(database, owner) {
  const entries = await done(store(database, "entries").getAll());
  const fresh = (row) => row.owner === owner && Date.now() - row.at < DAY;
  const kept = new Set();
  for (const row of entries) {
    if (fresh(row)) kept.add(row.attempt);
    else await written(store(database, "entries", "readwrite").delete(row.id));
  }
  for (const row of await done(store(database, "keys").getAll())) {
    if (!kept.has(row.attempt) && !fresh(row)) await written(store(database, "keys", "readwrite").delete(row.attempt));
  }
}

/** Return the row {key, at} of the attempt's key, made where there is none. */
async function keyOf(database, attempt, owner) {
  const known = await done(store(database, "keys").get(attempt));
  if (known) return known;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Two pages that open at once must end with one key, so the first one to write wins.
  const keys = store(database, "keys", "readwrite");
  const there = await done(keys.get(attempt));
  if (there) return there;
  const row = { attempt, owner, key, at: Date.now() };
  await written(keys.put(row));
  return row;
}

/** Open the storage for an attempt; return {database, key}. */
async function opened(attempt, owner) {
  const database = await openDatabase();
  await tidy(database, owner);
  return { database, key: await keyOf(database, attempt, owner) };
}

/** Wait for `work`, but not for longer than a browser in private mode may never answer. */
const inTime = (work) => Promise.race([work, new Promise((_, reject) => { setTimeout(reject, PATIENCE, new Error("no answer")); })]);

export class Outbox {
  #database = null;
  #key = null;
  #attempt;
  #owner;
  #hooks;
  #turn = Promise.resolve();
  #triedAt = -Infinity;
  #opening = null;
  #unread = false;
  #ended = false;

  constructor(attempt, owner, hooks) {
    this.#attempt = attempt;
    this.#owner = owner;
    this.#hooks = hooks;
  }

  /**
   * Open the outbox of an attempt. It never fails: at worst it is not durable. `again`: an earlier page may have left answers.
   * hooks: unsent() → the answers that are to be kept when it opens anew; changed(), when `durable` has changed;
   * found(entries), with what an earlier page left where it could be read only after read().
   */
  static async open(attempt, owner, { again, ...hooks }) {
    const outbox = new Outbox(attempt, owner, hooks);
    outbox.#unread = again;
    await outbox.#prepare().catch(() => {});
    return outbox;
  }

  get #able() { return window.isSecureContext && window.crypto?.subtle && window.indexedDB && !this.#ended; }

  async #prepare() {
    if (!this.#able) throw new Error("no outbox here");
    this.#opening ??= opened(this.#attempt, this.#owner);
    const opening = this.#opening;
    try {
      const { database, key } = await inTime(opening);
      // The browser closes it when it takes the site's storage away, as on a sign-out in another tab. What is unsent is
      // not written again at once: whoever signed out wants nothing to stay here.
      database.onclose = () => { if (this.#database === database) this.#lose(); };
      this.#key = key;
      this.#database = database;
      this.#opening = null;
    } catch (error) {
      const failed = () => { if (this.#opening === opening) { this.#opening = null; this.#hooks.changed(); } };
      opening.then(() => { this.#triedAt = -Infinity; this.renew(); }, failed);
      throw error;
    }
  }

  #lose() {
    const was = this.#database;
    this.#database = null;
    try { was?.close(); } catch { /* it is closed */ }
    if (was) this.#hooks.changed();
  }

  /** Open anew where the storage was taken away, and keep there what is unsent. Does nothing while it is durable. */
  renew() {
    if (this.durable || !this.#able) return Promise.resolve();
    this.#turn = this.#turn.then(() => this.#mend());
    return this.#turn;
  }

  async #mend() {
    if (this.durable || !this.#able || performance.now() - this.#triedAt < AGAIN) return;
    this.#triedAt = performance.now();
    try {
      await this.#prepare();
      // Before the first write: it would replace what an earlier page left.
      if (this.#unread) {
        const entries = await this.#entries();
        this.#unread = false;
        this.#hooks.found(entries);
      }
      for (const entry of this.#hooks.unsent()) await this.#write(entry);
      this.#triedAt = -Infinity;
      this.#hooks.changed();
    } catch {
      this.#lose();
    }
  }

  get durable() { return this.#database !== null; }

  /** Return whether answers may lie on the device that could not be read yet, because the storage is slow to open. */
  get unread() { return this.#unread && this.#opening !== null; }

  /** Return what keeps answers in the page alone: "insecure" (no encrypted connection), "refused" (by the browser) or "". */
  get hindrance() { return this.durable ? "" : window.isSecureContext ? "refused" : "insecure"; }

  // One step after the other: a receipt must not overtake the writing of what it acknowledges. A step that fails has
  // lost the storage; it is opened anew once, and otherwise the page says that nothing is kept.
  #step(work) {
    if (!this.durable) return Promise.resolve();
    this.#turn = this.#turn.then(() => (this.durable ? work() : undefined)).catch(async () => {
      this.#lose();
      await this.#mend();
      if (this.durable) await work().catch(() => this.#lose());
    });
    return this.#turn;
  }

  #place(number) { return `${this.#attempt}:${number}`; }

  #protection(number, iv) {
    return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(this.#place(number)) };
  }

  /** Keep an unsent answer {number, answer, seq, base, epoch}; it replaces the older one of the item. */
  put(entry) {
    return this.durable ? this.#step(() => this.#write(entry)) : this.renew();
  }

  async #write(entry) {
    // The key may have gone without the database: with somebody else who signed in here, it would open nothing later.
    const stands = await keyOf(this.#database, this.#attempt, this.#owner);
    if (stands.at !== this.#key.at) throw new Error("the key is another one");
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(entry));
    const data = await crypto.subtle.encrypt(this.#protection(entry.number, iv), this.#key.key, plain);
    const row = {
      id: this.#place(entry.number), attempt: this.#attempt, owner: this.#owner, number: entry.number,
      seq: entry.seq, at: Date.now(), iv, data,
    };
    await written(store(this.#database, "entries", "readwrite").put(row));
  }

  /** Forget the answer of an item up to `seq`: a newer one that was written meanwhile stays. */
  drop(number, seq) {
    return this.#step(async () => {
      const entries = store(this.#database, "entries", "readwrite");
      const row = await done(entries.get(this.#place(number)));
      if (row && row.seq <= seq) await written(entries.delete(row.id));
    });
  }

  /** Return what is kept for this attempt; what can no longer be read is left out. */
  async read() {
    let found = [];
    await this.#step(async () => {
      found = await this.#entries();
      this.#unread = false;
    });
    return found;
  }

  async #entries() {
    const found = [];
    const rows = await done(store(this.#database, "entries").getAll());
    for (const row of rows.filter((one) => one.attempt === this.#attempt && one.owner === this.#owner)) {
      try {
        const plain = await crypto.subtle.decrypt(this.#protection(row.number, row.iv), this.#key.key, row.data);
        found.push(JSON.parse(new TextDecoder().decode(plain)));
      } catch { /* written under a key that is gone */ }
    }
    return found;
  }

  /** Forget everything of this attempt, the key too. */
  wipe() {
    this.#ended = true;
    return this.#step(async () => {
      const rows = await done(store(this.#database, "entries").getAllKeys());
      for (const id of rows.filter((one) => one.startsWith(`${this.#attempt}:`))) {
        await written(store(this.#database, "entries", "readwrite").delete(id));
      }
      await written(store(this.#database, "keys", "readwrite").delete(this.#attempt));
      this.#database = null;
    });
  }
}
