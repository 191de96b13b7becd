"""Reads of training classes, always within a scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import Grant, User
from trainer.accounts.queries import people_within
from trainer.accounts.rules import PERMISSIONS
from trainer.core.errors import Missing
from trainer.hours.models import LedgerEntry
from trainer.hours.rules.crediting import MOST_DAYS
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope
from trainer.training.models import CLASS_STATES, RollEntry, TrainingClass
from trainer.training.rules import Span, crowded_day

PICK_MOST = 300


@dataclass(frozen=True)
class RollLine:
    """A person on the roll of a class. ``credited`` is None before the class is confirmed, 0 once taken back."""

    user_id: int
    username: str
    name: str
    unit: str
    post: str
    present: bool
    credited: Decimal | None


@dataclass(frozen=True)
class ClassView:
    """A class with its unit, the names of those who acted, and its roll."""

    row: TrainingClass
    unit: Unit
    entered_by: str | None
    decided_by: str | None
    roll: tuple[RollLine, ...]

    @property
    def present(self) -> int:
        return sum(line.present for line in self.roll)


def class_in(session: Session, scope: Scope, class_id: int, *, lock: bool = False) -> tuple[TrainingClass, Unit]:
    """Return a class and its unit if the unit lies in ``scope``; raises ``Missing`` otherwise."""
    wanted = (
        select(TrainingClass, Unit)
        .join(Unit, Unit.id == TrainingClass.unit_id)
        .where(TrainingClass.id == class_id, units_within(scope))
    )
    row = session.execute(wanted.with_for_update(of=TrainingClass) if lock else wanted).first()
    if row is None:
        raise Missing
    return row[0], row[1]


def class_view(session: Session, scope: Scope, class_id: int) -> ClassView:
    """Return a class as its page shows it. Raises ``Missing`` out of scope. Four statements."""
    row, unit = class_in(session, scope, class_id)
    names = dict(
        session.execute(
            select(User.id, User.name).where(User.id.in_([one for one in (row.entered_by, row.decided_by) if one]))
        ).all()
    )
    return ClassView(
        row=row,
        unit=unit,
        entered_by=names.get(row.entered_by or 0),
        decided_by=names.get(row.decided_by or 0),
        roll=tuple(roll_of(session, row)),
    )


def roll_of(session: Session, row: TrainingClass) -> list[RollLine]:
    """Return the roll of a class by unit and name."""
    lines = session.execute(
        select(User.id, User.username, User.name, Unit.short_name, User.post, RollEntry.present)
        .join(User, User.id == RollEntry.user_id)
        .join(Unit, Unit.id == User.unit_id)
        .where(RollEntry.class_id == row.id)
        .order_by(Unit.sort, Unit.id, User.name, User.id)
    ).all()
    credited = _credited(session, row.id) if row.state in ("confirmed", "withdrawn") else None
    return [
        RollLine(*line, credited=None if credited is None or not line.present else credited.get(line.id, Decimal(0)))
        for line in lines
    ]


def _credited(session: Session, class_id: int) -> dict[int, Decimal]:
    """Return the hours that stand from a class by user id, 0 where they were taken back."""
    counter = aliased(LedgerEntry)
    rows = session.execute(
        select(LedgerEntry.user_id, LedgerEntry.hours, counter.hours)
        .join(counter, counter.reverses_id == LedgerEntry.id, isouter=True)
        .where(LedgerEntry.source == "class", LedgerEntry.source_id == str(class_id))
    )
    return {user_id: hours + (taken or Decimal(0)) for user_id, hours, taken in rows}


@dataclass(frozen=True)
class Crowded:
    """Somebody who would come to more than eight hours on a day: ``hours`` in sum, with the classes there already."""

    user_id: int
    name: str
    day: date
    hours: Decimal
    others: tuple[Span, ...]


def crowded(session: Session, row: TrainingClass) -> list[Crowded]:
    """Return who of those present has hours of other classes on the same days, beyond eight a day, by name.

    Hours that were taken back do not count. Two statements.
    """
    counter = aliased(LedgerEntry)
    there = select(RollEntry.user_id).where(RollEntry.class_id == row.id, RollEntry.present)
    last = row.held_on + timedelta(days=row.days - 1)
    rows = session.execute(
        select(User.id, User.name, LedgerEntry.source_id, LedgerEntry.title, LedgerEntry.occurred_on, LedgerEntry.hours)
        .join(User, User.id == LedgerEntry.user_id)
        .join(counter, counter.reverses_id == LedgerEntry.id, isouter=True)
        .where(
            LedgerEntry.user_id.in_(there),
            LedgerEntry.source == "class",
            LedgerEntry.source_id != str(row.id),
            LedgerEntry.occurred_on.between(row.held_on - timedelta(days=MOST_DAYS), last),
            counter.id.is_(None),
        )
        .order_by(User.name, User.id, LedgerEntry.occurred_on, LedgerEntry.id)
    ).all()
    ids = {int(one.source_id) for one in rows}
    lengths = session.execute(select(TrainingClass.id, TrainingClass.days).where(TrainingClass.id.in_(ids))).all()
    days = dict(lengths)
    spans: dict[tuple[int, str], list[Span]] = {}
    for user_id, name, source_id, title, occurred_on, hours in rows:
        spans.setdefault((user_id, name), []).append(Span(title, occurred_on, days.get(int(source_id), 1), hours))
    own = Span(row.title, row.held_on, row.days, row.hours)
    found = []
    for (user_id, name), others in spans.items():
        worst = crowded_day(own, others)
        if worst is not None:
            found.append(Crowded(user_id, name, worst[0], worst[1], tuple(worst[2])))
    return found


def classes(scope: Scope, *, state: str = "", year: int | None = None, search: str = "") -> Select[Any]:
    """Return the statement of the classes in ``scope``: class, unit's short name, people present, newest first."""
    present = (
        select(func.count())
        .where(RollEntry.class_id == TrainingClass.id, RollEntry.present)
        .correlate(TrainingClass)
        .scalar_subquery()
    )
    # What waits for somebody comes first.
    waiting = case({"submitted": 0, "rejected": 1, "draft": 2}, value=TrainingClass.state, else_=3)
    rows = (
        select(TrainingClass, Unit.short_name, present.label("present"))
        .join(Unit, Unit.id == TrainingClass.unit_id)
        .where(units_within(scope))
        .order_by(waiting, TrainingClass.held_on.desc(), TrainingClass.id.desc())
    )
    if state in CLASS_STATES:
        rows = rows.where(TrainingClass.state == state)
    if year is not None:
        rows = rows.where(func.extract("year", TrainingClass.held_on) == year)
    if search:
        rows = rows.where(TrainingClass.title.contains(search, autoescape=True))
    return rows


