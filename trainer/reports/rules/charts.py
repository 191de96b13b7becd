"""Where things stand in the charts of statistics. Pure: shares in, places out.

A chart is as wide as its box, so places across are per cent of the width; places down are pixels of a fixed height.
Letters and lines keep their size on a phone that way, and nothing needs a script or an inline style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from trainer.reports.rules.results import Step

TOP, BOTTOM = 14, 194
# Room for the marks of the axis at the left, and for half a letter at the right.
LEFT, RIGHT = 11.0, 96.0
SERIES = 6


@dataclass(frozen=True)
class Mark:
    """A point with its letter; ``x`` in per cent, ``y`` in pixels, ``series`` 1 to 6 a colour."""

    x: float
    y: float
    label: str
    series: int
    strong: bool = False
    # The ends of an interval, the same as ``y`` where there is none.
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class Stroke:
    """A line between two points, or a bar from a corner to the one opposite."""

    x1: float
    y1: float
    x2: float
    y2: float
    series: int
    strong: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart: marks on the axis up as (y, text), along as (x, text), and what is drawn."""

    up: tuple[tuple[float, str], ...]
    along: tuple[tuple[float, str], ...]
    marks: tuple[Mark, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    lines: tuple[float, ...] = ()


def _y(share: float, low: float = 0.0, high: float = 1.0) -> float:
    held = min(max(share, low), high)
    return round(TOP + (1 - (held - low) / (high - low)) * (BOTTOM - TOP), 1)


def _x(share: float) -> float:
    return round(LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT), 2)


PERCENT_UP = tuple((_y(step / 4), f"{step * 25}%") for step in range(5))


def options_by_ability(
    options: Sequence[tuple[str, bool, Sequence[int]]], in_third: Sequence[int], thirds: Sequence[str]
) -> Chart:
    """Draw which share of each third chose each option, given as (letter, right, counts by third, weakest first).

    ``thirds`` names them. Letters stand side by side, so that none hides another.
    """
    places = [0.15, 0.5, 0.85]
    step = min(0.06, 0.28 / max(1, len(options) - 1))
    marks, strokes = [], []
    for index, (letter, right, counts) in enumerate(options):
        shift = (index - (len(options) - 1) / 2) * step
        series = index % SERIES + 1
        points = [
            (_x(place + shift), _y(count / people if people else 0.0))
            for place, count, people in zip(places, counts, in_third, strict=True)
        ]
        marks += [Mark(x, y, letter, series, right, y, y) for x, y in points]
        for (x1, y1), (x2, y2) in pairwise(points):
            strokes.append(Stroke(x1, y1, x2, y2, series, right))
    along = tuple((_x(place), name) for place, name in zip(places, thirds, strict=True))
    return Chart(PERCENT_UP, along, tuple(marks), tuple(strokes))


def facility_over_time(quarters: Sequence[tuple[str, float, float, float]]) -> Chart:
    """Draw facility with its interval by quarter, given as (name, facility, low, high), oldest first.

    Of many quarters only some are named, so that names do not lie on each other.
    """
    step = 1 / max(1, len(quarters))
    every = -(-len(quarters) // 4)
    marks, strokes, along = [], [], []
    before: Mark | None = None
    for index, (name, facility, low, high) in enumerate(quarters):
        mark = Mark(_x(step * (index + 0.5)), _y(facility), "", 1, True, _y(low), _y(high))
        if before is not None:
            strokes.append(Stroke(before.x, before.y, mark.x, mark.y, 1))
        if (len(quarters) - 1 - index) % every == 0:
            along.append((mark.x, name))
        marks.append(mark)
        before = mark
    return Chart(PERCENT_UP, tuple(along), tuple(marks), tuple(strokes))


def scores(steps: Sequence[int], max_points: float, pass_mark: float | None) -> Chart:
    """Draw how many people got which tenth of the points; ``pass_mark`` as a line across."""
    most = max([*steps, 1])
    width = 1 / len(steps)
    bars = tuple(
        Stroke(_x(width * index + 0.006), _y(count / most), _x(width * (index + 1) - 0.006), BOTTOM, 1)
        for index, count in enumerate(steps)
    )
    along = tuple((_x(tenth / 10), f"{max_points * tenth / 10:g}") for tenth in range(0, 11, 2))
    lines = (_x(pass_mark / max_points),) if pass_mark is not None and max_points else ()
    half = most // 2
    up = [(_y(0), "0"), (_y(1), str(most))]
    if half and half != most:
        up.insert(1, (_y(half / most), str(half)))
    return Chart(tuple(up), along, strokes=bars, lines=lines)


def spread(steps: Sequence[Step], pass_mark: float | None) -> Chart:
    """Draw how many people have a score in which step; ``pass_mark`` in points, as a line across.

    Up stands the number of people, from 0: heights can be compared. Along stand as many edges of steps as a phone has
    room for.
    """
    highest = steps[-1].high if steps else 0.0
    if not highest:
        return Chart((), ())
    ticks = _whole_ticks(max(step.people for step in steps))
    most = ticks[-1]
    bars = tuple(
        Stroke(
            round(_x(step.low / highest) + 0.25, 2),
            _y(step.people / most),
            round(_x(step.high / highest) - 0.25, 2),
            BOTTOM,
            1 if pass_mark is None or step.low >= pass_mark else 5,
        )
        for step in steps
    )
    every = -(-len(steps) // 6)
    edges = [step.low for step in steps[::every]]
    if len(steps) % every == 0:
        edges.append(highest)
    along = tuple((_x(edge / highest), f"{edge:g}") for edge in edges)
    lines = () if pass_mark is None else (_x(pass_mark / highest),)
    return Chart(tuple((_y(tick / most), str(tick)) for tick in ticks), along, strokes=bars, lines=lines)


def _whole_ticks(most: int) -> list[int]:
    """Return at most six whole numbers from 0, evenly apart, the last of which is ``most`` or above."""
    step = 1
    for step in (unit * 10**power for power in range(9) for unit in (1, 2, 5)):
        if step * 5 >= most:
            break
    return list(range(0, max(1, -(-most // step)) * step + 1, step))


@dataclass(frozen=True)
class Span:
    """A value with its interval on a line of its own, all in per cent of its width."""

    at: float
    low: float
    high: float


def span(value: float, interval: tuple[float, float], most: float) -> Span:
    """Place a value between 0 and ``most`` on a line."""
    at, low, high = (round(100 * min(max(one / most, 0.0), 1.0), 2) if most else 0.0 for one in (value, *interval))
    return Span(at, low, high)


def facility_and_discrimination(items: Sequence[tuple[float, float, bool]]) -> Chart:
    """Draw items as points, facility along and upper-lower index up, from -0.5 to 1.

    The third of each says that it needs a look.
    """
    marks = tuple(
        Mark(_x(facility), _y(index, -0.5, 1.0), "", 2 if look else 1, look) for facility, index, look in items
    )
    up = tuple((_y(step / 2, -0.5, 1.0), f"{step / 2:g}".replace("-", "\N{MINUS SIGN}")) for step in range(-1, 3))
    along = tuple((_x(step / 4), f"{step / 4:g}") for step in range(5))
    return Chart(up, along, marks)
