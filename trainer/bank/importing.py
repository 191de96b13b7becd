"""Taking items into the bank, whole files at a time: all or nothing, and a second run changes nothing.

An item is known by its id, its text by the hash over its content. What is new gets a first version, what has changed
a further one; versions that stand are never touched, because papers point to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from question_bank import InvalidItem, Item, load
from question_bank.kinds import public
from question_bank.store import InvalidBank, from_bundle
from question_bank.topics import taxonomy
from trainer.audit.service import record
from trainer.bank.lawchange import look_through
from trainer.bank.models import ItemBasis, ItemEnemy, ItemField, ItemPair, ItemRecord, ItemVersion
from trainer.core.database import transaction

MOST_ITEMS = 20_000
PART = 500


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one entry of a file. ``row`` counts the entries from 1, 0 means the file as a whole."""

    row: int
    item_id: str
    place: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do with ``dry_run``. With ``problems`` nothing was stored.

    The lists hold item ids in the order of the file. ``kept`` are items whose text somebody has edited here since:
    the shipped content does not overwrite them.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    problems: tuple[RowProblem, ...] = ()


def read_json(content: bytes) -> tuple[list[Item], list[RowProblem]]:
    """Return the items of a content file or bundle of ``question_bank`` and every problem found."""
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        return [], [RowProblem(0, "", "", "not_json", {"reason": str(error)[:200]})]
    if isinstance(data, dict) and "format" in data:
        try:
            return list(from_bundle(json.dumps(data))), []
        except InvalidBank as error:
            return [], [
                RowProblem(0, fault.item_id, fault.problem.place, fault.problem.code, dict(fault.problem.params))
                for fault in error.faults
            ]
    entries = data.get("items") if isinstance(data, dict) and set(data) == {"items"} else data
    if not isinstance(entries, list):
        return [], [RowProblem(0, "", "", "not_a_content_file")]
    if len(entries) > MOST_ITEMS:
        return [], [RowProblem(0, "", "", "too_many", {"count": len(entries), "most": MOST_ITEMS})]
    items: list[Item] = []
    problems: list[RowProblem] = []
    for row, entry in enumerate(entries, start=1):
        try:
            items.append(Item.from_dict(entry))
        except InvalidItem as error:
            problems += [
                RowProblem(row, error.item_id, found.place, found.code, dict(found.params)) for found in error.problems
            ]
    return items, problems


def filing_problems(items: Iterable[Item]) -> list[RowProblem]:
    """Return where items are filed under topics, wings or fields that do not exist, and ids used twice."""
    known = taxonomy()
    wing_of = {topic.slug: topic.wing for topic in known.topics}
    fields = {one.slug for one in known.fields}
    problems: list[RowProblem] = []
    seen: set[str] = set()
    for row, item in enumerate(items, start=1):
        if item.id in seen:
            problems.append(RowProblem(row, item.id, "id", "duplicate_id"))
        seen.add(item.id)
        if len(item.id) > 60:
            problems.append(RowProblem(row, item.id, "id", "too_long", {"longest": 60}))
        if item.topic not in wing_of:
            problems.append(RowProblem(row, item.id, "topic", "unknown_topic", {"topic": item.topic}))
        elif wing_of[item.topic] != item.wing:
            problems.append(RowProblem(row, item.id, "wing", "topic_of_other_wing", {"wing": wing_of[item.topic]}))
        problems += [
            RowProblem(row, item.id, "fields", "unknown_enforcement_field", {"value": one})
            for one in item.fields
            if one not in fields
        ]
    return problems


def import_items(
    items: list[Item], *, by: int | None, now: datetime, publish: bool = False, dry_run: bool = False
) -> ImportReport:
    """Take items in and return what happened; all or nothing.

    New items are drafts unless ``publish``; with it what was new or changed may be drawn at once, except items that
    somebody has retired. A changed item gets a further version, an equal one is left alone.
    """
    problems = filing_problems(items)
    if problems:
        return ImportReport(problems=tuple(problems))
    with transaction() as session:
        return _take_in(session, items, by=by, now=now, publish=publish, dry_run=dry_run, shipped=False)


