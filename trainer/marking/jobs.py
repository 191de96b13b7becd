"""What follows a hand-in or a mark, called by the route at once and by the scheduler for whatever was left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trainer.competitions.leaderboard import take_settled
from trainer.marking.regrading import exams_to_regrade, regrade
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


def regrade_and_spread(exam_id: int, now: datetime) -> list[int]:
    """Bring the results of an exam up to its repairs and let them reach boards and ledger; return those changed."""
    changed = regrade(exam_id, now)
    spread(changed, now)
    return changed


def regrade_left_over(now: datetime) -> int:
    """Carry out what is left of published repairs, as after a crash in between; return how many results changed."""
    return sum(len(regrade_and_spread(exam_id, now)) for exam_id in exams_to_regrade())


def credit_left_over(now: datetime) -> int:
    """Enter the hours of passes that have been released meanwhile; return how many people got them."""
    return credit_passes(now)
