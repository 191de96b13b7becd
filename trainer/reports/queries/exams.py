"""Figures of an exam: who is due, started, saved and handed in, unit by unit and person by person, and the results.

The caller has checked that the exam lies in its scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import User
from trainer.attempts.models import Attempt, Response
from trainer.core.columns import Hundredths
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.rules import ends_at, own_window
from trainer.marking.models import Result
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope
from trainer.reports.rules.results import FEW

STATES = ("due", "not_started", "started", "saved", "submitted", "excused", "absent")
RESIT_GROUPS = ("absent", "deferred", "failed")


@dataclass(frozen=True)
class Progress:
    """Candidates of an exam: ``due`` without the excused; of these how many have done what at least once."""

    due: int = 0
    started: int = 0
    saved: int = 0
    submitted: int = 0


def _has_attempt(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Attempt.candidate_id == Candidate.id, *more).correlate(Candidate)


def _has_saved() -> ColumnElement[bool]:
    return exists().where(Attempt.candidate_id == Candidate.id, Response.attempt_id == Attempt.id).correlate(Candidate)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _figures() -> tuple[ColumnElement[int], ...]:
    return (
        func.count(Candidate.id),
        _count(_has_attempt()),
        _count(_has_saved()),
        _count(_has_attempt(Attempt.state == "submitted")),
    )


def progress_of(session: Session, exam_ids: Sequence[int]) -> dict[int, Progress]:
    """Return the figures of exams by id: one statement."""
    rows = session.execute(
        select(Candidate.exam_id, *_figures())
        .where(Candidate.exam_id.in_(exam_ids), Candidate.state == "due")
        .group_by(Candidate.exam_id)
    )
    found = dict.fromkeys(exam_ids, Progress())
    found.update({row[0]: Progress(*map(int, row[1:])) for row in rows})
    return found


@dataclass(frozen=True)
class UnitLine:
    """One unit's part in an exam, by the unit at the time of naming.

    ``is_few`` says that so few people have results that they tell more of known persons than of the unit; then, and
    before there are results, ``mean`` is None, and how many ``passed`` is not to be told.
    """

    unit_id: int
    name: str
    progress: Progress
    passed: int
    mean: Decimal | None
    is_few: bool = False


def participation_by_unit(session: Session, exam_id: int) -> list[UnitLine]:
    """Return the figures of each unit with candidates, in the order of the tree: two statements."""
    best = best_results(exam_id)
    sums = session.execute(
        select(
            best.c.unit_id,
            func.count().label("people"),
            _count(best.c.passed.is_(True)).label("passed"),
            type_coerce(func.sum(type_coerce(best.c.score, BigInteger)), Hundredths).label("points"),
        ).group_by(best.c.unit_id)
    )
    marks = {row.unit_id: row for row in sums}
    rows = session.execute(
        select(Unit.id, Unit.name, *_figures())
        .join(Candidate, Candidate.unit_id == Unit.id)
        .where(Candidate.exam_id == exam_id, Candidate.state == "due")
        .group_by(Unit.id, Unit.name, Unit.path)
        .order_by(Unit.path)
    )
    lines = []
    for row in rows:
        mark = marks.get(row[0])
        few = mark is not None and mark.people < FEW
        mean = None
        if mark is not None and not few:
            mean = (mark.points / mark.people).quantize(Decimal("0.01"), ROUND_HALF_UP)
        passed = int(mark.passed) if mark else 0
        lines.append(UnitLine(row[0], row[1], Progress(*map(int, row[2:])), passed, mean, few))
    return lines


def best_results(exam_id: int) -> Subquery:
    """Return the subquery of each person's best result: the highest score, then the shortest time, then the first."""
    order = (Result.score.desc(), Result.seconds_used, Result.attempt_id)
    placed = (
        select(
            Result.attempt_id,
            Result.user_id,
            Result.unit_id,
            Result.score,
            Result.max_points,
            Result.passed,
            Result.correct_count,
            Result.seconds_used,
            Result.submitted_at,
            Result.unmarked,
            func.row_number().over(partition_by=Result.user_id, order_by=order).label("place"),
        )
        .where(Result.exam_id == exam_id)
        .subquery()
    )
    return select(placed).where(placed.c.place == 1).subquery()


