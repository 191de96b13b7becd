"""Reads of the hours ledger for one person at a time; the figures of units are in ``reports``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import User
from trainer.hours.models import Exemption, LedgerEntry, Requirement
from trainer.hours.rules.compliance import REQUIRED, Standard, standard


@dataclass(frozen=True)
class EntryRow:
    """A line of a person's ledger as it is shown.

    ``origin`` is the source to which its hours belong: of a counter-entry the source of what it takes back.
    ``origin_id`` is that source's id. ``reversed`` says that a counter-entry stands against this line.
    """

    id: int
    source: str
    source_id: str
    origin: str
    origin_id: str
    title: str
    hours: Decimal
    occurred_on: date
    entered_at: datetime
    confirmed_by: int | None
    confirmer: str | None
    reverses_id: int | None
    reversed: bool
    note: str


@dataclass(frozen=True)
class PersonYear:
    """Where a person stands in a year; ``exemption`` is its reason, None where the hours are due."""

    standard: Standard
    entries: tuple[EntryRow, ...]
    exemption: str | None

    @property
    def hours(self) -> Decimal:
        return sum((entry.hours for entry in self.entries), Decimal(0))

    @property
    def recent(self) -> Decimal:
        return sum((one.hours for one in self.entries if one.occurred_on >= self.standard.window_from), Decimal(0))

    @property
    def status(self) -> str:
        return self.standard.status(self.hours, exempt=self.exemption is not None)

    @property
    def missing(self) -> Decimal:
        return self.standard.missing(self.hours)

    @property
    def forecast(self) -> Decimal:
        return self.standard.forecast(self.hours, self.recent)

    def by_origin(self) -> list[tuple[str, Decimal]]:
        """Return the hours by source, the largest first; what corrections took back is off."""
        sums: dict[str, Decimal] = {}
        for entry in self.entries:
            sums[entry.origin] = sums.get(entry.origin, Decimal(0)) + entry.hours
        return sorted(((source, hours) for source, hours in sums.items() if hours), key=lambda one: (-one[1], one[0]))


def required_hours(session: Session, year: int) -> Decimal:
    """Return the hours that ``year`` asks for; 60 where nothing else has been set."""
    found = session.scalar(select(Requirement.hours).where(Requirement.year == year))
    return REQUIRED if found is None else found


def standard_of(session: Session, year: int, day: date) -> Standard:
    """Return what ``year`` asks for on the city's ``day``."""
    return standard(year, day, required_hours(session, year))


def person_year(session: Session, user_id: int, year: int, day: date) -> PersonYear:
    """Return a person's year with its entries, the newest event first. Two statements."""
    settled = session.execute(
        select(
            select(Requirement.hours).where(Requirement.year == year).scalar_subquery().label("required"),
            select(Exemption.reason)
            .where(Exemption.user_id == user_id, Exemption.year == year)
            .scalar_subquery()
            .label("exemption"),
        )
    ).one()
    required = REQUIRED if settled.required is None else settled.required
    return PersonYear(standard(year, day, required), tuple(entries_of(session, user_id, year)), settled.exemption)


def entries_of(session: Session, user_id: int, year: int) -> list[EntryRow]:
    """Return a person's entries of a year, the newest event first, a counter-entry before what it takes back."""
    confirmer = aliased(User)
    rows = session.execute(
        select(LedgerEntry, confirmer.name)
        .join(confirmer, confirmer.id == LedgerEntry.confirmed_by, isouter=True)
        .where(LedgerEntry.user_id == user_id, LedgerEntry.year == year)
        .order_by(LedgerEntry.occurred_on.desc(), LedgerEntry.id.desc())
    ).all()
    by_id = {row[0].id: row[0] for row in rows}
    taken = {row[0].reverses_id for row in rows if row[0].reverses_id is not None}
    made = []
    for entry, name in rows:
        # A counter-entry lies in the year of what it takes back, so the other one is always among these rows.
        origin = by_id.get(entry.reverses_id, entry) if entry.reverses_id is not None else entry
        made.append(
            EntryRow(
                id=entry.id,
                source=entry.source,
                source_id=entry.source_id,
                origin=origin.source,
                origin_id=origin.source_id,
                title=entry.title,
                hours=entry.hours,
                occurred_on=entry.occurred_on,
                entered_at=entry.entered_at,
                confirmed_by=entry.confirmed_by,
                confirmer=name,
                reverses_id=entry.reverses_id,
                reversed=entry.id in taken,
                note=entry.note,
            )
        )
    return made


def years_of(session: Session, user_id: int, this_year: int) -> list[int]:
    """Return the years in which a person has entries and this year, the newest first."""
    found = session.scalars(select(LedgerEntry.year).where(LedgerEntry.user_id == user_id).distinct())
    return sorted({*found, this_year}, reverse=True)


def names_of(session: Session, user_ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of people by id; who is unknown is left out."""
    wanted = sorted({one for one in user_ids if one is not None})
    if not wanted:
        return {}
    return {row.id: row.name for row in session.execute(select(User.id, User.name).where(User.id.in_(wanted)))}
