"""The tests' own PostgreSQL: a cluster in a temporary folder, run by an unprivileged user, ended with the tests."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path


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


class Postgres:
    """A PostgreSQL server of our own, on loopback, synced as in production."""

    def __init__(self) -> None:
        programs = postgres_folder()
        if programs is None:
            raise RuntimeError("PostgreSQL is not installed: run `make test-needs`, or install postgresql")
        self.programs = programs
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="trainer-pg-"))
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
        """Start the server and wait until it answers."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c max_connections=120 -c shared_buffers=64MB"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-l", log, "-w", "-t", "60", "start")

    def kill(self) -> None:
        """End the server as a power cut would, with SIGKILL for it and its backends."""
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True)
        for pid in [postmaster, *map(int, children.stdout.split())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and Path(f"/proc/{postmaster}").exists():
            time.sleep(0.05)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

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
        subprocess.run(
            self._command("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop"), capture_output=True
        )
        shutil.rmtree(self.folder, ignore_errors=True)
