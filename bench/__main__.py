"""`make bench`: product and floor in turn on this machine, medians of the rounds, told as ratios.

python -m bench [--rounds 5] [--seconds 2] [--database sqlite|postgresql|both]
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench.contest import enter_competition
from bench.floor import cookie
from bench.hall import Hall, Sitter, furnish
from bench.load import Measured, drive, http
from bench.served import ROOT, SECRET, Served, served
from tests.servers import free_port
from trainer.core.database import db
from trainer.jobs.serving import with_us

CONNECTIONS = 32
ITEMS = 100


class Floor:
    """The floor application under the same server as the product."""

    def __init__(self, folder: Path, address: str, workers: int, threads: int) -> None:
        self.port = free_port()
        environment = {**os.environ, "FLOOR_DATABASE": address, "PYTHONPATH": str(ROOT)}
        make = [sys.executable, "-c", "from bench.floor import prepare; prepare()"]
        subprocess.run(make, env=environment, cwd=ROOT, check=True)
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(self.port)]
        command += ["--workers", str(workers), "--blocking-threads", str(threads), "--backlog", "4096"]
        command += ["--backpressure", "16384", "--http", "1", "--no-ws", "--log-level", "error", "bench.floor:app"]
        self.process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True, preexec_fn=with_us)
        Served.wait(self)  # type: ignore[arg-type]  # it needs only answers()

    answers = Served.answers

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)


def floor_saves(person: int) -> Callable[[], bytes | None]:
    """Return a source of the floor's writes for one person."""
    headers = {"Cookie": cookie(person)}
    numbers = itertools.count()

    def make() -> bytes:
        body = orjson.dumps({"number": next(numbers) % ITEMS + 1, "answer": '"B"'})
        return http("PUT", "/save", headers, body)

    return make


def product_saves(sitter: Sitter) -> Callable[[], bytes | None]:
    """Return a source of one candidate's saves, a fresh number each, through the real API."""
    headers = {name: value for name, value in sitter.headers.items() if name != "Content-Type"}
    path = f"/api/v1/attempts/{sitter.attempt_id}/responses"
    singles = [n for n, shape in enumerate(sitter.hall.shapes, 1) if shape["kind"] == "single_choice"]
    numbers = itertools.cycle(singles)

    def make() -> bytes:
        sitter.seq += 1
        row = {"number": next(numbers), "answer": "ABCD"[sitter.seq % 4], "seq": sitter.seq}
        return http("PUT", path, headers, orjson.dumps({"epoch": sitter.epoch, "responses": [row]}))

    return make


def once(requests: list[bytes]) -> Callable[[], bytes | None]:
    """Return a source that gives each request once."""
    left = iter(requests)
    return lambda: next(left, None)


def forever(request: bytes) -> Callable[[], bytes | None]:
    """Return a source that gives the same request again and again."""
    return lambda: request


def starts(hall: Hall, tokens: list[str]) -> list[Callable[[], bytes | None]]:
    """Return sources in which each person starts the exam once."""
    path = f"/api/v1/exams/{hall.exam_id}/attempts"
    made = [http("POST", path, {"Cookie": f"session={token}", "X-CSRFToken": hall.csrf(token)}) for token in tokens]
    return [once(made[number::CONNECTIONS]) for number in range(CONNECTIONS)]


def _line(name: str, floor: list[Measured], product: list[Measured]) -> dict[str, Any]:
    """Return one row of the table: medians, and the ratio round by round, its median, least and most."""
    rates = sorted(p.rate / f.rate for f, p in zip(floor, product, strict=True))
    cpus = sorted(p.cpu_ms / f.cpu_ms for f, p in zip(floor, product, strict=True) if f.cpu_ms)
    return {
        "name": name,
        "floor": median(one.rate for one in floor),
        "product": median(one.rate for one in product),
        "rate": (median(rates), rates[0], rates[-1]),
        "cpu": (median(cpus), cpus[0], cpus[-1]) if cpus else (0, 0, 0),
        "floor_cpu": median(one.cpu_ms for one in floor),
        "product_cpu": median(one.cpu_ms for one in product),
        "p99": (median(one.percentile(0.99) for one in floor), median(one.percentile(0.99) for one in product)),
        "bad": sum(one.bad for one in floor) + sum(one.bad for one in product),
    }


