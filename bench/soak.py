"""`make soak`: what takes too long for every run. A thousand kills, storms, random walks, real minutes without a line.

python -m bench.soak [--kills 1000] [--only kills|storms|walks] [--database sqlite|postgresql|both]
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from bench.kills import Outcome, run_kills
from bench.served import ROOT, served

PARTS = ("kills", "storms", "walks")


def kills(database: str, count: int) -> bool:
    """Kill ``count`` times on each database and return whether nothing was lost and the site was back within 5 s."""
    held = True
    if database != "postgresql":
        with served() as site:
            held &= _told("SQLite", run_kills(site, kills=count))
    if database != "sqlite":
        from tests.servers import Postgres

        postgres = Postgres()
        try:
            postgres.sql("CREATE DATABASE kills")
            with served(database_url=postgres.url("kills"), workers=2) as site:
                held &= _told("PostgreSQL", run_kills(site, kills=count, database=postgres))
        finally:
            postgres.stop()
    return held


def _told(name: str, outcome: Outcome) -> bool:
    held = outcome.lost == 0 and not outcome.unexpected and outcome.slowest_return <= 5
    print(f"kills on {name}: {'held' if held else 'NOT HELD'}: {outcome}", flush=True)
    return held


def storms(database: str) -> bool:
    """Let the storms pass; their table says what was met. Return whether all of it was, nothing lost above all."""
    command = [sys.executable, "-m", "bench.storms", "--database", database]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def walks(database: str) -> bool:
    """Run the long random walks and what is marked soak in the browser."""
    tests = [sys.executable, "-m", "pytest", "--soak", "-q"]
    runs = [
        [*tests, "tests/attempts/test_walks.py", "--database", one]
        for one in ("sqlite", "postgresql")
        if database in (one, "both")
    ]
    runs.append([*tests, "tests/browser", "-m", "browser and soak"])
    # All of them, although the first may have failed already.
    codes = [subprocess.run(one, cwd=ROOT, check=False).returncode for one in runs]
    return not any(codes)


def main() -> None:
    """Run the parts that are asked for; ends with 1 when one of them did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args()
    wanted = options.only or PARTS
    held = [
        run()
        for name, run in (
            ("kills", lambda: kills(options.database, options.kills)),
            ("storms", lambda: storms(options.database)),
            ("walks", lambda: walks(options.database)),
        )
        if name in wanted
    ]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
