"""Storms of a city-wide exam: answers of thousands, the rush of the start, sign-ins in front of it, hand-ins.

The generator keeps its own ledger of what was acknowledged, and looks for every entry in the tables when the storm is
over. Floor and product weather the same storm in the same run.

python -m bench.storms [--database sqlite|postgresql|both] [--only answers|starts|tickets|passwords|hand-ins]
                       [--people 2000] [--starts 10000] [--hand-ins 10000] [--seconds 15] [--start-seconds 60]

Ends with 1 where a figure was not met.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from bench.__main__ import Floor
from bench.floor import cookie
from bench.hall import Hall, any_answer, furnish
from bench.ledger import Person, a_start, compare, cookie_of
from bench.load import Line, http
from bench.served import SECRET, Served, served
from bench.weather import Due, Follow, Storm, spread, weather
from trainer.accounts.models import SignInSession, User
from trainer.core.crypto import hash_password, new_ticket, token_hash
from trainer.core.database import db, transaction
from trainer.exams.models import Candidate
from trainer.marking.models import Result

ITEMS = 100
GRADED_WITHIN = 60.0
PASSWORD = "a password of the storms"
WRITERS = 500
ROUNDS = 3
PARTS = ("answers", "starts", "tickets", "passwords", "hand-ins")


def people_of(hall: Hall) -> list[Person]:
    """Return the candidates of a hall with an empty ledger each."""
    return [Person(hall, token) for token in hall.tokens]


def an_answer(person: Person, chance: random.Random, count: int = 1) -> bytes:
    """Return a save of ``count`` items, the first ones where it is more than one."""
    numbers = [chance.randrange(ITEMS) + 1] if count == 1 else range(1, count + 1)
    rows = []
    for number in numbers:
        person.seq += 1
        given = any_answer(person.hall.shapes[number - 1], chance)
        rows.append({"number": number, "answer": given, "seq": person.seq})
    body = orjson.dumps({"epoch": person.epoch, "responses": rows})
    return http("PUT", f"/api/v1/attempts/{person.attempt_id}/responses", person.headers, body)


def a_hand_in(person: Person) -> bytes:
    body = orjson.dumps({"epoch": person.epoch})
    return http("POST", f"/api/v1/attempts/{person.attempt_id}/submit", person.headers, body)


def a_sign_in(turn: str = "", **credentials: str) -> bytes:
    return http("POST", "/api/v1/session", {"Cookie": f"turn={turn}"} if turn else {}, orjson.dumps(credentials))


def floor_write(person: int, number: int) -> bytes:
    body = orjson.dumps({"number": number % ITEMS + 1, "answer": '"B"'})
    return http("PUT", "/save", {"Cookie": cookie(person)}, body)


def memory_mib(pids: Sequence[int]) -> float:
    """Return the largest proportional set size of a process, in MiB."""
    sizes = [0.0]
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        sizes.append(next(int(row.split()[1]) for row in text.splitlines() if row.startswith("Pss:")) / 1024)
    return max(sizes)


@dataclass
class Row:
    """A line of the table. ``least`` turns the verdict around: more is better."""

    storm: str
    figure: str
    told: str
    value: float
    must: float
    moonshot: float | None = None
    unit: str = ""
    least: bool = False

    def __str__(self) -> str:
        aims = f"{self.must:g}" if self.moonshot is None else f"{self.must:g} / {self.moonshot:g}"
        cells = (self.storm, self.figure, self.told, f"{aims} {self.unit}".strip(), self.verdict)
        return "| " + " | ".join(cells) + " |"

    def _meets(self, aim: float) -> bool:
        return self.value >= aim if self.least else self.value <= aim

    @property
    def is_met(self) -> bool:
        """Whether the figure is what it must be."""
        return self._meets(self.must)

    @property
    def verdict(self) -> str:
        """Whether the figure meets must or moonshot."""
        if self.moonshot is not None and self._meets(self.moonshot):
            return "moonshot"
        return "must" if self.is_met else "**not met**"


@dataclass
class Scene:
    """What the storms of one run share: the site and the floor beside it, both up, and those who take part."""

    site: Served
    floor: Floor
    app: Any
    crowd: list[Person]
    people: int
    starts: int
    hand_ins: int
    seconds: float
    start_seconds: float
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    tokens: list[str] = field(default_factory=list)
    refused: int = 0

    def take(self, count: int) -> list[Person]:
        """Return people of the crowd who have not taken part yet."""
        taken, self.crowd[:] = self.crowd[:count], self.crowd[count:]
        return taken

    def pass_over(self, name: str, dues: Sequence[Due], patience: float = 90.0) -> Storm:
        """Let a storm pass over the site."""
        storm = weather(name, self.site.port, dues, self.site.workers(), patience)
        self.refused += storm.bad
        return storm

    def let_begin(self, people: Sequence[Person], rate: float = 400.0) -> None:
        """Let people start, ``rate`` a second."""
        moments = zip(spread(len(people), len(people) / rate), people, strict=True)
        dues = [Due(at, place % 200, a_start(one), one.begun) for place, (at, one) in enumerate(moments)]
        self.pass_over("warm up", dues)


def answers(scene: Scene) -> list[Row]:
    """Let everybody answer once a second, on the floor first."""
    people = scene.people
    writers = scene.take(people)
    scene.let_begin(writers)
    beats = max(1, int(scene.seconds))
    moments = [(beat + place / people, place) for beat in range(beats) for place in range(people)]
    numbers = itertools.count()
    writes = [Due(at, place, floor_write(place, next(numbers))) for at, place in moments]
    floor = weather("floor's writes", scene.floor.port, writes)
    dues = [Due(at, n, lambda one=writers[n]: an_answer(one, scene.chance), writers[n].saved) for at, n in moments]
    storm = scene.pass_over("answers", dues)
    ratio = storm.ms(0.99) / max(0.01, floor.ms(0.99))
    name = f"{people} people, an answer a second each"
    told = f"{ratio:.2f} ({storm.ms(0.99):.1f} / {floor.ms(0.99):.1f} ms)"
    longest = f"{storm.ms(1):.0f} ms (floor {floor.ms(1):.0f})"
    return [
        Row(name, "p99 ÷ floor's p99", told, ratio, 4, 2),
        Row("", "longest", longest, storm.ms(1), 250, 50, "ms"),
    ]


def _since_due(storm: Storm) -> str:
    return f"{storm.ms(0.99):.1f} ms (p50 {storm.ms(0.5):.1f}, longest {storm.ms(1):.0f})"


def starts(scene: Scene) -> list[Row]:
    """Let people who are signed in start within a minute."""
    people = scene.take(scene.starts)
    moments = zip(spread(len(people), scene.start_seconds), people, strict=True)
    dues = [Due(at, place % 1000, a_start(one), one.begun) for place, (at, one) in enumerate(moments)]
    storm = scene.pass_over("starts", dues)
    name = f"{len(people)} starts within {scene.start_seconds:g} s"
    return [Row(name, "p99 since due", _since_due(storm), storm.ms(0.99), 250, 40, "ms")]


def tickets(scene: Scene) -> list[Row]:
    """Let people sign in by their entry ticket and start, within a minute."""
    people = scene.take(scene.starts)
    codes = [new_ticket() for _ in people]
    with scene.app.app_context(), transaction() as session:
        ids = {row.username: row.id for row in session.execute(_candidates(people))}
        rows = [
            {"id": ids[name], "ticket_hash": token_hash(code)} for name, code in zip(sorted(ids), codes, strict=True)
        ]
        session.execute(update(Candidate), rows)
    moments = zip(spread(len(people), scene.start_seconds), people, codes, strict=True)
    dues = [Due(at, n % 1000, a_sign_in(ticket=code), one.let_in) for n, (at, one, code) in enumerate(moments)]
    storm = scene.pass_over("tickets", dues)
    name = f"{len(people)} sign-ins by ticket and starts within {scene.start_seconds:g} s"
    return [Row(name, "p99 of both since due", _since_due(storm), storm.ms(0.99), 1000, 100, "ms")]


def _candidates(people: Sequence[Person]) -> Any:
    """Return the query for the candidates' ids and usernames of those people."""
    hashes = select(SignInSession.user_id).where(
        SignInSession.token_hash.in_([token_hash(one.token) for one in people])
    )
    return (
        select(Candidate.id, User.username)
        .join(User, User.id == Candidate.user_id)
        .where(Candidate.user_id.in_(hashes))
        .order_by(User.username)
    )


