"""Units, people, grants and certificates of the demonstration city."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import update

from trainer.accounts.models import Grant, User, UserField
from trainer.certificates.models import Certificate
from trainer.demo.ground import Ground, city_time
from trainer.demo.rules.duties import bureau_staff, share_duties
from trainer.demo.rules.people import PersonSpec
from trainer.demo.rules.tree import UnitSpec
from trainer.orgs.models import Unit, UnitField
from trainer.orgs.rules import path_of

# Whoever has a role of an officer by being one: the same two categories as for people entered by hand.
LEARNERS = ("officer", "auxiliary")


def load_units(ground: Ground) -> None:
    """Put in the tree of units, level by level, with the fields that each holds today."""
    began = _opened(ground)
    paths: dict[str | None, str] = {None: ""}
    left: tuple[UnitSpec, ...] = ground.story.units
    while left:
        level = [unit for unit in left if unit.parent_code in paths]
        left = tuple(unit for unit in left if unit.parent_code not in paths)
        # A path is made of ids, which are known only afterwards; until then the code stands there.
        rows = [_unit_row(unit, ground.units.get(unit.parent_code or ""), began) for unit in level]
        ids = ground.put_named(Unit, rows, "code")
        ground.units.update(ids)
        paths.update({unit.code: path_of(paths[unit.parent_code], ids[unit.code]) for unit in level})
        ground.session.execute(update(Unit), [{"id": ids[unit.code], "path": paths[unit.code]} for unit in level])
    fields = [
        {"unit_id": ground.units[unit.code], "field": one, "since": None, "until": None}
        for unit in ground.story.units
        for one in unit.fields
    ]
    ground.put(UnitField, fields)


def _unit_row(unit: UnitSpec, parent_id: int | None, created_at: datetime) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name,
        "short_name": unit.short_name,
        "kind": unit.kind,
        "parent_id": parent_id,
        "path": unit.code,
        "sort": unit.sort,
        "state": "active",
        "created_at": created_at,
    }


def load_people(ground: Ground, hashes: Mapping[str, str]) -> None:
    """Put in everybody with fields, grants and certificate.

    ``hashes`` are the password hashes of the accounts that can sign in, by username; nobody else can.
    """
    story = ground.story
    staff = bureau_staff(ground.seed, len(story.people) + 1, story.today)
    ground.duties = share_duties(story.people, staff)
    began = _opened(ground)
    rows = [_user_row(person, hashes, began, ground) for person in (*story.people, *staff)]
    known = {row["username"] for row in rows}
    rows += [
        {
            "username": account.username,
            "name": account.name,
            "unit_id": ground.units[account.unit_code],
            "post": "",
            "category": account.category,
            "state": "active",
            "password_hash": hashes[account.username],
            "password_changed_at": ground.now,
            "must_change_password": False,
            "locale": None,
            "created_at": began,
        }
        for account in story.accounts
        if account.username not in known
    ]
    ground.unit_of.update({row["username"]: row["unit_id"] for row in rows})
    ground.users.update(ground.put_named(User, rows, "username"))
    fields = [
        {"user_id": ground.users[person.username], "field": one}
        for person in story.people
        for one in dict.fromkeys(person.fields)
    ]
    ground.put(UserField, fields)
    _load_grants(ground)
    certificates = [
        {
            "user_id": ground.users[person.username],
            "number": person.certificate_no,
            "valid_from": person.certificate_valid_from,
            "valid_until": person.certificate_valid_until,
            "state": person.certificate_state,
        }
        for person in story.people
        if person.certificate_no is not None
    ]
    ground.put(Certificate, certificates)


def _opened(ground: Ground) -> datetime:
    """Return when the site was opened in this story: before everything that it tells."""
    return city_time(date(ground.story.today.year - 1, 1, 1), 9)


def _user_row(person: PersonSpec, hashes: Mapping[str, str], began: datetime, ground: Ground) -> dict[str, Any]:
    password_hash = hashes.get(person.username)
    return {
        "username": person.username,
        "name": person.name,
        "unit_id": ground.units[person.unit_code],
        "post": person.post,
        "category": person.category,
        "state": "active",
        "password_hash": password_hash,
        "password_changed_at": ground.now if password_hash else None,
        "must_change_password": False,
        "locale": None,
        "created_at": max(began, min(city_time(person.joined_on, 9), ground.now)),
    }


def _load_grants(ground: Ground) -> None:
    granted: dict[tuple[str, str, int, str | None], None] = dict.fromkeys(
        (person.username, "officer", ground.unit_of[person.username], None)
        for person in ground.story.people
        if person.category in LEARNERS
    )
    for account in ground.story.accounts:
        for one in account.grants:
            granted[account.username, one.role, ground.units[one.unit_code], one.field] = None
    for code, duties in ground.duties.items():
        granted[duties.clerk, "training_clerk", ground.units[code], None] = None
        granted[duties.head, "unit_head", ground.units[code], None] = None
    rows = [
        {
            "user_id": ground.users[username],
            "role": role,
            "unit_id": unit_id,
            "field": field,
            "granted_by": None,
            "granted_at": _opened(ground),
        }
        for username, role, unit_id, field in granted
    ]
    ground.put(Grant, rows)
