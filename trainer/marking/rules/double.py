"""One marker or two, how far two may differ, and when a third decides. Pure; points are ``Decimal``.

The rule is our decision of 2026-11-27; no source lays it down for the exams of this site. With double marking (双评)
two people mark an answer without knowing of each other. Where they differ by no more than the tolerance (允许分差, in
points, the tolerance itself included), the answer earns the mean of both. Where they differ by more, a third person
marks it, again knowing nothing of the others, and what the third gives is what the answer earns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from trainer.papers.rules.scoring import HUNDREDTH

FIRST, SECOND, THIRD = 1, 2, 3


@dataclass(frozen=True)
class Outcome:
    """What the marks of an answer come to. ``points`` None: somebody has still to mark it."""

    points: Decimal | None
    wants_third: bool = False


def outcome(given: Mapping[int, Decimal], *, double: bool, tolerance: Decimal) -> Outcome:
    """Return what the points ``given`` by seat (1, 2, and 3 for the third marker) come to.

    With single marking the first seat decides. A mean of two is rounded to a hundredth, half a hundredth up, as every
    other points are. A third's mark counts only while the other two differ by more than ``tolerance``.
    """
    first, second = given.get(FIRST), given.get(SECOND)
    if not double:
        return Outcome(first)
    if first is None or second is None:
        return Outcome(None)
    if abs(first - second) <= tolerance:
        return Outcome(((first + second) / 2).quantize(HUNDREDTH, ROUND_HALF_UP))
    third = given.get(THIRD)
    return Outcome(third, wants_third=True)


def seats(*, double: bool, wants_third: bool) -> tuple[int, ...]:
    """Return the seats that an answer has to be marked in, in the order in which they are filled."""
    if not double:
        return (FIRST,)
    return (FIRST, SECOND, THIRD) if wants_third else (FIRST, SECOND)
