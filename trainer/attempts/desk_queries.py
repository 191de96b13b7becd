"""Reads for the invigilator's board: every candidate of an exam as at a desk.

The board is asked for every few seconds while up to some thousand people write. What takes long there is to count the
answers, so that a caller may hand in what it has counted before (``Counted``): only attempts saved to since are counted
again. The other statements are prepared, and what they have in common for a sitting is worked out once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from trainer.accounts.models import User
from trainer.attempts.models import Attempt, Heard, Incident, Response
from trainer.attempts.rules.conduct import is_over_threshold
from trainer.attempts.rules.phase import desk_state
from trainer.core.errors import Missing
from trainer.core.prepared import prepared
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.rules import own_window
from trainer.orgs.models import Unit
from trainer.papers.models import Paper

# So many attempts are counted by one statement.
COUNTED_AT_ONCE = 400


class Desk(NamedTuple):
    """One candidate on the invigilator's board. Moments are aware UTC, None where nothing happened yet.

    ``incidents`` are those of the latest attempt, ``focus_losses`` the times among them that the page was left.
    ``heard_at`` is the last beat of the page, ``hidden`` whether it lay in the background then.
    """

    candidate_id: int
    user_id: int
    username: str
    name: str
    unit_name: str
    sitting_id: int
    candidate_state: str
    attempt_id: int | None
    state: str | None
    started_at: datetime | None
    deadline_at: datetime | None
    submitted_at: datetime | None
    submitted_by: str | None
    heard_at: datetime | None
    hidden: bool | None
    last_saved_at: datetime | None
    answered: int
    incidents: int
    focus_losses: int
    over_threshold: bool
    extra_minutes: int
    item_count: int
    opens_at: datetime
    closes_at: datetime
    shift_minutes: int
    attempts: int
    attempts_allowed: int

    def stands(self, now: datetime) -> str:
        """Return what the board says of the candidate at ``now``; ``excused`` is who need not come and has not."""
        if self.state is None and self.candidate_state != "due":
            return "excused"
        return desk_state(
            now,
            state=self.state,
            started_at=self.started_at,
            last_saved_at=self.last_saved_at,
            submitted_by=self.submitted_by,
            heard_at=self.heard_at,
            hidden=bool(self.hidden),
        )


@dataclass
class Counted:
    """What has been counted of an exam: by attempt, for which state and last noted save, (last save, answers)."""

    marks: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    saved: dict[int, tuple[datetime | None, int]] = field(default_factory=dict)


def board(session: Session, exam_id: int, counted: Counted | None = None) -> list[Desk]:
    """Return every candidate of an exam with the state of the latest attempt, by unit and name: five statements.

    With ``counted`` the answers of an attempt are counted again only where its state or the last save that was noted
    for it has changed, and it is brought up to date; a save is noted some seconds after it was made.
    """
    connection, values = session.connection(), {"exam_id": exam_id}
    sittings = connection.execute(
        select(Sitting.id, Sitting.opens_at, Sitting.closes_at).where(Sitting.exam_id == exam_id)
    )
    windows = {row.id: (row.opens_at, row.closes_at) for row in sittings}
    latest = {row.candidate_id: row for row in _attempts(connection).rows(connection, values)}
    saved = _saved(session, exam_id, latest.values(), counted)
    noticed = {row[0]: row[1:] for row in _noticed(connection).tuples(connection, values)}
    people = _people(connection, True).tuples(connection, values)
    return [_desk(row, windows, latest.get(row[0]), saved, noticed) for row in people]


def desk(session: Session, exam_id: int, candidate_id: int) -> Desk:
    """Return one candidate of an exam as on the board, nothing counted; raises ``Missing`` for another exam's."""
    connection = session.connection()
    rows = _people(connection, False).tuples(connection, {"exam_id": exam_id, "candidate_id": candidate_id})
    if not rows:
        raise Missing
    sitting = session.get_one(Sitting, rows[0][9])
    attempt = session.scalar(
        select(Attempt).where(Attempt.candidate_id == candidate_id).order_by(Attempt.ordinal.desc()).limit(1)
    )
    return _desk(rows[0], {sitting.id: (sitting.opens_at, sitting.closes_at)}, attempt, {}, {})


@prepared
def _people(everybody: bool) -> Any:
    found = (
        select(
            Candidate.id,
            Candidate.state,
            User.id,
            User.username,
            User.name,
            Unit.short_name,
            Candidate.extra_minutes,
            Candidate.shift_minutes,
            Paper.item_count,
            Candidate.sitting_id,
            (Exam.attempts_allowed + Candidate.extra_attempts).label("allowed"),
            Exam.focus_threshold,
        )
        .join(Exam, Exam.id == Candidate.exam_id)
        .join(User, User.id == Candidate.user_id)
        .join(Unit, Unit.id == Candidate.unit_id)
        .outerjoin(Paper, Paper.id == Candidate.paper_id)
        .where(Candidate.exam_id == bindparam("exam_id"))
    )
    if everybody:
        return found.order_by(Unit.path, User.name, User.id)
    return found.where(Candidate.id == bindparam("candidate_id"))


