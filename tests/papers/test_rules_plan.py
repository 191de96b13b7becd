"""Plans: every blueprint that can be met is drawn, papers are equally hard, and a stranger draws the same."""

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs import redraw
from trainer.bank.rules import PoolItem
from trainer.papers.rules.blueprint import DrawRules, SectionSpec, blueprint_problems, parts_of
from trainer.papers.rules.drawing import CannotDraw, find_lacks
from trainer.papers.rules.mending import Stock, standings
from trainer.papers.rules.plan import (
    TOLERANCE,
    band_of,
    canonical,
    commitment,
    continue_plan,
    draw_form,
    expected_share,
    make_plan,
)

TOPICS = ("a", "b", "c")


def item(number, topic="a", difficulty=2, **more):
    return PoolItem(f"q-{number:03}", number, number + 1000, "single_choice", "w", topic, difficulty, **more)


def spec(count, *topics, **more):
    return SectionSpec("一", "single_choice", count, Decimal(1), topics=tuple(topics), **more)


def plan_of(sections, pool, *, seed="s", first=1, count=1, same=False, shuffle=False, avoid=None, apart=False):
    asked = {"same_items": same, "shuffle_items": shuffle, "shuffle_options": False, "avoid": avoid, "apart": apart}
    return make_plan(sections, pool, seed, first=first, count=count, **asked)


def codes(plan, paper):
    return [[plan["items"][place][0] for place in held] for held in paper]


