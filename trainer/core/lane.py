"""The one lane of the slow password hash, and the line of those who want to sign in before it.

A hash takes a core for some twenty milliseconds, and nobody who writes an answer may wait for it: so one runs at a
time, whatever number of processes serve the site, and few threads wait for it. Whoever comes beyond those draws a
number, is told how many are before them and when to ask again, and takes up no thread meanwhile.

The numbers lie in a small file that the processes share: how many were drawn, which of them are out of the line, when
the last hash was, and the pace of the lane (seconds a hash). The pace changes with all else that the machine has to do,
so nobody is sent away until their turn, but asks again every few seconds; and whoever asks while few are at the lane is
let in before their turn, because a lane that stands empty helps nobody. Where nobody comes, time takes the first out of
the line.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from trainer.core.errors import Busy
from trainer.core.locks import FairLock

PATIENCE = 25.0
# Rather too quick than too slow: who comes too early asks again, who comes too late leaves the lane empty.
FIRST_PACE = 0.02
EARLY = 0.85
# A number that is out of the line is good for so many others; a password typed wrongly loses nobody the place.
KEPT = 1000
# The line is no longer than this; whoever draws more makes the first ones go in.
LINE_MOST = 1 << 16
# How often all who wait ask in a second, and the seconds after which each does in a short line and in the longest. A
# line may be full of numbers that nobody stands behind, and is no reason to stay away from a lane that is free.
ASKING = 200
OFTEN = 2.0
SELDOM = 15.0
SHORTEST_WAIT = 0.05
# Seconds without any hash after which those who were called and did not come are passed over.
IDLE = 0.5
# Where fewer are at the lane in a process than these, one hashed and one behind, whoever asks there is let in.
FEW = 2
# Seconds for which whoever was let in before their turn is taken to be on the way.
ON_THE_WAY = 1.0
# What one more hash counts for in the pace.
LEARNT = 0.1
_FORM = struct.Struct("<qqdd")


@dataclass(frozen=True)
class Place:
    """A number in the line and how many are ``before`` it.

    ``wait`` says in how many seconds to ask again, 0 is now; ``lasts`` after how many it will have its turn.
    """

    number: int
    before: int
    wait: float
    lasts: float = 0.0


@dataclass(frozen=True)
class Numbers:
    """What the file holds. ``last_at`` is on the machine's monotonic clock.

    All numbers up to ``base`` are out of the line, and those behind it whose bit is set in ``out``: they have been at
    the lane, have been let in before their turn, or did not come.
    """

    drawn: int = 0
    base: int = 0
    out: int = 0
    last_at: float = 0.0
    pace: float = FIRST_PACE

    def before(self, number: int) -> int:
        """Return how many are in the line before ``number``; 0 for one that is out of it."""
        place = number - 1 - self.base
        if place < 0 or self.out >> place & 1:
            return 0
        return place - (self.out & (1 << place) - 1).bit_count()

    def without(self, number: int) -> Numbers:
        """Return the numbers with one taken out of the line."""
        if not self.base < number <= self.drawn:
            return self
        out = self.out | 1 << number - 1 - self.base
        gone = (~out & out + 1).bit_length() - 1
        return replace(self, base=self.base + gone, out=out >> gone)

    def at(self, now: float, *, is_held: bool) -> Numbers:
        """Return the numbers as they are now: where the lane has been idle, those who did not come are out.

        A lane that ``is_held`` is not idle, however long a hash takes there: who was called for nothing would find no
        room, and ask again and again.
        """
        idle = now - self.last_at
        if idle < 0:
            # The machine has been started anew, and its clock with it.
            return replace(self, base=self.drawn, out=0, last_at=now)
        if idle < IDLE or is_held:
            return self
        left = replace(self, last_at=now)
        for _ in range(min(self.drawn - self.base, int(idle / self.pace))):
            left = left.without(left.base + 1)
        return left

    def passed(self, now: float, began: float, number: int) -> Numbers:
        """Return the numbers after a hash for ``number``, who has waited at the lane since ``began``.

        What it took is the time since the one before, all that lies between two hashes with it.
        """
        took = now - max(began, self.last_at)
        pace = (1 - LEARNT) * self.pace + LEARNT * min(1.0, max(0.001, took))
        return replace(self.without(number), last_at=now, pace=pace)

    def ask(self, number: int | None, width: int) -> tuple[Numbers, Place]:
        """Return the place of ``number``, of a new one where it is None or no longer good.

        ``width`` numbers may come at once: the one whose turn it is and those who wait behind it.
        """
        now = self
        if number is None or not self.base - KEPT < number <= self.drawn:
            number = self.drawn + 1
            over = max(0, number - self.base - LINE_MOST)
            now = replace(self, drawn=number, base=self.base + over, out=self.out >> over)
        before = now.before(number)
        if before < width:
            return now, Place(number, before, 0.0)
        lasts = (before - width / 2) * self.pace
        longest = min(SELDOM, max(OFTEN, (now.drawn - now.base - now.out.bit_count()) / ASKING))
        return now, Place(number, before, min(longest, max(SHORTEST_WAIT, EARLY * lasts)), lasts)


class Lane:
    """The lane and its line. ``folder`` is shared by the processes of a site, each with ``room`` waiting threads.

    ``width`` of those in the line may come at once; no more than ``room``, so that they may all come to one process.
    """

    def __init__(self, folder: Path, room: int, width: int) -> None:
        self.room, self.width = room, min(room, width)
        self._few = min(FEW, room)
        # Who has had the lane stands at the gate again while the next process waits behind it: each has its turn.
        self._gate = FairLock(str(folder / "password.gate"), PATIENCE)
        self._lock = FairLock(str(folder / "password.lock"), PATIENCE)
        self._path = folder / "password.turns"
        self._mutex = threading.Lock()
        self._inside = self._beside = 0
        self._let_in: deque[float] = deque()
        self._pace = FIRST_PACE

    def __enter__(self) -> Lane:
        """Wait for the lane and hold it. Raises ``Busy`` after ``PATIENCE`` seconds."""
        with self._gate:
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
            if place.wait and self._is_empty(now):
                numbers, place = numbers.without(place.number), Place(place.number, 0, 0.0)
            self._write(file, numbers)
            self._pace = numbers.pace
            return place

    def _is_empty(self, now: float) -> bool:
        """Return whether few are at the lane in this process or on the way to it; whoever is told so is on the way."""
        with self._mutex:
            while self._let_in and now - self._let_in[0] > ON_THE_WAY:
                self._let_in.popleft()
            if self._inside + len(self._let_in) >= self._few:
                return False
            self._let_in.append(now)
            return True

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
            if self._let_in:
                self._let_in.popleft()
        if not room:
            # It is the turn, but the threads of this process that may wait all do.
            wait = max(SHORTEST_WAIT, self.room / 2 * self._pace)
            yield replace(place, before=max(1, place.before), wait=wait, lasts=wait)
            return
        try:
            yield place
            with self._numbers() as (file, numbers):
                self._write(file, numbers.passed(time.monotonic(), began, place.number))
        finally:
            with self._mutex:
                self._inside -= 1

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Let somebody who stands in no line hash passwords, such as to change the own one.

        Half as many threads of a process may as of those in the line. Raises ``Busy`` for one more, at once: waiting
        takes a thread.
        """
        with self._mutex:
            if self._beside >= max(1, self.room // 2):
                raise Busy(what="password_lane")
            self._beside += 1
        try:
            yield
        finally:
            with self._mutex:
                self._beside -= 1

    @contextmanager
    def _numbers(self) -> Iterator[tuple[int, Numbers]]:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            raw, now = os.pread(file, _FORM.size + LINE_MOST // 8, 0), time.monotonic()
            kept = Numbers(last_at=now)
            if len(raw) >= _FORM.size:
                drawn, base, last_at, pace = _FORM.unpack_from(raw)
                kept = Numbers(drawn, base, int.from_bytes(raw[_FORM.size :], "little"), last_at, pace)
            yield file, kept
        finally:
            os.close(file)

    @staticmethod
    def _write(file: int, numbers: Numbers) -> None:
        out = numbers.out.to_bytes((numbers.drawn - numbers.base + 7) // 8, "little")
        os.pwrite(file, _FORM.pack(numbers.drawn, numbers.base, numbers.last_at, numbers.pace) + out, 0)
        os.ftruncate(file, _FORM.size + len(out))
