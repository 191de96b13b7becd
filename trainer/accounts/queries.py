"""Reads about people: who a session or token belongs to, who lies in a scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import ApiToken, Grant, SignInSession, User, UserField
from trainer.accounts.rules import HeldGrant, Person, may_rule
from trainer.core.columns import UTCDateTime
from trainer.core.database import connection_of
from trainer.core.errors import Missing
from trainer.core.prepared import prepared
from trainer.orgs.models import Unit
from trainer.orgs.rules import Scope

PERSON_COLUMNS = (
    User.id,
    User.username,
    User.name,
    User.unit_id,
    User.category,
    User.locale,
    User.must_change_password,
    Unit.code,
    Unit.name,
    Unit.path,
)


@prepared
def _whose(by: Any) -> Select[Any]:
    """Return the statement of a person with all grants, a row a grant, found by session, by token or by id."""
    ground = aliased(Unit)
    held = (Grant.role, ground.id, ground.code, ground.name, ground.path, Grant.field)
    more, conditions = _found_by(by)
    return (
        select(*held, *PERSON_COLUMNS, *more)
        .select_from(User)
        .join(Unit, Unit.id == User.unit_id)
        .outerjoin(Grant, Grant.user_id == User.id)
        .outerjoin(ground, ground.id == Grant.unit_id)
        .where(*conditions)
        .order_by(Grant.id)
    )


def _found_by(by: Any) -> tuple[tuple[Any, ...], tuple[ColumnElement[bool], ...]]:
    key: Any = bindparam("key")
    if by is User:
        return (), (User.id == key,)
    active = (by.user_id == User.id, by.token_hash == key, User.state == "active")
    if by is ApiToken:
        return (ApiToken.read_only,), (*active, ApiToken.revoked_at.is_(None))
    lives: Any = SignInSession.expires_at > bindparam("now", type_=UTCDateTime)
    return (SignInSession.ticket_exam_id, SignInSession.seen_at), (*active, lives)


def _person(source: Session | Connection, by: Any, **values: Any) -> tuple[Person, tuple[Any, ...]] | None:
    """Return a person with grants in the order in which they were given, and what else the statement selects."""
    connection = connection_of(source)
    rows = _whose(connection, by).rows(connection, values)
    if not rows:
        return None
    (user_id, username, name, unit_id, category, locale, must_change, code, unit_name, path, *more) = rows[0][6:]
    grants = tuple(HeldGrant(*row[:6]) for row in rows if row[0] is not None)
    person = Person(
        id=user_id,
        username=username,
        name=name,
        unit_id=unit_id,
        unit_code=code,
        unit_name=unit_name,
        unit_path=path,
        category=category,
        locale=locale,
        must_change_password=must_change,
        grants=grants,
    )
    return person, tuple(more)


def person_of_session(source: Session | Connection, token_hash: bytes, now: datetime) -> Person | None:
    """Return whom a session belongs to, None when it has ended or the account is not active. One statement."""
    found = _person(source, SignInSession, key=token_hash, now=now)
    if found is None:
        return None
    person, (ticket_exam_id, seen_at) = found
    # Who came with a ticket cannot change the password, which takes the old one, and must not be kept from the exam.
    due = person.must_change_password and ticket_exam_id is None
    return replace(
        person, session_hash=token_hash, ticket_exam_id=ticket_exam_id, seen_at=seen_at, must_change_password=due
    )


def person_of_token(source: Session | Connection, token_hash: bytes) -> Person | None:
    """Return whom an API token belongs to, None when it is unknown or revoked or the account is not active."""
    found = _person(source, ApiToken, key=token_hash)
    return None if found is None else replace(found[0], read_only=found[1][0])


def person_by_id(source: Session | Connection, user_id: int) -> Person | None:
    """Return a person with grants, for commands and jobs; None when there is no such account."""
    found = _person(source, User, key=user_id)
    return None if found is None else found[0]


def people_within(scope: Scope) -> ColumnElement[bool]:
    """Return the condition on ``User`` joined to ``Unit`` that the person lies in ``scope``.

    A field-bound reach (a line supervisor's) wants a person who works in that field.
    """
    reaches = []
    for reach in scope.reaches:
        below = Unit.path.startswith(reach.path, autoescape=True)
        if reach.field is not None:
            works = exists().where(UserField.user_id == User.id, UserField.field == reach.field)
            below = and_(below, works)
        reaches.append(below)
    return or_(false(), *reaches)


def user_in(session: Session, scope: Scope, user_id: int) -> tuple[User, Unit]:
    """Return a person and their unit if the person lies in ``scope``; raises ``Missing`` otherwise."""
    row = session.execute(
        select(User, Unit).join(Unit, Unit.id == User.unit_id).where(User.id == user_id, people_within(scope))
    ).first()
    if row is None:
        raise Missing
    return row[0], row[1]


def user_by_name(session: Session, scope: Scope, username: str) -> User:
    """Return a person by username if within ``scope``; raises ``Missing`` otherwise."""
    user = session.scalar(
        select(User)
        .join(Unit, Unit.id == User.unit_id)
        .where(User.username == username.strip().lower(), people_within(scope))
    )
    if user is None:
        raise Missing
    return user


def fields_of_people(session: Session, user_ids: list[int]) -> dict[int, list[str]]:
    """Return the enforcement fields of people, sorted, by user id."""
    held: dict[int, list[str]] = {user_id: [] for user_id in user_ids}
    rows = session.execute(
        select(UserField.user_id, UserField.field).where(UserField.user_id.in_(user_ids)).order_by(UserField.field)
    )
    for user_id, field in rows:
        held[user_id].append(field)
    return held


@dataclass(frozen=True)
class PeopleFilter:
    """What a list of people is narrowed to; empty values narrow nothing. ``unit_path`` takes the whole subtree.

    ``no_password`` leaves active people who cannot sign in with a password yet.
    """

    text: str = ""
    unit_path: str = ""
    field: str = ""
    state: str = ""
    category: str = ""
    no_password: bool = False


def find_people(scope: Scope, wanted: PeopleFilter) -> Select[Any]:
    """Return the statement for the people of ``scope``, by unit, then name; rows of ``User`` and ``Unit``.

    ``text`` is looked for in names and usernames, as it stands: ``%`` and ``_`` mean themselves.
    """
    rows = select(User, Unit).join(Unit, Unit.id == User.unit_id).where(people_within(scope))
    if wanted.text:
        like = wanted.text.lower()
        rows = rows.where(
            or_(User.username.contains(like, autoescape=True), User.name.contains(wanted.text, autoescape=True))
        )
    if wanted.unit_path:
        rows = rows.where(Unit.path.startswith(wanted.unit_path, autoescape=True))
    if wanted.field:
        rows = rows.where(exists().where(UserField.user_id == User.id, UserField.field == wanted.field))
    if wanted.state:
        rows = rows.where(User.state == wanted.state)
    if wanted.category:
        rows = rows.where(User.category == wanted.category)
    if wanted.no_password:
        rows = rows.where(User.password_hash.is_(None), User.state == "active")
    return rows.order_by(Unit.path, User.name, User.id)


@dataclass(frozen=True)
class Waiting:
    """Somebody who has no password yet."""

    id: int
    username: str
    name: str
    unit_id: int
    unit: str


def without_password(
    session: Session,
    by: Person,
    wanted: PeopleFilter | None = None,
    *,
    user_ids: Sequence[int] | None = None,
    usernames: Sequence[str] | None = None,
) -> list[Waiting]:
    """Return the active people without a password to whom ``by`` may give one, by unit and name.

    They lie where ``by`` manages people and hold no role that ``by`` may not hand out (``may_rule``). ``wanted``,
    ``user_ids`` and ``usernames`` narrow it further, None narrows nothing; they are asked for by 500, with two
    statements each, and only within such a part is the result sorted.
    """
    for column, values in ((User.id, user_ids), (User.username, usernames)):
        if values is not None:
            # The filter itself is asked for part by part: a list of a city is longer than a statement may be.
            parts = [values[start : start + 500] for start in range(0, len(values), 500)]
            return [one for part in parts for one in _without_password(session, by, wanted, column.in_(part))]
    return _without_password(session, by, wanted)


def _without_password(
    session: Session, by: Person, wanted: PeopleFilter | None, *more: ColumnElement[bool]
) -> list[Waiting]:
    found = _lacking(by, wanted).where(*more)
    people = session.execute(found.with_only_columns(User.id, User.username, User.name, Unit.id, Unit.name)).all()
    above = _above(session, by, found)
    return [Waiting(*row) for row in people if row[0] not in above]


def count_without_password(session: Session, by: Person, wanted: PeopleFilter) -> int:
    """Return how many ``without_password`` would return, without reading them. Two statements."""
    found = _lacking(by, wanted)
    total = session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0
    return total - len(_above(session, by, found))


def _lacking(by: Person, wanted: PeopleFilter | None) -> Select[Any]:
    asked = replace(wanted or PeopleFilter(), no_password=True)
    return find_people(by.scope("people.manage"), asked).where(User.id != by.id)


def _above(session: Session, by: Person, found: Select[Any]) -> set[int]:
    """Return who of ``found`` holds a role that ``by`` may not hand out."""
    ids = found.with_only_columns(User.id).order_by(None)
    grants = select(Grant.user_id, Grant.role, Unit.path).join(Unit, Unit.id == Grant.unit_id)
    rows = session.execute(grants.where(Grant.role != "officer", Grant.user_id.in_(ids)))
    return {user_id for user_id, role, path in rows if not may_rule(by, [(role, path)])}


def officers_by_unit(session: Session, scope: Scope) -> dict[str, int]:
    """Return how many active officers work right in each unit of ``scope``, by the unit's path."""
    rows = session.execute(
        select(Unit.path, func.count())
        .join(User, User.unit_id == Unit.id)
        .where(people_within(scope), User.state == "active", User.category == "officer")
        .group_by(Unit.path)
    )
    return {row[0]: row[1] for row in rows}


def people_in_unit(session: Session, unit_id: int) -> int:
    """Return how many people, of any category, still belong to a unit; those who left are not counted."""
    found = session.scalar(select(func.count()).where(User.unit_id == unit_id, User.state != "left"))
    return found or 0


def open_sessions(session: Session, user_id: int, now: datetime) -> int:
    """Return in how many browsers a person is signed in."""
    found = session.scalar(select(func.count()).where(SignInSession.user_id == user_id, SignInSession.expires_at > now))
    return found or 0


def tokens_of(session: Session, user_id: int) -> list[ApiToken]:
    """Return the API tokens of a person that are not revoked, the newest first."""
    rows = select(ApiToken).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    return list(session.scalars(rows.order_by(ApiToken.id.desc())))


@dataclass(frozen=True)
class GrantRow:
    """A grant as the list shows it."""

    id: int
    user_id: int
    username: str
    name: str
    state: str
    role: str
    unit_id: int
    unit_name: str
    unit_path: str
    field: str | None
    granted_at: datetime


GRANT_COLUMNS = (
    Grant.id,
    User.id,
    User.username,
    User.name,
    User.state,
    Grant.role,
    Unit.id,
    Unit.name,
    Unit.path,
    Grant.field,
    Grant.granted_at,
)


def find_grants(scope: Scope, *, role: str = "", text: str = "", unit_path: str = "") -> Select[Any]:
    """Return the statement for the grants over units of ``scope``, with the columns of ``GrantRow``.

    Those of officers are left out: they follow from the category and would bury the others. Only a reach over every
    field sees grants.
    """
    whole = [Unit.path.startswith(reach.path, autoescape=True) for reach in scope.reaches if reach.field is None]
    rows = (
        select(*GRANT_COLUMNS)
        .join(User, User.id == Grant.user_id)
        .join(Unit, Unit.id == Grant.unit_id)
        .where(Grant.role != "officer", or_(false(), *whole))
    )
    if role:
        rows = rows.where(Grant.role == role)
    if text:
        rows = rows.where(
            or_(User.username.contains(text.lower(), autoescape=True), User.name.contains(text, autoescape=True))
        )
    if unit_path:
        rows = rows.where(Unit.path.startswith(unit_path, autoescape=True))
    return rows.order_by(Unit.path, Grant.role, User.name, Grant.id)


def grants_held(session: Session, user_id: int) -> list[GrantRow]:
    """Return all grants of a person, that of an officer too, in the order in which they were given."""
    rows = select(*GRANT_COLUMNS).join(User, User.id == Grant.user_id).join(Unit, Unit.id == Grant.unit_id)
    return [GrantRow(*row) for row in session.execute(rows.where(Grant.user_id == user_id).order_by(Grant.id))]
