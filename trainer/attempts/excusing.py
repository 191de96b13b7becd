"""Exempting and deferring candidates, which tells whether they have begun."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.attempts.models import Attempt
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Missing
from trainer.exams import service
from trainer.exams.changing import held_exam

NAMED_MOST = 5


class HasBegun(Conflict):
    """Somebody who is to be exempt or deferred has begun: what they did counts, and cannot both count and not."""

    code = "excused_has_begun"


def excuse_candidate(exam_id: int, user_id: int, state: str, *, by: Person, reason: str = "") -> None:
    """As ``excuse_candidates``, for one. Raises ``Missing`` besides for somebody who is not named."""
    if not excuse_candidates(exam_id, [user_id], state, by=by, reason=reason):
        raise Missing


def excuse_candidates(exam_id: int, user_ids: Sequence[int], state: str, *, by: Person, reason: str = "") -> int:
    """Put candidates into ``due``, ``exempt`` or ``deferred`` as ``exams.service`` does; all of them or, refused, none.

    Raises ``HasBegun`` with the first names, and what it raises there.
    """
    with transaction() as session:
        if state != "due":
            # Whoever begins waits for the exam, which is held from here on, and is no longer due then.
            held_exam(session, exam_id, by)
            begun = (
                select(User.name)
                .where(User.id.in_(select(Attempt.user_id).where(Attempt.exam_id == exam_id)), User.id.in_(user_ids))
                .order_by(User.name, User.id)
            )
            names = list(session.scalars(begun))
            if names:
                shown = "、".join(names[:NAMED_MOST]) + ("…" if len(names) > NAMED_MOST else "")
                raise HasBegun(names=shown, count=len(names))
        return service.excuse_candidates(exam_id, user_ids, state, by=by, reason=reason)
