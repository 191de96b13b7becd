"""Answers that go packed (gzip) over the line: documents of the API, and single pages that ask for it.

What may be packed is chosen, not assumed. Where a secret and words of the request stand in one packed body, its length
tells the secret letter by letter to whoever chooses the words and sees the line (BREACH, 2013). Pages hold the CSRF
token and many repeat what was searched for, so they go unpacked; a page that repeats nothing of its request may call
``pack``. Documents of the API hold no token, but for those of the session, which stay out.
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

# Below this the answer fits into one packet anyway.
LEAST_BYTES = 1024
# Each step beyond costs more time than it saves bytes on a paper of 100 items.
LEVEL = 4
API = "/api/v1/"
WITH_TOKEN = "session_api"  # noqa: S105  # the name of a blueprint


def takes_gzip() -> bool:
    """Return whether the browser of this request unpacks gzip."""
    return request.accept_encodings["gzip"] > 0


def pack(answer: Response) -> Response:
    """Pack an answer where it is long enough and the browser unpacks it. A second call changes nothing."""
    size = answer.content_length
    if size is None or size < LEAST_BYTES or answer.direct_passthrough or "Content-Encoding" in answer.headers:
        return answer
    answer.vary.add("Accept-Encoding")
    if takes_gzip():
        answer.set_data(gzip.compress(answer.get_data(), LEVEL, mtime=0))
        answer.headers["Content-Encoding"] = "gzip"
        tag, weak = answer.get_etag()
        if tag and not weak:
            # The same document, not the same bytes.
            answer.set_etag(tag, weak=True)
    return answer


def init_app(app: Flask) -> None:
    """Pack the documents of the API."""

    @app.after_request
    def pack_documents(answer: Response) -> Response:
        if answer.is_json and request.path.startswith(API) and request.blueprint != WITH_TOKEN:
            return pack(answer)
        return answer
