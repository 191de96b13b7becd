"""What the answers to an item tell: facility, discrimination, who chose which option, time, drift. Pure.

A ``Tally`` holds sums alone, so that any number of answers takes the space of one, and tallies of several exams are
added up. What each figure means:

- facility (难度系数): the mean share of the points; a blank answer earned nothing and counts as that;
- point-biserial (题总相关, corrected): the correlation of the share earned here with the share earned on the *rest* of
  the same paper, so that the item is not compared with itself; found within each exam, then averaged over exams
  (``intervals.mean_correlation``);
- upper-lower (鉴别指数): facility among the best 27 % of an exam less that among its weakest 27 %. 27 % after
  T. L. Kelley, "The selection of upper and lower groups for the validation of test items", J. Educ. Psychol. 30 (1939),
  17–24. Of people with equal scores at the edge of a group each counts in part, so the order of a list decides nothing;
- thirds of ability: by the score in the same exam; people with equal scores stand in the same third.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainer.reports.rules.intervals import Interval, share_interval

GROUP = 0.27
THIRDS = 3
# Beyond an hour a time tells of a telephone call, not of an item.
LONGEST_SECONDS = 3600
LEAST_PEOPLE = 30  # our decision, 2026-11-27: with fewer, intervals are too wide to tell one item from another
LEAST_TIMES = 20  # our decision, 2026-11-27: the median of fewer times says more of people than of the item
CHOICE_KINDS = ("single_choice", "multiple_choice", "true_false")


@dataclass(frozen=True)
class Place:
    """Where somebody stands among those of the same exam: part in the lowest and highest 27 %, and the third (0–2)."""

    lower: float
    upper: float
    third: int


class Abilities:
    """The scores of an exam, from which the place of each is read."""

    def __init__(self, scores: Iterable[float]) -> None:
        self._scores = sorted(scores)
        self._known: dict[float, Place] = {}

    def place(self, score: float) -> Place:
        """Return the place of a score that is among those given."""
        found = self._known.get(score)
        if found is None:
            found = self._known[score] = self._find(score)
        return found

    def _find(self, score: float) -> Place:
        people = len(self._scores)
        below, until = bisect_left(self._scores, score), bisect_right(self._scores, score)
        equal = until - below
        seats = max(1, math.floor(GROUP * people + 0.5))
        lower = min(max(seats - below, 0), equal) / equal
        upper = min(max(seats - (people - until), 0), equal) / equal
        third = min(THIRDS - 1, int(THIRDS * (below + equal / 2) / people))
        return Place(lower, upper, third)


@dataclass
class Tally:
    """Sums over the answers to an item. ``chosen`` counts each option by third of ability, 0 the weakest.

    In practice nobody has a place: ``chosen`` then counts under the first third, and nothing is known of the rest.
    """

    people: int = 0
    blank: list[int] = field(default_factory=lambda: [0, 0, 0])
    in_third: list[int] = field(default_factory=lambda: [0, 0, 0])
    share: float = 0.0
    share_square: float = 0.0
    rest: float = 0.0
    rest_square: float = 0.0
    share_rest: float = 0.0
    upper: float = 0.0
    upper_share: float = 0.0
    lower: float = 0.0
    lower_share: float = 0.0
    chosen: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, int] = field(default_factory=dict)

    def add(self, share: float, rest: float, place: Place, chosen: Sequence[str], *, answered: bool) -> None:
        """Count one person of an exam; ``rest`` is the share earned on the other items of the paper."""
        self._count(share, chosen, place.third, answered=answered)
        self.rest += rest
        self.rest_square += rest * rest
        self.share_rest += share * rest
        if place.upper:
            self.upper += place.upper
            self.upper_share += place.upper * share
        if place.lower:
            self.lower += place.lower
            self.lower_share += place.lower * share

    def add_practice(self, share: float, chosen: Sequence[str], seconds: int | None, *, answered: bool) -> None:
        """Count one person's first answer in practice; ``seconds`` None where no client told."""
        self._count(share, chosen, 0, answered=answered)
        if seconds is not None and 0 < seconds <= LONGEST_SECONDS:
            known = str(seconds)
            self.seconds[known] = self.seconds.get(known, 0) + 1

    def _count(self, share: float, chosen: Sequence[str], third: int, *, answered: bool) -> None:
        self.people += 1
        self.in_third[third] += 1
        self.share += share
        self.share_square += share * share
        if not answered:
            self.blank[third] += 1
        for option in chosen:
            counts = self.chosen.get(option)
            if counts is None:
                counts = self.chosen[option] = [0, 0, 0]
            counts[third] += 1

    def merge(self, other: Tally) -> None:
        """Add what another tally holds. The sums for the point-biserial stay meaningful within one exam alone."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.blank = [one + two for one, two in zip(self.blank, other.blank, strict=True)]
        self.in_third = [one + two for one, two in zip(self.in_third, other.in_third, strict=True)]
        for option, counts in other.chosen.items():
            known = self.chosen.setdefault(option, [0, 0, 0])
            self.chosen[option] = [one + two for one, two in zip(known, counts, strict=True)]
        self.seconds = dict(Counter(self.seconds) + Counter(other.seconds))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {name: getattr(self, name) for name in (*SUMS, "blank", "in_third", "chosen", "seconds")}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tally:
        """Return what ``to_dict`` gave."""
        return cls(**data)

    @property
    def facility(self) -> float | None:
        """The mean share of the points, None where nobody met the item."""
        return self.share / self.people if self.people else None

    @property
    def facility_interval(self) -> Interval:
        return share_interval(self.facility or 0.0, self.people)

    @property
    def variance(self) -> float:
        """The variance of one person's share, 0 where nobody met the item."""
        if not self.people:
            return 0.0
        mean = self.share / self.people
        return max(0.0, self.share_square / self.people - mean * mean)

    @property
    def point_biserial(self) -> float | None:
        """The corrected point-biserial within one exam, None where the item or the rest does not vary."""
        if self.people < 2:
            return None
        across = self.share_rest - self.share * self.rest / self.people
        own = self.share_square - self.share * self.share / self.people
        rest = self.rest_square - self.rest * self.rest / self.people
        if own <= 1e-9 or rest <= 1e-9:
            return None
        return max(-1.0, min(1.0, across / math.sqrt(own * rest)))

    @property
    def upper_lower(self) -> float | None:
        """Facility among the best less that among the weakest, None where one of the groups is empty."""
        if not self.upper or not self.lower:
            return None
        return self.upper_share / self.upper - self.lower_share / self.lower

    @property
    def times(self) -> int:
        """How many answers came with the seconds that they took."""
        return sum(self.seconds.values())

    @property
    def median_seconds(self) -> float | None:
        """The median time of an answer, None where fewer than ``LEAST_TIMES`` are known."""
        times = self.times
        if times < LEAST_TIMES:
            return None
        low = high = None
        seen = 0
        for second in sorted(map(int, self.seconds)):
            seen += self.seconds[str(second)]
            if low is None and seen >= (times + 1) // 2:
                low = second
            if high is None and seen >= times // 2 + 1:
                high = second
        assert low is not None
        assert high is not None
        return (low + high) / 2


