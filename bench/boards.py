"""What a board costs in the process: building it from the database, its first page, a page served again.

python -m bench.boards [--people 10000]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

from bench.contest import enter_competition
from bench.hall import furnish
from bench.served import SECRET, served
from trainer.accounts.queries import person_by_id
from trainer.competitions.board import BY, Boards, document
from trainer.core.clock import utcnow
from trainer.core.database import db

AGAIN = 2000


def timed(work: Callable[[], object], times: int = 1) -> float:
    """Return the milliseconds that one run of ``work`` takes, the mean of ``times``."""
    started = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - started) * 1000 / times


def main() -> None:
    """Print one line a board."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    people = parser.parse_args().people
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
                boards, now = Boards(), utcnow()

                def view(boards=boards, by=by, now=now):
                    return boards.view(competition_id, reader, round_number=1, by=by, now=now)

                build = timed(view)
                first = timed(lambda view=view: document(view(), limit=50, after=0))
                again = timed(lambda view=view: document(view(), limit=50, after=0), AGAIN)
                print(f"| {by} | {build:.0f} | {first:.1f} | {again * 1000:.0f} |")
            db.engine.dispose()


if __name__ == "__main__":
    main()
