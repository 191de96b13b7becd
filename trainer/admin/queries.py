"""What the site page tells of the machine room: database, its size, the write-ahead log, the migration."""

from __future__ import annotations

import os
import platform
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from trainer.accounts.models import SignInSession, User
from trainer.core.database import is_sqlite
from trainer.orgs.models import Unit


@dataclass(frozen=True)
class DatabaseFigures:
    """The database in numbers; sizes in bytes.

    ``size_bytes`` is what the data take, those that still lie in the write-ahead log included; ``log_bytes`` is the
    length of that log of SQLite, which may hold a page many times, None elsewhere.
    """

    kind: str
    version: str
    size_bytes: int
    log_bytes: int | None
    migration: str
    python: str


def database_figures(session: Session, engine: Engine) -> DatabaseFigures:
    """Return the figures of the database behind ``engine``."""
    migration = session.scalar(text("SELECT version_num FROM alembic_version")) or ""
    if is_sqlite(engine):
        file = str(engine.url.database)
        kind, version = "SQLite", sqlite3.sqlite_version
        # The file alone says little: on a young site everything is still in the log.
        size = session.scalar(text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")) or 0
        log = _size(file + "-wal")
    else:
        kind, version = "PostgreSQL", str(session.scalar(text("SHOW server_version")))
        size, log = session.scalar(text("SELECT pg_database_size(current_database())")) or 0, None
    return DatabaseFigures(kind, version, size, log, str(migration), platform.python_version())


@dataclass(frozen=True)
class SiteCounts:
    """How many people may sign in, how many of them are signed in now, and how many units are in use."""

    people: int
    signed_in: int
    units: int


def site_counts(session: Session, now: datetime) -> SiteCounts:
    """Return the counts of the whole site at ``now``. One statement."""
    people = select(func.count()).where(User.state == "active").scalar_subquery()
    signed_in = (
        select(func.count(SignInSession.user_id.distinct())).where(SignInSession.expires_at > now).scalar_subquery()
    )
    units = select(func.count()).where(Unit.state == "active").scalar_subquery()
    return SiteCounts(*session.execute(select(people, signed_in, units)).one())


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
