"""The database and the only two doors through which anything is written.

``transaction()`` is the door for everything: on SQLite it queues at a fair lock, then says BEGIN IMMEDIATE, so that
what it reads is what is true when it writes; on PostgreSQL it is a plain transaction whose verbs lock rows.
``grouped(write)`` is the door of the hot path (save, hand in): one thread of each process runs the waiting writes of
many requests in one synced commit, and each caller is answered only after it. Where one of them failed half-way, SQLite
runs the group again with a SAVEPOINT each, PostgreSQL each by itself. ``commit`` is written in no other file.

SQLite runs in WAL mode with synchronous=FULL: what is acknowledged has been synced. Releases before 3.51.3 can
corrupt a database when a write and a checkpoint race (the WAL-reset defect), so automatic checkpoints are off on
every connection and the only checkpoint runs here, inside the same lock as the writes.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import orjson
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Dialect, Engine, ExceptionContext, MetaData, create_engine, event, func, select
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from trainer.core.errors import Busy
from trainer.core.groups import Alike, Gatherer, Job, ServerGroups
from trainer.core.locks import FairLock
from trainer.core.reach import Away, Reach

log = logging.getLogger(__name__)
T = TypeVar("T")

CHECKPOINT_BYTES = 16 * 1024 * 1024
# The file of the write-ahead log is cut back to this when it is begun anew. SQLite would leave it at its largest,
# and a file that stays large would ask for a checkpoint after every single commit.
LOG_KEEPS_BYTES = 1024 * 1024
# Each connection forgets its pages as soon as another one has written, so that more than a page's work needs is wasted.
CACHE_KIB = 2000
SPARE_CONNECTIONS = 4
# Everybody in a group waits where one of them does: after so long it dissolves. Rather than a deadlock's 1 s.
GROUP_WAITS_MS = 300
RETRIES = 5
PING_AFTER = 1.0
# What SQLAlchemy says of a session whose connection was lost in a statement before, as when a retry was given up.
LOST_MEANWHILE = "8s2b"
RETRY_STATES = {"40001", "40P01"}
# A lock or a statement that took too long; PostgreSQL.
TIMEOUT_STATES = {"55P03", "57014"}
# A machine that is gone closes no connection: whoever waits for it hears nothing. Asked after 5 s of silence, given up
# after 10 s; the system's own limits are a quarter of an hour and more.
SILENCE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}

db = SQLAlchemy(
    metadata=MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    ),
    session_options={"expire_on_commit": False, "autoflush": True},
)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def engine_options(url: str, threads: int, *, lock_timeout: int = 10_000) -> dict[str, Any]:
    """Return what the engine of ``url`` needs for ``threads`` requests at once; ``lock_timeout`` in ms, PostgreSQL."""
    shared = {
        "json_serializer": _json,
        "json_deserializer": orjson.loads,
        "pool_size": threads + SPARE_CONNECTIONS,
        "max_overflow": 4,
        # The text of a database error goes into logs and into the record of jobs; names and hashes must not.
        "hide_parameters": True,
    }
    if url.startswith("sqlite"):
        return shared | {"connect_args": {"check_same_thread": False, "timeout": 10}, "pool_timeout": 10}
    options = f"-c timezone=utc -c statement_timeout=15000 -c lock_timeout={lock_timeout} -c synchronous_commit=on"
    return shared | {
        "pool_timeout": 2,
        "connect_args": {"options": options, "connect_timeout": 5, "prepare_threshold": 3, **SILENCE},
    }


_REACHES: dict[tuple[Any, ...], Reach] = {}


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, record: Any, arguments: Any, options: dict[str, Any]) -> Any:
    """Connect to PostgreSQL, unless this process knows that it is away. None leaves it to SQLAlchemy."""
    if dialect.name == "sqlite":
        return None
    reach = _REACHES.setdefault(tuple(options.get(name) for name in ("host", "port", "dbname")), Reach())
    try:
        return reach.connect(lambda: dialect.connect(*arguments, **options))
    except Away as away:
        raise dialect.loaded_dbapi.OperationalError(str(away)) from away


@event.listens_for(Engine, "connect")
def _prepare_connection(raw: Any, record: Any) -> None:
    if not isinstance(raw, sqlite3.Connection):
        return
    # With isolation_level None the driver starts no transaction behind our back; _begin below does it.
    raw.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=0",
        "mmap_size=0",
        "temp_store=MEMORY",
        f"cache_size=-{CACHE_KIB}",
        f"journal_size_limit={LOG_KEEPS_BYTES}",
    ):
        raw.execute(f"PRAGMA {pragma}").close()
    for pragma, wanted in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("wal_autocheckpoint", 0)):
        found = raw.execute(f"PRAGMA {pragma}").fetchone()[0]
        if found != wanted:
            raise RuntimeError(f"SQLite refuses PRAGMA {pragma}={wanted}, it stays {found}")


@event.listens_for(Pool, "checkin")
def _note_return(raw: Any, record: Any) -> None:
    record.info["returned"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _ask_whether_it_lives(raw: Any, record: Any, proxy: Any) -> None:
    """Let a PostgreSQL connection that lay idle prove that it lives; asking at each use would be a sixth of a save.

    One that died in use fails whoever uses it, who is answered that the site is busy, and is thrown away.
    """
    if isinstance(raw, sqlite3.Connection) or time.monotonic() - record.info.get("returned", 0.0) < PING_AFTER:
        return
    try:
        raw.cursor().execute("")
        if not raw.autocommit:
            raw.rollback()
    except Exception as error:
        raise DisconnectionError from error


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        options = connection.get_execution_options()
        if not options.get("single", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("immediate", False) else "BEGIN")


@event.listens_for(Engine, "handle_error")
def _without_values(context: ExceptionContext) -> None:
    for error in (context.original_exception, context.sqlalchemy_exception):
        without_detail(error)


def without_detail(error: BaseException | None) -> None:
    """Cut from an error what PostgreSQL tells of the row behind it: see ``hide_parameters``."""
    if error is not None and error.args and isinstance(error.args[0], str):
        text, detail, _rest = error.args[0].partition("\nDETAIL:")
        if detail:
            error.args = (text, *error.args[1:])


class Gate:
    """What guards the writes of one SQLite file in this process: lock, checkpoint, group writer."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.file = os.path.abspath(str(engine.url.database))
        self.lock = FairLock(self.file + ".lock")
        self.writer = GroupWriter(self)

    def checkpoint_if_large(self, least: int | None = None) -> None:
        """Move the WAL into the database once it holds ``least`` bytes. The caller holds ``self.lock``."""
        try:
            if os.stat(self.file + "-wal").st_size < (CHECKPOINT_BYTES if least is None else least):
                return
            self._checkpoint()
        except FileNotFoundError:
            return
        except (DBAPIError, PoolTimeout):
            # What was written is committed, and its caller must not hear that it was not; the next writer tries again.
            log.exception("the write-ahead log could not be moved into the database")

    def _checkpoint(self) -> None:
        with single_read(self.engine) as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


