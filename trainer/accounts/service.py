"""Writes about people and grants. Each takes effect at once: sessions hold no copy of a right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from question_bank.topics import taxonomy
from trainer.accounts.models import Grant, User, UserField
from trainer.accounts.queries import user_in
from trainer.accounts.rules import PERMISSIONS, Person, may_grant, may_rule, password_problems
from trainer.accounts.sessions import confirm_password, end_sessions, forgive, make_token
from trainer.audit.service import record
from trainer.core.crypto import hash_password, new_password, room_to_hash
from trainer.core.database import db, end_read, transaction
from trainer.core.errors import Conflict, FieldProblem, Forbidden, Invalid, Missing
from trainer.orgs.models import Unit
from trainer.orgs.queries import unit_by_code, unit_in
from trainer.orgs.rules import Scope, path_of

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]")
CATEGORIES = ("officer", "auxiliary", "staff", "lay")
LEARNERS = ("officer", "auxiliary")


@dataclass(frozen=True)
class NewPerson:
    """What is needed to enter a person. ``fields`` are enforcement field slugs."""

    username: str
    name: str
    unit_code: str
    post: str = ""
    category: str = "officer"
    fields: tuple[str, ...] = field(default=())


def person_problems(person: NewPerson) -> list[FieldProblem]:
    """Return what is wrong with the shape of a person's entry; an empty list when nothing is."""
    found = []
    if not USERNAME.fullmatch(person.username.strip().lower()):
        found.append(FieldProblem("username", "bad_username"))
    if not person.name.strip():
        found.append(FieldProblem("name", "required"))
    elif len(person.name) > 80:
        found.append(FieldProblem("name", "too_long", {"most": 80}))
    if len(person.post) > 80:
        found.append(FieldProblem("post", "too_long", {"most": 80}))
    if person.category not in CATEGORIES:
        found.append(FieldProblem("category", "unknown_value", {"value": person.category}))
    for one in person.fields:
        if taxonomy().find_field(one) is None:
            found.append(FieldProblem("fields", "unknown_enforcement_field", {"value": one}))
    return found


def add_person(person: NewPerson, *, by: Person | None, scope: Scope, now: datetime) -> int:
    """Enter a person and return the id. The account has no password until one is set.

    An officer gets the role ``officer`` over the own unit. Raises ``Invalid`` with the problems at their fields.
    """
    problems = person_problems(person)
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        return insert_person(session, person, _open_unit(session, scope, person.unit_code), by=by, now=now)


def _open_unit(session: Session, scope: Scope, code: str) -> Unit:
    try:
        unit = unit_by_code(session, scope, code)
    except Missing:
        raise Invalid.at("unit_code", "unknown_unit", value=code) from None
    state = session.scalar(select(Unit.state).where(Unit.id == unit.id).with_for_update(read=True))
    if state != "active":
        raise Invalid.at("unit_code", "unit_closed", value=unit.name)
    return unit


