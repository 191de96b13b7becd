"""Short answers: taken as typed, marked by a person along the rubric."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank import grade
from question_bank.kinds import RULES, answer_shape
from question_bank.kinds.short_answer import marked
from tests.question_bank.samples import make_item

ITEM = make_item("short_answer")


@pytest.mark.parametrize("rule", RULES)
def test_an_answer_waits_for_a_person_whatever_it_says(rule):
    result = grade(ITEM, ITEM.settings["sample"], rule)
    assert (result.fraction, result.correct, result.answered, result.needs_person) == (0, False, True, True)


def test_nobody_need_mark_an_empty_answer():
    assert not grade(ITEM, " \r\n ").needs_person


# The points of the rubric weigh 2 and 1.
@pytest.mark.parametrize(
    ("shares", "fraction", "correct"),
    [
        (("1", "1"), Decimal(1), True),
        (("1", "0"), Decimal(2) / 3, False),
        (("0.5", "1"), Decimal(2) / 3, False),
        (("0", "0.3"), Decimal("0.1"), False),
        (("0", "0"), Decimal(0), False),
    ],
)
def test_a_marker_gives_a_share_of_each_point(shares, fraction, correct):
    result = marked(ITEM, [Decimal(share) for share in shares])
    assert (result.fraction, result.correct, result.answered, result.needs_person) == (fraction, correct, True, False)


@pytest.mark.parametrize("shares", [["1"], ["1", "1", "1"], ["1.1", "0"], ["-0.1", "1"], ["NaN", "1"]])
def test_shares_that_fit_no_rubric_are_refused(shares):
    with pytest.raises(ValueError, match="one share"):
        marked(ITEM, [Decimal(share) for share in shares])


@given(st.lists(st.decimals(0, 1, places=2), min_size=2, max_size=2))
def test_a_mark_lies_between_nothing_and_everything(shares):
    result = marked(ITEM, shares)
    assert 0 <= result.fraction <= 1
    assert result.correct is (result.fraction == 1)


def test_the_length_is_a_thousand_characters_where_none_is_given():
    assert answer_shape(make_item("short_answer", max_length=...)) == {"kind": "short_answer", "max_length": 1000}
