"""How long a candidate has. Time is a predicate over stored moments, never the doing of a job.

All times are aware UTC. The transport grace is for answers that were given in time and arrived late; what is taken
within it is flagged (our decision of 2026-11-23, contract: 10 seconds by default).
"""

from __future__ import annotations

from datetime import datetime, timedelta


def deadline(started_at: datetime, closes_at: datetime, *, minutes: int, extra_minutes: int = 0) -> datetime:
    """Return when a candidate's own time ends.

    ``minutes`` is the length of the paper; the sitting's ``closes_at`` cuts it. ``extra_minutes``, granted to this
    person, come on top of both.
    """
    return min(started_at + timedelta(minutes=minutes), closes_at) + timedelta(minutes=extra_minutes)


def minutes_left(
    now: datetime, opens_at: datetime, closes_at: datetime, *, minutes: int, extra_minutes: int = 0
) -> int | None:
    """Return how many whole minutes a start now, or at the opening, would have; None where that is the full length."""
    starts_at = max(now, opens_at)
    own = deadline(starts_at, closes_at, minutes=minutes, extra_minutes=extra_minutes) - starts_at
    return None if own >= timedelta(minutes=minutes + extra_minutes) else int(own.total_seconds()) // 60


def may_start(now: datetime, opens_at: datetime, closes_at: datetime, *, extra_minutes: int = 0) -> str:
    """Return ``yes``, ``not_open`` or ``closed``. The first moment of the window is in it, the last is not."""
    if now < opens_at:
        return "not_open"
    if now >= closes_at + timedelta(minutes=extra_minutes):
        return "closed"
    return "yes"


def is_over(arrived_at: datetime, deadline_at: datetime, grace_seconds: int) -> bool:
    """Return whether a request that arrived then is too late even for the grace."""
    return arrived_at > deadline_at + timedelta(seconds=grace_seconds)


def is_late(arrived_at: datetime, deadline_at: datetime) -> bool:
    """Return whether a request came after the deadline, so that what it brings is flagged."""
    return arrived_at > deadline_at


def seconds_left(now: datetime, deadline_at: datetime) -> int:
    """Return the whole seconds until the deadline, never below 0."""
    return max(0, int((deadline_at - now).total_seconds()))


def seconds_used(started_at: datetime, submitted_at: datetime, deadline_at: datetime) -> int:
    """Return the whole seconds from start to hand-in, never more than the time allowed, never below 0."""
    end = min(submitted_at, deadline_at)
    return max(0, int((end - started_at).total_seconds()))