pools = st.lists(
    st.tuples(st.sampled_from(TOPICS), st.integers(1, 5), st.none() | st.integers(0, 10_000)), max_size=16
).flatmap(
    lambda rows: st.builds(
        lambda pairs: [
            item(n, topic, level, facility=share, rivals=frozenset(f"q-{b:03}" for a, b in pairs if a == n and b != n))
            for n, (topic, level, share) in enumerate(rows)
        ],
        st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=6).map(
            lambda pairs: [*pairs, *((b, a) for a, b in pairs)]
        ),
    )
)
mixes = st.dictionaries(st.sampled_from("12345"), st.integers(1, 2), max_size=2)
sections_of = st.lists(
    st.builds(
        lambda count, topics, mix, order: spec(
            max(count, sum(mix.values())), *topics, mix=tuple(mix.items()), order=order
        ),
        st.integers(1, 4),
        st.lists(st.sampled_from(TOPICS), max_size=2, unique=True),
        mixes,
        st.sampled_from(["drawn", "easy_first"]),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=200, deadline=None)
@given(sections_of, pools, st.booleans(), st.booleans(), st.sets(st.integers(0, 15), max_size=4))
def test_what_can_be_met_is_drawn_and_a_stranger_draws_the_same(sections, pool, same, shuffle, met):
    avoid = {2: frozenset(f"q-{n:03}" for n in met)}
    try:
        drawn = plan_of(sections, pool, count=3, same=same, shuffle=shuffle, avoid=None if same else avoid)
    except CannotDraw as refusal:
        left = pool if not refusal.forms else [one for one in pool if one.code not in avoid[2]]
        assert find_lacks(parts_of(sections, left), left)
        return
    assert len(drawn.papers) == 3
    by_code = {one.code: one for one in pool}
    for form, paper in enumerate(drawn.papers, start=1):
        held = [by_code[code] for section in codes(drawn.plan, paper) for code in section]
        assert [len(section) for section in paper] == [one.count for one in sections]
        assert len({one.code for one in held}) == len(held)
        assert not any(one.rivals & {other.code for other in held} for one in held)
        if form == 2 and not same:
            assert not avoid[2] & {one.code for one in held}
        for one, section in zip(sections, codes(drawn.plan, paper), strict=True):
            levels = Counter(str(by_code[code].difficulty) for code in section)
            assert all(levels[value] >= count for value, count in one.mix)
    plan = json.loads(canonical(drawn.plan))
    for form, paper in enumerate(drawn.papers, start=1):
        assert list(redraw.draw(plan, "s", form)) == codes(drawn.plan, paper)


def test_parallel_papers_have_equal_bands_and_nearly_equal_expected_points():
    pool = [item(n, difficulty=1 + n % 5, facility=None if n % 3 else 3000 + 60 * n) for n in range(100)]
    drawn = plan_of([spec(20)], pool, count=10)
    by_code = {one.code: one for one in pool}
    bands = [Counter(band_of(by_code[code]) for code in codes(drawn.plan, paper)[0]) for paper in drawn.papers]
    assert all(one == bands[0] for one in bands)
    shares = [expected_share(drawn.plan, paper) for paper in drawn.papers]
    assert max(shares) - min(shares) <= 2 * TOLERANCE
    assert len({tuple(paper[0]) for paper in drawn.papers}) == 10


def test_an_item_is_as_likely_as_any_other_of_its_band():
    pool = [item(n) for n in range(10)]
    drawn = plan_of([spec(3)], pool, count=2000)
    seen = Counter(place for paper in drawn.papers for place in paper[0])
    assert len(seen) == 10
    assert max(seen.values()) - min(seen.values()) < 160


def test_groups_that_contend_too_hard_get_items_of_their_own():
    pool = [item(n, "a") for n in range(12)] + [item(20 + n, "b") for n in range(12)]
    drawn = plan_of([spec(12), spec(12, "a")], pool, count=3)
    for paper in drawn.papers:
        assert all(code < "q-020" for code in codes(drawn.plan, paper)[1])


def test_a_candidate_who_has_met_much_gets_groups_of_his_own_and_one_too_many_is_told():
    pool = [item(n, difficulty=1 + n % 2) for n in range(12)]
    met = frozenset(one.code for one in pool if one.difficulty == 1)
    drawn = plan_of([spec(6)], pool, count=2, avoid={2: met})
    assert not met & set(codes(drawn.plan, drawn.papers[1])[0])
    with pytest.raises(CannotDraw) as refusal:
        plan_of([spec(6)], pool, count=3, avoid={2: met, 3: met | {"q-001"}})
    assert refusal.value.forms == 1
    assert [(lack.section, lack.missing) for lack in refusal.value.lacks] == [(1, 1)]


def test_further_papers_are_as_hard_and_leave_out_what_the_bank_has_lost():
    pool = [item(n, difficulty=1 + n % 5) for n in range(60)]
    before = plan_of([spec(10)], pool, count=3)
    left = [replace(one, version_id=9) if one.item_id < 5 else one for one in pool if one.item_id > 2]
    further = continue_plan(before.plan, [spec(10)], left, "s", first=4, count=2)
    assert further.plan["first"] == 4
    assert further.plan["target"] == before.plan["target"]
    for paper in further.papers:
        assert not {f"q-{n:03}" for n in range(5)} & set(codes(further.plan, paper)[0])
    assert draw_form(before.plan, "s", 2) == before.papers[1]


def test_the_commitment_binds_seed_and_plan():
    plan = plan_of([spec(3)], [item(n) for n in range(5)]).plan
    assert commitment("s", plan) == commitment("s", json.loads(canonical(plan)))
    assert commitment("s", plan) != commitment("t", plan)
    assert commitment("s", plan) != commitment("s", plan | {"tries": 31})


def test_named_items_stand_first_and_count_towards_the_mix():
    pool = [item(n, difficulty=1 + n % 2) for n in range(10)]
    drawn = plan_of([spec(4, mix=(("1", 2),), item_ids=("q-002", "q-001"))], pool, count=2)
    for paper in drawn.papers:
        held = codes(drawn.plan, paper)[0]
        assert held[:2] == ["q-002", "q-001"]
        assert sum(int(code[2:]) % 2 == 0 for code in held) >= 2


def test_easy_items_come_first_where_that_is_asked():
    pool = [item(n, difficulty=1 + n % 5) for n in range(40)]
    drawn = plan_of([spec(10, order="easy_first")], pool, count=3, shuffle=True)
    for paper in drawn.papers:
        shares = [drawn.plan["items"][place][2] for place in paper[0]]
        assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mix": (("1", 4), ("recall", 3), ("apply", 1))}, None),
        ({"mix": (("1", 4), ("recall", 3), ("apply", 2))}, "mix_exceeds_count"),
        ({"mix": (("1", 3), ("2", 2))}, "mix_exceeds_count"),
        ({"mix": (("6", 1),)}, "unknown_value"),
        ({"mix": (("1", 0),)}, "out_of_range"),
        ({"levels": ("deep",)}, "unknown_value"),
        ({"order": "hard_first"}, "unknown_value"),
        ({"mix": (("recall", 2), ("apply", 2))}, None),
    ],
)
def test_a_problem_of_a_section_is_told(change, code):
    problems = blueprint_problems([spec(4, **change)])
    assert [one.code for one in problems] == ([code] if code else [])


