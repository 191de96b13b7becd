"""What follows a hand-in, called by its route at once and by the scheduler for whatever was left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trainer.marking.settle import settle, unsettled_ids


def settle_and_spread(attempt_ids: Sequence[int], now: datetime) -> list[int]:
    """Settle attempts and let their results reach what is built on them. Returns the ids settled now."""
    return settle(attempt_ids, now)


def settle_left_over(now: datetime) -> int:
    """Settle what is handed in and unsettled, as after a crash between hand-in and marking; return how many."""
    return len(settle_and_spread(unsettled_ids(), now))
