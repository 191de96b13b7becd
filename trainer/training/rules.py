"""What a training class must be before it is entered, handed in and confirmed. Pure.

Two pairs of eyes: who entered a class never decides on it (our decision; the notice behind the model case had hours
entered only after the unit's personnel office had checked them, 水利部普法办). ``draft → submitted → confirmed`` or
``rejected`` with a reason, which the clerk mends and hands in again; ``submitted → draft`` when the clerk recalls it;
``confirmed → withdrawn`` by counter-entries.

Eight hours a day are the most of one class. Of several classes on one day nobody knows which was attended when, so a
sum beyond eight is not refused: it is shown to the confirmer, who must say that it has been looked at (2026-11-27).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from trainer.core.errors import FieldProblem
from trainer.hours.rules.crediting import MOST_A_DAY, MOST_DAYS, hours_problems

EDITABLE = ("draft", "rejected")
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
ROLL_MOST = 3000


def entry_problems(title: str, held_on: date | None, days: int | None, hours: Decimal | None) -> list[FieldProblem]:
    """Return what keeps a class from being entered at all; an empty list when it may be kept as a draft."""
    problems = []
    if not title:
        problems.append(FieldProblem("title", "required"))
    if held_on is None:
        problems.append(FieldProblem("held_on", "required"))
    elif not EARLIEST <= held_on <= LATEST:
        problems.append(FieldProblem("held_on", "out_of_range", {"least": EARLIEST, "most": LATEST}))
    if days is None or not 1 <= days <= MOST_DAYS:
        problems.append(FieldProblem("days", "out_of_range", {"least": 1, "most": MOST_DAYS}))
    else:
        problems.extend(hours_problems(hours, days))
    return problems


def handing_in_problems(held_on: date | None, evidence: str, present: int, today: date) -> list[FieldProblem]:
    """Return what keeps a class from going to the unit head; ``today`` is the city's day, a class of today may go.

    A missing day is a matter of ``entry_problems``.
    """
    problems = []
    if held_on is not None and held_on > today:
        problems.append(FieldProblem("held_on", "class_not_held_yet", {"held_on": held_on}))
    if not evidence:
        problems.append(FieldProblem("evidence", "evidence_needed"))
    if not present:
        problems.append(FieldProblem("roll", "nobody_present"))
    return problems


@dataclass(frozen=True)
class Span:
    """A class on its days in a row from ``held_on``, its hours spread evenly over them."""

    title: str
    held_on: date
    days: int
    hours: Decimal

    def on(self, day: date) -> Fraction:
        """Return the hours that fall on a local day, 0 beside the class."""
        there = self.held_on <= day < self.held_on + timedelta(days=self.days)
        return Fraction(self.hours) / self.days if there else Fraction(0)


def crowded_day(own: Span, others: Sequence[Span]) -> tuple[date, Decimal, list[Span]] | None:
    """Return the day on which ``own`` and ``others`` come to most, if that is more than eight hours; None otherwise.

    With it the sum of its hours, rounded half up to the hundredth, and the others that fall on it; the earliest of
    equal days.
    """
    days = [own.held_on + timedelta(days=number) for number in range(own.days)]
    sums = [(own.on(day) + sum((one.on(day) for one in others), Fraction(0)), day) for day in days]
    most, day = max(sums, key=lambda one: (one[0], -one[1].toordinal()))
    if most <= MOST_A_DAY:
        return None
    rounded = (Decimal(most.numerator) / most.denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return day, rounded, [one for one in others if one.on(day)]


def may_decide(decider_id: int, entered_by: int | None) -> bool:
    """Return whether this person may confirm or reject a class: never who entered it."""
    return decider_id != entered_by
