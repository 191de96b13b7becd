"""An exam that is ready to be sat, made of rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import orjson

from question_bank import Item
from question_bank.kinds import answer_shape, public
from trainer.bank.importing import import_items
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.core.database import transaction
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.papers.models import Blueprint, Paper, PaperItem
from trainer.papers.rules.blueprint import SectionSpec
from trainer.papers.service import compile_papers, create_blueprint

CANARY = "CANARY-IN-KEY"


def item(kind: str, number: int) -> Item:
    """Return an item of a kind with a canary wherever a candidate must not look."""
    data = {
        "id": f"made-{kind.replace('_', '-')}-{number:04}",
        "kind": kind,
        "wing": "legal_theory",
        "topic": "penalty_law",
        "fields": ["general"],
        "difficulty": 2,
        "level": "recall",
        "stem": f"第 {number} 题：下列说法正确的是（　　）。",
        "options": [{"key": key, "text": f"选项{key}", "note": f"{CANARY} 说明{key}"} for key in "ABCD"],
        "key": "B",
        "explanation": f"{CANARY} 解析",
        "basis": [
            {"law": "行政处罚法", "version": "2021-01-22", "article": "36", "paragraph": 1, "item": None},
        ],
    }
    if kind == "multiple_choice":
        data["key"] = ["A", "C"]
    elif kind == "true_false":
        data |= {"key": True, "options": []}
    elif kind == "fill_blank":
        data |= {"key": [["15", "十五日"], ["60"]], "options": [], "stem": "期限为____日，最长____日。"}
    elif kind == "ordering":
        data["key"] = ["C", "A", "D", "B"]
    return Item.from_dict(data)


KINDS = ("single_choice", "multiple_choice", "true_false", "fill_blank", "ordering")
RIGHT = {1: "B", 2: ["A", "C"], 3: True, 4: ["15", "60"], 5: ["C", "A", "D", "B"]}


@dataclass
class MadeExam:
    """Ids of what ``make_exam`` made."""

    exam_id: int
    sitting_id: int
    paper_id: int


def make_exam(city, now: datetime, *, count: int = 5, **about) -> MadeExam:
    """Make a published exam of ``count`` items over the five kinds, two points each; minutes are from ``now``."""
    with transaction() as session:
        blueprint = Blueprint(title="测试卷", seed="seed", created_at=now)
        session.add(blueprint)
        session.flush()
        shown, shapes, versions = [], [], []
        for number in range(1, count + 1):
            one = item(KINDS[(number - 1) % len(KINDS)], number)
            record = ItemRecord(
                code=f"{one.id}-{blueprint.id}",
                state="published",
                kind=one.kind,
                wing=one.wing,
                topic=one.topic,
                difficulty=one.difficulty,
                level=one.level,
                created_at=now,
            )
            session.add(record)
            session.flush()
            version = ItemVersion(
                item_id=record.id,
                number=1,
                body=one.to_dict(),
                public=public(one),
                content_hash=bytes.fromhex(one.content_hash())
                if isinstance(one.content_hash(), str)
                else one.content_hash(),
                created_at=now,
            )
            session.add(version)
            session.flush()
            record.version_id = version.id
            versions.append(version.id)
            shown.append({"number": number, **public(one), "points": "2.00"})
            shapes.append(answer_shape(one))
        part = {"title": "第一部分", "partial_credit": "all_or_nothing", "items": shown}
        paper = Paper(
            blueprint_id=blueprint.id,
            form=1,
            document=orjson.dumps({"title": "测试卷", "sections": [part]}),
            shapes=shapes,
            digest=b"\0" * 32,
            item_count=count,
            max_points=Decimal(2 * count),
            created_at=now,
        )
        session.add(paper)
        session.flush()
        for number, version_id in enumerate(versions, 1):
            session.add(
                PaperItem(
                    paper_id=paper.id,
                    number=number,
                    section=1,
                    item_version_id=version_id,
                    points=Decimal(2),
                    partial_credit="all_or_nothing",
                )
            )
        exam_id, sitting_id = _put_up(session, city, now, blueprint.id, paper.id, **about)
        return MadeExam(exam_id, sitting_id, paper.id)


def make_drawn_exam(city, now: datetime, items: list[Item], *sections: SectionSpec, **about) -> MadeExam:
    """Publish items and make an exam whose paper is drawn and compiled as for real; ``about`` as in ``make_exam``."""
    assert not import_items(items, by=None, now=now, publish=True).problems
    blueprint_id = create_blueprint("测试卷", sections, seed="seed", by=None, now=now)
    until = (now + timedelta(days=1)).date()
    made = compile_papers(
        blueprint_id, count=1, same_items=True, shuffle_items=False, shuffle_options=False, until=until, now=now
    ).paper_ids
    with transaction() as session:
        exam_id, sitting_id = _put_up(session, city, now, blueprint_id, made[0], **about)
        return MadeExam(exam_id, sitting_id, made[0])


def _put_up(
    session,
    city,
    now: datetime,
    blueprint_id: int,
    paper_id: int,
    *,
    usernames=("officer", "officer2", "officer3"),
    minutes: int = 60,
    opens_in: int = -5,
    closes_in: int = 120,
    release: str = "after_submit",
    attempts: int = 1,
    pass_mark: Decimal | None = Decimal("6.00"),
    credit_hours: Decimal | None = None,
    state: str = "published",
    unit: str = "JM",
    focus_threshold: int | None = 3,
    navigation: str = "free",
) -> tuple[int, int]:
    exam = Exam(
        title="测试考试",
        unit_id=city.units[unit],
        blueprint_id=blueprint_id,
        state=state,
        minutes=minutes,
        pass_mark=pass_mark,
        attempts_allowed=attempts,
        release=release,
        credit_hours=credit_hours,
        focus_threshold=focus_threshold,
        navigation=navigation,
        created_at=now,
    )
    session.add(exam)
    session.flush()
    sitting = Sitting(
        exam_id=exam.id, opens_at=now + timedelta(minutes=opens_in), closes_at=now + timedelta(minutes=closes_in)
    )
    session.add(sitting)
    session.flush()
    for username in usernames:
        session.add(
            Candidate(
                exam_id=exam.id,
                sitting_id=sitting.id,
                user_id=city.people[username],
                unit_id=city.units["PJ-CGJ"],
                paper_id=paper_id,
            )
        )
    return exam.id, sitting.id
