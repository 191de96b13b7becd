"""Reads of the unit tree, always within a scope."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from trainer.core.errors import Missing
from trainer.orgs.models import Unit, UnitField
from trainer.orgs.rules import Scope, ancestors


def units_within(scope: Scope, day: date | None = None) -> ColumnElement[bool]:
    """Return the condition on ``Unit`` that it lies in ``scope``; a field-bound reach wants a unit holding the field.

    ``day`` (local) says on which day the field must be held; None asks for any day.
    """
    return or_(false(), *(_unit_reach(reach.path, reach.field, day) for reach in scope.reaches))


def _unit_reach(path: str, field: str | None, day: date | None) -> ColumnElement[bool]:
    below = Unit.path.startswith(path, autoescape=True)
    if field is None:
        return below
    held = [UnitField.unit_id == Unit.id, UnitField.field == field]
    if day is not None:
        held.append(or_(UnitField.since.is_(None), UnitField.since <= day))
        held.append(or_(UnitField.until.is_(None), UnitField.until >= day))
    return and_(below, exists().where(*held))


def unit_in(session: Session, scope: Scope, unit_id: int) -> Unit:
    """Return the unit if it lies in ``scope``; raises ``Missing`` otherwise, as for one that does not exist."""
    unit = session.scalar(select(Unit).where(Unit.id == unit_id, units_within(scope)))
    if unit is None:
        raise Missing
    return unit


def unit_by_code(session: Session, scope: Scope, code: str) -> Unit:
    """Return the unit of ``code`` if it lies in ``scope``; raises ``Missing`` otherwise."""
    unit = session.scalar(select(Unit).where(Unit.code == code, units_within(scope)))
    if unit is None:
        raise Missing
    return unit


def tree(session: Session, scope: Scope) -> list[Unit]:
    """Return the units of ``scope``, parents before children, siblings by ``sort`` and name."""
    found = list(session.scalars(select(Unit).where(units_within(scope))))
    by_id = {unit.id: unit for unit in found}

    def key(unit: Unit) -> list[Any]:
        parts: list[Any] = []
        for text in unit.path.split("/")[:-1]:
            one = by_id.get(int(text))
            parts.append((one.sort, one.name, one.id) if one else (0, "", 0))
        return parts

    return sorted(found, key=key)


def fields_of(session: Session, unit_ids: list[int], day: date) -> dict[int, list[str]]:
    """Return the enforcement fields that units hold on ``day`` (local), sorted, by unit id."""
    rows = session.execute(
        select(UnitField.unit_id, UnitField.field)
        .where(
            UnitField.unit_id.in_(unit_ids),
            or_(UnitField.since.is_(None), UnitField.since <= day),
            or_(UnitField.until.is_(None), UnitField.until >= day),
        )
        .order_by(UnitField.field)
    )
    held: dict[int, list[str]] = {unit_id: [] for unit_id in unit_ids}
    for unit_id, field in rows:
        held[unit_id].append(field)
    return held


def dated_fields_of(session: Session, unit_id: int) -> list[UnitField]:
    """Return all that a unit holds, held or will hold, by field and day."""
    rows = select(UnitField).where(UnitField.unit_id == unit_id)
    return list(session.scalars(rows.order_by(UnitField.field, UnitField.since, UnitField.id)))


def children_of(session: Session, unit_id: int) -> list[Unit]:
    """Return the units right below one, active ones first."""
    rows = select(Unit).where(Unit.parent_id == unit_id)
    return list(session.scalars(rows.order_by(Unit.state, Unit.sort, Unit.name, Unit.id)))


def units_above(session: Session, path: str) -> list[Unit]:
    """Return the units over the one at ``path``, from the root down, itself left out."""
    above = ancestors(path)[:-1]
    return list(session.scalars(select(Unit).where(Unit.path.in_(above)).order_by(Unit.path))) if above else []
