"""Writing on items: a new item, a further text of one, giving up a proposal.

A text is never changed, each save makes a version. An item that was never published takes the new text as its own; one
that was gets a proposal, and the text that stands goes on being drawn until the proposal is approved (``review.py``).

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from question_bank import InvalidItem, Item
from question_bank.difference import changes_key
from question_bank.kinds import public
from trainer.audit.service import record
from trainer.bank.importing import declare_enemies, filing_problems
from trainer.bank.lawchange import drop_proposals
from trainer.bank.models import ItemBasis, ItemField, ItemRecord, ItemVersion
from trainer.bank.work_queries import FILED, may_edit, read_work, text_to_edit
from trainer.core.database import one_at_a_time, transaction
from trainer.core.errors import Conflict, FieldProblem, Forbidden, Invalid, Missing

NOTE_MOST = 300
UNSAVED_ID = "own-new-0000"
# On PostgreSQL two at once would find the same free number.
NEW_IDS = 7_340_022


class ItemInReview(Conflict):
    """The text lies with the reviewers: it is withdrawn first, then changed."""

    code = "item_in_review"


class ChangedMeanwhile(Conflict):
    """Somebody else saved a text since this one was opened."""

    code = "item_changed_meanwhile"


@dataclass(frozen=True)
class Saved:
    """Where a save ended. ``is_new`` is false when the same content stood already."""

    item_id: int
    number: int
    is_new: bool


def read_item_data(data: Mapping[str, Any], *, code: str = UNSAVED_ID) -> Item:
    """Return the item that JSON data describe, under the id ``code``.

    Raises ``Invalid`` with every problem at its field, such as ``options[1].text``.
    """
    try:
        item = Item.from_dict({**data, "id": code})
    except InvalidItem as error:
        problems = [FieldProblem(one.place, one.code, dict(one.params)) for one in error.problems]
        raise Invalid(problems) from None
    filed = filing_problems([item])
    if filed:
        raise Invalid([FieldProblem(one.place, one.code, one.params) for one in filed])
    return item


def create_item(data: Mapping[str, Any], *, by: int, now: datetime, note: str = "") -> Saved:
    """Put a new item into the bank as a draft of ``by``. Each call makes another item.

    Its id is made here, ``own-<topic>-<number>``: no shipped item will ever bear it. Raises ``Invalid``.
    """
    read_item_data(data)
    with transaction() as session:
        one_at_a_time(session, NEW_IDS)
        item = read_item_data(data, code=_free_code(session, data["topic"]))
        _refuse_unknown_enemies(session, data)
        made = ItemRecord(
            code=item.id,
            state="draft",
            pool=item.pool,
            kind=item.kind,
            wing=item.wing,
            topic=item.topic,
            difficulty=item.difficulty,
            level=item.level,
            variant_group=item.variant_group,
            author_id=by,
            created_at=now,
        )
        session.add(made)
        session.flush()
        version = add_version(session, made.id, item, by=by, now=now, note=note)
        let_stand(session, made, version.id, item)
        record("item.created", by=by, target=f"item:{item.id}", detail={"version": 1})
        return Saved(made.id, 1, True)


def save_item(
    item_id: int,
    data: Mapping[str, Any],
    *,
    base_version_id: int,
    by: int,
    manages: bool,
    now: datetime,
    note: str = "",
) -> Saved:
    """Save a further text of an item; the content that stands newest already changes nothing.

    ``base_version_id`` is the text from which the writer began. Raises ``Missing``, ``Forbidden`` for another's item,
    ``ItemInReview``, ``ChangedMeanwhile``, ``Invalid``.
    """
    with transaction() as session:
        found = _locked(session, item_id, by, manages=manages)
        held = read_work(session, found)
        if held.work.state == "in_review":
            raise ItemInReview
        item = read_item_data(data, code=found.code)
        _refuse_unknown_enemies(session, data)
        newest = session.get_one(ItemVersion, held.version_id)
        same = newest.content_hash.hex() == item.content_hash() or text_to_edit(session, found, newest) == item
        if same and not held.is_outdated:
            return Saved(item_id, held.number, False)
        if base_version_id != held.version_id:
            raise ChangedMeanwhile
        standing = Item.from_dict(session.get_one(ItemVersion, found.version_id).body)
        another = not held.work.is_first and changes_key(standing, item)
        version = add_version(session, item_id, item, by=by, now=now, changes_key=another, note=note)
        if held.work.is_first:
            # A draft that was thrown away is one again for whoever goes on with it.
            found.state = "draft"
            let_stand(session, found, version.id, item)
        else:
            found.proposed_version_id, found.proposed_state = version.id, "draft"
        detail = {"version": version.number, "changes_key": another}
        record("item.saved", by=by, target=f"item:{found.code}", detail=detail)
        return Saved(item_id, version.number, True)


def _refuse_unknown_enemies(session: Session, data: Mapping[str, Any]) -> None:
    enemies = list(data.get("enemies", ()))
    known = set(session.scalars(select(ItemRecord.code).where(ItemRecord.code.in_(enemies)))) if enemies else set()
    problems = [
        FieldProblem(f"enemies[{index}]", "unknown_enemy", {"enemy": enemy})
        for index, enemy in enumerate(enemies)
        if enemy not in known
    ]
    if problems:
        raise Invalid(problems)


def drop_proposal(item_id: int, *, by: int, manages: bool) -> None:
    """Give up the text proposed for an item: what stands stays. A second call changes nothing.

    The versions stay to be read. Raises ``Missing``, ``Forbidden``, ``ItemInReview``.
    """
    with transaction() as session:
        found = _locked(session, item_id, by, manages=manages)
        if found.proposed_version_id is None:
            return
        if found.proposed_state == "in_review":
            raise ItemInReview
        found.proposed_version_id = found.proposed_state = None
        record("item.proposal_dropped", by=by, target=f"item:{found.code}")


def _locked(session: Session, item_id: int, by: int, *, manages: bool) -> ItemRecord:
    found = session.get(ItemRecord, item_id, with_for_update=True, populate_existing=True)
    if found is None or found.version_id is None:
        raise Missing
    if not may_edit(session, found, by, manages=manages):
        raise Forbidden
    return found


def _free_code(session: Session, topic: str) -> str:
    stem = f"own-{topic.replace('_', '-')}-"
    # The numbers have four digits or more; the longest code is the highest.
    last = session.scalar(
        select(ItemRecord.code)
        .where(ItemRecord.code.startswith(stem, autoescape=True))
        .order_by(func.length(ItemRecord.code).desc(), ItemRecord.code.desc())
        .limit(1)
    )
    number = int(last.removeprefix(stem)) + 1 if last and last.removeprefix(stem).isdecimal() else 1
    return f"{stem}{number:04d}"


def add_version(
    session: Session,
    item_id: int,
    item: Item,
    *,
    by: int | None,
    now: datetime,
    changes_key: bool = False,
    note: str = "",
    is_shipped: bool = False,
) -> ItemVersion:
    """Write a further version of an item; what stands is not touched. Joins the caller's transaction."""
    number = session.scalar(select(func.max(ItemVersion.number)).where(ItemVersion.item_id == item_id)) or 0
    version = ItemVersion(
        item_id=item_id,
        number=number + 1,
        body=item.to_dict(),
        public=public(item),
        content_hash=bytes.fromhex(item.content_hash()),
        created_at=now,
        created_by=by,
        changes_key=changes_key,
        note=note.strip()[:NOTE_MOST],
        is_shipped=is_shipped,
    )
    session.add(version)
    session.flush()
    return version


