"""What boards cost: the leaderboard built from the database, its first page, a page served again; then the
invigilator's board, the whole and its news while people write, and the beats of the pages that it tells of.

python -m bench.boards [--people 10000] [--watched 1000] [--items 100]

Milliseconds of CPU are those of the process itself, so that a busy machine changes them little.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from statistics import median

from flask import Flask
from sqlalchemy import insert, select

from bench.contest import enter_competition
from bench.hall import Hall, furnish
from bench.load import drive, http
from bench.served import SECRET, Served, served
from trainer.accounts.models import Grant, User
from trainer.accounts.queries import person_by_id
from trainer.attempts.board import boards
from trainer.attempts.heard import beats
from trainer.attempts.models import Attempt, Response
from trainer.competitions.board import BY, Boards, document
from trainer.core.clock import utcnow
from trainer.core.database import db, transaction
from trainer.exams.models import Candidate

AGAIN = 2000
ROUNDS = 9
# Of people who answer 100 items in 100 minutes so many save within the five seconds between two looks.
SAVE_BETWEEN = 0.083
BEAT_LINES = 24
BEAT_SECONDS = 4.0


def timed(work: Callable[[], object], times: int = 1) -> float:
    """Return the milliseconds that one run of ``work`` takes, the mean of ``times``."""
    started = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - started) * 1000 / times


def leaderboards(people: int) -> None:
    """Print one line a leaderboard."""
    with served() as site:
        app = site.app()
        hall = furnish(app, SECRET, candidates=people, items=1)
        competition_id = int(enter_competition(app, hall.exam_id, people).split("/")[4])
        print(f"{people} people\n\n| board | build ms | first page ms | page again µs |\n| --- | --- | --- | --- |")
        with app.app_context():
            # Any person will do who took part; the first account of the hall did.
            reader = person_by_id(db.session(), 1)
            assert reader is not None
            reader = replace(reader, grants=())
            for by in BY:
                made, now = Boards(), utcnow()

                def view(boards=made, by=by, now=now):
                    return boards.view(competition_id, reader, round_number=1, by=by, now=now)

                build = timed(view)
                first = timed(lambda view=view: document(view(), limit=50, after=0))
                again = timed(lambda view=view: document(view(), limit=50, after=0), AGAIN)
                print(f"| {by} | {build:.0f} | {first:.1f} | {again * 1000:.0f} |")
            db.engine.dispose()


def sit(app: Flask, hall: Hall, items: int) -> list[int]:
    """Let everybody of a hall have answered all items, the first one invigilate, and return the attempts' ids."""
    now, chance = utcnow(), random.Random(1)
    with app.app_context(), transaction() as session:
        people = session.execute(
            select(Candidate.id, Candidate.sitting_id, Candidate.user_id, Candidate.paper_id).order_by(
                Candidate.user_id
            )
        ).all()
        about = {"exam_id": hall.exam_id, "ordinal": 1, "state": "open", "epoch": 1, "grace_seconds": 10}
        about |= {"deadline_at": now + timedelta(hours=2)}
        session.execute(
            insert(Attempt),
            [
                about
                | {
                    "candidate_id": one.id,
                    "sitting_id": one.sitting_id,
                    "user_id": one.user_id,
                    "paper_id": one.paper_id,
                    "started_at": now - timedelta(seconds=chance.randrange(600, 900)),
                }
                for one in people
            ],
        )
        ids = list(session.scalars(select(Attempt.id).order_by(Attempt.user_id)))
        saved = {attempt_id: now - timedelta(seconds=chance.randrange(100)) for attempt_id in ids}
        session.execute(
            insert(Response),
            [
                {"attempt_id": attempt_id, "number": number, "seq": 1, "answer": '"A"', "saved_at": saved[attempt_id]}
                for attempt_id in ids
                for number in range(1, items + 1)
            ],
        )
        watcher = session.get_one(User, people[0].user_id)
        session.add(Grant(user_id=watcher.id, role="invigilator", unit_id=watcher.unit_id, granted_at=now))
    return ids


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the milliseconds of CPU that this process takes for ``work``."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000


def invigilated(people: int, items: int) -> None:
    """Print what a look at the invigilator's board costs, and what a beat does."""
    with served() as site:
        app = site.app()
        hall = furnish(app, SECRET, candidates=people, items=items)
        ids, chance = sit(app, hall, items), random.Random(2)
        print(
            f"\n{people} people at {items} items\n\n| board of the invigilator | CPU ms | bytes |\n| --- | --- | --- |"
        )
        with app.app_context():
            client = app.test_client()
            client.set_cookie("session", hall.tokens[0])
            look = {"Accept-Encoding": "gzip"}

            def ask(what: str) -> tuple[float, int]:
                answers = []
                spent = cpu_ms(lambda: answers.append(client.get(f"/exams/{hall.exam_id}/watch/{what}", headers=look)))
                assert answers[0].status_code == 200
                return spent, len(answers[0].data)

            rows = {"the whole, as once for a page": [ask("state") for _ in range(ROUNDS)]}
            rows["news, the first of a process"] = [ask("news")]
            written = rows["news, after so many saved as do in 5 s"] = []
            rows["news that another one asked for in this second"] = shared = []
            spent = []
            for _round in range(ROUNDS):
                for attempt_id in chance.sample(ids, round(SAVE_BETWEEN * people)):
                    beats.saved(attempt_id, utcnow())
                spent.append(cpu_ms(lambda: beats.write(utcnow())))
                # Whoever looks a second later gets a copy of their own.
                for kept in boards._kept.values():
                    kept.news = None
                written.append(ask("news"))
                shared.append(ask("news"))
            for name, found in rows.items():
                print(f"| {name} | {median(one[0] for one in found):.1f} | {median(one[1] for one in found):,.0f} |")
            print(f"| writing down those saves, outside of requests | {median(spent):.1f} | |")
            db.engine.dispose()
        beating(site, hall, ids)


def beating(site: Served, hall: Hall, ids: list[int]) -> None:
    """Print the CPU of a worker for a beat and for the clock, taken from a served site."""
    site.start()
    print("\n| call | CPU ms | a second on one core |\n| --- | --- | --- |")
    for name, path in (("beat", "beat?epoch=1&hidden=0"), ("clock", "clock")):
        sources = []
        for token, attempt_id in list(zip(hall.tokens, ids, strict=True))[:BEAT_LINES]:
            request = http("GET", f"/api/v1/attempts/{attempt_id}/{path}", {"Cookie": f"session={token}"})
            sources.append(lambda request=request: request)
        found = drive(site.port, sources, seconds=BEAT_SECONDS, pids=site.workers())
        assert not found.bad
        print(f"| {name} | {found.cpu_ms:.3f} | {1000 / found.cpu_ms:,.0f} |")


def main() -> None:
    """Print the tables of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--watched", type=int, default=1000)
    parser.add_argument("--items", type=int, default=100)
    wanted = parser.parse_args()
    leaderboards(wanted.people)
    invigilated(wanted.watched, wanted.items)


if __name__ == "__main__":
    main()
