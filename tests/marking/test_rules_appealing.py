"""Until when a candidate may appeal."""

from datetime import UTC, date, datetime, timedelta

import pytest

from trainer.core.clock import day_ends_at
from trainer.marking.rules.appealing import is_working_day, window_ends


def city(text):
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("opened", "days", "last_day"),
    [
        ("2026-11-23T09:00", 3, date(2026, 11, 26)),
        ("2026-11-23T23:59:59", 1, date(2026, 11, 24)),
        ("2026-11-24T00:00", 1, date(2026, 11, 25)),
        # Over a weekend, and over the week of the national holiday with the days worked in its place.
        ("2026-11-26T09:00", 3, date(2026, 12, 1)),
        ("2026-09-30T09:00", 2, date(2026, 10, 9)),
        # Of a year that nobody has arranged yet: Monday to Friday.
        ("2099-01-02T09:00", 3, date(2099, 1, 7)),
    ],
)
def test_the_window_ends_with_the_last_working_day(opened, days, last_day):
    assert window_ends(city(opened), days) == day_ends_at(last_day)


def test_without_days_it_never_opens():
    at = city("2026-11-23T09:00")
    assert window_ends(at, 0) == at


def test_the_window_is_never_shorter_than_its_days():
    at = city("2026-02-10T09:00")
    assert window_ends(at, 3) - at > timedelta(days=3)
    assert not is_working_day(date(2026, 10, 1))
