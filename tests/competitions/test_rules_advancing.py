"""Who goes through to the next round."""

import pytest

from trainer.competitions.rules.advancing import Advanced, Ranked, advancing


def ranking(*places_and_units):
    return [Ranked(place, number, unit) for number, (place, unit) in enumerate(places_and_units, 1)]


FIVE = ranking((1, "a"), (2, "a"), (2, "b"), (4, "b"), (5, "c"))


@pytest.mark.parametrize(
    ("top", "per_unit", "expected"),
    [
        (0, 0, {}),
        (1, 0, {1: "top"}),
        (2, 0, {1: "top", 2: "top", 3: "tied"}),  # both who share place 2
        (3, 0, {1: "top", 2: "top", 3: "top"}),
        (4, 0, {1: "top", 2: "top", 3: "top", 4: "top"}),
        (9, 0, {1: "top", 2: "top", 3: "top", 4: "top", 5: "top"}),
        (1, 1, {1: "top", 3: "unit", 5: "unit"}),
        (1, 2, {1: "top", 2: "unit", 3: "unit", 4: "unit", 5: "unit"}),
        (3, 1, {1: "top", 2: "top", 3: "top", 5: "unit"}),
        (0, 1, {1: "unit", 3: "unit", 5: "unit"}),
    ],
)
def test_the_top_goes_through_with_its_ties_and_units_get_their_places_on_top(top, per_unit, expected):
    assert advancing(FIVE, top=top, per_unit_at_least=per_unit) == [
        Advanced(key, reason) for key, reason in expected.items()
    ]


def test_a_tie_at_the_edge_of_a_unit_goes_through_whole():
    found = advancing(ranking((1, "a"), (2, "b"), (2, "b"), (4, "b")), top=1, per_unit_at_least=1)
    assert found == [Advanced(1, "top"), Advanced(2, "unit"), Advanced(3, "unit")]


def test_nobody_goes_through_an_empty_round():
    assert advancing([], top=3, per_unit_at_least=2) == []
