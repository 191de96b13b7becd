"""Where an officer stands against the hours of a year. Pure.

Source of the requirement: at least 60 hours a year, 粤府办〔2023〕21号 as reported by 广东省司法厅. The source knows no
part of it for part of a year, so a newcomer owes the whole; who cannot be held to that is exempted by a decision with
a reason. Officers alone are counted (auxiliaries, staff and those who left are not). Decided 2026-11-23:

- **met**: the year's hours are there.
- **on pace**: not yet, but at least the requirement × the share of the year gone, today included.
- **behind**: below the pace, above the warning line; also everybody who lacks hours once the year is over.
- **at risk**: below the pace and below the newest warning line that has passed. The lines (30 June: half of the hours,
  30 September: three quarters; 30 and 45 of 60) are our suggestion.
- **exempt**: a decision for that year stands; not due.

The forecast takes the pace of the last 90 days: hours so far + hours of the window ÷ its days × the days left.
All comparisons are exact, in whole hundredths of an hour, so that SQL and Python agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

REQUIRED = Decimal(60)
STATUSES = ("met", "on_pace", "behind", "at_risk", "exempt")
LINES = ((date(2000, 6, 30), Fraction(1, 2)), (date(2000, 9, 30), Fraction(3, 4)))
WINDOW_DAYS = 90
LEAST_WINDOW = 30


@dataclass(frozen=True)
class Standard:
    """What a year asks for on a local day. Hours are exact to the hundredth, rounded up where a share is not.

    ``pace`` is what should be there by now. ``line`` is the newest warning line, with its day, 0 and None where none
    has passed. ``window_from`` is the first day of the window of the forecast, ``window`` its days; ``days_left`` are
    the days of the year after ``day``. ``over`` says that the year has ended.
    """

    year: int
    day: date
    required: Decimal
    pace: Decimal
    line: Decimal
    line_on: date | None
    window_from: date
    window: int
    days_left: int
    over: bool

    def status(self, hours: Decimal, *, exempt: bool = False) -> str:
        """Return the status of a person with ``hours`` this year (corrections taken off)."""
        if exempt:
            return "exempt"
        if hours >= self.required:
            return "met"
        if hours >= self.pace:
            return "on_pace"
        return "at_risk" if hours < self.line and not self.over else "behind"

    def missing(self, hours: Decimal) -> Decimal:
        """Return the hours that still lack for the year, never below 0."""
        return max(Decimal(0), self.required - hours)

    def forecast(self, hours: Decimal, recent: Decimal) -> Decimal:
        """Return the hours to be expected at the end of the year; ``recent`` are those within the window."""
        return hours + (recent * self.days_left / self.window).quantize(Decimal("0.01"))

    def forecast_met(self, hours: Decimal, recent: Decimal) -> bool:
        """Return whether the requirement will be met at the present pace; exact, without rounding."""
        return hours * self.window + recent * self.days_left >= self.required * self.window


def standard(year: int, day: date, required: Decimal = REQUIRED) -> Standard:
    """Return what ``year`` asks for on ``day``, the city's day. Before the year nothing, after it everything."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    days = (last - first).days + 1
    gone = min(max((day - first).days + 1, 0), days)
    line, line_on = Decimal(0), None
    for when, share in LINES:
        passed = when.replace(year=year)
        if day >= passed:
            line, line_on = _hundredths(Fraction(required) * share), passed
    window = min(max(gone, LEAST_WINDOW), WINDOW_DAYS)
    seen_until = min(max(day, first), last)
    return Standard(
        year=year,
        day=day,
        required=required,
        pace=_hundredths(Fraction(required) * gone / days),
        line=line,
        line_on=line_on,
        window_from=seen_until - timedelta(days=window - 1),
        window=window,
        days_left=days - gone,
        over=day > last,
    )


def _hundredths(value: Fraction) -> Decimal:
    # Whoever has whole hundredths of hours has at least the share exactly when he has its next hundredth.
    whole = -((-value.numerator * 100) // value.denominator)
    return (Decimal(whole) / 100).quantize(Decimal("0.01"), ROUND_CEILING)
