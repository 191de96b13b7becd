"""Answers given before the framework, for what comes thousands of times a second and is known already.

A feature offers a function for the last part of an address. It returns JSON as bytes, or None, and then the request
goes its usual way: through arrival, access and all else.

- ``offer`` is for what is read. The function gets the WSGI environment as it came in, and may answer only what the
  usual way has let in a short while ago, with the same credentials.
- ``offer_write`` is for what a page of ours writes: a request with a session, its CSRF token and JSON, each looked at
  as the usual way would, and none that is in any way odd. The function decides who may, as it does there. Where it
  returns None the usual way does all of it again, with the same moment of arrival: so a refusal has one place, and
  the function must bear being run twice.
"""

from __future__ import annotations

import io
import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from typing import Any

from flask import Flask, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.http import parse_cookie

from trainer.core.crypto import same
from trainer.core.database import is_timeout
from trainer.core.errors import Busy
from trainer.web import arrival
from trainer.web.csrf import HEADER, session_cookie_name, token_of

Quick = Callable[[Any], bytes | None]
# Path, the session's token, the body, and when the request arrived.
QuickWrite = Callable[[str, str, bytes, datetime], bytes | None]
BODY_MOST = 64 * 1024
SLOW_SECONDS = 1.0
CODINGS = {"HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING"}
HSTS = "max-age=31536000"
BUSY = "trainer.busy"
_TOKEN = "HTTP_" + HEADER.upper().replace("-", "_")

log = logging.getLogger("trainer.requests")


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
    return _sent(start_response, body)


def _sent(start_response: Any, body: bytes, *more: tuple[str, str]) -> list[bytes]:
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Request-ID", secrets.token_hex(8)),
        *more,
    ]
    start_response("200 OK", headers)
    return [body]


def offer_write(app: Flask, method: str, last: str, write: QuickWrite) -> None:
    """Ask ``write`` for each request of ``method`` to an address that ends with ``last``, within an app context."""
    app.extensions.setdefault("quick_writes", {})[method, last] = write


def init_app(app: Flask) -> None:
    """Let the usual way say at once what a write before it has waited for in vain."""

    @app.before_request
    def say_busy() -> None:
        if BUSY in request.environ:
            raise request.environ[BUSY]


def with_writes(app: Flask, inner: Any) -> Any:
    """Return ``inner`` with the writes that are offered answered before it."""
    asked = app.extensions.setdefault("quick_writes", {})

    def answer(environ: Any, start_response: Any) -> Any:
        write = asked.get((environ["REQUEST_METHOD"], environ["PATH_INFO"].rpartition("/")[2]))
        if write is None or log.isEnabledFor(logging.DEBUG):
            return inner(environ, start_response)
        began = perf_counter()
        token = _own_session(app, environ)
        sent = None if token is None else _json_of(environ)
        if token is None or sent is None:
            return inner(environ, start_response)
        # It has arrived when all of it is there: nobody sends a head in time and the answers afterwards.
        now = arrival.note(environ)
        try:
            with app.app_context():
                body = write(environ["PATH_INFO"], token, sent, now)
        except Busy as busy:
            # It has waited as long as one may; the usual way says so and does not wait again.
            environ[BUSY], body = busy, None
        except (DBAPIError, PoolTimeout) as error:
            if is_timeout(error):
                environ[BUSY] = error
            # What went wrong, and whether it still does, the usual way tells and logs.
            body = None
        except Exception:
            # If it comes out right the usual way nobody else would ever tell of the defect.
            log.exception("a write before the framework failed")
            body = None
        if body is None:
            environ["wsgi.input"] = io.BytesIO(sent)
            return inner(environ, start_response)
        seconds = perf_counter() - began
        if seconds >= SLOW_SECONDS:
            fields = {"method": environ["REQUEST_METHOD"], "status": 200, "ms": round(seconds * 1000, 1)}
            log.warning("request", extra={"fields": fields})
        more = [("Vary", "Cookie")]
        if environ["wsgi.url_scheme"] == "https":
            more.append(("Strict-Transport-Security", HSTS))
        return _sent(start_response, body, *more)

    return answer


def _own_session(app: Flask, environ: Any) -> str | None:
    """Return the session's token of a write by a page of ours; None where there is any doubt that it is one."""
    scheme = environ["wsgi.url_scheme"]
    if "HTTP_AUTHORIZATION" in environ or (scheme != "https" and app.config["SETTINGS"].trusted_proxies):
        return None
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin != f"{scheme}://{environ.get('HTTP_HOST')}":
        return None
    if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none"):
        return None
    token = parse_cookie(environ).get(session_cookie_name(scheme == "https"))
    if not token or not same(environ.get(_TOKEN, ""), token_of(app, token)):
        return None
    return token


def _json_of(environ: Any) -> bytes | None:
    """Return a short JSON body; None, with nothing read, for any other."""
    size = environ.get("CONTENT_LENGTH") or ""
    if environ.get("CONTENT_TYPE") != "application/json" or not CODINGS.isdisjoint(environ):
        return None
    if not size.isdecimal() or not 0 < int(size) <= BODY_MOST:
        return None
    body: bytes = environ["wsgi.input"].read(int(size))
    return body
