"""What an answer, a paper and a pass are worth. Points are ``Decimal`` with two places.

An item earns its points times the fraction of its grade, rounded to a hundredth, half a hundredth up (our decision of
2026-11-23: the rounding that people know from school). Each item is rounded by itself and the total is the sum of what
each item shows, so that a candidate who adds up the page gets the same number.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

HUNDREDTH = Decimal("0.01")
NOTHING = Decimal("0.00")
NOISE = Decimal("1E-20")


def item_points(points: Decimal, fraction: Decimal) -> Decimal:
    """Return what an item worth ``points`` earns with ``fraction`` (0 to 1), in whole hundredths."""
    # A fraction such as 5/14 has only 28 digits, and its last one must not decide over half a hundredth.
    return (points * fraction).quantize(NOISE).quantize(HUNDREDTH, ROUND_HALF_UP)


def total_points(earned: Iterable[Decimal]) -> Decimal:
    """Return the sum, 0.00 for nothing."""
    return sum(earned, NOTHING)


def has_passed(score: Decimal, pass_mark: Decimal | None) -> bool | None:
    """Return whether ``score`` reaches the pass mark (both in points), None where there is none."""
    return None if pass_mark is None else score >= pass_mark
