"""Handing out answers in batches, so that no two people get the same seat of an answer.

A batch is held under a lease of ``LEASE``, which every mark given in it prolongs. What is still unmarked when the lease
ends goes to whoever claims next; until then its marker may simply go on. All handing out for an exam queues at the row
of its plan, and the unique constraints of ``Mark`` stand behind that.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.core.database import transaction
from trainer.core.errors import Missing, Refused
from trainer.marking.models import Mark, MarkingBatch, MarkingPlan, MarkingTask
from trainer.marking.queries.work import GROUP, demand_marker, is_free_for
from trainer.marking.rules.double import seats
from trainer.marking.rules.rubric import ItemKey

# Our decision of 2026-11-27: long enough for a pause, short enough that an evening forgets nothing.
LEASE = timedelta(hours=1)


class NothingToMark(Refused):
    """No answer of this item, or of the exam, waits for this marker."""

    code = "nothing_to_mark"


def claim(exam_id: int, key: ItemKey | None, *, by: Person, now: datetime) -> int:
    """Hand out the next batch of an item and return its id; with None of the item that has most waiting.

    Who still has unmarked answers of that item (with None: of the exam) gets that batch again, its lease prolonged, so
    a second call hands out nothing more. Raises ``Missing``, ``MarkerIsCandidate``, ``MarkingNotBegun`` and
    ``NothingToMark``.
    """
    with transaction() as session:
        plan = session.scalar(select(MarkingPlan).where(MarkingPlan.exam_id == exam_id).with_for_update())
        if plan is None:
            raise Missing
        demand_marker(session, exam_id, by, now)
        open_batch = _open_batch(session, exam_id, key, by.id)
        _drop_ended(session, exam_id, now, keep=open_batch)
        if open_batch is not None:
            _prolong(session, open_batch, now)
            return open_batch
        key = key or _fullest(session, exam_id, by.id, now)
        tasks = _next_tasks(session, exam_id, key, by.id, now, plan.batch_size) if key else []
        if key is None or not tasks:
            raise NothingToMark
        batch = MarkingBatch(
            exam_id=exam_id,
            marker_id=by.id,
            item_version_id=key.version_id,
            part=key.part,
            max_points=key.max_points,
            claimed_at=now,
            leased_until=now + LEASE,
        )
        session.add(batch)
        session.flush()
        taken = _taken(session, [task.id for task in tasks])
        for position, task in enumerate(tasks, 1):
            wanted = seats(double=plan.double, wants_third=task.wants_third)
            seat = next(one for one in wanted if one not in taken[task.id])
            session.add(
                Mark(task_id=task.id, batch_id=batch.id, position=position, marker_id=by.id, seat=seat, state="claimed")
            )
        session.flush()
        return batch.id


def give_back(batch_id: int, *, by: Person) -> int:
    """Give back what is unmarked in a batch of one's own and return how many answers; 0 at a second call.

    What was returned to be marked anew stays with its marker. Raises ``Missing``.
    """
    with transaction() as session:
        exam_id = session.scalar(
            select(MarkingBatch.exam_id).where(MarkingBatch.id == batch_id, MarkingBatch.marker_id == by.id)
        )
        if exam_id is None:
            raise Missing
        session.execute(select(MarkingPlan.exam_id).where(MarkingPlan.exam_id == exam_id).with_for_update())
        gone = session.execute(delete(Mark).where(Mark.batch_id == batch_id, Mark.state == "claimed"))
        return gone.rowcount


def _open_batch(session: Session, exam_id: int, key: ItemKey | None, marker_id: int) -> int | None:
    rows = (
        select(func.max(MarkingBatch.id))
        .join(Mark, Mark.batch_id == MarkingBatch.id)
        .where(MarkingBatch.exam_id == exam_id, MarkingBatch.marker_id == marker_id, Mark.state != "given")
    )
    if key is not None:
        rows = rows.where(
            MarkingBatch.item_version_id == key.version_id,
            MarkingBatch.part == key.part,
            MarkingBatch.max_points == key.max_points,
        )
    return session.scalar(rows)


def _prolong(session: Session, batch_id: int, now: datetime) -> None:
    batch = session.get(MarkingBatch, batch_id)
    assert batch is not None
    batch.leased_until = max(batch.leased_until, now + LEASE)


def _drop_ended(session: Session, exam_id: int, now: datetime, *, keep: int | None) -> None:
    """Take unmarked answers out of batches whose lease has ended, but for the one that is taken up again."""
    ended = select(MarkingBatch.id).where(MarkingBatch.exam_id == exam_id, MarkingBatch.leased_until <= now)
    if keep is not None:
        ended = ended.where(MarkingBatch.id != keep)
    session.execute(
        delete(Mark).where(Mark.state == "claimed", Mark.batch_id.in_(ended)),
        execution_options={"synchronize_session": False},
    )


def _fullest(session: Session, exam_id: int, marker_id: int, now: datetime) -> ItemKey | None:
    row = session.execute(
        select(*GROUP)
        .join(MarkingPlan, MarkingPlan.exam_id == MarkingTask.exam_id)
        .where(MarkingTask.exam_id == exam_id, is_free_for(marker_id, now))
        .group_by(*GROUP)
        .order_by(func.count().desc(), *GROUP)
        .limit(1)
    ).first()
    return ItemKey(*row) if row else None


def _next_tasks(
    session: Session, exam_id: int, key: ItemKey, marker_id: int, now: datetime, count: int
) -> list[MarkingTask]:
    """Return the next answers in their random order; those on which two people differ come first."""
    rows = (
        select(MarkingTask)
        .join(MarkingPlan, MarkingPlan.exam_id == MarkingTask.exam_id)
        .where(
            MarkingTask.exam_id == exam_id,
            MarkingTask.item_version_id == key.version_id,
            MarkingTask.part == key.part,
            MarkingTask.max_points == key.max_points,
            is_free_for(marker_id, now),
        )
        .order_by(MarkingTask.wants_third.desc(), MarkingTask.place, MarkingTask.id)
        .limit(count)
    )
    return list(session.scalars(rows))


def _taken(session: Session, task_ids: list[int]) -> dict[int, set[int]]:
    taken: dict[int, set[int]] = defaultdict(set)
    for task_id, seat in session.execute(select(Mark.task_id, Mark.seat).where(Mark.task_id.in_(task_ids))):
        taken[task_id].add(seat)
    return taken
