"""Who is meant by units and usernames: active officers within the caller's scope, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from trainer.accounts.models import User
from trainer.accounts.queries import people_within
from trainer.core.errors import FieldProblem, Invalid
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope

# Who may sit an exam; staff and lay people have no attempts of their own.
WHO_SITS = ("officer", "auxiliary")


@dataclass(frozen=True, order=True)
class Named:
    """A person to be named, with the unit that they belong to now."""

    user_id: int
    unit_id: int


def find_candidates(
    session: Session, scope: Scope, *, units: Sequence[str], usernames: Sequence[str], prefix: str = "candidates."
) -> list[Named]:
    """Return each person once, by id. A unit stands for all active officers of its subtree, auxiliaries only by name.

    Raises ``Invalid`` at ``candidates.units.N`` and ``candidates.usernames.N`` for units and people that do not exist
    or lie outside ``scope`` (both look alike), and for people who cannot sit an exam.
    """
    problems: list[FieldProblem] = []
    codes = _cleaned(units)
    paths = _paths(session, scope, codes)
    for place, code in enumerate(codes):
        if code not in paths:
            problems.append(FieldProblem(f"{prefix}units.{place}", "unknown_unit", {"value": code[:40]}))
    found: dict[int, Named] = {}
    tops = _tops(list(paths.values()))
    for start in range(0, len(tops), 50):
        people = session.execute(select(User.id, User.unit_id).where(*_officers_below(scope, tops[start : start + 50])))
        found.update({row.id: Named(row.id, row.unit_id) for row in people})
    wanted = [name.lower() for name in _cleaned(usernames)]
    known = {}
    for start in range(0, len(wanted), 500):
        named = session.execute(
            select(User.username, User.id, User.unit_id, User.state, User.category)
            .join(Unit, Unit.id == User.unit_id)
            .where(User.username.in_(wanted[start : start + 500]), people_within(scope))
        )
        known.update({row.username: row for row in named})
    for place, name in enumerate(wanted):
        row = known.get(name)
        code = ""
        if row is None:
            code = "unknown_person"
        elif row.state != "active":
            code = "person_inactive"
        elif row.category not in WHO_SITS:
            code = "not_an_officer"
        if code:
            problems.append(FieldProblem(f"{prefix}usernames.{place}", code, {"value": name[:64]}))
        elif row is not None:
            found[row.id] = Named(row.id, row.unit_id)
    if problems:
        raise Invalid(problems)
    return sorted(found.values())


def count_candidates_named(session: Session, scope: Scope, *, units: Sequence[str], usernames: Sequence[str]) -> int:
    """Return how many people ``find_candidates`` would return; what names nobody counts as nobody."""
    tops = _tops(list(_paths(session, scope, _cleaned(units)).values()))
    count = 0
    for start in range(0, len(tops), 50):
        counted = select(func.count()).select_from(User).where(*_officers_below(scope, tops[start : start + 50]))
        count += session.scalar(counted) or 0
    wanted = sorted({name.lower() for name in _cleaned(usernames)})
    for start in range(0, len(wanted), 500):
        named = session.execute(
            select(Unit.path, User.category)
            .join(Unit, Unit.id == User.unit_id)
            .where(
                User.username.in_(wanted[start : start + 500]),
                people_within(scope),
                User.state == "active",
                User.category.in_(WHO_SITS),
            )
        )
        # Officers below a named unit have been counted with it.
        count += sum(1 for row in named if row.category != "officer" or not row.path.startswith(tuple(tops)))
    return count


def user_ids_named(session: Session, scope: Scope, *, units: Sequence[str], usernames: Sequence[str]) -> list[int]:
    """Return the ids of the people whom ``find_candidates`` would return, sorted; what names nobody is left out."""
    found: set[int] = set()
    tops = _tops(list(_paths(session, scope, _cleaned(units)).values()))
    for start in range(0, len(tops), 50):
        found.update(session.scalars(select(User.id).where(*_officers_below(scope, tops[start : start + 50]))))
    wanted = sorted({name.lower() for name in _cleaned(usernames)})
    for start in range(0, len(wanted), 500):
        found.update(
            session.scalars(
                select(User.id)
                .join(Unit, Unit.id == User.unit_id)
                .where(
                    User.username.in_(wanted[start : start + 500]),
                    people_within(scope),
                    User.state == "active",
                    User.category.in_(WHO_SITS),
                )
            )
        )
    return sorted(found)


def _cleaned(names: Sequence[str]) -> list[str]:
    """Return names without blanks around them; what cannot be printed names nobody, and PostgreSQL cannot be asked."""
    return [name.strip() if name.isprintable() else "" for name in names]


def _paths(session: Session, scope: Scope, codes: Sequence[str]) -> dict[str, str]:
    """Return the paths of the units in ``scope`` by code; unknown codes are left out."""
    paths: dict[str, str] = {}
    for start in range(0, len(codes), 500):
        rows = session.execute(
            select(Unit.code, Unit.path).where(Unit.code.in_(codes[start : start + 500]), units_within(scope))
        )
        paths.update({row.code: row.path for row in rows})
    return paths


def _officers_below(scope: Scope, tops: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions on users: active officers whose unit lies at or below one of the paths."""
    below = [Unit.path.startswith(path, autoescape=True) for path in tops]
    return [
        User.unit_id == Unit.id,
        or_(*below),
        people_within(scope),
        User.state == "active",
        User.category == "officer",
    ]


def _tops(paths: list[str]) -> list[str]:
    """Return the paths that lie below no other one."""
    tops: list[str] = []
    for path in sorted(paths):
        if not tops or not path.startswith(tops[-1]):
            tops.append(path)
    return tops
