"""Variants and enemies never meet in one paper, and what is lacking because of them is told exactly."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.bank.rules import Criteria, PoolItem
from trainer.papers.rules.drawing import CannotDraw, Part, count_suiting, divided, draw_items, find_lacks

TOPICS = ("a", "b", "c")


def pool_of(topics, *pairs):
    """A pool with one item for each topic, named by its place; ``pairs`` of places are rivals."""
    rivals = [set() for _ in topics]
    for one, other in pairs:
        if one != other:
            rivals[one].add(str(other))
            rivals[other].add(str(one))
    return [
        PoolItem(str(n), n, n, "single_choice", "w", topic, 1, rivals=frozenset(rivals[n]))
        for n, topic in enumerate(topics)
    ]


def part(count, *topics, codes=()):
    return Part(count, Criteria.of("single_choice", None, topics), tuple(codes))


def told(lacks):
    return [(lack.section, lack.wanted, lack.found, lack.missing) for lack in lacks]


def assert_peace(paper):
    drawn = [item for section in paper for item in section]
    assert len({item.code for item in drawn}) == len(drawn)
    assert not any(other.code in one.rivals for one, other in combinations(drawn, 2))


@pytest.mark.parametrize(
    ("parts", "topics", "pairs", "lacks"),
    [
        # A group of variants gives one item.
        ([part(1)], "aaa", [(0, 1), (1, 2), (0, 2)], []),
        ([part(2)], "aaa", [(0, 1), (1, 2), (0, 2)], [(1, 2, 1, 1)]),
        # Variants in two sections: one of these goes without.
        ([part(1, "a"), part(1, "b")], "ab", [(0, 1)], [(2, 1, 1, 1)]),
        # An item with two enemies that bear with each other: the two are taken.
        ([part(2)], "aaa", [(0, 1), (1, 2)], []),
        ([part(3)], "aaa", [(0, 1), (1, 2)], [(1, 3, 2, 1)]),
        # The one in the middle is the only one of its topic, so the others have to stand back.
        ([part(1, "b")], "aba", [(0, 1), (1, 2)], []),
        ([part(1, "b"), part(1, "a")], "aba", [(0, 1), (1, 2)], [(2, 1, 2, 1)]),
        ([part(1, "b"), part(1, "a")], "abaa", [(0, 1), (1, 2)], []),
        # A chain of four: its ends go together.
        ([part(1, "a"), part(1, "c")], "abbc", [(0, 1), (1, 2), (2, 3)], []),
    ],
)
def test_a_lack_caused_by_rivals_is_named_with_its_section_and_size(parts, topics, pairs, lacks):
    assert told(find_lacks(parts, pool_of(topics, *pairs))) == lacks


def test_a_named_item_keeps_its_rivals_out():
    pool = pool_of("aaaa", (0, 1), (0, 2))
    assert [item.code for item in draw_items([part(2, codes=["0"])], pool, "s")[0]] == ["0", "3"]


def test_named_items_that_are_rivals_are_told():
    lack = find_lacks([part(2, codes=["0", "1"]), part(1)], pool_of("aaaa", (0, 1)))[0]
    assert (lack.rivals, lack.unknown) == (("1",), ())


def test_what_suits_a_section_is_counted_as_a_paper_can_hold_it():
    assert count_suiting([part(1), part(1, "b")], pool_of("aabbb", (0, 1), (2, 3), (3, 4))) == [3, 2]


def test_every_variant_is_drawn_by_some_seed():
    pool = pool_of("aaa", (0, 1), (1, 2), (0, 2))
    assert {draw_items([part(1)], pool, str(seed))[0][0].code for seed in range(40)} == {"0", "1", "2"}


def test_items_that_could_all_be_taken_together_are_not_always_preferred():
    pool = pool_of("aaa", (0, 1), (1, 2))
    assert {draw_items([part(1)], pool, str(seed))[0][0].code for seed in range(40)} == {"0", "1", "2"}


def test_lists_that_are_divided_hold_rivals_only_where_one_of_them_will_do():
    pool = pool_of("a" * 30, *[(n, n + 1) for n in range(0, 28)])
    lists = divided([part(5), part(5)], pool, "s")
    assert_peace(lists)
    assert all(len(held) >= 5 for held in lists)


def fewest_missing(parts, pool):
    """The least number of places that stay empty, over every set of items without rivals."""
    best = sum(one.count for one in parts)
    for size in range(len(pool) + 1):
        for held in combinations(pool, size):
            if not any(other.code in one.rivals for one, other in combinations(held, 2)):
                best = min(best, _unfilled(parts, held))
    return best


def _unfilled(parts, held):
    owner = {}

    def place(number, tried):
        for item in held:
            if item.code not in tried and parts[number].criteria.takes(item):
                tried.add(item.code)
                if item.code not in owner or place(owner[item.code], tried):
                    owner[item.code] = number
                    return True
        return False

    return sum(not place(number, set()) for number, one in enumerate(parts) for _ in range(one.count))


places = st.integers(0, 7)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.builds(lambda count, topics: part(count, *topics), st.integers(0, 4), st.lists(st.sampled_from(TOPICS))),
        min_size=1,
        max_size=3,
    ),
    st.lists(st.sampled_from(TOPICS), min_size=8, max_size=8),
    st.lists(st.tuples(places, places), max_size=12),
    st.text(max_size=3),
)
def test_rivals_never_meet_and_the_lack_is_exact(parts, topics, pairs, seed):
    pool = pool_of(topics, *pairs)
    missing = sum(lack.missing for lack in find_lacks(parts, pool))
    assert missing == fewest_missing(parts, pool)
    if missing:
        with pytest.raises(CannotDraw):
            draw_items(parts, pool, seed)
        return
    paper = draw_items(parts, pool, seed)
    assert [len(section) for section in paper] == [one.count for one in parts]
    assert all(one.criteria.takes(item) for one, section in zip(parts, paper, strict=True) for item in section)
    assert_peace(paper)
