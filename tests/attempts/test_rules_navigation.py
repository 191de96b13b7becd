"""When an item of a sequential attempt counts as left: the numbers of the saves decide."""

import pytest

from trainer.attempts.rules.navigation import first_seen, furthest, was_left


@pytest.mark.parametrize(
    ("first", "number", "seq", "left"),
    [
        ({}, 1, 9, False),
        ({1: 1}, 1, 2, False),
        ({1: 1, 2: 5}, 1, 4, False),
        ({1: 1, 2: 5}, 1, 5, False),
        ({1: 1, 2: 5}, 1, 6, True),
        ({1: 1, 2: 5}, 2, 6, False),
        ({1: 1, 4: 5}, 3, 6, True),
        ({1: 1, 4: 5}, 3, 4, False),
        ({1: 1, 2: 5, 3: 3}, 1, 4, True),
    ],
)
def test_an_item_is_left_from_the_first_number_of_any_later_item_on(first, number, seq, left):
    assert was_left(first, number, seq) is left


def test_the_lowest_number_counts_over_what_is_stored_and_what_comes_along():
    known = {1: 1, 2: 5}
    assert first_seen(known, [(2, 7), (3, 8), (3, 6), (1, 1)]) == {1: 1, 2: 5, 3: 6}
    assert known == {1: 1, 2: 5}


@pytest.mark.parametrize(("numbers", "at"), [([], 1), ([1], 1), ([3, 1], 3)])
def test_one_is_at_the_last_item_that_has_a_save(numbers, at):
    assert furthest(numbers) == at
