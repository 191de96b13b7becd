"""Notices to people, messages that leave the site, and feedback from people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, StateText, UTCDateTime
from trainer.core.database import db


class Notice(db.Model):
    """One line in a person's inbox (通知). The sentence of ``code`` is made when it is read, in the reader's language.

    ``key`` makes it unique for the person: queueing the same notice twice leaves one.
    """

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    key: Mapped[str] = mapped_column(String(120))
    code: Mapped[str] = mapped_column(String(60))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    url: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("user_id", "key"), Index(None, "user_id", "read_at"))


class OutboxMessage(db.Model):
    """A message on its way out of the site (发件箱), sent by a job after the commit that queued it."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    channel: Mapped[str] = mapped_column(StateText("mail", "webhook"))
    to: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(StateText("waiting", "sent", "failed"), default="waiting")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "state", "due_at"),)


class Feedback(db.Model):
    """A complaint or suggestion (意见反馈), demanded of such sites by 国办函〔2026〕12号."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    unit_id: Mapped[int] = mapped_column(BigInteger)
    page: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(StateText("new", "answered"), default="new")
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "state"), Index(None, "user_id"))
