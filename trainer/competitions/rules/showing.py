"""What a leaderboard may show, to whom and since when. Pure; times are aware UTC.

A place tells a score, so a board shows nothing before the exam's own release rule lets results out (our decision of
2026-11-24). There is no switch for it: a competition on an exam whose results come ``after_submit`` has a live
board, any other one has its board once the exam is over or released. Whoever manages the competition sees the live
standings at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

STRICTNESS = ("full", "masked", "unit_only")


def ends_at(closes_at: datetime, *, extra_minutes: int, grace_seconds: int) -> datetime:
    """Return when nobody can write in an exam any more.

    ``closes_at`` is of its last sitting; ``extra_minutes`` are the most that were granted to anybody.
    """
    return closes_at + timedelta(minutes=extra_minutes, seconds=grace_seconds)


def scores_may_show(release: str, *, ended_at: datetime | None, released_at: datetime | None, now: datetime) -> bool:
    """Return whether everybody who may see a board may see scores on it.

    ``ended_at`` comes from ``ends_at``, None while the exam has no sitting. ``after_close`` waits until nobody can
    write any more, not only until the own sitting has closed; a release by hand opens every board.
    """
    if released_at is not None and released_at <= now:
        return True
    if release == "after_submit":
        return True
    return release == "after_close" and ended_at is not None and now >= ended_at


def is_provisional(showing: bool, *, ended_at: datetime | None, unsettled: bool, now: datetime) -> bool:
    """Return whether places may still change: somebody may still write, a paper is unmarked, or nothing is out."""
    return not showing or unsettled or ended_at is None or now < ended_at


def strictest(rules: Iterable[str]) -> str:
    """Return the rule of names that shows least of a person; raises ``ValueError`` for none, or for an unknown one.

    Competitions that share an exam rank the same people by the same scores: a place shown in full on one board would
    name whom the other has masked, so the strictest holds for all of them (our decision of 2026-11-27).
    """
    return max(rules, key=STRICTNESS.index)


def shown_name(name: str, unit_name: str, rule: str) -> str:
    """Return a person's name as others see it on a board.

    ``full``: as it is; ``masked``: the first character and two stars (张**), whatever the length, so that the length
    tells nothing; ``unit_only``: the unit's name. Raises ``ValueError`` for another rule.
    """
    if rule == "full":
        return name
    if rule == "masked":
        return f"{name[:1]}**"
    if rule == "unit_only":
        return unit_name
    raise ValueError(rule)
