"""Practice over the API: the next item without its key, and the graded answer with everything that explains it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import url_for
from flask_login import current_user
from pydantic import Field, WithJsonSchema

from trainer.api.items import DocumentOut, QuestionOut
from trainer.api.resource import Amount, Id, Moment, Shape, Text, api_blueprint, operation
from trainer.core.clock import day_starts_at, local_day
from trainer.core.database import db
from trainer.core.errors import Missing
from trainer.laws.wording import place_name
from trainer.practice import answer_queries, queries
from trainer.practice.rules.choosing import wanted
from trainer.practice.rules.explaining import Cited, Explained
from trainer.practice.service import answer_item, assess_answer
from trainer.web.arrival import arrived_at
from trainer.web.locale import is_english, zone
from trainer.web.view import LARGEST_ID

bp = api_blueprint("practice_api")

ANY_ANSWER = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string"},
            {"type": "boolean"},
            {"type": "array", "items": {}},
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"type": "null"},
        ],
        "description": "by kind, as in an attempt; of a case a list with one for each part; null for 'I do not know'",
    }
)


class NextQuery(Shape):
    """What to practise. A filter narrows every mode; the modes wing, topic, law and field need theirs."""

    mode: Literal["continue", "due", "wrong", "new", "wing", "topic", "law", "field"] = "continue"
    wing: Text | None = Field(None, max_length=60)
    topic: Text | None = Field(None, max_length=60)
    law: Text | None = Field(None, max_length=120, description="short or full title")
    field: Text | None = Field(None, max_length=60, description="enforcement field")
    more: bool = Field(False, description="lifts the daily limit of reviews")


class PractisedOut(QuestionOut):
    indefinite: bool = False
    reuse: bool = False


class PartOut(PractisedOut):
    """A part of a case; its share of the case is its ``weight`` ÷ the sum of all."""

    weight: int


class ItemOut(PractisedOut):
    """``documents`` and ``parts`` in a case alone."""

    id: Id
    version: Id
    code: str
    wing: str
    topic: str
    fields: list[str]
    documents: list[DocumentOut] | None = None
    parts: list[PartOut] | None = None


class NextOut(Shape):
    """``item`` is null when nothing is left in this mode, or left for today."""

    item: ItemOut | None
    queue: Literal["due", "wrong", "new", "again"] | None


class AnswerIn(Shape):
    item: str = Field(pattern=r"^[0-9]{1,19}$", description="id of the item")
    version: str = Field(pattern=r"^[0-9]{1,19}$", description="version of the item that was shown")
    answer: Annotated[Any, ANY_ANSWER]
    key: str = Field(
        pattern=r"^[A-Za-z0-9_-]{8,64}$", description="made by the client for each showing: sent twice, counted once"
    )
    seconds: int | None = Field(None, ge=0, le=3600, description="how long the item was thought about; may be left out")


class AssessmentIn(Shape):
    met: list[Annotated[list[Annotated[int, Field(ge=1, le=20)]], Field(max_length=20)]] = Field(
        max_length=20,
        description="for each part of the item (one where it is no case) the numbers, from 1, of the points it makes; "
        "empty for parts that are graded",
    )


class ToldOptionOut(Shape):
    """For ordering ``place`` is the right place and ``given_place`` that of the answer, both from 1."""

    key: str
    text: str
    note: str
    right: bool
    chosen: bool
    place: int | None = None
    given_place: int | None = None


class PairOut(Shape):
    key: str
    text: str
    given: str | None
    wanted: str
    right: bool
    note: str


class ToldSegmentOut(Shape):
    """``outcome`` is hit, missed, false_alarm or empty."""

    key: str | None
    text: str
    outcome: str
    note: str


class ToldBlankOut(Shape):
    number: int
    given: str
    right: bool
    accepted: list[str]


class BasisOut(Shape):
    """``in_force`` is null where the register does not know the version."""

    law: str
    title: str
    version: str
    article: str
    paragraph: int | None
    item: int | None
    in_force: bool | None
    citation: str


class PointOut(Shape):
    """A point of the rubric of a short answer; ``met`` is null until the writer has assessed it."""

    point: str
    weight: int
    met: bool | None


class ToldOut(Shape):
    """``verdict`` is waiting where a short answer has still to be assessed by its writer."""

    verdict: Literal["right", "part", "wrong", "skipped", "waiting"]
    answer: Annotated[Any, ANY_ANSWER]
    right_answer: Any = Field(
        description="by kind; for fill_blank a list of accepted answers for each blank, of a short answer a sample"
    )
    options: list[ToldOptionOut]
    blanks: list[ToldBlankOut]
    pairs: list[PairOut]
    segments: list[ToldSegmentOut]
    rubric: list[PointOut]
    explanation: str
    basis: list[BasisOut]


class AnswerOut(ToldOut):
    """``state`` self_assessed: by the writer's own word, for their memory alone. ``parts`` are those of a case."""

    id: Id
    item: Id
    code: str
    state: Literal["graded", "waiting", "self_assessed"]
    correct: bool
    fraction: Amount
    parts: list[ToldOut]
    due_at: Moment | None
    in_wrong_book: bool
    right_in_a_row: int
    page: str


