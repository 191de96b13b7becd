"""Enforcement certificates (行政执法证)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, StateText
from trainer.core.database import db


class Certificate(db.Model):
    """A person's enforcement certificate (行政执法证). Both days of validity are local days and included."""

    __tablename__ = "certificates"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    number: Mapped[str] = mapped_column(String(40), unique=True)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(StateText("valid", "suspended", "revoked", "cancelled"), default="valid")

    __table_args__ = (Index(None, "user_id"),)
