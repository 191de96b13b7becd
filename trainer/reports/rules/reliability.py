"""How far the scores of an exam can be relied on: Cronbach's alpha, KR-20, the standard error of measurement. Pure.

A unit is one item of the paper; the parts of a case hang together and count as one. Both coefficients ask that
everybody answered the same items, so people are grouped by what stood on their paper.

Sources: L. J. Cronbach, "Coefficient alpha and the internal structure of tests", Psychometrika 16 (1951), 297–334;
G. F. Kuder and M. W. Richardson, "The theory of the estimation of test reliability", Psychometrika 2 (1937), 151–160;
the interval after D. G. Bonett, "Sample size requirements for testing and estimating coefficient alpha", J. Educ.
Behav. Stat. 27 (2002), 335–340. Words for what is enough after J. C. Nunnally, "Psychometric Theory" (1978): 0.70 for a
beginning, 0.80 for research, 0.90 where decisions on people hang on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.reports.rules.intervals import Interval, Z

LEAST_PEOPLE = 30  # our decision, 2026-11-27
GOOD, FAIR, LOW = 0.90, 0.80, 0.70


class Answers:
    """Sums over the people who had the same items; ``units`` is their number."""

    def __init__(self, units: int) -> None:
        self.units = units
        self.people = 0
        self.dichotomous = True
        self._points = [0.0] * units
        self._squares = [0.0] * units
        self._right = [0] * units
        self._total = self._total_square = 0.0
        self._count = self._count_square = 0

    def add(self, points: Sequence[float], right: Sequence[bool], *, dichotomous: bool) -> None:
        """Count one person: the points and whether it was wholly right, unit by unit.

        ``dichotomous`` says that no unit earned a part of its points.
        """
        self.people += 1
        self.dichotomous = self.dichotomous and dichotomous
        total = count = 0.0
        for unit, (earned, whole) in enumerate(zip(points, right, strict=True)):
            self._points[unit] += earned
            self._squares[unit] += earned * earned
            total += earned
            if whole:
                self._right[unit] += 1
                count += 1
        self._total += total
        self._total_square += total * total
        self._count += int(count)
        self._count_square += int(count * count)

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the scores (n - 1), None for fewer than two people."""
        if self.people < 2:
            return None
        return math.sqrt(_variance(self._total, self._total_square, self.people))

    @property
    def alpha(self) -> float | None:
        """Cronbach's alpha of the points, None where it does not exist."""
        units = [_variance(one, two, self.people) for one, two in zip(self._points, self._squares, strict=True)]
        return _coefficient(units, _variance(self._total, self._total_square, self.people), self.people)

    @property
    def kr20(self) -> float | None:
        """KR-20 of right and wrong, None where some unit earned a part of its points, or where it does not exist."""
        if not self.dichotomous:
            return None
        units = [_variance(one, one, self.people) for one in self._right]
        return _coefficient(units, _variance(self._count, self._count_square, self.people), self.people)

    @property
    def standard_error(self) -> float | None:
        """The standard error of measurement in points: deviation × √(1 - alpha); None without an alpha of 0 to 1."""
        alpha, deviation = self.alpha, self.deviation
        if alpha is None or deviation is None or not 0 <= alpha <= 1:
            return None
        return deviation * math.sqrt(1 - alpha)


def _variance(total: float, squares: float, people: int) -> float:
    return max(0.0, (squares - total * total / people) / (people - 1)) if people > 1 else 0.0


def _coefficient(units: Sequence[float], whole: float, people: int) -> float | None:
    if len(units) < 2 or people < 2 or whole <= 1e-12:
        return None
    return len(units) / (len(units) - 1) * (1 - sum(units) / whole)


def alpha_interval(alpha: float, units: int, people: int) -> Interval | None:
    """Return Bonett's interval of alpha, None for fewer than two units or three people."""
    if units < 2 or people < 3 or alpha >= 1:
        return None
    middle = math.log(1 - alpha)
    half = Z * math.sqrt(2 * units / ((units - 1) * (people - 2)))
    return Interval(1 - math.exp(middle + half), 1 - math.exp(middle - half))


@dataclass(frozen=True)
class Reliability:
    """The reliability of an exam. ``sets`` papers of different items were each measured by themselves.

    Where there are several, the coefficients are means weighted by people and ``interval`` is None.
    ``standard_error`` is in points. None stands for what could not be measured.
    """

    people: int
    sets: int
    alpha: float | None
    interval: Interval | None
    kr20: float | None
    standard_error: float | None


def reliability_of(groups: Sequence[Answers]) -> Reliability:
    """Return the reliability over groups of people with the same items each; groups that are too small are left out."""
    enough = [one for one in groups if one.people >= LEAST_PEOPLE and one.alpha is not None]
    people = sum(one.people for one in enough)
    if not enough:
        return Reliability(0, 0, None, None, None, None)
    single = enough[0] if len(enough) == 1 else None
    alpha = sum((one.alpha or 0.0) * one.people for one in enough) / people
    kr20 = None
    if all(one.kr20 is not None for one in enough):
        kr20 = sum((one.kr20 or 0.0) * one.people for one in enough) / people
    errors = [(one.standard_error, one.people) for one in enough]
    error = None
    if all(value is not None for value, _people in errors):
        # Errors are averaged as variances, the form in which they add up.
        error = math.sqrt(sum((value or 0.0) ** 2 * count for value, count in errors) / people)
    interval = alpha_interval(alpha, single.units, single.people) if single else None
    return Reliability(people, len(enough), alpha, interval, kr20, error)


def grade_of(alpha: float | None) -> str:
    """Return ``good`` from 0.90, ``fair`` from 0.80, ``low`` from 0.70, ``poor`` below, ``unknown`` for None."""
    if alpha is None:
        return "unknown"
    return "good" if alpha >= GOOD else "fair" if alpha >= FAIR else "low" if alpha >= LOW else "poor"
