"""Reads of the board of the work in progress: counts, and the first lines of each column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from trainer.accounts.models import Grant, User
from trainer.accounts.rules import PERMISSIONS
from trainer.bank.models import ItemRecord, ItemReport, ItemReview, ItemTask, ItemVersion
from trainer.bank.queries import shown_state
from trainer.bank.review import written_for
from trainer.bank.rules.rich import stem_in_words
from trainer.bank.work_queries import Viewer, is_mine, may_be_seen_by

LINES = 20
IN_REVIEW = or_(ItemRecord.state == "in_review", ItemRecord.proposed_state == "in_review")


@dataclass(frozen=True)
class Column:
    """One column of the board: how many in all, and the first of them as (item id, code, stem, version number)."""

    name: str
    count: int
    lines: tuple[tuple[int, str, str, int], ...]


@dataclass(frozen=True)
class TaskLine:
    """An open task with how much of it is done."""

    task: ItemTask
    person: str | None
    code: str | None
    written: int


@dataclass(frozen=True)
class Board:
    """The columns in their order, the open tasks (one's own, or all for a manager), and how many reports wait."""

    columns: tuple[Column, ...]
    tasks: tuple[TaskLine, ...]
    reports: int


def read_board(session: Session, viewer: Viewer, today: date, *, writes: bool) -> Board:
    """Return the board of one person; columns that are not theirs are left out. ``today`` is a local day."""
    worked_on = func.coalesce(ItemRecord.proposed_version_id, ItemRecord.version_id)
    draft = or_(ItemRecord.state == "draft", ItemRecord.proposed_state == "draft")
    returned = (
        select(ItemReview.id).where(ItemReview.version_id == worked_on, ItemReview.verdict == "returned")
    ).exists()
    columns = []
    if writes:
        mine = is_mine(Viewer(viewer.id))
        columns += [("returned", and_(draft, returned, mine)), ("drafts", and_(draft, ~returned, mine))]
        columns.append(("submitted", and_(IN_REVIEW, mine)))
    if viewer.reviews:
        columns.append(("to_review", _to_review(viewer.id)))
    if viewer.manages:
        wording = and_(ItemRecord.proposed_state.is_not(None), ItemVersion.changes_key.is_(False))
        columns += [("wording", wording), ("quarantined", shown_state(today) == "quarantined")]
    waiting = select(func.count()).select_from(ItemReport).join(ItemRecord, ItemRecord.id == ItemReport.item_id)
    reports = session.scalar(waiting.where(ItemReport.state == "new", is_mine(viewer) if writes else false()))
    made = tuple(_column(session, name, and_(wanted, may_be_seen_by(viewer))) for name, wanted in columns)
    return Board(made, _tasks(session, viewer), reports or 0)


def count_to_review(session: Session, reviewer_id: int) -> int:
    """Return how many texts a reviewer could decide on, first ones and proposals: those in review and not their own."""
    return session.scalar(select(func.count()).select_from(ItemRecord).where(_to_review(reviewer_id))) or 0


def _to_review(reviewer_id: int) -> ColumnElement[bool]:
    return and_(IN_REVIEW, ~is_mine(Viewer(reviewer_id)))


def _column(session: Session, name: str, wanted: ColumnElement[bool]) -> Column:
    worked_on = func.coalesce(ItemRecord.proposed_version_id, ItemRecord.version_id)
    rows = (
        select(ItemRecord.id, ItemRecord.code, ItemVersion.public, ItemVersion.number)
        .join(ItemVersion, ItemVersion.id == worked_on)
        .where(wanted)
    )
    count = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    found = session.execute(rows.order_by(ItemVersion.created_at, ItemRecord.id).limit(LINES)) if count else ()
    return Column(name, count, tuple((row.id, row.code, stem_in_words(row.public), row.number) for row in found))


def _tasks(session: Session, viewer: Viewer) -> tuple[TaskLine, ...]:
    rows: Any = (
        select(ItemTask, User.name, ItemRecord.code)
        .outerjoin(User, User.id == ItemTask.assignee_id)
        .outerjoin(ItemRecord, ItemRecord.id == ItemTask.item_id)
        .where(ItemTask.state == "open")
        .order_by(ItemTask.due_on.is_(None), ItemTask.due_on, ItemTask.id)
        .limit(200)
    )
    if not viewer.manages:
        rows = rows.where(ItemTask.assignee_id == viewer.id)
    return tuple(
        TaskLine(task, name, code, written_for(session, task) if task.topic else 0)
        for task, name, code in session.execute(rows)
    )


def people_for_tasks(session: Session) -> list[tuple[str, int, str]]:
    """Return who may be given work, as (role of the task, id, name): authors by name, then reviewers."""
    found = []
    for role, permission in (("author", "item.edit"), ("reviewer", "item.review")):
        roles = [one for one, held in PERMISSIONS.items() if permission in held]
        rows = session.execute(
            select(User.id, User.name)
            .join(Grant, Grant.user_id == User.id)
            .where(Grant.role.in_(roles), User.state == "active")
            .distinct()
            .order_by(User.name, User.id)
        )
        found += [(role, row.id, row.name) for row in rows]
    return found
