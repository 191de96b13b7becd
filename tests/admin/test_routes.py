"""Health without a session, and the site page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from trainer.admin.queries import database_figures
from trainer.admin.site_routes import size_text
from trainer.core.clock import utcnow
from trainer.core.database import db, transaction
from trainer.core.steady import SECOND, SteadyClock
from trainer.jobs.models import JobRun, Lease


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_health_touches_no_session_and_sets_no_cookie(as_user, count_queries, address):
    client = as_user("admin")
    with count_queries() as seen:
        answer = client.get(address)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert not any("sessions" in statement for statement in seen)


def test_the_process_is_up_without_a_database(client, count_queries):
    with count_queries() as seen:
        assert client.get("/healthz").json == {"status": "up"}
    assert seen == []


def test_readiness_reads_the_migrations_once(client, app, monkeypatch):
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr("alembic.script.ScriptDirectory.from_config", lambda config: 1 / 0)
    assert client.get("/readyz").json == {"status": "ready", "wrong": []}


def test_an_old_schema_is_not_ready_and_says_so(client, app):
    with db.engine.begin() as connection:
        head = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = 'old'"))
    try:
        answer = client.get("/readyz")
    finally:
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})
    assert (answer.status_code, answer.json["wrong"]) == (503, ["migrations_not_at_head"])


def test_a_lost_database_is_not_ready_and_says_so(client, app, monkeypatch):
    def lost():
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(db.engine, "connect", lost)
        answer = client.get("/readyz")
        up = client.get("/healthz")
    assert (answer.status_code, answer.json["wrong"]) == (503, ["database_unreachable"])
    assert up.status_code == 200


def test_the_site_page_tells_database_scheduler_and_jobs(as_user, city):
    client = as_user("admin")
    page = client.get("/site").text
    assert "现在没有调度程序在运行" in page
    assert "还没有任务记录" in page
    now = utcnow()
    with transaction() as session:
        session.add(Lease(name="scheduler", holder="host:1", fence=3, until=now + timedelta(minutes=1)))
        session.add(JobRun(job="tidy", started_at=now, ended_at=now, state="done", count=4))
        session.add(JobRun(job="tidy", started_at=now, ended_at=now, state="failed", count=0, error="KeyError: x"))
    page = client.get("/site").text
    assert "现在没有调度程序在运行" not in page
    assert "第 3 任" in page
    assert "KeyError: x" in page
    assert "在运行" in page
    assert ("SQLite" in page) != ("PostgreSQL" in page)


@pytest.mark.parametrize(
    ("number", "shown"),
    [(None, "–"), (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (5_242_880, "5.0 MB"), (2**50, "1024.0 TB")],
)
def test_sizes_are_short(number, shown):
    assert size_text(number) == shown


@pytest.mark.sqlite_only
def test_the_size_of_the_database_counts_what_still_lies_in_the_log(city):
    figures = database_figures(db.session(), db.engine)
    assert figures.log_bytes > 0
    assert figures.size_bytes > 100_000


@pytest.mark.parametrize(("step", "told"), [(3600, "快 3,600 秒"), (-59.5, "慢 60 秒")])
def test_a_clock_that_was_set_is_told_to_administrators(as_user, monkeypatch, step, told):
    admin, now = as_user("admin"), utcnow()
    assert "被拨动了" not in admin.get("/site").text + admin.get("/").text
    machine = {"wall": int(now.timestamp() * SECOND)}
    clock = SteadyClock(lambda: machine["wall"], lambda: SECOND)
    monkeypatch.setattr("trainer.admin.site_routes.steady", clock)
    machine["wall"] += int(step * SECOND)
    assert told in admin.get("/site").text
    assert "服务器的时钟被拨动了" in admin.get("/").text
