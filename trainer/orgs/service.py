"""Writes about the tree of units. Whoever changes its shape first takes the tree's lock, the root's row.

A unit is managed by those whose scope holds it whole, in every field; all others find it missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from question_bank.topics import taxonomy
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Conflict, FieldProblem, Invalid, Missing
from trainer.orgs.models import UNIT_KINDS, Unit, UnitField
from trainer.orgs.queries import unit_in
from trainer.orgs.rules import MOST_LEVELS, HeldField, Scope, depth, overlapping, path_of, rebased

CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,38}[A-Z0-9])?")


@dataclass(frozen=True)
class UnitEntry:
    """What is entered of a unit. An empty ``short_name`` becomes the name."""

    code: str
    name: str
    kind: str
    short_name: str = ""
    sort: int = 0


def entry_problems(entry: UnitEntry) -> list[FieldProblem]:
    """Return what is wrong with the shape of a unit's entry; an empty list when nothing is."""
    found = []
    if not CODE.fullmatch(entry.code.strip().upper()):
        found.append(FieldProblem("code", "bad_unit_code"))
    if not entry.name.strip():
        found.append(FieldProblem("name", "required"))
    for name, text, most in (("name", entry.name, 120), ("short_name", entry.short_name, 60)):
        if len(text.strip()) > most:
            found.append(FieldProblem(name, "too_long", {"most": most}))
    if entry.kind not in UNIT_KINDS:
        found.append(FieldProblem("kind", "unknown_value", {"value": entry.kind}))
    if not 0 <= entry.sort <= 9999:
        found.append(FieldProblem("sort", "out_of_range", {"least": 0, "most": 9999}))
    return found


def _lock_tree(session: Session) -> None:
    # Two moves that are each in order can together cut a ring out of the tree; so they go one after the other.
    session.execute(select(Unit.id).where(Unit.parent_id.is_(None)).with_for_update()).all()
    session.expire_all()


def _unit_to_manage(session: Session, scope: Scope, unit_id: int) -> Unit:
    unit = unit_in(session, scope, unit_id)
    if not scope.holds_whole(unit.path):
        raise Missing
    return unit


def _parent_for(session: Session, scope: Scope, parent_id: int | None) -> Unit:
    """Return the unit below which something is to stand; raises ``Invalid`` at ``parent_id``."""
    if parent_id is None:
        raise Invalid.at("parent_id", "required")
    try:
        parent = _unit_to_manage(session, scope, parent_id)
    except Missing:
        raise Invalid.at("parent_id", "unknown_unit", value=parent_id) from None
    if parent.state != "active":
        raise Invalid.at("parent_id", "unit_closed", value=parent.name)
    return parent


def _write_entry(session: Session, unit: Unit, entry: UnitEntry) -> None:
    code = entry.code.strip().upper()
    if session.scalar(select(Unit.id).where(Unit.code == code, Unit.id != (unit.id or 0))) is not None:
        raise Invalid.at("code", "taken", value=code)
    unit.code, unit.name, unit.kind, unit.sort = code, entry.name.strip(), entry.kind, entry.sort
    unit.short_name = entry.short_name.strip() or unit.name[:60]
    try:
        session.flush()
    except IntegrityError:
        raise Invalid.at("code", "taken", value=code) from None


def add_unit(entry: UnitEntry, parent_id: int | None, *, by: int, scope: Scope, now: datetime) -> int:
    """Enter a unit below another and return its id. Raises ``Invalid`` with the problems at their fields."""
    problems = entry_problems(entry)
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        _lock_tree(session)
        parent = _parent_for(session, scope, parent_id)
        if depth(parent.path) + 1 >= MOST_LEVELS:
            raise Invalid.at("parent_id", "tree_too_deep", most=MOST_LEVELS)
        # The path holds the id, which the row gets by being stored; until then any text that is unique will do.
        unit = Unit(parent_id=parent.id, path=f"new {entry.code.strip().upper()}", created_at=now)
        with session.no_autoflush:
            session.add(unit)
            _write_entry(session, unit, entry)
        unit.path = path_of(parent.path, unit.id)
        record("unit.entered", by=by, target=f"unit:{unit.id}", unit_id=unit.id, detail={"parent": parent.id})
        session.flush()
        return unit.id


def change_unit(unit_id: int, entry: UnitEntry, *, by: int, scope: Scope) -> None:
    """Change code, names, kind and order among sisters. Raises ``Missing`` out of scope, ``Invalid`` at the fields."""
    problems = entry_problems(entry)
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        unit = _unit_to_manage(session, scope, unit_id)
        before = {"code": unit.code, "kind": unit.kind}
        with session.no_autoflush:
            _write_entry(session, unit, entry)
        detail = {"code": unit.code, "kind": unit.kind, "before": before}
        record("unit.changed", by=by, target=f"unit:{unit_id}", unit_id=unit_id, detail=detail)


