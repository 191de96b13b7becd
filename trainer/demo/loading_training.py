"""Requirement, exemptions, training classes with their rolls, and the hours that the confirmed ones gave.

The ledger's own writer looks up units and refuses what stands already, which an empty database does not need; the
entries made here have the same columns with the same meaning.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from trainer.demo.ground import Ground, city_time
from trainer.demo.rules.duties import duties_at
from trainer.demo.rules.training_calendar import TrainingClass as ClassSpec
from trainer.demo.rules.training_calendar import last_class_day
from trainer.demo.rules.training_year import YEARLY_HOURS
from trainer.hours.models import Exemption, LedgerEntry, Requirement
from trainer.training.models import RollEntry, TrainingClass

PLACES = {"public_law": "市委党校报告厅", "field_law": "行业培训中心", "enforcement_skill": "执法实训室"}


def load_requirements(ground: Ground) -> None:
    """Put in the hours that last year and this one ask for, and who is exempt from them."""
    year = ground.story.today.year
    works_at = {person.username: person.unit_code for person in ground.story.people}
    ground.put(Requirement, [{"year": one, "hours": YEARLY_HOURS} for one in (year - 1, year)])
    ground.put(
        Exemption,
        [
            {
                "user_id": ground.users[one.username],
                "year": year,
                "reason": one.reason,
                "decided_by": ground.users[duties_at(ground.duties, works_at[one.username])[1].head],
                "decided_at": min(city_time(one.starts_on, 10), ground.now),
            }
            for one in ground.story.exemptions
        ],
    )


def load_classes(ground: Ground) -> dict[str, int]:
    """Put in the classes of both years with rolls and ledger entries; return their ids by code."""
    specs = (*ground.story.earlier_classes, *ground.story.classes)
    ids: dict[str, int] = {}
    rolls: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    # One by one: the table has no column that tells classes apart, and there are not many.
    for spec in specs:
        row = _class_row(ground, spec)
        made = insert(TrainingClass.__table__).returning(TrainingClass.__table__.c.id)
        ids[spec.code] = ground.session.execute(made, row).scalar_one()
        rolls += [
            {"class_id": ids[spec.code], "user_id": ground.users[username], "present": True} for username in spec.roll
        ]
        if spec.state == "confirmed":
            entries += _entries(ground, spec, row, ids[spec.code])
    ground.put(RollEntry, rolls)
    ground.put(LedgerEntry, entries)
    return ids


def confirmed_at(ground: Ground, spec: ClassSpec) -> datetime:
    """Return when a class that is over was confirmed: two days later, at the latest when today began."""
    return min(city_time(last_class_day(spec) + timedelta(days=2), 10), city_time(ground.story.today, 0))


def _class_row(ground: Ground, spec: ClassSpec) -> dict[str, Any]:
    code, duties = duties_at(ground.duties, spec.organiser_unit_code)
    held = spec.state != "draft"
    decided = spec.state == "confirmed"
    entered_at = city_time(last_class_day(spec), 17) if held else ground.now - timedelta(days=14)
    return {
        "title": spec.title,
        "unit_id": ground.units[code],
        "kind": spec.kind,
        "held_on": spec.held_on,
        "days": spec.days,
        "hours": spec.credit_hours,
        "place": PLACES[spec.kind],
        "evidence": f"签到册、课程表（{spec.code}）" if held else "",
        "state": spec.state,
        "entered_by": ground.users[duties.clerk],
        "created_at": min(entered_at, ground.now),
        "decided_by": ground.users[duties.head] if decided else None,
        "decided_at": confirmed_at(ground, spec) if decided else None,
        "reason": "",
    }


def _entries(ground: Ground, spec: ClassSpec, row: dict[str, Any], class_id: int) -> list[dict[str, Any]]:
    shared = {
        "year": spec.held_on.year,
        "source": "class",
        "source_id": str(class_id),
        "title": spec.title,
        "hours": spec.credit_hours,
        "occurred_on": spec.held_on,
        "entered_at": row["decided_at"],
        "entered_by": row["decided_by"],
        "confirmed_by": row["decided_by"],
        "reverses_id": None,
        "note": row["evidence"],
        "chain_no": None,
        "mac": None,
    }
    return [
        {"user_id": ground.users[username], "unit_id": ground.unit_of[username], **shared} for username in spec.roll
    ]
