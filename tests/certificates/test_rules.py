"""How a certificate stands on a day."""

from datetime import date

import pytest

from trainer.certificates.rules import days_left, standing

FROM, UNTIL = date(2022, 11, 1), date(2027, 10, 31)


@pytest.mark.parametrize(
    ("state", "day", "found"),
    [
        ("valid", date(2022, 10, 31), "upcoming"),
        ("valid", date(2022, 11, 1), "valid"),
        ("valid", date(2027, 8, 1), "valid"),
        ("valid", date(2027, 8, 2), "expiring"),
        ("valid", date(2027, 10, 31), "expiring"),
        ("valid", date(2027, 11, 1), "expired"),
        ("suspended", date(2026, 1, 1), "suspended"),
        ("revoked", date(2028, 1, 1), "revoked"),
    ],
)
def test_both_days_are_included_and_ninety_days_warn(state, day, found):
    assert standing(state, FROM, UNTIL, day) == found


def test_days_left_turn_negative_after_the_last_day():
    assert [days_left(UNTIL, day) for day in (date(2027, 10, 30), UNTIL, date(2027, 11, 1))] == [1, 0, -1]
