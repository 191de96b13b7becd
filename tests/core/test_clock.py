"""Local days as moments."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from trainer.core.clock import day_ends_at, day_starts_at

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "starts", "ends"),
    [
        (
            date(2026, 11, 23),
            "Asia/Shanghai",
            datetime(2026, 11, 22, 16, tzinfo=UTC),
            datetime(2026, 11, 23, 16, tzinfo=UTC),
        ),
        (date.min, "UTC", FIRST, datetime(1, 1, 2, tzinfo=UTC)),
        (date.max, "UTC", datetime(9999, 12, 31, tzinfo=UTC), LAST),
        (date.max, "America/New_York", datetime(9999, 12, 31, 5, tzinfo=UTC), LAST),
    ],
)
def test_a_city_day_begins_and_ends_in_utc(day, zone, starts, ends):
    assert (day_starts_at(day, ZoneInfo(zone)), day_ends_at(day, ZoneInfo(zone))) == (starts, ends)


def test_the_first_day_of_the_calendar_begins_with_it():
    assert day_starts_at(date.min, ZoneInfo("Asia/Shanghai")) == FIRST
