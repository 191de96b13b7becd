"""Outlines, sums and dated fields: pure."""

from __future__ import annotations

from datetime import date

import pytest

from trainer.orgs.rules import HeldField, ancestors, depth, outline, overlapping, rebased, sum_up, with_ancestors

A, B, C, D = "000001/", "000001/000002/", "000001/000002/000003/", "000001/000004/"


def test_an_outline_knows_parents_levels_and_who_has_children():
    found = outline([(1, A), (2, B), (3, C), (4, D)])
    assert [(one.id, one.parent, one.level, one.has_children) for one in found] == [
        (1, None, 0, True),
        (2, 1, 1, True),
        (3, 2, 2, False),
        (4, 1, 1, False),
    ]


def test_a_unit_whose_parent_is_not_shown_stands_under_the_nearest_that_is():
    assert [(one.id, one.parent, one.level) for one in outline([(1, A), (3, C)])] == [(1, None, 0), (3, 1, 1)]
    assert [(one.id, one.parent, one.level) for one in outline([(3, C)])] == [(3, None, 0)]


def test_sums_take_in_the_whole_subtree_and_only_that():
    assert sum_up({A: 1, B: 2, C: 4, D: 8}, [A, B, C]) == {A: 15, B: 6, C: 4}


def test_ancestors_run_from_the_root_to_the_unit():
    assert ancestors(C) == [A, B, C]
    assert with_ancestors([C]) == {A, B, C}
    assert (depth(A), depth(C)) == (0, 2)


def test_a_path_follows_its_moved_root():
    assert rebased(C, B, D + "000002/") == "000001/000004/000002/000003/"


JAN, FEB, MAR = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ((JAN, FEB), (FEB, MAR), True),
        ((JAN, date(2026, 1, 31)), (FEB, MAR), False),
        ((None, None), (FEB, MAR), True),
        ((None, JAN), (FEB, None), False),
        ((FEB, None), (None, FEB), True),
    ],
)
def test_a_field_is_not_held_twice_on_one_day(first, second, clash):
    held = [HeldField("market", *first), HeldField("market", *second)]
    assert (overlapping(held) == held[1]) is clash


def test_different_fields_never_clash():
    assert overlapping([HeldField("market"), HeldField("water")]) is None
