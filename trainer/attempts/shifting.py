"""A start shifted for one person (错时开考): somebody who comes from far, is at the doctor's, keeps a holy day.

The own window is the sitting's, later by the shift at both ends, so that nobody's paper gets shorter. It goes later
only: a paper is opened to nobody before its sitting (our decision of 2026-11-27).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select

from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.attempts.models import Attempt
from trainer.audit.service import record
from trainer.core.clock import iso_z
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Invalid, Missing
from trainer.exams.changing import held_exam, note_shifts, tell
from trainer.exams.models import Candidate, Sitting
from trainer.exams.rules import SHIFT_MOST, own_window
from trainer.exams.sittings import refuse_if_out

REASON_MOST = 200


class HasStarted(Conflict):
    """``names`` have started, so their own window has done its work; more time is given on the board."""

    code = "has_started"


def shift_starts(
    exam_id: int, candidate_ids: Sequence[int], to: int | datetime, *, by: Person, reason: str, now: datetime
) -> int:
    """Shift the start of candidates and return for how many it changed; all of them or, on a refusal, none.

    ``to`` is minutes after the own sitting opens, or the moment to start at, rounded up to whole minutes after that
    opening; 0 and the opening itself take a shift back, for which no reason is asked. The shift follows the sitting
    when that moves. In a published exam those concerned are told. Raises ``Invalid`` for what is not from 0 to
    ``SHIFT_MOST`` minutes, for a window that would be over, and without a reason; ``HasStarted``; ``Missing`` for a
    candidate of another exam or scope; ``Refused`` once nobody can write any more.
    """
    reason = reason.strip()
    if len(reason) > REASON_MOST:
        raise Invalid.at("reason", "too_long", most=REASON_MOST)
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        chosen = (Candidate.exam_id == exam_id, Candidate.id.in_(candidate_ids))
        people = session.scalars(select(Candidate).where(*chosen).order_by(Candidate.id).with_for_update()).all()
        if not people or len(people) != len(set(candidate_ids)):
            raise Missing
        refuse_if_out(session, exam, now)
        # Asked after the rows are held: a start waits for them, and one that came first is seen here.
        begun = exists().where(Attempt.candidate_id == Candidate.id)
        started = session.scalars(
            select(User.name).join(Candidate, Candidate.user_id == User.id).where(*chosen, begun).order_by(User.name)
        ).all()
        if started:
            raise HasStarted(names=", ".join(started[:10]))
        sittings = {one.id: one for one in session.scalars(select(Sitting).where(Sitting.exam_id == exam_id))}
        changed, moved = [], []
        for one in people:
            minutes = _checked(sittings[one.sitting_id], to, reason, now)
            kept = reason if minutes else ""
            if (minutes, kept) == (one.shift_minutes, one.shift_reason):
                continue
            changed.append(one)
            if minutes != one.shift_minutes and one.state == "due":
                moved.append(one.user_id)
            one.shift_minutes, one.shift_reason = minutes, kept
        if not changed:
            return 0
        note_shifts(session, exam_id)
        shifts = sorted({one.shift_minutes for one in changed})
        detail = {"people": [one.user_id for one in changed], "minutes": shifts if len(shifts) > 1 else shifts[0]}
        detail |= {"reason": reason} if reason else {}
        record("exam.start_shifted", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        if moved and exam.state == "published":
            tell(session, exam, moved, "exam_moved", mark=f"shift:{iso_z(now)}")
        return len(changed)


def _checked(sitting: Sitting, to: int | datetime, reason: str, now: datetime) -> int:
    """Return the shift in minutes."""
    if isinstance(to, datetime):
        field, minutes = "opens_at", -((sitting.opens_at - to) // timedelta(minutes=1))
    else:
        field, minutes = "minutes", to
    if not 0 <= minutes <= SHIFT_MOST:
        if field == "opens_at":
            latest = sitting.opens_at + timedelta(minutes=SHIFT_MOST)
            raise Invalid.at(field, "shift_out_of_range", least=sitting.opens_at, most=latest)
        raise Invalid.at(field, "out_of_range", least=0, most=SHIFT_MOST)
    if minutes and not reason:
        raise Invalid.at("reason", "required")
    if own_window(sitting.opens_at, sitting.closes_at, minutes)[1] <= now:
        raise Invalid.at(field, "closes_in_past")
    return minutes
