"""Competitions (竞赛), their rounds, teams, and the scores that their leaderboards show."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.competitions.rules.prizes import BOARDS
from trainer.core.columns import Hundredths, RowId, StateText, UTCDateTime
from trainer.core.database import db

TIE_BREAK = ("score", "objective_score", "seconds_used", "submitted_at", "draw_lots")
TEAM_SCORES = ("best_n", "mean", "sum")
NAME_RULES = ("full", "masked", "unit_only")
STATES = ("draft", "published", "closed", "cancelled")
ENDED = ("closed", "cancelled")


class Competition(db.Model):
    """A declared competition (竞赛), the only place where people are ranked.

    ``tie_break`` is the chain in its order. ``names`` says how persons appear to others on its boards. While
    ``frozen_at`` is set, the boards show the ``FrozenScore`` rows. ``objections_until`` is the end of the public notice
    (公示), None before results are posted; ``closed_at`` is when the result was signed (签发),
    ``cancelled_at`` and ``cancel_reason`` when and why it was called off. In the states ``ENDED`` it takes no scores.
    ``standings_no`` counts changes of its scores; a copy of the board with the same number is up to date.
    ``prizes`` are the prizes in their order as ``rules.prizes.Prize.as_row`` writes them, None without any;
    ``awards_no`` is the ``standings_no`` by which the ``Award`` rows were made, None before.
    """

    __tablename__ = "competitions"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    state: Mapped[str] = mapped_column(StateText(*STATES), default="published")
    public: Mapped[bool] = mapped_column(Boolean, default=False)
    names: Mapped[str] = mapped_column(StateText(*NAME_RULES), default="full")
    team_score: Mapped[str] = mapped_column(StateText(*TEAM_SCORES), default="best_n")
    team_best_n: Mapped[int | None] = mapped_column(Integer)
    tie_break: Mapped[list[str]] = mapped_column(JSON)
    prizes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    awards_no: Mapped[int | None] = mapped_column(BigInteger)
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    objections_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    standings_no: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "unit_id"),)


class Round(db.Model):
    """One round of a competition (赛程), an exam. ``advance`` is ``{"top": n, "per_unit_at_least": m}`` or None.

    ``signed_due`` are the ids of the people who were due when the result was signed, None before: teams and units are
    ranked by them, and whoever is excused afterwards moves no place that was signed.
    """

    __tablename__ = "competition_rounds"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"))
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(120))
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    advance: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    signed_due: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True), deferred=True)

    __table_args__ = (UniqueConstraint("competition_id", "number"), Index(None, "exam_id"))


class Team(db.Model):
    """A squad of one unit (代表队)."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"))
    name: Mapped[str] = mapped_column(String(80))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))

    __table_args__ = (UniqueConstraint("competition_id", "name"),)


class TeamMember(db.Model):
    """A person in a team (队员); in one competition a person is in one team at most."""

    __tablename__ = "team_members"

    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))

    __table_args__ = (Index(None, "team_id"),)


class Scored:
    """The columns that a score and its frozen twin share."""

    round_id: Mapped[int] = mapped_column(ForeignKey("competition_rounds.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    unit_id: Mapped[int] = mapped_column(BigInteger)
    score: Mapped[Decimal] = mapped_column(Hundredths)
    objective_score: Mapped[Decimal] = mapped_column(Hundredths)
    seconds_used: Mapped[int] = mapped_column(Integer)
    submitted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lot: Mapped[int] = mapped_column(BigInteger)


class RoundScore(Scored, db.Model):
    """A person's score in a round (得分), copied from the best of the person's settled results.

    ``lot`` is drawn once per person and round for chains that end in the drawing of lots.
    """

    __tablename__ = "round_scores"
    __table_args__ = (Index(None, "round_id", "score"),)


class Award(db.Model):
    """A prize (奖项) of which its winner may have read. ``ranked_id`` is the id of the person, team or unit.

    Boards work prizes out from places; these rows are kept to tell people whose prize becomes another one.
    """

    __tablename__ = "competition_awards"

    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), primary_key=True)
    board: Mapped[str] = mapped_column(StateText(*BOARDS), primary_key=True)
    ranked_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    round_id: Mapped[int] = mapped_column(ForeignKey("competition_rounds.id"))
    prize: Mapped[str] = mapped_column(String(30))


class FrozenScore(Scored, db.Model):
    """A score as it was when the board was frozen (封榜). Rows live from freezing to thawing."""

    __tablename__ = "frozen_scores"
