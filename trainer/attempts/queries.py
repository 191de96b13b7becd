"""Reads about attempts: to look at one, one's own, and the rooms of an exam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from trainer.accounts.models import User
from trainer.attempts.caller import Caller, demand_ticket, explain_nothing, who
from trainer.attempts.documents import OpenAttempt, as_it_stands
from trainer.attempts.models import Attempt
from trainer.attempts.rules.phase import candidate_phase
from trainer.attempts.rules.timing import is_over
from trainer.bank.models import ItemVersion
from trainer.bank.queries import shows_medium
from trainer.core.database import single_read
from trainer.core.errors import Missing
from trainer.core.prepared import prepared
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.queries import last_own_closing, longest_extra
from trainer.exams.rules import ends_at, own_window
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.papers.models import Paper, PaperItem


def own_attempt(session: Session, attempt_id: int, person: Any) -> Attempt:
    """Return one's own attempt; raises ``Missing`` for anybody else's, or of an exam that the ticket does not open."""
    attempt = session.scalar(select(Attempt).where(Attempt.id == attempt_id, Attempt.user_id == person.id))
    if attempt is None or person.ticket_exam_id not in (None, attempt.exam_id):
        raise Missing
    return attempt


def sat_with_medium(session: Session, person: Any, sha256: str) -> bool:
    """Return whether a paper that the person sits or sat shows this medium; under a ticket, one of its exam."""
    mine = [Attempt.user_id == person.id]
    if person.ticket_exam_id is not None:
        mine.append(Attempt.exam_id == person.ticket_exam_id)
    shown = (
        exists()
        .where(PaperItem.paper_id == Attempt.paper_id, PaperItem.item_version_id == ItemVersion.id, *mine)
        .where(shows_medium(sha256))
    )
    return bool(session.scalar(select(shown)))


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
    own = attempt.user_id == person.id and person.ticket_exam_id in (None, attempt.exam_id)
    if not own and not person.scope("exam.watch").holds_whole(path):
        raise Missing
    return as_it_stands(session.connection(), attempt, epoch=attempt.epoch if own else 0)


@dataclass(frozen=True)
class Waiting:
    """What a waiting page asks for: the own window, by sitting and shift (aware UTC), and whether a signal opens it."""

    opens_at: datetime
    closes_at: datetime
    awaits_signal: bool
    minutes: int


@lru_cache(maxsize=2)
def _waiting(by_token: bool) -> Any:
    table, columns, conditions = who(Caller(b"", by_token))
    return (
        select(
            Sitting.opens_at,
            Sitting.closes_at,
            Candidate.shift_minutes,
            Sitting.awaits_signal,
            Exam.minutes,
            *columns,
        )
        .select_from(Candidate)
        .join(User, User.id == Candidate.user_id)
        .join(table, table.user_id == User.id)
        .join(Sitting, Sitting.id == Candidate.sitting_id)
        .join(Exam, Exam.id == Candidate.exam_id)
        .where(Candidate.exam_id == bindparam("exam_id"), Exam.state == "published", *conditions)
    )


def waiting(session: Session, caller: Caller, exam_id: int, now: datetime) -> Waiting:
    """Return the caller's own window: one statement, nothing locked. Raises as ``tick`` does."""
    values: dict[str, Any] = {"exam_id": exam_id, "key": caller.key}
    if not caller.by_token:
        values["now"] = now
    connection = session.connection()
    row = connection.execute(_waiting(caller.by_token), values).first()
    if row is None:
        raise explain_nothing(connection, caller, now)
    demand_ticket(row, exam_id)
    return Waiting(*own_window(row.opens_at, row.closes_at, row.shift_minutes), row.awaits_signal, row.minutes)


@dataclass(frozen=True)
class Tick:
    """What a candidate's page asks for every few seconds. Times are aware UTC.

    ``stopped`` is true while the page that wrote was stopped by an invigilator and nobody has gone on since.
    """

    state: str
    epoch: int
    deadline_at: datetime
    seen_at: datetime | None
    stopped: bool = False


