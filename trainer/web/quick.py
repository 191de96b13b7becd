"""Answers given before the framework, for what comes thousands of times a second and is known already.

A feature offers a function for the last part of an address. It gets the WSGI environment and returns JSON as bytes, or
None, and then the request goes its usual way: through arrival, access and all else. So it may answer only what that way
has let in a short while ago, with the same credentials.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask

Quick = Callable[[Any], bytes | None]


def offer(app: Flask, last: str, answer: Quick) -> None:
    """Ask ``answer`` for each GET of an address that ends with ``last``."""
    app.extensions.setdefault("quick", {})[last] = answer


def answered(app: Flask, environ: Any, start_response: Any) -> list[bytes] | None:
    """Return the body of an answer that has been started, None where the framework is to answer."""
    answer = app.extensions.get("quick", {}).get(environ["PATH_INFO"].rpartition("/")[2])
    if answer is None or environ["REQUEST_METHOD"] != "GET":
        return None
    body: bytes | None = answer(environ)
    if body is None:
        return None
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Request-ID", secrets.token_hex(8)),
    ]
    start_response("200 OK", headers)
    return [body]
