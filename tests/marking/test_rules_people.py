"""One marker or two, points by line, what they make of a result, how evenly they were given."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NINE
from tests.question_bank.samples import make_item
from trainer.marking.rules.consistency import agreement, spread
from trainer.marking.rules.double import Outcome, outcome, seats
from trainer.marking.rules.rubric import ItemKey, line_points, lines_problems, may_begin, place_of, with_marks


def _outcome(*given_points, double=True, tolerance="1"):
    given_by_seat = {seat: Decimal(one) for seat, one in enumerate(given_points, 1) if one is not None}
    return outcome(given_by_seat, double=double, tolerance=Decimal(tolerance))


@pytest.mark.parametrize(
    ("marks", "double", "tolerance", "points", "wants_third"),
    [
        ((), False, "0", None, False),
        (("3.5",), False, "0", "3.5", False),
        (("3",), True, "1", None, False),
        ((None, "3"), True, "1", None, False),
        (("3", "4"), True, "1", "3.50", False),
        (("3", "4.01"), True, "1", None, True),
        (("4.01", "3"), True, "1", None, True),
        (("3", "3"), True, "0", "3.00", False),
        (("3", "3.01"), True, "0", None, True),
        # Half a hundredth goes up.
        (("3.01", "3.02"), True, "1", "3.02", False),
        (("0", "6", "5"), True, "1", "5", True),
        # The third counts only while the other two differ.
        (("5", "6", "0"), True, "1", "5.50", False),
        ((None, "6", "5"), True, "1", None, False),
    ],
)
def test_two_marks_within_the_tolerance_give_their_mean_and_a_third_decides_beyond_it(
    marks, double, tolerance, points, wants_third
):
    made = _outcome(*marks, double=double, tolerance=tolerance)
    assert made == Outcome(None if points is None else Decimal(points), wants_third)


def test_seats_are_one_two_and_the_third_where_two_differ():
    assert seats(double=False, wants_third=False) == (1,)
    assert seats(double=True, wants_third=False) == (1, 2)
    assert seats(double=True, wants_third=True) == (1, 2, 3)


@given(st.integers(1, 2000), st.lists(st.integers(1, 100), min_size=1, max_size=20))
def test_lines_of_the_rubric_add_up_to_the_points_of_the_item(hundredths, weights):
    item = make_item("short_answer", rubric=[{"point": "要点", "weight": one} for one in weights])
    lines = line_points(item, Decimal(hundredths) / 100)
    assert sum(lines) == Decimal(hundredths) / 100
    assert all(line >= 0 for line in lines)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("0", "2"), []),
        (("4", "2"), []),
        (("4.01", "2"), [("lines.0", "out_of_range")]),
        (("-0.01", "2"), [("lines.0", "out_of_range")]),
        (("1", "NaN"), [("lines.1", "out_of_range")]),
        (("1.005", "2"), [("lines.0", "two_decimals")]),
        (("1",), [("lines", "line_count")]),
    ],
)
def test_points_by_line_are_held_to_the_rubric(lines, found):
    problems = lines_problems([Decimal(one) for one in lines], [Decimal(4), Decimal(2)])
    assert [(one.field, one.code) for one in problems] == found


MACHINE = {"points": "2.00", "fraction": "1", "correct": True, "answered": True}
WAITS = {"points": "0.00", "fraction": "0", "correct": False, "answered": True, "waits": True}


def test_nothing_counts_until_the_last_answer_is_marked():
    most = Decimal(6)
    made = with_marks([MACHINE, WAITS, WAITS], {2: (Decimal(5), most), 3: (None, most)}, Decimal(8))
    assert (made.score, made.unmarked, made.passed, made.marks) == (2, 1, None, [MACHINE, WAITS, WAITS])


@pytest.mark.parametrize(("second", "passed"), [("1.00", True), ("0.99", False)])
def test_the_last_mark_makes_score_pass_and_right_answers(second, passed):
    made = with_marks(
        [MACHINE, WAITS, WAITS], {2: (Decimal("5.00"), Decimal(5)), 3: (Decimal(second), Decimal(6))}, Decimal(8)
    )
    assert (made.score, made.unmarked, made.passed) == (Decimal("7.00") + Decimal(second), 0, passed)
    assert made.correct_count == 2
    assert "waits" not in made.marks[2]


def test_a_finished_result_waits_again_when_an_answer_is_reopened():
    given_points = {2: (Decimal("5.00"), Decimal(6))}
    done = with_marks([MACHINE, WAITS], given_points, Decimal(7))
    assert with_marks(done.marks, {2: (None, Decimal(6))}, Decimal(7)).marks == [MACHINE, WAITS]


def test_the_order_follows_the_seed_alone():
    attempts = range(1, 60)
    order = sorted(attempts, key=lambda one: place_of("seed", one, 2))
    assert order == sorted(attempts, key=lambda one: place_of("seed", one, 2))
    assert order != sorted(order)
    assert order != sorted(attempts, key=lambda one: place_of("other", one, 2))
    assert all(0 <= place_of("seed", one, 2) < 2**48 for one in attempts)


@pytest.mark.parametrize(
    ("release", "hours", "may"),
    [("after_submit", -1, True), ("after_close", -1, False), ("after_close", 0, True), ("manual", 0, True)],
)
def test_markers_wait_until_nobody_writes_any_more(release, hours, may):
    from datetime import timedelta

    assert may_begin(NINE + timedelta(hours=hours), release=release, ended_at=NINE) is may


@pytest.mark.parametrize("text", ["", "1-2", "1-2-3-4", "a-0-600", "1-0--5", "１-0-600", "1" * 20 + "-0-1"])
def test_a_key_of_an_item_is_read_as_it_was_written_and_nothing_else_is(text):
    key = ItemKey(17, 3, Decimal("6.50"))
    assert ItemKey.parse(str(key)) == key
    assert ItemKey.parse(text) is None


def test_spread_and_agreement_tell_means_with_their_number():
    assert (spread(0, 0, 0).mean, spread(1, 300, 90000).deviation) == (None, None)
    made = spread(2, 300 + 500, 300**2 + 500**2)
    assert (made.mean, made.deviation) == (Decimal("4.00"), Decimal("1.41"))
    empty, some = agreement(0, 0, 0, 0), agreement(4, 3, 600, -200)
    assert (empty.share, empty.distance) == (None, None)
    assert (some.share, some.distance, some.leaning) == (0.75, Decimal("1.50"), Decimal("-0.50"))
    assert [agreement(n, 0, 0, 0).is_telling for n in (9, 10)] == [False, True]
