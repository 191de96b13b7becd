"""Points and what is wrong with a blueprint."""

from dataclasses import replace
from decimal import Decimal

import pytest

from question_bank.kinds import KINDS
from trainer.papers.rules.blueprint import SectionSpec, blueprint_problems, max_points, presets
from trainer.papers.rules.scoring import has_passed, item_points, total_points

GOOD = SectionSpec("单选题", "single_choice", 40, Decimal("1"))


@pytest.mark.parametrize(
    ("points", "fraction", "earned"),
    [
        ("2", "1", "2.00"),
        ("2", "0", "0.00"),
        ("1", "0.5", "0.50"),
        ("0.01", "0.5", "0.01"),
        ("0.25", "0.5", "0.13"),
        ("1", "0.3333333333333333333333333333", "0.33"),
        ("1", "0.6666666666666666666666666667", "0.67"),
        ("1.25", "0.996", "1.25"),
        ("1", "0.335", "0.34"),
    ],
)
def test_half_a_hundredth_is_rounded_up(points, fraction, earned):
    assert str(item_points(Decimal(points), Decimal(fraction))) == earned


def test_half_a_hundredth_is_rounded_up_also_where_a_fraction_has_no_end():
    for right, blanks, hundredths in ((5, 14, 2793), (1, 12, 150), (5, 6, 105)):
        exact = (2 * hundredths * right + blanks) // (2 * blanks)
        assert item_points(Decimal(hundredths) / 100, Decimal(right) / Decimal(blanks)) * 100 == exact


def test_the_total_is_the_sum_of_what_each_item_shows():
    assert str(total_points([Decimal("0.33")] * 3)) == "0.99"
    assert str(total_points([])) == "0.00"


@pytest.mark.parametrize(
    ("score", "mark", "passed"), [("60", "60", True), ("59.99", "60", False), ("0", None, None), ("0", "0", True)]
)
def test_the_pass_mark_itself_passes(score, mark, passed):
    assert has_passed(Decimal(score), None if mark is None else Decimal(mark)) is passed


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": " "}, "title", "required"),
        ({"title": "题" * 121}, "title", "too_long"),
        ({"kind": "riddle"}, "kind", "unknown_value"),
        ({"count": 0}, "count", "out_of_range"),
        ({"count": 301}, "count", "out_of_range"),
        ({"points_each": Decimal("0")}, "points_each", "out_of_range"),
        ({"points_each": Decimal("NaN")}, "points_each", "out_of_range"),
        ({"points_each": Decimal("0.005")}, "points_each", "out_of_range"),
        ({"points_each": Decimal("1.005")}, "points_each", "two_decimals"),
        ({"partial_credit": "generous"}, "partial_credit", "unknown_value"),
        ({"wing": "fourth"}, "wing", "unknown_value"),
        ({"topics": ("nothing",)}, "topics", "unknown_topic"),
        ({"fields": ("nothing",)}, "fields", "unknown_enforcement_field"),
        ({"difficulty": (6,)}, "difficulty", "out_of_range"),
        ({"count": 1, "item_ids": ("a-1", "a-2")}, "item_ids", "too_many_named_items"),
    ],
)
def test_a_problem_stands_at_its_field(change, field, code):
    problems = blueprint_problems([GOOD, replace(GOOD, **change)])
    assert [(one.field, one.code) for one in problems] == [(f"sections.1.{field}", code)]


def test_limits_of_the_whole():
    assert blueprint_problems([GOOD]) == []
    assert blueprint_problems([])[0].code == "required"
    assert blueprint_problems([GOOD] * 21)[0].code == "too_many_sections"
    assert blueprint_problems([replace(GOOD, count=150)] * 2) == []
    assert blueprint_problems([replace(GOOD, count=151)] * 2)[0].code == "too_many_items"


def test_the_ready_made_blueprints_are_sound():
    usual, short, *others = presets({kind: kind for kind in KINDS})
    assert (max_points(usual.sections), usual.minutes, usual.pass_mark) == (100, 60, 60)
    assert [one.count for one in usual.sections] == [40, 20, 20]
    assert max_points(short.sections) == 25
    assert [one.slug for one in (usual, short, *others) if blueprint_problems(one.sections)] == []


def test_a_section_of_a_ready_made_blueprint_has_its_own_title_or_that_of_its_kind():
    kinds = {kind: f"<{kind}>" for kind in KINDS}
    for language, title in (("zh", "判断题（通用）"), ("en", "True or false (general)")):
        market = next(one for one in presets(kinds, language) if one.slug == "field_market")
        assert [part.title for part in market.sections if part.kind == "true_false"] == ["<true_false>", title]
