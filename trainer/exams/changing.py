"""What every change of an exam needs: holding it for its organiser, its window, and telling its candidates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.core.clock import iso_z
from trainer.core.errors import Missing
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.queries import longest_extra
from trainer.exams.rules import ends_at, own_window
from trainer.notices.service import queue
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.papers.models import Paper

MANAGE = "exam.manage"
# Where a notice leads its reader; the pages belong to features above this one.
HALL = "/exams/{exam_id}/hall"
OWN_EXAMS = "/exams/mine"
LEAD_TO_HALL = ("exam_published", "exam_extended", "exam_moved", "exam_cancelled", "exam_cancelled_because")


def held_exam(session: Session, exam_id: int, by: Person, *, permission: str = MANAGE) -> Exam:
    """Return an exam that the caller runs, locked until the end of the transaction; raises ``Missing``.

    A grant that is cut to an enforcement field runs no exam, which belongs to a unit as a whole.
    """
    exam = session.scalar(
        select(Exam)
        .join(Unit, Unit.id == Exam.unit_id)
        .where(Exam.id == exam_id, units_within(by.scope(permission).whole))
        .with_for_update(of=Exam)
    )
    if exam is None:
        raise Missing
    return exam


def window_of(session: Session, exam_id: int) -> tuple[datetime, datetime]:
    """Return when the first sitting opens and the last one closes (aware UTC)."""
    rows = session.execute(select(Sitting.opens_at, Sitting.closes_at).where(Sitting.exam_id == exam_id)).all()
    return min(row.opens_at for row in rows), max(row.closes_at for row in rows)


def own_end(session: Session, exam_id: int) -> datetime:
    """Return when the last own window of anybody closes, shifted ones included (aware UTC)."""
    rows = session.execute(select(Sitting.closes_at, Sitting.shifted_closes_at).where(Sitting.exam_id == exam_id))
    return max(row.shifted_closes_at or row.closes_at for row in rows)


def answers_end(session: Session, exam_id: int) -> datetime:
    """Return when the last answer can have arrived (aware UTC)."""
    row = session.execute(select(longest_extra(), Exam.grace_seconds).where(Exam.id == exam_id)).one()
    return ends_at(own_end(session, exam_id), row[0], grace_seconds=row.grace_seconds)


def note_shifts(session: Session, exam_id: int) -> None:
    """Write down with each sitting when its last shifted candidate is through; for what moves sittings or people."""
    session.flush()
    longest = {
        row[0]: row[1]
        for row in session.execute(
            select(Candidate.sitting_id, func.max(Candidate.shift_minutes))
            .where(Candidate.exam_id == exam_id, Candidate.state == "due", Candidate.shift_minutes > 0)
            .group_by(Candidate.sitting_id)
        )
    }
    columns = select(Sitting.id, Sitting.opens_at, Sitting.closes_at, Sitting.shifted_closes_at)
    for row in session.execute(columns.where(Sitting.exam_id == exam_id)).all():
        last = own_window(row.opens_at, row.closes_at, longest[row.id])[1] if row.id in longest else None
        if last != row.shifted_closes_at:
            session.execute(update(Sitting).where(Sitting.id == row.id).values(shifted_closes_at=last))


def due_people(session: Session, exam_id: int, sitting_ids: Sequence[int] | None = None) -> list[int]:
    """Return the people who are due, of these sittings or of all."""
    rows = select(Candidate.user_id).where(Candidate.exam_id == exam_id, Candidate.state == "due")
    if sitting_ids is not None:
        rows = rows.where(Candidate.sitting_id.in_(sitting_ids))
    return list(session.scalars(rows))


def deal_rooms(session: Session, exam: Exam, user_ids: Sequence[int] | None = None) -> None:
    """Give those whose sitting has a form of its own that paper: all, or these people. Does nothing without forms."""
    if exam.draw != "per_form":
        return
    for sitting in session.scalars(select(Sitting).where(Sitting.exam_id == exam.id, Sitting.form.is_not(None))):
        paper_id = session.scalar(
            select(Paper.id).where(Paper.blueprint_id == exam.blueprint_id, Paper.form == sitting.form)
        )
        if paper_id is None:
            continue
        change = update(Candidate).where(Candidate.sitting_id == sitting.id)
        if user_ids is not None:
            change = change.where(Candidate.user_id.in_(user_ids))
        session.execute(change.values(paper_id=paper_id))


def tell(
    session: Session, exam: Exam, user_ids: Sequence[int] | None, code: str, *, mark: str = "", **more: str
) -> None:
    """Queue a notice with the own times, by sitting and shift, for candidates, all that are due with None.

    ``mark`` tells repeated events apart; ``more`` goes into the sentence.
    """
    if user_ids is None:
        user_ids = due_people(session, exam.id)
    opens_at, closes_at = window_of(session, exam.id)
    where = HALL.format(exam_id=exam.id) if code in LEAD_TO_HALL else OWN_EXAMS
    seats = session.execute(
        select(Candidate.user_id, Candidate.sitting_id, Candidate.shift_minutes).where(Candidate.exam_id == exam.id)
    )
    seat_of = {row.user_id: (row.sitting_id, row.shift_minutes) for row in seats}
    sittings = {one.id: one for one in session.scalars(select(Sitting).where(Sitting.exam_id == exam.id))}
    groups: dict[tuple[int | None, int], list[int]] = {}
    for user_id in user_ids:
        groups.setdefault(seat_of.get(user_id, (None, 0)), []).append(user_id)
    for (sitting_id, shift), people in groups.items():
        own = sittings.get(sitting_id) if sitting_id is not None else None
        window = own_window(own.opens_at, own.closes_at, shift) if own else (opens_at, closes_at)
        params = {
            "title": exam.title,
            "opens_at": iso_z(window[0]),
            "closes_at": iso_z(window[1]),
            "minutes": exam.minutes,
            "room": own.room if own else "",
            **more,
        }
        queue(people, code, key=f"exam:{exam.id}:{code}{':' + mark if mark else ''}", params=params, url=where)
