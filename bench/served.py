"""A real site of our own to measure and to kill: own folder, database and port on loopback, ended by process id."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from tests.servers import free_port, lives
from trainer.jobs.serving import with_us

ROOT = Path(__file__).resolve().parent.parent
SECRET = "for measurements only, not a secret"


class Served:
    """The site under its supervisor, started as `flask serve` starts it."""

    def __init__(self, folder: Path, *, database_url: str | None = None, workers: int = 1, threads: int = 32) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FLASK_")},
            "INSTANCE": str(folder),
            "PORT": str(self.port),
            "SECRET_KEY": SECRET,
            "WEB_WORKERS": str(workers),
            "WEB_THREADS": str(threads),
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(ROOT),
        }
        self.environment.pop("DATABASE_URL", None)
        # A site that is run keeps its compiled modules; to compile them takes longer than all else at its start.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if database_url:
            self.environment["DATABASE_URL"] = database_url
        self.process: subprocess.Popen[bytes] | None = None

    def app(self) -> Flask:
        """Return the site as an object in this process, on the same database, to prepare and to check data."""
        from trainer import create_app
        from trainer.config import read_settings

        return create_app(read_settings(self.environment))

    def migrate(self) -> None:
        """Bring the database to the newest migration."""
        from flask_migrate import upgrade

        from trainer.core.database import db

        with self.app().app_context():
            upgrade()
            db.engine.dispose()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "wsgi", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
                preexec_fn=with_us,
            )
        self.wait()

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until the server answers; raises with its log when it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.answers():
                return
            time.sleep(0.02)
        raise RuntimeError(f"no answer; its log ends:\n{self.log_end()}")

    def log_end(self) -> str:
        """Return the end of what the server has told on stderr so far."""
        return (self.folder / "server.log").read_text()[-2000:]

    def answers(self) -> bool:
        """Return whether /healthz answers 200 now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _children(self, pid: int) -> list[int]:
        try:
            listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            return []
        return [int(one) for one in listed.split()]

    def workers(self) -> list[int]:
        """Return the process ids of the web workers."""
        assert self.process is not None
        found = []
        for child in self._children(self.process.pid):
            try:
                name = Path(f"/proc/{child}/comm").read_text().strip()
            except OSError:
                continue
            if name == "trainer-web":
                found.extend(self._children(child))
        return found

    def kill_workers(self) -> int:
        """SIGKILL every web worker and return how many there were; the server is to respawn them."""
        killed = 0
        for pid in self.workers():
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
        return killed

    def kill(self) -> None:
        """SIGKILL the supervisor; all that it started must end with it."""
        assert self.process is not None
        family = [*self.workers(), *self._children(self.process.pid)]
        self.process.kill()
        self.process.wait()
        end = time.monotonic() + 10
        while any(lives(pid) for pid in family):
            if time.monotonic() > end:
                raise RuntimeError(f"these outlived their server: {family}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End the server politely."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def served(**options: object) -> Iterator[Served]:
    """Give a migrated site in a folder of its own, not yet started; stop and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="trainer-site-") as folder:
        (Path(folder) / "keys").mkdir()
        site = Served(Path(folder), **options)  # type: ignore[arg-type]  # the options are those of Served
        site.migrate()
        try:
            yield site
        finally:
            site.stop()
