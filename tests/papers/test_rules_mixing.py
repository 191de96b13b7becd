"""Mixes by difficulty and by level at once: both hold, and a lack that is told for sure is the least there can be."""

from collections import Counter
from decimal import Decimal
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs import redraw
from trainer.bank.rules import PoolItem
from trainer.papers.rules import mixing
from trainer.papers.rules.blueprint import SectionSpec, parts_of
from trainer.papers.rules.drawing import CannotDraw, find_lacks
from trainer.papers.rules.mending import Stock, standings
from trainer.papers.rules.plan import make_plan

LEVELS = ("recall", "apply")


def pool_of(*labels, rivals=()):
    """Items of (difficulty, level, topic); pairs of ``rivals`` by place never meet."""
    return [
        PoolItem(
            f"q-{n}",
            n,
            n + 1000,
            "single_choice",
            "w",
            topic,
            difficulty,
            level=level,
            rivals=frozenset(f"q-{b}" for pair in rivals for a, b in (pair, pair[::-1]) if a == n != b),
        )
        for n, (difficulty, level, topic) in enumerate(labels)
    ]


def spec(count, *topics, mix=(), named=()):
    return SectionSpec("一", "single_choice", count, Decimal(1), topics=topics, mix=tuple(mix), item_ids=tuple(named))


def plan_of(sections, pool, *, seed="s", count=1, avoid=None, apart=False):
    asked = {"same_items": False, "shuffle_items": False, "shuffle_options": False, "avoid": avoid, "apart": apart}
    return make_plan(sections, pool, seed, first=1, count=count, **asked)


def papers_of(drawn):
    return [[[drawn.plan["items"][place][0] for place in held] for held in paper] for paper in drawn.papers]


def holds(one, held):
    seen = Counter(value for item in held for value in (str(item.difficulty), item.level))
    return len(held) == one.count and all(seen[value] >= count for value, count in one.mix)


def told(lacks):
    return [(lack.quota, lack.also, lack.found, lack.missing) for lack in lacks]


def fewest_missing(sections, pool):
    """The least number of items that would have to be added, over every way to share out the pool."""
    best = sum(one.count for one in sections)
    for owners in product(range(len(sections) + 1), repeat=len(pool)):
        taken = [item for item, owner in zip(pool, owners, strict=True) if owner]
        if any(other.code in one.rivals for one, other in combinations(taken, 2)):
            continue
        missing = 0
        for number, one in enumerate(sections, start=1):
            held = [item for item, owner in zip(pool, owners, strict=True) if owner == number]
            short = one.count - len(held)
            seen = Counter(value for item in held for value in (str(item.difficulty), item.level))
            short_of = [
                sum(max(0, least - seen[value]) for value, least in one.mix if value.isdigit() is sort)
                for sort in (True, False)
            ]
            if max(short_of) > short or (one.topics and any(item.topic not in one.topics for item in held)):
                break
            missing += short
        else:
            best = min(best, missing)
    return best


labels = st.tuples(st.integers(1, 2), st.sampled_from(LEVELS), st.sampled_from("ab"))
difficulties = st.dictionaries(st.sampled_from("12"), st.integers(1, 2), min_size=1, max_size=2)
depths = st.dictionaries(st.sampled_from(LEVELS), st.integers(1, 2), min_size=1, max_size=2)


def both(more, hard, deep, topics=()):
    count = more + max(sum(hard.values()), sum(deep.values()))
    return spec(count, *topics, mix=[*hard.items(), *deep.items()])


crossings = st.builds(both, st.integers(0, 2), difficulties, depths, st.sampled_from([(), ("a",)]))


@settings(max_examples=200, deadline=None)
@given(crossings, st.lists(labels, max_size=8))
def test_the_lack_of_one_section_is_exact_and_what_can_be_met_is_drawn(one, rows):
    pool = pool_of(*rows)
    lacks = find_lacks(parts_of([one], pool), pool)
    assert all(lack.sure for lack in lacks)
    assert sum(lack.missing for lack in lacks) == fewest_missing([one], pool)
    if lacks:
        with pytest.raises(CannotDraw):
            plan_of([one], pool)
        return
    drawn = plan_of([one], pool, count=3)
    by_code = {item.code: item for item in pool}
    for form, paper in enumerate(papers_of(drawn), start=1):
        assert holds(one, [by_code[code] for code in paper[0]])
        assert list(redraw.draw(drawn.plan, "s", form)) == paper


others = st.builds(
    lambda count, topics, mix: spec(max(count, sum(mix.values())), *topics, mix=mix.items()),
    st.integers(1, 2),
    st.sampled_from([(), ("a",)]),
    st.dictionaries(st.sampled_from("12"), st.integers(1, 1), max_size=1),
)


@settings(max_examples=100, deadline=None)
@given(crossings, crossings | others, st.lists(labels, max_size=6), st.lists(st.tuples(*[st.integers(0, 5)] * 2)))
def test_where_sections_contend_and_rivals_never_meet_a_lack_is_exact_or_said_to_be_a_bound(one, other, rows, pairs):
    sections = [one, other]
    pool = pool_of(*rows, rivals=[pair for pair in pairs[:4] if pair[0] != pair[1]])
    lacks = find_lacks(parts_of(sections, pool), pool)
    missing, least = sum(lack.missing for lack in lacks), fewest_missing(sections, pool)
    assert missing >= least
    if all(lack.sure for lack in lacks):
        assert missing == least
    if lacks:
        return
    by_code = {item.code: item for item in pool}
    (paper,) = papers_of(plan_of(sections, pool))
    held = [[by_code[code] for code in codes] for codes in paper]
    assert all(map(holds, sections, held))
    everything = {item.code for items in held for item in items}
    assert len(everything) == sum(map(len, held))
    assert not any(item.rivals & everything for items in held for item in items)


