"""Handing in: once, by whatever door. Nothing is graded here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from trainer.attempts.caller import Caller
from trainer.attempts.incidents import enter_deed
from trainer.attempts.models import Attempt
from trainer.attempts.rules.timing import is_late, is_over
from trainer.attempts.save import (
    AttemptClosed,
    Given,
    all_stand,
    canonical,
    demand_newest,
    has_arrived,
    hold_attempt,
    shapes_of,
    split_left,
    store,
)
from trainer.audit.service import record
from trainer.core.database import grouped, transaction
from trainer.core.errors import Missing
from trainer.core.prepared import prepared


@dataclass(frozen=True)
class HandIn:
    """The receipt of a hand-in; the same at each later call. ``first`` says whether this call did it.

    ``left`` are the (number, seq) of answers that came along and were refused, because their item was left before;
    ``late`` those refused because they came for the first time with a call after the candidate's own hand-in.
    """

    attempt_id: int
    exam_id: int
    submitted_at: datetime
    first: bool
    left: list[tuple[int, int]] = field(default_factory=list)
    late: list[tuple[int, int]] = field(default_factory=list)


def submit(caller: Caller, attempt_id: int, epoch: int, given: Sequence[Given], now: datetime) -> HandIn:
    """Hand in, with last answers in the same call. A second call changes nothing and returns the same receipt.

    After deadline and grace the attempt is handed in as of its deadline with what was saved; answers that come along
    then, or after an invigilator's hand-in, and do not stand already are refused with ``AttemptClosed``, so that nobody
    believes them stored. Raises ``TakenOver`` or ``DeviceStopped`` from an old page, ``Invalid``, ``Missing`` or
    ``Unauthenticated``.
    """

    def write(connection: Connection) -> HandIn | None:
        row = hold_attempt(connection, caller, attempt_id, now)
        done = HandIn(row.id, row.exam_id, row.submitted_at, first=False)
        if row.submitted_by == "candidate":
            # What the call that handed in brought along has arrived; anything else is in no answer that counts.
            late = [(one.number, one.seq) for one in given if not has_arrived(connection, row.id, one)]
            return replace(done, late=late) if late else done
        answers = canonical(shapes_of(connection, row.paper_id), given)
        if row.state == "submitted":
            return done if all_stand(connection, attempt_id, answers) else None
        if is_over(now, row.deadline_at, row.grace_seconds):
            _flip(connection, attempt_id, row.deadline_at, "deadline")
            # The close stands although the call is refused, so it is told by None and not by raising here.
            stand = all_stand(connection, attempt_id, answers)
            return HandIn(row.id, row.exam_id, row.deadline_at, first=True) if stand else None
        demand_newest(row, epoch)
        answers, left = split_left(connection, row, answers)
        store(connection, attempt_id, epoch, answers, now, late=is_late(now, row.deadline_at))
        _flip(connection, attempt_id, now, "candidate")
        return HandIn(row.id, row.exam_id, now, first=True, left=left)

    receipt = grouped(write)
    if receipt is None:
        raise AttemptClosed
    return receipt


@prepared
def _handed_in() -> Any:
    return (
        update(Attempt)
        .where(Attempt.id == bindparam("attempt_id"), Attempt.state == "open")
        .values(state="submitted", submitted_at=bindparam("at"), submitted_by=bindparam("by"))
    )


def _flip(connection: Connection, attempt_id: int, at: datetime, by: str) -> int:
    return _handed_in(connection).count(connection, {"attempt_id": attempt_id, "at": at, "by": by})


def close_overdue(now: datetime, limit: int = 500) -> list[int]:
    """Hand in attempts whose time and grace are over, as of their deadline; return their ids. Safe to run twice."""
    overdue = (
        select(Attempt.id, Attempt.deadline_at, Attempt.grace_seconds)
        .where(Attempt.state == "open", Attempt.deadline_at < now)
        .order_by(Attempt.deadline_at)
        .limit(limit)
    )
    closed = []
    with transaction() as session:
        for row in session.execute(overdue.with_for_update(skip_locked=True)):
            over = is_over(now, row.deadline_at, row.grace_seconds)
            if over and _flip(session.connection(), row.id, row.deadline_at, "deadline"):
                closed.append(row.id)
    return closed


def force_submit(attempt_id: int, *, by: int, reason: str, now: datetime) -> HandIn:
    """Hand in for a candidate, by an invigilator whose right the caller has checked. A second call changes nothing.

    It stands among the incidents of the attempt with its reason.
    """
    with transaction() as session:
        attempt = session.scalar(select(Attempt).where(Attempt.id == attempt_id).with_for_update())
        if attempt is None:
            raise Missing
        if attempt.state == "submitted":
            assert attempt.submitted_at is not None
            return HandIn(attempt.id, attempt.exam_id, attempt.submitted_at, first=False)
        at = min(now, attempt.deadline_at)
        _flip(session.connection(), attempt_id, at, "invigilator")
        enter_deed(session, attempt_id, "forced", reason=reason, now=at)
        record("attempt.forced", by=by, target=f"attempt:{attempt_id}", detail={"reason": reason[:200]})
        return HandIn(attempt.id, attempt.exam_id, at, first=True)
