"""The fair write lock of an SQLite database: first come, first served, within a process and between processes.

SQLite's own busy wait sleeps and is not fair: at saturation one of eight writers got a single commit in four
seconds. So a writer first queues here (a FIFO of threads, because ``flock`` alone does not order threads that share
a descriptor), then takes ``flock`` on a file beside the database, and only then says BEGIN IMMEDIATE.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import deque
from types import TracebackType

from trainer.core.errors import Busy


class FairLock:
    """A first-come-first-served lock on ``path``, good for threads and processes.

    Not reentrant. ``with lock:`` raises ``Busy`` when a thread of this process has waited ``patience`` seconds for
    its turn; nothing has been written then.
    """

    def __init__(self, path: str, patience: float = 20.0) -> None:
        self.path = path
        self.patience = patience
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._mutex = threading.Lock()
        self._turns: deque[threading.Lock] = deque()
        self._held = False
        self._file: int | None = None

    def _wait_turn(self) -> None:
        turn = None
        with self._mutex:
            if self._held:
                turn = threading.Lock()
                turn.acquire()
                self._turns.append(turn)
            self._held = True
        if turn is None or turn.acquire(timeout=self.patience):
            return
        with self._mutex:
            if turn in self._turns:
                self._turns.remove(turn)
                raise Busy(what="write_lock")
        # The holder handed us the lock between the time-out and the look at the queue: it is ours after all.

    def _pass_on(self) -> None:
        with self._mutex:
            if self._turns:
                self._turns.popleft().release()
            else:
                self._held = False

    def __enter__(self) -> FairLock:
        if self._pid != os.getpid():
            # A forked child must not share the parent's descriptor: their flocks would be one and the same.
            self._reset()
        self._wait_turn()
        try:
            if self._file is None:
                self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._pass_on()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._pass_on()


class InstanceLock:
    """Says that one server at a time runs on an instance folder. Held until the process ends."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.path = path

    def take(self) -> bool:
        """Return whether the lock is ours now; False when another living process holds it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)
        return True

    def holder(self) -> str:
        """Return the process id written by the last holder, empty when none is."""
        return os.pread(self._file, 20, 0).decode(errors="replace").strip()

    def leave(self) -> None:
        """Let go of it in a child that was forked; the parent holds it on."""
        os.close(self._file)