@dataclass(frozen=True)
class CandidateLine:
    """A candidate with the latest attempt; moments are aware UTC, None where nothing happened yet.

    ``opens_at`` and ``closes_at`` are the own ones, ``shift_minutes`` after the sitting's."""

    user_id: int
    username: str
    name: str
    unit_id: int
    unit_name: str
    excused: str | None
    state: str
    candidate_id: int
    sitting_id: int
    opens_at: datetime
    closes_at: datetime
    started_at: datetime | None
    submitted_at: datetime | None
    reason: str = ""
    sitting: int = 1
    room: str = ""
    resits: bool = False
    extra_minutes: int = 0
    shift_minutes: int = 0
    shift_reason: str = ""


def candidates_matching(
    exam_id: int,
    *,
    words: str = "",
    state: str = "",
    unit_id: int | None = None,
    sitting_id: int | None = None,
    now: datetime | None = None,
) -> Select[Any]:
    """Return the select of candidates for ``paged``, by unit and name; rows fit ``candidate_line``.

    ``state`` is one of ``STATES``, where started and saved hold those that went further as well: each figure of the
    exam's page leads to exactly the people whom it counts. Absent counts by ``now``.
    """
    latest = select(func.max(Attempt.id)).where(Attempt.candidate_id == Candidate.id).correlate(Candidate)
    rows = (
        select(
            User.id,
            User.username,
            User.name,
            Unit.id.label("unit_id"),
            Unit.name.label("unit_name"),
            Candidate.id.label("candidate_id"),
            Candidate.sitting_id,
            Candidate.state,
            Attempt.state.label("attempt_state"),
            Attempt.started_at,
            Attempt.submitted_at,
            _has_saved().label("saved"),
            Candidate.reason,
            Candidate.extra_minutes,
            Candidate.shift_minutes,
            Candidate.shift_reason,
            Sitting.number.label("sitting"),
            Sitting.room,
            Sitting.opens_at,
            Sitting.closes_at,
            _resits().label("resits"),
        )
        .join(User, User.id == Candidate.user_id)
        .join(Unit, Unit.id == Candidate.unit_id)
        .join(Sitting, Sitting.id == Candidate.sitting_id)
        .outerjoin(Attempt, Attempt.id == latest.scalar_subquery())
        .where(Candidate.exam_id == exam_id)
        .order_by(Unit.path, User.name, User.id)
    )
    for word in words.split()[:4]:
        found = or_(User.name.contains(word, autoescape=True), User.username.contains(word.lower(), autoescape=True))
        rows = rows.where(found)
    if unit_id is not None:
        rows = rows.where(Candidate.unit_id == unit_id)
    if sitting_id is not None:
        rows = rows.where(Candidate.sitting_id == sitting_id)
    asked = {
        "due": (),
        "not_started": (~_has_attempt(),),
        "started": (_has_attempt(),),
        "saved": (_has_saved(),),
        "submitted": (_has_attempt(Attempt.state == "submitted"),),
    }
    if state == "excused":
        rows = rows.where(Candidate.state != "due")
    elif state == "absent":
        # Minutes granted to one person keep only that person's time open; the few others are told apart by the line.
        closes_at = case((Candidate.shift_minutes > 0, Sitting.shifted_closes_at), else_=Sitting.closes_at)
        rows = rows.where(Candidate.state == "due", ~_has_attempt(), closes_at <= now)
    elif state in asked:
        rows = rows.where(Candidate.state == "due", *asked[state])
    return rows


def candidate_line(row: Any, now: datetime | None = None) -> CandidateLine:
    """Return a row of ``candidates_matching`` as a line; who has not started is absent once the own time is over."""
    state = "not_started"
    opens_at, closes_at = own_window(row.opens_at, row.closes_at, row.shift_minutes)
    if row.attempt_state is None and now is not None and now >= ends_at(closes_at, row.extra_minutes, grace_seconds=0):
        state = "absent"
    if row.attempt_state == "submitted":
        state = "submitted"
    elif row.attempt_state is not None:
        state = "saved" if row.saved else "started"
    return CandidateLine(
        user_id=row.id,
        username=row.username,
        name=row.name,
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        excused=None if row.state == "due" else row.state,
        state=state,
        started_at=row.started_at,
        submitted_at=row.submitted_at,
        reason=row.reason,
        sitting=row.sitting,
        room=row.room,
        resits=row.resits,
        candidate_id=row.candidate_id,
        sitting_id=row.sitting_id,
        opens_at=opens_at,
        closes_at=closes_at,
        extra_minutes=row.extra_minutes,
        shift_minutes=row.shift_minutes,
        shift_reason=row.shift_reason,
    )


