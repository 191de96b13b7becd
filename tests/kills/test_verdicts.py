"""What is said of a figure of the storms."""

import pytest

from bench.storms import Row


@pytest.mark.parametrize(
    ("value", "least", "verdict"),
    [
        (2.0, False, "moonshot"),
        (4.0, False, "must"),
        (4.1, False, "**not met**"),
        (9.0, True, "moonshot"),
        (4.0, True, "must"),
        (3.9, True, "**not met**"),
    ],
)
def test_a_figure_is_held_against_its_aims(value, least, verdict):
    row = Row("storm", "figure", "told", value, 4.0, 9.0 if least else 2.0, least=least)
    assert row.verdict == verdict
    assert row.is_met == (verdict != "**not met**")


def test_one_lost_answer_is_not_met():
    assert not Row("", "lost of the acknowledged", "1 of 31100", 1, 0).is_met
    assert Row("", "lost of the acknowledged", "0 of 31100", 0, 0).is_met
