"""Automatic marks and totals of what has been handed in. Attempts know nothing of it; running it twice is harmless."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.orm import Session

from trainer.attempts.models import Attempt, Response
from trainer.attempts.rules.timing import seconds_used
from trainer.core.database import db, end_read, grouped, single_read
from trainer.core.prepared import prepared
from trainer.exams.models import Candidate, Exam
from trainer.marking.grading import PaperKey, keys_of
from trainer.marking.models import MarkingTask, Result
from trainer.marking.rules import total
from trainer.marking.rules.rubric import place_of
from trainer.papers.rules.scoring import total_points

PART = 50

# The columns of a result, and the items whose answers wait for a person.
Marked = tuple[dict[str, Any], list[PaperKey]]


@prepared
def _handed_in() -> Any:
    """Return the statement that reads a handed-in attempt without a result, with what its exam says of marking."""
    return (
        select(
            Attempt.id,
            Attempt.exam_id,
            Attempt.user_id,
            Attempt.paper_id,
            Attempt.started_at,
            Attempt.submitted_at,
            Attempt.deadline_at,
            Candidate.unit_id,
            Exam.pass_mark,
            Exam.repairs_no,
        )
        .join(Exam, Exam.id == Attempt.exam_id)
        .join(Candidate, Candidate.id == Attempt.candidate_id)
        .where(Attempt.id == bindparam("attempt_id"), Attempt.state == "submitted", Attempt.settled_at.is_(None))
    )


@prepared
def _answers() -> Any:
    return select(Response.number, Response.answer).where(Response.attempt_id == bindparam("attempt_id"))


@prepared
def _claim() -> Any:
    """Return the statement that settles an attempt, for one of those who try it at once."""
    return (
        update(Attempt)
        .where(Attempt.id == bindparam("attempt_id"), Attempt.settled_at.is_(None), Attempt.state == "submitted")
        .values(settled_at=bindparam("now"))
    )


@prepared
def _kept() -> Any:
    return insert(Result).values({column.key: bindparam(column.key) for column in Result.__table__.columns})


def settle(attempt_ids: Sequence[int], now: datetime) -> list[int]:
    """Mark handed-in attempts that have no result yet and return the ids of those settled now.

    Answers that take a person become tasks in the same transaction.
    The marks are worked out before the write lock is taken: a handed-in attempt does not change any more. A repair that
    is published in between finds the result by the number of repairs that it bears (``regrading``).
    """
    settled: list[int] = []
    for start in range(0, len(attempt_ids), PART):
        with single_read() as connection:
            made = results(connection, attempt_ids[start : start + PART], now)
        if made:
            settled += grouped(lambda connection, made=made: keep(connection, made, now))  # type: ignore[misc]
    return settled


def settle_within(session: Session, attempt_ids: Sequence[int], now: datetime) -> list[int]:
    """Do as ``settle`` inside the caller's transaction."""
    connection = session.connection()
    return keep(connection, results(connection, attempt_ids, now), now)


def keep(connection: Connection, made: Sequence[Marked], now: datetime) -> list[int]:
    """Store ``results`` whose attempts nobody has settled meanwhile and return the ids of these attempts."""
    settled = []
    for values, waiting in made:
        if _claim(connection).count(connection, {"attempt_id": values["attempt_id"], "now": now}) == 1:
            _kept(connection).count(connection, values)
            if waiting:
                connection.execute(insert(MarkingTask), _tasks(values, waiting))
            settled.append(values["attempt_id"])
    return settled


def unsettled_ids(limit: int = 500) -> list[int]:
    """Return ids of attempts handed in and not yet settled, the oldest first."""
    waiting = select(Attempt.id).where(Attempt.state == "submitted", Attempt.settled_at.is_(None))
    found = list(db.session().scalars(waiting.order_by(Attempt.submitted_at).limit(limit)))
    end_read()
    return found


def results(connection: Connection, attempt_ids: Sequence[int], now: datetime) -> list[Marked]:
    """Return the results of those of the attempts that are handed in and have none; nothing is stored."""
    made = []
    for attempt_id in attempt_ids:
        of_it = {"attempt_id": attempt_id}
        row = _handed_in(connection).first(connection, of_it)
        if row is not None:
            answers = dict(_answers(connection).tuples(connection, of_it))
            made.append(_result(connection, row, answers, now))
    return made


def _tasks(result: dict[str, Any], waiting: Sequence[PaperKey]) -> list[dict[str, Any]]:
    # A seed of its own that is not kept: the one of the draw is public once the exam is over, and whoever knew it could
    # tell from an attempt's id where its answers come.
    seed = token_hex(16)
    return [
        {
            "exam_id": result["exam_id"],
            "attempt_id": result["attempt_id"],
            "number": key.number,
            "item_version_id": key.item_version_id,
            "part": key.part,
            "max_points": key.announced,
            "place": place_of(seed, result["attempt_id"], key.number),
        }
        for key in waiting
    ]


def _result(connection: Connection, row: Any, answers: dict[int, str], now: datetime) -> Marked:
    keys = keys_of(connection, row.paper_id, row.exam_id, row.repairs_no)
    marks = [key.mark(answers.get(key.number)) for key in keys]
    totals = total(marks, row.pass_mark)
    by_person = [(key, mark) for key, mark in zip(keys, marks, strict=True) if key.by_person]
    result = {
        "attempt_id": row.id,
        "exam_id": row.exam_id,
        "user_id": row.user_id,
        "unit_id": row.unit_id,
        "score": totals.score,
        "objective_score": totals.score - total_points(mark.earned for _key, mark in by_person),
        "max_points": totals.max_points,
        "passed": totals.passed,
        "unmarked": totals.unmarked,
        "correct_count": totals.correct_count,
        "seconds_used": seconds_used(row.started_at, row.submitted_at, row.deadline_at),
        "submitted_at": row.submitted_at,
        "settled_at": now,
        "marks": totals.marks,
        "repairs_no": row.repairs_no,
    }
    return result, [key for key, mark in by_person if mark.waits]
