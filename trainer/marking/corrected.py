"""What the printed key of an exam must say after its repairs."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from trainer.exams.models import Exam
from trainer.exams.printing import Corrected
from trainer.marking.grading import keys_of


def corrected_of(session: Session, exam_id: int, paper_id: int) -> dict[int, Corrected]:
    """Return how the items of a paper count now, by number, where repairs changed that; empty without repairs."""
    repairs_no = session.scalar(select(Exam.repairs_no).where(Exam.id == exam_id)) or 0
    return {
        one.number: Corrected(one.ruling.items if one.ruling else (), one.outcome, one.points)
        for one in (keys_of(session, paper_id, exam_id, repairs_no) if repairs_no else ())
        if one.ruling or one.points != one.announced
    }
