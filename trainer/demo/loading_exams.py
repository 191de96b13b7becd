"""Exams of the demonstration city: made and published by the verbs of the site, then sat by people of known ability.

What somebody answers follows from the ability; what it is worth is found by the site's own marking. Nothing here
writes a mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select, update

from question_bank import kinds
from trainer.attempts.models import Attempt, Incident, Response, ResponseEvent
from trainer.attempts.rules.timing import deadline
from trainer.demo.ground import Ground
from trainer.demo.rules.writing import Sitting as SittingSpec
from trainer.demo.rules.writing import write_answers
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.rules import ExamSpec
from trainer.exams.service import create_exam
from trainer.marking.grading import keys_of
from trainer.marking.settle import settle_within
from trainer.notices.models import Notice

SECTION_TITLES = {
    "single_choice": "单项选择题",
    "multiple_choice": "多项选择题",
    "true_false": "判断题",
    "short_answer": "简答题",
}
ORGANISER = "organiser"
SETTLED_AT_ONCE = 200


def make_exam(ground: Ground, spec: ExamSpec, *, at: datetime, publish: bool = True) -> int:
    """Create an exam as the organiser did ``at`` (aware UTC) and return its id; its notices bear that time."""
    exam_id = create_exam(spec, by=ground.person(ORGANISER), now=at, publish=publish)
    date_notices(ground, f"exam:{exam_id}:", at)
    return exam_id


def date_notices(ground: Ground, key: str, at: datetime) -> None:
    """Give the notices whose keys start with ``key`` their time; those older than a month count as read."""
    old = at < ground.now - timedelta(days=30)
    ground.session.execute(
        update(Notice)
        .where(Notice.key.startswith(key, autoescape=True))
        .values(created_at=at, read_at=at + timedelta(days=1) if old else None)
    )


def sit(ground: Ground, exam_id: int, sittings: Sequence[SittingSpec]) -> list[int]:
    """Let candidates write and return the ids of the attempts handed in; each candidate at most once.

    Who has not finished by now is still writing. Whoever overran was handed in by the site at the deadline.
    """
    wanted = {ground.users[one.username]: one for one in sittings}
    exam, closes_at = ground.session.execute(
        select(Exam, Sitting.closes_at).join(Sitting, Sitting.exam_id == Exam.id).where(Exam.id == exam_id)
    ).one()
    named = ground.session.execute(select(Candidate).where(Candidate.exam_id == exam_id)).scalars()
    candidates = sorted((one for one in named if one.user_id in wanted), key=lambda one: one.user_id)
    rows = [_attempt(ground, exam, closes_at, one, wanted[one.user_id]) for one in candidates]
    ids = ground.put_named(Attempt, rows, "candidate_id") if rows else {}
    _notice(ground, exam, rows, ids)
    events: list[dict[str, Any]] = []
    for row in rows:
        events += _events(ground, exam, row, ids[row["candidate_id"]], wanted[row["user_id"]])
    ground.put(ResponseEvent, events)
    standing = {(event["attempt_id"], event["number"]): event for event in events}
    columns = ("attempt_id", "number", "seq", "answer", "saved_at")
    ground.put(Response, [{name: event[name] for name in columns} for event in standing.values()])
    return [ids[row["candidate_id"]] for row in rows if row["state"] == "submitted"]


def mark(ground: Ground, attempt_ids: Sequence[int], at: datetime) -> None:
    """Settle attempts by the site's own marking, as it was done ``at``."""
    for start in range(0, len(attempt_ids), SETTLED_AT_ONCE):
        settle_within(ground.session, attempt_ids[start : start + SETTLED_AT_ONCE], at)


def _attempt(
    ground: Ground, exam: Exam, closes_at: datetime, candidate: Candidate, sitting: SittingSpec
) -> dict[str, Any]:
    ends = deadline(sitting.started_at, closes_at, minutes=exam.minutes)
    finished = ends if sitting.seconds is None else sitting.started_at + timedelta(seconds=sitting.seconds)
    done = finished <= ground.now
    by = "deadline" if sitting.seconds is None else "candidate"
    return {
        "exam_id": exam.id,
        "sitting_id": candidate.sitting_id,
        "candidate_id": candidate.id,
        "user_id": candidate.user_id,
        "ordinal": 1,
        "paper_id": candidate.paper_id,
        "state": "submitted" if done else "open",
        "epoch": 1,
        "started_at": sitting.started_at,
        "deadline_at": ends,
        "grace_seconds": exam.grace_seconds,
        "submitted_at": finished if done else None,
        "submitted_by": by if done else None,
        "settled_at": None,
    }


def _notice(ground: Ground, exam: Exam, rows: Sequence[dict[str, Any]], ids: dict[Any, int]) -> None:
    """Let some pages notice that they were left, and a few that the line was down; of those still written one often."""
    random = ground.chance("noticed", exam.title)
    writing = next((row for row in rows if row["state"] == "open"), None)
    noticed = []
    for row in rows:
        chance = random.random()
        least, most = (3, 5) if row is writing or chance < 0.02 else (1, 2) if chance < 0.1 else (0, 0)
        happened = ["focus_loss"] * random.randint(least, most) + ["network_loss"] * (chance > 0.97)
        spent = (min(row["submitted_at"] or ground.now, row["deadline_at"]) - row["started_at"]).total_seconds()
        for kind in happened if spent > 240 else ():
            seconds = random.randint(2, 40) if kind == "focus_loss" else random.randint(8, 120)
            at = row["started_at"] + timedelta(seconds=random.randint(60, int(spent) - 130))
            told_at = at if kind == "focus_loss" else at + timedelta(seconds=seconds)
            common = {"attempt_id": ids[row["candidate_id"]], "kind": kind, "detail": "", "mark": None}
            noticed.append({**common, "noticed_at": at, "recorded_at": told_at, "seconds": seconds})
    ground.put(Incident, noticed)


def _events(
    ground: Ground, exam: Exam, row: dict[str, Any], attempt_id: int, sitting: SittingSpec
) -> list[dict[str, Any]]:
    random = ground.chance("answers", exam.title, sitting.username)
    items = [key.item for key in keys_of(ground.session, row["paper_id"])]
    seconds = exam.minutes * 60 if sitting.seconds is None else sitting.seconds
    share = 0.93 if sitting.seconds is None else 1.0
    written = write_answers(random, items, sitting.ability, sitting.started_at, seconds, share=share)
    return [
        {
            "attempt_id": attempt_id,
            "number": one.number,
            "seq": one.seq,
            "epoch": 1,
            "answer": _text(items[one.number - 1], one.answer),
            "saved_at": one.given_at,
            "late": False,
        }
        for one in written
        if one.given_at < min(row["deadline_at"], ground.now)
    ]


def _text(item: Any, answer: Any) -> str:
    return orjson.dumps(kinds.normal_answer(kinds.answer_shape(item), answer)).decode()