@operation(
    bp,
    "GET",
    "/practice/next",
    needs_permission="practice.own",
    summary="The next item to practise, without its key",
    query=NextQuery,
    answers={200: NextOut},
    problems={409: ("exam_in_progress",)},
)
def show_next(query: NextQuery) -> NextOut:
    now = arrived_at()
    asked = queries.next_item(
        db.session(),
        current_user.id,
        wanted(query.mode, wing=query.wing, topic=query.topic, law=query.law, field=query.field, more=query.more),
        now=now,
        day_began=day_starts_at(local_day(now, zone()), zone()),
    )
    if asked is None:
        return NextOut(item=None, queue=None)
    shown = asked.public
    item = ItemOut(
        id=str(asked.item_id),
        version=str(asked.version_id),
        code=asked.code,
        wing=asked.wing,
        topic=asked.topic,
        fields=list(asked.fields),
        documents=[DocumentOut.model_validate(one) for one in shown["documents"]] if "documents" in shown else None,
        parts=[PartOut(weight=one["weight"], **_shown(one)) for one in shown["parts"]] if "parts" in shown else None,
        **_shown(shown),
    )
    return NextOut(item=item, queue=asked.queue)


@operation(
    bp,
    "POST",
    "/practice/answers",
    needs_permission="practice.own",
    summary="Answer an item and get it graded and explained",
    body=AnswerIn,
    answers={200: AnswerOut},
    problems={404: ("not_found",), 409: ("exam_in_progress", "item_in_exam", "item_changed")},
)
def answer(body: AnswerIn) -> AnswerOut:
    now = arrived_at()
    answer_id = answer_item(
        current_user.id,
        _row_id(body.item),
        _row_id(body.version),
        body.answer,
        sent_key=body.key,
        now=now,
        seconds=body.seconds,
    )
    return _told(answer_queries.answered(db.session(), current_user.id, answer_id, now=now))


@operation(
    bp,
    "POST",
    "/practice/answers/<id:answer_id>/assessment",
    needs_permission="practice.own",
    summary="Say which points of the rubric an own short answer makes; said once",
    body=AssessmentIn,
    answers={200: AnswerOut},
    problems={404: ("not_found",), 409: ("exam_in_progress", "item_in_exam")},
)
def assess(answer_id: int, body: AssessmentIn) -> AnswerOut:
    now = arrived_at()
    assess_answer(current_user.id, answer_id, body.met, now=now)
    return _told(answer_queries.answered(db.session(), current_user.id, answer_id, now=now))


def _shown(public: dict[str, Any]) -> dict[str, Any]:
    return {name: public[name] for name in QuestionOut.model_fields if name in public}


def _row_id(value: str) -> int:
    number = int(value)
    if number > LARGEST_ID:
        raise Missing
    return number


def _told(made: answer_queries.Answered) -> AnswerOut:
    is_case = made.kind == "case_study"
    return AnswerOut(
        **_explained(
            made.told, made.answer, () if is_case or made.state != "self_assessed" else made.parts[0].met, made
        ),
        id=str(made.answer_id),
        item=str(made.item_id),
        code=made.code,
        state=made.state,
        correct=made.correct,
        fraction=made.fraction,
        parts=[ToldOut(**_explained(one.told, one.answer, one.met, made)) for one in made.parts] if is_case else [],
        due_at=made.due_at,
        in_wrong_book=made.wrong,
        right_in_a_row=made.right_in_a_row,
        page=url_for("practice.answered", answer_id=made.answer_id),
    )


def _explained(told: Explained, answer: Any, met: tuple[int, ...], made: answer_queries.Answered) -> dict[str, Any]:
    return {
        "verdict": told.verdict,
        "answer": answer,
        "right_answer": told.right_answer,
        "options": [ToldOptionOut.model_validate(one) for one in told.options],
        "blanks": [ToldBlankOut.model_validate(one) for one in told.blanks],
        "pairs": [PairOut.model_validate(one) for one in told.pairs],
        "segments": [ToldSegmentOut.model_validate(one) for one in told.segments],
        "rubric": [
            PointOut(point=one.point, weight=one.weight, met=number in met if made.state == "self_assessed" else None)
            for number, one in enumerate(told.rubric, start=1)
        ],
        "explanation": told.explanation,
        "basis": [_basis(one) for one in told.basis],
    }


def _basis(one: Cited) -> BasisOut:
    place = place_name(one.article, one.paragraph, one.item)
    return BasisOut(
        law=one.law,
        title=one.title,
        version=one.version,
        article=one.article,
        paragraph=one.paragraph,
        item=one.item,
        in_force=one.in_force,
        citation=f"{one.title}, {place}" if is_english() else f"《{one.title}》{place}",
    )
