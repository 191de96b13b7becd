"""The slip of a hand-in (交卷回执): a verification code over every answer that stands on the server.

The candidate keeps the code; later anybody who has it can see that no answer was changed, added or taken away since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from question_bank.kinds import is_empty
from trainer.accounts.models import User
from trainer.attempts.models import Attempt, Response
from trainer.attempts.rules.verification import code_of
from trainer.exams.models import Exam
from trainer.orgs.models import Unit


@dataclass(frozen=True)
class Slip:
    """What a slip says; ``answered`` counts items with an answer, ``submitted_at`` is aware UTC."""

    attempt_id: int
    name: str
    exam: str
    organiser: str
    submitted_at: datetime
    answered: int
    code: str


def slip_of(session: Session, attempt_id: int, key: bytes) -> Slip | None:
    """Return the slip of an attempt, its code made with ``key``; None while it is not handed in. Two statements."""
    row = session.execute(
        select(Attempt.submitted_at, Attempt.user_id, Attempt.paper_id, User.name, Exam.id, Exam.title, Unit.name)
        .join(User, User.id == Attempt.user_id)
        .join(Exam, Exam.id == Attempt.exam_id)
        .join(Unit, Unit.id == Exam.unit_id)
        .where(Attempt.id == attempt_id, Attempt.state == "submitted")
    ).first()
    if row is None:
        return None
    submitted_at, user_id, paper_id, name, exam_id, title, organiser = row
    answers = session.execute(
        select(Response.number, Response.answer).where(Response.attempt_id == attempt_id).order_by(Response.number)
    ).all()
    facts: list[object] = ["slip", attempt_id, user_id, exam_id, paper_id, submitted_at.isoformat()]
    for number, answer in answers:
        facts += [number, answer]
    answered = sum(not is_empty(orjson.loads(answer)) for _number, answer in answers)
    return Slip(attempt_id, name, title, organiser, submitted_at, answered, code_of(key, *facts))
