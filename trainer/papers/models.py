"""Blueprints (组卷规则) with their sections, and the papers (试卷) compiled from them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import Hundredths, RowId, StateText, UTCDateTime
from trainer.core.database import db

PARTIAL_CREDIT = ("all_or_nothing", "half_for_incomplete", "proportional", "plus_minus")


class Blueprint(db.Model):
    """What a paper is made of (组卷规则). ``seed`` makes its draws reproducible.

    ``avoid_days``, ``avoid_practice`` and ``exposure_most`` are ``rules.blueprint.DrawRules``; 0 keeps nothing out.
    ``unsat`` is set where nobody sat its papers and nobody will: others took their place, or the exam was cancelled.
    """

    __tablename__ = "blueprints"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    seed: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[int | None] = mapped_column(Integer)
    avoid_days: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    avoid_practice: Mapped[bool] = mapped_column(Boolean, default=False, server_default="0")
    exposure_most: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    unsat: Mapped[bool] = mapped_column(Boolean, default=False, server_default="0")


class Section(db.Model):
    """One part of a blueprint (大题): how many items of which sort, for how many points each.

    None in ``wing`` and empty lists mean "any". ``item_codes`` names fixed items, drawn before the others.
    ``difficulty`` lists the levels allowed, 1 to 5. A case study (案例分析题) is one item here, with the points of all
    its parts. ``pool`` is ``reserved`` where the section asks for items kept back from study. ``laws`` are names,
    ``mix`` a list of ``[difficulty or level, how many]``.
    """

    __tablename__ = "blueprint_sections"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprints.id"))
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(24))
    count: Mapped[int] = mapped_column(Integer)
    points_each: Mapped[Decimal] = mapped_column(Hundredths)
    partial_credit: Mapped[str] = mapped_column(StateText(*PARTIAL_CREDIT))
    wing: Mapped[str | None] = mapped_column(String(24))
    topics: Mapped[list[str]] = mapped_column(JSON)
    fields: Mapped[list[str]] = mapped_column(JSON)
    difficulty: Mapped[list[int]] = mapped_column(JSON)
    item_codes: Mapped[list[str]] = mapped_column(JSON)
    pool: Mapped[str] = mapped_column(StateText("open", "reserved"), default="open", server_default="open")
    laws: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    levels: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    mix: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, server_default="[]")
    item_order: Mapped[str] = mapped_column(StateText("drawn", "easy_first"), default="drawn", server_default="drawn")

    __table_args__ = (UniqueConstraint("blueprint_id", "number"),)


class Paper(db.Model):
    """A compiled paper (试卷): immutable, and its ``document`` free of keys.

    ``document`` is UTF-8 JSON ``{"title", "sections": [{"title", "items": [...]}]}``, byte for byte what a candidate
    is sent. A section with parts of case studies has ``cases`` too: what is shown once for the items that bear the
    same ``case``. ``shapes`` is a list, item number 1 first, of what answers may look like (``question_bank`` answer
    shapes), so that a save is checked without touching an item. ``form`` tells parallel papers of one blueprint apart.
    """

    __tablename__ = "papers"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprints.id"))
    form: Mapped[int] = mapped_column(Integer)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    shapes: Mapped[list[Any]] = mapped_column(JSON)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    item_count: Mapped[int] = mapped_column(Integer)
    max_points: Mapped[Decimal] = mapped_column(Hundredths)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("blueprint_id", "form"),)


class PaperItem(db.Model):
    """One item of a paper, by its frozen version, as candidates see it under ``number`` (1 first).

    ``part`` is which part of a case study it is, 1 first; None for every other kind.
    """

    __tablename__ = "paper_items"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    section: Mapped[int] = mapped_column(Integer)
    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    part: Mapped[int | None] = mapped_column(Integer)
    points: Mapped[Decimal] = mapped_column(Hundredths)
    partial_credit: Mapped[str] = mapped_column(StateText(*PARTIAL_CREDIT))

    __table_args__ = (Index(None, "item_version_id"),)


class Draw(db.Model):
    """One draw of papers (抽题): the plan from which the forms from ``first_form`` on were drawn.

    ``plan`` is its canonical text (``rules.plan``), compressed by zlib. ``commitment`` (承诺值, hex) is published
    before the exam, plan and seed after it. ``expected`` lists for each form the share of its points that people will
    get on average, in ten-thousandths; ``measured`` counts the items on the first paper whose share was measured.
    """

    __tablename__ = "draws"

    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprints.id"), primary_key=True)
    first_form: Mapped[int] = mapped_column(Integer, primary_key=True)
    plan: Mapped[bytes] = mapped_column(LargeBinary)
    commitment: Mapped[str] = mapped_column(String(64))
    expected: Mapped[list[int]] = mapped_column(JSON)
    measured: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
