"""Having answers marked again, decided by whoever runs the exam."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Missing, Refused, demanded_text
from trainer.exams.queries import read_exam
from trainer.marking.giving import Change, lock_tasks
from trainer.marking.models import Mark, MarkEvent, MarkingBatch, MarkingPlan, PlanMarker
from trainer.notices.service import queue

REASON_MOST = 200
MANAGE = "exam.manage"
Whom = Literal["same", "others"]


@dataclass(frozen=True)
class Reopened:
    """How many answers are to be marked again, and the attempts whose result is provisional for it."""

    answers: int
    changed_attempts: tuple[int, ...]


def reopen_batch(
    exam_id: int,
    batch_id: int,
    *,
    to: Whom,
    reason: str,
    by: Person,
    now: datetime,
    position: int | None = None,
) -> Reopened:
    """Have the marks of a batch given again, or the one at ``position`` (1 first) alone.

    They are given by the ``same`` marker, who finds them as they were, or by ``others``. What was given is kept in the
    record. With ``others`` the marker never gets these answers again. A second call finds nothing given and changes
    nothing. Raises ``Missing``, ``Invalid`` at ``reason``, ``Refused`` where no chosen marker is left for an answer
    or the ``same`` one was taken out, and ``MarksAreOut`` once a candidate may see one of the results.
    """
    reason = demanded_text("reason", reason, REASON_MOST)
    with transaction() as session:
        exam = read_exam(session, exam_id, by, permission=MANAGE)
        session.execute(select(MarkingPlan.exam_id).where(MarkingPlan.exam_id == exam_id).with_for_update())
        batch = session.scalar(select(MarkingBatch).where(MarkingBatch.id == batch_id, MarkingBatch.exam_id == exam_id))
        if batch is None:
            raise Missing
        if position is not None and not session.scalar(
            select(exists().where(Mark.batch_id == batch_id, Mark.position == position))
        ):
            raise Missing
        redone = ("given", "returned") if to == "others" else ("given",)
        found = [Mark.batch_id == batch_id, Mark.state.in_(redone)]
        if position is not None:
            found.append(Mark.position == position)
        task_ids = list(session.scalars(select(Mark.task_id).where(*found)))
        if not task_ids:
            return Reopened(0, ())
        if to == "others":
            _demand_others(session, exam_id, task_ids, batch.marker_id)
        elif session.get(PlanMarker, (exam_id, batch.marker_id)) is None:
            # Nobody would have these answers: the marker may no longer mark, and no other is to.
            raise Refused("marker_taken_out")
        changing = Change(session, lock_tasks(session, task_ids), now)
        marks = session.scalars(
            select(Mark).where(*found).with_for_update().execution_options(populate_existing=True)
        ).all()
        session.add_all(
            MarkEvent(
                task_id=mark.task_id,
                marker_id=mark.marker_id,
                kind="returned" if to == "same" else "withdrawn",
                lines=mark.lines,
                points=mark.points,
                comment=mark.comment,
                by=by.id,
                at=now,
            )
            for mark in marks
        )
        if to == "same":
            for mark in marks:
                mark.state = "returned"
        else:
            session.execute(delete(Mark).where(Mark.id.in_([mark.id for mark in marks])))
        changed = changing.settle()
        detail = {"batch": batch_id} | ({} if position is None else {"position": position})
        detail |= {"to": to, "answers": len(marks), "marker": batch.marker_id, "reason": reason}
        record("marking.reopened", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        if to == "same":
            queue(
                [batch.marker_id],
                "marking_returned",
                key=f"batch:{batch_id}:returned:{now.isoformat()}",
                params={"title": exam.title, "count": len(marks), "reason": reason},
                url=f"/marking/batches/{batch_id}",
            )
        return Reopened(len(marks), changed)


def _demand_others(session: Session, exam_id: int, task_ids: list[int], marker_id: int) -> None:
    """Raise unless each answer has a chosen marker left who has had nothing to do with it."""
    chosen = set(session.scalars(select(PlanMarker.user_id).where(PlanMarker.exam_id == exam_id)))
    used: dict[int, set[int]] = defaultdict(lambda: {marker_id})
    for task_id, user_id in session.execute(select(Mark.task_id, Mark.marker_id).where(Mark.task_id.in_(task_ids))):
        used[task_id].add(user_id)
    for task_id, user_id in session.execute(
        select(MarkEvent.task_id, MarkEvent.marker_id).where(
            MarkEvent.task_id.in_(task_ids), MarkEvent.kind == "withdrawn"
        )
    ):
        used[task_id].add(user_id)
    if any(not chosen - used[task_id] for task_id in task_ids):
        raise Refused("no_other_marker")
