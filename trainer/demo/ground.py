"""What the parts of the load stand on: the open transaction, the story, and the ids given so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from trainer.accounts.queries import person_by_id
from trainer.accounts.rules import Person
from trainer.core.clock import day_starts_at
from trainer.core.database import db
from trainer.demo.rules.duties import Duties
from trainer.demo.rules.story import Story

PART = 20_000


@dataclass
class Ground:
    """One load. ``now`` is aware UTC; ``units`` and ``users`` hold ids by code and by username.

    ``unit_of`` tells the id of each person's unit, ``duties`` who enters and confirms classes where.
    """

    session: Session
    story: Story
    seed: int
    now: datetime
    units: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    unit_of: dict[str, int] = field(default_factory=dict)
    duties: Mapping[str, Duties] = field(default_factory=dict)

    def chance(self, *names: object) -> Random:
        """Return the random source of one matter; the same names give the same one."""
        return Random(":".join(map(str, (self.seed, *names))))

    def person(self, username: str) -> Person:
        """Return somebody as the caller of a verb."""
        found = person_by_id(self.session, self.users[username])
        assert found is not None, username
        return found

    def put(self, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows that nobody refers to. All of them have the same columns."""
        for start in range(0, len(rows), PART):
            self.session.execute(insert(table.__table__), rows[start : start + PART])

    def put_named(self, table: type[Any], rows: Sequence[dict[str, Any]], name: str) -> dict[Any, int]:
        """Insert rows and return their ids by the column ``name``, which tells them apart."""
        columns = table.__table__.c
        made = self.session.execute(insert(table.__table__).returning(columns.id, columns[name]), list(rows))
        return {key: row_id for row_id, key in made}


def city_time(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a moment of a city day as aware UTC."""
    return day_starts_at(day) + timedelta(hours=hour, minutes=minute)


def table_is_empty(session: Session, table: type[Any]) -> bool:
    """Return whether a table has no row."""
    return session.execute(db.select(1).select_from(table).limit(1)).first() is None
