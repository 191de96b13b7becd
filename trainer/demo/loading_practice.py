"""What officers practised: graded answers, and the cards that came of them through the memory of practice."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import select

from question_bank import Item, kinds
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.demo.ground import Ground, city_time
from trainer.demo.rules.answering import ANSWERED, draw_answer
from trainer.demo.rules.practising import LIFT, Deck, practice_moments
from trainer.demo.rules.story import PracticeSpec
from trainer.practice.models import Card, PracticeAnswer
from trainer.practice.queries import studied
from trainer.practice.rules import memory
from trainer.practice.rules.grading import RULE
from trainer.practice.rules.wrong_answers import Standing, after_answer

HUNDREDTH = Decimal("0.01")


class _Pool:
    """The items that may be practised, by number in the order of their codes."""

    def __init__(self, ground: Ground) -> None:
        rows = ground.session.execute(
            select(ItemRecord.id, ItemRecord.version_id, ItemVersion.body)
            .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
            .where(studied(ground.now), ItemRecord.kind.in_(ANSWERED))
            .order_by(ItemRecord.code)
        ).all()
        self.ids = [(row.id, row.version_id) for row in rows]
        self.items = [Item.from_dict(row.body) for row in rows]
        self.shapes = [kinds.answer_shape(item) for item in self.items]
        self.wings = [(number, item.wing) for number, item in enumerate(self.items)]


def load_practice(ground: Ground) -> None:
    """Put in the answers and cards of everybody who practises."""
    pool = _Pool(ground)
    answers: list[dict[str, Any]] = []
    cards: list[dict[str, Any]] = []
    if pool.items:
        for spec in ground.story.practice:
            _practise(ground, pool, spec, answers, cards)
    ground.put(PracticeAnswer, answers)
    ground.put(Card, cards)


def _practise(
    ground: Ground, pool: _Pool, spec: PracticeSpec, answers: list[dict[str, Any]], cards: list[dict[str, Any]]
) -> None:
    random = ground.chance("practice", spec.username)
    user_id = ground.users[spec.username]
    deck = Deck.shuffled(random, spec.wing, pool.wings)
    kept: dict[int, dict[str, Any]] = {}
    for day, second in practice_moments(random, spec, ground.story.today):
        number, seen = deck.next(day)
        answered_at = city_time(day, 0) + timedelta(seconds=second)
        given = draw_answer(random, pool.items[number], spec.ability, LIFT if seen else 0.0)
        normal = kinds.normal_answer(pool.shapes[number], given)
        grade = kinds.grade(pool.items[number], normal, RULE)
        item_id, version_id = pool.ids[number]
        answers.append(
            {
                "user_id": user_id,
                "item_id": item_id,
                "item_version_id": version_id,
                "sent_key": f"{random.getrandbits(128):032x}",
                "answer": orjson.dumps(normal).decode(),
                "fraction": grade.fraction.quantize(HUNDREDTH),
                "correct": grade.correct,
                "seconds": None,
                "answered_at": answered_at,
            }
        )
        card = kept.setdefault(number, _blank(user_id, item_id, answered_at))
        _move_on(card, grade.correct, answered_at)
        deck.note(number, day, correct=grade.correct)
    cards += kept.values()


def _blank(user_id: int, item_id: int, now: datetime) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "item_id": item_id,
        "memory": {},
        "due_at": now,
        "wrong": False,
        "right_in_a_row": 0,
        "answered_count": 0,
    }


def _move_on(card: dict[str, Any], correct: bool, now: datetime) -> None:
    after = memory.review(card["memory"], correct, None, now)
    standing = after_answer(Standing(card["wrong"], card["right_in_a_row"]), correct)
    card.update(
        memory=after.state,
        due_at=after.due_at,
        wrong=standing.wrong,
        right_in_a_row=standing.right_in_a_row,
        answered_count=card["answered_count"] + 1,
    )
