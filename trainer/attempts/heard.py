"""The beats of the candidates' pages: kept in memory, and the last one of each written down every few seconds.

A page beats every two and a half seconds, so that it knows within five when its line is down
(``static/js/exam/line.js``). With 10,000 people that is 4,000 beats a second, and they may not cost those who save: so
a beat that is known is answered before the framework and without any statement, which takes a twentieth of what the
clock takes and leaves 4,000 of them at about a tenth of one core. Therefore the pace is the same however many sit.

- The first beat of a page ties session, person and attempt together by one statement, as every call of the hot path
  does (``queries.tick``). The process then knows what was sent with it, by a hash, for at most ``LOOK_SECONDS``.
- Every ``WRITE_SECONDS`` a thread asks for all who were heard whether session and person still live and how the attempt
  stands, and then writes them down, some hundred people a statement. It asks first: a write may have to wait behind
  another one for longer than what is known stays fresh. Where the thread is late, ``FRESH_SECONDS`` end it.
- A beat is answered by a mark of state, epoch and deadline. Where the mark is another one than the page has, the page
  asks the clock, which is never answered from memory.

Each process keeps what it has heard itself; the table holds the latest moment, whoever wrote it. Nothing hangs on it: a
crash loses some seconds of what can be heard anew. It holds the last moment alone and is emptied of attempts that were
handed in, so that no time online is counted for anybody.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from flask import Flask
from sqlalchemy import bindparam, delete, false, func, select
from sqlalchemy.dialects import postgresql, sqlite

from trainer.accounts.models import SignInSession, User
from trainer.attempts.models import Attempt, Heard
from trainer.attempts.queries import Tick
from trainer.core.clock import utcnow
from trainer.core.columns import UTCDateTime
from trainer.core.database import grouped, single_read, transaction

WRITE_SECONDS = 3.0
FRESH_SECONDS = 8.0
LOOK_SECONDS = 60.0
# People a statement: what waits behind it, such as a save, waits some milliseconds at most.
AT_ONCE = 250
KNOWN_MOST = 50_000

log = logging.getLogger(__name__)


def mark_of(tick: Any) -> str:
    """Return what tells one standing of an attempt (state, epoch, deadline) from another."""
    return f"{tick.state[0]}{tick.epoch}.{int(tick.deadline_at.timestamp() * 1000):x}"


@dataclass(slots=True)
class Known:
    """A beat that was let in: whose it is, the answer to it, and until when (monotonic) it may be given."""

    attempt_id: int
    token: bytes
    epoch: int
    answer: bytes
    fresh_until: float
    look_at: float


@dataclass(slots=True)
class Note:
    """What was heard of an attempt since it was last written down; None for what was not."""

    heard_at: datetime | None = None
    hidden: bool | None = None
    saved_at: datetime | None = None


class Beats:
    """What one process has heard. ``clock`` counts seconds from anywhere, as ``time.monotonic`` does."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._known: dict[bytes, Known] = {}
        # By what each session is known for an attempt: by one thing, however often what else it sends changes.
        self._by: dict[tuple[bytes, int], bytes] = {}
        self._notes: dict[int, Note] = {}
        self._mutex = threading.Lock()
        self._pid = 0
        # The site whose database is written to; None where nothing writes by itself, as in commands and tests.
        self.app: Flask | None = None

    def forget(self) -> None:
        """Drop everything, for tests."""
        self._known.clear()
        self._by.clear()
        self._notes.clear()

    def answer(self, sent: bytes, *, epoch: int, hidden: bool) -> bytes | None:
        """Return the answer to a beat that is known and note it; None where the credentials must be looked at."""
        known, now = self._known.get(sent), self.clock()
        if known is None or now > known.fresh_until or now > known.look_at:
            return None
        self._heard(known.attempt_id, known.epoch, epoch, hidden)
        return known.answer

    def let_in(
        self, sent: bytes | None, token: bytes, attempt_id: int, tick: Tick, *, epoch: int, hidden: bool
    ) -> bytes:
        """Return the answer to a beat whose credentials were just looked at, and note it.

        It is known from now on by ``sent``, a hash of all that decided; None lets each one be looked at.
        """
        answer, now = _answer(tick), self.clock()
        if sent is not None:
            with self._mutex:
                if len(self._known) >= KNOWN_MOST:
                    self._known.clear()
                    self._by.clear()
                self._drop(self._by.get((token, attempt_id)))
                until = (now + FRESH_SECONDS, now + LOOK_SECONDS)
                self._known[sent] = Known(attempt_id, token, tick.epoch, answer, *until)
                self._by[token, attempt_id] = sent
        self._heard(attempt_id, tick.epoch, epoch, hidden)
        return answer

    def _drop(self, sent: bytes | None) -> None:
        gone = None if sent is None else self._known.pop(sent, None)
        if gone is not None:
            self._by.pop((gone.token, gone.attempt_id), None)

    def _heard(self, attempt_id: int, writer: int, epoch: int, hidden: bool) -> None:
        # A page that was taken over may look on; it is not where the candidate sits.
        if epoch < writer:
            return
        at = utcnow()
        with self._mutex:
            note = self._notes.setdefault(attempt_id, Note())
            note.heard_at, note.hidden = at, hidden
        self._keep_writing()

    def saved(self, attempt_id: int, at: datetime) -> None:
        """Note that answers of an attempt were saved."""
        with self._mutex:
            self._notes.setdefault(attempt_id, Note()).saved_at = at
        self._keep_writing()

    def _keep_writing(self) -> None:
        """Let a thread write from now on, one in each process that serves ``app``."""
        if self.app is None or self._pid == os.getpid():
            return
        with self._mutex:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._write_on, args=(self.app,), name="heard", daemon=True).start()

    def _write_on(self, app: Flask) -> None:
        while True:
            time.sleep(WRITE_SECONDS)
            try:
                with app.app_context():
                    self.write(utcnow())
            except Exception:
                log.exception("the beats could not be looked at")

    def write(self, now: datetime) -> int:
        """Learn how the attempts stand now, write down what was heard since the last call, and return of how many."""
        try:
            self._refresh(now)
        finally:
            written = self._write_down()
        return written

    def _write_down(self) -> int:
        with self._mutex:
            notes, self._notes = self._notes, {}
        for some in _in_parts(sorted(notes.items())):
            rows = [
                {"attempt_id": attempt_id, "heard_at": one.heard_at, "hidden": one.hidden, "saved_at": one.saved_at}
                for attempt_id, one in some
            ]
            try:
                grouped(lambda connection, rows=rows: connection.execute(_put(connection.dialect.name), rows))
            except Exception:
                # What was heard is heard anew in a few seconds; the others are not to miss it.
                log.exception("what was heard could not be written down")
        return len(notes)

    def _refresh(self, now: datetime) -> None:
        """Ask for all that is known whether it may be answered on, and what the answer is; drop what may not."""
        began = self.clock()
        with self._mutex:
            for sent, one in list(self._known.items()):
                if began > one.look_at:
                    self._drop(sent)
            known = list(self._known.items())
        standing: dict[tuple[bytes, int], Any] = {}
        for some in _in_parts(known):
            values = {"tokens": [one.token for _, one in some], "attempts": [one.attempt_id for _, one in some]}
            with single_read() as connection:
                for row in connection.execute(_STANDING, {**values, "now": now}):
                    standing[row.token_hash, row.id] = row
        for sent, one in known:
            row = standing.get((one.token, one.attempt_id))
            if row is None:
                # It may have been let in anew meanwhile; then the next beat is looked at once more.
                with self._mutex:
                    self._drop(sent)
            else:
                one.epoch, one.answer, one.fresh_until = row.epoch, _answer(row), began + FRESH_SECONDS


