"""Parallel forms: nothing in common where the bank allows it, as little as possible where it does not."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs import redraw
from tests.papers.matching import unmatched
from tests.papers.test_rules_plan import codes, item, plan_of, pools, sections_of, spec
from trainer.papers.rules.apart import Sharing, sharing_of, strata_of
from trainer.papers.rules.blueprint import parts_of
from trainer.papers.rules.drawing import CannotDraw, find_lacks, named_of
from trainer.papers.rules.plan import TOLERANCE, canonical, commitment, continue_plan, draw_form, expected_share

OLD = json.loads((Path(__file__).parent / "drawn_one_by_one.json").read_text("utf-8"))


def drawn_apart(sections, pool, forms, **more):
    return plan_of(sections, pool, count=forms, apart=True, **more)


def papers_apart(sections, pool, forms, **more):
    drawn = drawn_apart(sections, pool, forms, **more)
    return [codes(drawn.plan, paper) for paper in drawn.papers]


def repeated(papers, named=()):
    """How many places of all forms hold an item that an earlier form holds, named items left out."""
    held = [code for paper in papers for section in paper for code in section if code not in named]
    return len(held) - len(set(held))


def told(sections, pool, forms, seed="s"):
    parts = parts_of(sections, pool)
    return sharing_of(parts, strata_of(parts, pool, seed, forms), forms)


def fewest_repeated(parts, pool, forms):
    """The places of all forms that no item of their own is left for."""
    named = named_of(parts, pool)
    gone = {one.code for held in named for one in held}
    left = [one for one in pool if one.code not in gone]
    wanted = [part.count - len(held) for part, held in zip(parts, named, strict=True)]
    return unmatched(
        parts, left, [number for _ in range(forms) for number, open_ in enumerate(wanted) for _ in range(open_)]
    )


peaceful_pools = pools.map(lambda pool: [replace(one, rivals=frozenset()) for one in pool])
named_sections = st.tuples(sections_of, st.sets(st.integers(0, 15), max_size=2)).map(
    lambda both: [
        replace(one, item_ids=tuple(f"q-{n:03}" for n in sorted(both[1]))[: one.count] if not place else ())
        for place, one in enumerate(both[0])
    ]
)


@settings(max_examples=250, deadline=None)
@given(named_sections, peaceful_pools, st.integers(2, 4))
def test_forms_share_nothing_where_that_can_be_and_the_least_where_it_cannot(sections, pool, forms):
    parts = parts_of(sections, pool)
    if find_lacks(parts, pool):
        return
    drawn = drawn_apart(sections, pool, forms)
    papers = [codes(drawn.plan, paper) for paper in drawn.papers]
    named = {one.code for held in named_of(parts, pool) for one in held}
    assert repeated(papers, named) == fewest_repeated(parts, pool, forms)
    lines = told(sections, pool, forms)
    assert sum(one.needed - one.found for one in lines) == repeated(papers, named)
    times = Counter(code for paper in papers for section in paper for code in section)
    assert sum(one.shared for one in lines) == sum(n > 1 for code, n in times.items() if code not in named)
    assert all(times[code] == forms for code in named)
    assert sum(one.named for one in lines) == len(named)


@settings(max_examples=250, deadline=None)
@given(sections_of, pools, st.integers(2, 4), st.booleans(), st.text(max_size=3))
def test_forms_kept_apart_are_sound_and_a_stranger_draws_the_same(sections, pool, forms, shuffle, seed):
    try:
        drawn = drawn_apart(sections, pool, forms, shuffle=shuffle, seed=seed)
    except CannotDraw:
        assert find_lacks(parts_of(sections, pool), pool)
        return
    by_code = {one.code: one for one in pool}
    papers = [codes(drawn.plan, paper) for paper in drawn.papers]
    assert len(papers) == forms
    for paper in papers:
        held = [by_code[code] for section in paper for code in section]
        assert [len(section) for section in paper] == [one.count for one in sections]
        assert len({one.code for one in held}) == len(held)
        assert not any(one.rivals & {other.code for other in held} for one in held)
        for one, section in zip(sections, paper, strict=True):
            levels = Counter(str(by_code[code].difficulty) for code in section)
            assert all(levels[value] >= count for value, count in one.mix)
    again = drawn_apart(sections, pool[::-1], forms, shuffle=shuffle, seed=seed)
    assert (canonical(again.plan), again.papers) == (canonical(drawn.plan), drawn.papers)
    plan = json.loads(canonical(drawn.plan))
    assert [list(redraw.draw(plan, seed, form)) for form in range(1, forms + 1)] == papers
    assert repeated(papers) == sum(one.needed - one.found for one in told(sections, pool, forms, f"{seed}:apart:1"))


@pytest.mark.parametrize(("held", "found", "shared"), [(20, 20, 0), (19, 19, 1), (17, 17, 3), (10, 10, 10)])
def test_what_two_forms_share_is_told_in_numbers(held, found, shared):
    pool = [item(n, "a") for n in range(held)] + [item(50 + n, "b") for n in range(9)]
    lines = told([spec(10, "a"), spec(3, "b", item_ids=("q-050",))], pool, 2)
    assert lines == [Sharing(1, 2, 0, 20, found, shared), Sharing(2, 2, 1, 4, 4, 0)]


def test_a_section_leaves_to_another_what_that_cannot_do_without():
    pool = [item(n, "a") for n in range(4)] + [item(10 + n, "b") for n in range(4)]
    papers = papers_apart([spec(2), spec(2, "a")], pool, 2)
    assert repeated(papers) == 0
    assert all(code < "q-010" for paper in papers for code in paper[1])


def test_every_paper_is_filled_before_a_second_one_gets_items_of_its_own():
    pool = [item(n) for n in range(4)]
    assert [one.found for one in told([spec(2), spec(2)], pool, 3)] == [2, 2]


def tied(*groups):
    """Items of which those of one group are variants of each other."""
    pool = []
    for group in groups:
        names = {f"q-{n:03}" for n in group}
        pool += [item(n, rivals=frozenset(names - {f"q-{n:03}"})) for n in group]
    return pool


def test_variants_stand_in_different_forms_only_where_there_is_too_little():
    papers = papers_apart([spec(2)], tied(*[(n, n + 1) for n in range(0, 12, 2)]), 3)
    assert len({int(code[2:]) // 2 for paper in papers for code in paper[0]}) == 6
    papers = papers_apart([spec(3)], tied((0, 1), (2, 3), (4, 5)), 2)
    assert repeated(papers) == 0


def test_uneven_groups_of_variants_are_put_together_so_that_they_last():
    # Cut in the order of difficulty, the variants would leave another place with one item for two forms.
    pool = tied((0, 1), (2, 3)) + [item(n) for n in range(4, 8)]
    assert [(one.needed, one.found) for one in told([spec(4)], pool, 2)] == [(8, 8)]


def test_forms_kept_apart_are_equally_hard_place_by_place():
    pool = [item(n, difficulty=1 + n % 5, facility=None if n % 3 else 3000 + 20 * n) for n in range(240)]
    drawn = drawn_apart([spec(20), spec(20)], pool, 6)
    shares = [expected_share(drawn.plan, paper) for paper in drawn.papers]
    assert max(shares) - min(shares) <= 2 * TOLERANCE
    assert repeated([codes(drawn.plan, paper) for paper in drawn.papers]) == 0


def test_an_item_is_as_likely_as_any_other_to_stand_in_a_form():
    pool = [item(n) for n in range(12)]
    seen = Counter(
        (form, place)
        for n in range(1500)
        for form, paper in enumerate(drawn_apart([spec(3)], pool, 2, seed=str(n)).papers)
        for place in paper[0]
    )
    assert len(seen) == 24
    assert max(seen.values()) - min(seen.values()) < 160


def test_further_papers_of_forms_kept_apart_are_as_hard():
    pool = [item(n, difficulty=1 + n % 5) for n in range(60)]
    before = drawn_apart([spec(10)], pool, 3)
    further = continue_plan(before.plan, [spec(10)], pool[5:], "s", first=4, count=2)
    assert further.plan["target"] == before.plan["target"]
    plan = json.loads(canonical(further.plan))
    assert [list(redraw.draw(plan, "s", form)) for form in (4, 5)] == [codes(plan, paper) for paper in further.papers]


def test_papers_drawn_before_forms_were_kept_apart_are_still_drawn_the_same():
    assert "apart" not in OLD["plan"]
    assert commitment(OLD["seed"], OLD["plan"]) == OLD["commitment"]
    assert [list(redraw.draw(OLD["plan"], OLD["seed"], form)) for form in (1, 2, 3)] == OLD["papers"]
    drawn = [draw_form(OLD["plan"], OLD["seed"], form) for form in (1, 2, 3)]
    assert [codes(OLD["plan"], paper) for paper in drawn] == OLD["papers"]
