"""Who marks an exam, and how: saved by whoever runs the exam."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Conflict, FieldProblem, Invalid, Refused
from trainer.exams.models import Exam
from trainer.exams.queries import read_exam
from trainer.marking.models import Mark, MarkEvent, MarkingPlan, MarkingTask, PlanMarker
from trainer.marking.queries.progress import possible_markers
from trainer.marking.rules.rubric import HUNDREDTH
from trainer.notices.service import queue

BATCH_LEAST, BATCH_MOST, BATCH_USUAL = 1, 100, 20
TOLERANCE_MOST = Decimal(100)
MANAGE = "exam.manage"


class MarkingBegun(Conflict):
    """A mark has been given: single or double and the tolerance stand, or finished answers would change."""

    code = "marking_begun"


@dataclass(frozen=True)
class PlanSpec:
    """A plan as it is asked for. ``tolerance`` in points, counted with ``double`` alone; ``marker_ids`` are users."""

    double: bool
    tolerance: Decimal
    batch_size: int
    marker_ids: frozenset[int]


def save_plan(exam_id: int, spec: PlanSpec, *, by: Person, now: datetime) -> None:
    """Save how an exam is marked; markers who are new get a notice. Saving the same again changes nothing.

    A marker who is taken out loses what they hold unmarked; what they gave stands. Raises ``Missing``, ``Refused`` for
    an exam that is not published, ``Invalid`` at ``markers``, ``tolerance`` or ``batch_size``, and ``MarkingBegun``.
    """
    with transaction() as session:
        exam = read_exam(session, exam_id, by, permission=MANAGE)
        # In the order in which marks are given: the plan, then the exam, whose row orders two who save its first plan.
        session.execute(select(MarkingPlan.exam_id).where(MarkingPlan.exam_id == exam_id).with_for_update())
        session.execute(select(Exam.id).where(Exam.id == exam_id).with_for_update())
        if exam.state != "published":
            raise Refused("exam_not_published")
        plan = session.scalar(select(MarkingPlan).where(MarkingPlan.exam_id == exam_id).with_for_update())
        before = set(session.scalars(select(PlanMarker.user_id).where(PlanMarker.exam_id == exam_id)))
        problems = _problems(session, exam_id, exam.unit_path, spec, before)
        if problems:
            raise Invalid(problems)
        tolerance = spec.tolerance if spec.double else Decimal("0.00")
        if plan is None:
            plan = MarkingPlan(exam_id=exam_id)
            session.add(plan)
        elif (plan.double, plan.tolerance) != (spec.double, tolerance) and _has_begun(session, exam_id):
            raise MarkingBegun
        elif (plan.double, plan.tolerance, plan.batch_size, before) == (
            spec.double,
            tolerance,
            spec.batch_size,
            spec.marker_ids,
        ):
            return
        plan.double, plan.tolerance, plan.batch_size = spec.double, tolerance, spec.batch_size
        plan.saved_at, plan.saved_by = now, by.id
        session.flush()
        _choose(session, exam_id, before, spec.marker_ids, by=by.id, now=now)
        queue(
            spec.marker_ids - before,
            "marking_given",
            key=f"exam:{exam_id}:marking:{now.isoformat()}",
            params={"title": exam.title},
            url="/marking",
        )
        detail = {
            "double": spec.double,
            "tolerance": str(tolerance),
            "batch_size": spec.batch_size,
            "markers": sorted(spec.marker_ids),
        }
        record("marking.planned", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)


def _problems(
    session: Session, exam_id: int, unit_path: str, spec: PlanSpec, before: Collection[int]
) -> list[FieldProblem]:
    found = []
    least = 2 if spec.double else 1
    if len(spec.marker_ids) < least:
        found.append(FieldProblem("markers", "too_few_markers", {"least": least}))
    possible = {one.user_id: one for one in possible_markers(session, exam_id, unit_path)}
    for user_id in sorted(spec.marker_ids - set(before)):
        one = possible.get(user_id)
        if one is None:
            found.append(FieldProblem("markers", "not_a_marker"))
        elif one.is_candidate:
            found.append(FieldProblem("markers", "candidate_cannot_mark", {"value": one.name}))
    if not BATCH_LEAST <= spec.batch_size <= BATCH_MOST:
        found.append(FieldProblem("batch_size", "out_of_range", {"least": BATCH_LEAST, "most": BATCH_MOST}))
    if spec.double:
        if not spec.tolerance.is_finite() or not 0 <= spec.tolerance <= TOLERANCE_MOST:
            found.append(FieldProblem("tolerance", "out_of_range", {"least": 0, "most": TOLERANCE_MOST}))
        elif spec.tolerance != spec.tolerance.quantize(HUNDREDTH):
            found.append(FieldProblem("tolerance", "two_decimals"))
    return found


def _has_begun(session: Session, exam_id: int) -> bool:
    given = exists().where(Mark.task_id == MarkingTask.id, MarkingTask.exam_id == exam_id, Mark.state != "claimed")
    return bool(session.scalar(select(given)))


def _choose(
    session: Session, exam_id: int, before: Collection[int], after: Collection[int], *, by: int, now: datetime
) -> None:
    gone = sorted(set(before) - set(after))
    session.add_all(PlanMarker(exam_id=exam_id, user_id=one) for one in sorted(set(after) - set(before)))
    if not gone:
        return
    session.execute(delete(PlanMarker).where(PlanMarker.exam_id == exam_id, PlanMarker.user_id.in_(gone)))
    tasks = select(MarkingTask.id).where(MarkingTask.exam_id == exam_id)
    held = (Mark.task_id.in_(tasks), Mark.marker_id.in_(gone), Mark.state != "given")
    returned = session.execute(select(Mark.task_id, Mark.marker_id).where(*held, Mark.state == "returned")).all()
    session.add_all(
        MarkEvent(task_id=task_id, marker_id=marker_id, kind="withdrawn", by=by, at=now)
        for task_id, marker_id in returned
    )
    session.execute(delete(Mark).where(*held))
