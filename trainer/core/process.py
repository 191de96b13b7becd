"""How a worker lives: it dies with its parent, and it keeps to one core.

A granian worker survives the SIGKILL of its parent, goes on holding its listening socket, and a new server binds
the same port beside it: two generations would serve one site. So every worker asks the kernel to be killed with its
parent, and where the kernel cannot do that a thread watches for the parent's end.

A server of one process stays on one core. Python runs one of its threads at a time, and each statement of SQLite hands
the turn on: from core to core that costs more than the second core gives (saves +10 %, a leaderboard +50 % by bench).
What runs beside Python, such as a password hash, takes ``any_core``.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PR_SET_PDEATHSIG = 1
_cores: set[int] = set()


def die_with_parent() -> None:
    """Make this process end when its parent ends. A second call changes nothing."""
    parent = os.getppid()
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


def stay_on_one_core(number: int) -> None:
    """Keep this thread, and those that it starts, on one of the cores that the process may use; ``number`` picks it.

    Does nothing where the system cannot do that or has a single core. A second call changes nothing.
    """
    if sys.platform != "linux" or _cores:
        return
    allowed = os.sched_getaffinity(0)
    if len(allowed) > 1:
        _cores.update(allowed)
        os.sched_setaffinity(0, {sorted(allowed)[number % len(allowed)]})


@contextmanager
def any_core() -> Iterator[None]:
    """Let the current thread run on any core for a while, for work that does not hold the interpreter."""
    if not _cores:
        yield
        return
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)
