"""Items (试题) and their immutable versions (题目版本)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, StateText, UTCDateTime
from trainer.core.database import db

ITEM_STATES = ("draft", "in_review", "published", "retired", "quarantined")


class ItemRecord(db.Model):
    """An item of the bank (试题) with what a draw needs to know of its current version."""

    __tablename__ = "items"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(StateText(*ITEM_STATES), default="draft")
    pool: Mapped[str] = mapped_column(StateText("open", "reserved"), default="open")
    kind: Mapped[str] = mapped_column(String(24))
    wing: Mapped[str] = mapped_column(String(24))
    topic: Mapped[str] = mapped_column(String(40))
    difficulty: Mapped[int] = mapped_column(Integer)
    level: Mapped[str] = mapped_column(String(16))
    version_id: Mapped[int | None] = mapped_column(BigInteger)
    author_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "state", "kind", "wing", "topic"), Index(None, "topic"))


class ItemField(db.Model):
    """An enforcement field to which an item belongs; ``general`` is one of them."""

    __tablename__ = "item_fields"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(32), primary_key=True)

    __table_args__ = (Index(None, "field"),)


class ItemVersion(db.Model):
    """The frozen text of an item (题目版本). ``body`` is the whole item of ``question_bank``, key and all.

    ``public`` is its key-free JSON as sent to candidates, rendered once. ``content_hash`` is over ``body``.
    """

    __tablename__ = "item_versions"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    number: Mapped[int] = mapped_column(Integer)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    public: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("item_id", "number"),)


class ItemBasis(db.Model):
    """The law article on which an item's current version rests (法律依据)."""

    __tablename__ = "item_bases"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    law: Mapped[str] = mapped_column(String(80))
    law_version: Mapped[str] = mapped_column(String(10))
    article: Mapped[str] = mapped_column(String(12))
    paragraph: Mapped[int | None] = mapped_column(Integer)
    point: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (Index(None, "law", "article"), Index(None, "item_id"))
