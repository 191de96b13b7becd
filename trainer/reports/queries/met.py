"""What people have met of the bank: asked for by draws that avoid it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trainer.attempts.models import Attempt
from trainer.bank.models import ItemVersion
from trainer.papers.models import PaperItem
from trainer.practice.models import PracticeAnswer

PART = 500


def items_met(
    session: Session, user_ids: Sequence[int], since: datetime, practice: bool
) -> Mapping[int, frozenset[int]]:
    """Return the items, by id, that each person met from ``since`` (aware UTC) on; who met none is left out.

    In exams that is every item of a paper that was started, in whatever version; with ``practice`` also what was
    answered there.
    """
    met: dict[int, set[int]] = {}
    for start in range(0, len(user_ids), PART):
        people = user_ids[start : start + PART]
        started = (
            select(Attempt.user_id, ItemVersion.item_id)
            .join(PaperItem, PaperItem.paper_id == Attempt.paper_id)
            .join(ItemVersion, ItemVersion.id == PaperItem.item_version_id)
            .where(Attempt.user_id.in_(people), Attempt.started_at >= since)
            .distinct()
        )
        for user_id, item_id in session.execute(started):
            met.setdefault(user_id, set()).add(item_id)
        if practice:
            answered = (
                select(PracticeAnswer.user_id, PracticeAnswer.item_id)
                .where(PracticeAnswer.user_id.in_(people), PracticeAnswer.answered_at >= since)
                .distinct()
            )
            for user_id, item_id in session.execute(answered):
                met.setdefault(user_id, set()).add(item_id)
    return {user_id: frozenset(items) for user_id, items in met.items()}
