"""Reads of appeals: until when a candidate may lodge one, the own ones, and what waits for those who decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.attempts.models import Attempt
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.exams.models import Exam
from trainer.exams.queries import last_own_closing, longest_extra
from trainer.exams.rules import ends_at
from trainer.marking.grading import Place
from trainer.marking.models import Appeal, FormerResult, Mark, MarkEvent, MarkingTask, Result
from trainer.marking.rules import may_see_result
from trainer.marking.rules.appealing import window_ends
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within

MANAGE = "exam.manage"


def appeals_until(session: Session, attempt_id: int, now: datetime) -> datetime | None:
    """Return when the window of an attempt ends (or ended); None while its result may not be seen, and for mock exams.

    The window runs from when the result as it stands could first be seen: its release, the last mark that a person
    gave, or the repair that changed it last, whichever came last. ``Exam.appeal_days`` 0 never opens it: None too.
    """
    row = session.execute(
        select(Attempt, Exam, Result.unmarked, last_own_closing(), longest_extra())
        .join(Exam, Exam.id == Attempt.exam_id)
        .join(Result, Result.attempt_id == Attempt.id)
        .where(Attempt.id == attempt_id, Exam.state == "published", ~Exam.is_mock, Exam.appeal_days > 0)
    ).first()
    if row is None:
        return None
    attempt, exam, unmarked, closes_at, extra_minutes = row
    ended_at = ends_at(closes_at, extra_minutes, grace_seconds=exam.grace_seconds)
    seen = may_see_result(
        exam.release,
        submitted=attempt.state == "submitted",
        ended_at=ended_at,
        released_at=exam.released_at,
        now=now,
        unmarked=unmarked,
    )
    if not seen:
        return None
    rule: dict[str, datetime | None] = {"after_submit": attempt.submitted_at, "after_close": ended_at}
    released = min(one for one in (rule.get(exam.release), exam.released_at) if one is not None)
    marked, repaired = session.execute(
        select(
            select(func.max(Mark.given_at))
            .join(MarkingTask, MarkingTask.id == Mark.task_id)
            .where(MarkingTask.attempt_id == attempt_id)
            .scalar_subquery(),
            select(func.max(FormerResult.superseded_at)).where(FormerResult.attempt_id == attempt_id).scalar_subquery(),
        )
    ).one()
    opened_at = max(one for one in (released, attempt.submitted_at, marked, repaired) if one is not None)
    return window_ends(opened_at, exam.appeal_days)


@dataclass(frozen=True)
class OwnAppeal:
    """An appeal as its candidate sees it; ``answer`` is why it was rejected. Times are aware UTC."""

    id: int
    number: int
    state: str
    reason: str
    lodged_at: datetime
    answer: str
    decided_at: datetime | None


def own_appeals(session: Session, attempt_id: int) -> dict[int, OwnAppeal]:
    """Return the appeals about an attempt by item number."""
    rows = session.scalars(select(Appeal).where(Appeal.attempt_id == attempt_id))
    return {
        one.number: OwnAppeal(one.id, one.number, one.state, one.reason, one.lodged_at, one.answer, one.decided_at)
        for one in rows
    }


@dataclass(frozen=True)
class AppealLine:
    """An appeal as those see it who decide, and by whom it was decided, None before.

    ``by_person`` says whether the answer has the points of a person, so that it can be judged anew. ``own_part`` is the
    code of why the caller may not decide about it (``decider_is_author``, ``decider_is_marker``), empty for no reason.
    """

    id: int
    exam_id: int
    title: str
    place: Place
    number: int
    state: str
    reason: str
    lodged_at: datetime
    name: str
    unit: str
    answer: str
    decided_by: str | None
    decided_at: datetime | None
    repair_id: int | None
    by_person: bool
    own_part: str


def appeals_of(
    session: Session,
    person: Person,
    *,
    exam_id: int | None = None,
    place: Place | None = None,
    states: Sequence[str] = ("lodged",),
    limit: int = 5000,
    newest: bool = False,
) -> list[AppealLine]:
    """Return appeals of the exams that the caller runs, by exam and item where these are given.

    The oldest come first, or with ``newest`` these, and no more than ``limit``.
    """
    decider = aliased(User)
    within = select(Unit.id).where(units_within(person.scope(MANAGE).whole)).correlate(None)
    judged = exists().where(
        MarkingTask.attempt_id == Appeal.attempt_id,
        MarkingTask.number == Appeal.number,
        MarkingTask.points.is_not(None),
    )
    about = (
        MarkingTask.attempt_id == Appeal.attempt_id,
        MarkingTask.item_version_id == Appeal.item_version_id,
        MarkingTask.part == Appeal.part,
    )
    marked = or_(
        *(
            exists().where(one.task_id == MarkingTask.id, one.marker_id == person.id, *about).correlate(Appeal)
            for one in (Mark, MarkEvent)
        )
    )
    wrote = exists().where(
        ItemVersion.id == Appeal.item_version_id,
        ItemRecord.id == ItemVersion.item_id,
        or_(ItemVersion.created_by == person.id, ItemRecord.author_id == person.id),
    )
    own_part = case((wrote.correlate(Appeal), "decider_is_author"), (marked, "decider_is_marker"), else_="")
    rows = (
        select(Appeal, Exam.title, User.name, Unit.short_name, decider.name, judged.correlate(Appeal), own_part)
        .join(Exam, Exam.id == Appeal.exam_id)
        .join(User, User.id == Appeal.user_id)
        .join(Result, Result.attempt_id == Appeal.attempt_id)
        .join(Unit, Unit.id == Result.unit_id)
        .outerjoin(decider, decider.id == Appeal.decided_by)
        .where(Exam.unit_id.in_(within))
        .where(Appeal.state.in_(states))
        .order_by(Appeal.id.desc() if newest else Appeal.id)
        .limit(limit)
    )
    if exam_id is not None:
        rows = rows.where(Appeal.exam_id == exam_id)
    if place is not None:
        rows = rows.where(Appeal.item_version_id == place[0], Appeal.part == place[1])
    return [_line(*row) for row in session.execute(rows)]


def _line(
    appeal: Appeal, title: str, name: str, unit: str, decided_by: str | None, by_person: bool, own_part: str
) -> AppealLine:
    return AppealLine(
        id=appeal.id,
        exam_id=appeal.exam_id,
        title=title,
        place=(appeal.item_version_id, appeal.part),
        number=appeal.number,
        state=appeal.state,
        reason=appeal.reason,
        lodged_at=appeal.lodged_at,
        name=name,
        unit=unit,
        answer=appeal.answer,
        decided_by=decided_by,
        decided_at=appeal.decided_at,
        repair_id=appeal.repair_id,
        by_person=by_person,
        own_part=own_part,
    )


def grouped(lines: Sequence[AppealLine]) -> dict[tuple[int, Place], list[AppealLine]]:
    """Return appeals by exam and item, in their order: those about one item are decided together."""
    found: dict[tuple[int, Place], list[AppealLine]] = defaultdict(list)
    for one in lines:
        found[one.exam_id, one.place].append(one)
    return dict(found)


def exams_with_open_appeals(session: Session, person: Person) -> list[Any]:
    """Return (exam id, title, how many wait) of the caller's exams with open appeals, by title."""
    return list(
        session.execute(
            select(Exam.id, Exam.title, func.count())
            .join(Appeal, Appeal.exam_id == Exam.id)
            .join(Unit, Unit.id == Exam.unit_id)
            .where(units_within(person.scope(MANAGE).whole), Appeal.state == "lodged")
            .group_by(Exam.id, Exam.title)
            .order_by(Exam.title, Exam.id)
        )
    )
