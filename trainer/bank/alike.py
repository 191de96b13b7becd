"""Near-duplicates (近似题): the search over the bank, and what a manager decides on the items of a group.

Variants and retirements change the columns of items as operations on many items do, and are undone like these.
``enemies`` and ``unlike`` are verdicts on pairs, remembered until they are taken back. No text of an item changes.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import String, cast, delete, select
from sqlalchemy.orm import Session

from question_bank import Item
from trainer.audit.service import record, record_each
from trainer.bank.bulk import apply_changes
from trainer.bank.importing import declare_enemies
from trainer.bank.models import AlikeSearch, ItemPair, ItemRecord, ItemVersion
from trainer.bank.work_queries import Viewer, may_be_seen_by
from trainer.core.database import db, transaction
from trainer.core.errors import Invalid, Refused

FINDER = Path(__file__).with_name("alike_finder.py")
SECONDS = 120
MOST_IN_GROUP = 50


class SearchFailed(Refused):
    """The search ended without a result; the one before still stands."""

    code = "alike_search_failed"
    status = 503


@dataclass(frozen=True)
class Alike:
    """An item of the bank, or another one that comes in (``item_id`` is None), that is like an incoming one."""

    code: str
    item_id: int | None
    percent: int


def search_bank(*, by: int, now: datetime) -> int:
    """Compare all items but the retired ones with one another, keep the result and return how many pairs are alike.

    A second call looks anew; only the newest result is kept. Takes seconds, in a process of its own. Raises
    ``SearchFailed``.
    """
    rows = _bodies(db.session(), ItemRecord.id.is_not(None))
    pairs = sorted(
        [*sorted((int(left), int(right))), percent]
        for left, right, percent in _pairs((str(item_id), False, body) for item_id, _code, body in rows)
    )
    with transaction() as session:
        session.execute(delete(AlikeSearch))
        session.add(AlikeSearch(items=len(rows), pairs=pairs, made_by=by, made_at=now))
        record("items.compared", by=by, target="bank", detail={"items": len(rows), "pairs": len(pairs)})
    return len(pairs)


def alike_to(session: Session, incoming: Sequence[Item], *, viewer: Viewer) -> dict[str, list[Alike]]:
    """Return what is like incoming items, by their ids: items of the bank and of the file itself, the nearest first.

    Items without anything like them are left out, and so are an item's own text in the bank, variants of one group, and
    items of the bank that the viewer may not see. Takes seconds for a bank of 20,000. Raises ``SearchFailed``.
    """
    own = {item.id: item for item in incoming}
    held = {
        f"{item_id}": (item_id, code, body)
        for item_id, code, body in _bodies(session, may_be_seen_by(viewer))
        if code not in own
    }
    # Ids of the bank are numbers, so a mark before those of the file keeps the two apart.
    lines = [(key, False, body) for key, (_id, _code, body) in held.items()]
    lines += [(f"+{code}", True, item.to_dict()) for code, item in own.items()]
    found: dict[str, list[Alike]] = {}
    for left, right, percent in _pairs(lines):
        for one, other in ((left, right), (right, left)):
            if not one.startswith("+"):
                continue
            if other.startswith("+"):
                code, item_id, group = other[1:], None, own[other[1:]].variant_group
            else:
                item_id, code, body = held[other]
                group = orjson.loads(body).get("variant_group")
            if group is None or group != own[one[1:]].variant_group:
                found.setdefault(one[1:], []).append(Alike(code, item_id, percent))
    return {code: sorted(others, key=lambda one: (-one.percent, one.code)) for code, others in sorted(found.items())}


def make_variants(item_ids: Iterable[int], *, by: int, now: datetime) -> int | None:
    """Put items into one group of variants and return the operation, None when they are in one already.

    Items of a group that one of them belongs to come along. Undone like other operations. Raises ``Invalid``.
    """
    with transaction() as session:
        items = _chosen(session, item_ids)
        groups = sorted({item.variant_group for item in items if item.variant_group is not None})
        name = groups[0] if groups else f"alike_{items[0].id}"
        members = session.scalars(select(ItemRecord.id).where(ItemRecord.variant_group.in_(groups)))
        wanted = {item.id for item in items} | set(members)
        return apply_changes("variant_group", [name], wanted, by=by, now=now)


def decide(item_ids: Iterable[int], verdict: str, *, by: int, now: datetime) -> int:
    """Decide ``enemies`` or ``unlike`` on every pair of some items; return how many pairs it was news for.

    An earlier verdict on a pair gives way; the same one a second time changes nothing. Raises ``Invalid``.
    """
    with transaction() as session:
        items = _chosen(session, item_ids)
        changed = []
        for one, other in combinations(items, 2):
            held = session.get(ItemPair, (one.id, other.id), with_for_update=True, populate_existing=True)
            if held is not None and held.verdict == verdict:
                continue
            if held is None:
                held = ItemPair(item_id=one.id, other_id=other.id)
                session.add(held)
            held.verdict, held.decided_by, held.decided_at = verdict, by, now
            changed.append((one, other))
        session.flush()
        _settle(session, items)
        _put_down(changed, verdict, by=by)
        return len(changed)


def take_back(item_id: int, other_id: int, *, by: int) -> None:
    """Take back a verdict on a pair: it is in question again. A second call changes nothing. Raises ``Invalid``."""
    with transaction() as session:
        items = _chosen(session, (item_id, other_id))
        held = session.get(ItemPair, (items[0].id, items[1].id), with_for_update=True)
        if held is None:
            return
        session.delete(held)
        session.flush()
        _settle(session, items)
        _put_down([(items[0], items[1])], "open", by=by)


def _chosen(session: Session, item_ids: Iterable[int]) -> list[ItemRecord]:
    wanted = sorted(set(item_ids))
    if len(wanted) > MOST_IN_GROUP:
        raise Invalid.at("item", "bulk_too_many", most=MOST_IN_GROUP)
    items = list(
        session.scalars(
            select(ItemRecord)
            .where(ItemRecord.id.in_(wanted), ItemRecord.version_id.is_not(None))
            .order_by(ItemRecord.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    if len(items) < 2:
        raise Invalid.at("item", "two_items_needed")
    return items


def _settle(session: Session, items: Sequence[ItemRecord]) -> None:
    """Let the enemies of items be what texts and verdicts say together."""
    bodies = session.scalars(select(ItemVersion.body).where(ItemVersion.id.in_([one.version_id for one in items])))
    declare_enemies(session, [Item.from_dict(body) for body in bodies], {one.code: one.id for one in items})


def _put_down(pairs: Iterable[tuple[ItemRecord, ItemRecord]], verdict: str, *, by: int) -> None:
    entries: list[tuple[str, int | None, dict[str, Any]]] = [
        (f"item:{one.code}", None, {"item": other.code, "outcome": verdict}) for one, other in pairs
    ]
    record_each("item.pair_decided", entries, by=by)


def _bodies(session: Session, wanted: Any) -> list[tuple[int, str, str]]:
    """Return (id, code, JSON text) of the items that are not retired; the texts are not parsed here."""
    rows = session.execute(
        select(ItemRecord.id, ItemRecord.code, cast(ItemVersion.body, String))
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .where(ItemRecord.state != "retired", wanted)
        .order_by(ItemRecord.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _pairs(lines: Iterable[tuple[str, bool, str | dict[str, Any]]]) -> list[tuple[str, str, int]]:
    sent = b"\n".join(
        orjson.dumps([key, is_new, orjson.Fragment(body) if isinstance(body, str) else body])
        for key, is_new, body in lines
    )
    command = [sys.executable, "-I", str(FINDER)]
    try:
        done = subprocess.run(command, input=sent, capture_output=True, timeout=SECONDS, env={}, cwd="/")
    except subprocess.TimeoutExpired:
        raise SearchFailed from None
    if done.returncode:
        raise SearchFailed
    return [(left, right, percent) for left, right, percent in orjson.loads(done.stdout)]
