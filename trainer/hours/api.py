"""An officer's ledger of hours over the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_login import current_user
from pydantic import Field

from trainer.accounts.queries import user_by_name, user_in
from trainer.api.resource import Amount, Id, Listing, Moment, Shape, Text, api_blueprint, operation
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.core.errors import Missing
from trainer.hours.queries import EntryRow, person_year
from trainer.web.access import SIGNED_IN
from trainer.web.arrival import arrived_at
from trainer.web.locale import zone
from trainer.web.view import LARGEST_ID, url_with

bp = api_blueprint("hours_api")


class HoursQuery(Listing):
    user: Text | None = Field(None, min_length=1, max_length=64, description="id or user name; without it yourself")
    year: int | None = Field(None, ge=2000, le=2100, description="training year; without it the present one")


class EntryOut(Shape):
    id: Id
    source: str = Field(description="class, exam, contest, file_review, mentoring or correction")
    source_id: str
    title: str
    hours: Amount = Field(description="negative in a correction")
    occurred_on: date
    entered_at: Moment
    confirmed_by: Id | None
    reverses: Id | None = Field(description="the entry that a correction takes back")
    note: str


class HoursOut(Shape):
    user: Id
    year: int
    required: Amount
    hours: Amount = Field(description="of the whole year, corrections taken off")
    status: str = Field(description="met, on_pace, behind, at_risk or exempt")
    items: list[EntryOut]
    next: str | None


def _entry(row: EntryRow) -> EntryOut:
    return EntryOut(
        id=str(row.id),
        source=row.source,
        source_id=row.source_id,
        title=row.title,
        hours=row.hours,
        occurred_on=row.occurred_on,
        entered_at=row.entered_at,
        confirmed_by=None if row.confirmed_by is None else str(row.confirmed_by),
        reverses=None if row.reverses_id is None else str(row.reverses_id),
        note=row.note,
    )


def _asked_user(asked: str | None) -> int:
    """Return the id of the person asked for. Raises ``Missing`` for anybody out of scope, as for nobody."""
    if asked is None or asked in (str(current_user.id), current_user.username):
        return current_user.id
    session, scope = db.session(), current_user.scope("hours.view")
    if asked.isascii() and asked.isdigit() and int(asked) <= LARGEST_ID:
        try:
            return user_in(session, scope, int(asked))[0].id
        except Missing:
            pass  # A user name may be all digits as well.
    return user_by_name(session, scope, asked).id


@operation(
    bp,
    "GET",
    "/hours",
    needs_permission=SIGNED_IN,
    summary="The ledger of hours of a person in a year, the newest event first",
    query=HoursQuery,
    answers={200: HoursOut},
    problems={404: ("not_found",)},
)
def hours(query: HoursQuery) -> Any:
    day = local_day(arrived_at(), zone())
    year, user_id = query.year or day.year, _asked_user(query.user)
    found = person_year(db.session(), user_id, year, day)
    entries = list(found.entries)
    start = next((at + 1 for at, one in enumerate(entries) if str(one.id) == query.after), 0) if query.after else 0
    part = entries[start : start + query.limit]
    more = start + query.limit < len(entries)
    return HoursOut(
        user=str(user_id),
        year=year,
        required=found.standard.required,
        hours=found.hours,
        status=found.status,
        items=[_entry(one) for one in part],
        next=url_with(after=str(part[-1].id)) if more else None,
    )
