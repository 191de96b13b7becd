"""Reads of the audit record. Who may see which entry is said by the caller, as a condition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from trainer.audit.models import Entry
from trainer.core.clock import day_ends_at, day_starts_at


@dataclass(frozen=True)
class AuditFilter:
    """Which entries are asked for; None and empty ask for all.

    ``action`` matches itself and, as a prefix, its whole family (``class`` finds ``class.confirmed``); ``target`` the
    same (``class:7``, or ``class`` for all classes). ``day`` is a local day of the city.
    """

    actor_ids: tuple[int, ...] | None = None
    action: str = ""
    target: str = ""
    day: date | None = None


def entries(visible: ColumnElement[bool], wanted: AuditFilter, zone: ZoneInfo) -> Select[Any]:
    """Return the statement of the entries that are ``visible`` and asked for, the newest first."""
    rows = select(Entry).where(visible).order_by(Entry.id.desc())
    if wanted.actor_ids is not None:
        rows = rows.where(Entry.actor_id.in_(wanted.actor_ids))
    if wanted.action:
        rows = rows.where(_is_or_begins(Entry.action, wanted.action, "."))
    if wanted.target:
        rows = rows.where(_is_or_begins(Entry.target, wanted.target, ":"))
    if wanted.day is not None:
        rows = rows.where(Entry.at >= day_starts_at(wanted.day, zone), Entry.at < day_ends_at(wanted.day, zone))
    return rows


def _is_or_begins(column: Any, text: str, mark: str) -> ColumnElement[bool]:
    whole: ColumnElement[bool] = column == text
    return whole | column.startswith(text.rstrip(mark) + mark, autoescape=True)


def actions(session: Session) -> list[str]:
    """Return every action that has been recorded, sorted."""
    return sorted(session.scalars(select(Entry.action).distinct()))
