"""Many people who sit an exam or practise, as rows; the marks are the site's own."""

from __future__ import annotations

from datetime import timedelta

import orjson
from sqlalchemy import insert, select, update

from tests.attempts.factories import RIGHT, make_exam
from tests.conftest import NINE
from trainer.accounts.models import User
from trainer.attempts.models import Attempt, Response
from trainer.bank.models import ItemRecord
from trainer.core.database import db, transaction
from trainer.exams.models import Candidate
from trainer.marking.models import Result
from trainer.marking.settle import settle
from trainer.papers.models import PaperItem
from trainer.practice.models import PracticeAnswer
from trainer.reports.jobs import count_answers

OVER = NINE + timedelta(hours=3)


def make_people(city, count):
    """Add so many officers, one at least, and return their ids."""
    with transaction() as session:
        first = session.scalar(select(User.id).order_by(User.id.desc()).limit(1)) + 1
        rows = [
            {"id": first + n, "username": f"p{first + n}", "name": f"考生{n}", "unit_id": city.units["PJ-CGJ"]}
            | {"category": "officer", "created_at": NINE}
            for n in range(count)
        ]
        session.execute(insert(User), rows)
    return [row["id"] for row in rows]


def sit_many(city, sheets, *, people=None, exam=None, ordinal=1, now=NINE, **about):
    """Let each of ``sheets`` (answers by number) be handed in by somebody of their own; return (exam, people)."""
    exam = exam or make_exam(city, now, usernames=(), **about)
    people = people or make_people(city, len(sheets))
    with transaction() as session:
        if ordinal == 1:
            named = [
                {"exam_id": exam.exam_id, "sitting_id": exam.sitting_id, "user_id": one, "paper_id": exam.paper_id}
                | {"unit_id": city.units["PJ-CGJ"]}
                for one in people
            ]
            session.execute(insert(Candidate), named)
        candidates = dict(
            session.execute(select(Candidate.user_id, Candidate.id).where(Candidate.exam_id == exam.exam_id)).all()
        )
        rows = [
            {"exam_id": exam.exam_id, "sitting_id": exam.sitting_id, "candidate_id": candidates[one], "user_id": one}
            | {"ordinal": ordinal, "paper_id": exam.paper_id, "state": "submitted", "epoch": 1, "started_at": now}
            | {"deadline_at": now + timedelta(hours=1), "grace_seconds": 10, "submitted_by": "candidate"}
            | {"submitted_at": now + timedelta(minutes=10)}
            for one in people
        ]
        session.execute(insert(Attempt), rows)
        attempts = dict(
            session.execute(
                select(Attempt.user_id, Attempt.id).where(Attempt.exam_id == exam.exam_id, Attempt.ordinal == ordinal)
            ).all()
        )
        answers = [
            {"attempt_id": attempts[person], "number": number, "seq": 1, "saved_at": now}
            | {"answer": orjson.dumps(answer).decode()}
            for person, sheet in zip(people, sheets, strict=True)
            for number, answer in sheet.items()
        ]
        if answers:
            session.execute(insert(Response), answers)
    ids = [attempts[one] for one in people]
    for start in range(0, len(ids), 200):
        settle(ids[start : start + 200], now + timedelta(minutes=20))
    return exam, people


def items_of(exam):
    """Return the ids of the items of an exam's paper, by number."""
    rows = db.session.execute(
        select(PaperItem.number, ItemRecord.id)
        .join(ItemRecord, ItemRecord.version_id == PaperItem.item_version_id)
        .where(PaperItem.paper_id == exam.paper_id)
    )
    return dict(rows.all())


def practise(person, item_id, answer, *, at=NINE, correct=False, seconds=None, key=None):
    """Put down one answer in practice as it is kept."""
    with transaction() as session:
        version_id = session.scalar(select(ItemRecord.version_id).where(ItemRecord.id == item_id))
        session.add(
            PracticeAnswer(
                user_id=person,
                item_id=item_id,
                item_version_id=version_id,
                sent_key=key or f"{person}-{item_id}-{at.timestamp()}",
                answer=orjson.dumps(answer).decode(),
                fraction=1 if correct else 0,
                correct=correct,
                seconds=seconds,
                answered_at=at,
            )
        )


def sheets(count=60):
    """Answers of people from able to weak: the first item by chance, the others by ability."""
    made = []
    for number in range(count):
        sheet = dict(RIGHT)
        if number % 2:
            sheet[1] = "A" if number % 4 == 1 else "C"
        for place, limit in ((2, 48), (3, 36), (4, 24)):
            if number >= limit:
                sheet[place] = {2: ["A"], 3: False, 4: ["15", "61"]}[place]
        if number >= 54:
            del sheet[5]
        made.append(sheet)
    return made


def count_all(now=OVER):
    """Let the job run until it finds nothing."""
    for _ in range(50):
        if not count_answers(now):
            return
    raise AssertionError("the job comes to no end")


def move(people, unit_id):
    """Name these people for another unit, as if they had been from the start."""
    with transaction() as session:
        session.execute(update(Candidate).where(Candidate.user_id.in_(people)).values(unit_id=unit_id))
        session.execute(update(Result).where(Result.user_id.in_(people)).values(unit_id=unit_id))
