"""Results (成绩) of attempts that have been handed in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import Hundredths, UTCDateTime
from trainer.core.database import db


class Result(db.Model):
    """The marks of one attempt (成绩).

    ``marks`` is a list, item number 1 first, of ``{"points": "1.00", "fraction": "1", "correct": true,
    "answered": true}``, with ``"waits": true`` where a person has to mark the answer. ``unmarked`` counts these; until
    it is 0, score and pass are provisional. ``objective_score`` is the part that needed no person. ``seconds_used``
    runs from start to hand-in, never more than the time allowed. ``passed`` is None where the exam has no pass mark.
    """

    __tablename__ = "results"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    unit_id: Mapped[int] = mapped_column(BigInteger)
    score: Mapped[Decimal] = mapped_column(Hundredths)
    objective_score: Mapped[Decimal] = mapped_column(Hundredths)
    max_points: Mapped[Decimal] = mapped_column(Hundredths)
    passed: Mapped[bool | None] = mapped_column(Boolean)
    correct_count: Mapped[int] = mapped_column(Integer)
    seconds_used: Mapped[int] = mapped_column(Integer)
    submitted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime] = mapped_column(UTCDateTime)
    unmarked: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    marks: Mapped[list[Any]] = mapped_column(JSON)

    __table_args__ = (Index(None, "exam_id", "user_id"), Index(None, "user_id"))
