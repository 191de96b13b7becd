"""Credit hours: the requirement of a year, exemptions from it, and the append-only ledger."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import Hundredths, RowId, StateText, UTCDateTime
from trainer.core.database import db

SOURCES = ("class", "exam", "contest", "file_review", "mentoring", "correction")


class Requirement(db.Model):
    """The hours that every officer needs in a training year (年度学时要求).

    Source of the 60 hours: 粤府办〔2023〕21号 as reported by 广东省司法厅.
    """

    __tablename__ = "hour_requirements"

    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    hours: Mapped[Decimal] = mapped_column(Hundredths)


class Exemption(db.Model):
    """A person who need not meet the hours of a year (免训), with the reason and who decided."""

    __tablename__ = "hour_exemptions"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime] = mapped_column(UTCDateTime)


class LedgerEntry(db.Model):
    """One line of the hours ledger (学时台账). Never changed; a correction is a new line with negative hours.

    (source, source_id, user_id) is unique, so crediting one event twice changes nothing. ``occurred_on`` is the
    local day of the event, ``year`` its training year. ``unit_id`` is the person's unit on that day.
    """

    __tablename__ = "hour_entries"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    year: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(StateText(*SOURCES))
    source_id: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(160))
    hours: Mapped[Decimal] = mapped_column(Hundredths)
    occurred_on: Mapped[date] = mapped_column(Date)
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    entered_by: Mapped[int | None] = mapped_column(BigInteger)
    confirmed_by: Mapped[int | None] = mapped_column(BigInteger)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("hour_entries.id"), unique=True)
    note: Mapped[str] = mapped_column(String(200), default="")
    chain_no: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    mac: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    __table_args__ = (
        UniqueConstraint("source", "source_id", "user_id"),
        Index(None, "user_id", "year"),
        # Holds all that the figures of a year ask for, so that they read this index alone.
        Index("ix_hour_entries_figures", "year", "user_id", "occurred_on", "hours"),
    )
