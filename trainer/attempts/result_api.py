"""The result of an attempt over the API, and the shapes of items that papers and results share."""

from __future__ import annotations

from typing import Any, Literal

from flask_login import current_user
from pydantic import Field

from trainer.api.items import DocumentOut, OptionOut, QuestionOut, SegmentOut
from trainer.api.resource import Amount, Id, Moment, Shape, api_blueprint, operation
from trainer.attempts import queries
from trainer.core.database import db, end_read
from trainer.marking import queries as marks
from trainer.web.arrival import arrived_at

bp = api_blueprint("results_api")


class MediumOut(Shape):
    """Lies at ``/media/`` and its ``sha256``."""

    name: str
    sha256: str
    type: str
    alt: str
    bytes: int


class ItemOut(QuestionOut):
    """An item of a paper. ``case`` names the case of its section to which it belongs."""

    number: int
    format: str | None = None
    media: list[MediumOut] | None = None
    case: str | None = None
    points: Amount


class CaseOut(Shape):
    """What is shown once for all items of the section with the same ``case``."""

    case: str
    stem: str
    stem_html: str | None = None
    format: str | None = None
    media: list[MediumOut] | None = None
    documents: list[DocumentOut] | None = None


class BasisOut(Shape):
    law: str
    title: str
    version: str
    article: str
    paragraph: int | None = None
    item: int | None = None


class MarkedOptionOut(OptionOut):
    note: str = ""
    note_html: str | None = None


class PairOut(MarkedOptionOut):
    """A prompt of a matching item with what was chosen for it and what should have been."""

    given: str | None = None
    given_html: str | None = None
    wanted: str
    wanted_html: str | None = None
    right: bool


class MarkedSegmentOut(SegmentOut):
    outcome: Literal["hit", "missed", "false_alarm", ""]
    note: str
    note_html: str | None = None


class RubricOut(Shape):
    point: str
    html: str | None = None
    weight: int
    note: str
    note_html: str | None = None


class ItemRepairOut(Shape):
    """What was done to an item after the exam. ``also_right`` are further answers that count as right.

    With ``explains_old_key`` the item's explanation was written for the key before; notes of options, pairs and
    segments that the repair contradicts are left out.
    """

    remedy: Literal["change_key", "also_accept", "drop", "full_marks"]
    also_right: list[Any]
    announced_points: Amount
    explains_old_key: bool
    reason: str
    at: Moment


class ItemRemarkOut(Shape):
    """What the candidate's own answer was given anew after an appeal, by line of the rubric.

    ``points`` and ``before`` are of ``announced_points``, what the item was worth on the paper; after a dropped item it
    is worth more, and the item's own ``points`` are the same share of that. ``before`` is what the answer had earned,
    null where that is not known.
    """

    before: Amount | None = None
    points: Amount
    announced_points: Amount
    lines: list[Amount]
    comment: str
    reason: str
    at: Moment


class MarkedItemOut(Shape):
    """``right_answer`` of a short answer is a sample."""

    number: int
    section: str
    kind: str
    indefinite: bool = False
    case: CaseOut | None = None
    stem: str
    stem_html: str | None = None
    options: list[MarkedOptionOut] | None = None
    pairs: list[PairOut] | None = None
    segments: list[MarkedSegmentOut] | None = None
    rubric: list[RubricOut] | None = None
    answer: Any = None
    right_answer: Any = None
    right_answer_html: str | None = None
    points: Amount
    max_points: Amount
    correct: bool
    answered: bool
    explanation: str
    explanation_html: str | None = None
    basis: list[BasisOut]
    repair: ItemRepairOut | None = None
    remark: ItemRemarkOut | None = None


class ItemChangeOut(Shape):
    """An item whose points changed; null where the answer waited, or waits, for a person."""

    number: int
    before: Amount | None
    after: Amount | None


class EarlierResultOut(Shape):
    """What the result was until ``at``, and the repair that changed it; ``number`` is that of the repaired item."""

    score: Amount
    passed: bool | None = None
    number: int | None = None
    remedy: Literal["change_key", "also_accept", "drop", "full_marks", "remark"]
    reason: str
    at: Moment
    changes: list[ItemChangeOut] = Field(description="what it did to the points of the items, by number")


class ResultOut(Shape):
    attempt_id: Id
    exam_id: Id
    title: str
    score: Amount
    max_points: Amount
    pass_mark: Amount | None = None
    passed: bool | None = None
    correct_count: int
    item_count: int
    seconds_used: int
    submitted_at: Moment
    items: list[MarkedItemOut]
    earlier: list[EarlierResultOut] = Field(default_factory=list, description="the oldest first")


@operation(
    bp,
    "GET",
    "/attempts/<id:attempt_id>/result",
    needs_permission="attempt.own",
    summary="The result with each item's key, explanation and legal basis, once it is released",
    answers={200: ResultOut},
    problems={403: ("not_released",)},
)
def result(attempt_id: int) -> Any:
    queries.own_attempt(db.session(), attempt_id, current_user)
    found = marks.result_or_refuse(db.session(), attempt_id, arrived_at())
    end_read()
    return ResultOut.model_validate(found)