def hashes_a_second(stored: str, count: int = 60) -> float:
    """Return how many passwords one core checks in a second with nothing else to do."""
    hasher = PasswordHasher()
    began = time.perf_counter()
    for _ in range(count):
        # What the hash costs stands in ``stored``.
        hasher.verify(stored, PASSWORD)
    return count / (time.perf_counter() - began)


class _Guest:
    """Somebody who signs in by password, and comes again when told to."""

    def __init__(self, username: str) -> None:
        self.username = username
        self.places: list[int] = []
        self.token: str | None = None

    def answered(self, line: Line) -> Follow | None:
        """Take the answer; where it tells a place in the line, come again after the time that it tells."""
        if line.status == 200:
            self.token = cookie_of(line, "session")
        if line.status != 429:
            return None
        told = orjson.loads(line.body)
        if told["code"] != "in_line":
            return None
        self.places.append(told["params"]["place"])
        turn = cookie_of(line, "turn") or ""
        return told["params"]["wait_ms"] / 1000, a_sign_in(turn, username=self.username, password=PASSWORD)


def passwords(scene: Scene) -> list[Row]:
    """Let everybody sign in by password at once while ``WRITERS`` others go on answering once a second."""
    stored = hash_password(PASSWORD)
    writers, people = scene.take(WRITERS), scene.take(scene.people)
    with scene.app.app_context(), transaction() as session:
        names = [row.username for row in session.execute(_candidates(people))]
        session.execute(update(User).where(User.username.in_(names)).values(password_hash=stored))
    scene.let_begin(writers)
    alone = [hashes_a_second(stored)]
    seconds = len(people) / alone[0]
    guests, signed_in = [_Guest(name) for name in names], Storm("sign-ins")
    dues = [
        Due(at, WRITERS + n % 400, a_sign_in(username=one.username, password=PASSWORD), one.answered, signed_in)
        for n, (at, one) in enumerate(zip(spread(len(guests), 2.0), guests, strict=True))
    ]
    dues += [
        Due(beat + n / WRITERS, n, lambda one=one: an_answer(one, scene.chance), one.saved)
        for beat in range(int(seconds))
        for n, one in enumerate(writers)
    ]
    saves = scene.pass_over("passwords", dues)
    scene.refused += signed_in.bad
    scene.tokens += [one.token for one in guests if one.token]
    alone.append(hashes_a_second(stored))
    hashing = median(alone)
    rate = len(guests) / signed_in.seconds
    places = [place for one in guests for place in one.places]
    ordered = sum(list(one.places) == sorted(one.places, reverse=True) for one in guests)
    name = f"{len(guests)} sign-ins by password at once, {WRITERS} people writing"
    told = f"{rate / hashing:.2f} ({rate:.1f} / {hashing:.1f} a second)"
    line = f"{len(places)} times, the farthest {max(places, default=0)}; {len(guests) - ordered} were put back"
    return [
        Row(name, "rate ÷ one core that only hashes", told, rate / hashing, 0.8, 0.95, least=True),
        Row("", "saves meanwhile, p99", _since_due(saves), saves.ms(0.99), 100, 25, "ms"),
        Row("", "place in the line told", line, len(guests) - ordered, 0),
    ]


