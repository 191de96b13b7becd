"""Reads for markers: what waits for them, and the batch in their hands.

Nothing here tells whose answer it is: no name, no unit, no number of a candidate or of an attempt leaves this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import BigInteger, ColumnElement, and_, case, exists, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.kinds.case_study import case_view, expand
from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.attempts.models import Response
from trainer.bank.models import ItemVersion
from trainer.bank.queries import shows_medium
from trainer.bank.rules.pieces import ToldPoint, told_rubric
from trainer.bank.rules.rich import html_of, with_html
from trainer.core.errors import Missing, Refused
from trainer.exams.models import Candidate, Exam
from trainer.exams.queries import last_own_closing, longest_extra
from trainer.exams.rules import ends_at
from trainer.marking.models import Mark, MarkEvent, MarkingBatch, MarkingPlan, MarkingTask, PlanMarker
from trainer.marking.rules.rubric import ItemKey, line_points, may_begin
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within

MARK = "exam.mark"


class MarkerIsCandidate(Refused):
    """Nobody marks an exam for which they are named themselves."""

    code = "marker_is_candidate"
    status = 403


class MarkingNotBegun(Refused):
    """Somebody may still be writing: rubric and sample stay shut until ``ended_at``."""

    code = "marking_not_begun"


@dataclass(frozen=True)
class MarkedExam:
    """An exam that somebody has been chosen to mark."""

    id: int
    title: str
    unit_id: int
    ended_at: datetime
    begun: bool
    is_candidate: bool


def exams_of_marker(session: Session, person: Person, now: datetime, exam_id: int | None = None) -> list[MarkedExam]:
    """Return the exams that ``person`` has been chosen for and may still mark, the first to end first: one statement.

    The choice alone is not enough: the permission over the exam's unit has to stand at ``now``.
    """
    named = exists().where(Candidate.exam_id == Exam.id, Candidate.user_id == person.id).correlate(Exam)
    rows = (
        select(
            Exam.id,
            Exam.title,
            Exam.unit_id,
            Exam.release,
            Unit.path,
            last_own_closing(),
            longest_extra(),
            Exam.grace_seconds,
            named,
        )
        .join(PlanMarker, and_(PlanMarker.exam_id == Exam.id, PlanMarker.user_id == person.id))
        .join(Unit, Unit.id == Exam.unit_id)
        .where(Exam.state == "published", units_within(person.scope(MARK)))
    )
    if exam_id is not None:
        rows = rows.where(Exam.id == exam_id)
    scope = person.scope(MARK)
    found = []
    for id_, title, unit_id, release, path, closes, extra, grace, is_candidate in session.execute(rows):
        # A line's marker reaches a unit only in part, and an exam cannot be marked in part.
        if scope.holds_whole(path):
            ended_at = ends_at(closes, extra, grace_seconds=grace)
            begun = may_begin(now, release=release, ended_at=ended_at)
            found.append(MarkedExam(id_, title, unit_id, ended_at, begun, bool(is_candidate)))
    return sorted(found, key=lambda one: (one.ended_at, one.id))


def demand_marker(session: Session, exam_id: int, person: Person, now: datetime) -> MarkedExam:
    """Return the exam if ``person`` may mark it now.

    Raises ``Missing`` for who was not chosen or has lost the permission, ``MarkerIsCandidate``, ``MarkingNotBegun``.
    """
    found = exams_of_marker(session, person, now, exam_id)
    if not found:
        raise Missing
    exam = found[0]
    if exam.is_candidate:
        raise MarkerIsCandidate
    if not exam.begun:
        raise MarkingNotBegun(ended_at=exam.ended_at)
    return exam


def is_held(now: datetime) -> ColumnElement[bool]:
    """Return the condition on ``Mark`` joined to ``MarkingBatch`` that the seat is taken: given, or under a lease."""
    return or_(Mark.state != "claimed", MarkingBatch.leased_until > now)


def wanted_seats() -> ColumnElement[int]:
    """Return how many people have to mark a ``MarkingTask`` under its ``MarkingPlan``, as a column."""
    return case((MarkingPlan.double.is_(False), 1), (MarkingTask.wants_third.is_(True), 3), else_=2)


def is_free_for(person_id: int, now: datetime) -> ColumnElement[bool]:
    """Return the condition on ``MarkingTask`` and ``MarkingPlan`` that the person may take a seat.

    Who has a mark on the answer, or had one that was taken away to be given by others, may not.
    """
    held = select(Mark.id).join(MarkingBatch, MarkingBatch.id == Mark.batch_id).where(Mark.task_id == MarkingTask.id)
    taken = (
        select(func.count())
        .select_from(Mark)
        .join(MarkingBatch, MarkingBatch.id == Mark.batch_id)
        .where(Mark.task_id == MarkingTask.id, Mark.seat <= wanted_seats(), is_held(now))
        .correlate(MarkingTask, MarkingPlan)
        .scalar_subquery()
    )
    mine = held.where(Mark.marker_id == person_id, is_held(now)).correlate(MarkingTask).exists()
    withdrawn = (
        exists()
        .where(MarkEvent.task_id == MarkingTask.id, MarkEvent.marker_id == person_id, MarkEvent.kind == "withdrawn")
        .correlate(MarkingTask)
    )
    return and_(MarkingTask.points.is_(None), taken < wanted_seats(), ~mine, ~withdrawn)


GROUP = (MarkingTask.item_version_id, MarkingTask.part, MarkingTask.max_points)


@dataclass(frozen=True)
class WorkLine:
    """One item of an exam as a marker's list shows it; figures are of answers.

    ``waiting`` are those the marker may take now, ``given`` those marked already, ``in_hand`` those handed out and not
    yet marked, in the batch ``batch_id`` (None without one).
    """

    exam: MarkedExam
    key: ItemKey
    item: Item
    waiting: int
    given: int
    in_hand: int
    batch_id: int | None


def work_of(session: Session, person: Person, now: datetime) -> list[WorkLine]:
    """Return what a marker has before them, exam by exam, items in the order of their points and versions.

    Exams that have not ended yet and those with nothing to mark are left out. Three statements for each exam.
    """
    lines = []
    for exam in exams_of_marker(session, person, now):
        if exam.begun and not exam.is_candidate:
            lines += _work_on(session, exam, person.id, now)
    return lines


def _work_on(session: Session, exam: MarkedExam, person_id: int, now: datetime) -> list[WorkLine]:
    free = case((is_free_for(person_id, now), 1), else_=0)
    # The free answers are counted outside, because PostgreSQL takes no subquery of the group inside an aggregate.
    each = (
        select(*GROUP, free.label("free"))
        .join(MarkingPlan, MarkingPlan.exam_id == MarkingTask.exam_id)
        .where(MarkingTask.exam_id == exam.id)
        .subquery()
    )
    group = (each.c.item_version_id, each.c.part, each.c.max_points)
    waiting = {
        ItemKey(*row[:3]): int(row[3])
        for row in session.execute(select(*group, func.sum(each.c.free)).group_by(*group))
    }
    own: dict[ItemKey, tuple[int, int, int | None]] = {}
    for *key, given, in_hand, batch_id in session.execute(
        select(
            *GROUP,
            func.sum(case((Mark.state == "given", 1), else_=0)),
            func.sum(case((Mark.state != "given", 1), else_=0)),
            func.max(case((Mark.state != "given", Mark.batch_id))),
        )
        .join(MarkingTask, MarkingTask.id == Mark.task_id)
        .join(MarkingBatch, MarkingBatch.id == Mark.batch_id)
        .where(MarkingTask.exam_id == exam.id, Mark.marker_id == person_id, is_held(now))
        .group_by(*GROUP)
    ):
        own[ItemKey(*key)] = (int(given), int(in_hand), batch_id)
    items = items_of(session, list(waiting))
    return [
        WorkLine(exam, key, items[key], waiting[key], *own.get(key, (0, 0, None)))
        for key in sorted(waiting, key=lambda one: (one.max_points, one.version_id, one.part))
    ]


def items_of(session: Session, keys: Sequence[ItemKey]) -> dict[ItemKey, Item]:
    """Return the items of ``keys``, for a part of a case the part: one statement."""
    bodies = _bodies(session, {key.version_id for key in keys})
    return {key: expand(bodies[key.version_id])[max(key.part, 1) - 1] for key in keys}


def _bodies(session: Session, version_ids: set[int]) -> dict[int, Item]:
    rows = session.execute(select(ItemVersion.id, ItemVersion.body).where(ItemVersion.id.in_(sorted(version_ids))))
    return {row.id: Item.from_dict(row.body) for row in rows}


@dataclass(frozen=True)
class RubricLine:
    """One line of the rubric with the most points it is worth."""

    told: ToldPoint
    max_points: Decimal


@dataclass(frozen=True)
class Shown:
    """An item as a marker sees it. ``case`` is what is shown once for all parts of a case, None for other items."""

    key: ItemKey
    stem: str
    stem_html: str | None
    case: dict[str, Any] | None
    sample: str
    sample_html: str | None
    explanation: str
    lines: tuple[RubricLine, ...]


def shown_item(session: Session, key: ItemKey) -> Shown:
    """Return an item with rubric and sample; for markers alone. Raises ``Missing`` for what is no short answer."""
    whole = _bodies(session, {key.version_id}).get(key.version_id)
    if whole is None:
        raise Missing
    item = expand(whole)[max(key.part, 1) - 1]
    if item.kind != "short_answer":
        raise Missing
    points = line_points(item, key.max_points)
    return Shown(
        key=key,
        stem=item.stem,
        stem_html=html_of(item, item.stem),
        case=_shown_case(whole, item.case) if key.part else None,
        sample=item.settings["sample"],
        sample_html=html_of(item, item.settings["sample"]),
        explanation=item.explanation,
        lines=tuple(RubricLine(told, most) for told, most in zip(told_rubric(item), points, strict=True)),
    )


def _shown_case(whole: Item, reference: str) -> dict[str, Any]:
    shown = with_html(case_view(whole))
    names = ("stem", "stem_html", "format", "media", "documents")
    return {"case": reference} | {name: shown[name] for name in names if name in shown}


@dataclass(frozen=True)
class BatchAnswer:
    """One answer of a batch. ``lines`` and ``points`` are the marker's own, None before they are given."""

    position: int
    answer: str
    state: str
    lines: tuple[Decimal, ...] | None
    points: Decimal | None
    comment: str
    given_at: datetime | None


