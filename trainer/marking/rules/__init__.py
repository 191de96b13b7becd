"""From grades to points, totals and the pass. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from question_bank import Grade
from trainer.papers.rules.scoring import NOTHING, has_passed, item_points


@dataclass(frozen=True)
class Totals:
    """What an attempt amounts to. ``unmarked`` answers wait for a person; until there are none it is provisional."""

    score: Decimal
    max_points: Decimal
    correct_count: int
    passed: bool | None
    unmarked: int
    marks: list[dict[str, Any]]


@dataclass(frozen=True)
class Mark:
    """What an answer earns of the ``worth`` of its item, both in points. ``entry`` is its place in ``Result.marks``."""

    worth: Decimal
    earned: Decimal
    correct: bool
    waits: bool
    entry: dict[str, Any]


def mark_of(points: Decimal, grade: Grade) -> Mark:
    """Return the mark of an answer to an item worth ``points``."""
    earned = item_points(points, grade.fraction)
    entry = {
        "points": str(earned),
        "fraction": str(grade.fraction),
        "correct": grade.correct,
        "answered": grade.answered,
    }
    if grade.needs_person:
        entry["waits"] = True
    return Mark(points, earned, grade.correct, grade.needs_person, entry)


def total(marks: Sequence[Mark], pass_mark: Decimal | None) -> Totals:
    """Return the totals of the marks by item number.

    ``passed`` is None without a pass mark, and while an answer waits for a person.

    A score equal to the pass mark passes.
    """
    score = worth = NOTHING
    correct = unmarked = 0
    for mark in marks:
        score += mark.earned
        worth += mark.worth
        correct += mark.correct
        unmarked += mark.waits
    return Totals(
        score=score,
        max_points=worth,
        correct_count=correct,
        passed=None if unmarked else has_passed(score, pass_mark),
        unmarked=unmarked,
        marks=[mark.entry for mark in marks],
    )


def may_see_result(
    release: str, *, submitted: bool, ended_at: datetime, released_at: datetime | None, now: datetime, unmarked: int = 0
) -> bool:
    """Return whether a candidate may see result, keys and explanations at ``now`` (aware UTC).

    ``after_submit``: once handed in; ``after_close``: once nobody can write any more, granted minutes and transport
    grace included (``exams.rules.ends_at``); ``manual``: once released by hand. A release by hand opens the other two
    as well. Whatever the rule, a result waits until a person has marked the last of its ``unmarked`` answers.
    """
    if not submitted or unmarked:
        return False
    if released_at is not None and released_at <= now:
        return True
    if release == "after_submit":
        return True
    return release == "after_close" and now >= ended_at


@dataclass(frozen=True)
class SectionProfile:
    """What one section of a paper brought. An item that a repair dropped is worth nothing, and not counted."""

    title: str
    score: Decimal
    max_points: Decimal
    correct_count: int
    item_count: int

    @property
    def is_dropped(self) -> bool:
        """Whether nothing of the section counts any more."""
        return not self.item_count


def profile(items: Sequence[dict[str, Any]]) -> list[SectionProfile]:
    """Return the sections of a result in the order of the paper; ``items`` are those of a result document."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in items:
        groups.setdefault(one["section"], []).append(one)
    return [
        SectionProfile(
            title=title,
            score=sum((Decimal(one["points"]) for one in group), Decimal(0)),
            max_points=sum((Decimal(one["max_points"]) for one in group), Decimal(0)),
            correct_count=sum(1 for one in group if one["correct"]),
            item_count=sum(1 for one in group if Decimal(one["max_points"])),
        )
        for title, group in groups.items()
    ]
