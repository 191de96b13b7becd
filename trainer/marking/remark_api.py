"""Judging an answer anew over the API, for who runs the exam; signing and withdrawing is as with other repairs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Amount, Id, Shape, Text, api_blueprint, operation
from trainer.competitions.supposing import places_if
from trainer.core.database import db, end_read
from trainer.exams.models import Exam
from trainer.marking.api import LINES_MOST, RubricItemOut, item_out
from trainer.marking.queries.effects import preview_remark
from trainer.marking.queries.remarks import answer_of_appeal, demand_remark
from trainer.marking.queries.work import shown_item
from trainer.marking.remarking import RemarkSpec, demand_open_to, propose_remark
from trainer.marking.repair_api import DECIDERS, PreviewOut, RepairOut, preview_out, read_repair
from trainer.marking.repairing import REASON_MOST
from trainer.marking.rules.rubric import COMMENT_MOST
from trainer.papers.rules.scoring import total_points
from trainer.web.arrival import arrived_at

bp = api_blueprint("remarks_api")

MANAGE = "exam.manage"
SHUT = ("repair_too_early", "exam_not_published", "answer_not_marked")


class JudgedAnswerOut(Shape):
    """An answer without its candidate. ``given`` are the points by line of whoever decided ``points``."""

    exam_id: Id
    reason: str = Field(description="of the appeal")
    item: RubricItemOut
    answer: str
    points: Amount
    given: list[list[Amount]]


class AnewIn(Shape):
    lines: list[Decimal] = Field(max_length=LINES_MOST, description="points by line of the rubric, in its order")


class RemarkIn(AnewIn):
    comment: Text = Field("", max_length=COMMENT_MOST, description="the candidate reads it")
    reason: Text = Field(max_length=REASON_MOST, description="the candidate reads it")


@operation(
    bp,
    "GET",
    "/appeals/<id:appeal_id>/answer",
    needs_permission=MANAGE,
    summary="The answer that an appeal is about, with rubric and the points that stand, without its candidate",
    answers={200: JudgedAnswerOut},
    problems={403: DECIDERS, 409: SHUT},
)
def answer(appeal_id: int) -> Any:
    session = db.session()
    appeal, exam = demand_open_to(session, appeal_id, by=current_user, now=arrived_at())
    found = answer_of_appeal(session, appeal_id)
    item = shown_item(session, found.key)
    end_read()
    return JudgedAnswerOut(
        exam_id=str(exam.id),
        reason=appeal.reason,
        item=item_out(item),
        answer=found.answer,
        points=found.points,
        given=[list(lines) for lines in found.given],
    )


@operation(
    bp,
    "POST",
    "/appeals/<id:appeal_id>/remark/preview",
    needs_permission=MANAGE,
    summary="What other points for the answer would do; nothing is written",
    body=AnewIn,
    answers={200: PreviewOut},
    problems={403: DECIDERS, 409: (*SHUT, "answer_decided_for_all")},
)
def preview(appeal_id: int, body: AnewIn) -> Any:
    session = db.session()
    _appeal, exam = demand_open_to(session, appeal_id, by=current_user, now=arrived_at())
    found = answer_of_appeal(session, appeal_id)
    task = demand_remark(session, exam.id, found.task_id, body.lines)
    seen = preview_remark(session, session.get_one(Exam, exam.id), task, total_points(body.lines))
    boards = places_if(session, exam.id, seen.supposed)
    end_read()
    return preview_out(seen, boards)


@operation(
    bp,
    "POST",
    "/appeals/<id:appeal_id>/remark",
    needs_permission=MANAGE,
    summary="Propose other points for the answer that an appeal is about, which somebody else signs",
    body=RemarkIn,
    answers={201: RepairOut},
    problems={403: DECIDERS, 409: (*SHUT, "answer_decided_for_all", "appeal_decided", "repair_is_open")},
)
def remark(appeal_id: int, body: RemarkIn) -> Any:
    spec = RemarkSpec(body.lines, body.comment, body.reason)
    return read_repair(propose_remark(appeal_id, spec, by=current_user, now=arrived_at())), 201
