"""The tables are what the models say, whether made at once or by upgrading a site that is in use."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import upgrade

from tests.conftest import NINE

FIRST = "0001"
ONE = {
    sa.Boolean: True,
    sa.DateTime: NINE,
    sa.Date: date(2026, 11, 23),
    sa.JSON: [],
    sa.LargeBinary: b"x",
    sa.Numeric: Decimal(1),
    sa.Integer: 1,
    sa.Float: 1.0,
}
# What a migration reads and cannot be just anything.
SAID = {
    "attempts": {"state": "submitted"},
    "exams": {"state": "published"},
    "items": {"state": "published"},
    "units": {"path": "/1/"},
}


@pytest.fixture
def fresh_site(request, tmp_path):
    """A site on an empty database of its own, at no migration yet."""
    from trainer import create_app
    from trainer.config import Settings
    from trainer.core.database import db

    (tmp_path / "keys").mkdir()
    if request.config.getoption("--database") == "sqlite":
        url = f"sqlite:///{tmp_path / 'site.sqlite3'}"
    else:
        import os

        import psycopg

        port, name = os.environ["TRAINER_TEST_POSTGRES"], f"fresh_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        with psycopg.connect(f"host=127.0.0.1 port={port} user=site dbname=postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(f"CREATE DATABASE {name}")
        url = f"postgresql+psycopg://site@127.0.0.1:{port}/{name}"
    app = create_app(
        Settings(
            instance=Path(tmp_path),
            database_url=url,
            secret_key="only for the tests, not a secret",
            timezone=ZoneInfo("Asia/Shanghai"),
            log_level="ERROR",
        )
    )
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables(engine) -> list[sa.Table]:
    found = sa.MetaData()
    found.reflect(engine)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def one_row(table: sa.Table) -> dict:
    """Return a row for ``table`` that points to the first row of every other one."""
    row = {}
    for column in table.columns:
        if column.nullable and column.name not in SAID.get(table.name, ()):
            continue
        kind = next((value for kind, value in ONE.items() if isinstance(column.type, kind)), "x")
        row[column.name] = 1 if column.foreign_keys and not isinstance(kind, str) else kind
    return row | SAID.get(table.name, {})


@pytest.mark.database
def test_the_migrations_make_the_tables_of_the_models(fresh_site):
    from trainer.core.database import db

    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


@pytest.mark.database
def test_a_site_in_use_is_upgraded_with_all_its_rows(fresh_site):
    from trainer.core.database import db

    upgrade(revision=FIRST)
    before = tables(db.engine)
    with db.engine.begin() as connection:
        for table in before:
            connection.execute(sa.insert(table), [one_row(table)])
    db.engine.dispose()
    upgrade()
    with db.engine.connect() as connection:
        after = {table.name: table for table in tables(db.engine)}
        for table in before:
            kept = connection.execute(sa.select(after[table.name])).mappings().all()
            assert len(kept) == 1, table.name
            wanted = one_row(table)
            assert {name: kept[0][name] for name in wanted if name in kept[0]} == {
                name: value.replace(tzinfo=kept[0][name].tzinfo) if isinstance(value, datetime) else value
                for name, value in wanted.items()
                if name in kept[0]
            }, table.name
        if db.engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


@pytest.mark.database
@pytest.mark.parametrize(
    ("state", "tables_with_a_row", "unsat"),
    [
        ("published", {"exams"}, False),
        ("cancelled", {"exams"}, True),
        ("cancelled", {"exams", "attempts"}, False),
        (None, set(), True),
        (None, {"papers no longer"}, False),
    ],
)
def test_papers_that_nobody_sat_and_nobody_will_are_noted(fresh_site, state, tables_with_a_row, unsat):
    """Of an exam, a cancelled one, a cancelled one that somebody began, of none; and a blueprint without papers."""
    from trainer.core.database import db

    upgrade(revision="20261127_2200_focus")
    wanted = {"units", "users", "blueprints", "papers"} | tables_with_a_row
    if "attempts" in wanted:
        wanted |= {"sittings", "candidates"}
    if "papers no longer" in wanted:
        wanted -= {"papers"}
    with db.engine.begin() as connection:
        for table in tables(db.engine):
            if table.name in wanted:
                row = one_row(table) | ({"state": state} if table.name == "exams" else {})
                connection.execute(sa.insert(table), [row])
    db.engine.dispose()
    upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT unsat FROM blueprints")).scalar_one() == unsat
