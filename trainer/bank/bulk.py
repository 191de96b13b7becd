"""Changes of many items at once (批量操作): looked at first, then done, and undone once if need be.

They change how items are filed or retire them, never a text: topic, fields, difficulty, pool and group of variants of
the columns count before those of the frozen text (``work_queries.filed_as``). Undoing leaves items alone that changed
since.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from question_bank.fields import DIFFICULTIES, POOLS, SLUG
from question_bank.topics import taxonomy
from trainer.audit.service import record, record_each
from trainer.bank.lawchange import look_through
from trainer.bank.models import BankOperation, ItemField, ItemRecord, ItemVersion
from trainer.bank.queries import fields_of
from trainer.bank.rules import may_become
from trainer.bank.rules.rich import stem_in_words
from trainer.bank.service import RETIRED
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Invalid, Missing

KINDS = ("retire", "difficulty", "topic", "fields", "pool", "variant_group")
MOST = 1000


class OperationUndone(Conflict):
    """The operation has been undone already by somebody else."""

    code = "operation_undone"


@dataclass(frozen=True)
class Change:
    """What an operation does to one item: the old and the new values of the columns it changes."""

    item_id: int
    code: str
    stem: str
    before: dict[str, Any]
    after: dict[str, Any]


def plan_changes(session: Session, kind: str, values: list[str], item_ids: Iterable[int]) -> list[Change]:
    """Return what an operation would change, by code; items on which it would change nothing are left out.

    ``values`` is one difficulty, topic, pool or group of variants (none takes items out of theirs), or several fields;
    nothing for ``retire``. Raises ``Invalid``.
    """
    after = _wanted(kind, values)
    wanted = sorted(set(item_ids))
    if len(wanted) > MOST:
        raise Invalid.at("item", "bulk_too_many", most=MOST)
    rows = session.execute(
        select(ItemRecord, ItemVersion.public)
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .where(ItemRecord.id.in_(wanted))
        .order_by(ItemRecord.id)
        .with_for_update(of=ItemRecord)
        .execution_options(populate_existing=True)
    ).all()
    fields = fields_of(session, wanted) if kind == "fields" else {}
    changes = []
    for item, public in rows:
        if kind == "retire" and not may_become(item.state, "retired"):
            continue
        before = _values(item, after, fields)
        if before != after:
            changes.append(Change(item.id, item.code, stem_in_words(public), before, after))
    return sorted(changes, key=lambda one: one.code)


def apply_changes(kind: str, values: list[str], item_ids: Iterable[int], *, by: int, now: datetime) -> int | None:
    """Do an operation and return its id, None when there was nothing to change. Raises as ``plan_changes``."""
    with transaction() as session:
        changes = plan_changes(session, kind, values, item_ids)
        if not changes:
            return None
        ids = [one.item_id for one in changes]
        _write(session, ids, changes[0].after)
        _follow_laws(session, kind, ids, by=by, now=now)
        made = BankOperation(
            kind=kind,
            detail={"after": changes[0].after},
            before=[{"item_id": one.item_id, "values": one.before} for one in changes],
            done_by=by,
            done_at=now,
        )
        session.add(made)
        session.flush()
        detail = {"operation": made.id, "kind": kind}
        record_each("item.filed", [(f"item:{one.code}", None, detail) for one in changes], by=by)
        return made.id


def undo_operation(operation_id: int, *, by: int, now: datetime) -> int:
    """Give the items back what they had before and return how many; those that changed since are left alone.

    The same person's second call returns 0 and changes nothing. Raises ``Missing``, ``OperationUndone``.
    """
    with transaction() as session:
        found = session.get(BankOperation, operation_id, with_for_update=True, populate_existing=True)
        if found is None:
            raise Missing
        if found.undone_at is not None:
            if found.undone_by == by:
                return 0
            raise OperationUndone
        after = found.detail["after"]
        before = {one["item_id"]: one["values"] for one in found.before}
        items = session.scalars(
            select(ItemRecord)
            .where(ItemRecord.id.in_(sorted(before)))
            .order_by(ItemRecord.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        fields = fields_of(session, before) if "fields" in after else {}
        given_back = [item.id for item in items if _values(item, after, fields) == after]
        # Most of a thousand items were filed in a few ways: a statement for each way, not for each item.
        alike: dict[str, list[int]] = defaultdict(list)
        for item_id in given_back:
            alike[json.dumps(before[item_id])].append(item_id)
        for ids in alike.values():
            _write(session, ids, before[ids[0]])
        done = len(given_back)
        _follow_laws(session, found.kind, given_back, by=by, now=now)
        found.undone_by, found.undone_at = by, now
        record("items.operation_undone", by=by, target="bank", detail={"operation": operation_id, "changed": done})
        return done


def _follow_laws(session: Session, kind: str, item_ids: list[int], *, by: int, now: datetime) -> None:
    """Close the checks of retired items; one that comes back may rest on a law that has changed meanwhile."""
    if kind == "retire" and item_ids:
        look_through(session, item_ids=item_ids, by=by, now=now)


def _wanted(kind: str, values: list[str]) -> dict[str, Any]:
    known = taxonomy()
    value = values[0] if values else ""
    if kind == "retire":
        return {"state": "retired"}
    if kind == "difficulty" and value.isdecimal() and len(value) < 3 and int(value) in DIFFICULTIES:
        return {"difficulty": int(value)}
    topic = known.find_topic(value) if kind == "topic" else None
    if topic is not None:
        return {"wing": topic.wing, "topic": topic.slug}
    if kind == "fields" and values and all(known.find_field(one) for one in values):
        return {"fields": sorted(set(values))}
    if kind == "pool" and value in POOLS:
        return {"pool": value}
    if kind == "variant_group" and (not value or (len(value) <= 60 and SLUG.fullmatch(value))):
        return {"variant_group": value or None}
    raise Invalid.at("value", "unknown_value", value=value)


def _values(item: ItemRecord, names: Iterable[str], fields: Mapping[int, list[str]]) -> dict[str, Any]:
    return {name: fields.get(item.id, []) if name == "fields" else getattr(item, name) for name in names}


def _write(session: Session, item_ids: list[int], values: dict[str, Any]) -> None:
    columns = {name: value for name, value in values.items() if name != "fields"}
    if columns.get("state") == "retired":
        columns |= RETIRED
    if columns:
        session.execute(update(ItemRecord).where(ItemRecord.id.in_(item_ids)).values(**columns))
    if "fields" in values:
        session.execute(delete(ItemField).where(ItemField.item_id.in_(item_ids)))
        rows = [{"item_id": item_id, "field": one} for item_id in item_ids for one in values["fields"]]
        if rows:
            session.execute(insert(ItemField), rows)
