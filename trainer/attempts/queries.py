"""Reads about attempts: to look at one, and for the invigilator's board."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trainer.accounts.models import User
from trainer.attempts.models import Attempt, Incident, Response
from trainer.attempts.start import OpenAttempt, answers_of, document_of
from trainer.core.errors import Missing
from trainer.exams.models import Candidate, Exam
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within


def own_attempt(session: Session, attempt_id: int, user_id: int) -> Attempt:
    """Return one's own attempt; raises ``Missing`` for anybody else's."""
    attempt = session.scalar(select(Attempt).where(Attempt.id == attempt_id, Attempt.user_id == user_id))
    if attempt is None:
        raise Missing
    return attempt


def attempt_to_look_at(session: Session, attempt_id: int, person: Any) -> OpenAttempt:
    """Return an attempt with paper and answers; ``epoch`` is 0 for all but its candidate.

    It may be looked at by its candidate and by who holds ``exam.watch`` over the exam's unit; raises ``Missing``
    for anybody else.
    """
    row = session.execute(
        select(Attempt, Unit.path)
        .join(Exam, Exam.id == Attempt.exam_id)
        .join(Unit, Unit.id == Exam.unit_id)
        .where(Attempt.id == attempt_id)
    ).first()
    if row is None:
        raise Missing
    attempt, path = row
    own = attempt.user_id == person.id
    if not own and not person.scope("exam.watch").holds_whole(path):
        raise Missing
    connection = session.connection()
    return OpenAttempt(
        attempt_id=attempt.id,
        exam_id=attempt.exam_id,
        epoch=attempt.epoch if own else 0,
        state=attempt.state,
        started_at=attempt.started_at,
        deadline_at=attempt.deadline_at,
        document=document_of(connection, attempt.paper_id),
        responses=answers_of(connection, attempt.id),
        created=False,
    )


@dataclass(frozen=True)
class Desk:
    """One candidate on the invigilator's board. Moments are aware UTC, None where nothing happened yet."""

    candidate_id: int
    user_id: int
    username: str
    name: str
    unit_name: str
    candidate_state: str
    attempt_id: int | None
    state: str | None
    started_at: datetime | None
    deadline_at: datetime | None
    submitted_at: datetime | None
    submitted_by: str | None
    last_saved_at: datetime | None
    answered: int
    incidents: int


def board(session: Session, exam_id: int) -> list[Desk]:
    """Return every candidate of an exam with the state of the latest attempt, by unit and name: four statements."""
    people = session.execute(
        select(Candidate.id, Candidate.state, User.id, User.username, User.name, Unit.short_name)
        .join(User, User.id == Candidate.user_id)
        .join(Unit, Unit.id == Candidate.unit_id)
        .where(Candidate.exam_id == exam_id)
        .order_by(Unit.path, User.name, User.id)
    ).all()
    latest: dict[int, Attempt] = {}
    for attempt in session.scalars(select(Attempt).where(Attempt.exam_id == exam_id).order_by(Attempt.ordinal)):
        latest[attempt.candidate_id] = attempt
    saved = {
        row[0]: (row[1], row[2])
        for row in session.execute(
            select(Response.attempt_id, func.max(Response.saved_at), func.count())
            .join(Attempt, Attempt.id == Response.attempt_id)
            .where(Attempt.exam_id == exam_id)
            .group_by(Response.attempt_id)
        )
    }
    noticed: dict[int, int] = {
        row[0]: row[1]
        for row in session.execute(
            select(Incident.attempt_id, func.count())
            .join(Attempt, Attempt.id == Incident.attempt_id)
            .where(Attempt.exam_id == exam_id)
            .group_by(Incident.attempt_id)
        )
    }
    return [_desk(row, latest.get(row[0]), saved, noticed) for row in people]


def _desk(row: Any, attempt: Attempt | None, saved: dict[int, Any], noticed: dict[int, int]) -> Desk:
    last_saved_at, answered = saved.get(attempt.id, (None, 0)) if attempt else (None, 0)
    return Desk(
        candidate_id=row[0],
        user_id=row[2],
        username=row[3],
        name=row[4],
        unit_name=row[5],
        candidate_state=row[1],
        attempt_id=attempt.id if attempt else None,
        state=attempt.state if attempt else None,
        started_at=attempt.started_at if attempt else None,
        deadline_at=attempt.deadline_at if attempt else None,
        submitted_at=attempt.submitted_at if attempt else None,
        submitted_by=attempt.submitted_by if attempt else None,
        last_saved_at=last_saved_at,
        answered=answered,
        incidents=noticed.get(attempt.id, 0) if attempt else 0,
    )


def exam_to_watch(session: Session, exam_id: int, person: Any) -> Exam:
    """Return an exam that the person may invigilate; raises ``Missing`` otherwise."""
    exam = session.scalar(
        select(Exam)
        .join(Unit, Unit.id == Exam.unit_id)
        .where(Exam.id == exam_id, units_within(person.scope("exam.watch")))
    )
    if exam is None:
        raise Missing
    return exam
