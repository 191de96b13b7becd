"""The links of the tie-break chain, and which chains may be used."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.competitions.models import TIE_BREAK
from trainer.competitions.rules.ranking import rank
from trainer.competitions.rules.tiebreak import LINKS, chain_problem, draw_lot, order_key, sentence_codes
from trainer.web.sentences import SENTENCES

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Sat:
    """What the chain compares, with a name to tell people apart."""

    name: int = 0
    score: Decimal = Decimal("80.00")
    objective_score: Decimal = Decimal("60.00")
    seconds_used: int = 600
    submitted_at: datetime = NINE
    lot: int = 5


@pytest.mark.parametrize(
    ("link", "better"),
    [
        ("score", {"score": Decimal("80.01")}),
        ("objective_score", {"objective_score": Decimal("60.01")}),
        ("seconds_used", {"seconds_used": 599}),
        ("submitted_at", {"submitted_at": NINE - timedelta(microseconds=1)}),
        ("draw_lots", {"lot": 4}),
    ],
)
def test_each_link_puts_the_better_first_by_the_smallest_step(link, better):
    key = order_key([link])
    assert key(replace(Sat(), **better)) < key(Sat())
    for other in LINKS.keys() - {link}:
        assert order_key([other])(replace(Sat(), **better)) == order_key([other])(Sat())


def test_the_table_of_links_is_the_one_that_competitions_are_stored_with():
    assert tuple(LINKS) == TIE_BREAK


@pytest.mark.parametrize(
    ("chain", "code"),
    [
        (["score"], None),
        (["score", "objective_score", "seconds_used", "submitted_at", "draw_lots"], None),
        (["score", "submitted_at", "seconds_used"], None),
        ([], "tie_break_starts_with_score"),
        (["seconds_used", "score"], "tie_break_starts_with_score"),
        (["score", "seconds_used", "seconds_used"], "tie_break_names_a_link_twice"),
        (["score", "draw_lots", "seconds_used"], "tie_break_lots_come_last"),
        (["score", "luck"], "unknown_value"),
    ],
)
def test_a_chain_starts_with_the_score_repeats_nothing_and_ends_with_lots(chain, code):
    found = chain_problem(chain)
    assert (found[0] if found else None) == code


@pytest.mark.parametrize(("chain", "last"), [(["score"], "tie_shared"), (["score", "draw_lots"], "tie_draw_lots")])
def test_the_chain_in_words_says_how_it_ends(chain, last):
    codes = sentence_codes(chain)
    assert codes[0] == "tie_score"
    assert codes[-1] == last
    assert set(codes) <= set(SENTENCES)


def test_every_link_has_its_sentence():
    assert {f"tie_{name}" for name in LINKS} <= set(SENTENCES)


def test_a_lot_is_the_same_at_each_drawing_and_differs_by_seed_round_and_person():
    assert draw_lot("seed", 1, 7) == draw_lot("seed", 1, 7)
    assert len({draw_lot("seed", 1, 7), draw_lot("other", 1, 7), draw_lot("seed", 2, 7), draw_lot("seed", 1, 8)}) == 4
    assert all(0 <= draw_lot("seed", 1, user) < 2**62 for user in range(200))
    # Not confused by where one part ends and the next begins.
    assert draw_lot("seed", 1, 17) != draw_lot("seed", 11, 7)


SATS = st.lists(
    st.builds(
        Sat,
        score=st.integers(0, 3).map(Decimal),
        objective_score=st.integers(0, 2).map(Decimal),
        seconds_used=st.integers(1, 3),
        submitted_at=st.integers(0, 2).map(lambda minute: NINE + timedelta(minutes=minute)),
        lot=st.integers(0, 2),
    ),
    max_size=25,
).map(lambda many: [replace(one, name=number) for number, one in enumerate(many)])
CHAINS = st.permutations(["objective_score", "seconds_used", "submitted_at"]).flatmap(
    lambda links: st.integers(0, 3).map(lambda count: ["score", *links[:count]])
)


def places(sats, chain):
    return {one.name: place for place, one in rank(sats, order_key(chain), then=lambda one: one.name)}


@given(SATS, CHAINS, st.randoms())
def test_the_order_of_arrival_never_changes_a_place(sats, chain, random):
    jumbled = list(sats)
    random.shuffle(jumbled)
    assert rank(sats, order_key(chain), then=lambda one: one.name) == rank(
        jumbled, order_key(chain), then=lambda one: one.name
    )


@given(SATS, CHAINS)
def test_a_place_is_one_more_than_the_number_of_those_who_are_better(sats, chain):
    key = order_key(chain)
    assert places(sats, chain) == {one.name: 1 + sum(1 for other in sats if key(other) < key(one)) for one in sats}


@given(SATS, CHAINS)
def test_a_longer_chain_splits_ties_and_turns_no_order_round(sats, chain):
    short, long = places(sats, chain[:-1] or chain), places(sats, chain)
    for one in sats:
        assert short[one.name] <= long[one.name]
        for other in sats:
            if short[one.name] < short[other.name]:
                assert long[one.name] < long[other.name]
