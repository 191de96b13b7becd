"""Remarks of those who work on an item, and the record of who looked at reserved ones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from trainer.audit.models import Entry
from trainer.audit.service import record
from trainer.bank.models import ItemComment, ItemRecord, ItemVersion
from trainer.core.database import transaction
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


def note_reserved_seen(item_id: int, *, by: int, day_began: datetime) -> None:
    """Record that somebody looked at the text of a reserved item: once a day for a person and an item.

    Nothing is recorded for an item of the open pool. ``day_began`` is the beginning of the local day, aware UTC.
    """
    with transaction() as session:
        code = session.scalar(select(ItemRecord.code).where(ItemRecord.id == item_id, ItemRecord.pool == "reserved"))
        if code is None:
            return
        seen = select(Entry.id).where(
            Entry.target == f"item:{code}",
            Entry.actor_id == by,
            Entry.action == "item.reserved_seen",
            Entry.at >= day_began,
        )
        if session.scalar(seen.limit(1)) is None:
            record("item.reserved_seen", by=by, target=f"item:{code}")