def load_shipped(*, now: datetime) -> ImportReport:
    """Bring the shipped content into the bank, published. A second run changes nothing and writes nothing.

    Raises ``question_bank.store.InvalidBank`` when the content is faulty. An item edited on this site since it came
    is kept as it is. The register may have come with a newer version of a law: all items are looked through for it.
    """
    items = list(load())
    with transaction() as session:
        report = _take_in(session, items, by=None, now=now, publish=True, dry_run=False, shipped=True)
        look_through(session, by=None, now=now)
        return report


@dataclass(frozen=True)
class _Known:
    item_id: int
    state: str
    variant_group: str | None
    current: bytes | None
    number: int
    edited_here: bool
    hashes: frozenset[bytes]


def _known(session: Session, codes: list[str]) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for start in range(0, len(codes), PART):
        rows = session.execute(
            select(
                ItemRecord.code,
                ItemRecord.id,
                ItemRecord.state,
                ItemRecord.variant_group,
                ItemRecord.version_id,
                ItemVersion.id.label("own"),
                ItemVersion.number,
                ItemVersion.content_hash,
                ItemVersion.is_shipped,
            )
            .join(ItemVersion, ItemVersion.item_id == ItemRecord.id)
            .where(ItemRecord.code.in_(codes[start : start + PART]))
            .order_by(ItemRecord.id, ItemVersion.number)
        ).all()
        for row in rows:
            before = found.get(row.code)
            is_current = row.own == row.version_id
            found[row.code] = _Known(
                item_id=row.id,
                state=row.state,
                variant_group=row.variant_group,
                current=row.content_hash if is_current else (before.current if before else None),
                number=row.number,
                edited_here=not row.is_shipped if is_current else bool(before and before.edited_here),
                hashes=(before.hashes if before else frozenset()) | {row.content_hash},
            )
    return found


def _take_in(
    session: Session, items: list[Item], *, by: int | None, now: datetime, publish: bool, dry_run: bool, shipped: bool
) -> ImportReport:
    known = _known(session, [item.id for item in items])
    hashes = {item.id: bytes.fromhex(item.content_hash()) for item in items}
    added: list[Item] = []
    changed: list[Item] = []
    unchanged: list[str] = []
    kept: list[str] = []
    for item in items:
        held = known.get(item.id)
        if held is None:
            added.append(item)
        elif hashes[item.id] == held.current or (shipped and hashes[item.id] in held.hashes):
            unchanged.append(item.id)
        elif shipped and held.edited_here:
            kept.append(item.id)
        else:
            changed.append(item)
    unknown = _unknown_enemies(session, items)
    if unknown:
        return ImportReport(problems=tuple(unknown))
    report = ImportReport(
        added=tuple(item.id for item in added),
        changed=tuple(item.id for item in changed),
        unchanged=tuple(unchanged),
        kept=tuple(kept),
    )
    if dry_run or not (added or changed):
        return report
    state = "published" if publish else "draft"
    ids = {code: held.item_id for code, held in known.items()}
    if added:
        rows = [
            _columns(item) | {"code": item.id, "state": state, "author_id": by, "created_at": now} for item in added
        ]
        made = session.execute(insert(ItemRecord).returning(ItemRecord.id, ItemRecord.code), rows)
        ids.update({code: item_id for item_id, code in made})
    if changed:
        old = [ids[item.id] for item in changed]
        for start in range(0, len(old), PART):
            session.execute(delete(ItemField).where(ItemField.item_id.in_(old[start : start + PART])))
            session.execute(delete(ItemBasis).where(ItemBasis.item_id.in_(old[start : start + PART])))
    both = added + changed
    versions = [
        {
            "item_id": ids[item.id],
            "number": known[item.id].number + 1 if item.id in known else 1,
            "body": item.to_dict(),
            "public": public(item),
            "content_hash": hashes[item.id],
            "created_at": now,
            "created_by": by,
            "is_shipped": by is None,
        }
        for item in both
    ]
    made = session.execute(insert(ItemVersion).returning(ItemVersion.id, ItemVersion.item_id), versions)
    version_of = {item_id: version_id for version_id, item_id in made}
    updates = []
    for item in both:
        held = known.get(item.id)
        now_state = state if held is None else _state_after(held.state, publish)
        columns = _columns(item)
        if held is not None and item.variant_group is None:
            # A file that names no group says nothing against one that was made here.
            columns["variant_group"] = held.variant_group
        updates.append({"id": ids[item.id], "version_id": version_of[ids[item.id]], "state": now_state} | columns)
    session.execute(update(ItemRecord), updates)
    session.execute(
        insert(ItemField), [{"item_id": ids[item.id], "field": one} for item in both for one in item.fields]
    )
    bases = [
        {
            "item_id": ids[item.id],
            "law": basis.law,
            "law_version": basis.version,
            "article": basis.article,
            "paragraph": basis.paragraph,
            "point": basis.item,
        }
        for item in both
        for basis in item.citations()
    ]
    if bases:
        # The table, not the class: rows of the class are parted by which of their columns are empty.
        session.execute(insert(ItemBasis.__table__), bases)
    declare_enemies(session, both, ids)
    look_through(session, item_ids=[ids[item.id] for item in both], by=by, now=now)
    record(
        "items.imported",
        by=by,
        target="bank",
        detail={"added": len(added), "changed": len(changed), "published": publish, "shipped": shipped},
    )
    return report


