"""How many credit hours an event gives. Pure.

An hour is credited for an event with evidence and a confirmer, never for minutes on a page (国办函〔2026〕12号).
No source lays down a cap per kind of event, nor the size of the steps. So caps are settings, none by default; that
hours come in halves, and that a day of off-job class gives eight at most (often practised elsewhere), are our own
defaults of 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from trainer.core.errors import FieldProblem

STEP = Decimal("0.5")
MOST_A_DAY = Decimal(8)
MOST_DAYS = 30


@dataclass(frozen=True)
class Caps:
    """The most hours a year that a person may earn from each source; a source that is not named has no cap."""

    yearly: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, source: str) -> Decimal | None:
        """Return the cap of a source in hours a year, None where there is none."""
        return self.yearly.get(source)


NO_CAPS = Caps()


@dataclass(frozen=True)
class Event:
    """Something for which hours are credited: a class, an exam, a contest, a file review, an act of mentoring.

    ``source`` and ``source_id`` name it for good: crediting the same one twice changes nothing. ``occurred_on`` is
    its local day, which decides the training year. ``confirmed_by`` is who vouches for it, None for a marked exam.
    """

    source: str
    source_id: str
    title: str
    hours: Decimal
    occurred_on: date
    confirmed_by: int | None = None
    note: str = ""

    @property
    def year(self) -> int:
        """Return the training year, the calendar year of the city."""
        return self.occurred_on.year


def hours_to_enter(event: Event, earned: Decimal, caps: Caps = NO_CAPS) -> Decimal:
    """Return the hours to enter for a person, 0 when the yearly cap of the source is reached.

    ``earned`` are hours of the same source in the same year, corrections taken off.
    """
    cap = caps.of(event.source)
    return event.hours if cap is None else max(Decimal(0), min(event.hours, cap - earned))


def hours_problems(hours: Decimal | None, days: int, name: str = "hours") -> list[FieldProblem]:
    """Return what is wrong with the hours of a class that ran for ``days`` days; an empty list when they may stand."""
    most = MOST_A_DAY * days
    if hours is None:
        return [FieldProblem(name, "required")]
    if not hours.is_finite() or not STEP <= hours <= most:
        return [FieldProblem(name, "hours_beyond_days", {"least": STEP, "most": most, "days": days})]
    return step_problems(hours, name)


def step_problems(hours: Decimal, name: str = "hours") -> list[FieldProblem]:
    """Return what is wrong with finite hours that do not come in halves; an empty list when they do."""
    return [FieldProblem(name, "hours_not_in_halves")] if hours % STEP else []