MIX = (("4", 2), ("apply", 2))


@pytest.mark.parametrize(
    ("count", "pool", "lacks"),
    [
        (2, [(4, "apply", "a")] * 2, []),
        # Each mix by itself could be met; what is missing is both at once.
        (2, [(4, "recall", "a")] * 2 + [(1, "apply", "a")] * 2, [("4", "apply", 0, 2)]),
        (4, [(4, "recall", "a")] * 2 + [(1, "apply", "a")] * 2, []),
        (4, [(4, "recall", "a")] + [(1, "apply", "a")] * 3, [("4", "", 1, 1)]),
        (4, [(4, "recall", "a")] * 3 + [(1, "recall", "a")] * 3, [("apply", "", 0, 2)]),
        # Lines of the mix are filled before the rest.
        (4, [(4, "apply", "a")] * 2, [("", "", 2, 2)]),
    ],
)
def test_a_lack_is_named_by_its_lines(count, pool, lacks):
    held = pool_of(*pool)
    assert told(find_lacks(parts_of([spec(count, mix=MIX)], held), held)) == lacks


def test_named_items_count_towards_both_mixes_and_those_without_room_are_told():
    pool = pool_of((4, "apply", "a"), (4, "recall", "a"), (1, "apply", "a"), (1, "recall", "a"))
    one = spec(3, mix=MIX, named=["q-0", "q-3"])
    assert told(find_lacks(parts_of([one], pool), pool)) == [("4", "apply", 1, 1)]
    (paper,) = papers_of(plan_of([spec(3, mix=MIX, named=["q-1"])], pool))
    assert paper[0][0] == "q-1"
    assert set(paper[0]) == {"q-0", "q-1", "q-2"}
    (lack,) = find_lacks(
        parts_of([spec(2, mix=(("4", 2), ("apply", 1)), named=["q-3", "q-9", "q-0", "q-1"])], pool), pool
    )
    assert (lack.surplus, lack.unknown) == (("q-3",), ("q-9",))


def test_classes_are_used_in_proportion_to_what_they_hold():
    pool = pool_of(*[(1 + n % 2, LEVELS[n // 2 % 2], "a") for n in range(40)])
    parts = parts_of([spec(8, mix=(("1", 4), ("2", 4), ("recall", 4), ("apply", 4)))], pool)
    assert [(part.quota, part.also, part.count) for part in parts] == [
        (difficulty, level, 2) for difficulty in "12" for level in LEVELS
    ]


def test_the_order_of_the_pool_changes_nothing():
    pool = pool_of(*[(1 + n % 3, LEVELS[n % 2], "ab"[n % 2]) for n in range(30)])
    sections = [spec(6, mix=(("1", 2), ("3", 2), ("apply", 3))), spec(4, "a", mix=(("2", 2), ("recall", 3)))]
    assert parts_of(sections, pool) == parts_of(sections, pool[::-1])


def test_forms_that_avoid_items_of_their_own_split_the_mix_in_their_own_way():
    pool = pool_of(*[(4, "apply", "a")] * 2, *[(4, "recall", "a")] * 2, *[(1, "apply", "a")] * 2)
    one = spec(4, mix=MIX)
    drawn = plan_of([one], pool, count=2, avoid={2: frozenset({"q-0", "q-1"})})
    assert set(papers_of(drawn)[1][0]) == {"q-2", "q-3", "q-4", "q-5"}
    with pytest.raises(CannotDraw) as refusal:
        plan_of([one], pool, count=2, avoid={2: frozenset({"q-0", "q-1", "q-2"})})
    assert (refusal.value.forms, told(refusal.value.lacks)) == (1, [("4", "", 1, 1)])


def test_parallel_forms_share_nothing_where_the_bank_allows_it():
    pool = pool_of(*[(1 + n % 2, LEVELS[n // 2 % 2], "a") for n in range(40)])
    one = spec(8, mix=(("1", 4), ("apply", 4)))
    papers = papers_of(plan_of([one], pool, count=4, apart=True))
    by_code = {item.code: item for item in pool}
    assert len({code for paper in papers for code in paper[0]}) == 32
    assert all(holds(one, [by_code[code] for code in paper[0]]) for paper in papers)


def test_a_search_that_was_cut_short_says_so(monkeypatch):
    monkeypatch.setattr(mixing, "FLOWS_MOST", 1)
    # A variant in two cells is led through a pair of labels that neither has.
    pool = pool_of((1, "recall", "a"), (2, "apply", "a"), (3, "recall", "a"), rivals=[(0, 1)])
    one = spec(2, mix=(("1", 1), ("3", 1), ("apply", 1), ("recall", 1)))
    (lack,) = find_lacks(parts_of([one], pool), pool)
    assert (lack.missing, lack.sure) == (1, False)
    monkeypatch.undo()
    (lack,) = find_lacks(parts_of([one], pool), pool)
    assert (lack.missing, lack.sure) == (1, True)


def test_what_mends_a_lack_may_give_up_one_mix_or_lower_a_line():
    pool = pool_of(*[(4, "recall", "a")] * 3, *[(1, "apply", "a")] * 3)
    (stands,) = standings([spec(3, mix=MIX)], Stock(pool), mends=True)
    assert (stands.found, stands.missing) == (6, 1)
    assert stands.mends == (
        ("fewer_4", 1),
        ("fewer_apply", 1),
        ("looser_difficulty_mix", 0),
        ("looser_level_mix", 0),
        ("write", 1),
    )
