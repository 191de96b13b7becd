// Calls to the JSON API from a page: session cookie, CSRF header, problem documents as exceptions.

/** A refusal of the server (RFC 9457). `errors` are [{field, code, message}]; status 0: no answer. */
export class ApiError extends Error {
  constructor(status, problem = {}) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code || (status ? "unexpected_answer" : "no_connection");
    this.detail = problem.detail || "";
    this.errors = problem.errors || [];
  }
}

/**
 * Send one request and return the parsed JSON, or null for an empty answer.
 * Throws ApiError on a refusal, on no connection, and when something else than JSON comes back:
 * a proxy's page or a redirect to the sign-in must never look like success.
 * `options` go to fetch (signal, keepalive).
 */
export async function api(method, url, body, options = {}) {
  const headers = { Accept: "application/json, application/problem+json" };
  if (body !== undefined && !(body instanceof FormData)) headers["Content-Type"] = "application/json";
  if (method !== "GET" && method !== "HEAD") {
    headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  }
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers,
      credentials: "same-origin",
      redirect: "error",
      body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
      ...options,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0);
  }
  if (answer.status === 204) return null;
  let content;
  try {
    content = await answer.json();
  } catch {
    throw new ApiError(answer.status);
  }
  if (!answer.ok) throw new ApiError(answer.status, content);
  return content;
}
