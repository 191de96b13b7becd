"""Kill the site again and again while candidates save and hand in, then look for every acknowledged answer."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import select

from bench.hall import Broken, Hall, Sitter, furnish
from bench.served import SECRET, Served
from trainer.attempts.models import Attempt, Response, ResponseEvent
from trainer.attempts.save import digest
from trainer.core.clock import iso_z
from trainer.core.database import db

if TYPE_CHECKING:
    from tests.servers import Postgres

# Candidates who were not heard try again after this; a page waits longer.
AGAIN_SECONDS = 0.02
# A site that is silent for longer does not come back, however busy the machine is. How soon it must, the soak judges.
GIVEN_UP = 60.0


@dataclass
class Outcome:
    """What a run of kills came to.

    ``returns`` holds, for each thing that was killed, the seconds from the kill to the first acknowledgement after it;
    ``recoveries`` those from each kill of the database until it answers a client that is none of ours.
    """

    kills: int = 0
    acknowledged: int = 0
    handed_in: int = 0
    broken: int = 0
    lost: int = 0
    unexpected: dict[int, int] | None = None
    returns: dict[str, list[float]] = field(default_factory=dict)
    recoveries: list[float] = field(default_factory=list)

    @property
    def slowest_return(self) -> float:
        """The longest time without an acknowledgement after a kill, in seconds."""
        return max((one for seconds in self.returns.values() for one in seconds), default=0.0)

    def __str__(self) -> str:
        times = "; ".join(
            f"{what} {len(seconds)} times, back after {_spread(seconds)}"
            for what, seconds in sorted(self.returns.items())
        )
        if self.recoveries:
            times += f" (the database itself answers after {_spread(self.recoveries)})"
        return (
            f"{self.lost} lost of {self.acknowledged} acknowledged answers and {self.handed_in} hand-ins; killed: "
            f"{times}; {self.broken} requests broken off, unexpected answers {self.unexpected}"
        )


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{median(ordered):.2f} s, 90 % {ordered[int(0.9 * (len(ordered) - 1))]:.2f} s, at most {ordered[-1]:.2f} s"


class Crowd:
    """Threads of candidates who go on whatever happens to the server."""

    def __init__(self, hall: Hall, port: int, threads: int) -> None:
        self.sitters = [Sitter(hall, number, port) for number in range(len(hall.tokens))]
        for sitter in self.sitters[::2]:
            # The others stay to the end, so that there is always somebody whose answer can be acknowledged.
            sitter.may_leave = True
        self.stop = threading.Event()
        self.broken = 0
        self.unexpected: dict[int, int] = {}
        # When the newest request that was acknowledged was sent, and when it was answered.
        self.acknowledged = (0.0, 0.0)
        self._threads = [
            threading.Thread(target=self._work, args=(self.sitters[number::threads], number), daemon=True)
            for number in range(threads)
        ]

    def run(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(60)
        for sitter in self.sitters:
            sitter.close()

    def _work(self, mine: list[Sitter], seed: int) -> None:
        chance = random.Random(seed)
        while not self.stop.is_set() and mine:
            sitter, sent_at = chance.choice(mine), time.monotonic()
            try:
                status = self._one_step(sitter, chance)
            except Broken:
                self.broken += 1
                time.sleep(AGAIN_SECONDS)
                continue
            if status in (200, 201):
                self.acknowledged = max(self.acknowledged, (sent_at, time.monotonic()))
            elif status == 503:
                # It says "not stored, try again", which is an honest answer while the site comes back.
                time.sleep(AGAIN_SECONDS)
            else:
                self.unexpected[status] = self.unexpected.get(status, 0) + 1
            if sitter.ledger.handed_in:
                mine.remove(sitter)

    @staticmethod
    def _one_step(sitter: Sitter, chance: random.Random) -> int:
        if sitter.attempt_id is None:
            return sitter.begin()
        if sitter.is_leaving or (sitter.may_leave and len(sitter.ledger.events) > 5 and chance.random() < 0.04):
            # Once asked for, the hand-in is asked for again until its receipt comes: it may have been done.
            sitter.is_leaving = True
            return sitter.hand_in()
        return sitter.answer_one()


def run_kills(
    site: Served,
    *,
    kills: int,
    candidates: int = 200,
    threads: int = 6,
    seed: int = 1,
    server_share: float = 0.25,
    database: Postgres | None = None,
    database_share: float = 0.1,
) -> Outcome:
    """Kill ``kills`` times at random moments and count losses.

    About ``server_share`` of the kills strike the whole server, ``database_share`` the ``database`` where it is given,
    which is then started again; the others strike the workers alone.
    """
    app = site.app()
    hall = furnish(app, SECRET, candidates=candidates, items=20)
    with app.app_context():
        db.engine.dispose()
    site.start()
    crowd = Crowd(hall, site.port, threads)
    outcome = Outcome(unexpected=crowd.unexpected)
    chance = random.Random(seed)
    crowd.run()
    try:
        while outcome.kills < kills:
            time.sleep(chance.uniform(0.02, 0.4))
            struck_at, what = time.monotonic(), chance.random()
            if what < server_share:
                struck, revive = "server", site.start
                site.kill()
            elif database is not None and what < server_share + database_share:
                struck, revive = "database", database.start
                database.kill()
            else:
                struck, revive = "workers", None
                if not site.kill_workers():
                    continue
            # Answers that were under way may still come; what counts is the first to what was asked when all was dead.
            dead_at = time.monotonic()
            if revive:
                revive()
                if struck == "database":
                    outcome.recoveries.append(time.monotonic() - struck_at)
            outcome.kills += 1
            while crowd.acknowledged[0] <= dead_at:
                if time.monotonic() - struck_at > GIVEN_UP:
                    told = f"no acknowledgement within {GIVEN_UP:g} s of killing the {struck}, kill {outcome.kills}"
                    raise RuntimeError(f"{told}; the server's log ends:\n{site.log_end()}")
                time.sleep(0.005)
            outcome.returns.setdefault(struck, []).append(crowd.acknowledged[1] - struck_at)
    finally:
        crowd.end()
    site.stop()
    with app.app_context():
        _count(crowd, outcome)
        db.session.remove()
        db.engine.dispose()
    return outcome


def _count(crowd: Crowd, outcome: Outcome) -> None:
    """Compare what was acknowledged with what is stored."""
    outcome.broken = crowd.broken
    for sitter in crowd.sitters:
        if sitter.attempt_id is None:
            continue
        attempt_id = int(sitter.attempt_id)
        events = {
            (row.number, row.seq, digest(attempt_id, row.number, row.seq, row.answer))
            for row in db.session.execute(select(ResponseEvent).where(ResponseEvent.attempt_id == attempt_id)).scalars()
        }
        standing = {
            row.number: row.seq
            for row in db.session.execute(select(Response).where(Response.attempt_id == attempt_id)).scalars()
        }
        ledger = sitter.ledger
        outcome.acknowledged += len(ledger.events)
        outcome.lost += len(ledger.events - events)
        outcome.lost += sum(1 for number, seq in ledger.newest.items() if standing.get(number, 0) < seq)
        if ledger.handed_in:
            outcome.handed_in += 1
            attempt = db.session.get(Attempt, attempt_id)
            if attempt is None or attempt.state != "submitted" or iso_z(attempt.submitted_at) != ledger.handed_in:
                outcome.lost += 1
