"""Whether an item became easier or harder over time: facility by quarter, and the chance that nothing changed. Pure.

Pearson's test of homogeneity (``intervals.differ_by_chance``). It cannot tell a changed item from a changed crowd:
that is said wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from trainer.reports.rules.intervals import Interval, differ_by_chance, share_interval
from trainer.reports.rules.item_stats import LEAST_PEOPLE, Tally

CHANCE = 0.01  # our decision, 2026-11-27: over a bank of thousands of items one in twenty would cry wolf too often
LEAST_CHANGE = 0.10  # our decision, 2026-11-27: less is no reason to look at an item, however sure it is


@dataclass(frozen=True)
class Quarter:
    """The facility of an item in a quarter of the city's calendar, beginning on ``starts_on``."""

    starts_on: date
    people: int
    facility: float
    interval: Interval


@dataclass(frozen=True)
class Drift:
    """Facility over time. ``change`` is that of the last quarter with enough people less the first such one.

    ``chance`` and ``change`` are None with fewer than two such quarters.
    """

    quarters: tuple[Quarter, ...]
    change: float | None
    chance: float | None

    @property
    def is_sure(self) -> bool:
        """Whether the item has changed by more than chance, and enough to look at it."""
        return self.chance is not None and self.chance < CHANCE and self.spread >= LEAST_CHANGE

    @property
    def spread(self) -> float:
        """The highest facility less the lowest, among quarters with enough people."""
        found = [one.facility for one in self.quarters if one.people >= LEAST_PEOPLE]
        return max(found) - min(found) if found else 0.0


def quarter_of(day: date) -> date:
    """Return the first day of the quarter in which ``day`` lies."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def drift_of(tallies: Iterable[tuple[date, Tally]]) -> Drift:
    """Return the drift over tallies, each with a day of its quarter; quarters come oldest first."""
    by_quarter: dict[date, Tally] = {}
    for day, tally in tallies:
        by_quarter.setdefault(quarter_of(day), Tally()).merge(tally)
    quarters = tuple(
        Quarter(day, tally.people, tally.share / tally.people, share_interval(tally.share / tally.people, tally.people))
        for day, tally in sorted(by_quarter.items())
        if tally.people
    )
    firm = [one for one in quarters if one.people >= LEAST_PEOPLE]
    if len(firm) < 2:
        return Drift(quarters, None, None)
    whole = Tally()
    for one in firm:
        whole.merge(by_quarter[one.starts_on])
    chance = differ_by_chance([(one.facility, one.people) for one in firm], whole.variance)
    return Drift(quarters, firm[-1].facility - firm[0].facility, chance)
