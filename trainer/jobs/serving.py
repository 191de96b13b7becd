"""The server: the web server and the scheduler beside it, under one supervisor that ends both.

The supervisor holds the lock of the instance, so that two servers never run on one folder, and its children die with
it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from trainer.config import Settings
from trainer.core.locks import InstanceLock
from trainer.core.process import PR_SET_PDEATHSIG, Copy, few_heaps

STOP_SECONDS = 15.0
# To put the site together takes a second or two, on a machine that is busy with more many times that.
STARTING_SECONDS = 60.0
# A web server that had its workers and does not bring a dead one back has stumbled itself.
NO_WORKER_SECONDS = 1.5
FEW_WORKERS_SECONDS = 6.0
# The scheduler puts the site together as the web server does; on few cores that would keep those who write waiting.
WEB_FIRST_SECONDS = 10.0


def web_command() -> list[str]:
    """Return the command line of the web server, which reads its settings from the environment."""
    return [sys.executable, "-m", "trainer.jobs.web"]


def address_of(settings: Settings) -> str:
    """Return the http address under which this machine reaches the web server."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}  # noqa: S104  read, not bound
    host = everywhere.get(settings.bind, settings.bind)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def scheduler_command() -> list[str]:
    """Return the command line of the scheduler."""
    return [sys.executable, "-m", "flask", "--app", "wsgi", "scheduler"]


# Imported in the child: the supervisor itself serves nothing, and who only asks for an address needs neither.
def _serve_web() -> None:
    from trainer.jobs.web import main

    main()


def _run_scheduler() -> None:
    from trainer.jobs.runner import run_forever
    from wsgi import app

    with app.app_context():
        run_forever(app)


def with_us() -> None:
    """Run in the child before exec: the kernel ends it when the supervisor ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def port_problem(bind: str, port: int) -> str:
    """Return why nobody can listen there, empty when it is free.

    Granian shares its port with whoever lets it (SO_REUSEPORT), so a second site would answer every other request of
    the first; and that one's health would be taken for ours.
    """
    try:
        family, kind, number, _name, address = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, number) as probe:
            # Connections that have just been closed are no hindrance; a listener is.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        return error.strerror or str(error)
    return ""


# A proxy for the outside world, named in the environment, knows nothing of our loopback.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Crew:
    """Watches the ``workers`` of a web server that is started at ``now``; times are those of a monotonic clock."""

    def __init__(self, workers: int, now: float) -> None:
        self.workers = workers
        self._whole_at = now
        self._is_starting = True

    def has_lost_some(self, seen: int, now: float) -> bool:
        """Return whether this web server has been without some of its workers for too long, given how many are seen.

        Before it has had all of them it gets ``STARTING_SECONDS``: ended earlier, a slow start would never be done.
        Once it has said so, the time counts anew.
        """
        if seen >= self.workers:
            self._whole_at, self._is_starting = now, False
        patience = STARTING_SECONDS if self._is_starting else FEW_WORKERS_SECONDS if seen else NO_WORKER_SECONDS
        if now - self._whole_at <= patience:
            return False
        self._whole_at = now
        return True


class Supervisor:
    """Keeps the web server and the scheduler running until it is told to stop."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self.settings = settings
        self.root = root
        self.commands: dict[str, list[str] | Callable[[], None]] = (
            {"web": _serve_web, "scheduler": _run_scheduler}
            if sys.platform == "linux"
            else {"web": web_command(), "scheduler": scheduler_command()}
        )
        self.children: dict[str, subprocess.Popen[bytes] | Copy] = {}
        self._stopping = False
        self._lock: InstanceLock | None = None
        self._crew = Crew(settings.web_workers, time.monotonic())

    def _start(self, name: str) -> None:
        command = self.commands[name]
        environment = {"SERVING": "1", "INSTANCE": str(self.settings.instance)}
        if callable(command):
            self.children[name] = Copy(f"trainer-{name}", partial(self._become, command, environment))
        else:
            # The C library would keep a heap for each thread, and what one frees another could not use.
            self.children[name] = subprocess.Popen(
                command,
                cwd=self.root,
                env={"MALLOC_ARENA_MAX": "2", **os.environ, **environment},
                preexec_fn=with_us,
                start_new_session=True,
            )
        if name == "web":
            self._crew = Crew(self.settings.web_workers, time.monotonic())

    def _become(self, work: Callable[[], None], environment: dict[str, str]) -> None:
        """Be a child that was forked: do its ``work`` with a site of its own."""
        if self._lock is not None:
            self._lock.leave()
        few_heaps()
        os.environ.update(environment)
        os.chdir(self.root)
        # Put together again from what is imported already, because one that serves is another than one that commands.
        sys.modules.pop("wsgi", None)
        work()

    def hold(self) -> bool:
        """Take the instance for this process until it ends; say why and return False when that cannot be.

        To be called before anything is written: a second server, of a newer release perhaps, must not migrate the
        database under the first. A second call changes nothing.
        """
        if self._lock is None:
            lock = InstanceLock(str(self.settings.instance / "server.lock"))
            if not lock.take():
                print(f"another server (process {lock.holder()}) runs on {self.settings.instance}", file=sys.stderr)
                return False
            self._lock = lock
        wrong = port_problem(self.settings.bind, self.settings.port)
        if wrong:
            print(f"BIND {self.settings.bind}, PORT {self.settings.port}: {wrong}", file=sys.stderr)
        return not wrong

    def run(self, when_ready: Callable[[], None]) -> int:
        """Serve until SIGINT or SIGTERM and return the exit status; 1 when instance or port are not to be had."""
        if not self.hold():
            return 1
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(self, "_stopping", True))
        try:
            return self._keep_running(when_ready)
        finally:
            self.stop()

    def _keep_running(self, when_ready: Callable[[], None]) -> int:
        self._start("web")
        started = {"web": time.monotonic()}
        announced = False
        while not self._stopping:
            time.sleep(0.1)
            if "scheduler" not in started and (announced or time.monotonic() - started["web"] > WEB_FIRST_SECONDS):
                self._start("scheduler")
                started["scheduler"] = time.monotonic()
            for name, child in list(self.children.items()):
                if child.poll() is None or self._stopping:
                    continue
                if name == "web" and not announced:
                    print("the web server could not start; the reason stands above", file=sys.stderr)
                    return 1
                # A server that dies at once, again and again, must not keep a core busy.
                time.sleep(0.2 if time.monotonic() - started[name] > 1.5 else 2.0)
                self._start(name)
                started[name] = time.monotonic()
            if announced:
                self._look_after_workers()
            elif self.is_ready():
                announced = True
                when_ready()
        return 0

    def _look_after_workers(self) -> None:
        """End a web server that has lost workers and does not bring them back; the loop then starts a new one."""
        web = self.children["web"]
        try:
            listed = Path(f"/proc/{web.pid}/task/{web.pid}/children").read_text().split()
        except OSError:
            return
        if self._crew.has_lost_some(len(listed), time.monotonic()):
            print("the web server has lost workers; starting it anew", file=sys.stderr)
            web.send_signal(signal.SIGTERM if listed else signal.SIGKILL)

    def is_ready(self) -> bool:
        """Return whether our own web server answers that all is in order."""
        request = urllib.request.Request(f"{address_of(self.settings)}/healthz")  # noqa: S310  our own http address
        try:
            with _DIRECT.open(request, timeout=1) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError, TimeoutError):
            return False

    def stop(self) -> None:
        """End the children: politely first, so that requests under way are finished, then for good."""
        self._stopping = True
        for child in self.children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
