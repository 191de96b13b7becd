"""How many hours an event gives."""

from datetime import date
from decimal import Decimal

import pytest

from trainer.hours.rules.crediting import Caps, Event, hours_problems, hours_to_enter


def _event(hours="8"):
    return Event("class", "1", "培训班", Decimal(hours), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("cap", "earned", "entered"),
    [
        (None, "500", "8"),
        ("20", "0", "8"),
        ("20", "12", "8"),
        ("20", "12.5", "7.5"),
        ("20", "20", "0"),
        ("20", "24", "0"),
    ],
)
def test_a_cap_cuts_and_without_one_everything_is_entered(cap, earned, entered):
    caps = Caps({} if cap is None else {"class": Decimal(cap)})
    assert hours_to_enter(_event(), Decimal(earned), caps) == Decimal(entered)


def test_a_cap_of_another_source_does_not_matter():
    assert hours_to_enter(_event(), Decimal(100), Caps({"exam": Decimal(1)})) == 8


@pytest.mark.parametrize(
    ("hours", "days", "code"),
    [
        ("0.5", 1, None),
        ("8", 1, None),
        ("8.5", 1, "hours_beyond_days"),
        ("8.5", 2, None),
        ("16", 2, None),
        ("0", 1, "hours_beyond_days"),
        ("-1", 1, "hours_beyond_days"),
        ("0.25", 1, "hours_beyond_days"),
        ("1.25", 1, "hours_not_in_halves"),
        ("1.501", 1, "hours_not_in_halves"),
        ("NaN", 1, "hours_beyond_days"),
        ("Infinity", 1, "hours_beyond_days"),
        (None, 1, "required"),
    ],
)
def test_hours_of_a_class_come_in_halves_and_eight_a_day_at_most(hours, days, code):
    found = hours_problems(None if hours is None else Decimal(hours), days)
    assert [problem.code for problem in found] == ([code] if code else [])


def test_the_training_year_is_the_year_of_the_local_day():
    assert _event().year == 2026
