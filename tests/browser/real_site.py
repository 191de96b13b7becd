"""A real server for the browser tests: granian on a free port, its own SQLite file, ended by its process id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update

from tests import factories
from tests.servers import free_port
from trainer import ROOT, create_app
from trainer.accounts.models import SignInSession, User
from trainer.config import Settings
from trainer.core.clock import utcnow
from trainer.core.crypto import hash_password, new_token, token_hash
from trainer.core.database import db, transaction
from trainer.jobs.serving import web_command

SECRET = "only for the tests, not a secret"
PASSWORD = "a long word of the tests"
READY_SECONDS = 30


class RealSite:
    """The site as it is served, with the small city of the tests in it."""

    def __init__(self, folder: Path) -> None:
        from flask_migrate import upgrade

        (folder / "keys").mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = Settings(
            instance=folder,
            database_url=f"sqlite:///{folder / 'site.sqlite3'}",
            secret_key=SECRET,
            port=self.port,
            web_threads=8,
            timezone=ZoneInfo("Asia/Shanghai"),
            log_level="ERROR",
        )
        self.app = create_app(self.settings)
        self._child: subprocess.Popen[bytes] | None = None
        with self.app.app_context():
            upgrade()
            self.city = factories.make_city(utcnow())

    @contextmanager
    def at_hand(self):
        """An application context on the site's own database, for factories and for looking at rows."""
        with self.app.app_context():
            yield db.session
            # What was read stays readable afterwards; a rollback would empty it.
            db.session.expunge_all()
            db.session.remove()

    def start(self) -> None:
        """Serve, and wait until the server answers."""
        environment = {
            **os.environ,
            "INSTANCE": str(self.settings.instance),
            "SECRET_KEY": SECRET,
            "PORT": str(self.port),
            "WEB_THREADS": "8",
            "LOG_LEVEL": "ERROR",
            "SERVING": "1",
        }
        environment.pop("DATABASE_URL", None)
        with open(self.settings.instance / "server.log", "ab") as log:
            self._child = subprocess.Popen(
                web_command(),
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self._child.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.settings.instance / "server.log").read_text()[-2000:])
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=1) as reply:
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """End the server and its workers by the process group that we started. A second call does nothing."""
        if self._child is None:
            return
        os.killpg(self._child.pid, signal.SIGTERM)
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait(5)
        self._child = None

    def session_of(self, username: str) -> str:
        """Open a session for a person and return its token, as the cookie holds it."""
        token, now = new_token(), utcnow()
        with self.at_hand(), transaction() as session:
            row = {
                "token_hash": token_hash(token),
                "user_id": self.city.people[username],
                "created_at": now,
                "seen_at": now,
                "expires_at": now + timedelta(hours=4),
            }
            session.execute(insert(SignInSession), [row])
        return token

    def give_password(self, username: str) -> None:
        """Let a person sign in with ``PASSWORD``."""
        with self.at_hand(), transaction() as session:
            session.execute(update(User).where(User.username == username).values(password_hash=hash_password(PASSWORD)))

    def end_sessions(self, username: str) -> None:
        """End all sessions of a person, as a new password does."""
        with self.at_hand(), transaction() as session:
            session.query(SignInSession).filter_by(user_id=self.city.people[username]).delete()