def _unknown_enemies(session: Session, items: list[Item]) -> list[RowProblem]:
    """Return the enemies that are neither in the file nor in the bank: they would be forgotten when they come."""
    known = {item.id for item in items}
    asked = sorted({enemy for item in items for enemy in item.enemies} - known)
    for start in range(0, len(asked), PART):
        known.update(session.scalars(select(ItemRecord.code).where(ItemRecord.code.in_(asked[start : start + PART]))))
    return [
        RowProblem(row, item.id, "enemies", "unknown_enemy", {"enemy": enemy})
        for row, item in enumerate(items, start=1)
        for enemy in item.enemies
        if enemy not in known
    ]


def declare_enemies(session: Session, items: list[Item], ids: dict[str, int]) -> None:
    """Put down the enemies of items that are new or changed, in place of what those declared before.

    What the other side declares stands in its own text, so both texts of a pair are asked. What a manager decided on a
    pair (``alike.py``) stays.
    """
    own = [ids[item.id] for item in items]
    met: set[int] = set()
    for start in range(0, len(own), PART):
        part = own[start : start + PART]
        either = or_(ItemEnemy.item_id.in_(part), ItemEnemy.enemy_id.in_(part))
        for pair in session.execute(select(ItemEnemy.item_id, ItemEnemy.enemy_id).where(either)):
            met.update(pair)
        session.execute(delete(ItemEnemy).where(either))
    declared = {item.id: set(item.enemies) for item in items}
    mine = set(declared)
    others = sorted(met - set(own))
    for start in range(0, len(others), PART):
        rows = session.scalars(
            select(ItemVersion.body)
            .join(ItemRecord, ItemRecord.version_id == ItemVersion.id)
            .where(ItemRecord.id.in_(others[start : start + PART]))
        )
        declared.update({body["id"]: set(body.get("enemies", ())) & mine for body in rows})
    names = sorted(set(declared) | {enemy for enemies in declared.values() for enemy in enemies})
    number = dict(ids)
    for start in range(0, len(names), PART):
        found = select(ItemRecord.code, ItemRecord.id).where(ItemRecord.code.in_(names[start : start + PART]))
        number.update((row.code, row.id) for row in session.execute(found))
    pairs = {
        tuple(sorted((number[code], number[enemy])))
        for code, enemies in declared.items()
        for enemy in enemies
        if code in number and enemy in number
    }
    for start in range(0, len(own), PART):
        part = own[start : start + PART]
        decided = select(ItemPair.item_id, ItemPair.other_id).where(
            ItemPair.verdict == "enemies", or_(ItemPair.item_id.in_(part), ItemPair.other_id.in_(part))
        )
        pairs.update((row.item_id, row.other_id) for row in session.execute(decided))
    if pairs:
        session.execute(insert(ItemEnemy), [{"item_id": one, "enemy_id": other} for one, other in sorted(pairs)])


def _columns(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "wing": item.wing,
        "topic": item.topic,
        "difficulty": item.difficulty,
        "level": item.level,
        "pool": item.pool,
        "variant_group": item.variant_group,
    }


def _state_after(state: str, publish: bool) -> str:
    """Return the state of an item whose text has just changed; what was retired by somebody stays so."""
    if state == "retired":
        return state
    return "published" if publish else "draft"


def count_items(session: Session) -> int:
    """Return how many items there are in all states."""
    return session.scalar(select(func.count()).select_from(ItemRecord)) or 0
