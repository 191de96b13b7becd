"""Scores of teams and units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.competitions.rules.team_score import mean, mean_seconds, participation_rate, team_score

D = Decimal


@pytest.mark.parametrize(
    ("scores", "due", "rule", "best_n", "expected"),
    [
        ([90, 80, 70, 60], 4, "best_n", 3, "240.00"),
        ([90, 80, 70], 3, "best_n", 3, "240.00"),
        ([90, 80], 4, "best_n", 3, "170.00"),  # who is missing counts 0
        ([90, 80, 70, 60], 4, "best_n", None, "240.00"),  # three by default
        ([90, 80, 70, 60], 4, "best_n", 1, "90.00"),
        ([90, 80], 4, "sum", None, "170.00"),
        ([90, 80], 4, "mean", None, "42.50"),  # two of the four who were due stayed away
        ([90, 80], 2, "mean", None, "85.00"),  # the other two are exempt
        ([90, 80, 81], 3, "mean", None, "83.67"),
        ([100, 100, 99.99], 3, "mean", None, "100.00"),
        ([0.01], 2, "mean", None, "0.01"),  # 0.005 is rounded up
        ([], 3, "sum", None, "0.00"),
        ([90, 80], 1, "mean", None, "85.00"),  # nobody divides by fewer than came
    ],
)
def test_a_team_scores_by_its_rule(scores, due, rule, best_n, expected):
    points = [D(str(one)) for one in scores]
    assert team_score(points, due=due, rule=rule, best_n=best_n) == D(expected)


def test_an_unknown_rule_is_a_defect():
    with pytest.raises(ValueError, match="median"):
        team_score([D(1)], due=1, rule="median", best_n=None)


@pytest.mark.parametrize(
    ("present", "due", "rate"),
    [(0, 3, "0.0000"), (1, 3, "0.3333"), (2, 3, "0.6667"), (3, 3, "1.0000"), (4, 3, "1.0000"), (0, 0, None)],
)
def test_participation_is_present_of_due(present, due, rate):
    assert participation_rate(present, due) == (None if rate is None else D(rate))


@pytest.mark.parametrize(("seconds", "expected"), [([], 0), ([7], 7), ([1, 2], 2), ([1, 1, 2], 1), ([1, 2, 2], 2)])
def test_mean_seconds_are_rounded_half_up(seconds, expected):
    assert mean_seconds(seconds) == expected


@given(st.lists(st.integers(0, 100_000).map(lambda whole: D(whole) / 100), min_size=1, max_size=60))
def test_a_mean_is_within_half_a_hundredth_of_the_exact_value(values):
    found = mean(values, len(values))
    assert abs(found * len(values) - sum(values)) * 2 <= D("0.01") * len(values)
    assert found == found.quantize(D("0.01"))


@given(
    st.lists(st.integers(0, 10_000).map(lambda whole: D(whole) / 100), min_size=1, max_size=12),
    st.sampled_from(["best_n", "mean", "sum"]),
)
def test_a_member_who_stays_away_never_helps(values, rule):
    best_first = sorted(values, reverse=True)
    whole = team_score(best_first, due=len(values), rule=rule, best_n=3)
    for missing in range(len(best_first)):
        rest = best_first[:missing] + best_first[missing + 1 :]
        assert team_score(rest, due=len(values), rule=rule, best_n=3) <= whole
