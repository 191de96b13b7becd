"""Places are shared as 1, 2, 2, 4."""

import pytest

from trainer.competitions.rules.ranking import rank


@pytest.mark.parametrize(
    ("scores", "places"),
    [
        ([], []),
        ([7], [1]),
        ([9, 8, 7], [1, 2, 3]),
        ([9, 8, 8, 7], [1, 2, 2, 4]),
        ([9, 9, 9, 8], [1, 1, 1, 4]),
        ([9, 8, 8, 8, 7, 7, 6], [1, 2, 2, 2, 5, 5, 7]),
        ([5, 5], [1, 1]),
    ],
)
def test_equals_share_a_place_and_the_next_one_counts_them_all(scores, places):
    ranked = rank(scores, lambda score: -score, then=lambda score: 0)
    assert [place for place, _ in ranked] == places
    assert [score for _, score in ranked] == scores


def test_the_order_for_reading_decides_no_place():
    ranked = rank([("乙", 8), ("甲", 8), ("丙", 9)], lambda one: -one[1], then=lambda one: one[0])
    assert ranked == [(1, ("丙", 9)), (2, ("乙", 8)), (2, ("甲", 8))]


def test_a_value_of_none_is_a_value_like_any_other():
    assert [place for place, _ in rank([None, None], lambda one: (), then=lambda one: 0)] == [1, 1]
