"""Whether the process is up, and whether the site is in order. Neither touches a session or sets a cookie."""

from __future__ import annotations

from functools import cache

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from trainer.core.database import db
from trainer.web.access import PUBLIC, needs

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@needs(PUBLIC)
def healthz():
    return jsonify(status="up")


@bp.get("/readyz")
@needs(PUBLIC)
def readyz():
    wrong = wrongs()
    return jsonify(status="ready" if not wrong else "not_ready", wrong=wrong), 503 if wrong else 200


def wrongs() -> list[str]:
    """Return what is not in order, as codes; an empty list when the site can serve."""
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            at = set(MigrationContext.configure(connection).get_current_heads())
    except SQLAlchemyError:
        return ["database_unreachable"]
    return [] if at == newest(current_app.extensions["migrate"].directory) else ["migrations_not_at_head"]


@cache
def newest(folder: str) -> frozenset[str]:
    """Return the newest migrations in ``folder``. Looked up once: they are part of the code that is running."""
    config = Config()
    config.set_main_option("script_location", folder)
    return frozenset(ScriptDirectory.from_config(config).get_heads())
