"""Automatic marks and totals of what has been handed in. Attempts know nothing of it; running it twice is harmless."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from secrets import token_hex
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trainer.attempts.models import Attempt, Response
from trainer.attempts.rules.timing import seconds_used
from trainer.core.database import db, end_read, transaction
from trainer.exams.models import Candidate, Exam
from trainer.marking.grading import PaperKey, keys_of
from trainer.marking.models import MarkingTask, Result
from trainer.marking.rules import total
from trainer.marking.rules.rubric import place_of
from trainer.papers.rules.scoring import total_points


def settle(attempt_ids: Sequence[int], now: datetime) -> list[int]:
    """Mark handed-in attempts that have no result yet and return the ids of those settled now.

    Answers that take a person become tasks in the same transaction.
    The marks are worked out before the write lock is taken: a handed-in attempt does not change any more. A repair that
    is published in between finds the result by the number of repairs that it bears (``regrading``).
    """
    rows = _unsettled(db.session(), attempt_ids)
    made = [_result(db.session(), attempt, exam, unit_id, now) for attempt, exam, unit_id in rows]
    end_read()
    if not made:
        return []
    settled = []
    with transaction() as session:
        for values, waiting in made:
            mine = session.execute(
                update(Attempt)
                .where(Attempt.id == values["attempt_id"], Attempt.settled_at.is_(None), Attempt.state == "submitted")
                .values(settled_at=now)
            ).rowcount
            if mine:
                session.add(Result(**values))
                session.add_all(_tasks(values, waiting))
                settled.append(values["attempt_id"])
    return settled


def unsettled_ids(limit: int = 500) -> list[int]:
    """Return ids of attempts handed in and not yet settled, the oldest first."""
    waiting = select(Attempt.id).where(Attempt.state == "submitted", Attempt.settled_at.is_(None))
    found = list(db.session().scalars(waiting.order_by(Attempt.submitted_at).limit(limit)))
    end_read()
    return found


def _unsettled(session: Session, attempt_ids: Sequence[int]) -> list[Any]:
    return list(
        session.execute(
            select(Attempt, Exam, Candidate.unit_id)
            .join(Exam, Exam.id == Attempt.exam_id)
            .join(Candidate, Candidate.id == Attempt.candidate_id)
            .where(Attempt.id.in_(attempt_ids), Attempt.state == "submitted", Attempt.settled_at.is_(None))
        )
    )


def _tasks(result: dict[str, Any], waiting: Sequence[PaperKey]) -> list[MarkingTask]:
    # A seed of its own that is not kept: the one of the draw is public once the exam is over, and whoever knew it could
    # tell from an attempt's id where its answers come.
    seed = token_hex(16)
    return [
        MarkingTask(
            exam_id=result["exam_id"],
            attempt_id=result["attempt_id"],
            number=key.number,
            item_version_id=key.item_version_id,
            part=key.part,
            max_points=key.announced,
            place=place_of(seed, result["attempt_id"], key.number),
        )
        for key in waiting
    ]


def _result(
    session: Session, attempt: Attempt, exam: Exam, unit_id: int, now: datetime
) -> tuple[dict[str, Any], list[PaperKey]]:
    """Return the columns of the result, and the items whose answers wait for a person."""
    answers = {
        number: orjson.loads(text)
        for number, text in session.execute(
            select(Response.number, Response.answer).where(Response.attempt_id == attempt.id)
        )
    }
    keys = keys_of(session, attempt.paper_id, exam.id, exam.repairs_no)
    grades = [key.judge(answers.get(key.number)) for key in keys]
    totals = total([(key.points, grade) for key, grade in zip(keys, grades, strict=True)], exam.pass_mark)
    assert attempt.submitted_at is not None
    result = {
        "attempt_id": attempt.id,
        "exam_id": attempt.exam_id,
        "user_id": attempt.user_id,
        "unit_id": unit_id,
        "score": totals.score,
        "objective_score": total_points(
            Decimal(mark["points"]) for key, mark in zip(keys, totals.marks, strict=True) if not key.by_person
        ),
        "max_points": totals.max_points,
        "passed": totals.passed,
        "unmarked": totals.unmarked,
        "correct_count": totals.correct_count,
        "seconds_used": seconds_used(attempt.started_at, attempt.submitted_at, attempt.deadline_at),
        "submitted_at": attempt.submitted_at,
        "settled_at": now,
        "marks": totals.marks,
        "repairs_no": exam.repairs_no,
    }
    return result, [key for key, grade in zip(keys, grades, strict=True) if grade.needs_person]