def insert_person(session: Session, person: NewPerson, unit: Unit, *, by: Person | None, now: datetime) -> int:
    """Insert a checked person into ``unit`` within the caller's transaction; raises ``Invalid`` for a taken name."""
    username = person.username.strip().lower()
    if session.scalar(select(User.id).where(User.username == username)) is not None:
        raise Invalid.at("username", "taken", value=username)
    user = User(
        username=username,
        name=person.name.strip(),
        unit_id=unit.id,
        post=person.post.strip(),
        category=person.category,
        created_at=now,
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError:
        raise Invalid.at("username", "taken", value=username) from None
    _set_fields(session, user.id, person.fields)
    follow_category(session, user, now=now)
    record("person.entered", by=by.id if by else None, target=f"user:{user.id}", unit_id=unit.id)
    return user.id


def _set_fields(session: Session, user_id: int, fields: Iterable[str]) -> None:
    session.execute(delete(UserField).where(UserField.user_id == user_id))
    session.add_all([UserField(user_id=user_id, field=one) for one in sorted(set(fields))])


def change_person(user_id: int, person: NewPerson, *, by: Person, now: datetime) -> None:
    """Change a person's entry (never the username). Raises ``Missing`` out of scope, ``Invalid`` at the fields."""
    problems = [problem for problem in person_problems(person) if problem.field != "username"]
    if problems:
        raise Invalid(problems)
    scope = by.scope("people.manage")
    with transaction() as session:
        # A form sent twice at once must wait here: both would take the fields away and enter the same ones again.
        session.execute(select(User.id).where(User.id == user_id).with_for_update())
        user, old_unit = user_in(session, scope, user_id)
        unit = old_unit if person.unit_code == old_unit.code else _open_unit(session, scope, person.unit_code)
        user.name, user.post, user.category = person.name.strip(), person.post.strip(), person.category
        _set_fields(session, user.id, person.fields)
        user.unit_id = unit.id
        follow_category(session, user, now=now)
        detail = {"from_unit": old_unit.id} if unit.id != old_unit.id else None
        record("person.changed", by=by.id, target=f"user:{user_id}", unit_id=unit.id, detail=detail)


def follow_category(session: Session, user: User, *, now: datetime) -> None:
    """Give or take the role of an officer as category and unit demand, within the caller's transaction.

    Officers and auxiliaries hold it over the unit where they work and nowhere else; nobody else holds it.
    A second call changes nothing.
    """
    wanted = user.unit_id if user.category in LEARNERS else None
    held = session.scalars(select(Grant).where(Grant.user_id == user.id, Grant.role == "officer")).all()
    for grant in held:
        if grant.unit_id != wanted or grant.field is not None:
            session.delete(grant)
    if wanted is not None and not any(grant.unit_id == wanted and grant.field is None for grant in held):
        session.add(Grant(user_id=user.id, role="officer", unit_id=wanted, granted_at=now))
    session.flush()


def set_state(user_id: int, state: str, *, by: Person) -> None:
    """Lock a person out, note that they left, or let them in again. Sessions and tokens end at once.

    Raises ``Missing`` out of scope, ``Forbidden`` for oneself, for the last administrator and for somebody who holds
    more than the caller may hand out. A second call changes nothing.
    """
    if state not in ("active", "locked", "left"):
        raise Invalid.at("state", "unknown_value", value=state)
    if user_id == by.id:
        raise Forbidden("not_on_oneself")
    with transaction() as session:
        user, unit = user_in(session, by.scope("people.manage"), user_id)
        _refuse_above(session, user_id, by)
        if user.state == state:
            return
        if state != "active":
            _keep_an_administrator(session, person=user_id)
        user.state = state
        session.flush()
        if state != "active":
            end_sessions(session, user_id, tokens=True)
        record(f"person.{state}", by=by.id, target=f"user:{user_id}", unit_id=unit.id)


def reset_password(user_id: int, *, by: Person, now: datetime) -> str:
    """Give a person a random first password, to be changed at the next sign-in, and return it; it is shown once.

    Who was locked out by wrong guesses may sign in with it at once.
    """
    if user_id == by.id:
        raise Forbidden("not_on_oneself")
    password = new_password()
    hashed = hash_password(password)
    with transaction() as session:
        user, unit = user_in(session, by.scope("people.manage"), user_id)
        _refuse_above(session, user_id, by)
        user.password_hash, user.password_changed_at, user.must_change_password = hashed, now, True
        session.flush()
        end_sessions(session, user_id, tokens=True)
        forgive(session, user.username)
        record("password.reset", by=by.id, target=f"user:{user_id}", unit_id=unit.id)
    return password


def _refuse_above(session: Session, user_id: int, by: Person) -> None:
    # The row stays locked, so that nobody is given a role between this look and the deed.
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    held = session.execute(
        select(Grant.role, Unit.path).join(Unit, Unit.id == Grant.unit_id).where(Grant.user_id == user_id)
    )
    if not may_rule(by, [(role, path) for role, path in held]):
        raise Forbidden("person_above_own")


def change_password(person: Person, current: str, new: str, *, now: datetime) -> None:
    """Change one's own password; other sessions and all tokens end. Raises ``Invalid`` at ``current`` or ``new``.

    Raises ``Locked`` after too many wrong guesses at the current one, ``Forbidden`` for who came with a ticket, and
    ``Busy`` while too many others do so.
    """
    _demand_password_session(person)
    stored = db.session().scalar(select(User.password_hash).where(User.id == person.id))
    end_read()
    # Kept for both hashes, so that nobody is let in for the first and refused at the second.
    with room_to_hash():
        if not confirm_password(person.username, stored, current, now):
            raise Invalid.at("current", "password_wrong")
        problems = password_problems(new, person.username, "new")
        if current == new:
            problems.append(FieldProblem("new", "password_same"))
        if problems:
            raise Invalid(problems)
        hashed = hash_password(new)
    with transaction() as session:
        user = session.get(User, person.id, with_for_update=True)
        if user is None or user.password_hash != stored:
            raise Conflict
        user.password_hash, user.password_changed_at, user.must_change_password = hashed, now, False
        session.flush()
        end_sessions(session, person.id, but=person.session_hash, tokens=True)
        record("password.changed", by=person.id, target=f"user:{person.id}")


def _demand_password_session(person: Person) -> None:
    """Refuse who is not in a session opened with the password: a token or a ticket must not outlive itself."""
    if person.session_hash is None or person.ticket_exam_id is not None:
        raise Forbidden("password_session_needed")


def make_own_token(person: Person, *, label: str, read_only: bool, now: datetime) -> str:
    """Make an API token for oneself and return it, this once. Raises ``Forbidden`` without a password session."""
    _demand_password_session(person)
    label = label.strip()
    if not label:
        raise Invalid.at("label", "required")
    return make_token(person.id, by=person.id, label=label, read_only=read_only, now=now)


def sign_out_everywhere(person: Person) -> None:
    """End all other sessions and all tokens of oneself; the session in use stays. A second call changes nothing."""
    _demand_password_session(person)
    with transaction() as session:
        end_sessions(session, person.id, but=person.session_hash, tokens=True)
        record("session.all_closed", by=person.id, target=f"user:{person.id}")


def set_locale(user_id: int, locale: str) -> None:
    """Remember a person's language."""
    with transaction() as session:
        user = session.get(User, user_id)
        if user is not None:
            user.locale = locale


def give_grant(user_id: int, role: str, unit_id: int, field_slug: str | None, *, by: Person, now: datetime) -> None:
    """Give a person a role over a unit's subtree. Raises ``Missing``, ``Forbidden``, ``Invalid`` or ``Conflict``.

    Nobody gives to oneself. The person must be one whom the caller may see; ``Conflict`` when the grant stands already.
    """
    if user_id == by.id:
        raise Forbidden("not_on_oneself")
    if role not in PERMISSIONS:
        raise Invalid.at("role", "unknown_role", value=role)
    if field_slug is not None and taxonomy().find_field(field_slug) is None:
        raise Invalid.at("field", "unknown_enforcement_field", value=field_slug)
    if role == "line_supervisor" and field_slug is None:
        raise Invalid.at("field", "required")
    with transaction() as session:
        unit = unit_in(session, by.scope("grant.manage"), unit_id)
        if not may_grant(by, role, unit.path):
            raise Forbidden("grant_beyond_own")
        user, _own_unit = user_in(session, by.scope("people.view"), user_id)
        session.execute(select(User.id).where(User.id == user_id).with_for_update())
        if user.state == "left":
            raise Conflict("person_has_left")
        if unit.state != "active":
            raise Invalid.at("unit_id", "unit_closed", value=unit.name)
        # The unique constraint lets several rows without a field pass, so we look first, under the person's lock.
        same = select(Grant.id).where(
            Grant.user_id == user_id,
            Grant.role == role,
            Grant.unit_id == unit_id,
            Grant.field.is_not_distinct_from(field_slug),
        )
        if session.scalar(same) is not None:
            raise Conflict("grant_exists")
        session.add(
            Grant(user_id=user_id, role=role, unit_id=unit_id, field=field_slug, granted_by=by.id, granted_at=now)
        )
        try:
            session.flush()
        except IntegrityError:
            raise Conflict("grant_exists") from None
        record("grant.given", by=by.id, target=f"user:{user_id}", unit_id=unit_id, detail=_said(role, field_slug))


def take_grant(grant_id: int, *, by: Person) -> None:
    """Take a grant back; it is without effect from the next request on.

    Raises ``Missing`` out of scope and when it is gone already, ``Forbidden`` for the last administrator, ``Conflict``
    for an officer's own role, which follows from the category.
    """
    with transaction() as session:
        row = session.execute(
            select(Grant, Unit).join(Unit, Unit.id == Grant.unit_id).where(Grant.id == grant_id)
        ).first()
        if row is None or not by.scope("grant.manage").holds_whole(row[1].path):
            raise Missing
        grant, unit = row
        if grant.role == "officer":
            raise Conflict("officer_role_follows_category")
        if not may_grant(by, grant.role, unit.path):
            raise Forbidden("grant_beyond_own")
        if grant.role == "system_administrator":
            _keep_an_administrator(session, grant=grant.id)
        if not session.execute(delete(Grant).where(Grant.id == grant_id)).rowcount:
            raise Missing
        detail = _said(grant.role, grant.field)
        record("grant.taken", by=by.id, target=f"user:{grant.user_id}", unit_id=unit.id, detail=detail)


def _said(role: str, field_slug: str | None) -> dict[str, Any]:
    return {"role": role, "field": field_slug}


def _keep_an_administrator(session: Session, *, person: int | None = None, grant: int | None = None) -> None:
    """Refuse if without all grants of ``person``, or without one ``grant``, some place lost its last administrator."""
    # Two administrators who remove each other at once must meet here: the second one waits, and then counts anew.
    every = select(Grant.id).where(Grant.role == "system_administrator").order_by(Grant.id)
    session.execute(every.with_for_update()).all()
    rows = session.execute(
        select(Grant.id, Grant.user_id, Unit.path)
        .join(User, User.id == Grant.user_id)
        .join(Unit, Unit.id == Grant.unit_id)
        .where(Grant.role == "system_administrator", User.state == "active")
    ).all()
    lost = [row for row in rows if row.id == grant or row.user_id == person]
    kept = [row for row in rows if row not in lost]
    if any(not any(gone.path.startswith(one.path) for one in kept) for gone in lost):
        raise Forbidden("last_administrator")


def create_admin(username: str, password: str | None, *, now: datetime) -> tuple[int, str | None]:
    """Make the first administrator over the root unit; return the id and, where none was given, the new password.

    Makes a root unit (code ``ROOT``) where there is none yet. Raises ``Invalid`` for a taken or bad name.
    """
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise Invalid.at("username", "bad_username")
    made = None
    if password is None:
        password = made = new_password(16)
    else:
        problems = password_problems(password, username)
        if problems:
            raise Invalid(problems)
    hashed = hash_password(password)
    with transaction() as session:
        root = session.scalar(select(Unit).where(Unit.parent_id.is_(None)).order_by(Unit.id))
        if root is None:
            root = Unit(code="ROOT", name="全市", short_name="全市", kind="city", path="-", created_at=now)
            session.add(root)
            session.flush()
            root.path = path_of("", root.id)
        person = NewPerson(username, username, root.code, category="staff")
        user_id = insert_person(session, person, root, by=None, now=now)
        user = session.get(User, user_id)
        assert user is not None
        user.password_hash, user.password_changed_at, user.must_change_password = hashed, now, made is not None
        session.add(Grant(user_id=user_id, role="system_administrator", unit_id=root.id, granted_at=now))
        said = _said("system_administrator", None)
        record("grant.given", by=None, target=f"user:{user_id}", unit_id=root.id, detail=said)
    return user_id, made
