"""Reads for whoever runs the marking of an exam: who may mark, how far it is, how evenly it goes.

No candidate is named in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from question_bank import Item
from trainer.accounts.models import Grant, User
from trainer.accounts.rules import PERMISSIONS
from trainer.exams.models import Candidate, Exam
from trainer.exams.queries import last_own_closing, longest_extra
from trainer.exams.rules import ends_at
from trainer.marking.models import Mark, MarkingBatch, MarkingPlan, MarkingTask, PlanMarker
from trainer.marking.queries.work import GROUP, MARK, in_hundredths, is_held, items_of
from trainer.marking.rules.consistency import Agreement, Spread, agreement, spread
from trainer.marking.rules.rubric import ItemKey, may_begin
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope, ancestors


@dataclass(frozen=True)
class PossibleMarker:
    """A person with the permission to mark over the exam's unit; a candidate of the exam cannot be chosen."""

    user_id: int
    name: str
    unit_name: str
    is_candidate: bool


def possible_markers(session: Session, exam_id: int, unit_path: str) -> list[PossibleMarker]:
    """Return who may be chosen to mark an exam of the unit at ``unit_path``, by name: one statement.

    These are active people whose grant holds the unit in every field.
    """
    ground, home = aliased(Unit), aliased(Unit)
    named = exists().where(Candidate.exam_id == exam_id, Candidate.user_id == User.id).correlate(User)
    rows = session.execute(
        select(User.id, User.name, home.name, named)
        .join(Grant, Grant.user_id == User.id)
        .join(ground, ground.id == Grant.unit_id)
        .join(home, home.id == User.unit_id)
        .where(
            Grant.role.in_([role for role, held in PERMISSIONS.items() if MARK in held]),
            Grant.field.is_(None),
            ground.path.in_(ancestors(unit_path)),
            User.state == "active",
        )
        .distinct()
        .order_by(User.name, User.id)
    )
    return [PossibleMarker(user_id, name, unit, bool(is_candidate)) for user_id, name, unit, is_candidate in rows]


def exams_without_markers(session: Session, scope: Scope, now: datetime) -> list[tuple[int, str, int]]:
    """Return (id, title, answers) of the exams run within ``scope`` that may be marked and have no plan, by id."""
    answers = func.count(MarkingTask.id)
    rows = session.execute(
        select(
            Exam.id,
            Exam.title,
            Exam.release,
            last_own_closing(),
            longest_extra(),
            Exam.grace_seconds,
            answers,
        )
        .join(MarkingTask, MarkingTask.exam_id == Exam.id)
        .join(Unit, Unit.id == Exam.unit_id)
        .outerjoin(MarkingPlan, MarkingPlan.exam_id == Exam.id)
        .where(
            Exam.state == "published",
            MarkingPlan.exam_id.is_(None),
            MarkingTask.points.is_(None),
            units_within(scope.whole),
        )
        .group_by(Exam.id)
        .order_by(Exam.id)
    )
    return [
        (exam_id, title, count)
        for exam_id, title, release, closes_at, extra, grace, count in rows
        if may_begin(now, release=release, ended_at=ends_at(closes_at, extra, grace_seconds=grace))
    ]


@dataclass(frozen=True)
class Plan:
    """The plan of an exam with its markers by name. ``begun``: a mark has been given."""

    double: bool
    tolerance: Decimal
    batch_size: int
    markers: dict[int, str]
    begun: bool


def plan_of(session: Session, exam_id: int) -> Plan | None:
    """Return the plan of an exam, None where nobody has been chosen to mark it."""
    begun = (
        exists()
        .where(Mark.task_id == MarkingTask.id, MarkingTask.exam_id == exam_id, Mark.state != "claimed")
        .correlate(None)
    )
    row = session.execute(select(MarkingPlan, begun).where(MarkingPlan.exam_id == exam_id)).first()
    if row is None:
        return None
    markers = session.execute(
        select(User.id, User.name)
        .join(PlanMarker, PlanMarker.user_id == User.id)
        .where(PlanMarker.exam_id == exam_id)
        .order_by(User.name, User.id)
    )
    plan: MarkingPlan = row[0]
    return Plan(plan.double, plan.tolerance, plan.batch_size, dict(markers.all()), bool(row[1]))


