"""Ledger entries and people for tests about hours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select

from tests.conftest import NINE
from trainer.accounts.queries import person_by_id
from trainer.core.database import db
from trainer.hours.ledger import credit
from trainer.hours.models import LedgerEntry
from trainer.hours.rules.crediting import Event

_numbers = iter(range(1, 10**9))


def give_hours(user_id, hours, *, on=date(2026, 3, 5), source="exam", source_id=None, confirmed_by=None):
    """Credit hours to one person for an event of its own and return the event."""
    event = Event(source, source_id or f"t{next(_numbers)}", "法律知识考试", Decimal(hours), on, confirmed_by)
    credit(event, [user_id], by=None, now=NINE)
    return event


def entries(user_id=None):
    """Return the entries of a person, or all, oldest first."""
    # Another thread may have written since this session began to read.
    db.session.rollback()
    rows = select(LedgerEntry).order_by(LedgerEntry.id)
    return list(db.session.scalars(rows if user_id is None else rows.where(LedgerEntry.user_id == user_id)))


def person(city, username):
    """Return the person of that username as the roofs see the caller."""
    return person_by_id(db.session(), city.people[username])