def let_stand(
    session: Session, found: ItemRecord, version_id: int, item: Item, *, kept: Collection[str] = frozenset()
) -> None:
    """Make a version the one that stands, with the columns, fields and bases by which it is found.

    What ``kept`` names (out of ``work_queries.FILED``) stays filed as it is: a manager has changed it for many items
    since the text was written, or the text says nothing on it.
    """
    for name in ("kind", "level", *sorted(FILED - {"fields"} - set(kept))):
        setattr(found, name, getattr(item, name))
    if found.version_id is not None:
        drop_proposals(session, [found.id])
    found.version_id = version_id
    session.flush()
    if "fields" not in kept:
        session.execute(delete(ItemField).where(ItemField.item_id == found.id))
        session.execute(insert(ItemField), [{"item_id": found.id, "field": one} for one in item.fields])
    session.execute(delete(ItemBasis).where(ItemBasis.item_id == found.id))
    bases = [
        {
            "item_id": found.id,
            "law": one.law,
            "law_version": one.version,
            "article": one.article,
            "paragraph": one.paragraph,
            "point": one.item,
        }
        for one in item.citations()
    ]
    if bases:
        # The table, not the class: rows of the class are parted by which of their columns are empty.
        session.execute(insert(ItemBasis.__table__), bases)
    declare_enemies(session, [item], {item.id: found.id})
