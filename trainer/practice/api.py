"""Practice over the API: the next item without its key, and the graded answer with everything that explains it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import url_for
from flask_login import current_user
from pydantic import Field, WithJsonSchema

from trainer.api.resource import Amount, Id, Moment, Shape, Text, api_blueprint, operation
from trainer.core.clock import day_starts_at, local_day
from trainer.core.database import db
from trainer.core.errors import Missing
from trainer.practice import queries
from trainer.practice.rules.choosing import wanted
from trainer.practice.rules.explaining import Cited
from trainer.practice.service import answer_item
from trainer.web.arrival import arrived_at
from trainer.web.locale import is_english, zone
from trainer.web.view import LARGEST_ID

bp = api_blueprint("practice_api")

ANY_ANSWER = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string"},
            {"type": "boolean"},
            {"type": "array", "items": {"type": "string"}},
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"type": "null"},
        ],
        "description": "by kind, as in an attempt; null for 'I do not know'",
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


class OptionOut(Shape):
    """``html`` only in Markdown, here as everywhere: the text as safe HTML."""

    key: str
    text: str
    html: str | None = None


class SegmentOut(Shape):
    """A piece of a document; one without ``key`` cannot be marked."""

    text: str
    key: str | None = None


class ItemOut(Shape):
    id: Id
    version: Id
    code: str
    kind: str
    wing: str
    topic: str
    fields: list[str]
    stem: str
    stem_html: str | None = None
    indefinite: bool = False
    options: list[OptionOut] | None = None
    prompts: list[OptionOut] | None = None
    reuse: bool = False
    document: list[SegmentOut] | None = None
    blanks: int | None = None


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


class AnswerOut(Shape):
    id: Id
    item: Id
    code: str
    verdict: Literal["right", "part", "wrong", "skipped"]
    correct: bool
    fraction: Amount
    answer: Annotated[Any, ANY_ANSWER]
    right_answer: Any = Field(description="by kind; for fill_blank a list of accepted answers for each blank")
    options: list[ToldOptionOut]
    blanks: list[ToldBlankOut]
    pairs: list[PairOut]
    segments: list[ToldSegmentOut]
    explanation: str
    basis: list[BasisOut]
    due_at: Moment
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
        kind=asked.kind,
        wing=asked.wing,
        topic=asked.topic,
        fields=list(asked.fields),
        stem=shown["stem"],
        stem_html=shown.get("stem_html"),
        indefinite=shown.get("indefinite", False),
        options=[OptionOut(**one) for one in shown["options"]] if "options" in shown else None,
        prompts=[OptionOut(**one) for one in shown["prompts"]] if "prompts" in shown else None,
        reuse=shown.get("reuse", False),
        document=[SegmentOut(**one) for one in shown["document"]] if "document" in shown else None,
        blanks=shown.get("blanks"),
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
    problems={404: ("not_found",), 409: ("exam_in_progress", "item_changed")},
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
    return _told(queries.answered(db.session(), current_user.id, answer_id, now=now))


def _row_id(value: str) -> int:
    number = int(value)
    if number > LARGEST_ID:
        raise Missing
    return number


def _told(made: queries.Answered) -> AnswerOut:
    return AnswerOut(
        id=str(made.answer_id),
        item=str(made.item_id),
        code=made.code,
        verdict=made.told.verdict,
        correct=made.correct,
        fraction=made.fraction,
        answer=made.answer,
        right_answer=made.told.right_answer,
        options=[ToldOptionOut.model_validate(one) for one in made.told.options],
        blanks=[ToldBlankOut.model_validate(one) for one in made.told.blanks],
        pairs=[PairOut.model_validate(one) for one in made.told.pairs],
        segments=[ToldSegmentOut.model_validate(one) for one in made.told.segments],
        explanation=made.told.explanation,
        basis=[_basis(one) for one in made.told.basis],
        due_at=made.due_at,
        in_wrong_book=made.wrong,
        right_in_a_row=made.right_in_a_row,
        page=url_for("practice.answered", answer_id=made.answer_id),
    )


def _basis(one: Cited) -> BasisOut:
    return BasisOut(
        law=one.law,
        title=one.title,
        version=one.version,
        article=one.article,
        paragraph=one.paragraph,
        item=one.item,
        in_force=one.in_force,
        citation=f"{one.title}, {one.place_en}" if is_english() else f"《{one.title}》{one.place_zh}",
    )
