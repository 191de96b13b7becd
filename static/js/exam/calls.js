// Requests of the exam page: with a time limit, and sorted by what their failure means.
import { ApiError, api } from "../api.js";

/** Like api(), but gives up after `timeout` ms or on `signal`, which then counts as no connection. */
export async function call(method, url, body, { timeout = 8000, keepalive = false, signal = null } = {}) {
  if (signal?.aborted) throw new ApiError(0);
  const control = new AbortController();
  signal?.addEventListener("abort", () => control.abort());
  const timer = setTimeout(() => control.abort(), timeout);
  try {
    return await api(method, url, body, { signal: control.signal, keepalive });
  } catch (error) {
    if (error.name === "AbortError") throw new ApiError(0);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Return whether a failure may pass by itself: no line, a busy server, a page that is not ours. */
export function passes(error) {
  return error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500
    || error.code === "unexpected_answer";
}

/** Return whether the failure means that this page no longer acts for a signed-in person. */
export function signedOut(error) {
  return error.status === 401 || error.code === "csrf_failed";
}

/** Return whether the page may write no more, because another one goes on or an invigilator has stopped it. */
export function isOldPage(error) {
  return error.code === "taken_over" || error.code === "device_stopped";
}

/** Return the wait before try number `failures` + 1, spread so that a hall does not come back in one instant. */
export function backOff(failures) {
  return Math.min(15000, 500 * 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2);
}
