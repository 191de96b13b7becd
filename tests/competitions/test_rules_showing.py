"""When a board may show scores, and how names stand on it."""

from datetime import UTC, datetime, timedelta

import pytest

from trainer.competitions.rules.showing import ends_at, is_provisional, scores_may_show, shown_name, strictest

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STEP = timedelta(microseconds=1)


def test_an_exam_ends_with_the_longest_extra_time_and_the_grace():
    assert ends_at(NINE, extra_minutes=20, grace_seconds=10) == NINE + timedelta(minutes=20, seconds=10)


@pytest.mark.parametrize(
    ("release", "now", "released_at", "shows"),
    [
        ("after_submit", NINE - STEP, None, True),
        ("after_close", NINE - STEP, None, False),
        ("after_close", NINE, None, True),
        ("after_close", NINE - STEP, NINE - STEP, True),  # released by hand before the end
        ("manual", NINE + timedelta(days=9), None, False),
        ("manual", NINE, NINE, True),
        ("manual", NINE, NINE + STEP, False),
    ],
)
def test_a_board_shows_scores_only_when_the_release_rule_lets_them_out(release, now, released_at, shows):
    assert scores_may_show(release, ended_at=NINE, released_at=released_at, now=now) is shows


def test_an_exam_without_a_sitting_has_not_ended():
    assert scores_may_show("after_close", ended_at=None, released_at=None, now=NINE) is False
    assert is_provisional(True, ended_at=None, unsettled=False, now=NINE) is True


@pytest.mark.parametrize(
    ("shows", "unsettled", "now", "provisional"),
    [
        (True, False, NINE, False),
        (True, False, NINE - STEP, True),
        (True, True, NINE, True),
        (False, False, NINE, True),
    ],
)
def test_places_are_provisional_until_nothing_can_change_them(shows, unsettled, now, provisional):
    assert is_provisional(shows, ended_at=NINE, unsettled=unsettled, now=now) is provisional


@pytest.mark.parametrize(("rule", "shown"), [("full", "欧阳明"), ("masked", "欧**"), ("unit_only", "蓬江区市场监管局")])
def test_names_follow_the_rule(rule, shown):
    assert shown_name("欧阳明", "蓬江区市场监管局", rule) == shown


@pytest.mark.parametrize(
    ("rules", "strict"),
    [
        (["full"], "full"),
        (["full", "masked"], "masked"),
        (["unit_only", "full"], "unit_only"),
        (["masked", "unit_only", "masked"], "unit_only"),
    ],
)
def test_the_rule_that_shows_least_holds(rules, strict):
    assert strictest(rules) == strict


def test_a_mask_does_not_tell_the_length_of_a_name():
    assert shown_name("张三", "x", "masked") == shown_name("张三丰收", "x", "masked") == "张**"


def test_an_unknown_rule_is_a_defect():
    with pytest.raises(ValueError, match="initials"):
        shown_name("张三", "x", "initials")
