"""Giving candidates their sitting: by hand, by unit or evenly. Who has started stays where the paper was opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.attempts.models import Attempt
from trainer.attempts.rules.seating import NotEnoughSeats, Room, spread
from trainer.audit.service import record
from trainer.core.clock import iso_z
from trainer.core.database import transaction
from trainer.core.errors import Missing, Refused
from trainer.exams.changing import deal_rooms, due_people, held_exam, note_shifts, tell
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.orgs.models import Unit

WAYS = ("by_unit", "evenly")


class RoomFull(Refused):
    """The sittings have too few seats; ``missing`` says how many."""

    code = "room_full"


def move_candidates(exam_id: int, user_ids: Sequence[int], sitting_id: int, *, by: Person, now: datetime) -> int:
    """Give candidates of an exam this sitting and return how many moved; who is there or has started stays.

    A shifted start was granted for the sitting that is left, and ends with it. In a published exam those who moved are
    told. Raises ``RoomFull``, ``Missing``, and ``Refused`` for a sitting that
    is over.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        sitting = session.scalar(select(Sitting).where(Sitting.id == sitting_id, Sitting.exam_id == exam_id))
        if sitting is None:
            raise Missing
        if sitting.closes_at <= now:
            raise Refused("closed")
        movable = [one for one in _not_started(session, exam_id, user_ids) if one.sitting_id != sitting_id]
        if sitting.capacity is not None:
            missing = _taken(session, sitting_id) + len(movable) - sitting.capacity
            if missing > 0:
                raise RoomFull(missing=missing)
        _seat(session, exam, {one.user_id: sitting_id for one in movable}, by=by, now=now)
        return len(movable)


def spread_candidates(exam_id: int, way: str, *, by: Person, now: datetime) -> int:
    """Spread those due who have not started over the sittings that have not opened; return how many moved.

    ``way`` is one of ``WAYS``. Who has a shifted start stays. Seats of those who stay in these sittings are kept
    free. Raises ``RoomFull``, and
    ``Refused`` when no sitting is left.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        sittings = session.scalars(
            select(Sitting).where(Sitting.exam_id == exam_id).order_by(Sitting.opens_at, Sitting.number)
        ).all()
        ahead = [one for one in sittings if one.opens_at > now or (one.awaits_signal and one.closes_at > now)]
        if not ahead:
            raise Refused("no_sitting_ahead")
        among = {one.id for one in ahead}
        people = [
            one
            for one in _not_started(session, exam_id, None)
            if one.state == "due" and one.sitting_id in among and not one.shift_minutes
        ]
        paths = {
            row.user_id: row.path
            for row in session.execute(
                select(Candidate.user_id, Unit.path)
                .join(Unit, Unit.id == Candidate.unit_id)
                .where(Candidate.exam_id == exam_id)
            )
        }
        movable = {one.user_id for one in people}
        rooms = [
            Room(
                one.id,
                None if one.capacity is None else max(0, one.capacity - _taken(session, one.id, without=movable)),
            )
            for one in ahead
        ]
        try:
            seats = spread([(one.user_id, paths[one.user_id]) for one in people], rooms, by_unit=way == "by_unit")
        except NotEnoughSeats as lack:
            raise RoomFull(missing=lack.missing) from None
        before = {one.user_id: one.sitting_id for one in people}
        moved = {user_id: to for user_id, to in seats.items() if before[user_id] != to}
        _seat(session, exam, moved, by=by, now=now)
        return len(moved)


def _not_started(session: Session, exam_id: int, user_ids: Sequence[int] | None) -> list[Candidate]:
    rows = select(Candidate).where(Candidate.exam_id == exam_id).order_by(Candidate.id).with_for_update()
    if user_ids is not None:
        rows = rows.where(Candidate.user_id.in_(user_ids))
    held = list(session.scalars(rows))
    # Asked after the rows are held: a start waits for them, and one that came first is seen here.
    started = set(session.scalars(select(Attempt.candidate_id).where(Attempt.exam_id == exam_id)))
    return [one for one in held if one.id not in started]


def _taken(session: Session, sitting_id: int, *, without: set[int] | None = None) -> int:
    """Return how many seats of a sitting are taken by who is due or has started, but for people ``without``."""
    started = exists().where(Attempt.candidate_id == Candidate.id)
    rows = session.scalars(
        select(Candidate.user_id).where(Candidate.sitting_id == sitting_id, (Candidate.state == "due") | started)
    )
    return sum(1 for user_id in rows if user_id not in (without or ()))


def _seat(session: Session, exam: Exam, seats: dict[int, int], *, by: Person, now: datetime) -> None:
    if not seats:
        return
    for sitting_id in sorted(set(seats.values())):
        people = sorted(user_id for user_id, to in seats.items() if to == sitting_id)
        for start in range(0, len(people), 500):
            session.execute(
                update(Candidate)
                .where(Candidate.exam_id == exam.id, Candidate.user_id.in_(people[start : start + 500]))
                .values(sitting_id=sitting_id, shift_minutes=0, shift_reason="")
            )
        number = session.scalar(select(Sitting.number).where(Sitting.id == sitting_id))
        detail = {"people": people, "sitting": number}
        record("exam.candidates_seated", by=by.id, target=f"exam:{exam.id}", unit_id=exam.unit_id, detail=detail)
    note_shifts(session, exam.id)
    if exam.state == "published":
        for start in range(0, len(seats), 500):
            deal_rooms(session, exam, sorted(seats)[start : start + 500])
        due = set(due_people(session, exam.id))
        told = [user_id for user_id in sorted(seats) if user_id in due]
        tell(session, exam, told, "exam_moved", mark=str(iso_z(now)))
