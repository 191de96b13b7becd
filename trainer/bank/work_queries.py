"""Reads of the work on an item: its newest text, who wrote on it, who may change it, what reviewers said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from question_bank import Item
from trainer.accounts.models import Grant, User
from trainer.accounts.rules import PERMISSIONS
from trainer.bank.models import (
    BankOperation,
    ItemComment,
    ItemField,
    ItemLawCheck,
    ItemRecord,
    ItemReport,
    ItemReview,
    ItemTask,
    ItemVersion,
)
from trainer.bank.rules import Work, is_first, works_on
from trainer.core.errors import Missing


@dataclass(frozen=True)
class ItemWork:
    """The text on which somebody works, or would begin to: the proposal, or the item's own text.

    ``version_id`` and ``number`` are of that text, ``standing_number`` of the one that stands.
    """

    work: Work
    version_id: int
    number: int
    standing_number: int

    @property
    def is_outdated(self) -> bool:
        """Whether another text came to stand after this one was written: approving would take that back."""
        return self.standing_number > self.number


def read_work(session: Session, record: ItemRecord) -> ItemWork:
    """Return how far the work on an item has come: two statements. The record must have a text."""
    first = is_first(record.state, was_published=record.was_published)
    version_id = record.proposed_version_id or record.version_id
    versions = {
        row.id: row
        for row in session.execute(
            select(ItemVersion.id, ItemVersion.number, ItemVersion.created_by, ItemVersion.changes_key).where(
                ItemVersion.item_id == record.id
            )
        )
    }
    standing, newest = versions[record.version_id], versions[version_id]
    begun = 0 if first else standing.number
    authors = frozenset(
        row.created_by for row in versions.values() if row.created_by is not None and row.number > begun
    )
    work = Work(works_on(record.state, record.proposed_state), authors, first, newest.changes_key)
    return ItemWork(work, newest.id, newest.number, standing.number)


def state_of_work(session: Session, item_id: int) -> str | None:
    """Return the state of the text on which somebody works, None when there is none. Raises ``Missing``."""
    found = session.get(ItemRecord, item_id)
    if found is None:
        raise Missing
    return works_on(found.state, found.proposed_state)


def may_edit(session: Session, record: ItemRecord, person_id: int, *, manages: bool) -> bool:
    """Return whether a person with ``item.edit`` may write on an item: one's own, or one given as a task."""
    if manages or record.author_id == person_id:
        return True
    wrote = select(ItemVersion.id).where(ItemVersion.item_id == record.id, ItemVersion.created_by == person_id).limit(1)
    given = select(ItemTask.id).where(
        ItemTask.item_id == record.id,
        ItemTask.assignee_id == person_id,
        ItemTask.role == "author",
        ItemTask.state == "open",
    )
    return session.scalar(wrote) is not None or session.scalar(given.limit(1)) is not None


# What is changed for many items at once without a new text (``bulk.py``), by the names of texts and columns alike.
FILED = frozenset({"wing", "topic", "difficulty", "pool", "variant_group", "fields"})


def filed_as(session: Session, record: ItemRecord, item: Item, names: Collection[str] = FILED) -> Item:
    """Return the text of an item under the topic, fields, difficulty, pool and group of variants that hold now.

    These are changed for many items at once without a new text, so the columns count, not the frozen text. With
    ``names`` only these do.
    """
    fields = session.scalars(select(ItemField.field).where(ItemField.item_id == record.id)).all()
    known = [one for one in item.fields if one in fields]
    now = {name: getattr(record, name) for name in FILED - {"fields"}}
    now["fields"] = tuple(known + sorted(set(fields) - set(known)))
    return replace(item, **{name: now[name] for name in names})


def filed_since(session: Session, item_id: int, since: datetime) -> frozenset[str]:
    """Return what of an item a manager has filed otherwise since a text of it was written: names out of ``FILED``."""
    rows = session.execute(
        select(BankOperation.before).where(or_(BankOperation.done_at > since, BankOperation.undone_at > since))
    )
    names = {name for (before,) in rows for one in before if one["item_id"] == item_id for name in one["values"]}
    return FILED & names


def text_to_edit(session: Session, record: ItemRecord, version: ItemVersion) -> Item:
    """Return a text as its editor shows it: one that stands as it is filed now, a proposal with its own filing.

    What was filed otherwise since the proposal was written counts before that.
    """
    names = FILED if version.id == record.version_id else filed_since(session, record.id, version.created_at)
    return filed_as(session, record, Item.from_dict(version.body), names)


@dataclass(frozen=True)
class Viewer:
    """Who looks at the bank, and with which of its permissions."""

    id: int
    manages: bool = False
    reviews: bool = False


