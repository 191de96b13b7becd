"""What the scores of many people say, against tables and against the standard library."""

import random
import statistics
from collections import Counter

import pytest
from scipy import stats

from trainer.reports.rules import results
from trainer.reports.rules.results import ShareSum, group_of, part_of, steps_of, t_quantile

# Two-sided 5 % points of Student's t, as every table has them (R. A. Fisher and F. Yates, "Statistical Tables").
TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 29: 2.045, 30: 2.042, 60: 2.000}
FURTHER = {100: 1.984, 101: 1.984, 120: 1.980, 200: 1.972, 1000: 1.962, 100_000: 1.960}


@pytest.mark.parametrize(("freedom", "value"), [*TABLE.items(), *FURTHER.items()])
def test_quantiles_of_t_are_those_of_the_tables(freedom, value):
    assert t_quantile(freedom) == pytest.approx(value, abs=0.0005)


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 37, 99, 100, 101, 347, 9_999])
def test_quantiles_of_t_are_those_of_scipy(freedom):
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=1e-7)


def test_series_and_expansion_meet():
    assert results._expanded(100) == pytest.approx(t_quantile(100), abs=1e-7)


@pytest.mark.parametrize("people", [5, 6, 7, 8, 40, 999])
@pytest.mark.parametrize("most", [10_000, 700])
def test_figures_of_a_group_are_those_of_the_standard_library(people, most):
    chance = random.Random(people)
    scores = [chance.randrange(0, most + 1, 50) for _one in range(people)]
    found = group_of(Counter(scores), most, most * 6 // 10)
    points = [score / 100 for score in scores]
    assert found.mean == pytest.approx(statistics.fmean(points))
    assert found.deviation == pytest.approx(statistics.stdev(points))
    assert found.quartiles == pytest.approx(tuple(statistics.quantiles(points, n=4, method="inclusive")))
    assert (found.lowest, found.highest) == (min(points), max(points))
    assert found.passed == sum(score >= most * 6 // 10 for score in scores)
    assert 0 <= found.interval.low <= found.mean <= found.interval.high <= most / 100


def test_the_interval_of_a_mean_is_the_textbook_one():
    # Student's own ten hours of sleep gained under the second drug: mean 2.33, s 2.002, interval 0.90 to 3.76.
    hours = [19, 8, 11, 1, -1, 44, 55, 16, 46, 34]
    found = results.mean_interval(statistics.fmean(hours) / 10, statistics.stdev(hours) / 10, 10, 100)
    assert (round(found.low, 2), round(found.high, 2)) == (0.90, 3.76)


def test_the_share_that_passed_has_wilsons_interval():
    # 81 of 263: 25.53 % to 36.62 % (Newcombe 1998, method 3).
    found = group_of({5000: 182, 6000: 81}, 10_000, 6000)
    assert (found.passed, round(found.pass_interval.low, 4), round(found.pass_interval.high, 4)) == (81, 0.2553, 0.3662)


def test_of_few_people_their_number_alone_is_told():
    assert group_of({5000: 4}, 10_000, 6000) == results.Group(4)
    assert group_of({}, 10_000, 6000).is_few
    assert not group_of({5000: 5}, 10_000, 6000).is_few
    assert group_of({5000: 5}, 10_000, None).pass_rate is None
    sums = ShareSum()
    for _one in range(4):
        sums.add(0.5, 3)
    assert part_of("1", sums) == results.Part("1", 4, 3.0)


@pytest.mark.parametrize(
    ("most", "pass_mark", "number", "width"),
    [
        (10_000, 6000, 10, 10),
        (10_000, 6500, 20, 5),
        (12_000, 7200, 10, 12),
        (5000, 3000, 10, 5),
        (1000, 600, 10, 1),
        (400, 200, 8, 0.5),
        (10_000, None, 10, 10),
        # Nothing fits: ten steps, and the line of the pass mark goes through one.
        (10_000, 6130, 10, 10),
        (730, 440, 10, 0.73),
    ],
)
def test_steps_are_equal_and_the_pass_mark_lies_between_two(most, pass_mark, number, width):
    steps = steps_of({0: 1, most: 1}, most, pass_mark)
    assert len(steps) == number
    assert {round(step.high - step.low, 6) for step in steps} == {width}
    assert (steps[0].low, steps[-1].high) == (0, most / 100)


def test_a_step_begins_with_its_lower_end_and_the_last_holds_the_full_score():
    steps = steps_of({0: 1, 999: 2, 1000: 4, 5999: 8, 6000: 16, 9999: 32, 10_000: 64}, 10_000, 6000)
    assert [step.people for step in steps] == [3, 4, 0, 0, 0, 8, 16, 0, 0, 96]
    assert steps_of({0: 3}, 0, None) == ()


def test_a_part_has_the_mean_of_shares_and_is_put_together_of_sums():
    shares = [0.2, 0.4, 0.5, 0.9, 1.0, 0.0, 0.7]
    one, other = ShareSum(), ShareSum()
    for place, share in enumerate(shares):
        (one if place < 3 else other).add(share, 4)
    one.take_in(other)
    found = part_of("penalty", one)
    assert (found.people, found.items) == (7, 4)
    assert found.share == pytest.approx(statistics.fmean(shares))
    half = t_quantile(6) * statistics.stdev(shares) / 7**0.5
    assert found.interval == pytest.approx((found.share - half, found.share + half))


def test_a_part_in_which_all_are_alike_has_no_width():
    sums = ShareSum()
    for _one in range(9):
        sums.add(1.0, 2)
    assert part_of("1", sums).interval == (1.0, 1.0)
    assert part_of("1", ShareSum()).share is None
