"""What the hall says of the time there really is before the start."""

import re
from datetime import timedelta

import pytest

from tests.attempts.factories import make_exam
from tests.conftest import NINE

MINUTE = timedelta(minutes=1)


def told(page):
    found = re.search(r"一律收卷：(.*?)。", page)
    return found and found.group(1)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        (0 * MINUTE, None),
        (60 * MINUTE, None),
        (61 * MINUTE, "现在开始，还能答 59 分钟"),
        (119.5 * MINUTE, "现在开始，还能答 0 分钟"),
    ],
)
def test_who_comes_late_is_told_what_is_left_before_pressing_start(city, as_user, clock, at, sentence):
    clock(NINE)
    exam = make_exam(city, NINE)
    clock(NINE + at)
    assert told(as_user("officer").get(f"/exams/{exam.exam_id}/hall").text) == sentence


def test_a_window_that_is_too_short_is_told_before_it_opens(city, as_user, clock):
    clock(NINE - 60 * MINUTE)
    exam = make_exam(city, NINE, opens_in=0, closes_in=45)
    assert told(as_user("officer").get(f"/exams/{exam.exam_id}/hall").text) == "这个窗口只够答 45 分钟"
