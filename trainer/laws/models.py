"""Texts of laws by version (法律版本) and their articles (条)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, UTCDateTime
from trainer.core.database import db


class LawText(db.Model):
    """One version of a law as the operator has loaded it. ``version`` is the day of adoption or last amendment.

    ``in_force_from`` and ``repealed_on`` are local days, None where unknown; ``repealed_on`` is the first day on which
    the text holds no more. ``short_title`` is how questions cite it.
    """

    __tablename__ = "law_texts"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    short_title: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(10))
    in_force_from: Mapped[date | None] = mapped_column(Date)
    repealed_on: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(300), default="")
    digest: Mapped[str] = mapped_column(String(64))
    loaded_by: Mapped[int | None] = mapped_column(BigInteger)
    loaded_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("short_title", "version"),)


class LawArticle(db.Model):
    """One article of a text. ``number`` as questions cite it (``120-1``), ``text`` one line a paragraph or item."""

    __tablename__ = "law_articles"

    text_id: Mapped[int] = mapped_column(ForeignKey("law_texts.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(12), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    label: Mapped[str] = mapped_column(String(40))
    chapter: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(16))
