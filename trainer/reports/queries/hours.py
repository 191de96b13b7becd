"""Hours of a year by unit and by person, always within a scope.

The work is done per person once, in the database: hours of the year, exemption, thresholds; then counted by unit in
the same statement. Only one row a unit comes back and is added up along the tree in Python, so that the number of
statements does not depend on the tree. Counted are officers who have not left, in the unit where they are now.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import User, UserField
from trainer.accounts.queries import people_within
from trainer.core.errors import Missing
from trainer.hours.models import Exemption, LedgerEntry
from trainer.hours.rules.compliance import Standard
from trainer.orgs.models import Unit, UnitField
from trainer.orgs.rules import Reach, Scope, ancestors
from trainer.reports.rules.figures import Figures, UnitFigures, roll_up

PERSON_SORTS = ("missing", "name", "unit", "hours")
# What a list of people may be asked for: whatever is counted. ``below`` is behind and at risk together.
PERSON_STATUSES = ("due", "met", "on_pace", "below", "behind", "at_risk", "exempt", "forecast_met")


def visible_unit(scope: Scope) -> ColumnElement[bool]:
    """Return the condition on ``Unit`` that its subtree may be reported on.

    Within a reach cut to a field (a line supervisor's) the subtree must hold the field or somebody who works in it:
    a foreign department of the same place is as unknown as one of another city.
    """
    return or_(false(), *(_visible(reach) for reach in scope.reaches))


def _visible(reach: Reach) -> ColumnElement[bool]:
    within = Unit.path.startswith(reach.path, autoescape=True)
    if reach.field is None:
        return within
    below = aliased(Unit)
    # Paths hold digits and slashes alone, nothing that LIKE takes for a wildcard.
    lies_below = below.path.like(Unit.path.concat("%"))
    held = exists().where(UnitField.unit_id == below.id, UnitField.field == reach.field, lies_below)
    works = exists().where(
        User.unit_id == below.id, UserField.user_id == User.id, UserField.field == reach.field, lies_below
    )
    return and_(within, or_(held, works))


def roots(session: Session, scope: Scope) -> list[Unit]:
    """Return the units at which the reaches of ``scope`` begin, the widest first, none below another."""
    paths = {reach.path for reach in scope.reaches}
    top = {path for path in paths if not any(path != other and path.startswith(other) for other in paths)}
    if not top:
        return []
    return sorted(session.scalars(select(Unit).where(Unit.path.in_(top))), key=lambda unit: (len(unit.path), unit.path))


def root_unit(session: Session, scope: Scope, code: str | None) -> Unit:
    """Return the unit of ``code``, or without one the widest root of ``scope``; raises ``Missing`` outside of it."""
    if code is None:
        found = roots(session, scope)
        if not found:
            raise Missing
        return found[0]
    unit = session.scalar(select(Unit).where(Unit.code == code, visible_unit(scope)))
    if unit is None:
        raise Missing
    return unit


def units_above(session: Session, scope: Scope, unit: Unit) -> list[Unit]:
    """Return the units above ``unit`` that may be reported on, the topmost first."""
    above = ancestors(unit.path)[:-1]
    return list(
        session.scalars(select(Unit).where(Unit.path.in_(above), visible_unit(scope)).order_by(func.length(Unit.path)))
    )


def _counted(scope: Scope, root_path: str) -> list[ColumnElement[bool]]:
    return [
        User.category == "officer",
        User.state != "left",
        Unit.path.startswith(root_path, autoescape=True),
        people_within(scope),
    ]


def _person_hours(standard: Standard) -> Any:
    """Return hours of the year and of the forecast's window, in whole hundredths, by person."""
    raw = LedgerEntry.__table__.c.hours
    hundredths = func.sum(_whole(raw))
    recent = func.sum(case((LedgerEntry.occurred_on >= standard.window_from, _whole(raw)), else_=0))
    return (
        select(LedgerEntry.user_id.label("user_id"), hundredths.label("hours"), recent.label("recent"))
        .where(LedgerEntry.year == standard.year)
        .group_by(LedgerEntry.user_id)
        .subquery("sums")
    )


def _whole(column: Any) -> Any:
    # The stored whole hundredths, compared and multiplied as such; Decimal only leaves at the edge.
    return type_coerce(column, BigInteger)


def _hundredths(hours: Decimal) -> int:
    return int(hours * 100)


@dataclass(frozen=True)
class _Parts:
    """The expressions of a statement over people: what they hold, and the conditions of their status."""

    sums: Any
    hours: ColumnElement[Any]
    exempt: ColumnElement[bool]
    statuses: dict[str, ColumnElement[bool]]


def _parts(standard: Standard) -> _Parts:
    sums = _person_hours(standard)
    hours = func.coalesce(sums.c.hours, 0)
    recent = func.coalesce(sums.c.recent, 0)
    exempt = Exemption.user_id.is_not(None)
    due = Exemption.user_id.is_(None)
    required, pace, line = (_hundredths(one) for one in (standard.required, standard.pace, standard.line))
    below = and_(due, hours < required, hours < pace)
    low = false() if standard.over else hours < line
    return _Parts(
        sums=sums,
        hours=hours,
        exempt=exempt,
        statuses={
            "met": and_(due, hours >= required),
            "on_pace": and_(due, hours < required, hours >= pace),
            "behind": and_(below, or_(literal(standard.over), hours >= line)),
            "at_risk": and_(below, low),
            "exempt": exempt,
            "below": below,
            "due": due,
            "forecast_met": and_(
                due, hours * standard.window + recent * standard.days_left >= required * standard.window
            ),
        },
    )


def _joined(rows: Select[Any], parts: _Parts, standard: Standard) -> Select[Any]:
    return (
        rows.join(Unit, Unit.id == User.unit_id)
        .join(parts.sums, parts.sums.c.user_id == User.id, isouter=True)
        .join(Exemption, and_(Exemption.user_id == User.id, Exemption.year == standard.year), isouter=True)
    )


def _count(condition: ColumnElement[bool]) -> Any:
    return func.sum(case((condition, 1), else_=0))


def compliance(session: Session, scope: Scope, root: Unit, standard: Standard) -> UnitFigures:
    """Return the figures of ``root`` and every unit below it. Two statements, whatever the tree.

    A caller cut to a field sees only units in which somebody works in it.
    """
    parts = _parts(standard)
    names = ("met", "on_pace", "behind", "at_risk", "exempt", "due")
    counted = _joined(
        select(
            User.unit_id,
            *(_count(parts.statuses[name]).label(name) for name in names),
            _count(parts.statuses["forecast_met"]).label("forecast_met"),
            func.sum(parts.hours).label("hours"),
            _hours_due(parts).label("hours_due"),
        ).select_from(User),
        parts,
        standard,
    )
    rows = session.execute(counted.where(*_counted(scope, root.path)).group_by(User.unit_id))
    own = {
        row.unit_id: Figures(
            **{name: int(getattr(row, name)) for name in (*names, "forecast_met")},
            hours_total=_hours(row.hours),
            hours_due=_hours(row.hours_due),
        )
        for row in rows
    }
    units = session.execute(
        select(Unit.id, Unit.code, Unit.name, Unit.short_name, Unit.kind, Unit.path, Unit.sort).where(
            Unit.path.startswith(root.path, autoescape=True)
        )
    ).all()
    tree = roll_up(root.path, units, own, keep_empty=False)
    if tree is None:
        raise Missing
    return tree


def _hours_due(parts: _Parts) -> Any:
    return func.sum(case((parts.statuses["due"], parts.hours), else_=0))


def _hours(hundredths: Any) -> Decimal:
    return (Decimal(int(hundredths or 0)) / 100).quantize(Decimal("0.01"))


def heat(session: Session, scope: Scope, root: Unit, standard: Standard) -> dict[tuple[int, str], tuple[int, int]]:
    """Return (due, keeping the pace or met) by unit and enforcement field, of each unit's own people. One statement.

    Who works in two fields stands in both columns.
    """
    parts = _parts(standard)
    # A name of its own: ``people_within`` asks about the same table for a caller who is cut to a field.
    works = aliased(UserField)
    keeping = and_(parts.statuses["due"], or_(parts.statuses["met"], parts.statuses["on_pace"]))
    rows = session.execute(
        _joined(
            select(User.unit_id, works.field, _count(parts.statuses["due"]), _count(keeping))
            .select_from(User)
            .join(works, works.user_id == User.id),
            parts,
            standard,
        )
        .where(*_counted(scope, root.path))
        .group_by(User.unit_id, works.field)
    )
    return {(unit_id, field): (int(due), int(kept)) for unit_id, field, due, kept in rows}


@dataclass(frozen=True)
class PersonFilter:
    """Which people of a subtree are asked for; empty values ask for all. ``outside`` leaves out these subtrees."""

    status: str = ""
    field: str = ""
    search: str = ""
    sort: str = "missing"
    descending: bool = False
    outside: tuple[str, ...] = ()


@dataclass(frozen=True)
class PersonRow:
    """A person behind a figure."""

    id: int
    username: str
    name: str
    post: str
    unit_code: str
    unit: str
    hours: Decimal
    exemption: str | None
    status: str
    missing: Decimal


def people(scope: Scope, root: Unit | None, standard: Standard, wanted: PersonFilter) -> Select[Any]:
    """Return the statement of the people behind a figure, sorted; ``as_person`` reads its rows.

    ``root`` None asks for everybody in ``scope``.
    """
    parts = _parts(standard)
    rows = _joined(
        select(
            User.id,
            User.username,
            User.name,
            User.post,
            Unit.code,
            Unit.short_name,
            parts.hours.label("hours"),
            Exemption.reason.label("exemption"),
        ).select_from(User),
        parts,
        standard,
    ).where(*_counted(scope, root.path if root else ""))
    if wanted.status in parts.statuses:
        rows = rows.where(parts.statuses[wanted.status])
    if wanted.field:
        rows = rows.where(exists().where(UserField.user_id == User.id, UserField.field == wanted.field))
    for path in wanted.outside:
        rows = rows.where(Unit.path.not_like(path + "%"))
    if wanted.search:
        found = [column.contains(wanted.search, autoescape=True) for column in (User.name, User.username)]
        rows = rows.where(or_(*found))
    order: dict[str, list[Any]] = {
        "missing": [parts.exempt, parts.hours],
        "hours": [parts.hours],
        "name": [User.name],
        "unit": [Unit.sort, Unit.path],
    }
    keys = order.get(wanted.sort, order["missing"])
    if wanted.descending:
        keys = [key.desc() for key in keys]
    return rows.order_by(*keys, User.name, User.id)


def as_person(row: Any, standard: Standard) -> PersonRow:
    """Return a row of ``people`` with its status."""
    hours = _hours(row.hours)
    return PersonRow(
        id=row.id,
        username=row.username,
        name=row.name,
        post=row.post,
        unit_code=row.code,
        unit=row.short_name,
        hours=hours,
        exemption=row.exemption,
        status=standard.status(hours, exempt=row.exemption is not None),
        missing=standard.missing(hours),
    )


def totals(session: Session, scope: Scope, standard: Standard) -> Figures:
    """Return the figures of everybody in ``scope`` together. One statement."""
    parts = _parts(standard)
    names = ("met", "on_pace", "behind", "at_risk", "exempt", "due")
    row = session.execute(
        _joined(
            select(
                *(func.coalesce(_count(parts.statuses[name]), 0).label(name) for name in names),
                func.coalesce(_count(parts.statuses["forecast_met"]), 0).label("forecast_met"),
                func.coalesce(func.sum(parts.hours), 0).label("hours"),
                _hours_due(parts).label("hours_due"),
            ).select_from(User),
            parts,
            standard,
        ).where(User.category == "officer", User.state != "left", people_within(scope))
    ).one()
    return Figures(
        **{name: int(getattr(row, name)) for name in (*names, "forecast_met")},
        hours_total=_hours(row.hours),
        hours_due=_hours(row.hours_due),
    )


def summary(session: Session, scope: Scope, standard: Standard) -> tuple[Figures, UnitFigures | None]:
    """Return the figures of everybody in ``scope``, and their tree where the scope has one root, else None.

    Three statements with one root, two with several.
    """
    found = roots(session, scope)
    if len(found) == 1:
        tree = compliance(session, scope, found[0], standard)
        return tree.figures, tree
    return totals(session, scope, standard), None
