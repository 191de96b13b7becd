"""Time: aware UTC everywhere, local days and years only in the city's zone.

Everything but ``utcnow`` is pure; that is the steady clock of ``core/steady.py``, which no step of the machine's clock
moves. The training year is the calendar year of the city (our decision of 2026-11-23; no source splits it otherwise).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from trainer.core.steady import steady

CITY_ZONE = ZoneInfo("Asia/Shanghai")


def utcnow() -> datetime:
    """Return the time now as aware UTC, also while the machine's clock is wrong."""
    return steady.now()


def local_day(moment: datetime, zone: ZoneInfo = CITY_ZONE) -> date:
    """Return the city's day on which ``moment`` (aware) falls."""
    return moment.astimezone(zone).date()


def training_year(moment: datetime, zone: ZoneInfo = CITY_ZONE) -> int:
    """Return the training year in which ``moment`` (aware) falls."""
    return local_day(moment, zone).year


def day_starts_at(day: date, zone: ZoneInfo = CITY_ZONE) -> datetime:
    """Return the first moment of a city day as aware UTC; at the ends of the calendar the first or last there is."""
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        return (datetime.min if day.year == 1 else datetime.max).replace(tzinfo=UTC)


def day_ends_at(day: date, zone: ZoneInfo = CITY_ZONE) -> datetime:
    """Return the first moment after a city day as aware UTC; after the last day of the calendar the last there is."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return day_starts_at(day + timedelta(days=1), zone)


def iso_z(moment: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with ``Z`` and milliseconds, as the API writes it; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
