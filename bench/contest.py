"""A competition on the hall's exam, everybody with a result, for measuring its leaderboard."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

from flask import Flask
from sqlalchemy import insert, select

from trainer.attempts.models import Attempt
from trainer.competitions.models import Competition, Round, RoundScore
from trainer.core.clock import utcnow
from trainer.core.database import transaction
from trainer.exams.models import Candidate, Exam
from trainer.orgs.models import Unit
from trainer.papers.models import Blueprint


def enter_competition(app: Flask, exam_id: int, people: int) -> str:
    """Give the first ``people`` candidates of the exam a score and return the path of the leaderboard.

    The scores belong to an exam of their own that is over and released, so that all of the board may be seen.
    """
    now = utcnow()
    chance = random.Random(1)
    with app.app_context(), transaction() as session:
        unit_id = session.scalar(select(Unit.id))
        source = Blueprint(title="Over", seed="over", created_at=now)
        session.add(source)
        session.flush()
        over = Exam(
            title="Over",
            unit_id=unit_id,
            blueprint_id=source.id,
            state="published",
            minutes=60,
            release="after_submit",
            created_at=now,
            released_at=now - timedelta(minutes=1),
        )
        session.add(over)
        session.flush()
        contest = Competition(
            title="Load",
            unit_id=unit_id,
            public=True,
            tie_break=["score", "objective_score", "seconds_used", "submitted_at"],
            created_at=now,
        )
        session.add(contest)
        session.flush()
        one = Round(competition_id=contest.id, number=1, title="Preliminary", exam_id=over.id)
        session.add(one)
        session.flush()
        rows = session.execute(select(Candidate).where(Candidate.exam_id == exam_id).limit(people)).scalars().all()
        session.execute(
            insert(Candidate),
            [
                {"exam_id": over.id, "sitting_id": row.sitting_id, "user_id": row.user_id, "unit_id": row.unit_id}
                for row in rows
            ],
        )
        named = session.execute(select(Candidate.id, Candidate.user_id).where(Candidate.exam_id == over.id)).all()
        paper_id, sitting_id = rows[0].paper_id, rows[0].sitting_id
        session.execute(
            insert(Attempt),
            [
                {
                    "exam_id": over.id,
                    "sitting_id": sitting_id,
                    "candidate_id": candidate_id,
                    "user_id": user_id,
                    "ordinal": 1,
                    "paper_id": paper_id,
                    "state": "submitted",
                    "started_at": now - timedelta(hours=1),
                    "deadline_at": now,
                    "grace_seconds": 10,
                    "submitted_at": now - timedelta(minutes=1),
                    "settled_at": now,
                }
                for candidate_id, user_id in named
            ],
        )
        attempts = session.execute(select(Attempt.id, Attempt.user_id).where(Attempt.exam_id == over.id)).all()
        session.execute(
            insert(RoundScore),
            [
                {
                    "round_id": one.id,
                    "user_id": user_id,
                    "attempt_id": attempt_id,
                    "unit_id": unit_id,
                    "score": Decimal(chance.randint(0, 200)) / 2,
                    "objective_score": Decimal(chance.randint(0, 100)),
                    "seconds_used": chance.randint(600, 3600),
                    "submitted_at": now - timedelta(seconds=chance.randint(0, 3000)),
                    "lot": chance.randint(0, 2**31),
                }
                for attempt_id, user_id in attempts
            ],
        )
        contest.standings_no = 1
        return f"/api/v1/competitions/{contest.id}/leaderboard?limit=50"
