"""Repairs of items and appeals over the API. All but lodging and reading one's own appeals is for who runs the exam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Amount, Id, Moment, Shape, Text, api_blueprint, operation
from trainer.attempts import queries as attempts
from trainer.competitions.supposing import Move, Supposed, places_if
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid
from trainer.exams.models import Exam
from trainer.exams.queries import read_exam
from trainer.marking.appealing import lodge, reject
from trainer.marking.jobs import regrade_and_spread
from trainer.marking.queries import appeals, repairs
from trainer.marking.queries.effects import Preview
from trainer.marking.queries.effects import preview as preview_of
from trainer.marking.repairing import (
    REASON_MOST,
    RepairSpec,
    demand_exam,
    demand_keys,
    demand_remedy,
    propose,
    sign,
    withdraw,
)
from trainer.marking.rules.appealing import ANSWER_MOST
from trainer.marking.rules.appealing import REASON_MOST as APPEAL_MOST
from trainer.marking.rules.regrade import Remedy
from trainer.web.arrival import arrived_at

bp = api_blueprint("repairs_api")

MANAGE = "exam.manage"
DECIDERS = ("decider_is_candidate", "decider_is_author", "decider_is_marker")
RemedyName = Literal["change_key", "also_accept", "drop", "full_marks"]


class RemedyIn(Shape):
    """``answer`` is the key that comes in, in the JSON form of the item's kind; null for drop and full_marks."""

    item: Text = Field(max_length=40, description="as in the list of the exam's items")
    remedy: RemedyName
    answer: Any = None


class RepairIn(RemedyIn):
    reason: Text = Field(max_length=REASON_MOST, description="candidates whose result changes read it")
    appeals: list[Text] = Field(default_factory=list, max_length=5000, description="open appeals that it takes up")


class RepairableOut(Shape):
    """An item of the exam: ``keys`` are the answers that count as right now, the one that is shown first."""

    item: str
    code: str
    kind: str
    stem: str
    number: int = Field(description="the lowest under which it stands on a paper")
    papers: int
    points: Amount
    keys: list[Any]
    outcome: Literal["", "drop", "full_marks"]


class RepairableListOut(Shape):
    items: list[RepairableOut]
    next: str | None = None


class RepairOut(Shape):
    id: Id
    exam_id: Id
    item: str
    remedy: Literal["change_key", "also_accept", "drop", "full_marks", "remark"]
    answer: Any = None
    reason: str
    state: Literal["proposed", "published", "withdrawn"]
    number: int | None = Field(None, description="its place among the published repairs of the exam")
    proposed_by: str
    proposed_at: Moment
    closed_by: str | None = None
    closed_at: Moment | None = None
    appeals: int
    changed: int = Field(description="results that it has changed")
    lines: list[Amount] | None = Field(None, description="points by line of the rubric, with remark alone")
    comment: str = ""


class RepairListOut(Shape):
    items: list[RepairOut]
    next: str | None = None


class EffectOut(Shape):
    """What becomes of one result; ``hours`` are gained, or below 0 lost.

    ``waited``: an answer waits for a person today, so that the score before is not final.
    """

    attempt_id: Id
    name: str
    unit: str
    score_before: Amount
    score_after: Amount
    passed_before: bool | None = None
    passed_after: bool | None = None
    hours: Amount
    waited: bool


class MoveOut(Shape):
    """Somebody whose place, prize or going through would be another; ``goes_through`` is null where nobody does."""

    by: Literal["individual", "team", "unit"]
    name: str
    unit: str
    place_before: int | None = None
    place_after: int | None = None
    went_through: bool | None = None
    goes_through: bool | None = None
    prize_before: str | None = None
    prize_after: str | None = None


class BoardOut(Shape):
    """``signed``: the places stay as they were signed until the standings are deliberately rebuilt."""

    competition_id: Id
    title: str
    round: str
    signed: bool
    moves: list[MoveOut]


class PreviewOut(Shape):
    """Everybody whose points, pass or hours would change, and every place and prize in a competition that would."""

    results: int = Field(description="results looked at")
    effects: list[EffectOut]
    boards: list[BoardOut]


class AppealIn(Shape):
    reason: Text = Field(max_length=APPEAL_MOST)


class AppealOut(Shape):
    id: Id
    number: int
    state: Literal["lodged", "taken_up", "upheld", "rejected"]
    reason: str
    lodged_at: Moment
    answer: str
    decided_at: Moment | None = None


class OwnAppealsOut(Shape):
    """``open_until`` is when no further appeal is taken, null where none is or was."""

    items: list[AppealOut]
    next: str | None = None
    open_until: Moment | None = None


class ToDecideOut(AppealOut):
    exam_id: Id
    item: str
    name: str
    unit: str
    repair_id: Id | None = None
    by_person: bool = Field(description="a person marked the answer, so that it can be judged anew")


class ToDecideListOut(Shape):
    items: list[ToDecideOut]
    next: str | None = None


