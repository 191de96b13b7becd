"""What all tests share: the site on the chosen database, people to act as, and a guard against the network.

``--database sqlite`` (the default) or ``--database postgresql`` chooses; what is for one database only is marked
``sqlite_only`` or ``postgresql_only`` and deselected on the other, never skipped. ``--soak`` asks for the long form
of random walks and adds what is marked ``soak``, which takes minutes.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, insert

from tests import factories
from tests.servers import Postgres

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # nine o'clock in the city


def pytest_addoption(parser):
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.addoption("--soak", action="store_true", help="long random walks, and what is marked soak")


# A machine that is busy with other things makes no test fail; how fast the product is, bench/ tells.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


def pytest_configure(config):
    config.addinivalue_line("markers", "sqlite_only: about SQLite itself")
    config.addinivalue_line("markers", "postgresql_only: about PostgreSQL itself")
    config.addinivalue_line("markers", "database: worth running on both databases; set for whatever asks for the site")
    config.addinivalue_line("markers", "browser: drives a real Chromium against a real server")
    config.addinivalue_line("markers", "soak: takes minutes; only with --soak")
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    if config.getoption("--database") == "postgresql" and not hasattr(config, "workerinput"):
        config.postgres = Postgres()
        os.environ["TRAINER_TEST_POSTGRES"] = str(config.postgres.port)


def pytest_unconfigure(config):
    if hasattr(config, "postgres"):
        config.postgres.stop()


def pytest_collection_modifyitems(config, items):
    other = "sqlite_only" if config.getoption("--database") == "postgresql" else "postgresql_only"
    for item in items:
        if "site" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
    kept = [item for item in items if other not in item.keywords]
    if not config.getoption("--soak"):
        kept = [item for item in kept if not item.get_closest_marker("soak")]
    if len(kept) != len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@pytest.fixture(scope="session")
def database_url(request, tmp_path_factory) -> str:
    """The address of this worker's own, empty database."""
    if request.config.getoption("--database") == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('db') / 'site.sqlite3'}"
    import psycopg

    port = os.environ["TRAINER_TEST_POSTGRES"]
    name = f"site_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(f"host=127.0.0.1 port={port} user=site dbname=postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://site@127.0.0.1:{port}/{name}"


@pytest.fixture(scope="session")
def site(database_url, tmp_path_factory) -> Iterator[Flask]:
    """The whole site on a migrated database; one for the worker, emptied after each test."""
    from flask_migrate import upgrade

    from trainer import create_app
    from trainer.config import Settings
    from trainer.core.database import db

    instance = tmp_path_factory.mktemp("instance")
    (instance / "keys").mkdir()
    settings = Settings(
        instance=Path(instance),
        database_url=database_url,
        secret_key="only for the tests, not a secret",
        timezone=ZoneInfo("Asia/Shanghai"),
        log_level="ERROR",
    )
    app = create_app(settings)
    app.testing = True
    app.test_client_class = SignedClient
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


class SignedClient(FlaskClient):
    """A client that sends the CSRF token of its session with every unsafe request, as our pages do."""

    csrf: str | None = None

    def open(self, *args, **kwargs):
        if self.csrf and kwargs.get("method") not in (None, "GET"):
            headers = dict(kwargs.get("headers") or {})
            headers.setdefault("X-CSRFToken", self.csrf)
            kwargs["headers"] = headers
        from trainer.core.database import db

        # The test's own context stays open around the request. Without a context of its own the request would find
        # there who called last, and the test would go on reading what it read before.
        db.session.rollback()
        db.session.expire_all()
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture
def app(site) -> Iterator[Flask]:
    """The site with an open application context; whatever a test wrote is gone afterwards."""
    from trainer.attempts.documents import forget_documents
    from trainer.attempts.save import forget_papers
    from trainer.competitions.board import boards
    from trainer.core.crypto import make_lane
    from trainer.core.database import db
    from trainer.marking.grading import forget_keys
    from trainer.web.limits import limiter

    # Another test of this process may have made a site since, whose folder is gone.
    make_lane(site.config["SETTINGS"].instance, site.config["SETTINGS"].web_threads)
    with site.app_context():
        yield site
        db.session.rollback()
        db.session.remove()
        # The next test may use the same ids for other papers and competitions.
        for forget in (forget_papers, forget_documents, forget_keys, boards.forget, limiter.reset):
            forget()
    with site.app_context():
        _empty(db)


def _empty(db) -> None:
    with db.engine.begin() as connection:
        if db.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            for table in reversed(db.metadata.sorted_tables):
                connection.execute(table.delete())
        else:
            names = ", ".join(table.name for table in db.metadata.sorted_tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


@pytest.fixture
def session(app):
    """The database session of the test's own context."""
    from trainer.core.database import db

    return db.session


@pytest.fixture
def city(app) -> factories.City:
    """A small city: root, two counties, three departments, a town office; one person of each role."""
    return factories.make_city(NINE)


@pytest.fixture
def client(app) -> SignedClient:
    """Nobody's client."""
    return app.test_client()


@pytest.fixture
def as_user(app, city):
    """Return a client signed in as the person of that username, such as ``as_user("organiser")``."""

    def sign_in(username: str) -> SignedClient:
        from trainer.accounts.models import SignInSession
        from trainer.core.clock import utcnow
        from trainer.core.crypto import new_token, token_hash
        from trainer.core.database import transaction
        from trainer.web.csrf import csrf_token

        token, now = new_token(), utcnow()
        with transaction() as session:
            row = {"token_hash": token_hash(token), "user_id": city.people[username], "created_at": now, "seen_at": now}
            session.execute(insert(SignInSession), [row | {"expires_at": now + timedelta(days=36500)}])
        client = app.test_client()
        client.set_cookie("session", token)
        with app.test_request_context():
            client.csrf = csrf_token(token)
        return client

    return sign_in


@pytest.fixture
def clock(monkeypatch):
    """Set the time that requests see: ``clock(NINE)``; call it again to move on."""

    def set_time(moment: datetime) -> None:
        monkeypatch.setattr("trainer.web.arrival.utcnow", lambda: moment)

    return set_time


@pytest.fixture
def together(site):
    """Run pieces of work at the same moment, each in a context of its own; return what came of them, in order."""
    from trainer.core.database import db
    from trainer.core.errors import Refused

    def run(*works):
        came, gate = [None] * len(works), threading.Barrier(len(works))

        def one(place, work):
            with site.app_context():
                try:
                    gate.wait(30)
                    came[place] = work()
                except Refused as refusal:
                    came[place] = refusal.code
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        db.session.rollback()
        db.session.expire_all()
        return came

    return run


@pytest.fixture
def count_queries(app):
    """Count the statements of a block: ``with count_queries() as seen: …; assert len(seen) <= 5``."""

    @contextmanager
    def count():
        seen: list[str] = []

        def note(connection, cursor, statement, parameters, context, many):
            if not statement.startswith(("SAVEPOINT", "RELEASE", "PRAGMA", "BEGIN")):
                seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return count


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Let no test reach beyond this machine."""
    connect = socket.socket.connect

    def local_only(self, address):
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)
