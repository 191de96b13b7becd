"""What comes next in practice: out of what is due, what was wrong, what is new, and what is known already.

Our decisions of 2026-11-23. A day brings at most ``REVIEWS_A_DAY`` reviews of its own accord, weakest first, so that a
holiday leaves no mountain; whoever wants more asks for it. "Continue" takes one of each queue in turn. A wrong answer
rests for ten minutes before "continue" shows it again, because to repeat it at once trains nothing but the finger.
There is no quota and no target: practice is no assessment (国办函〔2026〕12号).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from question_bank import laws
from question_bank.topics import taxonomy
from trainer.core.errors import FieldProblem, Invalid

DUE, WRONG, NEW, AGAIN = "due", "wrong", "new", "again"
IN_TURN = (DUE, WRONG, NEW)
REVIEWS_A_DAY = 40

# A drill goes on when everything has been seen; the others end.
DRILLS = ("wing", "topic", "law", "field")
MODES = ("continue", DUE, WRONG, NEW, *DRILLS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller wants to practise. None in a filter means "any"; filters narrow every mode.

    ``more`` lifts the daily limit of reviews.
    """

    mode: str = "continue"
    wing: str | None = None
    topic: str | None = None
    law: str | None = None
    field: str | None = None
    more: bool = False

    @property
    def filters(self) -> dict[str, str]:
        """The filters that are set, by name."""
        held = {name: getattr(self, name) for name in DRILLS}
        return {name: value for name, value in held.items() if value is not None}

    @property
    def is_drill(self) -> bool:
        return self.mode in DRILLS


@dataclass(frozen=True, slots=True)
class Known:
    """An item that the person has answered before. ``rested`` says that this is a while ago."""

    item_id: int
    retrievability: float
    due_at: datetime
    wrong: bool
    rested: bool


@dataclass(frozen=True, slots=True)
class Unseen:
    """An item that the person has never answered; ``own_field`` says that it is of a field that they work in."""

    item_id: int
    own_field: bool


@dataclass(frozen=True, slots=True)
class Picked:
    """What comes next and out of which queue: due, wrong, new or again."""

    item_id: int
    queue: str


def wanted(
    mode: str | None = None,
    *,
    wing: str | None = None,
    topic: str | None = None,
    law: str | None = None,
    field: str | None = None,
    more: bool = False,
) -> Wanted:
    """Return what is wanted, empty strings taken as not given and a law by its short title.

    Raises ``Invalid`` for an unknown mode, wing, topic, law or field, and where a drill lacks what it is about.
    """
    mode = mode or "continue"
    tree = taxonomy()
    found = laws.find(law) if law else None
    known = {
        "mode": mode in MODES,
        "wing": not wing or tree.find_wing(wing) is not None,
        "topic": not topic or tree.find_topic(topic) is not None,
        "law": not law or found is not None,
        "field": not field or tree.find_field(field) is not None,
    }
    given = {"mode": mode, "wing": wing, "topic": topic, "law": law, "field": field}
    problems = [
        FieldProblem(name, "unknown_value", {"value": (given[name] or "")[:40]})
        for name, fine in known.items()
        if not fine
    ]
    if mode in DRILLS and not given[mode]:
        problems.append(FieldProblem(mode, "required"))
    if problems:
        raise Invalid(problems)
    return Wanted(mode, wing or None, topic or None, found.short_title if found else None, field or None, more=more)


def queues(mode: str, turn: int) -> tuple[str, ...]:
    """Return the queues to ask, in order. ``turn`` counts the answers of the day, 0 before the first."""
    if mode in IN_TURN:
        return (mode,)
    first = IN_TURN[turn % len(IN_TURN)]
    mixed = (first, *(name for name in IN_TURN if name != first))
    return (*mixed, AGAIN) if mode in DRILLS else mixed


def choose(
    known: Sequence[Known],
    unseen: Sequence[Unseen],
    mode: str,
    *,
    now: datetime,
    turn: int,
    reviews_left: int | None,
    just_seen: int | None,
    seed: str,
) -> Picked | None:
    """Return the next item, or None when there is nothing (left for today).

    ``reviews_left`` None means no limit. ``just_seen`` comes only where there is nothing else at all. One seed gives
    one choice, whatever the order of the rows.
    """
    last: Picked | None = None
    for queue in queues(mode, turn):
        ranked = _ranked(queue, known, unseen, mode, now, reviews_left, seed)
        fresh = next((item_id for item_id in ranked if item_id != just_seen), None)
        if fresh is not None:
            return Picked(fresh, queue)
        if ranked and last is None:
            last = Picked(ranked[0], queue)
    return last


def _ranked(
    queue: str,
    known: Sequence[Known],
    unseen: Sequence[Unseen],
    mode: str,
    now: datetime,
    reviews_left: int | None,
    seed: str,
) -> list[int]:
    if queue == NEW:
        return _shuffled(unseen, seed)
    if queue == DUE:
        if reviews_left is not None and reviews_left <= 0:
            return []
        rows = [row for row in known if row.due_at <= now]
    elif queue == WRONG:
        rows = [row for row in known if row.wrong and (row.rested or mode == WRONG)]
        return [row.item_id for row in sorted(rows, key=lambda row: (not row.rested, *_weakest(row)))]
    else:
        rows = list(known)
    return [row.item_id for row in sorted(rows, key=_weakest)]


def _weakest(row: Known) -> tuple[float, datetime, int]:
    return (row.retrievability, row.due_at, row.item_id)


def _shuffled(unseen: Sequence[Unseen], seed: str) -> list[int]:
    """Return the ids in the order of the seed, those of the person's own fields first."""
    order = sorted(unseen, key=lambda row: row.item_id)
    Random(seed).shuffle(order)  # noqa: S311  # a varied drill, nothing that must not be guessed
    return [row.item_id for row in sorted(order, key=lambda row: not row.own_field)]
