"""Workers that die with their parent.

A granian worker survives the SIGKILL of its parent, goes on holding its listening socket, and a new server binds
the same port beside it: two generations would serve one site. So every worker asks the kernel to be killed with its
parent, and where the kernel cannot do that a thread watches for the parent's end.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


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
