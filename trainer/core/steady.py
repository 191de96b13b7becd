"""The time that deadlines hang on: a count since the machine's start, to which a step of its clock does nothing.

Each process counts on ``CLOCK_BOOTTIME``, which nobody can set, which runs at the pace that NTP gives it and which goes
on while the machine sleeps, and adds by how much the machine's clock was ahead of it. While the two agree within
``SMALL`` the machine's clock is followed. A step beyond that is held off: the time counts on as before, whatever the
machine's clock says, so that an attempt keeps the minutes it was given. Which of the two is right nobody can tell from
inside; a step may be a mistake, or the mending of one. It is therefore logged, shown on the page of the system's state,
and taken over by the scheduler's process once it has lasted ``LASTING`` seconds and no attempt is open.

By how much the clock is ahead lies in a small file beside the number of this start of the machine, so that all
processes of a machine count alike, and one that is started while a step is held off holds it off too. A machine that
was started anew has its clock alone.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

SECOND = 1_000_000_000
SMALL = SECOND // 2
LASTING = 300 * SECOND
# How far the followed clock may come from what the file says before the file is written again.
WORTH_WRITING = SECOND // 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

log = logging.getLogger("trainer.clock")


def _count() -> int:
    """Return nanoseconds since the machine's start, sleep among them where the system counts it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic_ns()


def _this_start() -> str:
    """Return the number of this start of the machine, "" where the system has none: then nothing is shared."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


class SteadyClock:
    """A clock of nanoseconds; ``wall`` is what may be set, ``count`` what cannot. Threads may share it."""

    def __init__(self, wall: Callable[[], int] = time.time_ns, count: Callable[[], int] = _count) -> None:
        self.wall, self.count = wall, count
        self._start = _this_start()
        self._file: Path | None = None
        self._ahead = self._measure()
        self._written: int | None = None
        # A step that is held off: by how much, since when, and when the file was last looked at.
        self._step = 0
        self._since = self._looked = 0

    def now(self) -> datetime:
        """Return the time now as aware UTC."""
        count, ahead = self.count(), self._ahead
        off = self.wall() - count - ahead
        if -SMALL <= off <= SMALL:
            # A thread that was stopped between the two readings is late by that; the next call sets it right.
            self._ahead = ahead = ahead + off
            if self._step:
                self._agree("the machine's clock is back")
        else:
            self._hold()
            ahead = self._ahead
        return _EPOCH + timedelta(microseconds=(count + ahead) // 1000)

    @property
    def step(self) -> float:
        """By how many seconds the machine's clock is ahead of the time that counts; 0.0 where they agree."""
        self.now()
        return self._step / SECOND

    def keep_in(self, folder: Path) -> None:
        """Count as the other processes of this machine do, by a file in ``folder``. A second call changes nothing."""
        self._file = folder / "clock"
        kept = self._read()
        if kept is not None:
            self._ahead = self._written = kept
        self.now()
        self._write()

    def mind(self, take_over: Callable[[], bool]) -> None:
        """Keep the file up to date; take a step over that has lasted, where ``take_over`` allows it.

        To be called about every second by the scheduler's process, and by nobody else.
        """
        self.now()
        if not self._step:
            self._write()
        elif self.count() - self._since >= LASTING and take_over():
            self._ahead += self._step
            self._agree("the machine's clock was taken over")
            self._write()

    def _measure(self) -> int:
        """Return by how much the wall is ahead of the count, read close together."""
        found = []
        for _ in range(3):
            before = self.count()
            wall = self.wall()
            found.append((self.count() - before, wall - before))
        return min(found)[1]

    def _hold(self) -> None:
        # The process may have been stopped between the two readings, which looks like a step.
        off, count = self._measure() - self._ahead, self.count()
        if abs(off) <= SMALL:
            return
        if not self._step or abs(off - self._step) > SMALL:
            self._step, self._since, self._looked = off, count, 0
            self._say("the machine's clock was set; the time counts on as before", off)
        if count - self._looked >= SECOND:
            self._looked = count
            kept = self._read()
            if kept is not None and abs(kept - self._ahead - off) <= SMALL:
                self._ahead = kept
                self._agree("the machine's clock was taken over")

    def _agree(self, how: str) -> None:
        step, self._step = self._step, 0
        self._say(how, step)

    @staticmethod
    def _say(what: str, step: int) -> None:
        log.warning(what, extra={"fields": {"step_seconds": round(step / SECOND, 3)}})

    def _read(self) -> int | None:
        """Return what the file says for this start of the machine, None where it says nothing."""
        if self._file is None or not self._start:
            return None
        try:
            told = json.loads(self._file.read_text())
            return int(told["ahead"]) if told["start"] == self._start else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _write(self) -> None:
        """Write the file where it says something else; it is a help, so a folder that takes no file is no failure."""
        if self._file is None or not self._start or self._step:
            return
        if self._written is not None and abs(self._ahead - self._written) < WORTH_WRITING:
            return
        new = self._file.with_name(f".clock-{os.getpid()}")
        try:
            new.write_text(json.dumps({"start": self._start, "ahead": self._ahead}))
            new.rename(self._file)
        except OSError:
            log.warning("the clock's file could not be written", exc_info=True)
        self._written = self._ahead


steady = SteadyClock()