@prepared
def _attempts() -> Any:
    """Return the statement for the attempts of an exam, a candidate's later one behind the earlier."""
    columns = (Attempt.id, Attempt.candidate_id, Attempt.state, Attempt.ordinal, Attempt.submitted_by, Heard.hidden)
    moments = (Attempt.started_at, Attempt.deadline_at, Attempt.submitted_at, Heard.heard_at, Heard.saved_at)
    # As the driver gives them: to convert thousands of moments anew each second takes longer than to read them.
    raw = [type_coerce(one, NullType()).label(one.key) for one in moments]
    return (
        select(*columns, *raw)
        .outerjoin(Heard, Heard.attempt_id == Attempt.id)
        .where(Attempt.exam_id == bindparam("exam_id"))
        .order_by(Attempt.ordinal)
    )


@lru_cache(maxsize=16_384)
def _moment(raw: datetime | str | None) -> datetime | None:
    """Return a moment as PostgreSQL's driver (aware) or SQLite's (UTC as text) gives it as aware UTC."""
    if raw is None or isinstance(raw, datetime):
        return raw
    return datetime.fromisoformat(raw).replace(tzinfo=UTC)


@prepared
def _noticed() -> Any:
    return (
        select(Incident.attempt_id, func.count(), func.count(case((Incident.kind == "focus_loss", 1))))
        .join(Attempt, Attempt.id == Incident.attempt_id)
        .where(Attempt.exam_id == bindparam("exam_id"))
        .group_by(Incident.attempt_id)
    )


def room_names(session: Session, exam_id: int) -> dict[int, tuple[int, str]]:
    """Return number and room of the sittings of an exam, by id."""
    rows = session.execute(select(Sitting.id, Sitting.number, Sitting.room).where(Sitting.exam_id == exam_id))
    return {row.id: (row.number, row.room) for row in rows}


def _saved(
    session: Session, exam_id: int, attempts: Iterable[Any], counted: Counted | None
) -> dict[int, tuple[datetime | None, int]]:
    if counted is None:
        return _count(session, Attempt.exam_id == exam_id)
    marks = {one.id: (one.state, one.saved_at) for one in attempts}
    if not counted.marks:
        counted.saved = _count(session, Attempt.exam_id == exam_id)
    else:
        changed = [attempt_id for attempt_id, mark in marks.items() if counted.marks.get(attempt_id) != mark]
        for at in range(0, len(changed), COUNTED_AT_ONCE):
            counted.saved |= _count(session, Attempt.id.in_(changed[at : at + COUNTED_AT_ONCE]))
    counted.marks = marks
    return counted.saved


def _count(session: Session, which: Any) -> dict[int, tuple[datetime | None, int]]:
    rows = session.execute(
        # An answer that was taken back stands as JSON null: it is a sign of life, but no answer.
        select(Response.attempt_id, func.max(Response.saved_at), func.count(func.nullif(Response.answer, "null")))
        .join(Attempt, Attempt.id == Response.attempt_id)
        .where(which)
        .group_by(Response.attempt_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _desk(row: Any, windows: dict[int, Any], attempt: Any, saved: Any, noticed: Any) -> Desk:
    (
        candidate_id,
        state,
        user_id,
        username,
        name,
        unit_name,
        extra,
        shift,
        item_count,
        sitting_id,
        allowed,
        threshold,
    ) = row
    opens_at, closes_at = windows[sitting_id]
    if shift:
        opens_at, closes_at = own_window(opens_at, closes_at, shift)
    person = (candidate_id, user_id, username, name, unit_name, sitting_id, state)
    last_saved_at, answered, incidents, focus_losses = None, 0, 0, 0
    seat: tuple[Any, ...] = (None,) * 8
    if attempt is not None:
        last_saved_at, answered = saved.get(attempt.id, (None, 0))
        incidents, focus_losses = noticed.get(attempt.id, (0, 0))
        seat = (
            attempt.id,
            attempt.state,
            _moment(attempt.started_at),
            _moment(attempt.deadline_at),
            _moment(attempt.submitted_at),
            attempt.submitted_by,
            _moment(getattr(attempt, "heard_at", None)),
            getattr(attempt, "hidden", None),
        )
    return Desk(
        *person,
        *seat,
        last_saved_at,
        answered,
        incidents,
        focus_losses,
        is_over_threshold(focus_losses, threshold),
        extra,
        item_count or 0,
        opens_at,
        closes_at,
        shift,
        attempt.ordinal if attempt is not None else 0,
        allowed,
    )