@dataclass(frozen=True)
class Batch:
    """A batch in its marker's hands, answers by position."""

    id: int
    exam_id: int
    title: str
    marker: str
    key: ItemKey
    leased_until: datetime
    answers: tuple[BatchAnswer, ...]

    @property
    def open_positions(self) -> list[int]:
        """The positions that are still to be marked."""
        return [one.position for one in self.answers if one.state != "given"]

    @property
    def given(self) -> int:
        return len(self.answers) - len(self.open_positions)


def read_batch(session: Session, batch_id: int, person: Person) -> Batch:
    """Return a batch of the caller's own; raises ``Missing`` for anybody else's as for none. Two statements.

    Answers that others have got since the lease ended are no longer in it.
    """
    return _read(session, MarkingBatch.id == batch_id, MarkingBatch.marker_id == person.id)


def read_batch_of_exam(session: Session, exam_id: int, batch_id: int) -> Batch:
    """Return a batch of an exam as its marker holds it, for whoever runs the exam; raises ``Missing``."""
    return _read(session, MarkingBatch.id == batch_id, MarkingBatch.exam_id == exam_id)


def _read(session: Session, *which: ColumnElement[bool]) -> Batch:
    row = session.execute(
        select(MarkingBatch, Exam.title, User.name)
        .join(Exam, Exam.id == MarkingBatch.exam_id)
        .join(User, User.id == MarkingBatch.marker_id)
        .where(*which)
    ).first()
    if row is None:
        raise Missing
    batch, title, marker = row
    answers = session.execute(
        select(Mark, Response.answer)
        .join(MarkingTask, MarkingTask.id == Mark.task_id)
        .outerjoin(Response, and_(Response.attempt_id == MarkingTask.attempt_id, Response.number == MarkingTask.number))
        .where(Mark.batch_id == batch.id)
        .order_by(Mark.position)
    )
    return Batch(
        id=batch.id,
        exam_id=batch.exam_id,
        title=title,
        marker=marker,
        key=ItemKey(batch.item_version_id, batch.part, batch.max_points),
        leased_until=batch.leased_until,
        answers=tuple(_answer(mark, text) for mark, text in answers),
    )


def _answer(mark: Mark, text: str | None) -> BatchAnswer:
    return BatchAnswer(
        position=mark.position,
        answer=orjson.loads(text) if text else "",
        state=mark.state,
        lines=None if mark.lines is None else tuple(map(Decimal, mark.lines)),
        points=mark.points,
        comment=mark.comment,
        given_at=mark.given_at,
    )


def marked_with_medium(session: Session, person: Person, sha256: str) -> bool:
    """Return whether an item in the caller's batches shows this medium, in rubric or sample perhaps."""
    found = (
        select(MarkingBatch.id)
        .join(ItemVersion, ItemVersion.id == MarkingBatch.item_version_id)
        .where(MarkingBatch.marker_id == person.id, shows_medium(sha256, after_answer=True))
        .limit(1)
    )
    return person.may(MARK) and session.scalar(found) is not None


def in_hundredths(column: Any) -> ColumnElement[int]:
    """Return a column of ``Hundredths`` as the whole number that the table holds, to add up and to multiply."""
    return type_coerce(column, BigInteger)
