"""Items for the tests of practice: real ones of the shipped bank, and small ones with secrets that must not leak."""

from __future__ import annotations

from datetime import datetime, timedelta

import question_bank
from question_bank import kinds
from question_bank.item import Item
from trainer.attempts.models import Attempt
from trainer.bank.models import ItemBasis, ItemField, ItemRecord, ItemVersion
from trainer.core.database import transaction
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.papers.models import Blueprint, Paper

NOTE_SECRET = "CANARYNOTE"
WHY_SECRET = "CANARYWHY"
BLANK_SECRET = "CANARYBLANK"
SECRETS = (NOTE_SECRET, WHY_SECRET, BLANK_SECRET, "2021-01-22", "第三十六条")


def shipped(kind: str | None = None, count: int = 1) -> list[Item]:
    """Return the first items of the shipped bank, of one kind if named."""
    found = [item for item in question_bank.load() if kind in (None, item.kind)]
    return found[:count]


def small_item(number: int = 1, kind: str = "single_choice", **changes) -> Item:
    """Return a valid item of ``kind`` whose key-side texts are secrets; see ``RIGHT``."""
    options = [
        {"key": key, "text": f"选项{key}文字", "note": f"{NOTE_SECRET}{key}"}
        for key in ("ABC" if kind == "ordering" else "ABCD")
    ]
    keys = {
        "single_choice": "B",
        "multiple_choice": ["B", "D"],
        "true_false": True,
        "fill_blank": [[BLANK_SECRET, "甲"], ["乙"]],
        "ordering": ["C", "A", "B"],
    }
    data = {
        "id": f"small-{kind.replace('_', '-')}-{number:04}",
        "kind": kind,
        "wing": "legal_theory",
        "topic": "penalty_law",
        "fields": ["general"],
        "difficulty": 2,
        "level": "recall",
        "stem": f"第{number}题的题干____和____。" if kind == "fill_blank" else f"第{number}题的题干（　　）。",
        "key": keys[kind],
        "explanation": f"{WHY_SECRET}解析",
        "basis": [{"law": "行政处罚法", "version": "2021-01-22", "article": "36", "paragraph": 1, "item": None}],
    }
    if kind not in ("true_false", "fill_blank"):
        data["options"] = options
    return Item.from_dict(data | changes)


RIGHT = {
    "single_choice": "B",
    "multiple_choice": ["B", "D"],
    "true_false": True,
    "fill_blank": ["甲", "乙"],
    "ordering": ["C", "A", "B"],
}
WRONG = {
    "single_choice": "A",
    "multiple_choice": ["A"],
    "true_false": False,
    "fill_blank": ["丙", "丁"],
    "ordering": ["A", "B", "C"],
}


def add_items(items, now: datetime, *, state: str = "published", pool: str = "open") -> list[int]:
    """Put items into the bank and return their ids in order."""
    ids = []
    with transaction() as session:
        for item in items:
            record = ItemRecord(
                code=item.id,
                state=state,
                pool=pool,
                kind=item.kind,
                wing=item.wing,
                topic=item.topic,
                difficulty=item.difficulty,
                level=item.level,
                created_at=now,
            )
            session.add(record)
            session.flush()
            record.version_id = _version(session, record.id, 1, item, now)
            session.add_all([ItemField(item_id=record.id, field=field) for field in item.fields])
            session.add_all(
                [
                    ItemBasis(
                        item_id=record.id,
                        law=basis.law,
                        law_version=basis.version,
                        article=basis.article,
                        paragraph=basis.paragraph,
                        point=basis.item,
                    )
                    for basis in item.basis
                ]
            )
            ids.append(record.id)
    return ids


def new_version(item_id: int, item: Item, now: datetime) -> int:
    """Give an item a second version and return its id."""
    with transaction() as session:
        record = session.get_one(ItemRecord, item_id)
        record.version_id = _version(session, item_id, 2, item, now)
        return record.version_id


def _version(session, item_id: int, number: int, item: Item, now: datetime) -> int:
    version = ItemVersion(
        item_id=item_id,
        number=number,
        body=item.to_dict(),
        public=kinds.public(item),
        content_hash=bytes.fromhex(item.content_hash()),
        created_at=now,
    )
    session.add(version)
    session.flush()
    return version.id


def add_attempt(user_id: int, unit_id: int, started_at: datetime, *, minutes: int = 60, state: str = "open") -> int:
    """Make a small exam with an attempt of the person, and return the attempt's id."""
    until = started_at + timedelta(minutes=minutes)
    with transaction() as session:
        blueprint = Blueprint(title="卷", seed="s", created_at=started_at)
        session.add(blueprint)
        session.flush()
        paper = Paper(
            blueprint_id=blueprint.id,
            form=1,
            document=b"{}",
            shapes=[],
            digest=bytes(32),
            item_count=0,
            max_points=0,
            created_at=started_at,
        )
        exam = Exam(title="考试", unit_id=unit_id, blueprint_id=blueprint.id, minutes=minutes, created_at=started_at)
        session.add_all([paper, exam])
        session.flush()
        sitting = Sitting(exam_id=exam.id, opens_at=started_at, closes_at=until)
        session.add(sitting)
        session.flush()
        candidate = Candidate(exam_id=exam.id, sitting_id=sitting.id, user_id=user_id, unit_id=unit_id)
        session.add(candidate)
        session.flush()
        attempt = Attempt(
            exam_id=exam.id,
            sitting_id=sitting.id,
            candidate_id=candidate.id,
            user_id=user_id,
            ordinal=1,
            paper_id=paper.id,
            state=state,
            started_at=started_at,
            deadline_at=until,
            grace_seconds=10,
        )
        session.add(attempt)
        session.flush()
        return attempt.id