@dataclass(frozen=True)
class ItemProgress:
    """How far the answers to one item are.

    ``done`` of ``total`` are finished, ``in_hand`` marks are handed out and not given, ``differing`` wait for a third
    marker, ``thirds`` were decided by one. ``spread`` is of what finished answers earn.
    """

    key: ItemKey
    item: Item
    total: int
    done: int
    in_hand: int
    differing: int
    thirds: int
    spread: Spread
    agreement: Agreement


@dataclass(frozen=True)
class MarkerProgress:
    """What one marker gave to the answers to one item; ``agreement`` is with the other of the two first markers."""

    key: ItemKey
    marker_id: int
    name: str
    in_hand: int
    spread: Spread
    agreement: Agreement


@dataclass(frozen=True)
class Progress:
    """The marking of an exam, items in the order of their points and versions, markers below them by name."""

    items: list[ItemProgress]
    markers: dict[ItemKey, list[MarkerProgress]]

    @property
    def total(self) -> int:
        return sum(one.total for one in self.items)

    @property
    def done(self) -> int:
        return sum(one.done for one in self.items)

    @property
    def differing(self) -> int:
        return sum(one.differing for one in self.items)


def progress_of(session: Session, exam_id: int, tolerance: Decimal, now: datetime) -> Progress:
    """Return the progress of an exam: five statements, whatever the number of answers and markers."""
    keys, totals = _totals(session, exam_id)
    in_hand, by_item, by_marker = _marks(session, exam_id, now)
    pairs, leanings = _pairs(session, exam_id, tolerance)
    items = items_of(session, keys)
    names = dict(session.execute(select(User.id, User.name).where(User.id.in_({who for _key, who in by_marker}))).all())
    found: dict[ItemKey, list[MarkerProgress]] = {key: [] for key in keys}
    for (key, who), given in sorted(by_marker.items(), key=lambda one: (names[one[0][1]], one[0][1])):
        held = in_hand.get((key, who), 0)
        found[key].append(
            MarkerProgress(key, who, names[who], held, given, leanings.get((key, who), agreement(0, 0, 0, 0)))
        )
    return Progress(
        [
            ItemProgress(
                key,
                items[key],
                *totals[key][:2],
                by_item.get(key, 0),
                *totals[key][2:4],
                totals[key][4],
                pairs.get(key, agreement(0, 0, 0, 0)),
            )
            for key in keys
        ],
        found,
    )


def _totals(session: Session, exam_id: int) -> tuple[list[ItemKey], dict[ItemKey, Any]]:
    points = in_hundredths(MarkingTask.points)
    done = MarkingTask.points.is_not(None)
    rows = session.execute(
        select(
            *GROUP,
            func.count(),
            func.count(MarkingTask.points),
            func.sum(case((and_(MarkingTask.wants_third.is_(True), ~done), 1), else_=0)),
            func.sum(case((and_(MarkingTask.wants_third.is_(True), done), 1), else_=0)),
            func.coalesce(func.sum(points), 0),
            func.coalesce(func.sum(points * points), 0),
        )
        .where(MarkingTask.exam_id == exam_id)
        .group_by(*GROUP)
    )
    totals = {}
    for version_id, part, most, total, finished, differing, thirds, added, squares in rows:
        of = spread(finished, int(added), int(squares))
        totals[ItemKey(version_id, part, most)] = (total, finished, int(differing), int(thirds), of)
    return sorted(totals, key=lambda one: (one.max_points, one.version_id, one.part)), totals


def _marks(
    session: Session, exam_id: int, now: datetime
) -> tuple[dict[tuple[ItemKey, int], int], dict[ItemKey, int], dict[tuple[ItemKey, int], Spread]]:
    """Return what is in hand by item and marker and by item, and the spread of what each marker gave."""
    points = in_hundredths(Mark.points)
    given = Mark.state == "given"
    rows = session.execute(
        select(
            *GROUP,
            Mark.marker_id,
            func.sum(case((given, 0), else_=1)),
            func.sum(case((given, 1), else_=0)),
            func.coalesce(func.sum(case((given, points))), 0),
            func.coalesce(func.sum(case((given, points * points))), 0),
        )
        .join(MarkingTask, MarkingTask.id == Mark.task_id)
        .join(MarkingBatch, MarkingBatch.id == Mark.batch_id)
        .where(MarkingTask.exam_id == exam_id, is_held(now))
        .group_by(*GROUP, Mark.marker_id)
    )
    held: dict[tuple[ItemKey, int], int] = {}
    by_item: dict[ItemKey, int] = {}
    spreads = {}
    for version_id, part, most, marker_id, in_hand, n, added, squares in rows:
        key = ItemKey(version_id, part, most)
        held[key, marker_id] = int(in_hand)
        by_item[key] = by_item.get(key, 0) + int(in_hand)
        spreads[key, marker_id] = spread(int(n), int(added), int(squares))
    return held, by_item, spreads


