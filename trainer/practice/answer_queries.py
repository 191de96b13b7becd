"""Reads of answers in practice: one with all that may be told of it, and the list of a person's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from question_bank.item import Item
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.bank.rules.rich import with_html
from trainer.core.errors import Missing, Refused
from trainer.practice.models import Card, PracticeAnswer
from trainer.practice.queries import LISTED, held_back, refuse_during_exam, studied, within
from trainer.practice.rules.explaining import Explained, explain, explain_case
from trainer.practice.rules.grading import answers_by_part, judge


@dataclass(frozen=True, slots=True)
class AnsweredPart:
    """A part of an answered item, with all that may be told of it; an item that is no case is its only part.

    ``met`` are the points of the rubric that the person says to have made, empty for other kinds and before.
    """

    number: int
    kind: str
    public: dict[str, Any]
    answer: Any
    told: Explained
    met: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was graded, or waits for its writer's own assessment, with all that may be told of it.

    ``state`` is graded, waiting or self_assessed; while it waits there is no verdict and no next date. ``told`` is on
    the whole, of a case its own explanation and all it cites.
    """

    answer_id: int
    item_id: int
    code: str
    kind: str
    wing: str
    topic: str
    public: dict[str, Any]
    answer: Any
    correct: bool
    fraction: Any
    answered_at: datetime
    told: Explained
    due_at: datetime | None
    wrong: bool
    right_in_a_row: int
    state: str
    parts: tuple[AnsweredPart, ...]


def version_answered(session: Session, user_id: int, answer_id: int) -> int:
    """Return the id of the item version that an own answer was given to. Raises ``Missing`` for another's."""
    found = session.scalar(
        select(PracticeAnswer.item_version_id).where(PracticeAnswer.id == answer_id, PracticeAnswer.user_id == user_id)
    )
    if found is None:
        raise Missing
    return found


def answered(session: Session, user_id: int, answer_id: int, *, now: datetime) -> Answered:
    """Return an own answer with its explanation: one statement beside the check.

    Raises ``Missing`` for another's, for an item that may no longer be studied, and ``Refused`` during an exam and for
    an item that is ``held_back``.
    """
    refuse_during_exam(session, user_id, now)
    row = session.execute(
        select(
            PracticeAnswer,
            ItemRecord.code,
            ItemRecord.kind,
            ItemRecord.wing,
            ItemRecord.topic,
            ItemVersion.body,
            ItemVersion.public,
            Card.due_at,
            Card.wrong,
            Card.right_in_a_row,
            held_back(user_id, now).label("held_back"),
        )
        .join(ItemRecord, ItemRecord.id == PracticeAnswer.item_id)
        .join(ItemVersion, ItemVersion.id == PracticeAnswer.item_version_id)
        .outerjoin(Card, and_(Card.user_id == PracticeAnswer.user_id, Card.item_id == PracticeAnswer.item_id))
        .where(PracticeAnswer.id == answer_id, PracticeAnswer.user_id == user_id, studied(now))
    ).first()
    if row is None:
        raise Missing
    if row.held_back:
        raise Refused("item_in_exam")
    given: PracticeAnswer = row[0]
    item, answer = Item.from_dict(row.body), orjson.loads(given.answer)
    judged = judge(item, answer, given.met)
    public = with_html(row.public)
    parts = tuple(
        AnsweredPart(
            number,
            part.kind,
            public["parts"][number - 1] if item.kind == "case_study" else public,
            own,
            explain(part, own, grade),
            tuple(given.met[number - 1]) if given.met else (),
        )
        for number, ((part, own), grade) in enumerate(zip(answers_by_part(item, answer), judged.grades, strict=True), 1)
    )
    return Answered(
        answer_id=given.id,
        item_id=given.item_id,
        code=row.code,
        kind=row.kind,
        wing=row.wing,
        topic=row.topic,
        public=public,
        answer=answer,
        correct=given.correct,
        fraction=given.fraction,
        answered_at=given.answered_at,
        told=explain_case(item, judged) if item.kind == "case_study" else parts[0].told,
        due_at=row.due_at if given.state != "waiting" else None,
        wrong=bool(row.wrong),
        right_in_a_row=row.right_in_a_row or 0,
        state=given.state,
        parts=parts,
    )


def answers_given(user_id: int, filters: dict[str, str], correct: bool | None, now: datetime) -> Select[Any]:
    """Return the rows of what a person has answered, newest first, to be paged; ``correct`` None means both."""
    rows = (
        select(
            PracticeAnswer.id,
            PracticeAnswer.correct,
            PracticeAnswer.fraction,
            PracticeAnswer.state,
            PracticeAnswer.answered_at,
            *LISTED,
        )
        .join(ItemRecord, ItemRecord.id == PracticeAnswer.item_id)
        .join(ItemVersion, ItemVersion.id == PracticeAnswer.item_version_id)
        .where(PracticeAnswer.user_id == user_id, within(filters, now))
        .order_by(PracticeAnswer.answered_at.desc(), PracticeAnswer.id.desc())
    )
    if correct is None:
        return rows
    return rows.where(PracticeAnswer.correct.is_(correct), PracticeAnswer.state != "waiting")
