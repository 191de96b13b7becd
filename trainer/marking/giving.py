"""Giving marks, and what they make of the result of an attempt.

A mark, its entry in the record, the points of the answer and, with the last answer of an attempt, the whole result
change in one transaction. Rows are locked in one order (plan, answer, result, exam), so of two markers who give the
last two marks of an attempt at once the later sees the other's, and the result is finished once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.attempts.models import Attempt
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Invalid, Missing
from trainer.exams.models import Exam
from trainer.exams.queries import last_own_closing, longest_extra
from trainer.exams.rules import ends_at
from trainer.marking.allocating import LEASE
from trainer.marking.grading import PaperKey, keys_of
from trainer.marking.models import Mark, MarkEvent, MarkingBatch, MarkingPlan, MarkingTask, Result
from trainer.marking.queries.remarks import is_remarked
from trainer.marking.queries.work import demand_marker, items_of
from trainer.marking.rules import may_see_result
from trainer.marking.rules.double import outcome
from trainer.marking.rules.rubric import COMMENT_MOST, ItemKey, line_points, lines_problems, with_marks
from trainer.notices.service import queue
from trainer.papers.rules.scoring import total_points


class NotHeld(Conflict):
    """The answer is no longer in the marker's hands: the lease ended and others have it, or it was taken back."""

    code = "answer_not_held"


class MarksAreOut(Conflict):
    """The candidate may see the result, so its marks stand."""

    code = "marks_are_out"


@dataclass(frozen=True)
class Given:
    """A mark as it stands. ``changed_attempts`` are those whose result is another now: boards and hours follow."""

    points: Decimal
    given_at: datetime
    leased_until: datetime
    changed_attempts: tuple[int, ...]


