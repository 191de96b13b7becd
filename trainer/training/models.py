"""Training classes (培训班) and who attended them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import Hundredths, RowId, StateText, UTCDateTime
from trainer.core.database import db

CLASS_STATES = ("draft", "submitted", "confirmed", "rejected", "withdrawn")
CLASS_KINDS = ("public_law", "field_law", "enforcement_skill")


class TrainingClass(db.Model):
    """A class held from a local day on (培训班). A clerk enters it with its roll, the unit head confirms: hours follow.

    ``days`` are its days of teaching and ``hours`` the credit hours of the whole class. A confirmed class is never
    changed: it may be ``withdrawn``, by counter-entries in the ledger. ``kind`` is one of the three contents of
    粤府办〔2023〕21号: 公共法律知识, 业务法律知识, 行政执法技能.
    """

    __tablename__ = "training_classes"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    kind: Mapped[str] = mapped_column(StateText(*CLASS_KINDS))
    held_on: Mapped[date] = mapped_column(Date)
    days: Mapped[int] = mapped_column(Integer, default=1)
    hours: Mapped[Decimal] = mapped_column(Hundredths)
    place: Mapped[str] = mapped_column(String(120), default="")
    evidence: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(StateText(*CLASS_STATES), default="draft")
    entered_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index(None, "unit_id", "state"), Index(None, "held_on"))


class RollEntry(db.Model):
    """A person on the roll of a class (签到册), present or not."""

    __tablename__ = "class_rolls"

    class_id: Mapped[int] = mapped_column(ForeignKey("training_classes.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    present: Mapped[bool] = mapped_column(Boolean, default=True)

    __table_args__ = (Index(None, "user_id"),)