class GroupWriter(Gatherer):
    """Groups on SQLite: one thread commits the writes of many requests together, under the lock of its file."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def run(self, write: Callable[[Connection], T]) -> T:
        """Run ``write`` in a group and return its result after the synced commit; raise what it raised."""
        return self._wait_for(Job(write)).result  # type: ignore[no-any-return]  # ``write`` itself has returned it

    def _next_group(self) -> None:
        with self._gate.lock:
            # Whoever queued while we waited for the lock goes with this commit as well.
            self._commit(self._taken())
            self._gate.checkpoint_if_large()

    def _commit(self, batch: list[Job]) -> None:
        try:
            try:
                self._run(batch, apart=False)
            except _HalfDone:
                self._run(batch, apart=True)
        except BaseException as error:
            for job in batch:
                job.error = error
            raise
        finally:
            for job in batch:
                job.done.release()

    def _run(self, batch: list[Job], *, apart: bool) -> None:
        """Run the writes of ``batch`` in one transaction, each of them ``apart`` in a savepoint or one after another.

        A refused write has as a rule changed nothing yet, and most are not refused; a savepoint around each would make
        two statements of five. Raises ``_HalfDone`` where one that was not set apart failed after a change.
        """
        with self._gate.engine.connect().execution_options(immediate=True) as connection, connection.begin():
            driver: Any = connection.connection.driver_connection
            for job in batch:
                job.error = None
                changes = driver.total_changes
                if apart:
                    driver.execute("SAVEPOINT one").close()
                try:
                    job.result = job.write(connection)
                except Exception as error:
                    if is_unavailable(error) or not driver.in_transaction:
                        # A full disk, say, has ended the whole transaction, and this savepoint with it.
                        raise
                    job.error = error
                    if apart:
                        driver.execute("ROLLBACK TO one").close()
                    elif driver.total_changes != changes:
                        raise _HalfDone from error
                if apart:
                    driver.execute("RELEASE one").close()


class _HalfDone(Exception):
    """A write of a group failed after it had changed something, and the group must be run again, each write apart."""


_GATES: dict[int, Gate] = {}
_GATES_MUTEX = threading.Lock()


def gate_of(engine: Engine) -> Gate:
    """Return the gate of an SQLite engine; the same one for each call in this process."""
    gate = _GATES.get(id(engine))
    if gate is None or gate.engine is not engine:
        with _GATES_MUTEX:
            gate = _GATES.setdefault(id(engine), Gate(engine))
            if gate.engine is not engine:
                gate = _GATES[id(engine)] = Gate(engine)
    return gate


def is_sqlite(engine: Engine | None = None) -> bool:
    """Return whether the site's database (or ``engine``) is SQLite."""
    return (engine or db.engine).dialect.name == "sqlite"


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a transaction, commit at the end, roll back on any error. An inner one joins the outer.

    The outermost first ends whatever read transaction the request has open, so that the block reads what is true
    now. An error that leaves an inner block spoils the outer one for good, even if somebody caught it in between:
    half-done writes must not be committed. Raises ``Busy`` when the write lock is not to be had in time.
    """
    session = db.session()
    info = session.info
    if info.get("depth", 0):
        info["depth"] += 1
        try:
            yield session
        except BaseException:
            info["spoilt"] = True
            raise
        finally:
            info["depth"] -= 1
        return
    session.rollback()
    # A row read earlier in this request would otherwise be handed out again as it was then, not as it is now.
    session.expire_all()
    engine = db.engine
    if not is_sqlite(engine):
        with _outermost(session):
            yield session
        return
    gate = gate_of(engine)
    with gate.lock:
        session.connection(execution_options={"immediate": True})
        with _outermost(session):
            yield session
        gate.checkpoint_if_large()


@contextmanager
def _outermost(session: Session) -> Iterator[None]:
    session.info.update(depth=1, spoilt=False)
    try:
        yield
        if session.info["spoilt"]:
            raise RuntimeError("an inner transaction failed; the outer one cannot be committed")
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.update(depth=0, spoilt=False)


def one_at_a_time(session: Session, number: int) -> None:
    """Wait until no other transaction holds ``number``, and hold it until this one ends; before any row is locked.

    For what no row can guard: the next free number, a row that is not there yet. SQLite's write lock does it by itself.
    """
    if not is_sqlite():
        session.execute(select(func.pg_advisory_xact_lock(number)))


def beside_others(session: Session, number: int) -> None:
    """Hold ``number`` together with others until this transaction ends, but not beside ``one_at_a_time``.

    It does not wait, so it may come after locks of rows. Raises ``Busy`` while somebody has ``number`` alone.
    """
    if not is_sqlite() and not session.scalar(select(func.pg_try_advisory_xact_lock_shared(number))):
        raise Busy(what="one_at_a_time")


def connection_of(source: Session | Connection) -> Connection:
    """Return the connection of a transaction, for what runs prepared statements in either."""
    return source if isinstance(source, Connection) else source.connection()


def grouped(write: Callable[[Connection], T], alike: Alike | None = None) -> T:
    """Run ``write(connection)`` durably and return its result; the door of saves and hand-ins.

    ``write`` uses SQLAlchemy Core only, touches nothing but the database, and may be run again after a deadlock.
    What it raises undoes its own statements alone and reaches the caller. Not to be called inside ``transaction()``.
    ``alike`` lets PostgreSQL run it together with others of its kind; on SQLite a statement costs too little for that.
    """
    if db.session.registry.has():
        # A request that only saves never makes a session, and need not make one to end its read here.
        session = db.session()
        if session.info.get("depth", 0):
            raise RuntimeError("grouped() inside transaction() would wait for itself")
        session.rollback()
    engine = db.engine
    if is_sqlite(engine):
        return gate_of(engine).writer.run(write)

    def alone() -> T:
        with engine.begin() as connection:
            return write(connection)

    return _groups_of(engine).run(write, alike, lambda: retried(alone))


def single_read(engine: Engine | None = None) -> Connection:
    """Return a connection for one statement that reads, to be used with ``with``; no transaction is begun around it.

    For what every request asks first: BEGIN and ROLLBACK would cost as much as the statement. Two statements on it
    may see two states of the database. It needs no session, and disturbs none.
    """
    engine = engine or db.engine
    reader = _READERS.get(engine)
    return (reader if reader is not None else _reader_of(engine)).connect()


_READERS: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()
_GROUPS: WeakKeyDictionary[Engine, ServerGroups] = WeakKeyDictionary()


def _reader_of(engine: Engine) -> Engine:
    """Return the engine whose connections begin no transaction.

    On PostgreSQL they are connections of their own: to switch one back and forth takes longer than the statement. Half
    as many as threads are enough, because each is in use for a fraction of a request.
    """
    with _GATES_MUTEX:
        reader = _READERS.get(engine)
        if reader is None:
            if is_sqlite(engine):
                reader = engine.execution_options(single=True)
            else:
                threads = engine.pool.size() - SPARE_CONNECTIONS  # type: ignore[attr-defined]  # a QueuePool has it
                options = engine_options("postgresql", threads)
                options |= {"pool_size": (threads + 1) // 2, "max_overflow": 0, "pool_reset_on_return": None}
                reader = create_engine(engine.url, isolation_level="AUTOCOMMIT", **options)
            _READERS[engine] = reader
    return reader


def _groups_of(engine: Engine) -> ServerGroups:
    """Return what gathers the writes on a PostgreSQL engine in this process; it has one connection of its own."""
    groups = _GROUPS.get(engine)
    if groups is None:
        with _GATES_MUTEX:
            groups = _GROUPS.get(engine)
            if groups is None:
                options = engine_options("postgresql", 0, lock_timeout=GROUP_WAITS_MS)
                own = create_engine(engine.url, **options | {"pool_size": 1, "max_overflow": 0})
                groups = _GROUPS[engine] = ServerGroups(own)
    return groups


@event.listens_for(Engine, "engine_disposed")
def _dispose_others(engine: Engine) -> None:
    reader = _READERS.pop(engine, None)
    if reader is not None and reader.pool is not engine.pool:
        reader.dispose()
    groups = _GROUPS.pop(engine, None)
    if groups is not None:
        groups.engine.dispose()


def end_read() -> None:
    """End the read transaction of the request, so that a long answer holds no snapshot and no connection."""
    if db.session.registry.has() and not db.session().info.get("depth", 0):
        db.session.rollback()


def retried(work: Callable[[], T]) -> T:
    """Run a whole unit of work, again up to ``RETRIES`` times when PostgreSQL undid it (40001, 40P01)."""
    for attempt in range(RETRIES):
        try:
            return work()
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in RETRY_STATES or attempt == RETRIES - 1:
                raise
            db.session.rollback()
            time.sleep(0.01 * 2**attempt)
    raise AssertionError("unreachable")


def is_timeout(error: BaseException) -> bool:
    """Return whether a statement waited as long as one may: for a lock, for its end, or for a connection."""
    return isinstance(error, PoolTimeout) or getattr(getattr(error, "orig", None), "sqlstate", None) in TIMEOUT_STATES


def is_unavailable(error: BaseException) -> bool:
    """Return whether a database error means "not now" (full disk, lost server, locks) rather than a defect."""
    if isinstance(error, PendingRollbackError):
        return error.code == LOST_MEANWHILE
    if not isinstance(error, OperationalError):
        return False
    text = str(error.orig).lower()
    if isinstance(error.orig, sqlite3.Error):
        return any(word in text for word in ("locked", "busy", "full", "disk i/o", "unable to open"))
    return True
