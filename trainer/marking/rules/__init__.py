"""From grades to points, totals and the pass. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from question_bank import Grade
from trainer.papers.rules.scoring import has_passed, item_points, total_points


@dataclass(frozen=True)
class Totals:
    """What an attempt amounts to. ``unmarked`` answers wait for a person; until there are none it is provisional."""

    score: Decimal
    max_points: Decimal
    correct_count: int
    passed: bool | None
    unmarked: int
    marks: list[dict[str, Any]]


def total(judged: Sequence[tuple[Decimal, Grade]], pass_mark: Decimal | None) -> Totals:
    """Return the totals of (points of the item, grade) by item number.

    ``passed`` is None without a pass mark, and while an answer waits for a person.

    A score equal to the pass mark passes.
    """
    earned = [item_points(points, grade.fraction) for points, grade in judged]
    score = total_points(earned)
    marks = [
        {"points": str(got), "fraction": str(grade.fraction), "correct": grade.correct, "answered": grade.answered}
        | ({"waits": True} if grade.needs_person else {})
        for got, (_points, grade) in zip(earned, judged, strict=True)
    ]
    unmarked = sum(1 for _points, grade in judged if grade.needs_person)
    return Totals(
        score=score,
        max_points=total_points(points for points, _grade in judged),
        correct_count=sum(1 for _points, grade in judged if grade.correct),
        passed=None if unmarked else has_passed(score, pass_mark),
        unmarked=unmarked,
        marks=marks,
    )


def may_see_result(
    release: str, *, submitted: bool, ended_at: datetime, released_at: datetime | None, now: datetime, unmarked: int = 0
) -> bool:
    """Return whether a candidate may see result, keys and explanations at ``now`` (aware UTC).

    ``after_submit``: once handed in; ``after_close``: once nobody has time left, granted minutes included
    (``exams.rules.ends_at``); ``manual``: once released by hand. A release by hand opens the other two as well.
    Whatever the rule, a result waits until a person has marked the last of its ``unmarked`` answers.
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
    """What one section of a paper brought."""

    title: str
    score: Decimal
    max_points: Decimal
    correct_count: int
    item_count: int


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
            item_count=len(group),
        )
        for title, group in groups.items()
    ]
