"""Exams with sound defaults; a test states only what it is about."""

from dataclasses import replace
from datetime import timedelta

from tests.conftest import NINE
from tests.papers.factories import fill_bank, section
from trainer.accounts.queries import person_by_id
from trainer.core.database import db
from trainer.exams.rules import ExamSpec
from trainer.exams.service import create_exam

HOUR = timedelta(hours=1)


def make_spec(**changes):
    """An exam of three items, open from nine to eleven, for the officers of 蓬江区城管局."""
    spec = ExamSpec(
        title="执法资格考试",
        opens_at=NINE,
        closes_at=NINE + 2 * HOUR,
        minutes=60,
        sections=(section(count=3),),
        units=("PJ-CGJ",),
        seed="seed",
    )
    return replace(spec, **changes)


def person(city, username):
    """The caller of that username, as a service gets one."""
    found = person_by_id(db.session(), city.people[username])
    db.session.rollback()
    return found


def make_exam(city, by="organiser", *, publish=True, now=NINE - HOUR, items=6, **changes):
    """Create an exam over a bank of ``items`` single choice items and return its id."""
    fill_bank(single_choice=items)
    return create_exam(make_spec(**changes), by=person(city, by), now=now, publish=publish)
