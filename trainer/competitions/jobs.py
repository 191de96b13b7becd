"""What the scheduler does for competitions."""

from __future__ import annotations

from datetime import datetime

from trainer.competitions import awarding
from trainer.competitions.leaderboard import take_missing


def take_results(now: datetime) -> int:
    """Take over settled results that no board has yet, as after a crash between marking and here; return how many.

    Harmless however often it runs; a run that finds nothing is one statement and no write.
    """
    return take_missing()


def tell_prizes(now: datetime) -> int:
    """Tell people whose prize has changed since it was final and return how many notices are new.

    A run that finds nothing that could have changed is one statement and no write.
    """
    return awarding.tell_prizes(now)
