"""Cancelling an exam, which tells whether somebody has seen its papers."""

from __future__ import annotations

from datetime import datetime

from trainer.accounts.rules import Person
from trainer.attempts.begun import has_anybody_begun
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Refused
from trainer.exams.changing import answers_end, held_exam, tell
from trainer.exams.rules import CANCEL_REASON_MOST
from trainer.papers.service import set_aside


def cancel_exam(exam_id: int, *, by: Person, now: datetime, reason: str = "") -> None:
    """Cancel an exam whose results are not out; nobody can start it any more. A second call changes nothing.

    Candidates of a published one are told, with the ``reason`` where there is one; of a draft nobody knows. Papers that
    nobody began count for no exposure. Raises ``Missing``, and ``Refused`` once the results are out.
    """
    reason = reason.strip()[:CANCEL_REASON_MOST]
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        # Whoever begins waits for the exam, which is held from here on, and finds it cancelled.
        if exam.state != "cancelled":
            was = exam.state
            over = exam.release != "manual" and was == "published" and now >= answers_end(session, exam_id)
            if exam.released_at is not None or over:
                raise Refused("results_are_out")
            exam.state = "cancelled"
            detail = {"from": was} | ({"reason": reason} if reason else {})
            record("exam.cancelled", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
            if was == "published" and reason:
                exam.cancel_reason = reason
                tell(session, exam, None, "exam_cancelled_because", reason=reason)
            elif was == "published":
                tell(session, exam, None, "exam_cancelled")
        if not has_anybody_begun(session, exam_id):
            set_aside(session, exam.blueprint_id)
