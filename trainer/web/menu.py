"""Navigation: features say what they offer to whom, the menu shows what the caller may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, request, url_for
from flask_login import current_user

from trainer.web.access import PUBLIC, SIGNED_IN


@dataclass(frozen=True)
class MenuItem:
    """One line of the menu. ``label`` is lazily translated; ``order`` sorts; ``icon`` names a symbol of the sprite."""

    label: Any
    endpoint: str
    icon: str
    permission: str
    order: int
    not_for: str | None = None


_items: dict[str, MenuItem] = {}
_counters: dict[str, Callable[[], Any]] = {}


def offer(label: Any, endpoint: str, *, icon: str, permission: str, order: int, not_for: str | None = None) -> None:
    """Put a page into the menu of those who hold ``permission`` (and, with ``not_for``, lack that one)."""
    _items[endpoint] = MenuItem(label, endpoint, icon, permission, order, not_for)


def provide(name: str, make: Callable[[], Any]) -> None:
    """Give all templates a value that is made anew for each page, such as the number of unread notices."""
    _counters[name] = make


def _visible() -> list[dict[str, Any]]:
    if not current_user.is_authenticated:
        return []
    here = (request.endpoint or "").split(".")[0]
    shown = []
    for item in sorted(_items.values(), key=lambda entry: entry.order):
        if item.permission not in (PUBLIC, SIGNED_IN) and not current_user.may(item.permission):
            continue
        if item.not_for and current_user.may(item.not_for):
            continue
        active = request.endpoint == item.endpoint or here == item.endpoint.split(".")[0]
        shown.append({"label": item.label, "url": url_for(item.endpoint), "icon": item.icon, "active": active})
    return shown


def init_app(app: Flask) -> None:
    """Give the templates the menu and what features provide."""

    @app.context_processor
    def menu() -> dict[str, Any]:
        return {"menu": _visible(), **{name: make() for name, make in _counters.items()}}
