"""Units (单位) as a tree, with the enforcement fields that they hold on a given day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, StateText, UTCDateTime
from trainer.core.database import db

UNIT_KINDS = (
    "city",
    "county",
    "justice_bureau",
    "department",
    "township_street",
    "township_enforcement_office",
    "judicial_office",
)


class Unit(db.Model):
    """A unit of the tree (单位). ``path`` is the ids from the root down, each six digits and a slash.

    So the subtree of a unit is every row whose path starts with its own path, and the path's length tells the depth.
    """

    __tablename__ = "units"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(StateText(*UNIT_KINDS, length=32))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    path: Mapped[str] = mapped_column(String(120), unique=True)
    sort: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(StateText("active", "closed"), default="active")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "parent_id"),)


class UnitField(db.Model):
    """An enforcement field (执法领域) that a unit holds from one day to another; None means no known end.

    Dated, because powers handed to towns are taken back again: what a unit may do depends on the day.
    """

    __tablename__ = "unit_fields"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    field: Mapped[str] = mapped_column(String(32))
    since: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (Index(None, "unit_id"), Index(None, "field"))