def hand_ins(scene: Scene) -> list[Row]:
    """Let people hand in papers with every item answered, in turn with the floor's writes."""
    writers = scene.take(scene.hand_ins)
    scene.let_begin(writers)
    fill = [
        Due(at, n % 200, lambda one=one: an_answer(one, scene.chance, ITEMS), one.saved)
        for n, (at, one) in enumerate(zip(spread(len(writers), len(writers) / 60), writers, strict=True))
    ]
    scene.pass_over("fill", fill)
    each = len(writers) // ROUNDS
    floors, storms = [], []
    for number in range(ROUNDS):
        leaving = writers[number * each : (number + 1) * each]
        moments = list(enumerate(zip(spread(each, each / 170), leaving, strict=True)))
        writes = [Due(at, n % 200, floor_write(n, n)) for n, (at, _one) in moments]
        floors.append(weather("floor's writes", scene.floor.port, writes, scene.floor.workers()))
        dues = [Due(at, n % 200, a_hand_in(one), one.taken) for n, (at, one) in moments]
        storms.append(scene.pass_over("hand-ins", dues))
    graded_after = wait_for_marks(scene.app, sum(1 for one in writers if one.handed_in), time.monotonic())
    ratios = sorted(gone.cpu_ms / max(0.001, floor.cpu_ms) for floor, gone in zip(floors, storms, strict=True))
    cpu, floor_cpu = median(one.cpu_ms for one in storms), median(one.cpu_ms for one in floors)
    told = f"{median(ratios):.1f} [{ratios[0]:.1f}–{ratios[-1]:.1f}] ({cpu:.2f} / {floor_cpu:.2f} ms)"
    whole = 10_000 / (sum(len(one.waits) for one in storms) / sum(one.seconds for one in storms))
    return [
        Row(f"{ROUNDS} × {each} hand-ins of {ITEMS} items, graded", "CPU ÷ floor's write", told, median(ratios), 4, 2),
        Row("", "10,000 take", f"{whole:.0f} s", whole, 60, unit="s"),
        Row("", "all graded after", f"{graded_after:.1f} s", graded_after, GRADED_WITHIN, unit="s"),
    ]


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


