"""Judging one answer anew after an appeal (改判): a repair that concerns one attempt, signed as the others are.

Our decisions of 2026-11-27: it takes an appeal about an answer that a person has marked; points are given by line of
the rubric and may fall as well as rise; neither person has had to do with the item or the answer before
(``repairing``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Invalid, Missing, demanded_text
from trainer.exams.queries import ExamLine
from trainer.marking.models import Appeal, MarkingTask, Repair
from trainer.marking.queries.remarks import AnswerNotMarked, demand_remark
from trainer.marking.repairing import (
    REASON_MOST,
    RepairIsOpen,
    demand_decider,
    demand_exam,
    demand_no_candidate,
    lock_exam,
)
from trainer.marking.rules.regrade import REMARK
from trainer.marking.rules.rubric import COMMENT_MOST


class AppealDecided(Conflict):
    """The appeal was rejected or taken up meanwhile."""

    code = "appeal_decided"


@dataclass(frozen=True)
class RemarkSpec:
    """What an answer is to earn by line of the rubric. Its candidate reads ``comment``, which may be empty, and why."""

    lines: Sequence[Decimal]
    comment: str
    reason: str


def propose_remark(appeal_id: int, spec: RemarkSpec, *, by: Person, now: datetime) -> int:
    """Propose other points for the answer that an appeal is about, take the appeal up, and return the repair's id.

    The same proposal by the same person returns the id of the one that stands. Raises ``Missing``, ``Invalid`` at
    ``lines``, ``comment`` and ``reason``, ``MayNotDecide``, ``AnswerNotMarked``, ``AnswerDecidedForAll``,
    ``AppealDecided``, and otherwise as ``propose``.
    """
    comment = spec.comment.strip()
    with transaction() as session:
        appeal, exam = demand_open_to(session, appeal_id, by=by, now=now)
        lock_exam(session, exam.id)
        session.refresh(appeal, with_for_update=True)
        task_id = session.scalar(
            select(MarkingTask.id).where(
                MarkingTask.attempt_id == appeal.attempt_id, MarkingTask.number == appeal.number
            )
        )
        if task_id is None:
            raise AnswerNotMarked
        reason = demanded_text("reason", spec.reason, REASON_MOST)
        if len(comment) > COMMENT_MOST:
            raise Invalid.at("comment", "too_long", most=COMMENT_MOST)
        standing = session.scalars(select(Repair).where(Repair.task_id == task_id, Repair.state == "proposed")).first()
        if standing is not None:
            lines = [Decimal(one) for one in standing.lines or ()]
            same = (list(spec.lines), comment, reason, by.id)
            if (lines, standing.comment, standing.reason, standing.proposed_by) == same:
                return standing.id
            raise RepairIsOpen
        if appeal.state != "lodged":
            raise AppealDecided
        task = demand_remark(session, exam.id, task_id, spec.lines)
        made = Repair(
            exam_id=exam.id,
            item_version_id=task.item_version_id,
            part=task.part,
            remedy=REMARK,
            reason=reason,
            proposed_by=by.id,
            proposed_at=now,
            task_id=task.id,
            lines=[f"{one:.2f}" for one in spec.lines],
            comment=comment,
        )
        session.add(made)
        session.flush()
        appeal.state, appeal.repair_id, appeal.decided_by, appeal.decided_at = "taken_up", made.id, by.id, now
        detail = {"repair": made.id, "answer": task.id, "remedy": REMARK, "from": str(task.points)}
        detail |= {"to": str(sum(spec.lines)), "reason": reason}
        record("exam.repair_proposed", by=by.id, target=f"exam:{exam.id}", unit_id=exam.unit_id, detail=detail)
        return made.id


def demand_open_to(session: Session, appeal_id: int, *, by: Person, now: datetime) -> tuple[Appeal, ExamLine]:
    """Return an appeal whose answer the caller may look at to judge it anew, and its exam.

    Raises ``Missing``, ``MayNotDecide``, and as ``demand_exam``.
    """
    appeal = session.get(Appeal, appeal_id)
    if appeal is None:
        raise Missing
    exam = demand_exam(session, appeal.exam_id, by, now)
    demand_no_candidate(session, exam.id, by)
    demand_decider(session, (appeal.item_version_id, appeal.part), [appeal], by)
    return appeal, exam
