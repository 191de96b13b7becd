"""Marking over the API: what waits for the caller, a batch, the points given. No answer names its candidate."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Amount, Id, Moment, Shape, Text, api_blueprint, operation
from trainer.attempts.result_api import CaseOut
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid
from trainer.marking.allocating import claim, give_back
from trainer.marking.giving import give
from trainer.marking.jobs import spread
from trainer.marking.queries import work
from trainer.marking.rules.rubric import COMMENT_MOST, ItemKey
from trainer.web.arrival import arrived_at

bp = api_blueprint("marking_api")

MARK = "exam.mark"
LINES_MOST = 20


class MarkingTaskOut(Shape):
    """Answers to one item of an exam. ``batch_id`` is the caller's batch with unmarked answers, null without one."""

    exam_id: Id
    title: str
    item: str = Field(description="names the item in the call that claims a batch")
    kind: str
    stem: str
    max_points: Amount
    waiting: int = Field(description="answers that the caller may claim now")
    given: int
    in_hand: int
    batch_id: Id | None


class MarkingTasksOut(Shape):
    items: list[MarkingTaskOut]
    next: str | None


class ClaimIn(Shape):
    item: Text | None = Field(None, max_length=60, description="as in the list of tasks; null: what has most waiting")


class RubricLineOut(Shape):
    point: str
    html: str | None = None
    note: str
    note_html: str | None = None
    max_points: Amount


class RubricItemOut(Shape):
    """``case`` is shown once for all parts of a case study."""

    stem: str
    stem_html: str | None
    case: CaseOut | None
    sample: str
    sample_html: str | None
    explanation: str
    max_points: Amount
    lines: list[RubricLineOut]


class HeldAnswerOut(Shape):
    """``lines`` are the points by line that the caller gave, null before. ``returned``: to be marked anew."""

    position: int
    answer: str
    state: Literal["claimed", "given", "returned"]
    lines: list[Amount] | None
    points: Amount | None
    comment: str
    given_at: Moment | None


class BatchOut(Shape):
    id: Id
    exam_id: Id
    title: str
    leased_until: Moment = Field(description="from then on others may claim what is unmarked")
    item: RubricItemOut
    answers: list[HeldAnswerOut]


class MarkIn(Shape):
    lines: list[Decimal] = Field(max_length=LINES_MOST, description="points by line of the rubric, in its order")
    comment: Text = Field("", max_length=COMMENT_MOST)


class MarkOut(Shape):
    position: int
    points: Amount
    given_at: Moment
    leased_until: Moment


class GivenBackOut(Shape):
    given_back: int


@operation(
    bp,
    "GET",
    "/marking/tasks",
    needs_permission=MARK,
    summary="What the caller has been chosen to mark, item by item",
    answers={200: MarkingTasksOut},
)
def tasks() -> Any:
    lines = work.work_of(db.session(), current_user, arrived_at())
    end_read()
    return MarkingTasksOut(
        items=[
            MarkingTaskOut(
                exam_id=str(one.exam.id),
                title=one.exam.title,
                item=str(one.key),
                kind=one.item.kind,
                stem=one.item.stem,
                max_points=one.key.max_points,
                waiting=one.waiting,
                given=one.given,
                in_hand=one.in_hand,
                batch_id=None if one.batch_id is None else str(one.batch_id),
            )
            for one in lines
        ],
        next=None,
    )


@operation(
    bp,
    "POST",
    "/marking/exams/<id:exam_id>/batches",
    needs_permission=MARK,
    summary="Claim the next batch of answers to an item, or get the one already in hand",
    body=ClaimIn,
    body_is_optional=True,
    answers={200: BatchOut},
    problems={403: ("marker_is_candidate",), 409: ("marking_not_begun", "nothing_to_mark")},
)
def claim_batch(exam_id: int, body: ClaimIn) -> Any:
    key = None if body.item is None else ItemKey.parse(body.item)
    if body.item is not None and key is None:
        raise Invalid.at("item", "bad_format")
    return _whole(claim(exam_id, key, by=current_user, now=arrived_at()))


@operation(
    bp,
    "GET",
    "/marking/batches/<id:batch_id>",
    needs_permission=MARK,
    summary="A batch of the caller's own: item, rubric, sample, answers",
    answers={200: BatchOut},
    problems={403: ("marker_is_candidate",), 409: ("marking_not_begun",)},
)
def show_batch(batch_id: int) -> Any:
    return _whole(batch_id)


@operation(
    bp,
    "PUT",
    "/marking/batches/<id:batch_id>/answers/<id:position>",
    needs_permission=MARK,
    summary="Give points to an answer in hand, or change them while the result is not released",
    body=MarkIn,
    answers={200: MarkOut},
    problems={
        403: ("marker_is_candidate",),
        409: ("answer_not_held", "marks_are_out", "marking_not_begun"),
    },
)
def give_mark(batch_id: int, position: int, body: MarkIn) -> Any:
    now = arrived_at()
    given = give(batch_id, position, body.lines, body.comment, by=current_user, now=now)
    spread(given.changed_attempts, now)
    return MarkOut(position=position, points=given.points, given_at=given.given_at, leased_until=given.leased_until)


@operation(
    bp,
    "POST",
    "/marking/batches/<id:batch_id>/give-back",
    needs_permission=MARK,
    summary="Give back what is unmarked in a batch, so that others may claim it at once",
    answers={200: GivenBackOut},
)
def give_back_batch(batch_id: int) -> Any:
    return GivenBackOut(given_back=give_back(batch_id, by=current_user))


def _whole(batch_id: int) -> BatchOut:
    session = db.session()
    batch = work.read_batch(session, batch_id, current_user)
    work.demand_marker(session, batch.exam_id, current_user, arrived_at())
    item = work.shown_item(session, batch.key)
    end_read()
    return BatchOut(
        id=str(batch.id),
        exam_id=str(batch.exam_id),
        title=batch.title,
        leased_until=batch.leased_until,
        item=item_out(item),
        answers=[
            HeldAnswerOut(
                position=one.position,
                answer=one.answer,
                state=one.state,  # type: ignore[arg-type]  # one of the column's three words
                lines=None if one.lines is None else list(one.lines),
                points=one.points,
                comment=one.comment,
                given_at=one.given_at,
            )
            for one in batch.answers
        ],
    )


def item_out(item: work.Shown) -> RubricItemOut:
    """Return an item with rubric and sample in the shape of the API."""
    return RubricItemOut(
        stem=item.stem,
        stem_html=item.stem_html,
        case=None if item.case is None else CaseOut.model_validate(item.case),
        sample=item.sample,
        sample_html=item.sample_html,
        explanation=item.explanation,
        max_points=item.key.max_points,
        lines=[
            RubricLineOut(
                point=one.told.point,
                html=one.told.html,
                note=one.told.note,
                note_html=one.told.note_html,
                max_points=one.max_points,
            )
            for one in item.lines
        ],
    )
