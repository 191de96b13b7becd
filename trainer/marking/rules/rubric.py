"""Points by the lines of a rubric, and what they make of a result. Pure; points are ``Decimal`` with two places."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from question_bank import Item
from question_bank.kinds.case_study import split_points
from trainer.core.errors import FieldProblem
from trainer.papers.rules.scoring import HUNDREDTH, NOTHING, has_passed, item_points, total_points

COMMENT_MOST = 500
NO_OTHER_WORTH: Mapping[int, Decimal] = MappingProxyType({})


@dataclass(frozen=True, order=True)
class ItemKey:
    """Answers that are marked in a row: the same version, part (0 for a whole item) and points."""

    version_id: int
    part: int
    max_points: Decimal

    def __str__(self) -> str:
        return f"{self.version_id}-{self.part}-{int(self.max_points * 100)}"

    @classmethod
    def parse(cls, text: str) -> ItemKey | None:
        """Return the key that ``str`` wrote, None for any other text."""
        parts = text.split("-")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
            return None
        version_id, part, hundredths = map(int, parts)
        return cls(version_id, part, (Decimal(hundredths) / 100).quantize(HUNDREDTH))


def line_points(item: Item, points: Decimal) -> tuple[Decimal, ...]:
    """Return what each line of the rubric of a short answer is worth in an item worth ``points``.

    Whole hundredths in the ratio of the weights that add up to ``points``.
    """
    return split_points(points, [int(row["weight"]) for row in item.settings["rubric"]])


def lines_problems(lines: Sequence[Decimal], most: Sequence[Decimal]) -> list[FieldProblem]:
    """Return what is wrong with points given by line, at ``lines.N`` counted from 0; an empty list for nothing."""
    if len(lines) != len(most):
        return [FieldProblem("lines", "line_count", {"count": len(most)})]
    found = []
    for place, (given, limit) in enumerate(zip(lines, most, strict=True)):
        if not given.is_finite() or not 0 <= given <= limit:
            found.append(FieldProblem(f"lines.{place}", "out_of_range", {"least": 0, "most": limit}))
        elif given != given.quantize(HUNDREDTH):
            found.append(FieldProblem(f"lines.{place}", "two_decimals"))
    return found


def may_begin(now: datetime, *, release: str, ended_at: datetime) -> bool:
    """Return whether answers may be marked at ``now`` (aware UTC).

    Markers see rubric and sample, so they wait until nobody has time left; not so where keys go out with each hand-in
    anyway (our decision, 2026-11-27).
    """
    return release == "after_submit" or now >= ended_at


def place_of(seed: str, attempt_id: int, number: int) -> int:
    """Return where an answer stands among those to its item: by chance, but the same for the same ``seed``.

    0 to 2**48 − 1. Neither the order of handing in nor that of the roster shows in it.
    """
    text = f"marking:{seed}:{attempt_id}:{number}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


@dataclass(frozen=True)
class Standing:
    """Where a result stands: the columns of ``Result`` that marking by people changes."""

    score: Decimal
    correct_count: int
    passed: bool | None
    unmarked: int
    marks: list[dict[str, Any]]


def with_marks(
    marks: Sequence[Mapping[str, Any]],
    given: Mapping[int, tuple[Decimal | None, Decimal]],
    pass_mark: Decimal | None,
    worth: Mapping[int, Decimal] = NO_OTHER_WORTH,
) -> Standing:
    """Return where an attempt stands by its ``marks`` (as in ``Result``) and what people gave.

    ``given`` is (points or None while the answer waits, most points) by item number. Until the last is given none of
    them counts: the result stays as the machine left it, so that nobody reads a score growing marker by marker.
    ``worth`` is what an item counts for where a repair of others has made that another number than its most points.
    """
    waits = sum(1 for points, _most in given.values() if points is None)
    made = []
    for number, mark in enumerate(marks, 1):
        if number in given:
            points, most = given[number]
            made.append(_waiting() if waits or points is None else given_mark(points, most, worth.get(number, most)))
        else:
            made.append(dict(mark))
    score = total_points(Decimal(mark["points"]) for mark in made)
    return Standing(
        score=score,
        correct_count=sum(1 for mark in made if mark["correct"]),
        passed=None if waits else has_passed(score, pass_mark),
        unmarked=waits,
        marks=made,
    )


def _waiting() -> dict[str, Any]:
    return {"points": str(NOTHING), "fraction": "0", "correct": False, "answered": True, "waits": True}


def given_mark(points: Decimal, most: Decimal, worth: Decimal | None = None) -> dict[str, Any]:
    """Return the entry of ``Result.marks`` for ``points`` of ``most`` that a person gave.

    ``worth`` is what the item counts for, None for ``most``.
    """
    worth = most if worth is None else worth
    fraction = points / most if most else Decimal(0)
    return {
        "points": str(points if worth == most else item_points(worth, fraction)),
        "fraction": str(fraction),
        "correct": bool(most) and points == most,
        "answered": True,
    }
