"""Attempts (答卷), what was saved in them, and incidents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, StateText, UTCDateTime
from trainer.core.database import db

# What a candidate's page may report, and what an invigilator's act enters beside it.
NOTICED_KINDS = ("focus_loss", "network_loss", "taken_over", "other")
DEED_KINDS = ("stopped", "forced")


class Attempt(db.Model):
    """One candidate's go at an exam (答卷). Times are aware UTC.

    ``epoch`` counts the starts and resumes: only the page that holds the newest one may write. ``deadline_at`` is
    when the candidate's own time ends; saves are taken until ``deadline_at`` plus ``grace_seconds``. Both lie here so
    that a save is judged from this one row. ``flags`` are the numbers of the items that the candidate flagged, None
    before the first. ``sequential``, taken from the exam at the start, closes each item once it was left
    (``rules.navigation``). ``stopped_epoch`` is the epoch by which an invigilator stopped the page that wrote, None
    where that never happened; while it is the attempt's own, nobody has gone on since.
    """

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidates.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    ordinal: Mapped[int] = mapped_column(Integer)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    state: Mapped[str] = mapped_column(StateText("open", "submitted"), default="open")
    epoch: Mapped[int] = mapped_column(Integer, default=1)
    stopped_epoch: Mapped[int | None] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    deadline_at: Mapped[datetime] = mapped_column(UTCDateTime)
    grace_seconds: Mapped[int] = mapped_column(Integer)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    submitted_by: Mapped[str | None] = mapped_column(StateText("candidate", "deadline", "invigilator"))
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    flags: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    sequential: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())

    __table_args__ = (
        UniqueConstraint("candidate_id", "ordinal"),
        Index(None, "exam_id", "state"),
        Index(None, "user_id"),
        Index(None, "state", "deadline_at"),
    )


class ResponseEvent(db.Model):
    """Every answer that ever arrived (作答记录), superseded ones too. Rows only come.

    ``answer`` is canonical JSON text; ``late`` marks what arrived inside the transport grace after the deadline.
    """

    __tablename__ = "response_events"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer)
    answer: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    late: Mapped[bool] = mapped_column(Boolean, default=False)


class Response(db.Model):
    """The answer that stands for an item (当前作答): the event with the highest ``seq``."""

    __tablename__ = "responses"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Incident(db.Model):
    """Something the candidate's page noticed (异常记录): focus (切屏) or the line lost. Never acted on by itself.

    ``stopped`` and ``forced`` are what an invigilator did, with the reason as ``detail``; no page reports them.

    ``mark`` is the page's own name for it, None where it gave none: what is reported again under it is the same
    incident. ``seconds`` is how long it lasted as far as the page knows, None while it lasts or for good.
    """

    __tablename__ = "incidents"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    kind: Mapped[str] = mapped_column(StateText(*NOTICED_KINDS, *DEED_KINDS))
    noticed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    detail: Mapped[str] = mapped_column(String(200), default="")
    mark: Mapped[str | None] = mapped_column(String(40))
    seconds: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (Index(None, "attempt_id"), Index(None, "attempt_id", "mark", unique=True))


class Heard(db.Model):
    """When a candidate's page was last heard (最近联系). Times are aware UTC.

    ``heard_at`` is the last beat of the page, None before the first, and ``hidden`` whether it lay in the background
    then. ``saved_at`` is the last save, for the board to count only what has changed. A row holds the last moments
    alone: they are overwritten, never added to, and the row goes once the attempt is handed in, so that nothing here
    counts how long anybody was online.
    """

    __tablename__ = "attempt_heard"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    heard_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    saved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
