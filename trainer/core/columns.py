"""Column types that keep the promises of the tables: aware UTC, exact hundredths, known states."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, String
from sqlalchemy.types import TypeDecorator

# SQLite counts rows up only for INTEGER PRIMARY KEY; PostgreSQL wants the wide type.
RowId = BigInteger().with_variant(Integer(), "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC moment. A naive value is a defect and raises ``ValueError``."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Hundredths(TypeDecorator[Decimal]):
    """Points and hours: ``Decimal`` in Python, whole hundredths in the table; more decimals raise ``ValueError``."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Any) -> int | None:
        if value is None:
            return None
        scaled = Decimal(value) * 100
        whole = int(scaled)
        if scaled != whole:
            raise ValueError(f"{value} has more than two decimals")
        return whole

    def process_result_value(self, value: int | Decimal | None, dialect: Any) -> Decimal | None:
        # A sum over this column comes back as Decimal on PostgreSQL and as int on SQLite.
        return None if value is None else (Decimal(int(value)) / 100).quantize(Decimal("0.01"))


class StateText(TypeDecorator[str]):
    """One word out of a closed list; any other raises ``ValueError`` before it reaches a row."""

    impl = String
    cache_ok = True

    def __init__(self, *states: str, length: int = 24) -> None:
        super().__init__(length)
        self.states = states

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        if value is not None and value not in self.states:
            raise ValueError(f"{value!r} is none of {self.states}")
        return value
