"""Sharing out whole numbers by weights."""

from collections import Counter
from random import Random

import pytest

from trainer.demo.rules.dealing import apportion, deal


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (0, [1, 2], [0, 0]),
        (10, [1, 1], [5, 5]),
        (3, [1, 1], [2, 1]),
        (100, [55, 30, 15], [55, 30, 15]),
        (7, [0, 1, 0], [0, 7, 0]),
        (4, [0, 0], [2, 2]),
        (1, [0.2, 0.5, 0.3], [0, 1, 0]),
    ],
)
def test_shares_add_up_and_follow_the_weights(total, weights, shares):
    assert apportion(total, weights) == shares


@pytest.mark.parametrize(("total", "weights"), [(1, []), (-1, [1]), (1, [1, -1])])
def test_nonsense_is_refused(total, weights):
    with pytest.raises(ValueError, match="apportion"):
        apportion(total, weights)


def test_labels_are_dealt_in_exact_numbers_and_shuffled():
    labels = deal(Random(1), 100, {"a": 70.0, "b": 30.0})
    assert Counter(labels) == {"a": 70, "b": 30}
    assert labels != sorted(labels)
