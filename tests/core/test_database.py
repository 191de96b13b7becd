"""The two doors to the database."""

import os
import sqlite3
import threading
import time
from contextlib import suppress

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from tests.conftest import NINE
from trainer.core.database import LOG_KEEPS_BYTES, Gate, db, gate_of, grouped, transaction
from trainer.orgs.models import Unit


def _root(session) -> Unit:
    unit = Unit(code="R", name="根", short_name="根", kind="city", path="r", created_at=NINE, sort=0)
    session.add(unit)
    return unit


def test_a_block_is_stored_whole_or_not_at_all(app):
    def fail():
        with transaction() as session:
            _root(session)
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert db.session.scalar(select(Unit.id)) is None
    with transaction() as session:
        _root(session)
    assert db.session.scalar(select(Unit.code)) == "R"


def test_an_inner_block_joins_the_outer_and_spoils_it_when_it_fails(app):
    def swallow():
        with transaction() as session:
            _root(session)
            with suppress(ValueError), transaction():
                raise ValueError

    with pytest.raises(RuntimeError, match="inner transaction"):
        swallow()
    assert db.session.scalar(select(Unit.id)) is None


def _parallel(app, count, work):
    errors = []

    def run(number):
        try:
            with app.app_context():
                work(number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors


def test_parallel_read_modify_writes_lose_nothing(app):
    with transaction() as session:
        _root(session)

    def add_ten(_number):
        for _ in range(10):
            with transaction() as session:
                unit = session.scalar(select(Unit).where(Unit.code == "R").with_for_update())
                unit.sort = unit.sort + 1

    _parallel(app, 6, add_ten)
    assert db.session.scalar(select(Unit.sort)) == 60


def test_grouped_writes_are_stored_and_their_errors_stay_their_own(app):
    with transaction() as session:
        _root(session)
    refused = []

    def write(number):
        def one(connection):
            connection.execute(update(Unit).values(sort=Unit.sort + 1))
            if number % 4 == 0:
                raise KeyError(number)
            return number

        try:
            assert grouped(one) == number
        except KeyError:
            refused.append(number)

    _parallel(app, 16, write)
    assert sorted(refused) == [0, 4, 8, 12]
    assert db.session.scalar(select(Unit.sort)) == 12


def test_grouped_inside_a_transaction_is_refused_at_once(app):
    with transaction(), pytest.raises(RuntimeError, match="wait for itself"):
        grouped(lambda connection: None)


@pytest.mark.sqlite_only
def test_every_connection_is_synced_and_never_checkpoints_by_itself(app):
    with db.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "wal_autocheckpoint",
                "mmap_size",
                "journal_size_limit",
            )
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "wal_autocheckpoint": 0,
        "mmap_size": 0,
        "journal_size_limit": LOG_KEEPS_BYTES,
    }


@pytest.mark.sqlite_only
def test_the_checkpoint_moves_the_log_into_the_database(app):
    gate = gate_of(db.engine)
    with transaction() as session:
        _root(session)
    with gate.lock:
        gate.checkpoint_if_large(least=0)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            busy, log, moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
    assert (busy, log) == (0, moved)


@pytest.mark.sqlite_only
def test_the_log_is_small_again_after_a_checkpoint(app):
    gate = gate_of(db.engine)
    with transaction() as session:
        _root(session)
        session.execute(update(Unit).values(name="长" * LOG_KEEPS_BYTES))
    with gate.lock:
        gate.checkpoint_if_large(least=LOG_KEEPS_BYTES)
    with transaction() as session:
        session.add(Unit(code="S", name="小", short_name="小", kind="city", path="s", created_at=NINE))
    assert os.stat(gate.file + "-wal").st_size <= LOG_KEEPS_BYTES


def _full(*_):
    raise OperationalError("PRAGMA", {}, sqlite3.OperationalError("database or disk is full"))


@pytest.mark.sqlite_only
def test_what_is_committed_is_never_called_lost_when_the_checkpoint_fails(app, monkeypatch):
    monkeypatch.setattr("trainer.core.database.CHECKPOINT_BYTES", 0)
    monkeypatch.setattr(Gate, "_checkpoint", _full)
    with transaction() as session:
        _root(session)
    assert grouped(lambda connection: connection.execute(update(Unit).values(sort=7)).rowcount) == 1
    assert db.session.scalar(select(Unit.sort)) == 7


@pytest.mark.sqlite_only
def test_a_full_disk_is_told_as_such_to_everybody_in_the_group(app):
    def write(connection):
        # SQLite itself ends the whole transaction when the disk is full.
        connection.exec_driver_sql("ROLLBACK")
        _full()

    with pytest.raises(OperationalError, match="disk is full"):
        grouped(write)


@pytest.mark.sqlite_only
def test_nobody_is_told_of_a_commit_that_another_one_in_the_group_undid(app):
    """Out of memory SQLite ends the whole transaction, and what comes behind it would be stored one by one."""
    with transaction() as session:
        _root(session)
    told = []

    def write(number):
        def one(connection):
            time.sleep(0.02)
            connection.execute(update(Unit).values(sort=Unit.sort + 1))
            if number == 3:
                connection.exec_driver_sql("ROLLBACK")
                raise MemoryError

        try:
            grouped(one)
            told.append(number)
        except MemoryError:
            pass

    _parallel(app, 6, write)
    db.session.rollback()
    assert db.session.scalar(select(Unit.sort)) == len(told)


def test_the_text_of_a_database_error_holds_no_values(app):
    with transaction() as session:
        _root(session)
    with pytest.raises(IntegrityError) as failed, transaction() as session:
        session.execute(insert(Unit), [{"code": "R", "name": "张三", "short_name": "", "kind": "city", "path": "x"}])
    assert "张三" not in str(failed.value)
