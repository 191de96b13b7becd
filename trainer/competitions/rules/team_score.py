"""Scores of teams and units out of the scores of people. Pure, exact, rounded once.

Source: the variants seen in contests (best of the named members, mean, sum; mean of a unit with its participation
rate). Our decisions of 2026-11-24, where the notices differ:

- Whoever is missing counts 0 in a team. A mean is taken over all named members who were due, so that a team cannot
  better itself by leaving its weaker members at home; exempt and deferred members are not counted.
- A unit's score is the mean of all who took part; its participation rate stands beside it and is not multiplied in.
- A mean is rounded half up to hundredths, once, at the end. Places follow the rounded value, because that is the
  number that everybody can see and check.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

RULES = ("best_n", "mean", "sum")
DEFAULT_BEST_N = 3
HUNDREDTH = Decimal("0.01")
RATE_STEP = Decimal("0.0001")


def mean(values: Sequence[Decimal], count: int) -> Decimal:
    """Return the sum of ``values`` over ``count``, rounded half up to hundredths; 0.00 when ``count`` is 0."""
    if count == 0:
        return Decimal("0.00")
    return (sum(values, Decimal(0)) / count).quantize(HUNDREDTH, ROUND_HALF_UP)


def mean_seconds(seconds: Sequence[int]) -> int:
    """Return the mean of whole seconds, rounded half up; 0 for none."""
    return (2 * sum(seconds) + len(seconds)) // (2 * len(seconds)) if seconds else 0


def counted(best_first: Sequence[Decimal], rule: str, best_n: int | None) -> int:
    """Return how many of a team's scores count, the best first: all, or at most ``best_n`` with ``best_n``."""
    return min(len(best_first), best_n or DEFAULT_BEST_N) if rule == "best_n" else len(best_first)


def team_score(best_first: Sequence[Decimal], *, due: int, rule: str, best_n: int | None) -> Decimal:
    """Return a team's score, two decimals.

    ``best_first`` are the scores of the members who took part. ``due`` is how many members were due, those included.
    ``best_n`` sums the best n, ``sum`` all, ``mean`` divides by ``due``. Raises ``ValueError`` for another rule.
    """
    if rule not in RULES:
        raise ValueError(rule)
    scores = best_first[: counted(best_first, rule, best_n)]
    if rule == "mean":
        return mean(scores, max(due, len(best_first)))
    return sum(scores, Decimal(0)).quantize(HUNDREDTH)


def participation_rate(present: int, due: int) -> Decimal | None:
    """Return present ÷ due, rounded half up to four decimals, at most 1; None when nobody was due.

    ``due`` are the candidates who had to come: exempt and deferred ones are in neither number.
    """
    if due == 0:
        return None
    return min(Decimal(1), Decimal(present) / due).quantize(RATE_STEP, ROUND_HALF_UP)
