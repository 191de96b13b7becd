"""Results (成绩) of attempts that have been handed in, and the marking (阅卷) of what takes a person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import Hundredths, RowId, StateText, UTCDateTime
from trainer.core.database import db
from trainer.marking.rules.regrade import REMARK, REMEDIES


class Result(db.Model):
    """The marks of one attempt (成绩).

    ``marks`` is a list, item number 1 first, of ``{"points": "1.00", "fraction": "1", "correct": true,
    "answered": true}``, with ``"waits": true`` where a person has to mark the answer. ``unmarked`` counts these; until
    it is 0, score and pass are provisional. ``objective_score`` is the part that needed no person. ``seconds_used``
    runs from start to hand-in, never more than the time allowed. ``passed`` is None where the exam has no pass mark.
    ``repairs_no`` is up to which repair of the exam it is marked; the exam's own number runs ahead for a moment.
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
    repairs_no: Mapped[int] = mapped_column(Integer, default=0, server_default="0")

    __table_args__ = (
        Index(None, "exam_id", "user_id"),
        Index(None, "user_id"),
        # Results that a repair has still to reach are the first entries of an exam's part.
        Index(None, "exam_id", "repairs_no"),
    )


class MarkingPlan(db.Model):
    """How the answers of an exam are marked (阅卷方案): by one person or by two, in batches of how many.

    ``tolerance`` in points counts with ``double`` alone. The row is locked by whoever hands out answers of the exam.
    """

    __tablename__ = "marking_plans"

    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"), primary_key=True)
    double: Mapped[bool] = mapped_column(Boolean)
    tolerance: Mapped[Decimal] = mapped_column(Hundredths)
    batch_size: Mapped[int] = mapped_column(Integer)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    saved_by: Mapped[int | None] = mapped_column(BigInteger)


class PlanMarker(db.Model):
    """A person chosen to mark an exam (阅卷人)."""

    __tablename__ = "marking_plan_markers"

    exam_id: Mapped[int] = mapped_column(ForeignKey("marking_plans.exam_id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)

    __table_args__ = (Index(None, "user_id"),)


class MarkingTask(db.Model):
    """One answer that takes a person (待阅答题), from the moment its attempt is settled.

    Answers to the same item are those with the same version, ``part`` (of a case, 1 first; 0 for a whole item) and
    ``max_points``; ``place`` is their order, by chance and the same for all markers. ``points`` is what the answer
    earns, None while it waits. ``wants_third`` once two markers differ beyond the tolerance.
    """

    __tablename__ = "marking_tasks"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    number: Mapped[int] = mapped_column(Integer)
    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    part: Mapped[int] = mapped_column(Integer)
    max_points: Mapped[Decimal] = mapped_column(Hundredths)
    place: Mapped[int] = mapped_column(BigInteger)
    points: Mapped[Decimal | None] = mapped_column(Hundredths)
    wants_third: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (
        UniqueConstraint("attempt_id", "number"),
        Index(None, "exam_id", "item_version_id", "part", "place"),
        Index(None, "item_version_id"),
    )


class MarkingBatch(db.Model):
    """Some answers to one item in the hands of one marker (领取的一批).

    What is unmarked in it at ``leased_until`` may be given to others.
    """

    __tablename__ = "marking_batches"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    marker_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    part: Mapped[int] = mapped_column(Integer)
    max_points: Mapped[Decimal] = mapped_column(Hundredths)
    claimed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    leased_until: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "exam_id"), Index(None, "marker_id"))


