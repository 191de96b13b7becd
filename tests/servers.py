"""The tests' own PostgreSQL: a cluster in a temporary folder, run by an unprivileged user, ended with the tests."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from trainer.jobs.serving import with_us

# After a crash PostgreSQL syncs its files before it answers: one after another by itself, by one call where it may.
SYNCED_AT_ONCE = ("recovery_init_sync_method=syncfs",) if sys.platform == "linux" else ()


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def postgres_folder() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them off the PATH. None where there are none."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    kept = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: float(path.split("/")[4]))
    return Path(kept[-1]).parent if kept else None


def lives(pid: int) -> bool:
    """Return whether a process runs; one that is dead and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Postgres:
    """A PostgreSQL server of our own, on loopback, synced as in production."""

    def __init__(self) -> None:
        programs = postgres_folder()
        if programs is None:
            raise RuntimeError("PostgreSQL is not installed: run `make test-needs`, or install postgresql")
        self.programs = programs
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="trainer-pg-"))
        self.log = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self._user = None
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            names = {entry.pw_name for entry in pwd.getpwall()}
            self._user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.folder, self._user)
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "site", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
        )
        self.start()

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self.programs / program), *arguments]
        return ["runuser", "-u", self._user, "--", *command] if self._user else command

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(self._command(program, *arguments), capture_output=True, text=True, cwd=self.folder)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")

    def start(self) -> None:
        """Start the server as a service manager would, itself and at once, and wait until it answers.

        Raises with the end of its log when it ends or has not answered within a minute.
        """
        settings = [f"-c{setting}" for setting in ("max_connections=120", "shared_buffers=64MB", *SYNCED_AT_ONCE)]
        program, data = str(self.programs / "postgres"), str(self.folder / "data")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [program, "-D", data, "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder), *settings],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                user=self._user,
                group=pwd.getpwnam(self._user).pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                preexec_fn=with_us,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL does not answer; its log ends:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        import psycopg

        try:
            self.sql("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """End the server as a power cut would, with SIGKILL for it and its backends; all are dead on return."""
        assert self.process is not None
        # Stopped first, so that it starts no other backend after they have been listed.
        self.process.send_signal(signal.SIGSTOP)
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        backends = [int(pid) for pid in listed.stdout.split()]
        for pid in [self.process.pid, *backends]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        end = time.monotonic() + 10
        while any(map(lives, backends)) and time.monotonic() < end:
            time.sleep(0.005)

    def url(self, name: str) -> str:
        """Return the site's address of one database."""
        return f"postgresql+psycopg://site@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str) -> None:
        """Run one statement on the maintenance database, such as CREATE DATABASE."""
        import psycopg

        address = f"host=127.0.0.1 port={self.port} user=site dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]  # the statements are literals of the tests

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self.process is not None and self.process.poll() is None:
            # PostgreSQL's word for "at once": its backends end with it.
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)
