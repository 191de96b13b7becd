"""Items that must never meet in one paper."""

from question_bank.apart import rivals
from tests.question_bank.samples import make_item


def item(number, **changes):
    return make_item(id=f"penalty-law-{number:04d}", **changes)


def one(number):
    return f"penalty-law-{number:04d}"


def test_variants_of_one_question_never_meet():
    apart = rivals(
        [item(1, variant_group="fine"), item(2, variant_group="fine"), item(3, variant_group="other"), item(4)]
    )
    assert apart == {one(1): {one(2)}, one(2): {one(1)}}


def test_an_enemy_is_one_whoever_declared_it():
    assert rivals([item(1, enemies=[one(2)]), item(2)]) == {one(1): {one(2)}, one(2): {one(1)}}


def test_both_reasons_are_taken_together():
    apart = rivals([item(1, variant_group="fine"), item(2, variant_group="fine", enemies=[one(3)]), item(3)])
    assert apart == {one(1): {one(2)}, one(2): {one(1), one(3)}, one(3): {one(2)}}


def test_enemies_of_an_enemy_may_meet_and_absent_ones_do_not_count():
    apart = rivals([item(1, enemies=[one(2), one(9)]), item(2, enemies=[one(3)]), item(3)])
    assert apart[one(1)] == {one(2)}
    assert one(9) not in apart
    assert rivals([item(1, enemies=[one(9)])]) == {}
