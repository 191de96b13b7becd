"""Cancelling an exam, which tells whether somebody has seen its papers."""

from __future__ import annotations

from datetime import datetime

from trainer.accounts.rules import Person
from trainer.attempts.begun import has_anybody_begun
from trainer.core.database import transaction
from trainer.exams import service
from trainer.exams.changing import held_exam
from trainer.papers.service import set_aside


def cancel_exam(exam_id: int, *, by: Person, now: datetime) -> None:
    """Cancel an exam as ``exams.service`` does; papers that nobody began count for no exposure. Safe twice."""
    with transaction() as session:
        service.cancel_exam(exam_id, by=by, now=now)
        # Whoever begins waits for the exam, which is held from here on, and finds it cancelled.
        if not has_anybody_begun(session, exam_id):
            set_aside(session, held_exam(session, exam_id, by).blueprint_id)
