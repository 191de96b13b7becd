"""What the scheduler does for exams."""

from __future__ import annotations

from datetime import datetime

from trainer.exams.law_warning import warn_organisers


def warn_of_old_law(now: datetime) -> int:
    """Tell organisers of exams that have come to reach over the day on which a law changes; return how many."""
    return warn_organisers(now)