class AppealsQuery(Shape):
    state: Literal["lodged", "decided"] = "lodged"
    item: Text | None = Field(None, max_length=40, description="only those about this item")


class RejectIn(Shape):
    appeals: list[Text] = Field(max_length=5000, description="ids of appeals about one item")
    answer: Text = Field(max_length=ANSWER_MOST, description="why; their candidates read it")


class RejectedOut(Shape):
    rejected: int


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/items",
    needs_permission=MANAGE,
    summary="The items of an exam with the answers that count as right, once nobody can be writing any more",
    answers={200: RepairableListOut},
    problems={409: ("repair_too_early", "exam_not_published")},
)
def items(exam_id: int) -> Any:
    session = db.session()
    demand_exam(session, exam_id, current_user, arrived_at())
    found = repairs.items_of_exam(session, exam_id)
    end_read()
    return RepairableListOut(
        items=[
            RepairableOut(
                item=repairs.place_name(one.place),
                code=one.code,
                kind=one.item.kind,
                stem=one.item.stem,
                number=one.number,
                papers=one.papers,
                points=one.points,
                keys=[item.to_dict()["key"] for item in one.ruling.items if item.key is not None],
                outcome=one.ruling.outcome,  # type: ignore[arg-type]  # one of the two words, or none
            )
            for one in found
        ]
    )


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/repairs/preview",
    needs_permission=MANAGE,
    summary="What a repair would do to everybody; nothing is written",
    body=RemedyIn,
    answers={200: PreviewOut},
    problems={409: ("repair_too_early", "exam_not_published", "nothing_left_on_paper")},
)
def preview(exam_id: int, body: RemedyIn) -> Any:
    session, place = db.session(), repairs.parse_place(body.item)
    demand_exam(session, exam_id, current_user, arrived_at())
    remedy, _before = demand_remedy(session, exam_id, place, Remedy(body.remedy, body.answer))
    found = preview_of(session, session.get_one(Exam, exam_id), place, remedy)
    boards = places_if(session, exam_id, found.supposed)
    end_read()
    return preview_out(found, boards)


def preview_out(found: Preview, boards: Sequence[Supposed]) -> PreviewOut:
    """Return a preview with what moves in competitions in the shape of the API."""
    return PreviewOut(
        results=found.results,
        effects=[
            EffectOut(
                attempt_id=str(one.attempt_id),
                name=one.name,
                unit=one.unit,
                score_before=one.before,
                score_after=one.after,
                passed_before=one.passed_before,
                passed_after=one.passed_after,
                hours=one.hours,
                waited=one.waited,
            )
            for one in found.effects
        ],
        boards=[
            BoardOut(
                competition_id=str(one.competition_id),
                title=one.title,
                round=one.round_title,
                signed=one.signed,
                moves=[_move(move) for move in one.moves],
            )
            for one in boards
        ],
    )


def _move(one: Move) -> MoveOut:
    return MoveOut(
        by=one.by,  # type: ignore[arg-type]  # one of the three words
        name=one.name,
        unit=one.unit,
        place_before=one.before,
        place_after=one.after,
        went_through=one.went_through,
        goes_through=one.goes_through,
        prize_before=one.prize_before,
        prize_after=one.prize_after,
    )


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/repairs",
    needs_permission=MANAGE,
    summary="The repairs of an exam, the newest first",
    answers={200: RepairListOut},
    problems={409: ("repair_too_early",)},
)
def repairs_of_exam(exam_id: int) -> Any:
    session = db.session()
    demand_keys(session, read_exam(session, exam_id, current_user, permission=MANAGE), current_user, arrived_at())
    found = repairs.repairs_of(session, exam_id)
    end_read()
    return RepairListOut(items=[_repair(one) for one in found])


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/repairs",
    needs_permission=MANAGE,
    summary="Propose a repair of an item, which somebody else signs",
    body=RepairIn,
    answers={201: RepairOut},
    problems={
        403: DECIDERS,
        409: ("repair_too_early", "repair_is_open", "exam_not_published", "nothing_left_on_paper"),
    },
)
def propose_repair(exam_id: int, body: RepairIn) -> Any:
    spec = RepairSpec(repairs.parse_place(body.item), Remedy(body.remedy, body.answer), body.reason)
    repair_id = propose(exam_id, spec, by=current_user, now=arrived_at(), appeal_ids=_ids(body.appeals))
    return read_repair(repair_id), 201


@operation(
    bp,
    "POST",
    "/repairs/<id:repair_id>/sign",
    needs_permission=MANAGE,
    summary="Sign a repair that somebody else proposed: it is published and all results follow",
    answers={200: RepairOut},
    problems={
        403: (*DECIDERS, "signer_is_proposer", "signer_is_author"),
        409: ("repair_closed", "repair_too_early", "exam_not_published", "nothing_left_on_paper"),
        422: ("invalid",),
    },
)
def sign_repair(repair_id: int) -> Any:
    now = arrived_at()
    made = sign(repair_id, by=current_user, now=now)
    regrade_and_spread(made.exam_id, now)
    return read_repair(repair_id)