def count_states(session: Session, scope: Scope) -> dict[str, int]:
    """Return how many classes of each state lie in ``scope``."""
    rows = session.execute(
        select(TrainingClass.state, func.count())
        .join(Unit, Unit.id == TrainingClass.unit_id)
        .where(units_within(scope))
        .group_by(TrainingClass.state)
    )
    return dict(rows.all())


def waiting_for_clerk(session: Session, scope: Scope, user_id: int) -> list[TrainingClass]:
    """Return the drafts and rejected classes that a clerk entered, the newest first, at most five."""
    return list(
        session.scalars(
            select(TrainingClass)
            .join(Unit, Unit.id == TrainingClass.unit_id)
            .where(
                units_within(scope),
                TrainingClass.entered_by == user_id,
                TrainingClass.state.in_(("draft", "rejected")),
            )
            .order_by(TrainingClass.held_on.desc(), TrainingClass.id.desc())
            .limit(5)
        )
    )


def waiting_for_head(session: Session, scope: Scope, user_id: int) -> list[TrainingClass]:
    """Return the submitted classes that this person may decide on, the oldest first, at most five."""
    return list(
        session.scalars(
            select(TrainingClass)
            .join(Unit, Unit.id == TrainingClass.unit_id)
            .where(
                units_within(scope),
                TrainingClass.state == "submitted",
                or_(TrainingClass.entered_by.is_(None), TrainingClass.entered_by != user_id),
            )
            .order_by(TrainingClass.held_on, TrainingClass.id)
            .limit(5)
        )
    )


