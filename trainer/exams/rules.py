"""Where a sitting stands in time, when results may be seen, what is wrong with an exam. Pure; times are aware UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from trainer.core.errors import FieldProblem
from trainer.hours.rules.crediting import step_problems
from trainer.papers.rules.blueprint import (
    ITEMS_MOST,
    NOTHING_KEPT_OUT,
    POINTS_MOST,
    DrawRules,
    SectionSpec,
    blueprint_problems,
    max_points,
)

RELEASES = ("after_submit", "after_close", "manual")
DRAWS = ("one_paper", "per_form", "per_candidate")
NAVIGATIONS = ("free", "sequential")

MINUTES_MOST = 600
ATTEMPTS_MOST = 20
FORMS_MOST = 50
FORMS_USUAL = 4
CREDIT_MOST = Decimal(60)
AMOUNT_MOST = POINTS_MOST * ITEMS_MOST
GRACE_MOST = 120
# Whoever leaves the page so often is marked on the invigilator's board, unless the organiser says another number or
# none (our decision of 2026-11-27). Nothing else ever follows from it.
FOCUS_USUAL = 3
FOCUS_MOST = 100
HUNDREDTH = Decimal("0.01")

# A ticket lets its holder in so long before the sitting opens: time to find the desk and read the rules.
TICKET_LEAD = timedelta(hours=2)


@dataclass(frozen=True)
class ExamSpec:
    """An exam as it is asked for. ``pass_mark`` in points; ``units`` are codes whose whole subtrees are named.

    ``forms`` counts only with the draw ``per_form``. ``unit_code`` None takes the widest unit of the caller's scope.
    ``seed`` None lets chance choose. ``resit_of_id`` is the exam that this one makes up for; only making it sets it.
    ``focus_threshold`` is how often a page must be left for the board to mark its candidate, None for never.
    ``navigation`` says whether candidates move freely between the items or answer them in order and cannot go back.
    """

    title: str
    opens_at: datetime
    closes_at: datetime
    minutes: int
    sections: tuple[SectionSpec, ...]
    pass_mark: Decimal | None = None
    attempts: int = 1
    release: str = "after_close"
    draw: str = "one_paper"
    forms: int = FORMS_USUAL
    shuffle_items: bool = False
    shuffle_options: bool = False
    credit_hours: Decimal | None = None
    grace_seconds: int = 10
    seed: str | None = None
    rules: DrawRules = NOTHING_KEPT_OUT
    units: tuple[str, ...] = ()
    usernames: tuple[str, ...] = ()
    unit_code: str | None = None
    is_mock: bool = False
    resit_of_id: int | None = None
    focus_threshold: int | None = FOCUS_USUAL
    navigation: str = "free"


def own_window(opens_at: datetime, closes_at: datetime, shift_minutes: int) -> tuple[datetime, datetime]:
    """Return when a candidate's own window opens and closes: the sitting's, ``shift_minutes`` later at both ends."""
    shift = timedelta(minutes=shift_minutes)
    return opens_at + shift, closes_at + shift


def ends_at(closes_at: datetime, extra_minutes: int, *, grace_seconds: int) -> datetime:
    """Return when the last answer of the last candidate can have arrived.

    ``extra_minutes`` are the most that were granted to anybody: they come on top of the sitting's ``closes_at``. The
    transport grace counts too: keys shown within it would reach people whose answers are still taken.
    """
    return closes_at + timedelta(minutes=extra_minutes, seconds=grace_seconds)


def phase(
    now: datetime,
    opens_at: datetime,
    closes_at: datetime,
    *,
    release: str,
    released_at: datetime | None,
    extra_minutes: int = 0,
    grace_seconds: int = 0,
    last_closes_at: datetime | None = None,
) -> str:
    """Return where a sitting stands: ``upcoming``, ``open``, ``closed`` or ``released``.

    The first moment of the window is open, the last is closed. The results of all releases but ``manual`` are out
    once nobody of any sitting can write any more (``ends_at``); a manual one is released from ``released_at`` on.
    ``last_closes_at`` is when the last sitting closes, None where there is only this one.
    """
    if now < opens_at:
        return "upcoming"
    if now < closes_at:
        return "open"
    if released_at is not None and released_at <= now:
        return "released"
    over = ends_at(last_closes_at or closes_at, extra_minutes, grace_seconds=grace_seconds)
    return "closed" if release == "manual" or now < over else "released"


def key_leaks(
    release: str, draw: str, *, forms: int, attempts: int, credit_hours: Decimal | None
) -> list[Literal["keys_before_resit", "keys_before_hours"]]:
    """Return what comes of showing keys at the hand-in while everybody has the same items; an empty list for nothing.

    ``keys_before_resit``: the next attempt has the items whose keys were just read. ``keys_before_hours``: credit
    hours can be earned with keys that others pass on. Both are allowed, and organisers are told.
    """
    if release != "after_submit" or not (draw == "one_paper" or (draw == "per_form" and forms < 2)):
        return []
    found: list[Literal["keys_before_resit", "keys_before_hours"]] = []
    if attempts > 1:
        found.append("keys_before_resit")
    if credit_hours:
        found.append("keys_before_hours")
    return found


def may_release(now: datetime, ended_at: datetime, released_at: datetime | None) -> bool:
    """Return whether results can be released by hand now: once, and never while somebody may still be writing.

    ``ended_at`` comes from ``ends_at``.
    """
    return released_at is None and now >= ended_at


def draw_is_public(now: datetime, ended_at: datetime) -> bool:
    """Return whether seed and plan of the draw may be shown: never while an answer can still arrive.

    ``ended_at`` comes from ``ends_at``, which counts the grace.
    """
    return now > ended_at


def ticket_fits(now: datetime, opens_at: datetime, closes_at: datetime, *, extra_minutes: int, grace: int) -> bool:
    """Return whether an entry ticket lets its holder in at ``now``.

    From ``TICKET_LEAD`` before the sitting opens until its last answer can arrive: ``extra_minutes`` granted to the
    holder and ``grace`` seconds after it closes.
    """
    return opens_at - TICKET_LEAD <= now <= closes_at + timedelta(minutes=extra_minutes, seconds=grace)


def steps(state: str, where: str, release: str) -> list[tuple[str, str]]:
    """Return the line of steps of an exam as (name, state); states are done, now, next and stopped.

    The names are drafted, published, open, closed, released.
    """
    names = ("drafted", "published", "open", "closed", "released")
    if state == "cancelled":
        return [(name, "done" if name == "drafted" else "stopped") for name in names]
    here = 0 if state == "draft" else {"upcoming": 1, "open": 2, "closed": 3, "released": 4}[where]
    last = len(names) - 1
    return [
        (name, "done" if place < here or (place == here == last) else "now" if place == here else "next")
        for place, name in enumerate(names)
    ]


def exam_problems(spec: ExamSpec) -> list[FieldProblem]:
    """Return what is wrong with an exam by itself, in the order of the fields; an empty list when nothing is."""
    found = []
    if not spec.title.strip():
        found.append(FieldProblem("title", "required"))
    elif len(spec.title.strip()) > 120:
        found.append(FieldProblem("title", "too_long", {"most": 120}))
    if spec.closes_at <= spec.opens_at:
        found.append(FieldProblem("closes_at", "closes_before_opens"))
    found += _outside("minutes", spec.minutes, 1, MINUTES_MOST)
    found += _outside("attempts", spec.attempts, 1, ATTEMPTS_MOST)
    found += _outside("grace_seconds", spec.grace_seconds, 0, GRACE_MOST)
    if spec.focus_threshold is not None:
        found += _outside("focus_threshold", spec.focus_threshold, 1, FOCUS_MOST)
    if spec.draw == "per_form":
        found += _outside("forms", spec.forms, 1, FORMS_MOST)
    if spec.release not in RELEASES:
        found.append(FieldProblem("release", "unknown_value", {"value": spec.release[:40]}))
    if spec.navigation not in NAVIGATIONS:
        found.append(FieldProblem("navigation", "unknown_value", {"value": spec.navigation[:40]}))
    if spec.draw not in DRAWS:
        found.append(FieldProblem("draw", "unknown_value", {"value": spec.draw[:40]}))
    found += _credit_hours(spec.credit_hours)
    if spec.is_mock and spec.credit_hours:
        found.append(FieldProblem("credit_hours", "mock_earns_nothing"))
    in_sections = blueprint_problems(spec.sections)
    most = None if in_sections else max_points(spec.sections)
    found += _amount("pass_mark", spec.pass_mark, most)
    if spec.credit_hours and spec.pass_mark is not None and spec.pass_mark.is_finite() and spec.pass_mark <= 0:
        found.append(FieldProblem("pass_mark", "pass_mark_of_nothing"))
    if spec.seed is not None and not 1 <= len(spec.seed) <= 64:
        found.append(FieldProblem("seed", "too_long", {"most": 64}))
    return found + spec.rules.problems() + in_sections


def _credit_hours(hours: Decimal | None) -> Sequence[FieldProblem]:
    found = _amount("credit_hours", hours, CREDIT_MOST)
    return found if found or hours is None else step_problems(hours, "credit_hours")


def _outside(name: str, value: int, least: int, most: int) -> Sequence[FieldProblem]:
    return () if least <= value <= most else [FieldProblem(name, "out_of_range", {"least": least, "most": most})]


def _amount(name: str, value: Decimal | None, most: Decimal | None) -> Sequence[FieldProblem]:
    if value is None:
        return ()
    # Without a limit of its own, an amount still has to fit where it is rounded and stored.
    if not value.is_finite() or value < 0 or value > (AMOUNT_MOST if most is None else most):
        return [FieldProblem(name, "out_of_range", {"least": 0, "most": "–" if most is None else most})]
    if value != value.quantize(HUNDREDTH):
        return [FieldProblem(name, "two_decimals")]
    return ()


SITTINGS_MOST = 100
# A start is shifted later only, at most by so much (our decision of 2026-11-27): everybody's results wait for the last,
# and who has to sit earlier than the others gets a sitting of their own.
SHIFT_MOST = 72 * 60
# Minutes on top that are given at once.
EXTRA_MINUTES_MOST = 120
CANCEL_REASON_MOST = 200
CAPACITY_MOST = 100_000
ROOM_MOST = 60
# People who wait for the opening are let in over so many seconds, as far as the window leaves each the whole time.
SPREAD_MOST = 10


@dataclass(frozen=True)
class SittingSpec:
    """A sitting as it is asked for; ``capacity`` None for no limit, ``form`` None for the paper dealt to each."""

    opens_at: datetime
    closes_at: datetime
    room: str = ""
    capacity: int | None = None
    form: int | None = None
    awaits_signal: bool = False


def sitting_problems(spec: SittingSpec, *, forms: int) -> list[FieldProblem]:
    """Return what is wrong with a sitting by itself. ``forms`` are the parallel papers there are, 0 for none."""
    found: list[FieldProblem] = []
    if spec.closes_at <= spec.opens_at:
        found.append(FieldProblem("closes_at", "closes_before_opens"))
    if len(spec.room.strip()) > ROOM_MOST:
        found.append(FieldProblem("room", "too_long", {"most": ROOM_MOST}))
    if spec.capacity is not None:
        found += _outside("capacity", spec.capacity, 1, CAPACITY_MOST)
    if spec.form is not None and not 1 <= spec.form <= forms:
        found.append(FieldProblem("form", "no_such_form"))
    return found


def opened_by_signal(
    now: datetime, opens_at: datetime, closes_at: datetime, *, minutes: int
) -> tuple[datetime, datetime]:
    """Return (opens, closes) of a sitting whose signal is given at ``now``: never before its time.

    It closes no earlier than planned, and late enough for the whole paper and for letting people in one by one.
    """
    opens = max(now, opens_at)
    return opens, max(closes_at, opens + timedelta(minutes=minutes, seconds=SPREAD_MOST))


def spread_seconds(opens_at: datetime, closes_at: datetime, *, minutes: int) -> int:
    """Return over how many seconds after the opening waiting pages may let their candidates in, 0 to ``SPREAD_MOST``.

    It never reaches beyond the moment from which the closing time would cut the paper's length short.
    """
    slack = int((closes_at - opens_at - timedelta(minutes=minutes)).total_seconds())
    return max(0, min(SPREAD_MOST, slack))
