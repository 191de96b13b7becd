"""Phases, releases, tickets, and what is wrong with an exam."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_spec
from trainer.exams.rules import exam_problems, key_leaks, may_release, phase, steps, ticket_fits

SECOND = timedelta(seconds=1)
CLOSES = NINE + HOUR


@pytest.mark.parametrize(
    ("now", "release", "released_at", "where"),
    [
        (NINE - SECOND, "manual", None, "upcoming"),
        (NINE, "manual", None, "open"),
        (CLOSES - SECOND, "after_close", None, "open"),
        (CLOSES, "after_close", None, "released"),
        (CLOSES, "after_submit", None, "released"),
        (CLOSES, "manual", None, "closed"),
        (CLOSES + HOUR, "manual", CLOSES + HOUR, "released"),
        (CLOSES + HOUR, "manual", CLOSES + HOUR + SECOND, "closed"),
    ],
)
def test_a_sitting_passes_through_its_phases(now, release, released_at, where):
    assert phase(now, NINE, CLOSES, release=release, released_at=released_at) == where


@pytest.mark.parametrize(
    ("release", "minutes", "where"),
    [("after_close", 9, "closed"), ("after_close", 10, "released"), ("after_submit", 9, "closed")],
)
def test_results_wait_for_the_minutes_granted_to_anybody(release, minutes, where):
    now = CLOSES + timedelta(minutes=minutes)
    assert phase(now, NINE, CLOSES, release=release, released_at=None, extra_minutes=10) == where


@pytest.mark.parametrize(("seconds", "where"), [(0, "closed"), (9, "closed"), (10, "released")])
def test_results_wait_until_the_last_late_answer_can_have_arrived(seconds, where):
    now = CLOSES + timedelta(seconds=seconds)
    assert phase(now, NINE, CLOSES, release="after_close", released_at=None, grace_seconds=10) == where


@pytest.mark.parametrize(
    ("release", "draw", "forms", "attempts", "hours", "leaks"),
    [
        ("after_submit", "one_paper", 4, 2, None, ["keys_before_resit"]),
        ("after_submit", "one_paper", 4, 1, Decimal(2), ["keys_before_hours"]),
        ("after_submit", "one_paper", 4, 2, Decimal(2), ["keys_before_resit", "keys_before_hours"]),
        ("after_submit", "one_paper", 4, 1, None, []),
        ("after_submit", "one_paper", 4, 1, Decimal(0), []),
        ("after_submit", "per_form", 1, 2, None, ["keys_before_resit"]),
        ("after_submit", "per_form", 2, 2, Decimal(2), []),
        ("after_submit", "per_candidate", 1, 2, Decimal(2), []),
        ("after_close", "one_paper", 4, 2, Decimal(2), []),
        ("manual", "one_paper", 4, 2, Decimal(2), []),
    ],
)
def test_what_keys_shown_at_the_hand_in_give_away(release, draw, forms, attempts, hours, leaks):
    assert key_leaks(release, draw, forms=forms, attempts=attempts, credit_hours=hours) == leaks


@pytest.mark.parametrize(
    ("now", "released_at", "may"), [(CLOSES - SECOND, None, False), (CLOSES, None, True), (CLOSES, CLOSES, False)]
)
def test_results_are_released_once_and_after_the_close(now, released_at, may):
    assert may_release(now, CLOSES, released_at) is may


@pytest.mark.parametrize(
    ("now", "extra", "fits"),
    [
        (NINE - 2 * HOUR - SECOND, 0, False),
        (NINE - 2 * HOUR, 0, True),
        (CLOSES + 10 * SECOND, 0, True),
        (CLOSES + 11 * SECOND, 0, False),
        (CLOSES + timedelta(minutes=15, seconds=10), 15, True),
        (CLOSES + timedelta(minutes=15, seconds=11), 15, False),
    ],
)
def test_a_ticket_is_good_for_its_sitting(now, extra, fits):
    assert ticket_fits(now, NINE, CLOSES, extra_minutes=extra, grace=10) is fits


@pytest.mark.parametrize(
    ("state", "where", "line"),
    [
        ("draft", "upcoming", "now next next next next"),
        ("draft", "released", "now next next next next"),
        ("published", "upcoming", "done now next next next"),
        ("published", "open", "done done now next next"),
        ("published", "closed", "done done done now next"),
        ("published", "released", "done done done done done"),
        ("cancelled", "open", "done stopped stopped stopped stopped"),
    ],
)
def test_the_line_of_steps(state, where, line):
    assert " ".join(one for _, one in steps(state, where, "manual")) == line


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": " "}, "title", "required"),
        ({"title": "试" * 121}, "title", "too_long"),
        ({"closes_at": NINE}, "closes_at", "closes_before_opens"),
        ({"minutes": 0}, "minutes", "out_of_range"),
        ({"minutes": 601}, "minutes", "out_of_range"),
        ({"attempts": 0}, "attempts", "out_of_range"),
        ({"attempts": 21}, "attempts", "out_of_range"),
        ({"grace_seconds": -1}, "grace_seconds", "out_of_range"),
        ({"draw": "per_form", "forms": 0}, "forms", "out_of_range"),
        ({"release": "never"}, "release", "unknown_value"),
        ({"draw": "per_day"}, "draw", "unknown_value"),
        ({"credit_hours": Decimal("60.01")}, "credit_hours", "out_of_range"),
        ({"credit_hours": Decimal("0.005")}, "credit_hours", "two_decimals"),
        ({"credit_hours": Decimal("0.3")}, "credit_hours", "hours_not_in_halves"),
        ({"credit_hours": Decimal("1.25")}, "credit_hours", "hours_not_in_halves"),
        ({"pass_mark": Decimal("3.01")}, "pass_mark", "out_of_range"),
        ({"pass_mark": Decimal("-1")}, "pass_mark", "out_of_range"),
        ({"seed": ""}, "seed", "too_long"),
        ({"sections": ()}, "sections", "required"),
    ],
)
def test_a_problem_stands_at_its_field(change, field, code):
    assert [(one.field, one.code) for one in exam_problems(make_spec(**change))] == [(field, code)]


def test_a_sound_exam_has_no_problem_at_its_limits():
    spec = make_spec(pass_mark=Decimal(3), credit_hours=Decimal(60), minutes=600, attempts=20)
    assert exam_problems(spec) == []
    assert exam_problems(replace(spec, draw="one_paper", forms=0)) == []
    assert exam_problems(replace(spec, credit_hours=Decimal("0.5"))) == []
