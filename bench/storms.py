"""Storms of a city-wide exam: a second's answers of thousands, the rush of the start, and the hand-in with grading.

Open loop: each request is due at a moment fixed beforehand, and its time counts from then, so that a server that stands
still is not let off by a generator that waits. The generator keeps its own ledger of what was acknowledged, and looks
for every entry in the tables when the storm is over. Floor and product weather the same storm in the same run.

python -m bench.storms [--database sqlite|postgresql|both] [--people 2000] [--starts 10000] [--seconds 15]
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import random
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select

from bench.__main__ import Floor
from bench.floor import cookie
from bench.hall import Hall, any_answer, furnish
from bench.load import cpu_seconds, http
from bench.served import SECRET, Served, served
from trainer.attempts.models import Attempt, Response, ResponseEvent
from trainer.core.clock import iso_z
from trainer.core.database import db
from trainer.marking.models import Result

ITEMS = 100
GRADED_WITHIN = 60.0


@dataclass
class Due:
    """A request, when it is due (seconds from the beginning) and what to do with its answer (status, body)."""

    at: float
    line: int
    request: bytes | Callable[[], bytes]
    then: Callable[[int, bytes], None] | None = None


@dataclass
class Storm:
    """What came of a storm: seconds since due, sorted, and how many were refused, by status; 5xx are among them."""

    name: str
    waits: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    cpu: float = 0.0

    def ms(self, share: float) -> float:
        """Return a wait in milliseconds."""
        return 1000 * self.waits[min(len(self.waits) - 1, int(share * len(self.waits)))] if self.waits else 0.0

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu / len(self.waits) if self.waits else 0.0


class _Line:
    __slots__ = ("buffer", "need", "queue", "sent", "socket", "status")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.queue: list[Due] = []
        self.sent = False
        self.buffer, self.need, self.status = bytearray(), -1, 0

    def send(self) -> None:
        due = self.queue[0]
        self.buffer, self.need, self.sent = bytearray(), -1, True
        self.socket.sendall(due.request if isinstance(due.request, bytes) else due.request())

    def take(self) -> bool:
        more = self.socket.recv(262_144)
        if not more:
            raise ConnectionError("the server closed the line")
        self.buffer += more
        if self.need < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self.buffer[:end]).lower()
            self.status = int(head[9:12])
            at = head.find(b"content-length:")
            self.need = end + 4 + (int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
        return len(self.buffer) >= self.need

    @property
    def body(self) -> bytes:
        return bytes(self.buffer).split(b"\r\n\r\n", 1)[1]


def weather(name: str, port: int, dues: Sequence[Due], pids: Sequence[int] = (), patience: float = 90.0) -> Storm:
    """Send each request when it is due, or as soon after as its line is free; count from when it was due."""
    chooser = selectors.DefaultSelector()
    lines = [_Line(port) for _ in range(max(due.line for due in dues) + 1)]
    for line in lines:
        chooser.register(line.socket, selectors.EVENT_READ, line)
    waiting = [(due.at, number) for number, due in enumerate(dues)]
    heapq.heapify(waiting)
    storm, open_ones, before = Storm(name), len(dues), cpu_seconds(pids)
    began = time.perf_counter()
    while open_ones:
        now = time.perf_counter() - began
        while waiting and waiting[0][0] <= now:
            due = dues[heapq.heappop(waiting)[1]]
            line = lines[due.line]
            line.queue.append(due)
            if not line.sent:
                line.send()
        pause = min(0.05, max(0.0, waiting[0][0] - now)) if waiting else 0.05
        if now > dues[-1].at + patience:
            raise RuntimeError(f"{open_ones} answers are missing {patience:.0f} s after the last request was due")
        for key, _events in chooser.select(pause):
            line = key.data
            if not line.take():
                continue
            due = line.queue.pop(0)
            line.sent = False
            open_ones -= 1
            storm.waits.append(time.perf_counter() - began - due.at)
            if line.status >= 400:
                storm.refused[line.status] = storm.refused.get(line.status, 0) + 1
            if due.then:
                due.then(line.status, line.body)
            if line.queue:
                line.send()
    storm.seconds = time.perf_counter() - began
    storm.cpu = cpu_seconds(pids) - before
    for line in lines:
        line.socket.close()
    chooser.close()
    storm.waits.sort()
    return storm


@dataclass
class Person:
    """A candidate and the ledger of what was acknowledged: events by (number, seq), hand-in by its receipt."""

    headers: dict[str, str]
    attempt_id: int = 0
    epoch: int = 0
    seq: int = 0
    events: dict[tuple[int, int], str] = field(default_factory=dict)
    handed_in: str | None = None

    def begun(self, status: int, body: bytes) -> None:
        if status in (200, 201):
            # The whole paper is not parsed: ids stand before it.
            head = orjson.loads(body.split(b',"paper":', 1)[0] + b"}")
            self.attempt_id, self.epoch = int(head["attempt_id"]), head["epoch"]

    def saved(self, status: int, body: bytes) -> None:
        if status == 200:
            for one in orjson.loads(body)["saved"]:
                self.events[one["number"], one["seq"]] = one["digest"]

    def taken(self, status: int, body: bytes) -> None:
        if status == 200:
            self.handed_in = orjson.loads(body)["submitted_at"]


def people_of(hall: Hall) -> list[Person]:
    """Return the candidates of a hall with an empty ledger each."""
    return [Person({"Cookie": f"session={token}", "X-CSRFToken": hall.csrf(token)}) for token in hall.tokens]


def a_start(hall: Hall, person: Person) -> bytes:
    return http("POST", f"/api/v1/exams/{hall.exam_id}/attempts", person.headers)


def an_answer(hall: Hall, person: Person, chance: random.Random, count: int = 1) -> bytes:
    """Return a save of ``count`` items, the first ones where it is more than one."""
    numbers = [chance.randrange(ITEMS) + 1] if count == 1 else range(1, count + 1)
    rows = []
    for number in numbers:
        person.seq += 1
        rows.append({"number": number, "answer": any_answer(hall.shapes[number - 1], chance), "seq": person.seq})
    body = orjson.dumps({"epoch": person.epoch, "responses": rows})
    return http("PUT", f"/api/v1/attempts/{person.attempt_id}/responses", person.headers, body)


def a_hand_in(person: Person) -> bytes:
    body = orjson.dumps({"epoch": person.epoch})
    return http("POST", f"/api/v1/attempts/{person.attempt_id}/submit", person.headers, body)


def floor_write(person: int, number: int) -> bytes:
    body = orjson.dumps({"number": number % ITEMS + 1, "answer": '"B"'})
    return http("PUT", "/save", {"Cookie": cookie(person)}, body)


def spread(count: int, seconds: float) -> list[float]:
    return [seconds * place / count for place in range(count)]


def memory_mib(pids: Sequence[int]) -> float:
    """Return the largest proportional set size of a process, in MiB."""
    sizes = [0.0]
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        sizes.append(next(int(row.split()[1]) for row in text.splitlines() if row.startswith("Pss:")) / 1024)
    return max(sizes)


@dataclass
class Losses:
    """What the ledger misses in the tables."""

    acknowledged: int = 0
    lost: int = 0
    handed_in: int = 0
    ungraded: int = 0


def compare(people: Sequence[Person]) -> Losses:
    """Look in the tables for everything that was acknowledged."""
    from trainer.attempts.save import digest

    found = Losses()
    for person in people:
        if not person.attempt_id:
            continue
        attempt_id = person.attempt_id
        rows = db.session.execute(
            select(ResponseEvent.number, ResponseEvent.seq, ResponseEvent.answer).where(
                ResponseEvent.attempt_id == attempt_id
            )
        )
        kept = {(row.number, row.seq): digest(attempt_id, row.number, row.seq, row.answer) for row in rows}
        stand = dict(
            db.session.execute(select(Response.number, Response.seq).where(Response.attempt_id == attempt_id)).all()
        )
        found.acknowledged += len(person.events)
        found.lost += sum(1 for key, told in person.events.items() if kept.get(key) != told)
        found.lost += sum(1 for number, seq in person.events if stand.get(number, 0) < seq)
        if person.handed_in:
            found.handed_in += 1
            at = db.session.execute(select(Attempt.submitted_at).where(Attempt.id == attempt_id)).scalar()
            found.lost += iso_z(at) != person.handed_in
            found.ungraded += db.session.get(Result, attempt_id) is None
    return found


def run(site: Served, floor_address: str, *, people: int, starts: int, seconds: float, start_seconds: float) -> None:
    """Let the three storms pass over floor and product, and print what came of them against must and moonshot."""
    is_sqlite = "DATABASE_URL" not in site.environment
    app = site.app()
    hall = furnish(app, SECRET, candidates=starts + people, items=ITEMS)
    with app.app_context():
        db.engine.dispose()
    crowd = people_of(hall)
    writers, beginners = crowd[:people], crowd[people:]
    chance = random.Random(1)
    site.start()
    floor = Floor(site.folder, floor_address, 1 if is_sqlite else 2, 1 if is_sqlite else 8)
    try:
        dues = [
            Due(at, place % 200, a_start(hall, one), one.begun)
            for place, (at, one) in enumerate(zip(spread(people, people / 400), writers, strict=True))
        ]
        weather("warm up", site.port, dues)
        beats = max(1, int(seconds))
        moments = [(beat + place / people, place) for beat in range(beats) for place in range(people)]
        numbers = itertools.count()
        writes = [Due(at, place, floor_write(place, next(numbers))) for at, place in moments]
        floor_answers = weather("floor's writes", floor.port, writes, floor.workers())
        answers = weather(
            "answers",
            site.port,
            [Due(at, n, lambda one=writers[n]: an_answer(hall, one, chance), writers[n].saved) for at, n in moments],
            site.workers(),
        )
        rush = [
            Due(at, place % 1000, a_start(hall, one), one.begun)
            for place, (at, one) in enumerate(zip(spread(starts, start_seconds), beginners, strict=True))
        ]
        begun = weather("starts", site.port, rush, site.workers())
        fill = [
            Due(at, place % 200, lambda one=one: an_answer(hall, one, chance, ITEMS), one.saved)
            for place, (at, one) in enumerate(zip(spread(people, people / 60), writers, strict=True))
        ]
        weather("fill", site.port, fill)
        leave = [
            Due(at, place % 200, a_hand_in(one), one.taken)
            for place, (at, one) in enumerate(zip(spread(people, people / 170), writers, strict=True))
        ]
        writes = [Due(due.at, due.line, floor_write(n, n)) for n, due in enumerate(leave)]
        floor_leave = weather("floor's writes", floor.port, writes, floor.workers())
        gone = weather("hand-ins", site.port, leave, site.workers())
        ended = time.monotonic()
        graded_after = wait_for_marks(app, sum(1 for one in writers if one.handed_in), ended)
        most = memory_mib(site.workers())
    finally:
        floor.stop()
        site.stop()
    with app.app_context():
        losses = compare(crowd)
        db.session.remove()
        db.engine.dispose()
    show(answers, floor_answers, begun, gone, floor_leave, losses, graded_after, most, people, start_seconds)


def wait_for_marks(app: Any, wanted: int, since: float) -> float:
    """Return the seconds until all hand-ins have their result; infinite when that takes longer than it may."""
    with app.app_context():
        while time.monotonic() - since < GRADED_WITHIN:
            db.session.rollback()
            if (db.session.scalar(select(func.count()).select_from(Result)) or 0) >= wanted:
                return time.monotonic() - since
            time.sleep(0.2)
        db.session.remove()
    return float("inf")


def verdict(value: float, must: float, moonshot: float | None = None) -> str:
    """Return whether a figure, of which less is better, meets must or moonshot."""
    if moonshot is not None and value <= moonshot:
        return "moonshot"
    return "must" if value <= must else "**not met**"


def show(
    answers: Storm,
    floor: Storm,
    begun: Storm,
    gone: Storm,
    floor_leave: Storm,
    losses: Losses,
    graded_after: float,
    most: float,
    people: int,
    start_seconds: float,
) -> None:
    """Print the table as Markdown."""
    ratio = answers.ms(0.99) / max(0.01, floor.ms(0.99))
    cpu = gone.cpu_ms / max(0.001, floor_leave.cpu_ms)
    rate = len(gone.waits) / gone.seconds
    bad = sum(count for one in (answers, begun, gone) for count in one.refused.values())
    print("\n| storm | figure | | must / moonshot | met |\n| --- | --- | --- | --- | --- |")
    rows = [
        (
            f"{people} people, an answer a second each",
            "p99 ÷ floor's p99",
            f"{ratio:.2f} ({answers.ms(0.99):.1f} / {floor.ms(0.99):.1f} ms)",
            "4 / 2",
            verdict(ratio, 4, 2),
        ),
        (
            "",
            "longest",
            f"{answers.ms(1):.0f} ms (floor {floor.ms(1):.0f})",
            "250 / 50 ms",
            verdict(answers.ms(1), 250, 50),
        ),
        (
            f"{len(begun.waits)} starts within {start_seconds:g} s",
            "p99 since due",
            f"{begun.ms(0.99):.1f} ms (p50 {begun.ms(0.5):.1f}, longest {begun.ms(1):.0f})",
            "250 / 40 ms",
            verdict(begun.ms(0.99), 250, 40),
        ),
        (
            f"{len(gone.waits)} hand-ins of {ITEMS} items, graded",
            "CPU ÷ floor's write",
            f"{cpu:.1f} ({gone.cpu_ms:.2f} / {floor_leave.cpu_ms:.2f} ms)",
            "4 / 2",
            verdict(cpu, 4, 2),
        ),
        ("", "10,000 would take", f"{10_000 / rate:.0f} s", "60 s", verdict(10_000 / rate, 60)),
        ("", "all graded after", f"{graded_after:.1f} s", "60 s", verdict(graded_after, 60)),
        ("all", "refused", f"{bad}", "0", verdict(bad, 0)),
        (
            "",
            "lost of the acknowledged",
            f"{losses.lost} of {losses.acknowledged + losses.handed_in}",
            "0",
            verdict(losses.lost + losses.ungraded, 0),
        ),
        ("", "memory of a worker", f"{most:.0f} MiB", "150 MiB", verdict(most, 150)),
    ]
    for row in rows:
        print("| " + " | ".join(row) + " |")


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench.storms", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--starts", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--start-seconds", type=float, default=60.0)
    options = parser.parse_args()
    common = {name: getattr(options, name) for name in ("people", "starts", "seconds", "start_seconds")}
    if options.database != "postgresql":
        with served() as site:
            print("\n### Storms on SQLite, synchronous=FULL")
            run(site, str(site.folder / "floor.sqlite3"), **common)
    if options.database != "sqlite":
        from tests.servers import Postgres

        postgres = Postgres()
        try:
            postgres.sql("CREATE DATABASE product")
            postgres.sql("CREATE DATABASE floor")
            with served(database_url=postgres.url("product"), workers=2, threads=8) as site:
                print("\n### Storms on PostgreSQL, synchronous commit")
                run(site, postgres.url("floor"), **common)
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
