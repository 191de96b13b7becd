"""Cross-site requests: the browser's own word first, then a token bound to the session, without an age.

Flask-WTF's tokens run out after an hour, which would refuse every save of a longer exam from minute 61 on. Ours is
an HMAC over the session's token: it lives and dies with the session and needs no storage and no look-up.
"""

from __future__ import annotations

import hashlib
import hmac

from flask import Flask, current_app, g, request
from markupsafe import Markup

from trainer.core.crypto import same
from trainer.core.errors import Forbidden
from trainer.web.access import SAFE_METHODS

HEADER = "X-CSRFToken"
FIELD = "csrf_token"
# Whoever signs in may still send the cookie of a session that has ended, with a token that is no longer good.
SIGN_IN_ENDPOINTS = ("accounts.sign_in", "accounts.sign_in_by_ticket", "session_api.sign_in", "session_api.take_turn")


def session_cookie_name(secure: bool) -> str:
    """Return the name of the session cookie; the ``__Host-`` prefix needs https."""
    return "__Host-session" if secure else "session"


def session_token() -> str | None:
    """Return the session token that the browser sent, None without one."""
    return request.cookies.get(session_cookie_name(request.is_secure))


def csrf_token(token: str | None = None) -> str:
    """Return the CSRF token of a session token (the request's by default), empty without a session."""
    token = token or g.get("new_session_token") or session_token()
    return token_of(current_app, token) if token else ""


def token_of(app: Flask, token: str) -> str:
    """Return the CSRF token of a session token of ``app``."""
    key = b"csrf" + app.secret_key.encode()  # type: ignore[union-attr]  # read_settings refuses an empty one
    return hmac.new(key, token.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def csrf_field() -> Markup:
    """Return the hidden field for a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def _came_from_here() -> bool:
    """Return whether the browser's headers allow that the request comes from one of our own pages."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin == request.host_url.rstrip("/")
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def init_app(app: Flask) -> None:
    """Check every unsafe request before its view is called."""

    @app.before_request
    def refuse_foreign_requests() -> None:
        if request.method in SAFE_METHODS or request.headers.get("Authorization", "").startswith("Bearer "):
            return
        if not _came_from_here():
            raise Forbidden("cross_site_request")
        token = session_token()
        if token is None:
            # Nobody's rights can be borrowed. Signing in is the only thing such a request can do, and a form of
            # another site is stopped by the Origin that browsers send with it.
            return
        given = request.headers.get(HEADER)
        if given is None and request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
            given = request.form.get(FIELD)
        if not same(given or "", csrf_token(token)) and request.endpoint not in SIGN_IN_ENDPOINTS:
            raise Forbidden("csrf_failed")

    app.jinja_env.globals.update(csrf_token=csrf_token, csrf_field=csrf_field)
