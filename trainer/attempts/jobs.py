"""Tidying up after deadlines, for the scheduler. No result hangs on it: every save is judged by stored moments."""

from __future__ import annotations

from datetime import datetime

from trainer.attempts import submit
from trainer.marking.jobs import settle_and_spread


def close_overdue(now: datetime) -> int:
    """Hand in and settle attempts whose time and grace are over, as of their deadline; return how many. Safe twice."""
    closed = submit.close_overdue(now)
    if closed:
        settle_and_spread(closed, now)
    return len(closed)
