"""How evenly answers were marked: means, spread, and what two markers of the same answers gave. Pure.

Figures stand beside the number of answers they rest on, because a difference over three answers says nothing. They are
for whoever runs the marking; nobody is ranked by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt

from trainer.papers.rules.scoring import HUNDREDTH

# Fewer answers tell nothing of a marker, our decision.
ENOUGH = 10


@dataclass(frozen=True)
class Spread:
    """Points given to ``n`` answers. Mean and standard deviation in points, None without any (deviation: below two)."""

    n: int
    mean: Decimal | None
    deviation: Decimal | None


@dataclass(frozen=True)
class Agreement:
    """What first and second marker gave to ``n`` answers that both have marked.

    ``within`` counts those within the tolerance; ``distance`` is the mean of how far they lie apart and ``leaning`` of
    how much more the one in question gave than the other, both in points, None without any.
    """

    n: int
    within: int
    distance: Decimal | None
    leaning: Decimal | None

    @property
    def share(self) -> float | None:
        """The share within the tolerance, 0 to 1, None without any."""
        return self.within / self.n if self.n else None

    @property
    def is_telling(self) -> bool:
        return self.n >= ENOUGH


def spread(n: int, total: int, squares: int) -> Spread:
    """Return the spread of ``n`` marks from their sum and the sum of their squares, both in whole hundredths."""
    if not n:
        return Spread(0, None, None)
    mean = Decimal(total) / n
    # Of a sample: the answers marked so far stand for all of them.
    variance = max(0.0, (squares - total * total / n) / (n - 1)) if n > 1 else None
    return Spread(n, _points(mean), None if variance is None else _points(Decimal(sqrt(variance))))


def agreement(n: int, within: int, distances: int, leanings: int) -> Agreement:
    """Return the agreement over ``n`` answers from sums of distances and of signed differences, in hundredths."""
    if not n:
        return Agreement(0, 0, None, None)
    return Agreement(n, within, _points(Decimal(distances) / n), _points(Decimal(leanings) / n))


def _points(hundredths: Decimal) -> Decimal:
    return (hundredths / 100).quantize(HUNDREDTH, ROUND_HALF_UP)