def give(batch_id: int, position: int, lines: Sequence[Decimal], comment: str, *, by: Person, now: datetime) -> Given:
    """Give points by line of the rubric to an answer in one's hands, or change what one gave.

    The same again changes nothing. A change of an answer that was finished is a correction and written into the audit;
    it takes nobody else, but only until the result may be seen. Raises ``Missing`` for a batch of somebody else and for
    who may no longer mark, ``NotHeld``, ``Invalid`` at ``lines`` and ``comment``, ``MarksAreOut``.
    """
    comment = comment.strip()
    with transaction() as session:
        exam_id = session.scalar(
            select(MarkingBatch.exam_id).where(MarkingBatch.id == batch_id, MarkingBatch.marker_id == by.id)
        )
        if exam_id is None:
            raise Missing
        # Shared with other marks; handing out, reopening and a change of the plan wait for this one and it for them.
        session.execute(select(MarkingPlan).where(MarkingPlan.exam_id == exam_id).with_for_update(read=True))
        demand_marker(session, exam_id, by, now)
        task_id = session.scalar(select(Mark.task_id).where(Mark.batch_id == batch_id, Mark.position == position))
        if task_id is None:
            raise NotHeld
        tasks = lock_tasks(session, [task_id])
        task = tasks[0]
        # Read again behind the lock: whoever handed the answer to others has done so by now.
        mark = session.scalar(
            select(Mark)
            .where(Mark.batch_id == batch_id, Mark.position == position, Mark.marker_id == by.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if mark is None:
            raise NotHeld
        _check(session, task, lines, comment)
        leased_until = now + LEASE
        points, texts = total_points(lines), [f"{one:.2f}" for one in lines]
        if mark.state == "given" and (mark.lines, mark.comment) == (texts, comment):
            return Given(points, mark.given_at or now, leased_until, ())
        changing = Change(session, tasks, now)
        mark_event = "given" if mark.state == "claimed" else "changed"
        mark.state, mark.lines, mark.points, mark.comment, mark.given_at = "given", texts, points, comment, now
        session.execute(update(MarkingBatch).where(MarkingBatch.id == batch_id).values(leased_until=leased_until))
        session.add(
            MarkEvent(
                task_id=task.id,
                marker_id=by.id,
                kind=mark_event,
                lines=texts,
                points=points,
                comment=comment,
                by=by.id,
                at=now,
            )
        )
        before = task.points
        changed = changing.settle()
        if before is not None and task.points != before:
            detail = {"from": str(before), "to": None if task.points is None else str(task.points), "answer": task.id}
            record("marking.corrected", by=by.id, target=f"exam:{exam_id}", unit_id=changing.unit_id, detail=detail)
        return Given(points, now, leased_until, changed)


def _check(session: Session, task: MarkingTask, lines: Sequence[Decimal], comment: str) -> None:
    key = ItemKey(task.item_version_id, task.part, task.max_points)
    problems = lines_problems(lines, line_points(items_of(session, [key])[key], task.max_points))
    if problems:
        raise Invalid(problems)
    if len(comment) > COMMENT_MOST:
        raise Invalid.at("comment", "too_long", most=COMMENT_MOST)


def lock_tasks(session: Session, task_ids: Sequence[int]) -> list[MarkingTask]:
    """Return tasks by id as they are now, locked in one order."""
    rows = select(MarkingTask).where(MarkingTask.id.in_(task_ids)).order_by(MarkingTask.id).with_for_update()
    return list(session.scalars(rows.execution_options(populate_existing=True)))


class Change:
    """A change of marks under way in an open transaction: made before anything changes, settled after.

    Takes locks on the results of the tasks, then on the exam, which lets nobody release in between. Raises
    ``MarksAreOut`` where a candidate may see one of the results already.
    """

    def __init__(self, session: Session, tasks: Sequence[MarkingTask], now: datetime) -> None:
        self._session, self._tasks, self._now = session, tasks, now
        attempt_ids = sorted({task.attempt_id for task in tasks})
        rows = select(Result).where(Result.attempt_id.in_(attempt_ids)).order_by(Result.attempt_id).with_for_update()
        self._results = list(session.scalars(rows.execution_options(populate_existing=True)))
        exam_id = tasks[0].exam_id
        # For share: markers do not wait for each other here, but a release waits for them and they for it.
        exam = session.scalar(
            select(Exam).where(Exam.id == exam_id).with_for_update(read=True).execution_options(populate_existing=True)
        )
        assert exam is not None
        self._exam = exam
        self._ended_at = ends_at(
            *session.execute(
                select(last_own_closing(), longest_extra()).select_from(Exam).where(Exam.id == exam_id)
            ).one(),
            grace_seconds=exam.grace_seconds,
        )
        if any(self._is_out(result) for result in self._results):
            raise MarksAreOut
        # An exam may get a later sitting and shut its results again; what was decided on an appeal stands even so.
        if exam.repairs_no and session.scalar(select(is_remarked([task.id for task in tasks]))):
            raise MarksAreOut

    @property
    def unit_id(self) -> int:
        return self._exam.unit_id

    def _is_out(self, result: Result) -> bool:
        return may_see_result(
            self._exam.release,
            submitted=True,
            ended_at=self._ended_at,
            released_at=self._exam.released_at,
            now=self._now,
            unmarked=result.unmarked,
        )

    def _keys(self, result: Result) -> tuple[PaperKey, ...]:
        paper_id = self._session.scalars(select(Attempt.paper_id).where(Attempt.id == result.attempt_id)).one()
        return keys_of(self._session, paper_id, result.exam_id, result.repairs_no)

    def settle(self) -> tuple[int, ...]:
        """Bring answers and results up to their marks and return the attempts whose score or pass is another now."""
        session = self._session
        session.flush()
        plan = session.get(MarkingPlan, self._exam.id)
        assert plan is not None
        given: dict[int, dict[int, Decimal]] = {task.id: {} for task in self._tasks}
        for task_id, seat, points in session.execute(
            select(Mark.task_id, Mark.seat, Mark.points).where(Mark.task_id.in_(given), Mark.state == "given")
        ):
            given[task_id][seat] = points
        for task in self._tasks:
            made = outcome(given[task.id], double=plan.double, tolerance=plan.tolerance)
            task.points, task.wants_third = made.points, made.wants_third
        session.flush()
        return tuple(result.attempt_id for result in self._results if self._stand(result))

    def _stand(self, result: Result) -> bool:
        """Bring one result up to its answers; return whether its score or pass is another now."""
        rows = self._session.execute(
            select(MarkingTask.number, MarkingTask.points, MarkingTask.max_points).where(
                MarkingTask.attempt_id == result.attempt_id
            )
        )
        keys = {key.number: key for key in self._keys(result)}
        made = with_marks(
            result.marks,
            # What a repair decides for all waits for nobody, and no mark changes it.
            {row.number: (row.points, row.max_points) for row in rows if not keys[row.number].outcome},
            self._exam.pass_mark,
            {number: key.points for number, key in keys.items()},
        )
        finished = result.unmarked > 0 and made.unmarked == 0
        reopened = result.unmarked == 0 and made.unmarked > 0
        changed = finished or reopened or (result.score, result.passed) != (made.score, made.passed)
        result.score, result.passed, result.unmarked = made.score, made.passed, made.unmarked
        result.correct_count = made.correct_count
        result.marks = made.marks
        if finished and self._is_out(result):
            queue(
                [result.user_id],
                "result_marked",
                key=f"attempt:{result.attempt_id}:marked",
                params={"title": self._exam.title},
                url=f"/attempts/{result.attempt_id}/result",
            )
        return changed
