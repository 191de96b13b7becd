// What an answer is, whatever its kind, and what to do with answers that were left in the outbox.

/** Return the form in which the server keeps an answer: null for every empty one, text trimmed. */
export function normal(answer) {
  if (Array.isArray(answer)) {
    const parts = answer.map((part) => (typeof part === "string" ? part.normalize("NFC").trim() : part));
    return parts.some((part) => part !== "") ? parts : null;
  }
  if (typeof answer === "string") return answer.trim() === "" ? null : answer.normalize("NFC").trim();
  return answer ?? null;
}

export function same(one, other) {
  return JSON.stringify(normal(one)) === JSON.stringify(normal(other));
}

/**
 * Decide what becomes of unsent answers after a resume under `epoch`.
 *
 * `entries` are [{number, answer, seq, base, epoch}]: base is the number that the server had
 * acknowledged when the answer was given. `responses` is what stands on the server. Returns
 * {send, drop, ask}: sent with their old numbers if this page was the last writer (no resume but our
 * own lies between, or nobody wrote to that item since); dropped when they stand already; asked when
 * another page wrote something else meanwhile.
 */
export function reconcile(entries, responses, epoch) {
  const standing = new Map(responses.map((one) => [one.number, one]));
  const made = { send: [], drop: [], ask: [] };
  for (const entry of entries) {
    const there = standing.get(entry.number);
    const lastWriter = entry.epoch + 1 === epoch;
    if (!there) made.send.push(entry);
    else if (same(there.answer, entry.answer)) made.drop.push(entry);
    else if (there.seq < entry.seq && (lastWriter || there.seq <= entry.base)) made.send.push(entry);
    else if (lastWriter && there.seq > entry.seq) made.drop.push(entry);
    else made.ask.push({ entry, there });
  }
  return made;
}
