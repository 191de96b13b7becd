"""What whoever runs the marking does over the API: look at the batches of the markers, have answers marked again."""

from __future__ import annotations

from typing import Any, Literal

from flask import url_for
from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Amount, Id, Moment, Shape, Text, api_blueprint, operation
from trainer.core.database import db, end_read
from trainer.exams.queries import read_exam
from trainer.marking.jobs import spread
from trainer.marking.queries import progress, work
from trainer.marking.reopening import REASON_MOST, reopen_batch
from trainer.web.arrival import arrived_at

bp = api_blueprint("marking_manage_api")

MANAGE = "exam.manage"


class BatchesQuery(Shape):
    limit: int = Field(50, ge=1, le=200)
    after: int = Field(0, ge=0, le=10_000_000, description="continue behind so many batches")


class BatchLineOut(Shape):
    id: Id
    marker: str
    item: str = Field(description="as in the list of tasks of its marker")
    claimed_at: Moment
    leased_until: Moment
    given: int
    unmarked: int
    returned: int
    mean: Amount | None


class BatchesOut(Shape):
    items: list[BatchLineOut]
    next: str | None


class CheckedAnswerOut(Shape):
    position: int
    answer: str
    state: Literal["claimed", "given", "returned"]
    points: Amount | None
    comment: str
    given_at: Moment | None


class CheckedBatchOut(Shape):
    id: Id
    exam_id: Id
    marker: str
    item: str
    answers: list[CheckedAnswerOut]


class ReopenIn(Shape):
    to: Literal["same", "others"] = Field(description="by whom: the same marker, or other chosen ones")
    reason: Text = Field(min_length=1, max_length=REASON_MOST)
    position: int | None = Field(None, ge=1, le=100_000, description="one answer alone; null for the whole batch")


class ReopenedOut(Shape):
    answers: int = Field(description="how many are to be marked again; 0 where nothing was given")


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/marking/batches",
    needs_permission=MANAGE,
    summary="Batches of answers in the hands of the markers of an exam, the newest first",
    query=BatchesQuery,
    answers={200: BatchesOut},
)
def batches(exam_id: int, query: BatchesQuery) -> Any:
    session = db.session()
    read_exam(session, exam_id, current_user, permission=MANAGE)
    rows = progress.batches(exam_id).offset(query.after).limit(query.limit + 1)
    lines = [progress.batch_line(row) for row in session.execute(rows)]
    end_read()
    following = None
    if len(lines) > query.limit:
        after = query.after + query.limit
        following = url_for("marking_manage_api.batches", exam_id=exam_id, limit=query.limit, after=after)
    return BatchesOut(
        items=[
            BatchLineOut(
                id=str(one.id),
                marker=one.marker,
                item=str(one.key),
                claimed_at=one.claimed_at,
                leased_until=one.leased_until,
                given=one.given,
                unmarked=one.unmarked,
                returned=one.returned,
                mean=one.mean,
            )
            for one in lines[: query.limit]
        ],
        next=following,
    )


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/marking/batches/<id:batch_id>",
    needs_permission=MANAGE,
    summary="The answers of a batch and what was given to each; no answer names its candidate",
    answers={200: CheckedBatchOut},
)
def show(exam_id: int, batch_id: int) -> Any:
    session = db.session()
    read_exam(session, exam_id, current_user, permission=MANAGE)
    found = work.read_batch_of_exam(session, exam_id, batch_id)
    end_read()
    return CheckedBatchOut(
        id=str(found.id),
        exam_id=str(found.exam_id),
        marker=found.marker,
        item=str(found.key),
        answers=[CheckedAnswerOut.model_validate(one) for one in found.answers],
    )


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/marking/batches/<id:batch_id>/reopen",
    needs_permission=MANAGE,
    summary="Have a batch, or one answer of it, marked again; what was given stays on record",
    body=ReopenIn,
    answers={200: ReopenedOut},
    problems={409: ("marks_are_out", "no_other_marker", "marker_taken_out")},
)
def reopen(exam_id: int, batch_id: int, body: ReopenIn) -> Any:
    now = arrived_at()
    made = reopen_batch(
        exam_id, batch_id, to=body.to, reason=body.reason, by=current_user, now=now, position=body.position
    )
    spread(made.changed_attempts, now)
    return ReopenedOut(answers=made.answers)
