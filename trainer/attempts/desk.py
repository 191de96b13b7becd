"""What an invigilator does for one candidate besides minutes: allow another attempt, and stop an old device."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trainer.accounts.sessions import end_sessions
from trainer.attempts.incidents import enter_deed
from trainer.attempts.models import Attempt
from trainer.attempts.rules.timing import is_over, may_start
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Invalid, Missing, Refused
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.rules import own_window
from trainer.exams.sittings import refuse_if_out

REASON_MOST = 200


class AttemptIsLeft(Conflict):
    """The candidate writes or can still start, so that nothing has to be allowed."""

    code = "attempt_is_left"


def allow_again(exam_id: int, candidate_id: int, *, by: int, reason: str, now: datetime) -> int:
    """Allow a candidate who has handed in for the last time one attempt more; return how many are allowed now.

    The caller has checked the right. The best result counts, as with every further attempt. Raises ``AttemptIsLeft``,
    which a second call meets; ``Invalid`` without a reason; ``Missing``; ``Refused`` once the own window is over or a
    result may be seen: who writes then could know the keys.
    """
    demand_reason(reason)
    with transaction() as session:
        candidate = held_candidate(session, exam_id, candidate_id)
        exam = session.get_one(Exam, exam_id)
        if exam.release == "after_submit":
            raise Refused("results_are_out")
        refuse_if_out(session, exam, now)
        sitting = session.get_one(Sitting, candidate.sitting_id)
        window = own_window(sitting.opens_at, sitting.closes_at, candidate.shift_minutes)
        if candidate.state != "due" or may_start(now, *window, extra_minutes=candidate.extra_minutes) == "closed":
            raise Refused("closed")
        latest = latest_attempt(session, candidate_id)
        allowed = exam.attempts_allowed + candidate.extra_attempts
        if latest is None or latest.ordinal < allowed or is_under_way(latest, now):
            raise AttemptIsLeft
        candidate.extra_attempts += 1
        detail = {"exam": exam_id, "attempts": allowed + 1, "reason": reason.strip()[:REASON_MOST]}
        record("attempt.allowed_again", by=by, target=f"candidate:{candidate_id}", detail=detail)
        return allowed + 1


def take_over(exam_id: int, candidate_id: int, *, by: int, reason: str, now: datetime) -> None:
    """Stop the device on which a candidate writes, so that they go on at another one after signing in there.

    The caller has checked the right. The old page can save nothing more and says that an invigilator stopped it, until
    the candidate goes on somewhere, there or elsewhere; all sessions of the candidate end, what was saved stays and the
    time runs on. It stands among the incidents. A second call does the same again. Raises ``Invalid`` without a reason,
    ``Missing``, and ``Refused`` when no attempt is under way.
    """
    demand_reason(reason)
    with transaction() as session:
        candidate = held_candidate(session, exam_id, candidate_id)
        latest = latest_attempt(session, candidate_id)
        if latest is None or not is_under_way(latest, now):
            raise Refused("not_under_way")
        stop = {"epoch": Attempt.epoch + 1, "stopped_epoch": Attempt.epoch + 1}
        session.execute(update(Attempt).where(Attempt.id == latest.id).values(**stop))
        enter_deed(session, latest.id, "stopped", reason=reason, now=now)
        end_sessions(session, candidate.user_id)
        detail = {"exam": exam_id, "reason": reason.strip()[:REASON_MOST]}
        record("attempt.taken_over", by=by, target=f"candidate:{candidate_id}", detail=detail)


def demand_reason(reason: str) -> None:
    """Raise ``Invalid`` at ``reason`` where there is none; a longer one than ``REASON_MOST`` is cut in the record."""
    if not reason.strip():
        raise Invalid.at("reason", "required")


def held_candidate(session: Session, exam_id: int, candidate_id: int) -> Candidate:
    """Return a candidate, locked. Raises ``Missing`` for one of another exam."""
    candidate = session.scalar(
        select(Candidate).where(Candidate.id == candidate_id, Candidate.exam_id == exam_id).with_for_update()
    )
    if candidate is None:
        raise Missing
    return candidate


def latest_attempt(session: Session, candidate_id: int) -> Attempt | None:
    """Return the candidate's last attempt, locked; None before the start."""
    return session.scalar(
        select(Attempt)
        .where(Attempt.candidate_id == candidate_id)
        .order_by(Attempt.ordinal.desc())
        .limit(1)
        .with_for_update()
    )


def is_under_way(attempt: Attempt, now: datetime) -> bool:
    """Return whether the candidate can still write; whether the sweep has come by already makes no difference."""
    return attempt.state == "open" and not is_over(now, attempt.deadline_at, attempt.grace_seconds)
