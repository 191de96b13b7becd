"""From grades to points, totals, the pass and the release."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank import Grade
from tests.conftest import NINE
from trainer.marking.rules import mark_of, may_see_result, total


def _grade(fraction, *, correct=None):
    fraction = Decimal(fraction)
    return Grade(fraction=fraction, correct=fraction == 1 if correct is None else correct, answered=True)


@pytest.mark.parametrize(("mark", "passed"), [(None, None), ("3.00", True), ("3.01", False)])
def test_a_score_equal_to_the_pass_mark_passes(mark, passed):
    judged = [(Decimal(2), _grade("1")), (Decimal(2), _grade("0.5")), (Decimal(2), _grade("0"))]
    made = total([mark_of(*one) for one in judged], Decimal(mark) if mark else None)
    assert (made.score, made.max_points, made.correct_count, made.passed) == (Decimal("3.00"), Decimal(6), 1, passed)


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 3)), max_size=60))
def test_the_total_is_the_sum_of_the_marks_and_never_above_the_maximum(rows):
    judged = [(Decimal(points) / 100, _grade(Decimal(third) / 3)) for points, third in rows]
    made = total([mark_of(*one) for one in judged], None)
    assert made.score == sum((Decimal(mark["points"]) for mark in made.marks), Decimal(0))
    assert 0 <= made.score <= made.max_points


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("release", "submitted", "released_at", "now", "visible"),
    [
        ("after_submit", True, None, NINE, True),
        ("after_submit", False, None, NINE, False),
        ("after_close", True, None, NINE + HOUR - timedelta(microseconds=1), False),
        ("after_close", True, None, NINE + HOUR, True),
        ("after_close", True, NINE, NINE, True),
        ("manual", True, None, NINE + 100 * HOUR, False),
        ("manual", True, NINE + 2 * HOUR, NINE + 2 * HOUR, True),
        ("manual", True, NINE + 2 * HOUR, NINE + HOUR, False),
        ("manual", False, NINE, NINE, False),
    ],
)
def test_a_result_is_seen_by_the_release_rule_alone(release, submitted, released_at, now, visible):
    seen = may_see_result(release, submitted=submitted, ended_at=NINE + HOUR, released_at=released_at, now=now)
    assert seen is visible
