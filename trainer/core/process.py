"""How a worker lives: it dies with its parent, and it keeps to one core.

A granian worker survives the SIGKILL of its parent, goes on holding its listening socket, and a new server binds
the same port beside it: two generations would serve one site. So every worker asks the kernel to be killed with its
parent, and where the kernel cannot do that a thread watches for the parent's end.

The threads of a worker that run Python stay on one core. Python runs one of them at a time, and each statement hands
the turn on: from core to core that costs more than a second core gives (a leaderboard takes twice the time without, by
bench). Each worker has a core of its own. The server's own threads, which take requests in and send answers out, and
what runs beside Python, such as a password hash (``stand_back``), go where there is room.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextvars import Context
from multiprocessing import get_context
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
M_ARENA_MAX = -8
# As nice(2) counts: beside a thread that serves it has a tenth of a core, and all that nobody else wants.
BACKGROUND = 10
_cores: set[int] = set()
_thread = threading.local()


def die_with_parent(parent: int | None = None) -> None:
    """Make this process end when its parent ends, at once when it has ended. A second call changes nothing.

    Who was forked a moment ago names its ``parent``: if that is dead by now, somebody else looks like it.
    """
    parent = parent or os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent or parent == 1:
        os._exit(1)
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def _watch(parent: int) -> None:
    # The kernel's signal follows the parent's thread, not its process, and only Linux has it; this covers the rest.
    while os.getppid() == parent:
        time.sleep(0.25)
    os._exit(1)


class Copy:
    """A child that is a copy of this process and runs ``work``, in a session of its own; it ends with this process.

    What was imported here need not be imported there, and is shared with it. Only for a process whose one thread this
    is, and that has no connection open. The methods are those of ``Popen``.
    """

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._process = get_context("fork").Process(target=_live, args=(os.getpid(), name, work), name=name)
        self._process.start()
        self.pid: int = self._process.pid or 0

    def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once it has ended. Raises ``TimeoutExpired`` after ``timeout`` seconds."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _live(parent: int, name: str, work: Callable[[], None]) -> None:
    os.setsid()
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    # What `ps` and `top` show, since the command line is the parent's.
    library.prctl(PR_SET_NAME, name.encode())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    # The command that we were forked from has a context, such as that of its application.
    Context().run(work)


def few_heaps() -> None:
    """Let the C library keep two heaps for all threads; what one frees another could not use otherwise.

    As MALLOC_ARENA_MAX does at the start of a program. Where the library is another, nothing changes.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(M_ARENA_MAX, 2)


class Core:
    """The core on which the ``workers`` of a site that lives in ``folder`` run Python, each on another one.

    Each worker holds the lock of one file in ``folder`` as long as it lives, so that who takes the place of a dead one
    takes its core too. ``first`` lets sites side by side begin with different cores. Where the system cannot do that,
    or has a single core, nothing is kept to any.
    """

    def __init__(self, folder: Path, workers: int, first: int = 0) -> None:
        self.folder, self.workers, self.first = folder, workers, first
        self.own: set[int] = set()
        self._mutex = threading.Lock()
        self._claimed = sys.platform != "linux"

    def keep(self) -> None:
        """Keep this thread, and those that it starts, on the core of this process; chosen with the first call."""
        if not hasattr(_thread, "core"):
            with self._mutex:
                if not self._claimed:
                    self._claim(sorted(os.sched_getaffinity(0)))
                    self._claimed = True
            _thread.core = self.own
            if self.own:
                os.sched_setaffinity(0, self.own)

    def _claim(self, allowed: list[int]) -> None:
        if len(allowed) < 2:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in range(self.workers):
            held = os.open(self.folder / f"worker-{number}", os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(held)
                continue
            # The file stays open, and locked, until the process ends.
            self.own = {allowed[(self.first + number) % len(allowed)]}
            _cores.update(allowed)
            return


def stand_back() -> None:
    """Let this thread run on any core and give way to those who serve, for work that does not hold the interpreter."""
    if _cores:
        os.sched_setaffinity(0, _cores)
    me = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, me, max(BACKGROUND, os.getpriority(os.PRIO_PROCESS, me)))
