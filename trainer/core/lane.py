"""The one lane of the slow password hash, and the line of those who want to sign in before it.

A hash takes a core for some twenty milliseconds, and nobody who writes an answer may wait for it: so one runs at a
time, whatever number of processes serve the site, and few threads wait for it. Whoever comes beyond those draws a
number, is told how many are before them and when to ask again, and takes up no thread meanwhile.

The numbers lie in a small file that the processes share: how many were drawn, how many have been called, when the last
one was, and the pace of the lane (seconds a hash). Where nobody comes who was called, time calls the next.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from trainer.core.locks import FairLock

PATIENCE = 25.0
# Rather too quick than too slow: who comes too early asks again, who comes too late leaves the lane empty.
FIRST_PACE = 0.02
EARLY = 0.85
# A number is good until so many others have been called after it; a password typed wrongly loses nobody the place.
KEPT = 1000
# The estimate is only that: nobody is sent away for longer, in seconds.
LONGEST_WAIT = 60.0
SHORTEST_WAIT = 0.05
# Seconds without any hash after which those who were called and did not come are passed over.
IDLE = 0.5
# What one more hash counts for in the pace.
LEARNT = 0.1
_FORM = struct.Struct("<qddd")


@dataclass(frozen=True)
class Place:
    """A number in the line, how many are ``before`` it, and the seconds after which to ask again; 0 is now."""

    number: int
    before: int
    wait: float


@dataclass(frozen=True)
class Numbers:
    """What the file holds. ``last_at`` is on the machine's monotonic clock."""

    drawn: int
    called: float
    last_at: float
    pace: float

    def at(self, now: float, *, is_held: bool) -> Numbers:
        """Return the numbers as they are now: where the lane has been idle, those who did not come were called.

        A lane that ``is_held`` is not idle, however long a hash takes there: who was called for nothing would find no
        room, and ask again and again.
        """
        idle = now - self.last_at
        if idle < 0:
            # The machine has been started anew, and its clock with it.
            return replace(self, called=float(self.drawn), last_at=now)
        if idle < IDLE or is_held:
            return self
        return replace(self, called=min(float(self.drawn), self.called + idle / self.pace), last_at=now)

    def passed(self, now: float, began: float) -> Numbers:
        """Return the numbers after a hash for somebody who has waited since ``began``.

        What it took is the time since the one before, all that lies between two hashes with it.
        """
        took = now - max(began, self.last_at)
        pace = (1 - LEARNT) * self.pace + LEARNT * min(1.0, max(0.001, took))
        return replace(self, called=min(float(self.drawn), self.called + 1), last_at=now, pace=pace)

    def ask(self, number: int | None, width: int) -> tuple[Numbers, Place]:
        """Return the place of ``number``, of a new one where it is None or no longer good.

        ``width`` numbers may come at once: the one whose turn it is and those who wait behind it.
        """
        now = self
        if number is None or not self.called - KEPT < number <= self.drawn:
            number = self.drawn + 1
            now = replace(self, drawn=number)
        before = max(0, number - 1 - int(self.called))
        if before < width:
            return now, Place(number, before, 0.0)
        wait = EARLY * (before - width / 2) * self.pace
        return now, Place(number, before, min(LONGEST_WAIT, max(SHORTEST_WAIT, wait)))


class Lane:
    """The lane and its line. ``folder`` is shared by the processes of a site, each with ``room`` waiting threads."""

    def __init__(self, folder: Path, room: int, processes: int = 1) -> None:
        self.room, self.width = room, room * processes
        self._lock = FairLock(str(folder / "password.lock"), PATIENCE)
        self._path = folder / "password.line"
        self._mutex = threading.Lock()
        self._inside = 0
        self._pace = FIRST_PACE

    def __enter__(self) -> Lane:
        """Wait for the lane and hold it. Raises ``Busy`` after ``PATIENCE`` seconds."""
        self._lock.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.__exit__(None, None, None)

    def ask(self, number: int | None) -> Place:
        """Return the place of a number, of a new one where it is None or no longer good. Nothing is held."""
        with self._numbers() as (file, numbers):
            now = time.monotonic()
            is_held = now - numbers.last_at >= IDLE and self._is_held()
            numbers, place = numbers.at(now, is_held=is_held).ask(number, self.width)
            self._write(file, numbers)
            self._pace = numbers.pace
            return place

    def _is_held(self) -> bool:
        file = os.open(self._lock.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False

    @contextmanager
    def turn(self, number: int | None) -> Iterator[Place]:
        """Let one password be hashed in one's turn; where the place has a ``wait``, it is not one's turn."""
        began, place = time.monotonic(), self.ask(number)
        if place.wait:
            yield place
            return
        with self._mutex:
            room = self._inside < self.room
            self._inside += room
        if not room:
            # It is the turn, but the threads of this process that may wait all do.
            wait = max(SHORTEST_WAIT, self.room / 2 * self._pace)
            yield replace(place, before=max(1, place.before), wait=wait)
            return
        try:
            yield place
            with self._numbers() as (file, numbers):
                self._write(file, numbers.passed(time.monotonic(), began))
        finally:
            with self._mutex:
                self._inside -= 1

    @contextmanager
    def _numbers(self) -> Iterator[tuple[int, Numbers]]:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            raw, now = os.pread(file, _FORM.size, 0), time.monotonic()
            kept = Numbers(*_FORM.unpack(raw)) if len(raw) == _FORM.size else Numbers(0, 0.0, now, FIRST_PACE)
            yield file, kept
        finally:
            os.close(file)

    @staticmethod
    def _write(file: int, numbers: Numbers) -> None:
        os.pwrite(file, _FORM.pack(numbers.drawn, numbers.called, numbers.last_at, numbers.pace), 0)
