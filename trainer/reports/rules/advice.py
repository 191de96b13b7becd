"""What the figures of an item advise to whoever keeps it. Pure: codes with their reasons; the words are the page's.

Nothing is advised on a difference that chance may have made: each threshold is passed only when the interval of 95 %
passes it, and only from the sample sizes below on. The advice is to look, never to change anything by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.reports.rules.drift import Drift
from trainer.reports.rules.intervals import Correlation, Interval, difference_interval, share_interval
from trainer.reports.rules.item_stats import LEAST_PEOPLE, OptionLine, Tally

CODES = ("key_suspicious", "weak", "distractor_dead", "too_easy", "too_hard", "drifting", "left_blank")

# R. L. Ebel and D. A. Frisbie, "Essentials of Educational Measurement", 5th ed. 1991, on the upper-lower index:
# 0.40 and up very good; 0.30–0.39 reasonably good; 0.20–0.29 marginal, to be improved; below 0.20 poor, to be rejected
# or rewritten. A negative one points to a wrong key or an ambiguous text.
VERY_GOOD, GOOD, MARGINAL = 0.40, 0.30, 0.20

# T. M. Haladyna and S. M. Downing, "How many options is enough for a multiple-choice test item?", Educ. Psychol. Meas.
# 53 (1993), 999–1010: a distractor chosen by fewer than 5 % does no work.
DEAD = 0.05

# Our decision, 2026-11-27: with groups of fewer than 27 and options of fewer than 100 people advice would change daily.
LEAST_FOR_OPTIONS = 100
LEAST_FOR_GROUPS = 100
# Our decision, 2026-11-27: an item that nine in ten get right has no room to discriminate, and needs not.
NO_ROOM = 0.90
MANY_BLANK = 0.10

# Which facility each label of difficulty (1 easiest to 5) promises. The cuts 0.70 and 0.40 between easy, middling and
# hard are the usual ones of Chinese school examinations (难度系数); the finer ones are our decision, 2026-11-27.
PROMISED: dict[int, Interval] = {
    1: Interval(0.85, 1.00),
    2: Interval(0.70, 0.95),
    3: Interval(0.40, 0.80),
    4: Interval(0.20, 0.60),
    5: Interval(0.00, 0.40),
}


@dataclass(frozen=True)
class Advice:
    """One thing to look at. ``options`` names the options concerned; they tell the key, so not everybody reads them."""

    code: str
    reason: str = ""
    options: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "reason": self.reason, "options": list(self.options)}


def band_of(index: float | None) -> str:
    """Return Ebel and Frisbie's word for an upper-lower index; ``unknown`` for None."""
    if index is None:
        return "unknown"
    if index < 0:
        return "negative"
    return (
        "very_good" if index >= VERY_GOOD else "good" if index >= GOOD else "marginal" if index >= MARGINAL else "poor"
    )


def upper_lower_interval(tally: Tally) -> Interval | None:
    """Return the interval of the upper-lower index, None where there is none."""
    if not tally.upper or not tally.lower:
        return None
    return difference_interval(
        tally.upper_share / tally.upper, tally.upper, tally.lower_share / tally.lower, tally.lower
    )


def advise_on_exams(
    tally: Tally, correlation: Correlation | None, options: Sequence[OptionLine], difficulty: int, drift: Drift
) -> list[Advice]:
    """Return what the answers in exams advise, the gravest first; nothing below ``LEAST_PEOPLE`` people."""
    if tally.people < LEAST_PEOPLE:
        return []
    found = _suspicious(tally, correlation, options)
    if not found and _is_weak(tally):
        found.append(Advice("weak"))
    found += _dead(tally, options)
    found += _label(tally, difficulty)
    if drift.is_sure:
        found.append(Advice("drifting", "easier" if (drift.change or 0) > 0 else "harder"))
    blank = sum(tally.blank) / tally.people
    if share_interval(blank, tally.people).low > MANY_BLANK:
        found.append(Advice("left_blank"))
    return found


def advise_on_practice(tally: Tally, options: Sequence[OptionLine]) -> list[Advice]:
    """Return what first answers in practice advise: less, for nothing is known of how able each person is."""
    if tally.people < LEAST_FOR_OPTIONS:
        return []
    beaten = _beaten(options, [line.chosen for line in options], tally.people)
    found = [Advice("key_suspicious", "beaten", beaten)] if beaten else []
    return found + _dead(tally, options)


def _suspicious(tally: Tally, correlation: Correlation | None, options: Sequence[OptionLine]) -> list[Advice]:
    if tally.in_third[2] >= LEAST_PEOPLE:
        beaten = _beaten(options, [line.thirds[2] for line in options], tally.in_third[2])
        if beaten:
            return [Advice("key_suspicious", "beaten_by_able", beaten)]
    if correlation is not None and correlation.people >= LEAST_PEOPLE and correlation.interval.high < 0:
        return [Advice("key_suspicious", "negative")]
    return []


def _beaten(options: Sequence[OptionLine], counts: Sequence[int], people: int) -> tuple[str, ...]:
    """Return the wrong options that surely more people chose than the one right option; none with several right."""
    right = [count for line, count in zip(options, counts, strict=True) if line.right]
    if len(right) != 1:
        return ()
    return tuple(
        line.key
        for line, count in zip(options, counts, strict=True)
        if not line.right and share_interval(count / people, people).low > right[0] / people
    )


def _is_weak(tally: Tally) -> bool:
    index, interval = tally.upper_lower, upper_lower_interval(tally)
    if index is None or interval is None or tally.people < LEAST_FOR_GROUPS:
        return False
    return index < MARGINAL and interval.high < GOOD and (tally.facility or 0) < NO_ROOM


def _dead(tally: Tally, options: Sequence[OptionLine]) -> list[Advice]:
    """Options hardly anybody chose, where the wrong answers would have been enough to make each of them work."""
    wrong = [line for line in options if not line.right]
    if tally.people < LEAST_FOR_OPTIONS or len(wrong) < 2:
        return []
    if sum(line.share for line in wrong) / len(wrong) < DEAD:
        return []
    dead = tuple(line.key for line in wrong if line.interval.high < DEAD)
    return [Advice("distractor_dead", options=dead)] if dead else []


def _label(tally: Tally, difficulty: int) -> list[Advice]:
    promised = PROMISED.get(difficulty)
    if promised is None:
        return []
    interval = tally.facility_interval
    if interval.low > promised.high:
        return [Advice("too_easy")]
    return [Advice("too_hard")] if interval.high < promised.low else []
