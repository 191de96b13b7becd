"""The hours ledger: ``credit`` and ``reverse`` are the only writers of entries, and entries only ever come.

An event is credited once for each person, whoever asks how often: (source, source_id, user_id) is unique, and the
database itself drops what stands already. A correction is a counter-entry with negative hours in the training year of
the entry that it takes back, exactly one for each (``reverses_id`` is unique).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from trainer.accounts.models import User
from trainer.audit.service import record
from trainer.core.database import is_sqlite, transaction
from trainer.core.errors import Invalid, Missing, Refused
from trainer.hours.models import SOURCES, LedgerEntry
from trainer.hours.rules.crediting import NO_CAPS, Caps, Event, hours_to_enter

PART = 500


class CorrectionIsFinal(Refused):
    """A counter-entry is not taken back by another one; the event is entered anew instead."""

    code = "correction_is_final"


def credit(
    event: Event, user_ids: Iterable[int], *, by: int | None, now: datetime, caps: Caps = NO_CAPS
) -> dict[int, Decimal]:
    """Enter the hours of ``event`` for each person and return what was newly entered, by user id.

    Joins the caller's transaction. People who have this event's entry already are left out, so a second call returns
    an empty dict. Under a cap an entry may be smaller than the event or, at the cap, missing. ``by`` None is the site
    itself (a marked exam). ``unit_id`` of an entry is the person's unit now. Raises ``Missing`` for an unknown person,
    ``ValueError`` for a source that is none.
    """
    if event.source not in SOURCES or event.source == "correction":
        raise ValueError(f"{event.source!r} is no source of hours")
    wanted = sorted(set(user_ids))
    entered: dict[int, Decimal] = {}
    with transaction() as session:
        for start in range(0, len(wanted), PART):
            part = wanted[start : start + PART]
            earned = _earned(session, event, part) if caps.of(event.source) is not None else {}
            units = _units(session, part)
            rows = []
            for user_id in part:
                hours = hours_to_enter(event, earned.get(user_id, Decimal(0)), caps)
                if hours > 0:
                    rows.append(_row(event, user_id, units[user_id], hours, by, now))
            entered |= {user_id: hours for _, user_id, hours in _insert(session, rows)}
        if entered:
            record(
                "hours.credited",
                by=by,
                target=f"{event.source}:{event.source_id}"[:80],
                detail={"people": len(entered), "hours": str(event.hours), "year": event.year},
            )
    return entered


def reverse(
    source: str,
    source_id: str,
    *,
    by: int | None,
    reason: str,
    now: datetime,
    user_ids: Iterable[int] | None = None,
) -> dict[int, Decimal]:
    """Take back what an event gave, for ``user_ids`` or, with None, for all; return the hours taken, by user id.

    Joins the caller's transaction. Each entry gets exactly one counter-entry, so a second call returns an empty dict.
    Raises ``Invalid`` without a reason and ``CorrectionIsFinal`` for a counter-entry.
    """
    if source == "correction":
        raise CorrectionIsFinal
    reason = reason.strip()
    if not reason:
        raise Invalid.at("reason", "required")
    taken: dict[int, Decimal] = {}
    with transaction() as session:
        standing = select(LedgerEntry).where(LedgerEntry.source == source, LedgerEntry.source_id == source_id)
        if user_ids is not None:
            standing = standing.where(LedgerEntry.user_id.in_(sorted(set(user_ids))))
        rows = []
        for entry in session.scalars(standing.order_by(LedgerEntry.user_id)):
            again = Event(
                source="correction",
                source_id=str(entry.id),
                title=entry.title,
                hours=-entry.hours,
                occurred_on=entry.occurred_on,
                confirmed_by=by,
                note=reason[:200],
            )
            rows.append(_row(again, entry.user_id, entry.unit_id, again.hours, by, now) | {"reverses_id": entry.id})
        for start in range(0, len(rows), PART):
            taken |= {user_id: -hours for _, user_id, hours in _insert(session, rows[start : start + PART])}
        if taken:
            record(
                "hours.reversed",
                by=by,
                target=f"{source}:{source_id}"[:80],
                detail={"people": len(taken), "reason": reason[:200]},
            )
    return taken


def _earned(session: Session, event: Event, user_ids: list[int]) -> dict[int, Decimal]:
    """Return the hours of the event's source that people hold this year, their rows locked until the commit."""
    # Two events at once for one person would each see the cap free (PostgreSQL; SQLite has one writer anyway).
    session.execute(select(User.id).where(User.id.in_(user_ids)).order_by(User.id).with_for_update())
    counter = LedgerEntry.__table__.alias("counter")
    rows = session.execute(
        select(LedgerEntry.user_id, func.sum(LedgerEntry.hours), func.sum(counter.c.hours))
        .join(counter, counter.c.reverses_id == LedgerEntry.id, isouter=True)
        .where(LedgerEntry.user_id.in_(user_ids), LedgerEntry.year == event.year, LedgerEntry.source == event.source)
        .group_by(LedgerEntry.user_id)
    )
    return {user_id: hours + (taken or 0) for user_id, hours, taken in rows}


def _units(session: Session, user_ids: list[int]) -> dict[int, int]:
    units = {row.id: row.unit_id for row in session.execute(select(User.id, User.unit_id).where(User.id.in_(user_ids)))}
    if len(units) < len(user_ids):
        raise Missing
    return units


def _row(event: Event, user_id: int, unit_id: int, hours: Decimal, by: int | None, now: datetime) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "unit_id": unit_id,
        "year": event.year,
        "source": event.source,
        "source_id": event.source_id,
        "title": event.title,
        "hours": hours,
        "occurred_on": event.occurred_on,
        "entered_at": now,
        "entered_by": by,
        "confirmed_by": event.confirmed_by,
        "reverses_id": None,
        "note": event.note,
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> list[Any]:
    """Insert rows, dropping those that stand already; return (id, user_id, hours) of the new ones."""
    if not rows:
        return []
    dialect: Any = sqlite if is_sqlite() else postgresql
    fresh = dialect.insert(LedgerEntry).values(rows).on_conflict_do_nothing()
    return list(session.execute(fresh.returning(LedgerEntry.id, LedgerEntry.user_id, LedgerEntry.hours)))
