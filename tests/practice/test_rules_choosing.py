"""What comes next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.core.errors import Invalid
from trainer.practice.rules.choosing import Known, Picked, Unseen, choose, queues, wanted
from trainer.practice.rules.wrong_answers import Standing, after_answer

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def known(item_id, *, chance=0.5, due=-1, wrong=False, rested=True):
    return Known(item_id, chance, NINE + due * HOUR, wrong, rested)


def pick(items, unseen=(), mode="continue", **changes):
    given_ = {"now": NINE, "turn": 0, "reviews_left": 40, "just_seen": None, "seed": "s"} | changes
    return choose(items, unseen, mode, **given_)


def test_due_takes_the_weakest_first():
    assert pick([known(1, chance=0.9), known(2, chance=0.3), known(3, chance=0.6)], mode="due") == Picked(2, "due")


@pytest.mark.parametrize(("due", "comes"), [(-1, True), (0, True), (1, False)])
def test_due_is_due_from_its_moment_on(due, comes):
    assert (pick([known(1, due=due)], mode="due") is not None) is comes


@pytest.mark.parametrize(("left", "comes"), [(1, True), (0, False), (None, True)])
def test_the_day_brings_no_more_reviews_than_its_limit(left, comes):
    assert (pick([known(1)], mode="due", reviews_left=left) is not None) is comes


def test_after_the_limit_continue_goes_on_with_what_is_new():
    assert pick([known(1)], [Unseen(9, False)], reviews_left=0) == Picked(9, "new")


@pytest.mark.parametrize(("turn", "queue"), [(0, "due"), (1, "wrong"), (2, "new"), (3, "due")])
def test_continue_takes_the_queues_in_turn(turn, queue):
    items = [known(1), known(2, due=5, wrong=True)]
    assert pick(items, [Unseen(3, False)], turn=turn).queue == queue


def test_what_is_empty_is_passed_over_in_the_order_due_wrong_new():
    assert pick([known(2, due=5, wrong=True)], [Unseen(3, False)], turn=0).queue == "wrong"
    assert pick([known(1)], [], turn=2).queue == "due"


def test_a_wrong_answer_rests_before_continue_shows_it_again_and_not_in_its_own_mode():
    fresh = known(1, due=5, wrong=True, rested=False)
    assert pick([fresh]) is None
    assert pick([fresh], mode="wrong") == Picked(1, "wrong")
    assert pick([fresh, known(2, due=5, wrong=True, chance=0.9)], mode="wrong") == Picked(2, "wrong")


def test_new_prefers_the_own_field():
    unseen = [Unseen(number, number == 17) for number in range(1, 40)]
    assert {pick([], unseen, "new", seed=str(seed)).item_id for seed in range(20)} == {17}


def test_new_is_varied_by_the_seed_and_not_by_the_order_of_rows():
    unseen = [Unseen(number, False) for number in range(1, 40)]
    assert len({pick([], unseen, "new", seed=str(seed)).item_id for seed in range(20)}) > 5
    assert pick([], unseen, "new") == pick([], unseen[::-1], "new")


def test_the_item_just_seen_comes_only_where_there_is_nothing_else():
    assert pick([known(1, chance=0.1), known(2)], mode="due", just_seen=1) == Picked(2, "due")
    assert pick([known(1)], [Unseen(2, False)], just_seen=1) == Picked(2, "new")
    assert pick([known(1, wrong=True)], mode="wrong", just_seen=1) == Picked(1, "wrong")


def test_a_drill_goes_on_with_what_is_known_and_continue_does_not():
    items = [known(1, chance=0.9, due=5), known(2, chance=0.8, due=5)]
    assert pick(items, mode="topic") == Picked(2, "again")
    assert pick(items) is None


def test_nothing_known_and_nothing_new_is_nothing():
    assert all(pick([], [], mode) is None for mode in ("continue", "due", "wrong", "new", "topic"))


knowns = st.lists(
    st.builds(
        Known,
        st.integers(1, 30),
        st.floats(0, 1),
        st.integers(-50, 50).map(lambda hours: NINE + hours * HOUR),
        st.booleans(),
        st.booleans(),
    ),
    max_size=15,
    unique_by=lambda row: row.item_id,
)
unseens = st.lists(
    st.builds(Unseen, st.integers(31, 60), st.booleans()), max_size=15, unique_by=lambda row: row.item_id
)


@given(
    knowns,
    unseens,
    st.sampled_from(["continue", "due", "wrong", "new", "topic"]),
    st.integers(0, 9),
    st.integers(0, 60),
)
def test_what_is_picked_belongs_to_its_queue(items, unseen, mode, turn, just_seen):
    picked = pick(items, unseen, mode, turn=turn, just_seen=just_seen)
    assert picked == pick(items[::-1], unseen[::-1], mode, turn=turn, just_seen=just_seen)
    if picked is None:
        assert mode != "new" or not unseen
        assert mode != "topic" or not (items or unseen)
        return
    assert picked.queue in queues(mode, turn)
    row = next((one for one in items if one.item_id == picked.item_id), None)
    assert (row is None) is (picked.queue == "new")
    if picked.queue == "due":
        assert row.due_at <= NINE
    if picked.queue == "wrong":
        assert row.wrong
    if mode in ("topic", "new") and len(items) * (mode == "topic") + len(unseen) > 1:
        assert picked.item_id != just_seen


@pytest.mark.parametrize(
    ("mode", "filters", "places"),
    [
        ("sideways", {}, ["mode"]),
        ("topic", {}, ["topic"]),
        ("law", {"topic": "penalty_law"}, ["law"]),
        ("new", {"topic": "no_such"}, ["topic"]),
        ("new", {"law": "无此法"}, ["law"]),
        ("new", {"wing": "x", "field": "y"}, ["wing", "field"]),
    ],
)
def test_unknown_or_missing_parts_are_refused_at_their_place(mode, filters, places):
    with pytest.raises(Invalid) as refusal:
        wanted(mode, **filters)
    assert [problem.field for problem in refusal.value.problems] == places


def test_a_law_is_wanted_by_short_or_full_title_and_empty_filters_are_none():
    assert wanted("law", law="《中华人民共和国行政处罚法》", topic="").filters == {"law": "行政处罚法"}
    assert wanted(None).mode == "continue"


@pytest.mark.parametrize(
    ("answers", "in_book"),
    [
        ([True], False),
        ([False], True),
        ([False, True], True),
        ([False, True, True], False),
        ([False, True, False, True], True),
        ([True, True, False], True),
        ([False, True, True, True], False),
    ],
)
def test_the_book_keeps_an_item_until_two_right_answers_in_a_row(answers, in_book):
    standing = Standing()
    for correct in answers:
        standing = after_answer(standing, correct)
    assert standing.wrong is in_book
