"""Exams (考试), their sittings (场次) and candidates (考生)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import Hundredths, RowId, StateText, UTCDateTime
from trainer.core.database import db
from trainer.exams.rules import DRAWS, NAVIGATIONS, RELEASES


class Exam(db.Model):
    """An exam (考试). Owned by ``unit_id``: who manages exams there manages this one.

    ``minutes`` is the length of the paper; ``pass_mark`` is in points, None where there is none; ``credit_hours``
    are entered for each who passes, None where the exam earns none; ``grace_seconds`` is the transport grace after a
    deadline; ``released_at`` is set when results are released by hand. A mock exam (模拟考, ``is_mock``) looks the same
    to its candidates and counts for nothing. ``resit_of_id`` is the exam that this one makes up for (补考).
    ``repairs_no`` counts the published repairs of its items; ``appeal_days`` are the working days during which a
    candidate may appeal, 0 where nobody may. ``focus_threshold`` is how often a candidate must leave the page for the
    board to mark it, None for never. ``navigation`` (作答顺序): candidates move freely, or in order and never back.
    ``cancel_reason`` is what candidates are told of why it was cancelled, empty where nobody was told of the exam.
    """

    __tablename__ = "exams"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprints.id"))
    state: Mapped[str] = mapped_column(StateText("draft", "published", "cancelled"), default="draft")
    minutes: Mapped[int] = mapped_column(Integer)
    pass_mark: Mapped[Decimal | None] = mapped_column(Hundredths)
    attempts_allowed: Mapped[int] = mapped_column(Integer, default=1)
    release: Mapped[str] = mapped_column(StateText(*RELEASES), default="after_close")
    draw: Mapped[str] = mapped_column(StateText(*DRAWS), default="one_paper")
    forms: Mapped[int] = mapped_column(Integer, default=1)
    shuffle_items: Mapped[bool] = mapped_column(Boolean, default=False)
    shuffle_options: Mapped[bool] = mapped_column(Boolean, default=False)
    credit_hours: Mapped[Decimal | None] = mapped_column(Hundredths)
    grace_seconds: Mapped[int] = mapped_column(Integer, default=10)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_mock: Mapped[bool] = mapped_column(Boolean, default=False, server_default="0")
    resit_of_id: Mapped[int | None] = mapped_column(ForeignKey("exams.id"))
    repairs_no: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    appeal_days: Mapped[int] = mapped_column(Integer, default=3, server_default="3")
    focus_threshold: Mapped[int | None] = mapped_column(Integer)
    navigation: Mapped[str] = mapped_column(StateText(*NAVIGATIONS), default="free", server_default="free")
    cancel_reason: Mapped[str] = mapped_column(String(200), default="", server_default="")

    # The draw of an exam that is over is public, and must give nothing of another one away.
    __table_args__ = (
        Index(None, "unit_id"),
        Index(None, "state"),
        Index(None, "resit_of_id"),
        Index(None, "blueprint_id", unique=True),
    )


class Sitting(db.Model):
    """One window of an exam in one room (场次), aware UTC; a start is allowed from ``opens_at`` up to ``closes_at``.

    ``room`` (考场) is empty where people sit where they like, ``capacity`` None where it has no limit. ``form`` is the
    parallel paper of all who sit here, None for the one dealt to each. While ``awaits_signal`` nobody can start.
    ``shifted_closes_at`` is when the last candidate with a shifted start is through, None without any.
    """

    __tablename__ = "sittings"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    number: Mapped[int] = mapped_column(Integer, default=1)
    opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closes_at: Mapped[datetime] = mapped_column(UTCDateTime)
    room: Mapped[str] = mapped_column(String(60), default="", server_default="")
    capacity: Mapped[int | None] = mapped_column(Integer)
    form: Mapped[int | None] = mapped_column(Integer)
    awaits_signal: Mapped[bool] = mapped_column(Boolean, default=False, server_default="0")
    shifted_closes_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("exam_id", "number"), Index(None, "closes_at"))


class Candidate(db.Model):
    """A person named for an exam (考生) in one of its sittings, with the paper that is ready for them.

    ``unit_id`` is the unit at the time of naming: participation is counted by it. ``paper_id`` is the paper of the
    first attempt, later ones may get another form; None means that the exam has not been published yet. ``reason`` says
    why somebody is exempt or deferred. The own window is the sitting's, ``shift_minutes`` later (错时开考) for
    ``shift_reason``; ``extra_minutes`` come on top of paper and window. ``extra_attempts`` are those allowed beyond the
    exam's.
    """

    __tablename__ = "candidates"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("papers.id"))
    state: Mapped[str] = mapped_column(StateText("due", "exempt", "deferred"), default="due")
    reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
    extra_minutes: Mapped[int] = mapped_column(Integer, default=0)
    shift_minutes: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    shift_reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
    extra_attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    ticket_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)

    __table_args__ = (
        UniqueConstraint("exam_id", "user_id"),
        Index(None, "user_id"),
        Index(None, "sitting_id"),
        # The most minutes granted in an exam, asked for with each result, is the last entry of its part.
        Index(None, "exam_id", "extra_minutes"),
    )
