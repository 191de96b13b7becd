"""The first thing that happens to a request: it gets its arrival time and its id.

The arrival time is what deadlines are compared with, so it is taken before any lock, query or parsing; anew where the
body was slow to come in.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from time import monotonic
from typing import Any

from flask import Flask, g, has_request_context, request

from trainer.core.clock import utcnow

# Where a moment stands in the environment, that was taken before the framework.
ARRIVED = "trainer.arrived_at"
# A body that takes longer than this to come in comes later than its head.
SLOW_SECONDS = 0.5


def note(environ: Any) -> datetime:
    """Return the arrival time of a request that has not reached the framework, and leave it there for the framework."""
    now = utcnow()
    environ[ARRIVED] = now
    return now


def init_app(app: Flask) -> None:
    """Stamp each request. Registered first, so that nothing slow comes before it."""

    @app.before_request
    def stamp() -> None:
        g.arrived_at = request.environ.get(ARRIVED) or utcnow()
        g.request_id = secrets.token_hex(8)


def whole_body() -> bytes:
    """Return the body of the current request, which has arrived when all of it is there.

    So nobody sends a head in time and what stands behind it after the deadline.
    """
    began = monotonic()
    body: bytes = request.get_data(cache=True)
    if monotonic() - began > SLOW_SECONDS:
        g.arrived_at = utcnow()
    return body


def arrived_at() -> datetime:
    """Return when the current request arrived, aware UTC; outside a request the time now."""
    if has_request_context():
        moment = g.get("arrived_at")
        if moment is not None:
            return moment  # type: ignore[no-any-return]  # ``g`` is untyped; stamp() put it there
    return utcnow()


def request_id() -> str | None:
    """Return the id of the current request, None outside one."""
    return g.get("request_id") if has_request_context() else None