@operation(
    bp,
    "POST",
    "/repairs/<id:repair_id>/withdraw",
    needs_permission=MANAGE,
    summary="Withdraw a repair that is not signed; appeals that it took up wait again",
    answers={200: RepairOut},
    problems={403: ("decider_is_candidate",), 409: ("repair_closed",)},
)
def withdraw_repair(repair_id: int) -> Any:
    withdraw(repair_id, by=current_user, now=arrived_at())
    return read_repair(repair_id)


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/appeals",
    needs_permission=MANAGE,
    summary="Appeals about items of an exam: those that wait, or those that are decided",
    query=AppealsQuery,
    answers={200: ToDecideListOut},
)
def appeals_of_exam(exam_id: int, query: AppealsQuery) -> Any:
    session = db.session()
    read_exam(session, exam_id, current_user, permission=MANAGE)
    states = ("taken_up", "upheld", "rejected") if query.state == "decided" else ("lodged",)
    place = None if query.item is None else repairs.parse_place(query.item)
    found = appeals.appeals_of(session, current_user, exam_id=exam_id, place=place, states=states)
    end_read()
    return ToDecideListOut(
        items=[
            ToDecideOut(
                id=str(one.id),
                exam_id=str(one.exam_id),
                item=repairs.place_name(one.place),
                number=one.number,
                state=one.state,  # type: ignore[arg-type]  # one of the column's words
                reason=one.reason,
                lodged_at=one.lodged_at,
                answer=one.answer,
                decided_at=one.decided_at,
                name=one.name,
                unit=one.unit,
                repair_id=None if one.repair_id is None else str(one.repair_id),
                by_person=one.by_person,
            )
            for one in found
        ]
    )


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/appeals/reject",
    needs_permission=MANAGE,
    summary="Reject appeals about one item together; taking them up is proposing a repair",
    body=RejectIn,
    answers={200: RejectedOut},
    problems={403: DECIDERS},
)
def reject_appeals(exam_id: int, body: RejectIn) -> Any:
    return RejectedOut(rejected=reject(exam_id, _ids(body.appeals), body.answer, by=current_user, now=arrived_at()))


@operation(
    bp,
    "GET",
    "/attempts/<id:attempt_id>/appeals",
    needs_permission="attempt.own",
    summary="The caller's appeals about items of an attempt",
    answers={200: OwnAppealsOut},
)
def own(attempt_id: int) -> Any:
    return _own(attempt_id)


@operation(
    bp,
    "POST",
    "/attempts/<id:attempt_id>/items/<id:number>/appeal",
    needs_permission="attempt.own",
    summary="Appeal about an item of one's own released result",
    body=AppealIn,
    answers={201: OwnAppealsOut},
    problems={409: ("appeals_closed", "appeal_lodged")},
)
def lodge_appeal(attempt_id: int, number: int, body: AppealIn) -> Any:
    lodge(attempt_id, number, body.reason, by=current_user, now=arrived_at())
    return _own(attempt_id), 201


def _own(attempt_id: int) -> OwnAppealsOut:
    session = db.session()
    attempts.own_attempt(session, attempt_id, current_user)
    found = appeals.own_appeals(session, attempt_id)
    until = appeals.appeals_until(session, attempt_id, arrived_at())
    end_read()
    return OwnAppealsOut(
        items=[
            AppealOut(
                id=str(one.id),
                number=one.number,
                state=one.state,  # type: ignore[arg-type]  # one of the column's words
                reason=one.reason,
                lodged_at=one.lodged_at,
                answer=one.answer,
                decided_at=one.decided_at,
            )
            for _number, one in sorted(found.items())
        ],
        open_until=until,
    )


def _ids(texts: list[str]) -> list[int]:
    if not all(text.isascii() and text.isdigit() and len(text) < 18 for text in texts):
        raise Invalid.at("appeals", "bad_format")
    return [int(text) for text in texts]


def read_repair(repair_id: int) -> RepairOut:
    found = repairs.read_repair(db.session(), repair_id, current_user)
    end_read()
    return _repair(found)


def _repair(one: repairs.RepairLine) -> RepairOut:
    return RepairOut(
        id=str(one.id),
        exam_id=str(one.exam_id),
        item=repairs.place_name(one.place),
        remedy=one.remedy,  # type: ignore[arg-type]  # one of the column's words
        answer=one.answer,
        reason=one.reason,
        state=one.state,  # type: ignore[arg-type]  # likewise
        number=one.number,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        closed_by=one.closed_by,
        closed_at=one.closed_at,
        appeals=one.appeals,
        changed=one.changed,
        lines=None if one.lines is None else list(one.lines),
        comment=one.comment,
    )
