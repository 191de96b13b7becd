"""Drawing the papers of a published exam anew before it opens, such as when a law changed the answers of some items.

Papers are never changed: those that stood stay under the blueprint they were drawn from, and nobody sits them. The exam
gets a copy of that blueprint with a seed of its own, so that the new draw is secret until it is over, as the first was.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trainer.accounts.rules import Person
from trainer.attempts.begun import has_anybody_begun
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Refused
from trainer.exams.changing import held_exam, window_of
from trainer.exams.service import deal_new_papers
from trainer.exams.supply import Seen
from trainer.papers.queries import commitments_of, reserved_in_papers, rules_of, sections_of
from trainer.papers.service import create_blueprint, set_aside


class ExamHasOpened(Refused):
    """Somebody may be sitting one of the papers that stand."""

    code = "exam_has_opened"
    status = 409


def redraw_papers(exam_id: int, *, by: Person, now: datetime, seen: Seen | None = None) -> None:
    """Draw and deal the papers of a published exam anew, by its own rules from what the bank holds now.

    What is in quarantine by the day on which the exam closes is in none of them. A second call draws once more. Raises
    ``Missing``, ``Refused`` for an exam that is not published, ``ExamHasOpened``, ``NotEnoughItems``.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        if exam.state != "published":
            raise Refused("exam_not_published")
        # Asked although the exam has not opened: a start may have come while this waited for the exam, and whoever
        # starts from here on waits for it too.
        if has_anybody_begun(session, exam_id) or now >= window_of(session, exam_id)[0]:
            raise ExamHasOpened
        before = exam.blueprint_id
        set_aside(session, before)
        exam.blueprint_id = create_blueprint(
            exam.title,
            sections_of(session, before),
            seed=None,
            by=by.id,
            now=now,
            rules=rules_of(session, before),
        )
        session.flush()
        made, _people = deal_new_papers(session, exam, by=by, now=now, seen=seen)
        detail: dict[str, Any] = {
            "papers": len(made.paper_ids),
            "commitment": made.commitment,
            "before": commitments_of(session, before),
        }
        reserved = reserved_in_papers(session, exam.blueprint_id)
        if reserved:
            detail["reserved"] = reserved
        record("exam.papers_redrawn", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
