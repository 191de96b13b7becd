"""Reads for judging one answer anew after an appeal: the answer without its candidate, and what was decided since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import orjson
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from trainer.attempts.models import Response
from trainer.core.errors import Conflict, Invalid, Missing
from trainer.marking.grading import decided_places
from trainer.marking.models import Appeal, FormerResult, Mark, MarkingPlan, MarkingTask, Repair, Result
from trainer.marking.queries.work import items_of
from trainer.marking.rules.double import THIRD, seats
from trainer.marking.rules.regrade import remark_problems
from trainer.marking.rules.rubric import ItemKey, line_points
from trainer.papers.rules.scoring import item_points, total_points


class AnswerNotMarked(Conflict):
    """No person has marked the answer, or the marking of its attempt is not finished."""

    code = "answer_not_marked"


class AnswerDecidedForAll(Conflict):
    """The item was dropped or counts fully for all, so that no judgement of an answer tells."""

    code = "answer_decided_for_all"


@dataclass(frozen=True)
class JudgedAnswer:
    """An answer that a person marked, and nothing that tells whose it is.

    ``given`` are the points by line of whoever decided the ``points`` that it earns: of one marker or of two.
    """

    exam_id: int
    task_id: int
    number: int
    key: ItemKey
    answer: str
    points: Decimal
    given: tuple[tuple[Decimal, ...], ...]

    @property
    def place(self) -> tuple[int, int]:
        """What a repair of the item names."""
        return self.key.version_id, self.key.part


def answer_of_appeal(session: Session, appeal_id: int) -> JudgedAnswer:
    """Return the answer that an appeal is about. The caller has been checked.

    Raises ``Missing``, ``AnswerNotMarked``.
    """
    here = (Appeal.attempt_id == MarkingTask.attempt_id, Appeal.number == MarkingTask.number)
    found = session.scalar(select(MarkingTask).join(Appeal, and_(*here)).where(Appeal.id == appeal_id))
    if found is None or found.points is None:
        raise AnswerNotMarked if session.get(Appeal, appeal_id) else Missing
    return _judged(session, found)


def answer_of_repair(session: Session, repair_id: int) -> JudgedAnswer:
    """Return the answer of a repair that concerns one; raises ``Missing`` for any other."""
    found = session.scalar(
        select(MarkingTask).join(Repair, Repair.task_id == MarkingTask.id).where(Repair.id == repair_id)
    )
    if found is None:
        raise Missing
    return _judged(session, found)


def _judged(session: Session, task: MarkingTask) -> JudgedAnswer:
    answer = session.scalar(
        select(Response.answer).where(Response.attempt_id == task.attempt_id, Response.number == task.number)
    )
    double = bool(session.scalar(select(MarkingPlan.double).where(MarkingPlan.exam_id == task.exam_id)))
    deciding = seats(double=double, wants_third=task.wants_third)
    rows = session.scalars(select(Mark).where(Mark.task_id == task.id, Mark.state == "given").order_by(Mark.seat)).all()
    if THIRD in deciding and any(one.seat == THIRD for one in rows):
        deciding = (THIRD,)
    return JudgedAnswer(
        exam_id=task.exam_id,
        task_id=task.id,
        number=task.number,
        key=ItemKey(task.item_version_id, task.part, task.max_points),
        answer=orjson.loads(answer) if answer else "",
        points=task.points or Decimal(0),
        given=tuple(tuple(map(Decimal, one.lines)) for one in rows if one.seat in deciding and one.lines),
    )


def demand_remark(session: Session, exam_id: int, task_id: int, lines: Sequence[Decimal]) -> MarkingTask:
    """Return the answer if it may earn these points by line from now on.

    Raises ``Missing``, ``AnswerNotMarked``, ``AnswerDecidedForAll``, and ``Invalid`` at ``lines``.
    """
    row = session.execute(
        select(MarkingTask, Result.unmarked)
        .join(Result, Result.attempt_id == MarkingTask.attempt_id)
        .where(MarkingTask.id == task_id, MarkingTask.exam_id == exam_id)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise Missing
    task = row[0]
    if (task.item_version_id, task.part) in decided_places(session, exam_id):
        raise AnswerDecidedForAll
    if task.points is None or row.unmarked:
        raise AnswerNotMarked
    key = ItemKey(task.item_version_id, task.part, task.max_points)
    problems = remark_problems(lines, line_points(items_of(session, [key])[key], task.max_points), task.points)
    if problems:
        raise Invalid(problems)
    return task


def is_remarked(task_ids: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that one of these answers was judged anew after an appeal: no mark changes it any more."""
    return select(Repair.id).where(Repair.task_id.in_(task_ids), Repair.state == "published").exists()


@dataclass(frozen=True)
class Remarked:
    """What an answer was given anew. ``before`` is what it had earned, None where that cannot be told apart.

    Both are of ``announced``, what the item was worth on the paper: after a dropped item it is worth more than that.
    """

    before: Decimal | None
    announced: Decimal
    lines: tuple[Decimal, ...]
    comment: str
    reason: str
    at: datetime

    @property
    def points(self) -> Decimal:
        return total_points(self.lines)


def remarks_of(session: Session, attempt_id: int, repairs_no: int) -> dict[int, Remarked]:
    """Return by item number the answers of an attempt that the first ``repairs_no`` repairs judged anew."""
    rows = session.execute(
        select(MarkingTask.number, MarkingTask.max_points, Repair, FormerResult.marks)
        .join(Repair, Repair.task_id == MarkingTask.id)
        .outerjoin(
            FormerResult, and_(FormerResult.repair_id == Repair.id, FormerResult.attempt_id == MarkingTask.attempt_id)
        )
        .where(MarkingTask.attempt_id == attempt_id, Repair.number <= repairs_no)
        .order_by(Repair.number)
    )
    return {
        number: Remarked(
            before=item_points(announced, Decimal(marks[number - 1]["fraction"])) if marks else None,
            announced=announced,
            lines=tuple(map(Decimal, repair.lines or ())),
            comment=repair.comment,
            reason=repair.reason,
            at=repair.closed_at or repair.proposed_at,
        )
        for number, announced, repair, marks in rows
    }
