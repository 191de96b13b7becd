"""What follows a hand-in or a mark, called by the route at once and by the scheduler for whatever was left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trainer.competitions.leaderboard import take_settled
from trainer.marking.service import credit_passes
from trainer.marking.settle import settle, unsettled_ids


def settle_and_spread(attempt_ids: Sequence[int], now: datetime) -> list[int]:
    """Settle attempts and let their results reach boards and ledger. Returns the ids settled now.

    Should the process end between the steps, ``settle_left_over``, ``credit_left_over`` and the competitions' own
    job do the rest.
    """
    settled = settle(attempt_ids, now)
    spread(settled, now)
    return settled


def spread(attempt_ids: Sequence[int], now: datetime) -> None:
    """Let results that are new or another now reach boards and ledger. Harmless however often it runs."""
    if attempt_ids:
        take_settled(attempt_ids)
        credit_passes(now, attempt_ids)


def settle_left_over(now: datetime) -> int:
    """Settle what is handed in and unsettled, as after a crash between hand-in and marking; return how many."""
    return len(settle_and_spread(unsettled_ids(), now))


def credit_left_over(now: datetime) -> int:
    """Enter the hours of passes that have been released meanwhile; return how many people got them."""
    return credit_passes(now)
