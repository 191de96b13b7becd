"""Whether a database server is to be reached: while it is away one asks for all.

A server that comes back after a crash replays its log first, and each connection that it refuses meanwhile costs it a
process; where the whole machine is gone, each connection costs a thread of ours the connect time-out. So after a
connection that failed, a single one is tried at a time, with a pause between them, and everybody else is told at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Short, because a hall waits: the first request after it that is the first to be answered again.
PAUSE_SECONDS = 0.1


class Away(Exception):
    """The server could not be reached a moment ago, and somebody else finds out whether it can be now."""


class Reach:
    """What this process knows of one server; ``clock`` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._failed_at: float | None = None
        self._reason = ""
        self._is_asking = False

    def connect(self, attempt: Callable[[], T]) -> T:
        """Return the connection that ``attempt`` makes, and raise what it raises.

        Raises ``Away``, without trying, within ``PAUSE_SECONDS`` of an attempt that failed and while another thread
        tries for the first time after one.
        """
        with self._mutex:
            asks = self._failed_at is not None
            if asks and (self._is_asking or self._clock() - (self._failed_at or 0.0) < PAUSE_SECONDS):
                raise Away(f"not tried again yet: {self._reason}")
            self._is_asking = self._is_asking or asks
        failed_at, reason = None, ""
        try:
            return attempt()
        except BaseException as error:
            failed_at, reason = self._clock(), str(error)
            raise
        finally:
            with self._mutex:
                self._failed_at, self._reason = failed_at, reason
                if asks:
                    self._is_asking = False