SUMS = (
    "people",
    "share",
    "share_square",
    "rest",
    "rest_square",
    "share_rest",
    "upper",
    "upper_share",
    "lower",
    "lower_share",
)


@dataclass(frozen=True)
class OptionLine:
    """One option: how many chose it, of each third (0 the weakest), and which share of all that is.

    With several right options the shares add up to more than 1.
    """

    key: str
    right: bool
    chosen: int
    thirds: tuple[int, int, int]
    share: float
    interval: Interval


def option_table(tally: Tally, options: Sequence[str], right: frozenset[str]) -> list[OptionLine]:
    """Return the lines of ``options`` in their order; those that nobody chose are in it with 0."""
    lines = []
    for key in options:
        low, middle, high = tally.chosen.get(key, [0, 0, 0])
        count = low + middle + high
        share = count / tally.people if tally.people else 0.0
        interval = share_interval(share, tally.people)
        lines.append(OptionLine(key, key in right, count, (low, middle, high), share, interval))
    return lines


def options_of(body: dict[str, Any]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the options of an item's JSON form, as they are counted, and the right ones; none for other kinds."""
    kind, key = body.get("kind"), body.get("key")
    if kind == "true_false":
        return ("true", "false"), frozenset({"true" if key else "false"})
    if kind in CHOICE_KINDS:
        keys = tuple(option["key"] for option in body.get("options", ()))
        return keys, frozenset(key if isinstance(key, list | tuple) else (key,))
    return (), frozenset()


def chosen_in(kind: str, answer: Any) -> tuple[str, ...]:
    """Return the options that an answer of the right shape chose; none for other kinds and for a blank."""
    if kind == "true_false" and isinstance(answer, bool):
        return ("true",) if answer else ("false",)
    if kind == "single_choice" and isinstance(answer, str) and answer:
        return (answer,)
    if kind == "multiple_choice" and isinstance(answer, list):
        return tuple(one for one in answer if isinstance(one, str) and one)
    return ()
