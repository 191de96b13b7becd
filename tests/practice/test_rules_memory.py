"""The memory of an item: deterministic, replayable, and kinder to the right than to the wrong."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.practice.rules.memory import LONGEST_DAYS, SLOW_SECONDS, STEP, replay, retrievability, review

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)

answers = st.lists(
    st.tuples(st.booleans(), st.none() | st.integers(0, 3600), st.integers(0, 60 * 24 * 400)), min_size=1, max_size=12
)


def in_time(rows):
    moments = sorted(minutes for *_, minutes in rows)
    return [
        (right, seconds, NINE + timedelta(minutes=at)) for (right, seconds, _), at in zip(rows, moments, strict=True)
    ]


def test_a_first_wrong_answer_comes_back_after_ten_minutes():
    assert review(None, False, None, NINE).due_at == NINE + STEP


def test_a_first_right_answer_rests_for_days():
    assert NINE + 2 * DAY <= review(None, True, None, NINE).due_at <= NINE + 4 * DAY


@pytest.mark.parametrize(
    ("seconds", "is_hard"), [(None, False), (0, False), (SLOW_SECONDS, False), (SLOW_SECONDS + 1, True)]
)
def test_only_a_slow_right_answer_is_hard(seconds, is_hard):
    made = review(None, True, seconds, NINE)
    assert (made.due_at < NINE + DAY) is is_hard


def test_how_long_a_wrong_answer_took_is_no_matter():
    assert review(None, False, 5, NINE) == review(None, False, 3000, NINE)


def test_an_answer_after_a_clock_set_back_counts_as_given_at_the_last_one():
    first = review(None, True, None, NINE)
    assert review(first.state, True, None, NINE - DAY) == review(first.state, True, None, NINE)


def test_the_time_zone_of_now_is_no_matter():
    city = NINE.astimezone(timezone(timedelta(hours=8)))
    assert review(None, True, None, city) == review(None, True, None, NINE)


def test_nothing_answered_is_no_memory_and_nothing_remembered():
    assert replay([]) is None
    assert retrievability(None, NINE) == 0


def test_what_was_learnt_fades():
    state = review(None, True, None, NINE).state
    chances = [retrievability(state, NINE + days * DAY) for days in (0, 1, 10, 100)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == 1
    assert chances[-1] < 0.9


@given(answers)
def test_replay_gives_the_same_card(rows):
    rows = in_time(rows)
    memory = None
    for right, seconds, at in rows:
        memory = review(memory.state if memory else None, right, seconds, at)
    assert replay(rows) == memory == replay(rows)


@given(answers)
def test_an_item_always_comes_back_and_within_a_year(rows):
    rows = in_time(rows)
    memory = replay(rows)
    last = rows[-1][2]
    assert last < memory.due_at <= last + timedelta(days=LONGEST_DAYS)


@given(answers)
def test_right_rests_at_least_as_long_as_wrong(rows):
    rows = in_time(rows)
    before = replay(rows[:-1])
    state, at = (before.state if before else None), rows[-1][2]
    assert review(state, True, None, at).due_at >= review(state, False, None, at).due_at
