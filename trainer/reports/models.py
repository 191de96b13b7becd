"""What was counted of answers: each exam by itself, each item of it, and practice month by month.

These rows hold sums, so that figures of many exams are put together without reading an answer again. What an item's
page shows is made of them and lies in ``bank.models.ItemStatistic``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import UTCDateTime
from trainer.core.database import db


class ExamStatistic(db.Model):
    """What was counted of an exam that is over.

    ``signature`` tells the results that were counted from others: it is compared again and again for a while.
    ``checked_at`` is when that happened last; None asks for counting the exam anew.
    """

    __tablename__ = "exam_statistics"

    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"), primary_key=True)
    signature: Mapped[str] = mapped_column(String(120))
    people: Mapped[int] = mapped_column(Integer)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    counted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ItemUse(db.Model):
    """The answers of one exam to one item version. ``part`` counts the parts of a case from 1; 0 is the whole item.

    ``tally`` is ``rules.item_stats.Tally`` as JSON. ``used_on`` is the local day on which the exam closed.
    ``is_merged`` tells whether the statistics of the item know of the row as it stands.
    """

    __tablename__ = "item_uses"

    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"), primary_key=True)
    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"), primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    used_on: Mapped[date] = mapped_column(Date)
    tally: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_merged: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (Index(None, "item_id"), Index(None, "is_merged"))


class PracticeTally(db.Model):
    """The answers in practice to one item version in one month of the city's calendar (``month`` is its first day).

    ``tally`` counts the first answer of each person to the item, ``answers`` every one. ``through_id`` is the last row
    of ``practice_answers`` that was looked at when this one changed: the highest of all is where counting goes on.
    """

    __tablename__ = "practice_tallies"

    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"), primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    answers: Mapped[int] = mapped_column(Integer)
    tally: Mapped[dict[str, Any]] = mapped_column(JSON)
    through_id: Mapped[int] = mapped_column(BigInteger)
    is_merged: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (Index(None, "item_id"), Index(None, "is_merged"), Index(None, "through_id"))
