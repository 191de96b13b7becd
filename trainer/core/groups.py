"""Writes of many requests in one synced commit: the thread that gathers them, and how PostgreSQL runs them.

A save is small, and what it costs lies around it: BEGIN, COMMIT, the sync, a round trip for each. While one group is
committed the next one gathers, so a group is as large as the load asks for, and a single write waits for nobody.
How SQLite runs a group stands beside its lock, in ``core.database``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from trainer.core.errors import Busy

log = logging.getLogger(__name__)
T = TypeVar("T")

GROUP_LIMIT = 128
# Who waits longer for the group is told so; the outcome is unknown then.
PATIENCE = 30.0
_STARTING = threading.Lock()


@dataclass(frozen=True)
class Alike:
    """Writes that a group may run together. ``work(connection, values)`` returns a result for each of the values.

    None as a result leaves that one to its own write, which comes after it in the same transaction: ``work`` does what
    is usual, and whatever is refused or rare stays in one place. ``work`` is the same object for writes of a kind.
    """

    work: Callable[[Connection, Sequence[Any]], Sequence[Any]]
    value: Any


class Job:
    """A write that waits for its commit. ``apart`` is set where the group could not run it and left nothing of it."""

    __slots__ = ("alike", "apart", "done", "error", "result", "write")

    def __init__(self, write: Callable[[Connection], Any], alike: Alike | None = None) -> None:
        self.write = write
        self.alike = alike
        self.result: Any = None
        self.error: BaseException | None = None
        self.apart = False
        self.done = threading.Lock()
        self.done.acquire()


class Gatherer:
    """The thread of a process that takes what waits and hands it to ``_commit``, group by group."""

    def __init__(self) -> None:
        self._pid = 0
        self._jobs: deque[Job] = deque()
        self._wake = threading.Condition(threading.Lock())

    def _wait_for(self, job: Job) -> Job:
        """Let ``job`` go with the next group and return it after that; raises ``Busy`` when that takes too long."""
        if self._pid != os.getpid():
            self._start()
        with self._wake:
            self._jobs.append(job)
            self._wake.notify()
        if not job.done.acquire(timeout=PATIENCE):
            # The outcome is unknown here. The caller says so to its client, which sends again: saves are idempotent.
            raise Busy(what="group_writer")
        if job.error is not None:
            raise job.error
        return job

    def _start(self) -> None:
        with _STARTING:
            if self._pid != os.getpid():
                self._wake = threading.Condition(threading.Lock())
                self._jobs = deque()
                threading.Thread(target=self._loop, name="group-writer", daemon=True).start()
                self._pid = os.getpid()

    def _loop(self) -> None:
        while True:
            with self._wake:
                while not self._jobs:
                    self._wake.wait()
            try:
                self._next_group()
            except Exception:
                log.exception("the group writer stumbled and goes on")
                time.sleep(0.05)

    def _taken(self) -> list[Job]:
        return [self._jobs.popleft() for _ in range(min(len(self._jobs), GROUP_LIMIT))]

    def _next_group(self) -> None:
        """Take what waits and commit it; every job is ``done`` afterwards, whatever happens."""
        raise NotImplementedError


class ServerGroups(Gatherer):
    """Groups on PostgreSQL, on a connection of their own in each process; ``engine`` gives it.

    A write that the group cannot run (a lock that somebody else has for longer, a deadlock, a lost connection, a
    refusal after a change) dissolves the group before its commit: nothing of it is left, and each of its writes is run
    by the thread that asked for it, beside the others. Only whoever has to wait then waits.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self._changes = 0
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._changes += not statement.startswith("SELECT")

    def run(self, write: Callable[[Connection], T], alike: Alike | None, alone: Callable[[], T]) -> T:
        """Run ``write`` in a group and return its result after the commit; by ``alone`` where the group dissolved."""
        job = self._wait_for(Job(write, alike))
        return alone() if job.apart else job.result

    def _next_group(self) -> None:
        batch = self._taken()
        has_run = False
        try:
            with self.engine.connect() as connection, connection.begin():
                self._run(connection, batch)
                has_run = True
        except BaseException as error:
            for job in batch:
                # Once COMMIT has been sent nobody knows what became of it, and none of them may be run again here.
                job.error, job.apart = (error, False) if has_run else (None, True)
        finally:
            for job in batch:
                job.done.release()

    def _run(self, connection: Connection, batch: Sequence[Job]) -> None:
        for job in self._left_over(connection, batch):
            changes = self._changes
            try:
                job.result = job.write(connection)
            except Exception as error:
                if isinstance(error, DBAPIError) or self._changes != changes:
                    raise
                job.error = error

    def _left_over(self, connection: Connection, batch: Sequence[Job]) -> list[Job]:
        """Run together what is alike, and return what has to be run by its own write."""
        kinds: dict[Any, list[Job]] = {}
        left = []
        for job in batch:
            if job.alike is None:
                left.append(job)
            else:
                kinds.setdefault(job.alike.work, []).append(job)
        for work, jobs in kinds.items():
            try:
                results = work(connection, [job.alike.value for job in jobs if job.alike])
            except OperationalError:
                raise
            except Exception:
                # Each of them is run alone now and comes out right, so that nobody else would ever tell of the defect.
                log.exception("writes that are alike could not be run together")
                raise
            for job, job.result in zip(jobs, results, strict=True):
                if job.result is None:
                    left.append(job)
        return left
