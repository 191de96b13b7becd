"""The draw: reproducible, without repeats, and never refusing a blueprint that can be met."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.papers.matching import unmatched
from trainer.bank.rules import Criteria, PoolItem
from trainer.papers.rules.chance import Dice
from trainer.papers.rules.drawing import (
    CannotDraw,
    Part,
    count_suiting,
    deal_papers,
    divided,
    draw_items,
    find_lacks,
    form_of_attempt,
    how_many_papers,
    shuffle_options,
)

TOPICS = ("a", "b", "c")


def make_pool(*groups):
    """A pool of ``(count, topic, difficulty)`` groups of single choice items."""
    items = []
    for count, topic, difficulty in groups:
        for _ in range(count):
            number = len(items)
            items.append(
                PoolItem(
                    f"q-{number:04}", number, number, "single_choice", "w", topic, difficulty, frozenset({"general"})
                )
            )
    return items


def part(count, *topics, difficulty=(), codes=()):
    return Part(count, Criteria.of("single_choice", None, topics, (), difficulty), tuple(codes))


def codes(sections):
    return [[item.code for item in section] for section in sections]


def test_one_seed_gives_one_paper_whatever_the_order_of_the_pool():
    pool = make_pool((30, "a", 2), (30, "b", 3))
    parts = [part(10, "a"), part(10)]
    assert codes(draw_items(parts, pool, "s")) == codes(draw_items(parts, pool[::-1], "s"))
    assert codes(draw_items(parts, pool, "s")) != codes(draw_items(parts, pool, "t"))


def test_the_draw_of_a_seed_never_changes():
    assert Dice("seed").sample(range(1000), 5) == [958, 581, 180, 509, 53]
    assert codes(draw_items([part(4)], make_pool((50, "a", 1)), "2026"))[0] == ["q-0037", "q-0046", "q-0020", "q-0043"]


def test_sections_that_want_the_same_items_share_them():
    pool = make_pool((10, "a", 1), (10, "b", 1))
    drawn = draw_items([part(10), part(10, "a")], pool, "s")
    assert {item.topic for item in drawn[1]} == {"a"}
    assert len({item.code for section in drawn for item in section}) == 20


@pytest.mark.parametrize(
    ("parts", "groups", "lacks"),
    [
        ([part(40)], [(40, "a", 1)], []),
        ([part(40)], [(39, "a", 1)], [(1, 40, 39, 1)]),
        ([part(3, "a"), part(3, "a")], [(5, "a", 1)], [(2, 3, 5, 1)]),
        ([part(3, "a"), part(3)], [(3, "a", 1), (2, "b", 1)], [(2, 3, 5, 1)]),
        ([part(3), part(3, "a")], [(3, "a", 1), (3, "b", 1)], []),
        ([part(2, "a", "b"), part(2, "b", "c"), part(2, "a", "c")], [(2, "a", 1), (2, "b", 1), (2, "c", 1)], []),
        ([part(2, "a"), part(2, "c")], [(2, "b", 1)], [(1, 2, 0, 2), (2, 2, 0, 2)]),
        ([part(0)], [], []),
    ],
)
def test_a_lack_is_named_with_its_section_and_size(parts, groups, lacks):
    found = find_lacks(parts, make_pool(*groups))
    assert [(lack.section, lack.wanted, lack.found, lack.missing) for lack in found] == lacks


def test_a_draw_that_cannot_be_met_is_refused_with_its_lacks():
    with pytest.raises(CannotDraw) as refusal:
        draw_items([part(2), part(9)], make_pool((10, "a", 1)), "s")
    assert [(lack.section, lack.missing) for lack in refusal.value.lacks] == [(2, 1)]


def test_named_items_come_first_and_nowhere_else():
    pool = make_pool((6, "a", 1), (6, "b", 1))
    drawn = draw_items([part(4), part(3, "a", codes=["q-0011", "q-0000"])], pool, "s")
    assert [item.code for item in drawn[1]][:2] == ["q-0011", "q-0000"]
    assert not {"q-0011", "q-0000"} & {item.code for item in drawn[0]}


@pytest.mark.parametrize("named", [["q-9999"], ["q-0000", "q-0000"]])
def test_named_items_that_are_not_there_are_told(named):
    lacks = find_lacks([part(5, codes=named)], make_pool((10, "a", 1)))
    assert lacks[0].unknown == (named[-1],)


def test_count_suiting_looks_at_each_section_by_itself():
    assert count_suiting([part(1, "a"), part(1), part(1, "c")], make_pool((5, "a", 1), (4, "b", 1))) == [5, 9, 0]


pools = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(TOPICS), st.integers(1, 3)), max_size=6)
wanted = st.lists(
    st.builds(
        lambda count, topics, levels: part(count, *topics, difficulty=levels),
        st.integers(0, 6),
        st.lists(st.sampled_from(TOPICS), max_size=2),
        st.lists(st.integers(1, 3), max_size=2),
    ),
    min_size=1,
    max_size=4,
)


def fewest_missing(parts, pool):
    """The least number of places that must stay empty."""
    return unmatched(parts, pool, [number for number, one in enumerate(parts) for _ in range(one.count)])


@settings(max_examples=150, deadline=None)
@given(wanted, pools, st.text(max_size=5))
def test_a_blueprint_is_drawn_exactly_when_it_can_be_met(parts, groups, seed):
    pool = make_pool(*groups)
    lacks = find_lacks(parts, pool)
    assert sum(lack.missing for lack in lacks) == fewest_missing(parts, pool)
    if lacks:
        with pytest.raises(CannotDraw):
            draw_items(parts, pool, seed)
        return
    drawn = draw_items(parts, pool, seed)
    assert [len(section) for section in drawn] == [one.count for one in parts]
    assert all(one.criteria.takes(item) for one, section in zip(parts, drawn, strict=True) for item in section)
    everything = [item.code for section in drawn for item in section]
    assert len(set(everything)) == len(everything)


@settings(max_examples=100, deadline=None)
@given(wanted, pools)
def test_items_are_divided_so_that_each_part_can_be_filled_by_its_own(parts, groups):
    pool = make_pool(*groups)
    if find_lacks(parts, pool):
        return
    lists = divided(parts, pool, "s")
    assert all(len(held) >= one.count for one, held in zip(parts, lists, strict=True))
    everything = [item.code for held in lists for item in held]
    assert len(set(everything)) == len(everything)
    assert all(one.criteria.takes(item) for one, held in zip(parts, lists, strict=True) for item in held)


def test_every_item_is_as_likely_as_any_other():
    pool = make_pool((10, "a", 1))
    seen = Counter(item.code for number in range(2000) for item in draw_items([part(3)], pool, str(number))[0])
    assert set(seen) == {item.code for item in pool}
    assert max(seen.values()) - min(seen.values()) < 160


def test_options_of_an_ordering_item_are_never_shown_in_the_right_order():
    keys = ["A", "B", "C"]
    orders = {tuple(shuffle_options(keys, str(seed), never=["B", "A", "C"])) for seed in range(200)}
    assert len(orders) == 5
    assert ("B", "A", "C") not in orders
    assert shuffle_options(["A"], "s", never=["A"]) == ["A"]


@pytest.mark.parametrize("papers", [1, 2, 3, 7])
def test_papers_are_dealt_evenly_and_by_seed(papers):
    people, ids = list(range(100, 120)), list(range(papers))
    dealt = deal_papers(people, ids, "s")
    assert set(dealt) == set(people)
    counts = Counter(dealt.values())
    assert max(counts.values()) - min(counts.values()) <= 1
    assert dealt == deal_papers(people[::-1], ids, "s")
    assert deal_papers(people, [], "s") == {}


@pytest.mark.parametrize(
    ("draw", "forms", "shuffled", "candidates", "papers"),
    [
        ("one_paper", 4, False, 900, 1),
        ("one_paper", 4, True, 900, 16),
        ("one_paper", 4, True, 3, 3),
        ("one_paper", 4, True, 0, 1),
        ("per_form", 4, False, 2, 4),
        ("per_form", 0, True, 2, 1),
        ("per_candidate", 4, True, 900, 900),
        ("per_candidate", 4, True, 0, 0),
    ],
)
def test_how_many_papers_are_compiled(draw, forms, shuffled, candidates, papers):
    assert how_many_papers(draw, forms=forms, shuffled=shuffled, candidates=candidates) == papers


@pytest.mark.parametrize(("attempts", "papers"), [(1, 9), (2, 18), (5, 45), (20, 45)])
def test_a_draw_of_ones_own_is_compiled_for_each_attempt_up_to_a_limit(attempts, papers):
    assert how_many_papers("per_candidate", forms=1, shuffled=False, candidates=9, attempts=attempts) == papers


@pytest.mark.parametrize(
    ("draw", "dealt", "forms", "attempts", "got"),
    [
        ("one_paper", 3, 1, 4, [3, 3, 3, 3]),
        ("per_form", 1, 3, 4, [1, 2, 3, 1]),
        ("per_form", 3, 3, 4, [3, 1, 2, 3]),
        ("per_form", 1, 1, 2, [1, 1]),
        ("per_candidate", 7, 1, 3, [7, 8, 9]),
        ("per_candidate", 6, 1, 7, [6, 7, 8, 9, 10, 6, 7]),
    ],
)
def test_a_later_attempt_gets_another_form_while_there_is_one(draw, dealt, forms, attempts, got):
    made = [form_of_attempt(draw, dealt, one, forms=forms, attempts=attempts) for one in range(1, attempts + 1)]
    assert made == got