def may_be_seen_by(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on items whose text a person with ``item.view`` may see.

    Items of the reserved pool are for who manages the bank, for who wrote on them, and for their reviewers.
    """
    if viewer.manages:
        return ItemRecord.id.is_not(None)

    def named_in(table: Any, *conditions: Any) -> ColumnElement[bool]:
        return select(table.item_id).where(table.item_id == ItemRecord.id, *conditions).correlate(ItemRecord).exists()

    mine = [
        ItemRecord.pool == "open",
        ItemRecord.author_id == viewer.id,
        named_in(ItemVersion, ItemVersion.created_by == viewer.id),
        named_in(ItemTask, ItemTask.assignee_id == viewer.id, ItemTask.state == "open"),
    ]
    if viewer.reviews:
        mine += [
            ItemRecord.state == "in_review",
            ItemRecord.proposed_state == "in_review",
            named_in(ItemReview, ItemReview.reviewer_id == viewer.id),
            named_in(ItemLawCheck, ItemLawCheck.state == "proposed"),
        ]
    return or_(*mine)


def holders_of(session: Session, permission: str) -> set[int]:
    """Return the ids of all active people who hold a permission somewhere."""
    roles = [role for role, held in PERMISSIONS.items() if permission in held]
    rows = select(Grant.user_id).join(User, User.id == Grant.user_id)
    return set(session.scalars(rows.where(Grant.role.in_(roles), User.state == "active")))


@dataclass(frozen=True)
class Said:
    """What somebody said about a version: a review (``verdict``) or a comment (``is_open`` until it is settled)."""

    id: int
    number: int
    person_id: int
    person: str | None
    text: str
    at: datetime
    verdict: str = ""
    place: str = ""
    is_open: bool = False


def reviews_of(session: Session, item_id: int) -> list[Said]:
    """Return what reviewers decided on an item, newest first."""
    rows = session.execute(
        select(ItemReview, ItemVersion.number, User.name)
        .join(ItemVersion, ItemVersion.id == ItemReview.version_id)
        .outerjoin(User, User.id == ItemReview.reviewer_id)
        .where(ItemReview.item_id == item_id)
        .order_by(ItemReview.id.desc())
    )
    return [
        Said(one.id, number, one.reviewer_id, name, one.text, one.created_at, verdict=one.verdict)
        for one, number, name in rows
    ]


def comments_of(session: Session, item_id: int) -> list[Said]:
    """Return the comments on an item, open ones first, then newest first."""
    rows = session.execute(
        select(ItemComment, ItemVersion.number, User.name)
        .join(ItemVersion, ItemVersion.id == ItemComment.version_id)
        .outerjoin(User, User.id == ItemComment.author_id)
        .where(ItemComment.item_id == item_id)
        .order_by(ItemComment.resolved_at.is_not(None), ItemComment.id.desc())
    )
    return [
        Said(
            one.id,
            number,
            one.author_id,
            name,
            one.text,
            one.created_at,
            place=one.place,
            is_open=one.resolved_at is None,
        )
        for one, number, name in rows
    ]


def seen_item(session: Session, item_id: int, viewer: Viewer) -> ItemRecord:
    """Return an item that the viewer may see. Raises ``Missing`` for others: that it exists is not told."""
    found = session.scalars(select(ItemRecord).where(ItemRecord.id == item_id, may_be_seen_by(viewer))).first()
    if found is None or found.version_id is None:
        raise Missing
    return found


def is_mine(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on items that a person with ``item.edit`` writes on: all for who manages the bank."""
    if viewer.manages:
        return ItemRecord.id.is_not(None)
    wrote = select(ItemVersion.item_id).where(ItemVersion.created_by == viewer.id)
    given = select(ItemTask.item_id).where(
        ItemTask.assignee_id == viewer.id,
        ItemTask.role == "author",
        ItemTask.state == "open",
        ItemTask.item_id.is_not(None),
    )
    # Shipped items have no author: with a plain "=" the opposite of this would leave them out as well.
    own = ItemRecord.author_id.is_not_distinct_from(viewer.id)
    return or_(own, ItemRecord.id.in_(wrote), ItemRecord.id.in_(given))


def reports_matching(viewer: Viewer, *, done: bool = False) -> Select[Any]:
    """Return the select of reports on the viewer's items for ``paged``, as (report, code, number, public, name).

    Those that wait, oldest first, or with ``done`` those answered, newest first.
    """
    state = ItemReport.state != "new" if done else ItemReport.state == "new"
    return (
        select(ItemReport, ItemRecord.code, ItemVersion.number, ItemVersion.public, User.name)
        .join(ItemRecord, ItemRecord.id == ItemReport.item_id)
        .join(ItemVersion, ItemVersion.id == ItemReport.version_id)
        .outerjoin(User, User.id == ItemReport.reporter_id)
        .where(state, is_mine(viewer))
        .order_by(ItemReport.id.desc() if done else ItemReport.id)
    )