@prepared
def _tick(by_token: bool) -> Any:
    _table, columns, conditions = who(Caller(b"", by_token))
    told = (Attempt.state, Attempt.epoch, Attempt.stopped_epoch, Attempt.deadline_at, Attempt.exam_id)
    return select(*told, *columns).where(Attempt.id == bindparam("attempt_id"), Attempt.user_id == User.id, *conditions)


def tick(caller: Caller, attempt_id: int, now: datetime) -> Tick:
    """Return state, epoch and deadline of the caller's own attempt: one statement, nothing locked, no session.

    Raises ``Missing`` for an attempt that is not the caller's, ``Unauthenticated`` without a living session.
    """
    values: dict[str, Any] = {"attempt_id": attempt_id, "key": caller.key}
    if not caller.by_token:
        values["now"] = now
    with single_read() as connection:
        row = _tick(connection, caller.by_token).first(connection, values)
        if row is None:
            raise explain_nothing(connection, caller, now)
    demand_ticket(row, row.exam_id)
    return Tick(row.state, row.epoch, row.deadline_at, row.seen_at, row.epoch == row.stopped_epoch)


@dataclass(frozen=True)
class OwnExam:
    """One exam as its candidate sees it in lists and before the start. Moments are aware UTC.

    ``attempts`` are the candidate's own, the first one first; ``latest`` is None before the first start. ``ended_at``
    is when nobody can write any more, granted minutes and transport grace included.
    """

    exam_id: int
    blueprint_id: int
    title: str
    state: str
    unit_name: str
    minutes: int
    pass_mark: Any
    release: str
    released_at: datetime | None
    attempts_allowed: int
    grace_seconds: int
    opens_at: datetime
    closes_at: datetime
    room: str
    awaits_signal: bool
    is_mock: bool
    focus_threshold: int | None
    navigation: str
    ended_at: datetime
    candidate_state: str
    extra_minutes: int
    shift_minutes: int
    item_count: int | None
    max_points: Any
    cancel_reason: str = ""
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def latest(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    def handed_in(self, now: datetime) -> list[Attempt]:
        """Return the attempts that are over, the first one first; one past its time and grace is, written or not."""
        return [one for one in self.attempts if one.state != "open" or is_over(now, one.deadline_at, one.grace_seconds)]

    def phase(self, now: datetime) -> str:
        """Return where the candidate stands at ``now`` (``rules.phase``)."""
        latest = self.latest
        return candidate_phase(
            now,
            self.opens_at,
            self.closes_at,
            candidate_state=self.candidate_state,
            extra_minutes=self.extra_minutes,
            attempts_allowed=self.attempts_allowed,
            attempts_made=len(self.attempts),
            open_until=latest.deadline_at if latest is not None and latest.state == "open" else None,
            grace_seconds=self.grace_seconds,
            awaits_signal=self.awaits_signal,
        )


OWN_MOST = 200


def own_exams(
    session: Session,
    user_id: int,
    exam_ids: Sequence[int] | None = None,
    *,
    states: Sequence[str] = ("published",),
) -> list[OwnExam]:
    """Return the exams in ``states`` for which a person is named, the latest sitting first: two statements.

    ``exam_ids`` cuts the list to these. At most ``OWN_MOST`` are returned.
    """
    rows = (
        select(
            Candidate,
            Exam,
            Sitting,
            Unit.short_name,
            Paper.item_count,
            Paper.max_points,
            longest_extra(),
            last_own_closing(),
        )
        .join(Exam, Exam.id == Candidate.exam_id)
        .join(Sitting, Sitting.id == Candidate.sitting_id)
        .join(Unit, Unit.id == Exam.unit_id)
        .outerjoin(Paper, Paper.id == Candidate.paper_id)
        .where(Candidate.user_id == user_id, Exam.state.in_(states))
        .order_by(Sitting.opens_at.desc(), Exam.id.desc())
        .limit(OWN_MOST)
    )
    if exam_ids is not None:
        rows = rows.where(Exam.id.in_(exam_ids))
    found = session.execute(rows).all()
    made: dict[int, list[Attempt]] = {row[0].id: [] for row in found}
    if made:
        for attempt in session.scalars(select(Attempt).where(Attempt.candidate_id.in_(made)).order_by(Attempt.ordinal)):
            made[attempt.candidate_id].append(attempt)
    return [_own(row, made[row[0].id]) for row in found]


def own_exam(session: Session, exam_id: int, user_id: int) -> OwnExam:
    """Return a published exam for which the person is named; raises ``Missing`` for any other."""
    found = own_exams(session, user_id, [exam_id])
    if not found:
        raise Missing
    return found[0]


def own_cancelled_exam(session: Session, exam_id: int, user_id: int) -> OwnExam | None:
    """Return an exam for which the person was named when it was cancelled; None for any other.

    Of a draft nobody was told; only papers that were dealt tell that an exam had been published.
    """
    found = own_exams(session, user_id, [exam_id], states=("cancelled",))
    return found[0] if found and found[0].item_count is not None else None


def exam_of_own_attempt(session: Session, attempt: Attempt) -> OwnExam:
    """Return the exam of one's own attempt; a cancelled one too, for what was handed in keeps its receipt."""
    return own_exams(session, attempt.user_id, [attempt.exam_id], states=("published", "cancelled"))[0]


def _own(row: Any, attempts: list[Attempt]) -> OwnExam:
    candidate, exam, sitting, unit_name, item_count, max_points, longest, last_closes_at = row
    opens_at, closes_at = own_window(sitting.opens_at, sitting.closes_at, candidate.shift_minutes)
    return OwnExam(
        exam_id=exam.id,
        blueprint_id=exam.blueprint_id,
        title=exam.title,
        state=exam.state,
        unit_name=unit_name,
        minutes=exam.minutes,
        pass_mark=exam.pass_mark,
        release=exam.release,
        released_at=exam.released_at,
        attempts_allowed=exam.attempts_allowed + candidate.extra_attempts,
        grace_seconds=exam.grace_seconds,
        opens_at=opens_at,
        closes_at=closes_at,
        room=sitting.room,
        awaits_signal=sitting.awaits_signal,
        is_mock=exam.is_mock,
        focus_threshold=exam.focus_threshold,
        navigation=exam.navigation,
        ended_at=ends_at(last_closes_at, longest, grace_seconds=exam.grace_seconds),
        candidate_state=candidate.state,
        extra_minutes=candidate.extra_minutes,
        shift_minutes=candidate.shift_minutes,
        item_count=item_count,
        max_points=max_points,
        cancel_reason=exam.cancel_reason,
        attempts=attempts,
    )


def exam_to_watch(session: Session, exam_id: int, person: Any) -> Exam:
    """Return an exam that the person may invigilate; raises ``Missing`` otherwise."""
    exam = session.scalar(
        select(Exam)
        .join(Unit, Unit.id == Exam.unit_id)
        .where(Exam.id == exam_id, units_within(person.scope("exam.watch").whole))
    )
    if exam is None:
        raise Missing
    return exam


@dataclass(frozen=True)
class RoomLine:
    """A sitting as the invigilator's board and the organiser's page show it; moments are aware UTC."""

    id: int
    number: int
    room: str
    opens_at: datetime
    closes_at: datetime
    capacity: int | None
    form: int | None
    awaits_signal: bool
    due: int
    started: int
    shifted: int


def rooms_of(session: Session, exam_id: int) -> list[RoomLine]:
    """Return the sittings of an exam by number, with how many are due, have started, start shifted."""
    begun = exists().where(Attempt.candidate_id == Candidate.id).correlate(Candidate)
    counted = session.execute(
        select(
            Candidate.sitting_id,
            func.sum(case((Candidate.state == "due", 1), else_=0)),
            func.sum(case((begun, 1), else_=0)),
            func.sum(case((Candidate.shift_minutes > 0, 1), else_=0)),
        )
        .where(Candidate.exam_id == exam_id)
        .group_by(Candidate.sitting_id)
    )
    counts = {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in counted}
    rows = session.scalars(select(Sitting).where(Sitting.exam_id == exam_id).order_by(Sitting.number))
    return [
        RoomLine(
            one.id,
            one.number,
            one.room,
            one.opens_at,
            one.closes_at,
            one.capacity,
            one.form,
            one.awaits_signal,
            *counts.get(one.id, (0, 0, 0)),
        )
        for one in rows
    ]