@pytest.mark.parametrize(
    ("rules", "fields"),
    [
        (DrawRules(), []),
        (DrawRules(3660, True, 1000), []),
        (DrawRules(-1), ["avoid_days"]),
        (DrawRules(3661, True, 1001), ["avoid_days", "exposure_most"]),
    ],
)
def test_rules_of_a_draw_have_limits(rules, fields):
    assert [one.field for one in rules.problems()] == fields


def test_what_would_mend_a_lack_is_told_where_it_is_enough():
    free = [item(n, "a") for n in range(4)] + [item(10 + n, "b") for n in range(4)]
    stock = Stock(free, exposed=(item(30, "a"),), met=(item(31, "a"), item(32, "a")))
    (stands,) = standings([spec(6, "a")], stock, mends=True)
    assert (stands.found, stands.missing, stands.exposed, stands.met) == (4, 2, 1, 2)
    assert stands.mends == (("fewer", 4), ("looser_topics", 0), ("avoidance", 0), ("write", 2))


@pytest.mark.parametrize("beside", [(), (spec(1, "b", pool="reserved"),)])
@pytest.mark.parametrize(
    ("pool", "reserve", "many", "offered"),
    [
        ("open", True, 5, True),
        ("open", True, 3, False),
        ("open", False, 5, False),
        ("reserved", False, 5, True),
    ],
)
def test_the_other_pool_is_proposed_where_it_is_enough_also_beside_a_section_that_uses_it(
    beside, pool, reserve, many, offered
):
    away = "reserved" if pool == "open" else "open"
    here = [item(n, "a", pool=pool) for n in range(2)] + [item(9, "b", pool="reserved")]
    there = [item(20 + n, "a", pool=away) for n in range(many)]
    used = {pool, *(one.pool for one in beside)}
    stock = Stock(here + there) if away in used else Stock(here, other=tuple(there))
    stands = standings([spec(5, "a", pool=pool), *beside], stock, mends=True, reserve=reserve)[0]
    assert stands.missing == 3
    assert (("other_pool", 0) in stands.mends) is offered


def test_a_line_of_the_mix_that_comes_up_short_is_named():
    pool = [item(n, difficulty=2) for n in range(9)]
    (stands,) = standings([spec(5, mix=(("2", 3), ("4", 2)))], Stock(pool), mends=True)
    assert [(lack.quota, lack.found, lack.missing) for lack in stands.lacks] == [("4", 0, 2)]
    assert stands.mends == (("fewer_4", 0), ("looser_mix", 0), ("write", 2))


def test_a_section_takes_laws_and_levels():
    pool = [item(0, laws=frozenset({"行政处罚法"}), level="recall"), item(1, level="recall"), item(2, level="apply")]
    assert find_lacks(parts_of([spec(1, laws=("行政处罚法",))], pool), pool) == []
    lacks = find_lacks(parts_of([spec(2, laws=("行政处罚法",)), spec(2, levels=("apply",))], pool), pool)
    assert [(lack.section, lack.found, lack.missing) for lack in lacks] == [(1, 1, 1), (2, 1, 1)]
