"""What a candidate's page noticed. Recorded, shown to the invigilator, never acted on by itself.

What an invigilator then does to the attempt is entered beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, bindparam, case, func, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from trainer.accounts.models import User
from trainer.attempts.models import Attempt, Incident
from trainer.attempts.rules.conduct import is_over_threshold
from trainer.core.database import is_sqlite, transaction
from trainer.core.errors import Missing, Refused
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope

INCIDENTS_MOST = 500
SECONDS_MOST = 86_400
DETAIL_MOST = 200


class TooManyIncidents(Refused):
    """A page that reports without end is not listened to any longer; its first reports stay."""

    code = "too_many_requests"
    status = 429


@dataclass(frozen=True)
class Noted:
    """What is told to the page that reported. ``focus_losses`` are those of the attempt, this one among them.

    ``first`` is false where the same incident had been reported before.
    """

    recorded_at: datetime
    focus_losses: int
    over_threshold: bool
    first: bool


def record_incident(
    attempt_id: int,
    user_id: int,
    *,
    kind: str,
    noticed_at: datetime,
    detail: str,
    now: datetime,
    mark: str | None = None,
    seconds: int | None = None,
) -> Noted:
    """Record an incident of one's own attempt. Times are aware UTC. Raises ``Missing``, ``TooManyIncidents``.

    ``noticed_at`` comes from the page's clock and is kept within a day of ours: it is a hint, not a fact. A call with a
    ``mark`` that is known records nothing more, but a longer ``seconds`` replaces the one before: that is how a page
    says how long what it reported has lasted. Without a mark each call is another incident.
    """
    noticed_at = min(max(noticed_at, now - timedelta(days=1)), now)
    with transaction() as session:
        own = select(Exam.focus_threshold).join(Attempt, Attempt.exam_id == Exam.id)
        row = session.execute(own.where(Attempt.id == attempt_id, Attempt.user_id == user_id)).first()
        if row is None:
            raise Missing
        # What bears no mark is never the same as another: NULL equals nothing, so none of them is counted.
        same = (Incident.attempt_id == attempt_id, Incident.mark == bindparam("known_as", mark, String))
        known, there = session.execute(
            select(func.count(), func.count(case((same[1], 1)))).where(Incident.attempt_id == attempt_id)
        ).one()
        if not there and known >= INCIDENTS_MOST:
            raise TooManyIncidents
        # Two reports of one incident can be under way at once; the index decides which of them is the first.
        first = not there and _insert(
            session,
            attempt_id=attempt_id,
            kind=kind,
            noticed_at=noticed_at,
            recorded_at=now,
            detail=detail,
            mark=mark,
            seconds=seconds,
        )
        recorded_at = now
        if not first:
            if seconds is not None:
                shorter = or_(Incident.seconds.is_(None), Incident.seconds < seconds)
                session.execute(update(Incident).where(*same, shorter).values(seconds=seconds))
            recorded_at = session.scalars(select(Incident.recorded_at).where(*same)).one()
        losses = session.scalar(
            select(func.count()).where(Incident.attempt_id == attempt_id, Incident.kind == "focus_loss")
        )
        return Noted(recorded_at, losses or 0, is_over_threshold(losses or 0, row.focus_threshold), first)


def enter_deed(session: Session, attempt_id: int, kind: str, *, reason: str, now: datetime) -> None:
    """Enter among the incidents what an invigilator did to an attempt: ``stopped`` or ``forced``. A call adds one."""
    told = reason.strip()[:DETAIL_MOST]
    session.add(Incident(attempt_id=attempt_id, kind=kind, noticed_at=now, recorded_at=now, detail=told))


def _insert(session: Session, **values: Any) -> bool:
    """Insert an incident and return True, or False where its mark stands already."""
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    made = insert(Incident).values(**values).on_conflict_do_nothing().returning(Incident.id)
    return session.execute(made).first() is not None


@dataclass(frozen=True)
class Noticed:
    """One incident as the board tells it. Times are aware UTC; ``ordinal`` counts the candidate's attempts from 1."""

    id: int
    attempt_id: int
    ordinal: int
    kind: str
    noticed_at: datetime
    recorded_at: datetime
    seconds: int | None
    detail: str


def incidents_of_candidate(
    session: Session, candidate_id: int, *, limit: int, after: int | None = None
) -> list[Noticed]:
    """Return what was noticed in all attempts of a candidate, the newest first: one statement.

    ``after`` is the id of the incident behind which to go on, None for the start; an unknown one finds nothing.
    """
    wanted = (
        select(
            Incident.id,
            Incident.attempt_id,
            Attempt.ordinal,
            Incident.kind,
            Incident.noticed_at,
            Incident.recorded_at,
            Incident.seconds,
            Incident.detail,
        )
        .join(Attempt, Attempt.id == Incident.attempt_id)
        .where(Attempt.candidate_id == candidate_id)
        # What was noticed off line arrives late: the order is that of the noticing.
        .order_by(Incident.noticed_at.desc(), Incident.id.desc())
        .limit(limit)
    )
    if after is not None:
        last = select(Incident.noticed_at).where(Incident.id == after).scalar_subquery()
        wanted = wanted.where(or_(Incident.noticed_at < last, and_(Incident.noticed_at == last, Incident.id < after)))
    return [Noticed(*row) for row in session.execute(wanted)]


@dataclass(frozen=True)
class IncidentLine:
    """One incident with whose it is, for a report of the exam. ``sitting`` is its number."""

    name: str
    username: str
    unit_name: str
    sitting: int
    room: str
    ordinal: int
    kind: str
    noticed_at: datetime
    seconds: int | None
    detail: str


def incidents_of_exam(session: Session, exam_id: int, scope: Scope | None = None, *, limit: int) -> list[IncidentLine]:
    """Return what was noticed in an exam by unit and name, the oldest of each person first; at most ``limit``.

    ``scope`` leaves the people of its units, as they were named; None all.
    """
    rows = session.execute(
        select(
            User.name,
            User.username,
            Unit.name.label("unit_name"),
            Sitting.number,
            Sitting.room,
            Attempt.ordinal,
            Incident.kind,
            Incident.noticed_at,
            Incident.seconds,
            Incident.detail,
        )
        .join(Attempt, Attempt.id == Incident.attempt_id)
        .join(Candidate, Candidate.id == Attempt.candidate_id)
        .join(Sitting, Sitting.id == Candidate.sitting_id)
        .join(User, User.id == Candidate.user_id)
        .join(Unit, Unit.id == Candidate.unit_id)
        .where(Attempt.exam_id == exam_id, true() if scope is None else units_within(scope))
        .order_by(Unit.path, User.name, User.id, Incident.noticed_at, Incident.id)
        .limit(limit)
    )
    return [IncidentLine(*row) for row in rows]
