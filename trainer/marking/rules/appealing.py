"""Until when a candidate may appeal (申诉期限). Pure; times are aware UTC.

The usual window is three working days after the result could be seen, as the windows for querying results online mostly
are (one to three working days); whoever runs an exam may choose another number for it. Working days are those of the
State Council's yearly arrangement of holidays, kept by ``chinese_calendar``; of a year that has not been arranged yet,
Monday to Friday.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

from trainer.core.clock import CITY_ZONE, day_ends_at, local_day

DAYS_USUAL = 3
DAYS_MOST = 30
REASON_MOST = 1000
ANSWER_MOST = 1000


def is_working_day(day: date) -> bool:
    """Return whether offices are open on a day of the city."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def window_ends(opened_at: datetime, days: int, zone: ZoneInfo = CITY_ZONE) -> datetime:
    """Return the first moment at which no appeal is taken any more: the end of the last working day.

    The city's day of ``opened_at`` does not count; with 0 ``days`` the window never opens and ends at ``opened_at``.
    """
    if days <= 0:
        return opened_at
    day = local_day(opened_at, zone)
    left = days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return day_ends_at(day, zone)
