"""What the scores of many people say: how they are spread, what a group of people reached, and how sure that is. Pure.

Scores come counted, as whole hundredths of a point to how many people have them, so ten thousand people are a few
hundred numbers. Statistics are floats: they are read, never added to a score.

Sources: the mean's interval is that of Student's t (W. S. Gosset, "The probable error of a mean", Biometrika 6 (1908),
1–25), its quantile by the finite series 26.7.3–4 and the expansion 26.7.5 of M. Abramowitz and I. A. Stegun, "Handbook
of Mathematical Functions" (1964); shares have Wilson's interval (``intervals``); quartiles are those of R. J. Hyndman
and Y. Fan, "Sample quantiles in statistical packages", Am. Stat. 50 (1996), 361–365, definition 7, as spreadsheets
have them. From how many people on a group is told of: our decision, 2026-11-27.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from trainer.reports.rules.intervals import Interval, Z, share_interval

# Of fewer people a mean says more about chance than about their unit, and tells the score of a known person.
FEW = 5
# Into how many steps the points may fall, the most welcome number first.
STEPS = (10, 12, 8, 15, 20, 16, 6, 5, 18, 14, 9, 7)

Counts = Mapping[int, int]


@dataclass(frozen=True)
class Step:
    """How many people have a score from ``low`` to below ``high`` points; the last step holds the full score too."""

    low: float
    high: float
    people: int


def steps_of(counts: Counts, max_points: int, pass_mark: int | None) -> tuple[Step, ...]:
    """Return equal steps from 0 to the full score; all points are whole hundredths.

    Their number is chosen so that the pass mark lies between two of them wherever that can be: no step then holds both
    those who passed and those who did not. Steps are of whole half points at least; where nothing fits there are ten.
    Empty where there are no points to have.
    """
    if max_points <= 0:
        return ()
    fitting = (
        number for number in STEPS if max_points % (number * 50) == 0 and (pass_mark or 0) * number % max_points == 0
    )
    number = next(fitting, STEPS[0])
    people = [0] * number
    for score, count in counts.items():
        people[min(number - 1, max(0, score) * number // max_points)] += count
    edges = [max_points * place / number / 100 for place in range(number + 1)]
    return tuple(Step(edges[place], edges[place + 1], people[place]) for place in range(number))


@dataclass(frozen=True)
class Group:
    """What a group of people reached, in points. Of fewer than ``FEW`` people their number alone is told.

    ``interval`` is that of the mean, ``pass_interval`` that of the share which passed; ``passed`` and it are None
    without a pass mark. ``quartiles`` are the three points that part the people into quarters.
    """

    people: int
    mean: float | None = None
    interval: Interval | None = None
    deviation: float | None = None
    quartiles: tuple[float, float, float] | None = None
    lowest: float | None = None
    highest: float | None = None
    passed: int | None = None
    pass_rate: float | None = None
    pass_interval: Interval | None = None

    @property
    def is_few(self) -> bool:
        return self.people < FEW


def group_of(counts: Counts, max_points: int, pass_mark: int | None) -> Group:
    """Return the figures of the people whose scores are ``counts``; a score equal to the pass mark passes."""
    people = sum(counts.values())
    if people < FEW:
        return Group(people)
    scores = sorted(counts.items())
    mean = sum(score * count for score, count in scores) / people
    deviation = math.sqrt(sum(count * (score - mean) ** 2 for score, count in scores) / (people - 1))
    passed = None if pass_mark is None else sum(count for score, count in scores if score >= pass_mark)
    low, middle, high = (_quantile(scores, people, quarter / 4) / 100 for quarter in (1, 2, 3))
    return Group(
        people=people,
        mean=mean / 100,
        interval=mean_interval(mean / 100, deviation / 100, people, max_points / 100),
        deviation=deviation / 100,
        quartiles=(low, middle, high),
        lowest=scores[0][0] / 100,
        highest=scores[-1][0] / 100,
        passed=passed,
        pass_rate=None if passed is None else passed / people,
        pass_interval=None if passed is None else share_interval(passed / people, people),
    )


def _quantile(scores: Sequence[tuple[int, int]], people: int, share: float) -> float:
    """Return the value below which ``share`` of the people lie, between two of them in proportion."""
    place = share * (people - 1)
    below = math.floor(place)
    first, second = _ranked(scores, below), _ranked(scores, min(below + 1, people - 1))
    return first + (place - below) * (second - first)


def _ranked(scores: Sequence[tuple[int, int]], rank: int) -> int:
    """Return the score of the person of ``rank``, the lowest score having rank 0."""
    before = 0
    for score, count in scores:
        before += count
        if before > rank:
            return score
    raise IndexError(rank)


def mean_interval(mean: float, deviation: float, people: int, most: float) -> Interval:
    """Return the interval of a mean between 0 and ``most``; ``deviation`` is that of a sample (n - 1).

    All of the scale for fewer than two people.
    """
    if people < 2:
        return Interval(0.0, most)
    half = t_quantile(people - 1) * deviation / math.sqrt(people)
    return Interval(max(0.0, mean - half), min(most, mean + half))


@lru_cache(maxsize=1024)
def t_quantile(freedom: int) -> float:
    """Return the quantile of Student's t for a two-sided interval of 95 %; ``freedom`` is 1 at least."""
    if freedom > 100:
        return _expanded(freedom)
    low, high = Z, 13.0
    for _step in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _held(middle, freedom) < 0.95 else (low, middle)
    return (low + high) / 2


def _held(value: float, freedom: int) -> float:
    """Return the chance that t lies between -value and value (26.7.3 for odd freedom, 26.7.4 for even)."""
    angle = math.atan(value / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    term = total = cosine if freedom % 2 else 1.0
    for step in range(2 + freedom % 2, freedom - 1, 2):
        term *= cosine**2 * (step - 1) / step
        total += term
    if freedom % 2 == 0:
        return sine * total
    return (2 / math.pi) * (angle + (sine * total if freedom > 1 else 0.0))


def _expanded(freedom: int) -> float:
    first = (Z**3 + Z) / 4
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + first / freedom + second / freedom**2 + third / freedom**3


@dataclass
class ShareSum:
    """Sums over people of the share of points that each got in one part of the paper.

    ``items`` counts the items that they met there, all together.
    """

    people: int = 0
    items: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, share: float, items: int) -> None:
        self.people += 1
        self.items += items
        self.total += share
        self.squares += share * share

    def take_in(self, other: ShareSum) -> None:
        """Add the people of other sums, who are other people."""
        self.people += other.people
        self.items += other.items
        self.total += other.total
        self.squares += other.squares


@dataclass(frozen=True)
class Part:
    """What people got in one part of the paper (a section, a topic, a wing): the mean of their shares of its points.

    ``items`` is how many of them a person met on average. ``share`` and ``interval`` are None for fewer than ``FEW``.
    """

    key: str
    people: int
    items: float
    share: float | None = None
    interval: Interval | None = None


def part_of(key: str, sums: ShareSum) -> Part:
    """Return the part of these sums; people are what varies, so the interval is that of a mean over people."""
    if not sums.people:
        return Part(key, 0, 0.0)
    items, share = sums.items / sums.people, sums.total / sums.people
    if sums.people < FEW:
        return Part(key, sums.people, items)
    spread = max(0.0, sums.squares - sums.people * share * share) / (sums.people - 1)
    return Part(key, sums.people, items, share, mean_interval(share, math.sqrt(spread), sums.people, 1.0))
