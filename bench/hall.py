"""A hall of candidates: rows for an exam, its people and their sessions, and a client that keeps its own ledger."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
from flask import Flask
from sqlalchemy import insert, select

from question_bank import Item, load
from question_bank.kinds import answer_shape, public
from trainer.accounts.models import SignInSession, User
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.core.clock import utcnow
from trainer.core.crypto import new_token, token_hash
from trainer.core.database import transaction
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.orgs.models import Unit
from trainer.papers.models import Blueprint, Paper, PaperItem


@dataclass
class Hall:
    """What a load needs to know: the exam, a session token for each candidate, and the items' shapes."""

    exam_id: int
    tokens: list[str]
    shapes: list[dict[str, Any]]
    secret: str

    def csrf(self, token: str) -> str:
        """Return the CSRF token that belongs to a session token."""
        return hmac.new(b"csrf" + self.secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def furnish(app: Flask, secret: str, *, candidates: int, items: int, minutes: int = 300) -> Hall:
    """Put an open exam of ``items`` items and its signed-in candidates into the database."""
    now = utcnow()
    # Cases stand in a paper by their parts, and short answers wait for a person: neither is needed for a load.
    bank = [one for one in load().items if one.kind not in ("case_study", "short_answer")]
    chosen = [bank[number % len(bank)] for number in range(items)]
    with app.app_context(), transaction() as session:
        unit = Unit(code="JM", name="江门市", short_name="江门", kind="city", path="000001/", created_at=now)
        session.add(unit)
        session.flush()
        unit.path = f"{unit.id:06d}/"
        blueprint = Blueprint(title="Load", seed="load", created_at=now)
        session.add(blueprint)
        session.flush()
        versions = [_version(session, one, number, now) for number, one in enumerate(chosen, 1)]
        shown = [{"number": n, **public(one), "points": "1.00"} for n, one in enumerate(chosen, 1)]
        section = {"title": "全部", "partial_credit": "all_or_nothing", "items": shown}
        shapes = [answer_shape(one) for one in chosen]
        paper = Paper(
            blueprint_id=blueprint.id,
            form=1,
            document=orjson.dumps({"title": "Load", "sections": [section]}),
            shapes=shapes,
            digest=b"\0" * 32,
            item_count=items,
            max_points=Decimal(items),
            created_at=now,
        )
        session.add(paper)
        session.flush()
        session.execute(
            insert(PaperItem),
            [
                {
                    "paper_id": paper.id,
                    "number": number,
                    "section": 1,
                    "item_version_id": version_id,
                    "points": Decimal(1),
                    "partial_credit": "all_or_nothing",
                }
                for number, version_id in enumerate(versions, 1)
            ],
        )
        exam = Exam(
            title="Load",
            unit_id=unit.id,
            blueprint_id=blueprint.id,
            state="published",
            minutes=minutes,
            release="after_close",
            created_at=now,
        )
        session.add(exam)
        session.flush()
        sitting = Sitting(
            exam_id=exam.id, opens_at=now - timedelta(minutes=1), closes_at=now + timedelta(minutes=2 * minutes)
        )
        session.add(sitting)
        session.flush()
        tokens = _people(session, unit.id, exam.id, sitting.id, paper.id, candidates, now)
        return Hall(exam.id, tokens, shapes, secret)


def _version(session: Any, one: Item, number: int, now: Any) -> int:
    record = ItemRecord(
        code=f"load-{number}",
        state="published",
        kind=one.kind,
        wing=one.wing,
        topic=one.topic,
        difficulty=one.difficulty,
        level=one.level,
        created_at=now,
    )
    session.add(record)
    session.flush()
    version = ItemVersion(
        item_id=record.id, number=1, body=one.to_dict(), public=public(one), content_hash=b"\0" * 32, created_at=now
    )
    session.add(version)
    session.flush()
    record.version_id = version.id
    return version.id


def _people(
    session: Any, unit_id: int, exam_id: int, sitting_id: int, paper_id: int, count: int, now: Any
) -> list[str]:
    users = [
        {"username": f"load{number:06}", "name": f"考生{number:06}", "unit_id": unit_id, "created_at": now}
        for number in range(count)
    ]
    session.execute(insert(User), users)
    ids = list(session.scalars(select(User.id).where(User.username.like("load%")).order_by(User.username)))
    tokens = [new_token() for _ in ids]
    session.execute(
        insert(SignInSession),
        [
            {
                "token_hash": token_hash(token),
                "user_id": user_id,
                "created_at": now,
                "seen_at": now,
                "expires_at": now + timedelta(hours=12),
            }
            for token, user_id in zip(tokens, ids, strict=True)
        ],
    )
    session.execute(
        insert(Candidate),
        [
            {
                "exam_id": exam_id,
                "sitting_id": sitting_id,
                "user_id": user_id,
                "unit_id": unit_id,
                "paper_id": paper_id,
            }
            for user_id in ids
        ],
    )
    return tokens


def any_answer(shape: dict[str, Any], chance: random.Random) -> Any:
    """Return some answer of the right shape."""
    kind = shape["kind"]
    if kind == "single_choice":
        return chance.choice(shape["keys"])
    if kind == "multiple_choice":
        return sorted(chance.sample(list(shape["keys"]), chance.randint(1, len(shape["keys"]))))
    if kind == "true_false":
        return chance.random() < 0.5
    if kind == "fill_blank":
        return [str(chance.randint(1, 99)) for _ in range(shape["blanks"])]
    if kind == "matching":
        return dict(zip(shape["prompts"], chance.sample(list(shape["keys"]), len(shape["prompts"])), strict=True))
    if kind == "error_finding":
        return sorted(chance.sample(list(shape["keys"]), 2), key=list(shape["keys"]).index)
    keys = list(shape["keys"])
    chance.shuffle(keys)
    return keys


@dataclass
class Ledger:
    """What one candidate was promised: for each item the newest acknowledged number, and every acknowledged event."""

    newest: dict[int, int] = field(default_factory=dict)
    events: set[tuple[int, int, str]] = field(default_factory=set)
    handed_in: str | None = None


class Broken(Exception):
    """The line broke: whether the request arrived is unknown."""


class Sitter:
    """One candidate with one kept connection. Each call returns (status, body) or raises ``Broken``."""

    def __init__(self, hall: Hall, number: int, port: int) -> None:
        self.hall = hall
        self.port = port
        self.chance = random.Random(number)
        token = hall.tokens[number]
        self.headers = {
            "Cookie": f"session={token}",
            "X-CSRFToken": hall.csrf(token),
            "Content-Type": "application/json",
        }
        self.connection: http.client.HTTPConnection | None = None
        self.attempt_id: str | None = None
        self.epoch = 0
        self.ledger = Ledger()
        self.seq = 0
        self.is_leaving = False
        self.may_leave = False

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send one request and return its answer."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            content = orjson.dumps(body) if body is not None else None
            self.connection.request(method, "/api/v1" + path, content, self.headers)
            reply = self.connection.getresponse()
            raw = reply.read()
            return reply.status, orjson.loads(raw) if raw else None
        except (OSError, http.client.HTTPException, orjson.JSONDecodeError) as error:
            self.close()
            raise Broken from error

    def close(self) -> None:
        """Drop the connection; the next call opens a new one."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def begin(self) -> int:
        """Start or resume and return the status."""
        status, body = self.call("POST", f"/exams/{self.hall.exam_id}/attempts")
        if status in (200, 201):
            self.attempt_id, self.epoch = body["attempt_id"], body["epoch"]
        return status

    def answer_one(self) -> int:
        """Save an answer to some item and, when it is acknowledged, write it into the ledger."""
        number = self.chance.randrange(len(self.hall.shapes)) + 1
        self.seq += 1
        given = any_answer(self.hall.shapes[number - 1], self.chance)
        row = {"number": number, "answer": given, "seq": self.seq}
        status, body = self.call(
            "PUT", f"/attempts/{self.attempt_id}/responses", {"epoch": self.epoch, "responses": [row]}
        )
        if status == 200:
            for saved in body["saved"]:
                self.ledger.newest[saved["number"]] = max(saved["seq"], self.ledger.newest.get(saved["number"], 0))
                self.ledger.events.add((saved["number"], saved["seq"], saved["digest"]))
        return status

    def hand_in(self) -> int:
        """Hand in and note the receipt."""
        status, body = self.call("POST", f"/attempts/{self.attempt_id}/submit", {"epoch": self.epoch})
        if status == 200:
            self.ledger.handed_in = body["submitted_at"]
        return status
