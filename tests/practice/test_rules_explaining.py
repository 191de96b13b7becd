"""What is told after an answer."""

import pytest

from question_bank import kinds
from question_bank.item import LegalBasis
from question_bank.kinds.case_study import expand
from tests.practice.factories import RIGHT, WRONG, shipped, small_item
from trainer.practice.rules.explaining import cite, explain


def told(kind, answer, **changes):
    item = small_item(kind=kind, **changes)
    return explain(item, answer, kinds.grade(item, answer, kinds.HALF_FOR_INCOMPLETE))


@pytest.mark.parametrize("kind", sorted(RIGHT))
def test_right_wrong_and_skipped_are_told_apart_in_each_kind(kind):
    assert [told(kind, answer).verdict for answer in (RIGHT[kind], WRONG[kind], None)] == ["right", "wrong", "skipped"]


def test_a_true_subset_is_part():
    assert told("multiple_choice", ["B"]).verdict == "part"


def test_each_option_says_whether_it_is_right_chosen_and_why():
    rows = [(one.key, one.right, one.chosen, one.note) for one in told("multiple_choice", ["A", "B"]).options]
    assert rows == [
        ("A", False, True, "CANARYNOTEA"),
        ("B", True, True, "CANARYNOTEB"),
        ("C", False, False, "CANARYNOTEC"),
        ("D", True, False, "CANARYNOTED"),
    ]


def test_true_or_false_shows_both_sides():
    assert [(one.key, one.right, one.chosen) for one in told("true_false", False).options] == [
        ("true", True, False),
        ("false", False, True),
    ]


def test_steps_stand_in_the_right_order_with_the_place_they_were_given():
    rows = [(one.key, one.place, one.given_place, one.right) for one in told("ordering", ["C", "B"]).options]
    assert rows == [("C", 1, 1, True), ("A", 2, None, False), ("B", 3, 2, False)]


def test_each_blank_shows_what_was_given_and_what_is_accepted():
    rows = [(one.given, one.right, one.accepted[-1]) for one in told("fill_blank", ["甲", "丁"]).blanks]
    assert rows == [("甲", True, "甲"), ("丁", False, "乙")]
    assert [one.given for one in told("fill_blank", None).blanks] == ["", ""]


def test_a_law_has_its_full_title_and_its_standing():
    cited = cite(LegalBasis("行政处罚法", "2021-01-22", "36"))
    assert (cited.title, cited.in_force) == ("中华人民共和国行政处罚法", True)
    unknown = cite(LegalBasis("无此法", "2021-01-22", "36"))
    assert (unknown.title, unknown.in_force) == ("无此法", None)


def test_every_shipped_item_can_be_explained():
    for item in shipped(count=10_000):
        for part in expand(item):
            assert explain(part, None, kinds.grade(part, None)).right_answer is not None
