"""Who may call a route. Every route states its permission with ``needs`` or ``declares``; a test looks for it.

Two words stand for no grant at all: ``public`` (nobody need be signed in) and ``signed_in`` (anybody who is). All
others are permissions that come from grants (``accounts.rules``). What a caller may see *within* a permission is
decided in queries, by scope.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g, request
from flask_login import current_user

from trainer.core.errors import Forbidden, Unauthenticated

PUBLIC = "public"
SIGNED_IN = "signed_in"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

View = Callable[..., Any]


def declares(permission: str) -> Callable[[View], View]:
    """State the permission of a view that checks it by itself, in the same statement as its work."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]  # read by the access test and by the menu
        view.checks_itself = True  # type: ignore[attr-defined]  # likewise
        return view

    return mark


def needs(permission: str, *, even_if_password_is_due: bool = False) -> Callable[[View], View]:
    """Let a view be called only by those who hold ``permission`` somewhere.

    Raises ``Unauthenticated`` when nobody is signed in, ``Forbidden`` when the caller lacks the permission, writes
    with a token that may only read, or must first choose a password.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if permission != PUBLIC:
                check(permission, even_if_password_is_due=even_if_password_is_due)
            return view(*args, **kwargs)

        marked = declares(permission)(guarded)
        marked.checks_itself = False  # type: ignore[attr-defined]  # as in declares()
        return marked

    return wrap


def check(permission: str, *, even_if_password_is_due: bool = False) -> None:
    """Raise unless the caller holds ``permission`` somewhere (see ``needs``)."""
    caller = current_user._get_current_object()  # asked once: each look through the proxy costs
    if not caller.is_authenticated:
        raise Unauthenticated
    if getattr(caller, "read_only", False) and request.method not in SAFE_METHODS:
        raise Forbidden("token_reads_only")
    if caller.must_change_password and not even_if_password_is_due:
        raise Forbidden("password_change_due")
    if permission != SIGNED_IN and not caller.may(permission):
        raise Forbidden(permission=permission)
    g.permission = permission
