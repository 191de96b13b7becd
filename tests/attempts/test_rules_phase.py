"""Where a candidate stands, on both sides of every limit."""

from datetime import timedelta

import pytest

from tests.conftest import NINE
from trainer.attempts.rules.phase import candidate_phase, desk_state

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
OPENS, CLOSES = NINE, NINE + 60 * MINUTE


def phase(now, *, state="due", extra=0, allowed=1, made=0, open_until=None):
    return candidate_phase(
        now,
        OPENS,
        CLOSES,
        candidate_state=state,
        extra_minutes=extra,
        attempts_allowed=allowed,
        attempts_made=made,
        open_until=open_until,
        grace_seconds=10,
    )


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (OPENS - SECOND, "upcoming"),
        (OPENS, "startable"),
        (CLOSES - SECOND, "startable"),
        (CLOSES, "missed"),
    ],
)
def test_the_window_decides_before_the_first_start(now, told):
    assert phase(now) == told


def test_extra_minutes_lengthen_the_window():
    assert phase(CLOSES + 4 * MINUTE, extra=5) == "startable"
    assert phase(CLOSES + 5 * MINUTE, extra=5) == "missed"


def test_an_open_attempt_can_be_resumed_until_its_grace_is_over():
    until = NINE + 30 * MINUTE
    assert phase(until + 10 * SECOND, made=1, open_until=until) == "resumable"
    assert phase(until + 11 * SECOND, made=1, open_until=until) == "handed_in"
    assert phase(until + 11 * SECOND, made=1, allowed=2, open_until=until) == "startable"


def test_attempts_are_counted_and_excused_people_have_nothing_to_sit():
    assert phase(NINE, made=1) == "handed_in"
    assert phase(NINE, made=1, allowed=2) == "startable"
    assert phase(CLOSES, made=1, allowed=2) == "handed_in"
    assert phase(NINE, state="exempt") == "excused"
    assert phase(NINE, state="deferred", made=1) == "handed_in"


@pytest.mark.parametrize(
    ("state", "saved_ago", "by", "told"),
    [
        (None, None, None, "waiting"),
        ("open", None, None, "silent"),
        ("open", 120, None, "working"),
        ("open", 121, None, "silent"),
        ("submitted", 5, "candidate", "done"),
        ("submitted", 5, "deadline", "done"),
        ("submitted", 5, "invigilator", "forced"),
    ],
)
def test_the_board_tells_the_state_of_a_candidate(state, saved_ago, by, told):
    started_at = NINE - 10 * MINUTE if state else None
    saved_at = NINE - saved_ago * SECOND if saved_ago else None
    assert desk_state(NINE, state=state, started_at=started_at, last_saved_at=saved_at, submitted_by=by) == told


@pytest.mark.parametrize(
    ("heard_ago", "hidden", "saved_ago", "told"),
    [
        (12, False, 200, "silent"),
        (13, False, 200, "offline"),
        (12, False, 120, "working"),
        (2, False, None, "silent"),
        # A save is as good as a beat, whichever came last.
        (13, False, 12, "working"),
        (13, False, 13, "offline"),
        (90, True, 200, "hidden"),
        (91, True, 200, "offline"),
        (2, True, 10, "hidden"),
        # No page ever said that it was there.
        (None, False, 60, "working"),
        (None, False, 200, "silent"),
    ],
)
def test_the_board_tells_who_is_there_by_what_was_heard(heard_ago, hidden, saved_ago, told):
    def ago(seconds):
        return None if seconds is None else NINE - seconds * SECOND

    found = desk_state(
        NINE,
        state="open",
        started_at=NINE - 10 * MINUTE,
        last_saved_at=ago(saved_ago),
        submitted_by=None,
        heard_at=ago(heard_ago),
        hidden=hidden,
    )
    assert found == told


def test_what_was_heard_of_an_attempt_that_is_over_says_nothing():
    told = desk_state(
        NINE, state="submitted", started_at=NINE, last_saved_at=None, submitted_by="candidate", heard_at=NINE - MINUTE
    )
    assert told == "done"
