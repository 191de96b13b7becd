"""What a home page is made of. Features register here what a person must do now, and cards that show where they stand.

A task is one line with one link, and further ones below it where they help, the most urgent first; a card is a template
fragment with its values. Each maker is called for callers who hold its permission, and returns nothing when there is
nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trainer.web.access import SIGNED_IN


@dataclass(frozen=True)
class Task:
    """Something that waits for the caller. ``urgency`` sorts, 0 first: 0 now, 1 today, 2 soon, 3 some time.

    ``links`` are further ones below the line, as (label, address).
    """

    title: str
    url: str
    icon: str
    note: str = ""
    action: str = ""
    due_at: datetime | None = None
    urgency: int = 2
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Card:
    """A fragment for the home page: ``template`` gets ``values``.

    On a desk ``wide`` takes the whole width, and ``side`` stands in the narrow column beside the tasks.
    """

    template: str
    values: dict[str, Any] = field(default_factory=dict)
    wide: bool = False
    side: bool = False


@dataclass(frozen=True)
class _Maker:
    permission: str
    order: int
    make: Callable[[Any, datetime], Any]


_tasks: dict[str, _Maker] = {}
_cards: dict[str, _Maker] = {}


def offer_tasks(name: str, make: Callable[[Any, datetime], Iterable[Task]], *, permission: str = SIGNED_IN) -> None:
    """Register ``make(person, now)`` under ``name``; a second registration of the name replaces the first."""
    _tasks[name] = _Maker(permission, 0, make)


def offer_card(
    name: str, make: Callable[[Any, datetime], Card | None], *, order: int, permission: str = SIGNED_IN
) -> None:
    """Register a card; lower ``order`` comes first."""
    _cards[name] = _Maker(permission, order, make)


def _for(person: Any, makers: dict[str, _Maker]) -> list[_Maker]:
    held = [one for one in makers.values() if one.permission == SIGNED_IN or person.may(one.permission)]
    return sorted(held, key=lambda one: one.order)


def tasks_of(person: Any, now: datetime) -> list[Task]:
    """Return what waits for ``person``, the most urgent first, then by due time."""
    found = [task for one in _for(person, _tasks) for task in one.make(person, now)]
    return sorted(found, key=lambda task: (task.urgency, task.due_at is None, task.due_at, task.title))


def cards_of(person: Any, now: datetime) -> list[Card]:
    """Return the cards of ``person`` in their order."""
    return [card for one in _for(person, _cards) if (card := one.make(person, now)) is not None]
