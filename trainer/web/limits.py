"""Coarse limits on what is dear to make: workbooks and uploaded lists, counted for each person, else for each address.

They hold back a script that has run wild, not people; a whole hall behind one address is no single caller. Saves and
hand-ins have none, whatever happens. With ``REDIS_URL`` all processes count together; while Redis is away, or without
it, each process counts for itself. Sign-in has its own lock-out in the database (``accounts``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

DEAR = "20 per minute"


def _caller() -> str:
    return f"user:{current_user.id}" if current_user.is_authenticated else f"from:{request.remote_addr}"


# Redis that is away must not take the workbooks with it.
OPTIONS: dict[str, Any] = {"strategy": "fixed-window", "in_memory_fallback_enabled": True}
limiter = Limiter(_caller, **OPTIONS)


def sparing(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a person call a view ``DEAR`` times; beyond that the answer is 429 with Retry-After in seconds.

    Stands above ``needs``' own line, so that the permission stays readable on the view.
    """
    limited = limiter.limit(DEAR)(view)
    limited.permission = view.permission  # type: ignore[attr-defined]  # read by the access test and by the menu
    limited.checks_itself = getattr(view, "checks_itself", False)  # type: ignore[attr-defined]  # likewise
    return limited


def retry_after(error: TooManyRequests, answer: Response) -> None:
    """Tell in the answer after how many seconds the caller may come again."""
    if isinstance(error, RateLimitExceeded):
        answer.headers["Retry-After"] = str(error.limit.limit.get_expiry() if error.limit else 60)


def init_app(app: Flask) -> None:
    """Put the limits into the site.

    Each limited view checks for itself. The library would also ask before every request, a tenth of what a leaderboard
    costs; it leaves that where it finds itself entered already.
    """
    app.extensions.setdefault("limiter", set()).add(limiter)
    limiter.init_app(app)
