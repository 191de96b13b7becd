"""Partial credit of fill in, matching and error finding, on both sides of every limit."""

from decimal import Decimal

import pytest

from question_bank import grade
from question_bank.kinds import RULES
from tests.question_bank.samples import make_item
from tests.question_bank.test_kinds import ANY_ORDER, ITEMS, TOLERANT, thirds


# Two blanks: 九十, 行政机关.
@pytest.mark.parametrize(
    ("answer", "nothing", "half", "share", "plus"),
    [
        (["90", "行政机关"], 1, 1, 1, 1),
        (["９０", " 执法机关。"], 1, 1, 1, 1),
        (["九十", ""], 0, Decimal("0.5"), Decimal("0.5"), Decimal("0.5")),
        (["", "行政机关"], 0, Decimal("0.5"), Decimal("0.5"), Decimal("0.5")),
        (["九十", "法院"], 0, 0, Decimal("0.5"), 0),
        (["六十", "法院"], 0, 0, 0, 0),
        (["六十", ""], 0, 0, 0, 0),
        (["行政机关", "九十"], 0, 0, 0, 0),
        (["90日", "行政机关"], 0, 0, Decimal("0.5"), 0),
        (["90天内", "行政机关"], 1, 1, 1, 1),
        (["。", "行政机关"], 0, Decimal("0.5"), Decimal("0.5"), Decimal("0.5")),
    ],
)
def test_fill_blank_under_each_rule(answer, nothing, half, share, plus):
    earned = [grade(ITEMS["fill_blank"], answer, rule).fraction for rule in RULES]
    assert earned == [nothing, half, share, plus]


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (["效率", "公正", "公开"], 3),
        (["公正", "公正", "效率"], 3),  # the second blank accepts 公正 too
        (["公开", "公开", "效率"], 2),  # but 公开 serves one blank only
        (["效率", "效率", "效率"], 1),
        (["公平", "公开", "公正"], 2),
    ],
)
def test_blanks_in_any_order_use_each_answer_once(answer, right):
    result = grade(ANY_ORDER, answer, "proportional")
    assert result.fraction == thirds(right)
    assert sum(part.right for part in result.parts) == right
    assert result.correct is (right == 3)


def test_without_any_order_the_place_counts():
    item = make_item("fill_blank", stem="____、____", key=[["公正"], ["公开"]])
    assert grade(item, ["公开", "公正"], "proportional").fraction == 0


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (["2592.45", "3%", "7天"], [True, True, True]),
        (["2592.95", "百分之三点二五", "七天"], [True, True, True]),
        (["2591.95", "2.75％", "8天"], [True, True, False]),
        (["2592.96", "3.26%", "7 天"], [False, False, True]),
        (["2，592.5", "3", "7.0天"], [True, False, True]),
        (["2592.4元", "3‰", "7"], [False, False, False]),
        (["2592-2593", "1/3%", "-7天"], [False, False, False]),
        (["约2592", "+3%", "七天多"], [False, True, False]),
    ],
)
def test_a_number_within_the_tolerance_and_of_the_same_unit_is_right(answer, right):
    assert [part.right for part in grade(TOLERANT, answer).parts] == right


def test_tolerance_holds_in_any_order_too():
    item = make_item("fill_blank", stem="____、____", key=[["10元"], ["20元"]], tolerance=["1", "1"], any_order=True)
    assert grade(item, ["20.5元", "9元"]).correct
    assert not grade(item, ["10元", "11元"]).correct


# The pairs are 1C 2A 3E.
@pytest.mark.parametrize(
    ("answer", "nothing", "half", "share", "plus"),
    [
        ("CAE", 1, 1, 1, 1),
        ("CA ", 0, Decimal("0.5"), thirds(2), thirds(2)),
        ("  E", 0, Decimal("0.5"), thirds(1), thirds(1)),
        ("CAD", 0, 0, 0, thirds(1)),
        ("CBD", 0, 0, 0, 0),
        ("CB ", 0, 0, 0, 0),
        ("B  ", 0, 0, 0, 0),
        ("CCC", 0, 0, 0, 0),
    ],
)
def test_matching_under_each_rule(answer, nothing, half, share, plus):
    given = {prompt: choice.strip() for prompt, choice in zip("123", answer, strict=True)}
    earned = [grade(ITEMS["matching"], given, rule).fraction for rule in RULES]
    assert earned == [nothing, half, share, plus]


# The faulty segments are 2 and 5 of 1 to 6.
@pytest.mark.parametrize(
    ("answer", "nothing", "half", "share", "plus"),
    [
        ("25", 1, 1, 1, 1),
        ("52", 1, 1, 1, 1),
        ("2", 0, Decimal("0.5"), Decimal("0.5"), Decimal("0.5")),
        ("251", 0, 0, 0, Decimal("0.5")),
        ("21", 0, 0, 0, 0),
        ("1", 0, 0, 0, 0),
        ("2513", 0, 0, 0, 0),
        ("123456", 0, 0, 0, 0),
    ],
)
def test_error_finding_under_each_rule(answer, nothing, half, share, plus):
    earned = [grade(ITEMS["error_finding"], list(answer), rule).fraction for rule in RULES]
    assert earned == [nothing, half, share, plus]


def test_hits_and_false_alarms_are_told_apart():
    assert [(part.place, part.right) for part in grade(ITEMS["error_finding"], ["5", "1"]).parts] == [
        ("1", False),
        ("5", True),
    ]
