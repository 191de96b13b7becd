"""The web server's own process: the site is put together once, and each worker is a copy of it.

To put it together takes a second or two, which a hall that waits for its next answer need not see: where the system
can fork, a worker that takes the place of a dead one is there at once, and shares the memory of what never changes.
Elsewhere each worker puts the site together itself.

Granian ends when a worker dies soon after another one, and forgets one that dies while it respawns another; the loop
below does neither. It is granian's own in all else, which is why the release is pinned.
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from trainer.config import Settings, read_settings
from trainer.core.process import die_with_parent

BACKLOG = 4096
BACKPRESSURE = 16384
# A worker that dies at once, again and again, must not keep a core busy.
RESPAWN_SECONDS = 0.2


def load(server: int) -> Any:
    """Return the site to a worker, which ends with ``server``; imported already where the worker was forked from it."""
    die_with_parent(server)
    from wsgi import app

    return app


class Server(Granian):  # type: ignore[misc]  # chosen by granian at run time
    """Granian, which goes on whatever happens to its workers."""

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        while True:
            self.main_loop_interrupt.wait()
            # Cleared before looking, so that a worker that dies from here on wakes us again.
            self.main_loop_interrupt.clear()
            if self.interrupt_signal:
                return
            dead = list(self.interrupt_children)
            del self.interrupt_children[: len(dead)]
            self._respawn_workers(dead, spawn_target, target_loader)
            time.sleep(RESPAWN_SECONDS)


def server_of(settings: Settings) -> Server:
    """Return the server for these settings, not serving yet.

    It starves connections beyond granian's default backpressure, so both limits are set.
    """
    return Server(
        "wsgi:app",
        address=settings.bind,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=10,
        respawn_failed_workers=True,
    )


def main() -> None:
    """Serve until SIGINT or SIGTERM, with the settings of the environment."""
    settings = read_settings()
    if sys.platform == "linux":
        import wsgi  # noqa: F401  imported here so that the workers have it when they are forked
    server_of(settings).serve(target_loader=partial(load, os.getpid()), wrap_loader=False)


if __name__ == "__main__":
    main()