def officers_to_pick(session: Session, scope: Scope, chosen: Iterable[int]) -> list[Any]:
    """Return the officers of ``scope`` for the roll, the chosen ones first and always, then by unit and name.

    Rows of id, username, name, unit's short name and post, at most 300; for more people user names are pasted.
    """
    kept = sorted(set(chosen))
    active = and_(User.category == "officer", User.state != "left", people_within(scope))
    rows = (
        select(User.id, User.username, User.name, Unit.short_name, User.post)
        .join(Unit, Unit.id == User.unit_id)
        .where(or_(active, User.id.in_(kept)))
        .order_by(User.id.not_in(kept), Unit.sort, Unit.id, User.name, User.id)
        .limit(max(PICK_MOST, len(kept)))
    )
    return list(session.execute(rows))


def officers_by_username(session: Session, scope: Scope, usernames: list[str]) -> dict[str, int]:
    """Return the ids of those user names that belong to officers in ``scope``."""
    found: dict[str, int] = {}
    for start in range(0, len(usernames), 500):
        rows = session.execute(
            select(User.username, User.id)
            .join(Unit, Unit.id == User.unit_id)
            .where(
                User.username.in_(usernames[start : start + 500]),
                User.category == "officer",
                User.state != "left",
                people_within(scope),
            )
        )
        found |= dict(rows.all())
    return found


def officers_by_id(session: Session, scope: Scope, user_ids: list[int]) -> set[int]:
    """Return those ids that belong to officers in ``scope``."""
    found: set[int] = set()
    for start in range(0, len(user_ids), 500):
        found |= set(
            session.scalars(
                select(User.id)
                .join(Unit, Unit.id == User.unit_id)
                .where(
                    User.id.in_(user_ids[start : start + 500]),
                    User.category == "officer",
                    User.state != "left",
                    people_within(scope),
                )
            )
        )
    return found


def heads_over(session: Session, unit_path: str) -> list[int]:
    """Return the ids of those who may confirm classes of the unit at ``unit_path``."""
    roles = sorted(role for role, held in PERMISSIONS.items() if "class.confirm" in held)
    return sorted(
        set(
            session.scalars(
                select(Grant.user_id)
                .join(Unit, Unit.id == Grant.unit_id)
                .join(User, User.id == Grant.user_id)
                .where(
                    Grant.role.in_(roles),
                    Grant.field.is_(None),
                    User.state == "active",
                    # Paths hold digits and slashes alone, nothing that LIKE takes for a wildcard.
                    literal(unit_path).like(Unit.path.concat("%")),
                )
            )
        )
    )


def evidence_of(session: Session, class_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return kind and evidence of classes by id."""
    wanted = sorted(set(class_ids))
    if not wanted:
        return {}
    rows = session.execute(
        select(TrainingClass.id, TrainingClass.kind, TrainingClass.evidence).where(TrainingClass.id.in_(wanted))
    )
    return {class_id: (kind, evidence) for class_id, kind, evidence in rows}


def units_to_enter_for(session: Session, scope: Scope) -> list[Unit]:
    """Return the units for which classes may be entered: those held whole, in the order of the tree."""
    whole = Scope(tuple(reach for reach in scope.reaches if reach.field is None))
    return list(
        session.scalars(select(Unit).where(units_within(whole), Unit.state == "active").order_by(Unit.sort, Unit.path))
    )
