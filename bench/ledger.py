"""What a storm was promised: the ledger of each candidate, and the comparison with the tables when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import select

from bench.hall import Hall
from bench.load import Line, http
from bench.weather import Follow
from trainer.accounts.models import SignInSession
from trainer.attempts.models import Attempt, Response, ResponseEvent
from trainer.core.clock import iso_z
from trainer.core.crypto import token_hash
from trainer.core.database import db
from trainer.marking.models import Result


@dataclass
class Person:
    """A candidate and the ledger of what was acknowledged: events by (number, seq), hand-in by its receipt."""

    hall: Hall
    token: str
    attempt_id: int = 0
    epoch: int = 0
    seq: int = 0
    events: dict[tuple[int, int], str] = field(default_factory=dict)
    handed_in: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"session={self.token}", "X-CSRFToken": self.hall.csrf(self.token)}

    def begun(self, line: Line) -> None:
        if line.status in (200, 201):
            # The whole paper is not parsed: ids stand before it.
            head = orjson.loads(line.body.split(b',"paper":', 1)[0] + b"}")
            self.attempt_id, self.epoch = int(head["attempt_id"]), head["epoch"]

    def saved(self, line: Line) -> None:
        if line.status == 200:
            for one in orjson.loads(line.body)["saved"]:
                self.events[one["number"], one["seq"]] = one["digest"]

    def taken(self, line: Line) -> None:
        if line.status == 200:
            self.handed_in = orjson.loads(line.body)["submitted_at"]

    def let_in(self, line: Line) -> Follow | None:
        """Take the session of a sign-in and start; a second call, with the answer to the start, takes that."""
        token = cookie_of(line, "session")
        if line.status != 200 or token is None:
            self.begun(line)
            return None
        self.token = token
        return 0, a_start(self)


def cookie_of(line: Line, name: str) -> str | None:
    for row in line.head.split("\r\n")[1:]:
        key, _colon, value = row.partition(": ")
        if key.lower() == "set-cookie" and value.startswith(f"{name}="):
            return value[len(name) + 1 :].split(";", 1)[0]
    return None


def a_start(person: Person) -> bytes:
    return http("POST", f"/api/v1/exams/{person.hall.exam_id}/attempts", person.headers)


@dataclass
class Losses:
    """What the ledger misses in the tables."""

    acknowledged: int = 0
    lost: int = 0
    handed_in: int = 0
    ungraded: int = 0


def compare(people: Sequence[Person], tokens: Sequence[str]) -> Losses:
    """Look in the tables for everything that was acknowledged, the sessions of ``tokens`` among it."""
    from trainer.attempts.save import digest

    found = Losses(acknowledged=len(tokens))
    for token in tokens:
        found.lost += db.session.get(SignInSession, token_hash(token)) is None
    for person in people:
        if not person.attempt_id:
            continue
        attempt_id = person.attempt_id
        # Whoever has started is still signed in, and the attempt is theirs.
        begun = db.session.scalar(
            select(Attempt.epoch)
            .join(SignInSession, SignInSession.user_id == Attempt.user_id)
            .where(Attempt.id == attempt_id, SignInSession.token_hash == token_hash(person.token))
        )
        found.acknowledged += 1
        found.lost += begun is None or begun < person.epoch
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
