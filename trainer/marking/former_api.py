"""What results were before repairs changed them, over the API, for whoever runs the exam."""

from __future__ import annotations

from typing import Any, Literal

from flask_login import current_user

from trainer.api.resource import Amount, Id, Moment, Shape, api_blueprint, operation
from trainer.core.database import db, end_read
from trainer.exams.queries import read_exam, users_of
from trainer.marking.queries import repairs
from trainer.marking.repairing import demand_keys
from trainer.web.arrival import arrived_at

bp = api_blueprint("former_api")

MANAGE = "exam.manage"


class FormerItemOut(Shape):
    """An item whose points a repair changed; null where the answer waited, or waits, for a person."""

    number: int
    before: Amount | None
    after: Amount | None


class FormerOut(Shape):
    """What a result was until ``at``, and the repair that changed it; ``number`` is that of the repaired item.

    ``reason`` is empty for a remark: whose answer it was nobody was told.
    """

    number: int | None
    score: Amount
    passed: bool | None
    remedy: Literal["change_key", "also_accept", "drop", "full_marks", "remark"]
    reason: str
    at: Moment
    changes: list[FormerItemOut]


class ChangedResultOut(Shape):
    """A result as it stands and what it was, the oldest first."""

    attempt_id: Id
    ordinal: int
    score: Amount
    max_points: Amount
    passed: bool | None
    earlier: list[FormerOut]


class ChangedResultsOut(Shape):
    items: list[ChangedResultOut]
    next: str | None


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/candidates/<id:candidate_id>/former-results",
    needs_permission=MANAGE,
    summary="What a candidate's results were before repairs changed them",
    answers={200: ChangedResultsOut},
    problems={409: ("repair_too_early",)},
)
def former_results(exam_id: int, candidate_id: int) -> Any:
    session = db.session()
    demand_keys(session, read_exam(session, exam_id, current_user, permission=MANAGE), current_user, arrived_at())
    (user_id,) = users_of(session, exam_id, [candidate_id])
    found = repairs.former_results(session, exam_id, user_id)
    end_read()
    return ChangedResultsOut(
        items=[ChangedResultOut.model_validate(vars(one) | {"attempt_id": str(one.attempt_id)}) for one in found],
        next=None,
    )
