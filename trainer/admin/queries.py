"""What the site page tells of the machine room: database, its size, the write-ahead log, the migration."""

from __future__ import annotations

import os
import platform
import sqlite3
from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from trainer.core.database import is_sqlite


@dataclass(frozen=True)
class DatabaseFigures:
    """The database in numbers; sizes in bytes. ``log_bytes`` is the write-ahead log of SQLite, None elsewhere."""

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
        size, log = _size(file), _size(file + "-wal")
    else:
        kind, version = "PostgreSQL", str(session.scalar(text("SHOW server_version")))
        size, log = session.scalar(text("SELECT pg_database_size(current_database())")) or 0, None
    return DatabaseFigures(kind, version, size, log, str(migration), platform.python_version())


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
