"""Where a version of a law stands on a day. Pure.

Source: the closing articles of the laws; that a version holds until the next one takes force follows from 立法法.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """The days on which a version holds, as far as they are known: from ``starts_on`` to the day before ``ends_on``."""

    starts_on: date | None
    ends_on: date | None


def spans_of(known: Sequence[tuple[date | None, date | None]]) -> list[Span]:
    """Return the spans of the versions of one law, of which (in force from, repealed on) is known, the oldest first.

    A version without a known end holds until a later one takes force.
    """
    spans = []
    for place, (starts_on, repealed_on) in enumerate(known):
        later = [other for other, _end in known[place + 1 :] if other is not None]
        spans.append(Span(starts_on, min([day for day in (repealed_on, *later) if day is not None], default=None)))
    return spans


def standing(span: Span, day: date) -> str:
    """Return ``upcoming``, ``in_force``, ``ended``, or ``start_unknown`` for a version whose start nobody told."""
    if span.ends_on is not None and day >= span.ends_on:
        return "ended"
    if span.starts_on is None:
        return "start_unknown"
    return "upcoming" if day < span.starts_on else "in_force"


def last_day(span: Span) -> date | None:
    """Return the last day on which a version holds, None where no end is known."""
    return None if span.ends_on is None else span.ends_on - timedelta(days=1)
