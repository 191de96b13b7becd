"""An exam that people have sat, made of rows alone, and a competition on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from trainer.accounts.models import User
from trainer.accounts.queries import person_by_id
from trainer.attempts.models import Attempt
from trainer.competitions.board import boards
from trainer.competitions.service import NewCompetition, NewRound, create
from trainer.core.database import db, transaction
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.marking.models import Result
from trainer.papers.models import Blueprint, Paper

DAY = timedelta(days=1)


@dataclass
class Made:
    """Ids of an exam and of its candidates by user id."""

    exam_id: int
    sitting_id: int
    paper_id: int
    candidates: dict[int, int] = field(default_factory=dict)
    attempts: int = 0


def make_exam(now: datetime, unit_id: int, *, release: str = "after_submit", title: str = "线上初赛", **more) -> Made:
    """Make a published exam whose sitting opened an hour before ``now`` and closes a day after it."""
    window = {"opens_at": now - timedelta(hours=1), "closes_at": now + DAY} | {
        name: more.pop(name) for name in ("opens_at", "closes_at") if name in more
    }
    with transaction() as session:
        blueprint = Blueprint(title=title, seed="seed", created_at=now)
        session.add(blueprint)
        session.flush()
        paper = Paper(
            blueprint_id=blueprint.id,
            form=1,
            document=b"{}",
            shapes=[],
            digest=b"0" * 32,
            item_count=0,
            max_points=Decimal("100.00"),
            created_at=now,
        )
        values = {"state": "published", "minutes": 60, "release": release, "grace_seconds": 10} | more
        exam = Exam(title=title, unit_id=unit_id, blueprint_id=blueprint.id, created_at=now, **values)
        session.add_all([paper, exam])
        session.flush()
        sitting = Sitting(exam_id=exam.id, number=1, **window)
        session.add(sitting)
        session.flush()
        return Made(exam.id, sitting.id, paper.id)


def add_candidate(made: Made, user_id: int, *, state: str = "due", unit_id: int | None = None) -> int:
    """Name a person for the exam, for the own unit by default, and return the candidate's id."""
    with transaction() as session:
        row = Candidate(
            exam_id=made.exam_id,
            sitting_id=made.sitting_id,
            user_id=user_id,
            unit_id=unit_id or session.get_one(User, user_id).unit_id,
            paper_id=made.paper_id,
            state=state,
        )
        session.add(row)
        session.flush()
        made.candidates[user_id] = row.id
        return row.id


def settle(made: Made, user_id: int, score, now: datetime, *, objective=None, seconds: int = 600, ordinal: int = 1):
    """Let a person hand in an attempt at ``now`` and be marked; return the ``Result``. No board hears of it."""
    if user_id not in made.candidates:
        add_candidate(made, user_id)
    with transaction() as session:
        attempt = Attempt(
            exam_id=made.exam_id,
            sitting_id=made.sitting_id,
            candidate_id=made.candidates[user_id],
            user_id=user_id,
            ordinal=ordinal,
            paper_id=made.paper_id,
            state="submitted",
            started_at=now - timedelta(seconds=seconds),
            deadline_at=now + timedelta(hours=1),
            grace_seconds=10,
            submitted_at=now,
            submitted_by="candidate",
            settled_at=now,
        )
        session.add(attempt)
        session.flush()
        result = Result(
            attempt_id=attempt.id,
            exam_id=made.exam_id,
            user_id=user_id,
            unit_id=session.get_one(Candidate, made.candidates[user_id]).unit_id,
            score=Decimal(score),
            objective_score=Decimal(score if objective is None else objective),
            max_points=Decimal("100.00"),
            correct_count=0,
            seconds_used=seconds,
            submitted_at=now,
            settled_at=now,
            marks=[],
        )
        session.add(result)
        session.flush()
        return result


def person(city, username: str):
    """Return somebody of the small city as the caller of a verb."""
    found = person_by_id(db.session(), city.people[username])
    db.session.rollback()
    assert found is not None
    return found


def make_competition(city, made: Made, now: datetime, *, by: str = "organiser", **more) -> int:
    """Found a published competition with one round on an exam; ``more`` are fields of ``NewCompetition``."""
    rounds = more.pop("rounds", (NewRound("初赛", made.exam_id),))
    competition_id = create(
        NewCompetition(**{"title": "江门市行政执法大比武", "rounds": rounds} | more), by=person(city, by), now=now
    )
    boards.forget()
    return competition_id
