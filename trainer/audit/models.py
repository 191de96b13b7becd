"""The audit record. Rows only ever come; the seal columns are filled once, within a second, by the scheduler."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, UTCDateTime
from trainer.core.database import db


class Entry(db.Model):
    """One recorded act (审计记录). ``actor_id`` is None for the site itself; people appear by id, never by name."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(80))
    unit_id: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    request_id: Mapped[str | None] = mapped_column(String(40))
    chain_no: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    mac: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    __table_args__ = (Index(None, "target"), Index(None, "actor_id"), Index(None, "at"))