def _pairs(
    session: Session, exam_id: int, tolerance: Decimal
) -> tuple[dict[ItemKey, Agreement], dict[tuple[ItemKey, int], Agreement]]:
    """Return the agreement of first and second marks by item, and by item and marker."""
    one, other = aliased(Mark), aliased(Mark)
    leaning = in_hundredths(one.points) - in_hundredths(other.points)
    within = case((func.abs(leaning) <= int(tolerance * 100), 1), else_=0)
    rows = session.execute(
        select(
            *GROUP,
            one.marker_id,
            one.seat,
            func.count(),
            func.sum(within),
            func.sum(func.abs(leaning)),
            func.sum(leaning),
        )
        .join(MarkingTask, MarkingTask.id == one.task_id)
        .join(other, and_(other.task_id == one.task_id, other.seat == 3 - one.seat))
        .where(
            MarkingTask.exam_id == exam_id,
            one.seat.in_((1, 2)),
            one.state == "given",
            other.state == "given",
        )
        .group_by(*GROUP, one.marker_id, one.seat)
    )
    by_item: dict[ItemKey, list[int]] = {}
    by_marker: dict[tuple[ItemKey, int], list[int]] = {}
    for version_id, part, most, marker_id, seat, *sums in rows:
        key = ItemKey(version_id, part, most)
        figures = [int(value) for value in sums]
        _add(by_marker.setdefault((key, marker_id), [0, 0, 0, 0]), figures)
        # Each pair comes twice, once from either side.
        if seat == 1:
            _add(by_item.setdefault(key, [0, 0, 0, 0]), figures)
    return (
        {key: agreement(*figures) for key, figures in by_item.items()},
        {key: agreement(*figures) for key, figures in by_marker.items()},
    )


def _add(sums: list[int], more: Sequence[int]) -> None:
    for place, value in enumerate(more):
        sums[place] += value


@dataclass(frozen=True)
class BatchLine:
    """A batch as the list of an exam shows it. ``mean`` is of what is given, None for nothing."""

    id: int
    key: ItemKey
    marker: str
    claimed_at: datetime
    leased_until: datetime
    given: int
    unmarked: int
    returned: int
    mean: Decimal | None


def batches(exam_id: int, *, marker_id: int | None = None, key: ItemKey | None = None) -> Select[Any]:
    """Return the select of an exam's batches that still hold an answer, for ``paged``, the newest first."""
    points = in_hundredths(Mark.points)
    rows = (
        select(
            MarkingBatch.id,
            MarkingBatch.item_version_id,
            MarkingBatch.part,
            MarkingBatch.max_points,
            User.name,
            MarkingBatch.claimed_at,
            MarkingBatch.leased_until,
            _count("given"),
            _count("claimed"),
            _count("returned"),
            func.coalesce(func.sum(case((Mark.state == "given", points))), 0),
        )
        .join(Mark, Mark.batch_id == MarkingBatch.id)
        .join(User, User.id == MarkingBatch.marker_id)
        .where(MarkingBatch.exam_id == exam_id)
        .group_by(MarkingBatch.id, User.name)
        .order_by(MarkingBatch.id.desc())
    )
    if marker_id is not None:
        rows = rows.where(MarkingBatch.marker_id == marker_id)
    if key is not None:
        rows = rows.where(
            MarkingBatch.item_version_id == key.version_id,
            MarkingBatch.part == key.part,
            MarkingBatch.max_points == key.max_points,
        )
    return rows


def _count(state: str) -> ColumnElement[int]:
    return func.sum(case((Mark.state == state, 1), else_=0))


def batch_line(row: Any) -> BatchLine:
    """Return a row of ``batches`` as a line."""
    id_, version_id, part, most, name, claimed_at, leased_until, given, unmarked, returned, added = row
    mean = spread(int(given), int(added), 0).mean
    key = ItemKey(version_id, part, most)
    return BatchLine(id_, key, name, claimed_at, leased_until, int(given), int(unmarked), int(returned), mean)
