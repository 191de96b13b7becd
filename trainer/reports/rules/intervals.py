"""How sure a figure is: intervals of shares and correlations, and the chance of a difference. Pure.

All intervals are of 95 %. Statistics are floats: they are read, never added to a score.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209–212;
R. A. Fisher, "On the probable error of a coefficient of correlation", Metron 1 (1921), 3–32, and for the mean of
several correlations the chapter on them in his "Statistical Methods for Research Workers" (1925); K. Pearson's
chi-squared test of homogeneity.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Z = 1.959963984540054  # the normal quantile of a two-sided interval of 95 %


class Interval(NamedTuple):
    """Both ends of an interval of 95 %."""

    low: float
    high: float


class Correlation(NamedTuple):
    """A correlation, over how many people, and its interval."""

    value: float
    people: int
    interval: Interval


def share_interval(share: float, people: int) -> Interval:
    """Return Wilson's interval of a share of ``people``; 0 to 1 where there is nobody.

    The mean of shares between 0 and 1 (partial credit) varies no more than a yes or no with the same mean, so for it
    the interval is a little wide, never too narrow.
    """
    if people < 1:
        return Interval(0.0, 1.0)
    square = Z * Z / people
    middle = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * math.sqrt(max(0.0, share * (1 - share)) / people + square / (4 * people))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def correlation_interval(value: float, people: float) -> Interval:
    """Return Fisher's interval of a correlation over ``people``; -1 to 1 for fewer than four."""
    if people <= 3:
        return Interval(-1.0, 1.0)
    if abs(value) >= 1:
        return Interval(value, value)
    middle, half = math.atanh(value), Z / math.sqrt(people - 3)
    return Interval(math.tanh(middle - half), math.tanh(middle + half))


def mean_correlation(parts: Iterable[tuple[float, int]]) -> Correlation | None:
    """Return the mean of correlations found in separate groups, as (correlation, people); None without any.

    Groups are weighted by people - 3 on Fisher's scale, so that people of a strong and of a weak group are never
    thrown into one heap. Groups of three or fewer tell nothing and are left out.
    """
    weighed = [(max(-0.999999, min(0.999999, value)), people) for value, people in parts if people > 3]
    weight = sum(people - 3 for _value, people in weighed)
    if not weight:
        return None
    middle = sum(math.atanh(value) * (people - 3) for value, people in weighed) / weight
    half = Z / math.sqrt(weight)
    interval = Interval(math.tanh(middle - half), math.tanh(middle + half))
    return Correlation(math.tanh(middle), sum(people for _value, people in weighed), interval)


def chi_square_tail(value: float, freedom: int) -> float:
    """Return the chance of a chi-squared value of at least ``value`` with ``freedom`` degrees, exactly."""
    if value <= 0:
        return 1.0
    half = value / 2
    if freedom % 2 == 0:
        term = total = math.exp(-half)
        for step in range(1, freedom // 2):
            term *= half / step
            total += term
        return min(1.0, total)
    total = math.erfc(math.sqrt(half))
    term = 2 * math.sqrt(half / math.pi) * math.exp(-half)
    for step in range(freedom // 2):
        total += term
        term *= half / (step + 1.5)
    return min(1.0, total)


def differ_by_chance(groups: Sequence[tuple[float, int]], variance: float) -> float | None:
    """Return the chance that groups as (mean share, people) differ as much as they do although nothing changed.

    ``variance`` is that of one person's share over all groups. For items that are right or wrong it is p(1 - p), and
    this is Pearson's test of a table of two rows. None for fewer than two groups, or where nothing varies.
    """
    groups = [(share, people) for share, people in groups if people > 0]
    people = sum(count for _share, count in groups)
    if len(groups) < 2 or variance <= 0:
        return None
    mean = sum(share * count for share, count in groups) / people
    value = sum(count * (share - mean) ** 2 for share, count in groups) / variance
    return chi_square_tail(value, len(groups) - 1)


def difference_interval(first: float, first_people: float, second: float, second_people: float) -> Interval:
    """Return the interval of a share in one group less that in another, from both Wilson intervals.

    Method 10 of R. G. Newcombe, "Interval estimation for the difference between independent proportions", Stat. Med.
    17 (1998), 873–890.
    """
    one, two = share_interval(first, round(first_people)), share_interval(second, round(second_people))
    middle = first - second
    down = math.hypot(first - one.low, two.high - second)
    up = math.hypot(one.high - first, second - two.low)
    return Interval(max(-1.0, middle - down), min(1.0, middle + up))