def move_unit(unit_id: int, parent_id: int | None, *, by: int, scope: Scope) -> None:
    """Move a unit with all below it under another unit, in one transaction. To where it stands changes nothing.

    Both places must lie in ``scope``. Raises ``Missing``, ``Conflict`` for the root, ``Invalid`` at ``parent_id``.
    """
    with transaction() as session:
        _lock_tree(session)
        unit = _unit_to_manage(session, scope, unit_id)
        if unit.parent_id is None:
            raise Conflict("root_unit_stays")
        parent = _parent_for(session, scope, parent_id)
        if parent.path.startswith(unit.path):
            raise Invalid.at("parent_id", "unit_moves_below_itself")
        if parent.id == unit.parent_id:
            return
        old, new = unit.path, path_of(parent.path, unit.id)
        subtree = list(session.scalars(select(Unit).where(Unit.path.startswith(old, autoescape=True))))
        if max(depth(one.path) for one in subtree) - depth(old) + depth(new) >= MOST_LEVELS:
            raise Invalid.at("parent_id", "tree_too_deep", most=MOST_LEVELS)
        before = unit.parent_id
        unit.parent_id = parent.id
        for one in subtree:
            one.path = rebased(one.path, old, new)
        session.flush()
        detail = {"from": before, "to": parent.id, "units": len(subtree)}
        record("unit.moved", by=by, target=f"unit:{unit_id}", unit_id=unit_id, detail=detail)


def close_unit(unit_id: int, *, people_in: Callable[[Session, int], int], by: int, scope: Scope) -> None:
    """Close a unit: nobody can be entered there any more, its past stays. A second call changes nothing.

    ``people_in`` counts those who still belong to it, inside this transaction; it comes from the caller, because people
    lie above this feature. Raises ``Conflict`` while there are people or active units below, and for the root.
    """
    with transaction() as session:
        _lock_tree(session)
        unit = _unit_to_manage(session, scope, unit_id)
        if unit.state == "closed":
            return
        if unit.parent_id is None:
            raise Conflict("root_unit_stays")
        # Whoever enters a person holds the row for reading until that is stored; so this count misses nobody.
        session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update())
        people = people_in(session, unit_id)
        if people:
            raise Conflict("unit_has_people", count=people)
        below = session.scalar(
            select(func.count()).select_from(Unit).where(Unit.parent_id == unit_id, Unit.state == "active")
        )
        if below:
            raise Conflict("unit_has_units", count=below)
        unit.state = "closed"
        record("unit.closed", by=by, target=f"unit:{unit_id}", unit_id=unit_id)


def reopen_unit(unit_id: int, *, by: int, scope: Scope) -> None:
    """Open a closed unit again. A second call changes nothing. Raises ``Conflict`` below a closed one."""
    with transaction() as session:
        _lock_tree(session)
        unit = _unit_to_manage(session, scope, unit_id)
        if unit.state == "active":
            return
        parent = session.get(Unit, unit.parent_id) if unit.parent_id else None
        if parent is not None and parent.state != "active":
            raise Conflict("unit_has_no_active_parent")
        unit.state = "active"
        record("unit.reopened", by=by, target=f"unit:{unit_id}", unit_id=unit_id)


def set_fields(unit_id: int, held: Sequence[HeldField], *, by: int, scope: Scope) -> None:
    """Set which enforcement fields a unit holds on which days; what is not named is taken away.

    Raises ``Invalid`` at ``entries.N.field`` or ``entries.N.until``, where N counts ``held`` from 0.
    """
    problems: list[FieldProblem] = []
    for number, one in enumerate(held):
        if taxonomy().find_field(one.field) is None:
            problems.append(FieldProblem(f"entries.{number}.field", "unknown_enforcement_field", {"value": one.field}))
        if one.since is not None and one.until is not None and one.until < one.since:
            problems.append(FieldProblem(f"entries.{number}.until", "dates_reversed"))
    twice = overlapping(held)
    if twice is not None and not problems:
        known = taxonomy().find_field(twice.field)
        name = known.zh if known else twice.field
        problems.append(FieldProblem(f"entries.{list(held).index(twice)}.field", "field_twice", {"value": name}))
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        _unit_to_manage(session, scope, unit_id)
        session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update())
        session.execute(delete(UnitField).where(UnitField.unit_id == unit_id))
        rows = sorted(held, key=lambda one: (one.field, str(one.since or "")))
        session.add_all([UnitField(unit_id=unit_id, field=o.field, since=o.since, until=o.until) for o in rows])
        said: list[Any] = [[one.field, str(one.since or ""), str(one.until or "")] for one in rows]
        record("unit.fields_set", by=by, target=f"unit:{unit_id}", unit_id=unit_id, detail={"fields": said})
