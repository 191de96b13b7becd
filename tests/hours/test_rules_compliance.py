"""Where an officer stands against the hours of a year."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from trainer.core.clock import local_day
from trainer.hours.rules.compliance import standard


@pytest.mark.parametrize(
    ("year", "day", "pace"),
    [
        (2026, date(2025, 12, 31), "0.00"),
        (2026, date(2026, 1, 1), "0.17"),
        (2026, date(2026, 11, 23), "53.76"),
        (2026, date(2026, 12, 30), "59.84"),
        (2026, date(2026, 12, 31), "60.00"),
        (2026, date(2027, 1, 1), "60.00"),
        (2028, date(2028, 12, 30), "59.84"),
        (2028, date(2028, 2, 29), "9.84"),
    ],
)
def test_the_pace_is_the_share_of_the_year_gone_rounded_up_to_a_hundredth(year, day, pace):
    assert standard(year, day).pace == Decimal(pace)


@pytest.mark.parametrize(
    ("day", "hours", "status"),
    [
        # 23 November: 53.76 is the pace, 45 the newest line.
        (date(2026, 11, 23), "60", "met"),
        (date(2026, 11, 23), "61.5", "met"),
        (date(2026, 11, 23), "59.99", "on_pace"),
        (date(2026, 11, 23), "53.76", "on_pace"),
        (date(2026, 11, 23), "53.75", "behind"),
        (date(2026, 11, 23), "45", "behind"),
        (date(2026, 11, 23), "44.99", "at_risk"),
        (date(2026, 11, 23), "0", "at_risk"),
        # Before the first line has passed nobody is at risk.
        (date(2026, 6, 29), "0", "behind"),
        (date(2026, 6, 30), "29.5", "at_risk"),
        # 30 June: the pace (29.76) lies below the line of 30, and who keeps the pace is not at risk.
        (date(2026, 6, 30), "29.76", "on_pace"),
        (date(2026, 9, 29), "30", "behind"),
        (date(2026, 9, 29), "29.99", "at_risk"),
        (date(2026, 9, 30), "44.5", "at_risk"),
        (date(2026, 9, 30), "44.88", "on_pace"),
        # The last day is still the year; after it there is no risk any more, only what was not met.
        (date(2026, 12, 31), "59.99", "behind"),
        (date(2026, 12, 31), "44", "at_risk"),
        (date(2027, 1, 1), "44", "behind"),
        (date(2027, 1, 1), "60", "met"),
        (date(2025, 12, 31), "0", "on_pace"),
    ],
)
def test_a_status_on_both_sides_of_every_limit(day, hours, status):
    assert standard(2026, day).status(Decimal(hours)) == status


def test_the_year_ends_at_midnight_of_the_city_not_of_utc():
    last = local_day(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    first = local_day(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert (last, first) == (date(2026, 12, 31), date(2027, 1, 1))
    assert not standard(2026, last).over
    assert standard(2026, first).over


def test_an_exempt_person_owes_nothing_however_few_the_hours():
    assert standard(2026, date(2026, 12, 31)).status(Decimal(0), exempt=True) == "exempt"


@pytest.mark.parametrize(("hours", "missing"), [("36.5", "23.5"), ("60", "0"), ("70", "0"), ("0", "60")])
def test_what_is_missing_is_never_below_zero(hours, missing):
    assert standard(2026, date(2026, 11, 23)).missing(Decimal(hours)) == Decimal(missing)


def test_another_requirement_moves_pace_and_lines():
    half = standard(2026, date(2026, 9, 30), Decimal(40))
    assert (half.line, half.pace) == (Decimal("30.00"), Decimal("29.92"))


@pytest.mark.parametrize(
    ("day", "window_from", "window", "left"),
    [
        (date(2026, 11, 23), date(2026, 8, 26), 90, 38),
        (date(2026, 1, 10), date(2025, 12, 12), 30, 355),
        (date(2026, 2, 14), date(2026, 1, 1), 45, 320),
        (date(2027, 5, 1), date(2026, 10, 3), 90, 0),
    ],
)
def test_the_forecast_looks_back_ninety_days_and_less_early_in_the_year(day, window_from, window, left):
    found = standard(2026, day)
    assert (found.window_from, found.window, found.days_left) == (window_from, window, left)


@pytest.mark.parametrize(
    ("hours", "recent", "met"),
    [("51.55", "20", False), ("51.56", "20", True), ("60", "0", True), ("59.99", "0", False)],
)
def test_the_forecast_compares_exactly(hours, recent, met):
    found = standard(2026, date(2026, 11, 23))
    assert found.forecast_met(Decimal(hours), Decimal(recent)) is met


def test_after_the_year_the_forecast_is_what_is_there():
    over = standard(2026, date(2027, 3, 1))
    assert over.forecast(Decimal(40), Decimal(30)) == 40
    assert not over.forecast_met(Decimal(40), Decimal(30))
