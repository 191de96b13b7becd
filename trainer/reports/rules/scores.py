"""How the scores of an exam are spread, and how many lie so near the pass mark that chance may have decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev

STEPS = 10


@dataclass(frozen=True)
class Spread:
    """Scores of an exam in points. ``steps`` counts them by tenths of the points, the full score in the last.

    ``deviation`` is that of a sample (n - 1). ``near_pass`` counts who lies within one standard error of measurement of
    the pass mark, on either side. None stands for what there is not.
    """

    people: int
    max_points: float
    mean: float | None
    deviation: float | None
    middle: float | None
    lowest: float | None
    highest: float | None
    steps: tuple[int, ...]
    passed: int | None
    near_pass: int | None


def spread_of(
    scores: Sequence[float], max_points: float, pass_mark: float | None, standard_error: float | None
) -> Spread:
    """Return how scores are spread; a score equal to the pass mark passes."""
    steps = [0] * STEPS
    for score in scores:
        steps[min(STEPS - 1, int(STEPS * score / max_points + 1e-9)) if max_points else 0] += 1
    passed = near = None
    if pass_mark is not None:
        passed = sum(score >= pass_mark for score in scores)
        if standard_error is not None:
            near = sum(abs(score - pass_mark) <= standard_error + 1e-9 for score in scores)
    return Spread(
        people=len(scores),
        max_points=max_points,
        mean=fmean(scores) if scores else None,
        deviation=stdev(scores) if len(scores) > 1 else None,
        middle=median(scores) if scores else None,
        lowest=min(scores, default=None),
        highest=max(scores, default=None),
        steps=tuple(steps),
        passed=passed,
        near_pass=near,
    )
