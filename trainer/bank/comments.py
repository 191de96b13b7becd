"""Remarks of those who work on an item, and the record of who looked at reserved ones."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from trainer.audit.models import Entry
from trainer.audit.service import record_each
from trainer.bank.models import ItemComment, ItemRecord, ItemVersion
from trainer.core.database import db, transaction
from trainer.core.errors import Invalid, Missing

COMMENT_MOST = 1000


def add_comment(item_id: int, version_id: int, *, by: int, text: str, now: datetime, place: str = "") -> int:
    """Put down a remark on a version and return its id. Each call makes one. Raises ``Invalid``, ``Missing``."""
    text = text.strip()
    if not text:
        raise Invalid.at("text", "required")
    if len(text) > COMMENT_MOST:
        raise Invalid.at("text", "too_long", most=COMMENT_MOST)
    with transaction() as session:
        version = session.get(ItemVersion, version_id)
        if version is None or version.item_id != item_id:
            raise Missing
        made = ItemComment(
            item_id=item_id, version_id=version_id, place=place[:80], author_id=by, text=text, created_at=now
        )
        session.add(made)
        session.flush()
        return made.id


def settle_comment(item_id: int, comment_id: int, *, by: int, now: datetime) -> None:
    """Mark a remark as settled. A second call keeps the first time. Raises ``Missing``."""
    with transaction() as session:
        found = session.get(ItemComment, comment_id)
        if found is None or found.item_id != item_id:
            raise Missing
        session.execute(
            update(ItemComment)
            .where(ItemComment.id == comment_id, ItemComment.resolved_at.is_(None))
            .values(resolved_at=now, resolved_by=by)
        )


def note_reserved_seen(item_ids: Collection[int], *, by: int, day_began: datetime, whole: bool = True) -> int:
    """Record that somebody looked at reserved items, once a day for a person and an item; return how many are new.

    ``whole`` says that they saw an item with its key, otherwise a list told its stem. Nothing is recorded for items of
    the open pool. ``day_began`` is the beginning of the local day, aware UTC.
    """
    session = db.session()
    rows = select(ItemRecord.code).where(ItemRecord.id.in_(sorted(item_ids)), ItemRecord.pool == "reserved")
    targets = [f"item:{code}" for code in session.scalars(rows.order_by(ItemRecord.code))] if item_ids else []
    if not targets:
        return 0
    action = "item.reserved_seen" if whole else "item.reserved_listed"
    seen = select(Entry.target).where(
        Entry.target.in_(targets), Entry.actor_id == by, Entry.action == action, Entry.at >= day_began
    )
    known = set(session.scalars(seen))
    fresh: list[tuple[str, int | None, dict[str, Any]]] = [(one, None, {}) for one in targets if one not in known]
    record_each(action, fresh, by=by)
    return len(fresh)
