"""Loading the demonstration city into an empty database, all of it in one transaction.

A crash leaves an empty database, or a whole city. Everything follows from seed, number of officers and the city's
day, except the passwords, which are drawn by chance. Only the printed accounts have one: a slow hash for ten thousand
people would take longer than all the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, text

from trainer.accounts.models import User
from trainer.audit.service import record
from trainer.bank.importing import count_items, load_shipped
from trainer.config import DEMO_MARK
from trainer.core.clock import local_day
from trainer.core.crypto import hash_password
from trainer.core.database import db, end_read, is_sqlite, transaction
from trainer.core.errors import Refused
from trainer.demo.accounts import PrintedAccount, draw_accounts, keep_accounts
from trainer.demo.ground import Ground, table_is_empty
from trainer.demo.loading_contests import load_contests, load_other_exams
from trainer.demo.loading_inbox import load_class_notices, load_feedback
from trainer.demo.loading_marking import load_marking
from trainer.demo.loading_people import load_people, load_units
from trainer.demo.loading_practice import load_practice
from trainer.demo.loading_training import load_classes, load_requirements
from trainer.demo.rules.story import tell_story
from trainer.orgs.models import Unit


class CityExists(Refused):
    """There are units or people already: a demonstration is loaded into an empty database only."""

    code = "demo_needs_empty_database"


def is_empty() -> bool:
    """Return whether there is neither unit nor person, so that a city may be loaded."""
    session = db.session()
    empty = table_is_empty(session, Unit) and table_is_empty(session, User)
    end_read()
    return empty


@dataclass(frozen=True)
class Loaded:
    """What was loaded. ``people`` counts everybody, ``officers`` those who owe hours."""

    units: int
    people: int
    officers: int
    accounts: tuple[PrintedAccount, ...]


def load_city(officers: int, *, seed: int, now: datetime, instance: Path) -> Loaded:
    """Load the city with ``officers`` officers as it stands at ``now`` (aware UTC); the shipped bank too if there is
    none yet.

    Keeps the passwords and the mark of a demonstration in ``instance``. Raises ``CityExists`` where there are units
    or people, so a second call changes nothing.
    """
    if not is_empty():
        raise CityExists
    story = tell_story(seed, officers, local_day(now))
    accounts = draw_accounts(story.accounts)
    hashes = {one.username: hash_password(one.password) for one in accounts}
    with transaction() as session:
        if not is_sqlite():
            # Two loads at once would both find the tables empty; on SQLite the write lock orders them.
            session.execute(text("LOCK TABLE units IN SHARE ROW EXCLUSIVE MODE"))
        if not is_empty():
            raise CityExists
        if not count_items(session):
            load_shipped(now=now)
        ground = Ground(session, story, seed, now)
        load_units(ground)
        load_people(ground, hashes)
        load_requirements(ground)
        class_ids = load_classes(ground)
        load_practice(ground)
        load_contests(ground)
        load_other_exams(ground)
        load_marking(ground)
        load_class_notices(ground, class_ids)
        load_feedback(ground)
        record("demo.loaded", by=None, target="site", detail={"officers": officers, "seed": seed})
        people = session.scalar(select(func.count()).select_from(User)) or 0
        # Before the commit: a city whose passwords nobody knows would have to be thrown away.
        keep_accounts(instance, accounts)
        (instance / DEMO_MARK).touch()
    return Loaded(len(story.units), people, officers, tuple(accounts))
