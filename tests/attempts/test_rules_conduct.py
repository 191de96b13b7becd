"""What leaving the page means: a mark on the board from the organiser's number on."""

import pytest

from trainer.attempts.rules.conduct import is_over_threshold


@pytest.mark.parametrize(
    ("losses", "threshold", "marked"),
    [(0, 1, False), (1, 1, True), (2, 3, False), (3, 3, True), (4, 3, True), (0, None, False), (500, None, False)],
)
def test_an_attempt_is_marked_from_the_threshold_on(losses, threshold, marked):
    assert is_over_threshold(losses, threshold) is marked
