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
    """One line of the menu. ``label`` is lazily translated; ``order`` sorts; ``icon`` names a symbol of the sprite.

    ``also`` are the beginnings of addresses that belong to the line without lying below its own.
    """

    label: Any
    endpoint: str
    icon: str
    permission: str
    order: int
    not_for: str | None = None
    also: tuple[str, ...] = ()


_items: dict[str, MenuItem] = {}
_counters: dict[str, Callable[[], Any]] = {}


def offer(
    label: Any,
    endpoint: str,
    *,
    icon: str,
    permission: str,
    order: int,
    not_for: str | None = None,
    also: tuple[str, ...] = (),
) -> None:
    """Put a page into the menu of those who hold ``permission`` (and, with ``not_for``, lack that one)."""
    _items[endpoint] = MenuItem(label, endpoint, icon, permission, order, not_for, also)


def provide(name: str, make: Callable[[], Any]) -> None:
    """Give all templates a value that is made anew for each page, such as the number of unread notices."""
    _counters[name] = make


def _visible() -> list[dict[str, Any]]:
    if not current_user.is_authenticated:
        return []
    shown = []
    for item in sorted(_items.values(), key=lambda entry: entry.order):
        if item.permission not in (PUBLIC, SIGNED_IN) and not current_user.may(item.permission):
            continue
        if item.not_for and current_user.may(item.not_for):
            continue
        shown.append((item, url_for(item.endpoint)))
    here = _nearest(request.path, [(url, *item.also) for item, url in shown])
    return [
        {"label": item.label, "url": url, "icon": item.icon, "active": number == here}
        for number, (item, url) in enumerate(shown)
    ]


def _nearest(path: str, lines: list[tuple[str, ...]]) -> int | None:
    """Return the number of the line with the longest address at or above ``path``, None where there is none."""
    found = [
        (len(base), number)
        for number, bases in enumerate(lines)
        for base in bases
        if path == base or path.startswith(base.rstrip("/") + "/")
    ]
    return max(found)[1] if found else None


def init_app(app: Flask) -> None:
    """Give the templates the menu and what features provide."""

    @app.context_processor
    def menu() -> dict[str, Any]:
        return {"menu": _visible(), **{name: make() for name, make in _counters.items()}}
