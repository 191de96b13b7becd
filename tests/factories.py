"""Plain functions that put rows into the database with sound defaults; a test states only what it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from trainer.accounts.models import Grant, User, UserField
from trainer.core.database import transaction
from trainer.orgs.models import Unit, UnitField
from trainer.orgs.rules import path_of


@dataclass
class City:
    """Ids of what ``make_city`` made: units by code, people by username."""

    units: dict[str, int] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)


UNITS = (
    # code, name, kind, parent, fields
    ("JM", "江门市", "city", None, ()),
    ("JM-SFJ", "江门市司法局", "justice_bureau", "JM", ()),
    ("JM-CGJ", "江门市城市管理和综合执法局", "department", "JM", ("urban_mgmt",)),
    ("PJ", "蓬江区", "county", "JM", ()),
    ("PJ-SFJ", "蓬江区司法局", "justice_bureau", "PJ", ()),
    ("PJ-CGJ", "蓬江区城市管理和综合执法局", "department", "PJ", ("urban_mgmt",)),
    ("PJ-SCJ", "蓬江区市场监督管理局", "department", "PJ", ("market",)),
    ("PJ-BS", "白沙街道", "township_street", "PJ", ()),
    ("PJ-BS-ZF", "白沙街道综合行政执法办公室", "township_enforcement_office", "PJ-BS", ("township", "urban_mgmt")),
    ("XH", "新会区", "county", "JM", ()),
    ("XH-CGJ", "新会区城市管理和综合执法局", "department", "XH", ("urban_mgmt",)),
)

PEOPLE = (
    # username, unit, role, unit of the role, field
    ("officer", "PJ-CGJ", None, None, None),
    ("officer2", "PJ-CGJ", None, None, None),
    ("officer3", "PJ-SCJ", None, None, None),
    ("officer4", "PJ-BS-ZF", None, None, None),
    ("foreign_officer", "XH-CGJ", None, None, None),
    ("clerk", "PJ-CGJ", "training_clerk", "PJ-CGJ", None),
    ("head", "PJ-CGJ", "unit_head", "PJ-CGJ", None),
    ("supervisor", "JM-SFJ", "supervisor", "JM", None),
    ("county", "PJ-SFJ", "supervisor", "PJ", None),
    ("foreign_county", "XH-CGJ", "supervisor", "XH", None),
    ("line", "JM-CGJ", "line_supervisor", "JM", "urban_mgmt"),
    ("judicial", "PJ-SFJ", "judicial_office", "PJ-BS", None),
    ("author", "JM-SFJ", "item_author", "JM", None),
    ("reviewer", "JM-SFJ", "item_reviewer", "JM", None),
    ("bank", "JM-SFJ", "bank_manager", "JM", None),
    ("examiner", "JM-SFJ", "exam_officer", "JM", None),
    ("organiser", "JM-SFJ", "organiser", "JM", None),
    ("county_organiser", "PJ-SFJ", "organiser", "PJ", None),
    ("foreign_organiser", "XH-CGJ", "organiser", "XH", None),
    ("invigilator", "JM-SFJ", "invigilator", "JM", None),
    ("scorer", "JM-SFJ", "scorer", "JM", None),
    ("auditor", "JM-SFJ", "auditor", "JM", None),
    ("admin", "JM-SFJ", "system_administrator", "JM", None),
)


def make_city(now: datetime) -> City:
    """Make the small city of the tests. Officers have fields of their unit and the role of an officer."""
    made = City()
    with transaction() as session:
        fields_of: dict[str, tuple[str, ...]] = {}
        for code, name, kind, parent, fields in UNITS:
            unit = Unit(
                code=code,
                name=name,
                short_name=name,
                kind=kind,
                parent_id=made.units.get(parent or ""),
                path=f"-{code}",
                created_at=now,
            )
            session.add(unit)
            session.flush()
            unit.path = path_of(made.paths.get(parent or "", ""), unit.id)
            made.units[code], made.paths[code], fields_of[code] = unit.id, unit.path, fields
            session.add_all([UnitField(unit_id=unit.id, field=one) for one in fields])
        for username, unit_code, role, role_unit, field_slug in PEOPLE:
            user_id = add_user(session, username, made.units[unit_code], now, category="staff" if role else "officer")
            made.people[username] = user_id
            if role:
                session.add(
                    Grant(user_id=user_id, role=role, unit_id=made.units[role_unit], field=field_slug, granted_at=now)
                )
            else:
                session.add_all([UserField(user_id=user_id, field=one) for one in fields_of[unit_code]])
    return made


def add_user(session, username: str, unit_id: int, now: datetime, *, category: str = "officer", **more) -> int:
    """Add a person without a password to an open transaction and return the id; officers get the officer's role."""
    user = User(username=username, name=f"张{username}", unit_id=unit_id, category=category, created_at=now, **more)
    session.add(user)
    session.flush()
    if category == "officer":
        session.add(Grant(user_id=user.id, role="officer", unit_id=unit_id, granted_at=now))
    return user.id
