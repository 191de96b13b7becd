"""Where a version of a law stands on a day."""

from datetime import date

import pytest

from trainer.laws.rules import Span, last_day, spans_of, standing

FIRST, SECOND = date(2020, 3, 1), date(2026, 12, 1)


@pytest.mark.parametrize(
    ("known", "spans"),
    [
        ([(FIRST, None)], [Span(FIRST, None)]),
        ([(FIRST, None), (SECOND, None)], [Span(FIRST, SECOND), Span(SECOND, None)]),
        ([(FIRST, date(2026, 1, 1)), (SECOND, None)], [Span(FIRST, date(2026, 1, 1)), Span(SECOND, None)]),
        ([(FIRST, date(2027, 1, 1)), (SECOND, None)], [Span(FIRST, SECOND), Span(SECOND, None)]),
        ([(FIRST, None), (None, None)], [Span(FIRST, None), Span(None, None)]),
    ],
)
def test_a_version_holds_until_the_next_one_takes_force_or_it_is_repealed(known, spans):
    assert spans_of(known) == spans


@pytest.mark.parametrize(
    ("span", "day", "told"),
    [
        (Span(FIRST, SECOND), date(2020, 2, 29), "upcoming"),
        (Span(FIRST, SECOND), FIRST, "in_force"),
        (Span(FIRST, SECOND), date(2026, 11, 30), "in_force"),
        (Span(FIRST, SECOND), SECOND, "ended"),
        (Span(None, None), FIRST, "start_unknown"),
        (Span(None, SECOND), SECOND, "ended"),
    ],
)
def test_the_first_day_counts_and_the_day_of_the_end_does_not(span, day, told):
    assert standing(span, day) == told


def test_the_last_day_is_the_one_before_the_end():
    assert last_day(Span(FIRST, SECOND)) == date(2026, 11, 30)
    assert last_day(Span(FIRST, None)) is None