def _resits() -> ColumnElement[bool]:
    """Return whether the candidate is named for an exam that makes up for this one."""
    other, later = aliased(Candidate), aliased(Exam)
    return (
        exists()
        .where(
            later.resit_of_id == Candidate.exam_id,
            later.state != "cancelled",
            other.exam_id == later.id,
            other.user_id == Candidate.user_id,
        )
        .correlate(Candidate)
    )


def who_resits(session: Session, exam_id: int, groups: Sequence[str]) -> list[str]:
    """Return the usernames of active people of these ``RESIT_GROUPS`` who are not named for a resit yet, sorted.

    The exam is over, so that absent is who is due and has no attempt. A provisional result is no failure.
    """
    passed = exists().where(Result.exam_id == exam_id, Result.user_id == Candidate.user_id, Result.passed.is_not(False))
    wanted = {
        "absent": and_(Candidate.state == "due", ~_has_attempt()),
        "deferred": Candidate.state == "deferred",
        "failed": and_(_has_attempt(), ~passed, exists().where(Result.exam_id == exam_id, Result.user_id == User.id)),
    }
    chosen = [wanted[one] for one in groups if one in wanted]
    if not chosen:
        return []
    return list(
        session.scalars(
            select(User.username)
            .join(Candidate, Candidate.user_id == User.id)
            .where(Candidate.exam_id == exam_id, User.state == "active", or_(*chosen), ~_resits())
            .order_by(User.username)
        )
    )


def resits_of(session: Session, exam_id: int) -> list[tuple[int, str]]:
    """Return (id, title) of the exams that make up for this one, cancelled ones left out, the first one first."""
    rows = session.execute(
        select(Exam.id, Exam.title).where(Exam.resit_of_id == exam_id, Exam.state != "cancelled").order_by(Exam.id)
    )
    return [(row.id, row.title) for row in rows]


@dataclass(frozen=True)
class ResultLine:
    """One candidate's best result; everything but the person and the seat is None for who has none.

    While ``unmarked`` answers wait for a person the score is provisional and ``passed`` is None.
    """

    user_id: int
    username: str
    name: str
    unit_name: str
    sitting: int
    room: str
    candidate_state: str
    score: Decimal | None
    passed: bool | None
    correct_count: int | None
    seconds_used: int | None
    submitted_at: datetime | None
    unmarked: int | None = 0


def results_of(session: Session, exam_id: int, scope: Scope | None = None) -> list[ResultLine]:
    """Return every candidate with the best result, those without one last, then by score, time and name.

    ``scope`` leaves those of its units, as they were named; None all. Two statements, put together here: SQLite would
    look through all best results for each candidate.
    """
    best = best_results(exam_id)
    columns = (best.c.score, best.c.passed, best.c.correct_count, best.c.seconds_used, best.c.submitted_at)
    results = {row[0]: row[1:] for row in session.execute(select(best.c.user_id, *columns, best.c.unmarked))}
    people = session.execute(
        select(
            User.id,
            User.username,
            User.name,
            Unit.name.label("unit_name"),
            Sitting.number,
            Sitting.room,
            Candidate.state,
        )
        .join(User, User.id == Candidate.user_id)
        .join(Unit, Unit.id == Candidate.unit_id)
        .join(Sitting, Sitting.id == Candidate.sitting_id)
        .where(Candidate.exam_id == exam_id, true() if scope is None else units_within(scope))
        .select_from(Candidate)
        .order_by(Unit.path, User.name, User.id)
    )
    nothing = (None,) * (len(columns) + 1)
    lines = [ResultLine(*row, *results.get(row[0], nothing)) for row in people]
    # The order by unit and name stays among equals.
    return sorted(lines, key=_standing)


def _standing(line: ResultLine) -> tuple[bool, Decimal, int]:
    return (line.score is None, -(line.score or Decimal(0)), line.seconds_used or 0)
