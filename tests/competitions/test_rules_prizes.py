"""Which place brings which prize."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.competitions.rules.prizes import (
    BOARDS,
    Cut,
    Prize,
    cuts_of,
    places_of,
    prize_at,
    prize_of_row,
    prize_problems,
    read_prizes,
    written,
)
from trainer.competitions.rules.ranking import rank

FIRST, SECOND = Prize("individual", "一等奖", places=1), Prize("individual", "二等奖", places=2)
SHARE = Prize("individual", "优胜奖", percent=10)


@pytest.mark.parametrize(
    ("places", "prizes"),
    [
        ((1, 2, 3, 4), ("一等奖", "二等奖", "二等奖", None)),
        ((1, 1, 3, 4), ("一等奖", "一等奖", "二等奖", None)),
        ((1, 2, 2, 2, 5), ("一等奖", "二等奖", "二等奖", "二等奖", None)),  # who shares the last place gets it too
        ((1, 1, 1, 4), ("一等奖", "一等奖", "一等奖", None)),  # nothing is left of the second prize
        ((1, 1, 1, 1), ("一等奖",) * 4),
        ((1,), ("一等奖",)),
    ],
)
def test_a_place_has_a_prize_and_ties_at_the_edge_all_get_it(places, prizes):
    cuts = cuts_of([FIRST, SECOND], "individual", len(places))
    assert tuple(prize_at(place, cuts) for place in places) == prizes


@pytest.mark.parametrize(("ranked", "places"), [(0, 0), (4, 0), (5, 1), (14, 1), (15, 2), (100, 10), (1004, 100)])
def test_a_share_is_rounded_half_up(ranked, places):
    assert places_of(SHARE, ranked) == places


def test_prizes_count_by_board_and_add_up():
    prizes = [FIRST, Prize("team", "团体一等奖", places=3), SHARE]
    assert cuts_of(prizes, "individual", 30) == (Cut(1, "一等奖"), Cut(4, "优胜奖"))
    assert cuts_of(prizes, "team", 5) == (Cut(3, "团体一等奖"),)
    assert cuts_of(prizes, "unit", 5) == cuts_of(prizes, "individual", 0) == ()


sizes = st.one_of(
    st.builds(lambda n: {"places": n}, st.integers(1, 6)), st.builds(lambda n: {"percent": n}, st.integers(1, 100))
)
lists = st.lists(sizes, max_size=5).map(
    lambda given: [Prize("individual", f"{at} 等奖", **size) for at, size in enumerate(given)]
)


@given(lists, st.lists(st.integers(0, 8), min_size=1, max_size=40))
def test_one_place_one_prize_none_behind_a_worse_one_and_no_more_than_the_last_tie(prizes, scores):
    ranked = rank(scores, lambda one: -one, then=lambda one: 0)
    cuts = cuts_of(prizes, "individual", len(ranked))
    given_to = [prize_at(place, cuts) for place, _score in ranked]
    order = {prize.name: at for at, prize in enumerate(prizes)} | {None: len(prizes)}
    worth = [order[one] for one in given_to]
    assert worth == sorted(worth)
    assert len({(place, prize) for (place, _), prize in zip(ranked, given_to, strict=True)}) == len(
        {place for place, _ in ranked}
    )
    # All prizes together are given, no fewer, and more only to those who share the place of the last.
    number = min(cuts[-1].last if cuts else 0, len(ranked))
    winners = [place for (place, _), prize in zip(ranked, given_to, strict=True) if prize]
    assert len(winners) >= number
    assert set(winners[number:]) <= {ranked[number - 1][0] if number else 0}


@given(lists)
def test_what_is_written_is_read_back_and_what_is_kept_is_too(prizes):
    assert read_prizes("individual", written(prizes, "individual")) == (prizes, [])
    assert [prize_of_row(one.as_row()) for one in prizes] == prizes


@pytest.mark.parametrize(
    ("line", "prize"),
    [
        ("一等奖 2", Prize("team", "一等奖", places=2)),
        ("  一等奖   2 名 ", Prize("team", "一等奖", places=2)),
        ("优胜奖 10％", Prize("team", "优胜奖", percent=10)),
        ("2025 标兵 3个", Prize("team", "2025 标兵", places=3)),
        ("一等奖", None),
        ("12", None),
        ("一等奖 -1", None),
        ("一等奖 1.5%", None),
    ],
)
def test_a_line_is_a_name_and_a_number_or_a_share(line, prize):
    assert read_prizes("team", line) == (([prize], []) if prize else ([], [line.strip()]))


@pytest.mark.parametrize(
    ("prize", "field", "code"),
    [
        (Prize("hall", "一等奖", places=1), "by", "unknown_value"),
        (Prize("team", " ", places=1), "name", "required"),
        (Prize("team", "奖" * 31, places=1), "name", "too_long"),
        (Prize("individual", "一等奖", places=1), "name", "prize_named_twice"),
        (Prize("team", "一等奖"), "places", "prize_by_number_or_share"),
        (Prize("team", "一等奖", places=1, percent=1), "places", "prize_by_number_or_share"),
        (Prize("team", "一等奖", places=0), "places", "prize_number_out_of_range"),
        (Prize("team", "一等奖", places=100_001), "places", "prize_number_out_of_range"),
        (Prize("team", "一等奖", percent=0), "percent", "prize_share_out_of_range"),
        (Prize("team", "一等奖", percent=101), "percent", "prize_share_out_of_range"),
        (Prize("individual", "鼓励奖", percent=91), "percent", "prize_shares_beyond_all"),
    ],
)
def test_each_wrong_prize_is_refused_at_its_field(prize, field, code):
    (found,) = prize_problems([FIRST, SHARE, prize])
    assert (found.field, found.code) == (f"prizes.2.{field}", code)


def test_right_prizes_are_not_refused_and_too_many_are():
    right = [FIRST, SECOND, SHARE, *(Prize(by, "特别奖", percent=90) for by in BOARDS)]
    assert prize_problems(right) == []
    (found,) = prize_problems([FIRST] * 31)
    assert found.field == "prizes"
