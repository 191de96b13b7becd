"""Taking an answer in practice: graded or assessed by its writer, kept, and the card moved on, in one transaction."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from question_bank import kinds
from question_bank.item import Item
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.core.database import is_sqlite, transaction
from trainer.core.errors import Conflict, Invalid, Missing, Refused
from trainer.practice.models import Card, PracticeAnswer
from trainer.practice.queries import held_back, refuse_during_exam, studied
from trainer.practice.rules import grading, memory
from trainer.practice.rules.wrong_answers import Standing, after_answer

SENT_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
HUNDREDTH = Decimal("0.01")


def answer_item(
    user_id: int,
    item_id: int,
    version_id: int,
    given: Any,
    *,
    sent_key: str,
    now: datetime,
    seconds: int | None = None,
) -> int:
    """Grade an answer, keep it, move the card on, and return the id of the kept answer.

    With a short answer in it, it is kept and waits for ``assess_answer``; the card stays until then.

    ``given`` None means "I do not know" and counts as wrong; any other empty answer is refused. A second call with the
    same ``sent_key`` changes nothing and returns the same id, if it is the same answer to the same item. ``now`` is
    aware UTC. Raises ``Refused`` while the person has an open attempt (``exam_in_progress``) and for an item that is
    ``held_back`` (``item_in_exam``), ``Missing`` for an item
    that may not be studied, ``Conflict`` (``item_changed``) when the item has a newer version than the one shown, and
    ``Invalid`` at ``answer`` or ``key``.
    """
    if not SENT_KEY.fullmatch(sent_key):
        raise Invalid.at("key", "bad_format")
    with transaction() as session:
        refuse_during_exam(session, user_id, now)
        known = _kept(session, user_id, sent_key)
        if known is not None:
            return _same(session, known, item_id, version_id, given)
        row = session.execute(
            select(ItemRecord.version_id, ItemVersion.body, held_back(user_id, now).label("held_back"))
            .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
            .where(ItemRecord.id == item_id, studied(now))
        ).first()
        if row is None:
            raise Missing
        if row.held_back:
            raise Refused("item_in_exam")
        if row.version_id != version_id:
            raise Conflict("item_changed")
        item = Item.from_dict(row.body)
        normal = _normal(item, given)
        judged = grading.judge(item, normal)
        card = None if judged.waits else _locked_card(session, user_id, item_id, now)
        made = _insert(
            session,
            PracticeAnswer,
            user_id=user_id,
            item_id=item_id,
            item_version_id=version_id,
            sent_key=sent_key,
            answer=_text(normal),
            fraction=_kept_fraction(judged),
            correct=judged.correct,
            state="waiting" if judged.waits else "graded",
            seconds=seconds,
            answered_at=now,
        )
        kept = _kept(session, user_id, sent_key)
        assert kept is not None
        if not made:
            # The other of two clicks was quicker, between our look and our insert, and has moved the card on.
            return _same(session, kept, item_id, version_id, given)
        if card is not None:
            _move_on(card, judged.correct, seconds, now)
        return kept.id


def assess_answer(user_id: int, answer_id: int, met: grading.Met, *, now: datetime) -> None:
    """Take the writer's own word on a short answer: which points of the rubric it makes, for each part.

    Only then the card moves on, as of the answer. A second call changes nothing, whatever it says. Raises ``Missing``
    for another's answer, ``Refused`` (``exam_in_progress``), and ``Invalid`` at ``met`` for points that are not there.
    """
    with transaction() as session:
        refuse_during_exam(session, user_id, now)
        answer = session.scalar(
            select(PracticeAnswer)
            .join(ItemRecord, ItemRecord.id == PracticeAnswer.item_id)
            .where(PracticeAnswer.id == answer_id, PracticeAnswer.user_id == user_id, studied(now))
            .where(~held_back(user_id, now))
            .with_for_update(of=PracticeAnswer)
        )
        if answer is None:
            raise Missing
        if answer.state != "waiting":
            return
        body = session.scalars(select(ItemVersion.body).where(ItemVersion.id == answer.item_version_id)).one()
        try:
            judged = grading.judge(Item.from_dict(body), orjson.loads(answer.answer), met)
        except ValueError:
            raise Invalid.at("met", "unknown_value", value="") from None
        answer.state, answer.met = "self_assessed", [list(points) for points in met]
        answer.fraction, answer.correct = _kept_fraction(judged), judged.correct
        card = _locked_card(session, user_id, answer.item_id, now)
        _move_on(card, judged.correct, answer.seconds, answer.answered_at)


def _same(session: Session, kept: PracticeAnswer, item_id: int, version_id: int, given: Any) -> int:
    """Return the id of an answer kept before under this key; raises ``Invalid`` if it was another one."""
    if (kept.item_id, kept.item_version_id) == (item_id, version_id):
        body = session.scalars(select(ItemVersion.body).where(ItemVersion.id == version_id)).one()
        if kept.answer == _text(_normal(Item.from_dict(body), given)):
            return kept.id
    raise Invalid.at("key", "key_reused")


def _kept_fraction(judged: grading.Judged) -> Decimal:
    return judged.fraction.quantize(HUNDREDTH)


def _text(normal: Any) -> str:
    return orjson.dumps(normal).decode()


def _normal(item: Item, given: Any) -> Any:
    if given is None:
        return None
    try:
        normal = grading.normal_answer(item, given)
    except kinds.WrongShape:
        raise Invalid.at("answer", "answer_shape") from None
    if normal is None:
        raise Invalid.at("answer", "answer_missing")
    return normal


def _kept(session: Session, user_id: int, sent_key: str) -> PracticeAnswer | None:
    return session.scalar(
        select(PracticeAnswer).where(PracticeAnswer.user_id == user_id, PracticeAnswer.sent_key == sent_key)
    )


def _locked_card(session: Session, user_id: int, item_id: int, now: datetime) -> Card:
    """Return the card, made where there is none, locked until the end of the transaction."""
    wanted = select(Card).where(Card.user_id == user_id, Card.item_id == item_id).with_for_update()
    card = session.scalar(wanted)
    if card is None:
        blank = {"memory": {}, "due_at": now, "wrong": False, "right_in_a_row": 0, "answered_count": 0}
        _insert(session, Card, user_id=user_id, item_id=item_id, **blank)
        card = session.scalars(wanted).one()
    return card


def _insert(session: Session, table: type[Any], **values: Any) -> bool:
    """Insert a row and return True, or False where a unique constraint says that it stands already."""
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    # What was inserted is asked back: the row count of such an insert is not told by every driver.
    made = insert(table).values(**values).on_conflict_do_nothing().returning(table.user_id)
    return session.execute(made).first() is not None


def _move_on(card: Card, correct: bool, seconds: int | None, now: datetime) -> None:
    after = memory.review(card.memory, correct, seconds, now)
    standing = after_answer(Standing(card.wrong, card.right_in_a_row), correct)
    card.memory, card.due_at = after.state, after.due_at
    card.wrong, card.right_in_a_row = standing.wrong, standing.right_in_a_row
    card.answered_count += 1