def _answer(tick: Any) -> bytes:
    return orjson.dumps({"mark": mark_of(tick)})


def _in_parts(rows: list[Any]) -> Iterable[list[Any]]:
    return (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE))


_STANDING: Any = (
    select(SignInSession.token_hash, Attempt.id, Attempt.state, Attempt.epoch, Attempt.deadline_at)
    .join(User, User.id == SignInSession.user_id)
    .join(Attempt, Attempt.user_id == User.id)
    .where(
        SignInSession.token_hash.in_(bindparam("tokens", expanding=True)),
        SignInSession.expires_at > bindparam("now", type_=UTCDateTime),
        User.state == "active",
        Attempt.id.in_(bindparam("attempts", expanding=True)),
    )
)


def _put(dialect: str) -> Any:
    """Return the statement that writes one attempt down; what was not heard stays, and so does a later moment."""
    insert, later = (sqlite.insert, func.max) if dialect == "sqlite" else (postgresql.insert, func.greatest)
    hidden: Any = bindparam("hidden", type_=Heard.hidden.type)
    made = insert(Heard).values(
        attempt_id=bindparam("attempt_id"),
        heard_at=bindparam("heard_at"),
        hidden=func.coalesce(hidden, false()),
        saved_at=bindparam("saved_at"),
    )
    moments = {}
    for column in (Heard.heard_at, Heard.saved_at):
        new = made.excluded[column.key]
        # SQLite's max of a moment and NULL is NULL.
        moments[column.key] = func.coalesce(later(new, column), new, column)
    return made.on_conflict_do_update(
        index_elements=[Heard.attempt_id], set_={**moments, "hidden": func.coalesce(hidden, Heard.hidden)}
    )


beats = Beats()


def hash_of(*sent: str) -> bytes:
    """Return what a beat is known by: no credential is kept as it was sent."""
    return hashlib.blake2b("\n".join(sent).encode("utf-8", "surrogatepass"), digest_size=20).digest()


def drop_heard(now: datetime) -> int:
    """Drop what was heard in attempts that are no longer open and return of how many. A second call finds none."""
    closed = select(Attempt.id).where(Attempt.state != "open")
    with transaction() as session:
        return session.execute(delete(Heard).where(Heard.attempt_id.in_(closed))).rowcount
