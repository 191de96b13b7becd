"""Work given to authors and reviewers, with a day by which it is due. It ends with the work itself (``review.py``)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update

from question_bank.topics import taxonomy
from trainer.audit.service import record
from trainer.bank.models import ItemRecord, ItemTask
from trainer.bank.work_queries import holders_of
from trainer.core.database import transaction
from trainer.core.errors import Invalid, Missing
from trainer.notices.service import queue

COUNT_MOST = 500
NOTE_MOST = 500
WANTED = {"author": "item.edit", "reviewer": "item.review"}


def give_task(
    *,
    role: str,
    assignee_id: int,
    by: int,
    now: datetime,
    item_code: str = "",
    topic: str = "",
    count: int = 1,
    due_on: date | None = None,
    note: str = "",
) -> int:
    """Give somebody an item to mend or review, or so many items of a topic to write; return the task's id.

    Each call gives a task; the person gets a notice. Raises ``Invalid`` at the field: a reviewer is given an item, an
    author an item or a topic, and the person must hold the permission for it.
    """
    with transaction() as session:
        item = session.scalars(select(ItemRecord).where(ItemRecord.code == item_code)).first() if item_code else None
        if item_code and item is None:
            raise Invalid.at("item", "unknown_item", value=item_code)
        if item is None and (role == "reviewer" or not topic):
            raise Invalid.at("item", "required")
        if item is None and taxonomy().find_topic(topic) is None:
            raise Invalid.at("topic", "unknown_value", value=topic)
        if not 1 <= count <= COUNT_MOST:
            raise Invalid.at("count", "out_of_range", least=1, most=COUNT_MOST)
        if assignee_id not in holders_of(session, WANTED[role]):
            raise Invalid.at("assignee", "unknown_value", value=str(assignee_id))
        made = ItemTask(
            role=role,
            assignee_id=assignee_id,
            item_id=item.id if item else None,
            topic=None if item else topic,
            count=1 if item else count,
            note=note.strip()[:NOTE_MOST],
            due_on=due_on,
            created_by=by,
            created_at=now,
        )
        session.add(made)
        session.flush()
        target = f"item:{item.code}" if item else "bank"
        record("item.task_given", by=by, target=target, detail={"person": assignee_id, "role": role})
        queue([assignee_id], "item_task_given", key=f"item-task:{made.id}", url="/items/work")
        return made.id


def cancel_task(task_id: int, *, by: int, now: datetime) -> None:
    """Take an open task back. A second call, or one on a task that is done, changes nothing. Raises ``Missing``."""
    with transaction() as session:
        if session.get(ItemTask, task_id) is None:
            raise Missing
        done = session.execute(
            update(ItemTask)
            .where(ItemTask.id == task_id, ItemTask.state == "open")
            .values(state="cancelled", done_at=now)
        )
        if done.rowcount:
            record("item.task_cancelled", by=by, target="bank", detail={"number": task_id})