def measure(site: Served, floor_address: str, *, rounds: int, seconds: float, people: int) -> list[dict[str, Any]]:
    """Measure saves, starts and the leaderboard, floor and product in turn, and return the rows of the table."""
    is_sqlite = "DATABASE_URL" not in site.environment
    app = site.app()
    per_round = 400
    hall = furnish(app, SECRET, candidates=max(people, CONNECTIONS + per_round * rounds), items=ITEMS)
    board = enter_competition(app, hall.exam_id, people)
    with app.app_context():
        db.engine.dispose()
    site.start()
    # The floor writes fastest on SQLite with a single thread, for its threads only fight for the lock.
    floor = Floor(site.folder, floor_address, 1 if is_sqlite else 2, 1 if is_sqlite else 8)
    found: dict[str, tuple[list[Measured], list[Measured]]] = {name: ([], []) for name in ("save", "start", "board")}
    try:
        sitters = [Sitter(hall, number, site.port) for number in range(CONNECTIONS)]
        for sitter in sitters:
            assert sitter.begin() in (200, 201)
            sitter.close()
        fresh = iter(hall.tokens[CONNECTIONS:])
        board_page = [
            forever(http("GET", board, {"Cookie": f"session={token}"})) for token in hall.tokens[:CONNECTIONS]
        ]
        plain_page = [forever(http("GET", "/cookie", {"Cookie": cookie(n)})) for n in range(CONNECTIONS)]
        for _ in range(rounds):
            writes = [floor_saves(person) for person in range(CONNECTIONS)]
            written = drive(floor.port, writes, seconds=seconds, pids=floor.workers())
            found["save"][0].append(written)
            saves = [product_saves(sitter) for sitter in sitters]
            found["save"][1].append(drive(site.port, saves, seconds=seconds, pids=site.workers()))
            found["start"][0].append(written)
            beginners = [next(fresh) for _ in range(per_round)]
            begun = drive(site.port, starts(hall, beginners), seconds=60, pids=site.workers())
            found["start"][1].append(begun)
            found["board"][0].append(drive(floor.port, plain_page, seconds=seconds, pids=floor.workers()))
            found["board"][1].append(drive(site.port, board_page, seconds=seconds, pids=site.workers()))
    finally:
        floor.stop()
        site.stop()
    names = {
        "save": "save an answer ÷ floor's write",
        "start": f"start a {ITEMS}-item paper ÷ floor's write",
        "board": f"leaderboard of {people} with own place ÷ floor's cookie-only page",
    }
    return [_line(names[key], *found[key]) for key in names]


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Print the table as Markdown."""
    print(f"\n### {title}\n")
    print("| | floor /s | product /s | rate ratio, median [least–most] | CPU ratio | CPU ms | p99 ms | refused |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        rate, cpu = row["rate"], row["cpu"]
        print(
            f"| {row['name']} | {row['floor']:,.0f} | {row['product']:,.0f} "
            f"| **{rate[0]:.2f}** [{rate[1]:.2f}–{rate[2]:.2f}] | **{cpu[0]:.2f}** [{cpu[1]:.2f}–{cpu[2]:.2f}] "
            f"| {row['floor_cpu']:.2f} / {row['product_cpu']:.2f} | {row['p99'][0]:.0f} / {row['p99'][1]:.0f} "
            f"| {row['bad']} |"
        )


def main() -> None:
    """Run what the arguments ask for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Product and floor in turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args()
    began = time.monotonic()
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores")
    common = {"rounds": options.rounds, "seconds": options.seconds, "people": options.people}
    if options.database != "postgresql":
        with served() as site:
            show("SQLite, synchronous=FULL", measure(site, str(site.folder / "floor.sqlite3"), **common))
    if options.database != "sqlite":
        from tests.servers import Postgres

        postgres = Postgres()
        try:
            postgres.sql("CREATE DATABASE product")
            postgres.sql("CREATE DATABASE floor")
            with served(database_url=postgres.url("product"), workers=1, threads=32) as site:
                show("PostgreSQL, synchronous commit", measure(site, postgres.url("floor"), **common))
        finally:
            postgres.stop()
    print(f"\n{options.rounds} rounds of {options.seconds:g} s each, {time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