STORMS: dict[str, Callable[[Scene], list[Row]]] = dict(
    zip(PARTS, (answers, starts, tickets, passwords, hand_ins), strict=True)
)


def run(
    site: Served,
    floor_address: str,
    parts: Sequence[str],
    *,
    people: int,
    starts: int,
    hand_ins: int,
    seconds: float,
    start_seconds: float,
) -> bool:
    """Let the storms named in ``parts`` pass, print what came of them, and return whether all of it was met."""
    is_sqlite = "DATABASE_URL" not in site.environment
    app = site.app()
    needed = {"answers": people, "starts": starts, "tickets": starts, "passwords": people + WRITERS}
    needed["hand-ins"] = hand_ins
    hall = furnish(app, SECRET, candidates=sum(needed[part] for part in parts), items=ITEMS)
    with app.app_context():
        db.engine.dispose()
    site.start()
    floor = Floor(site.folder, floor_address, 1 if is_sqlite else 2, 1 if is_sqlite else 8)
    everybody = people_of(hall)
    scene = Scene(site, floor, app, list(everybody), people, starts, hand_ins, seconds, start_seconds)
    rows = []
    try:
        for part in parts:
            rows += STORMS[part](scene)
        most = memory_mib(site.workers())
    finally:
        floor.stop()
        site.stop()
    with app.app_context():
        losses = compare(everybody, scene.tokens)
        db.session.remove()
        db.engine.dispose()
    told = f"{losses.lost} of {losses.acknowledged + losses.handed_in}"
    rows += [
        Row("all", "refused", f"{scene.refused}", scene.refused, 0),
        Row("", "lost of the acknowledged", told, losses.lost + losses.ungraded, 0),
        Row("", "memory of a worker", f"{most:.0f} MiB", most, 150, 100, "MiB"),
    ]
    print("\n| storm | figure | | must / moonshot | met |\n| --- | --- | --- | --- | --- |")
    for row in rows:
        print(row, flush=True)
    return all(row.is_met for row in rows)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench.storms", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--starts", type=int, default=10_000)
    parser.add_argument("--hand-ins", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--start-seconds", type=float, default=60.0)
    options = parser.parse_args()
    parts = [part for part in PARTS if part in (options.only or PARTS)]
    common = {name: getattr(options, name) for name in ("people", "starts", "hand_ins", "seconds", "start_seconds")}
    held = True
    if options.database != "postgresql":
        with served() as site:
            print("\n### Storms on SQLite, synchronous=FULL")
            held &= run(site, str(site.folder / "floor.sqlite3"), parts, **common)
    if options.database != "sqlite":
        from tests.servers import Postgres

        postgres = Postgres()
        try:
            postgres.sql("CREATE DATABASE product")
            postgres.sql("CREATE DATABASE floor")
            with served(database_url=postgres.url("product"), workers=1, threads=32) as site:
                print("\n### Storms on PostgreSQL, synchronous commit")
                held &= run(site, postgres.url("floor"), parts, **common)
        finally:
            postgres.stop()
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
