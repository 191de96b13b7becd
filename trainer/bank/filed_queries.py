"""Items as the bank files them now, and what it keeps apart: what goes out, and what comes in is compared with.

Operations on many items and decisions on what looks alike change the bank, not the texts of items.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from question_bank import Item
from question_bank.incoming import as_filed
from trainer.bank.models import ItemField, ItemPair, ItemRecord, ItemVersion
from trainer.bank.queries import ItemFilter, items_matching

FILED = ("wing", "topic", "difficulty", "pool", "variant_group")


def items_to_export(session: Session, wanted: ItemFilter, today: date, *conditions: ColumnElement[bool]) -> list[Item]:
    """Return the text that stands of the items that ``wanted`` asks for, by id, filed as they are filed now.

    ``conditions`` narrow that to what the reader may see (``work_queries.may_be_seen_by``).
    """
    matching = items_matching(wanted, today).where(*conditions)
    columns = (getattr(ItemRecord, name) for name in FILED)
    rows = session.execute(matching.with_only_columns(ItemRecord.id, ItemRecord.code, ItemVersion.body, *columns)).all()
    fields = fields_of(session, matching.with_only_columns(ItemRecord.id).order_by(None))
    apart = kept_apart(session)
    coming = {row.code for row in rows}
    found = []
    for row in rows:
        filed = {name: getattr(row, name) for name in FILED} | {"fields": fields.get(row.id, [])}
        item = Item.from_dict(as_filed(row.body, filed))
        # Of what was decided here only what comes along: another bank would not know the other one.
        decided = coming.intersection(apart.get(row.code, ()))
        found.append(replace(item, enemies=tuple(sorted({*item.enemies, *decided}))) if decided else item)
    return found


def fields_of(session: Session, item_ids: Select[Any] | None = None) -> dict[int, list[str]]:
    """Return the slugs of the fields under which items are filed now, in order, by item; of all items for None."""
    rows = select(ItemField.item_id, ItemField.field).order_by(ItemField.field)
    fields: dict[int, list[str]] = {}
    for item_id, field in session.execute(rows if item_ids is None else rows.where(ItemField.item_id.in_(item_ids))):
        fields.setdefault(item_id, []).append(field)
    return fields


def kept_apart(session: Session) -> dict[str, list[str]]:
    """Return for each item the codes of those that managers decided must not meet it, in order."""
    one, other = aliased(ItemRecord), aliased(ItemRecord)
    rows = session.execute(
        select(one.code, other.code)
        .select_from(ItemPair)
        .join(one, one.id == ItemPair.item_id)
        .join(other, other.id == ItemPair.other_id)
        .where(ItemPair.verdict == "enemies")
    )
    found: dict[str, list[str]] = {}
    for left, right in rows:
        found.setdefault(left, []).append(right)
        found.setdefault(right, []).append(left)
    return {code: sorted(others) for code, others in found.items()}
