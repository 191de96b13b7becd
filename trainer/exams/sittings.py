"""Adding, changing and removing sittings (场次): a window of time in a room, and the signal that opens a room."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.audit.service import record
from trainer.core.clock import iso_z
from trainer.core.database import transaction
from trainer.core.errors import Conflict, FieldProblem, Invalid, Missing, Refused
from trainer.exams.changing import deal_rooms, due_people, held_exam, note_shifts, own_end, tell
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.queries import longest_extra
from trainer.exams.rules import SITTINGS_MOST, SittingSpec, ends_at, opened_by_signal, sitting_problems


class SittingHasBegun(Conflict):
    """The sitting has opened, so its times stand; minutes are added on the invigilator's board."""

    code = "sitting_has_begun"


class SittingIsTaken(Conflict):
    """Candidates have this sitting; it can go when they have been given another."""

    code = "sitting_is_taken"


def add_sitting(exam_id: int, spec: SittingSpec, *, by: Person, now: datetime) -> int:
    """Add a sitting and return its id. Raises ``Invalid``; ``Refused`` once results are out or it is cancelled."""
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        refuse_if_out(session, exam, now)
        _check(exam, spec, now)
        last = session.scalar(select(func.max(Sitting.number)).where(Sitting.exam_id == exam_id)) or 0
        if last >= SITTINGS_MOST:
            raise Refused("too_many_sittings", most=SITTINGS_MOST)
        sitting = Sitting(exam_id=exam_id, number=last + 1)
        _fill(sitting, spec)
        session.add(sitting)
        session.flush()
        _record(exam, sitting, "exam.sitting_added", by)
        return sitting.id


def change_sitting(exam_id: int, sitting_id: int, spec: SittingSpec, *, by: Person, now: datetime) -> None:
    """Change a sitting that has not opened yet; its candidates are told of other times or another room.

    Raises ``Invalid``, ``SittingHasBegun``, ``Missing``, and ``Refused`` as ``add_sitting`` does.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        sitting = _sitting(session, exam_id, sitting_id)
        refuse_if_out(session, exam, now)
        if exam.state == "published" and sitting.opens_at <= now and not sitting.awaits_signal:
            raise SittingHasBegun
        _check(exam, spec, now)
        before = (sitting.opens_at, sitting.closes_at, sitting.room)
        _fill(sitting, spec)
        note_shifts(session, exam_id)
        if exam.state == "published":
            deal_rooms(session, exam)
            if before != (sitting.opens_at, sitting.closes_at, sitting.room):
                mark = f"{sitting_id}:{iso_z(now)}"
                tell(session, exam, due_people(session, exam_id, [sitting_id]), "exam_moved", mark=mark)
        _record(exam, sitting, "exam.sitting_changed", by)


def remove_sitting(exam_id: int, sitting_id: int, *, by: Person) -> None:
    """Remove a sitting that nobody has, never the last one. A second call raises ``Missing``."""
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        sitting = _sitting(session, exam_id, sitting_id)
        taken = session.scalar(select(func.count()).where(Candidate.sitting_id == sitting_id))
        others = session.scalar(select(func.count()).where(Sitting.exam_id == exam_id, Sitting.id != sitting_id))
        if taken or not others:
            raise SittingIsTaken
        _record(exam, sitting, "exam.sitting_removed", by)
        session.delete(sitting)


def give_signal(exam_id: int, sitting_id: int, *, by: Person, now: datetime) -> datetime:
    """Open a sitting that waits for the signal and return when it opens. A second call changes nothing.

    Where too little of its window is left, its end moves so that everybody has the whole length of the paper. Raises
    ``Missing``, ``Refused`` for a sitting that is over or an exam that is not published.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by, permission="exam.watch")
        sitting = _sitting(session, exam_id, sitting_id)
        if exam.state != "published":
            raise Refused("exam_not_published")
        if not sitting.awaits_signal:
            return sitting.opens_at
        refuse_if_out(session, exam, now)
        if now >= sitting.closes_at:
            raise Refused("closed")
        opens_at, closes_at = opened_by_signal(now, sitting.opens_at, sitting.closes_at, minutes=exam.minutes)
        session.execute(
            update(Sitting)
            .where(Sitting.id == sitting_id)
            .values(awaits_signal=False, opens_at=opens_at, closes_at=closes_at)
        )
        note_shifts(session, exam_id)
        detail = {"number": sitting.number, "opens_at": iso_z(opens_at), "closes_at": iso_z(closes_at)}
        record("exam.signal_given", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        return opens_at


def _sitting(session: Session, exam_id: int, sitting_id: int) -> Sitting:
    sitting = session.scalar(
        select(Sitting).where(Sitting.id == sitting_id, Sitting.exam_id == exam_id).with_for_update()
    )
    if sitting is None:
        raise Missing
    return sitting


def _check(exam: Exam, spec: SittingSpec, now: datetime) -> None:
    problems = sitting_problems(spec, forms=exam.forms if exam.draw == "per_form" else 0)
    if spec.closes_at - spec.opens_at < timedelta(minutes=1) and not problems:
        problems.append(FieldProblem("closes_at", "closes_before_opens"))
    if spec.closes_at <= now and not problems:
        problems.append(FieldProblem("closes_at", "closes_in_past"))
    if problems:
        raise Invalid(problems)


def refuse_if_out(session: Session, exam: Exam, now: datetime) -> None:
    """Raise ``Refused`` for an exam that is cancelled or over: from then on keys and draw are known; then, a resit."""
    if exam.state == "cancelled":
        raise Refused("exam_is_cancelled")
    if exam.state != "published":
        return
    extra = session.scalar(select(longest_extra()).select_from(Exam).where(Exam.id == exam.id)) or 0
    if exam.released_at is not None or now >= ends_at(
        own_end(session, exam.id), extra, grace_seconds=exam.grace_seconds
    ):
        raise Refused("results_are_out" if exam.released_at or exam.release != "manual" else "exam_is_over")


def _fill(sitting: Sitting, spec: SittingSpec) -> None:
    sitting.opens_at, sitting.closes_at = spec.opens_at, spec.closes_at
    sitting.room, sitting.capacity, sitting.form = spec.room.strip(), spec.capacity, spec.form
    sitting.awaits_signal = spec.awaits_signal


def _record(exam: Exam, sitting: Sitting, action: str, by: Person) -> None:
    detail = {
        "number": sitting.number,
        "room": sitting.room,
        "opens_at": iso_z(sitting.opens_at),
        "closes_at": iso_z(sitting.closes_at),
        "capacity": sitting.capacity,
        "form": sitting.form,
        "awaits_signal": sitting.awaits_signal,
    }
    record(action, by=by.id, target=f"exam:{exam.id}", unit_id=exam.unit_id, detail=detail)