class Mark(db.Model):
    """What one marker gives to one answer (评分), from the moment it is handed out.

    ``seat`` is 1 or 2, and 3 for the third marker; the unique constraints let nobody take a seat twice, nor two seats
    of one answer. ``position`` counts from 1 in the batch. ``lines`` are the points by line of the rubric as decimal
    text, None before they are given. ``returned`` is given back to the same marker to be marked anew.
    """

    __tablename__ = "marks"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("marking_tasks.id"))
    batch_id: Mapped[int] = mapped_column(ForeignKey("marking_batches.id"))
    position: Mapped[int] = mapped_column(Integer)
    marker_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    seat: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(StateText("claimed", "given", "returned"), default="claimed")
    lines: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    points: Mapped[Decimal | None] = mapped_column(Hundredths)
    comment: Mapped[str] = mapped_column(String(500), default="")
    given_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        UniqueConstraint("task_id", "seat"),
        UniqueConstraint("task_id", "marker_id"),
        UniqueConstraint("batch_id", "position"),
    )


class MarkEvent(db.Model):
    """Whatever was given, changed or taken back (评分记录). Rows only come; ``by`` is who did it.

    ``remarked`` is given after an appeal: ``marker_id`` is then who judged anew, and ``by`` who signed it.
    """

    __tablename__ = "mark_events"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("marking_tasks.id"))
    marker_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(StateText("given", "changed", "returned", "withdrawn", "remarked"))
    lines: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    points: Mapped[Decimal | None] = mapped_column(Hundredths)
    comment: Mapped[str] = mapped_column(String(500), default="")
    by: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "task_id", "marker_id"),)


class Repair(db.Model):
    """The repair of an item of one exam (试题更正), proposed by one person and signed by another.

    ``part`` is that of a case, 1 first; 0 for a whole item. ``answer`` is the key that comes in, None where the remedy
    needs none. ``number`` is its place among the published repairs of the exam, 1 first; ``closed_at`` is when it was
    published or withdrawn, and ``closed_by`` who did it.

    With ``remark`` (改判) it concerns the one answer ``task_id``, which is to earn the points ``lines`` by line of the
    rubric, decimal text as in ``Mark``; ``comment`` is read by its candidate. The others are None and empty elsewhere.
    """

    __tablename__ = "repairs"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    part: Mapped[int] = mapped_column(Integer)
    remedy: Mapped[str] = mapped_column(StateText(*REMEDIES, REMARK))
    answer: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    reason: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(StateText("proposed", "published", "withdrawn"), default="proposed")
    number: Mapped[int | None] = mapped_column(Integer)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("marking_tasks.id"))
    lines: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    comment: Mapped[str] = mapped_column(String(500), default="", server_default="")

    __table_args__ = (UniqueConstraint("exam_id", "number"), Index(None, "exam_id", "state"), Index(None, "task_id"))


class FormerResult(db.Model):
    """A result as it stood before a repair (原成绩), kept for good. The columns mean what they mean in ``Result``."""

    __tablename__ = "former_results"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    repairs_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    repair_id: Mapped[int] = mapped_column(ForeignKey("repairs.id"))
    score: Mapped[Decimal] = mapped_column(Hundredths)
    objective_score: Mapped[Decimal] = mapped_column(Hundredths)
    passed: Mapped[bool | None] = mapped_column(Boolean)
    correct_count: Mapped[int] = mapped_column(Integer)
    unmarked: Mapped[int] = mapped_column(Integer)
    marks: Mapped[list[Any]] = mapped_column(JSON)
    superseded_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "repair_id"),)


class Appeal(db.Model):
    """A candidate's objection to an item of the own result (申诉), one for each item of an attempt.

    Taken up, it belongs to the repair ``repair_id``, and is upheld when that is published; rejected, ``answer`` says
    why. ``item_version_id`` and ``part`` name the item, so that those about one item are decided together.
    """

    __tablename__ = "appeals"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    number: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    part: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(1000))
    state: Mapped[str] = mapped_column(StateText("lodged", "taken_up", "upheld", "rejected"), default="lodged")
    lodged_at: Mapped[datetime] = mapped_column(UTCDateTime)
    repair_id: Mapped[int | None] = mapped_column(ForeignKey("repairs.id"))
    answer: Mapped[str] = mapped_column(String(1000), default="")
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        UniqueConstraint("attempt_id", "number"),
        Index(None, "exam_id", "state"),
        Index(None, "user_id"),
        Index(None, "repair_id"),
    )
