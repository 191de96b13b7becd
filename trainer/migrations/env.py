"""How Alembic runs here: on the site's own engine, in one transaction, under the write lock of SQLite."""

from __future__ import annotations

from alembic import context
from flask import current_app

from trainer.core import columns
from trainer.core.database import db, gate_of, is_sqlite


def _render(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types as what they are in the table; the checks of their values are the code's."""
    if isinstance(item, columns.StateText):
        return f"sa.String(length={item.impl.length})"
    if isinstance(item, (columns.UTCDateTime, columns.Hundredths)):
        return f"columns.{type(item).__name__}()"
    return False


def run() -> None:
    """Migrate online. On SQLite the fair lock keeps every other writer out meanwhile."""
    engine = db.engine
    if is_sqlite(engine):
        with gate_of(engine).lock:
            _migrate(engine, immediate=True)
    else:
        _migrate(engine, immediate=False)


def _migrate(engine, *, immediate: bool) -> None:
    options = current_app.extensions["migrate"].configure_args
    with engine.connect().execution_options(immediate=immediate) as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=_render,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("migrations need the database; there is no offline mode")
run()
