"""Breaking lines: nothing is lost, nothing is too wide, and punctuation stands where it may."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.documents.breaking import NEVER_FIRST, NEVER_LAST, broken


def measure(text):
    return sum(1 if sign.isascii() else 2 for sign in text)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("行政处罚", 8, ["行政处罚"]),
        ("行政处罚法", 8, ["行政处罚", "法"]),
        ("行政处罚，法", 8, ["行政处", "罚，法"]),
        ("行政处（罚）", 8, ["行政处", "（罚）"]),
        ("一 law of 二", 8, ["一 law", "of 二"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("一\n二", 8, ["一", "二"]),
        ("", 8, [""]),
    ],
)
def test_lines_break_where_they_may(text, width, lines):
    assert broken(text, width, measure) == lines


texts = st.text(st.sampled_from("行政处罚，。（）、ab1 ；"), max_size=60)


@given(texts, st.integers(12, 30))
def test_nothing_is_lost_and_nothing_is_too_wide(text, width):
    lines = broken(text, width, measure)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        # Only a run of punctuation that fills a line by itself may stand out.
        assert measure(line) <= width or all(sign in NEVER_FIRST | NEVER_LAST for sign in line[1:])


@given(st.text(st.sampled_from("行政处罚法条，。（"), max_size=60))
def test_a_mark_never_begins_a_line_after_words(text):
    lines = broken(text, 16, measure)
    for before, line in pairwise(lines):
        if any(sign not in NEVER_FIRST | NEVER_LAST for sign in before[1:]):
            assert line[:1] not in NEVER_FIRST
