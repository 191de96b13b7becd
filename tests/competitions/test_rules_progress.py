"""The line of steps, and what the organiser does next."""

from datetime import UTC, datetime, timedelta

import pytest

from trainer.competitions.rules.progress import RoundState, next_action, steps

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = NINE + timedelta(days=1)
UPCOMING, OPEN = RoundState("upcoming", True), RoundState("open", True)
HELD_BACK, MARKING = RoundState("closed", True), RoundState("released", True)
FINAL, CANCELLED = RoundState("released", False), RoundState("cancelled", True)


@pytest.mark.parametrize(
    ("state", "rounds", "until", "frozen", "expected", "action"),
    [
        ("draft", [UPCOMING], None, False, "now next next next next", "publish"),
        ("published", [UPCOMING], None, False, "done now next next next", "wait_round"),
        ("published", [OPEN], None, False, "done done now next next", "wait_round"),
        ("published", [FINAL, UPCOMING], None, False, "done done done next next next", "wait_round"),
        ("published", [HELD_BACK], None, False, "done done now next next", "release"),
        ("published", [MARKING], None, False, "done done now next next", "wait_round"),
        ("published", [FINAL], None, True, "done done done now next", "unfreeze"),
        ("published", [FINAL], None, False, "done done done now next", "post_results"),
        ("published", [FINAL, CANCELLED], None, False, "done done done stopped now next", "post_results"),
        ("published", [FINAL], LATER, False, "done done done now next", "wait_objections"),
        ("published", [FINAL], NINE, False, "done done done done now", "sign"),
        ("closed", [FINAL], NINE, False, "done done done done done", "none"),
        ("cancelled", [UPCOMING], None, False, "done stopped stopped stopped stopped", "none"),
        ("cancelled", [FINAL], LATER, True, "done done done stopped stopped", "none"),
    ],
)
def test_each_state_has_its_steps_and_its_next_action(state, rounds, until, frozen, expected, action):
    assert [one.state for one in steps(state, rounds, until, NINE)] == expected.split()
    assert next_action(state, rounds, until, frozen, NINE) == action


def test_rounds_are_counted_between_entry_and_public_notice():
    names = [(one.name, one.number) for one in steps("published", [FINAL, OPEN], None, NINE)]
    assert names == [("notice", 0), ("entry", 0), ("round", 1), ("round", 2), ("public_notice", 0), ("signed", 0)]
