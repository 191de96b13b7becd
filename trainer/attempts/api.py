"""The candidate's API: start, look, save, hand in, result, incidents (contract, section 3)."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Any, Literal

import orjson
from flask import Flask, request
from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Id, Moment, Shape, Text, answer, api_blueprint, checked, json_body, operation
from trainer.attempts import incidents, queries
from trainer.attempts.caller import Caller
from trainer.attempts.documents import OpenAttempt
from trainer.attempts.flag import keep_flags
from trainer.attempts.result_api import CaseOut, ItemOut, ResultOut
from trainer.attempts.rules.navigation import furthest
from trainer.attempts.rules.timing import seconds_left
from trainer.attempts.save import ANSWERS_MOST, Given, Receipt, save
from trainer.attempts.start import start
from trainer.attempts.submit import submit
from trainer.core.clock import iso_z, utcnow
from trainer.core.crypto import token_hash
from trainer.core.database import db, end_read
from trainer.core.errors import Busy, FieldProblem, Invalid, Refused, Unauthenticated
from trainer.exams.rules import spread_seconds
from trainer.marking import queries as marks
from trainer.marking.jobs import settle_one
from trainer.web import quick
from trainer.web.access import SIGNED_IN
from trainer.web.arrival import arrived_at
from trainer.web.csrf import session_token
from trainer.web.sentences import sentence

log = logging.getLogger(__name__)
bp = api_blueprint("attempts_api")


def caller() -> Caller:
    """Return who calls, by the hash of what was sent; raises ``Unauthenticated`` when nothing was."""
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        return Caller(token_hash(bearer[7:].strip()), by_token=True)
    token = session_token()
    if not token:
        raise Unauthenticated
    return Caller(token_hash(token))


# --- shapes


class SectionOut(Shape):
    title: str
    partial_credit: str
    items: list[ItemOut]
    cases: list[CaseOut] | None = None


class PaperOut(Shape):
    title: str
    sections: list[SectionOut]


class ResponseOut(Shape):
    number: int
    answer: Any
    seq: int
    saved_at: Moment


class AttemptOut(Shape):
    """An attempt as its candidate, or an invigilator, sees it. Nothing in it tells a key."""

    attempt_id: Id
    exam_id: Id
    epoch: int | None = Field(description="the writer's epoch; null when only looking")
    state: Literal["open", "submitted"]
    started_at: Moment
    deadline: Moment
    server_time: Moment
    seconds_left: int
    paper: PaperOut
    responses: list[ResponseOut]
    flags: list[int] = Field(description="numbers of the items that the candidate flagged to come back to")
    navigation: Literal["free", "sequential"] = Field(
        description="sequential: come to an item by saving it, with an answer or null; those before it are closed then"
    )
    furthest: int | None = Field(description="the item that a sequential attempt is at; null where navigation is free")


class ResponseIn(Shape):
    number: int = Field(ge=1, le=1000)
    answer: Any = None
    seq: int = Field(ge=1, le=2**53 - 1)


class SaveIn(Shape):
    epoch: int = Field(ge=0)
    responses: list[ResponseIn] = Field(max_length=500)


class SavedOut(Shape):
    number: int
    seq: int
    digest: str


class SupersededOut(Shape):
    number: int
    seq: int


class RefusedOut(Shape):
    """An answer that was not stored although the others of the call were."""

    number: int
    seq: int
    code: Literal["item_left", "attempt_closed"] = Field(
        description="item_left: a later item had been saved under a lower seq; attempt_closed: after the hand-in"
    )
    message: str


class SaveOut(Shape):
    saved: list[SavedOut]
    superseded: list[SupersededOut]
    refused: list[RefusedOut] = Field(description="only where navigation is sequential")
    server_time: Moment
    deadline: Moment


class SubmitIn(Shape):
    epoch: int = Field(ge=0)
    responses: list[ResponseIn] = Field(default=[], max_length=500)


class FlagsIn(Shape):
    """All flagged items; the list replaces the one before."""

    epoch: int = Field(ge=0, lt=2**31)
    flags: list[int] = Field(max_length=500)


class FlagsOut(Shape):
    flags: list[int]


class SubmitOut(Shape):
    state: Literal["submitted"]
    submitted_at: Moment
    refused: list[RefusedOut] = Field([], description="answers that came along and whose items had been left")
    result: ResultOut | None = None


class WaitingOut(Shape):
    """What a waiting page needs to open the paper at the second."""

    server_time: Moment
    opens_at: Moment = Field(description="the earliest moment where a signal opens the room")
    opens_in_ms: int = Field(description="from server_time to opens_at, 0 when it has passed")
    awaits_signal: bool = Field(description="nobody can start before the invigilator gives the signal")
    spread_seconds: int = Field(description="a start so late after the opening still has the paper's whole length")


IncidentKind = Literal["focus_loss", "network_loss", "taken_over", "other"]


class IncidentIn(Shape):
    kind: IncidentKind
    at: datetime
    detail: Text = Field("", max_length=200)
    mark: Text | None = Field(
        None,
        min_length=1,
        max_length=40,
        description="the page's own name of the incident: reported again under it, it is still the same one",
    )
    seconds: int | None = Field(
        None, ge=0, le=incidents.SECONDS_MOST, description="how long it lasted; may follow later under the same mark"
    )


class IncidentOut(Shape):
    recorded_at: Moment
    focus_losses: int = Field(description="how often the page of this attempt was left, as far as was reported")
    over_threshold: bool = Field(description="the invigilator's board marks the attempt; nothing else follows")


# --- operations


def _attempt_json(made: OpenAttempt, epoch: int | None) -> bytes:
    """Return the attempt as JSON, with the paper's compiled bytes put in as they are."""
    now = utcnow()
    head = orjson.dumps(
        {
            "attempt_id": str(made.attempt_id),
            "exam_id": str(made.exam_id),
            "epoch": epoch,
            "state": made.state,
            "started_at": iso_z(made.started_at),
            "deadline": iso_z(made.deadline_at),
            "server_time": iso_z(now),
            "seconds_left": seconds_left(now, made.deadline_at),
            "responses": [
                {
                    "number": one.number,
                    "answer": orjson.Fragment(one.answer),
                    "seq": one.seq,
                    "saved_at": iso_z(one.saved_at),
                }
                for one in made.responses
            ],
            "flags": made.flags,
            "navigation": "sequential" if made.sequential else "free",
            "furthest": furthest(one.number for one in made.responses) if made.sequential else None,
        }
    )
    return head[:-1] + b',"paper":' + made.document + b"}"


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/attempts",
    needs_permission="attempt.own",
    checks_itself=True,
    summary="Start an exam, or resume the attempt already open",
    answers={201: AttemptOut, 200: AttemptOut},
    problems={403: ("not_a_candidate",), 409: ("not_open", "closed", "attempts_used_up")},
)
def start_attempt(exam_id: int) -> Any:
    made = start(caller(), exam_id, arrived_at())
    return answer(_attempt_json(made, made.epoch), 201 if made.created else 200)


@operation(
    bp,
    "GET",
    "/attempts/<id:attempt_id>",
    needs_permission=SIGNED_IN,
    summary="Look at an attempt, one's own or, as an invigilator, a candidate's; never changes the epoch",
    answers={200: AttemptOut},
)
def look(attempt_id: int) -> Any:
    found = queries.attempt_to_look_at(db.session(), attempt_id, current_user)
    end_read()
    return answer(_attempt_json(found, found.epoch if found.epoch else None))


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/waiting",
    needs_permission="attempt.own",
    checks_itself=True,
    summary="When one's own sitting opens; cheap, for a waiting page to ask every few seconds",
    answers={200: WaitingOut},
)
def waiting(exam_id: int) -> Any:
    now = arrived_at()
    found = queries.waiting(db.session(), caller(), exam_id, now)
    end_read()
    return answer(
        orjson.dumps(
            {
                "server_time": iso_z(now),
                "opens_at": iso_z(found.opens_at),
                "opens_in_ms": max(0, round((found.opens_at - now).total_seconds() * 1000)),
                "awaits_signal": found.awaits_signal,
                "spread_seconds": spread_seconds(found.opens_at, found.closes_at, minutes=found.minutes),
            }
        )
    )


def _given(value: Any) -> tuple[int, list[Given]]:
    """Return (epoch, answers) of a body. Checked by hand: the hot path builds no models."""
    if not isinstance(value, dict):
        raise Invalid.at("body", "bad_format")
    problems = [FieldProblem(str(name), "unknown_field") for name in value if name not in ("epoch", "responses")]
    epoch = value.get("epoch")
    if type(epoch) is not int or not 0 <= epoch < 2**31:
        problems.append(FieldProblem("epoch", "required" if epoch is None else "bad_format"))
    rows = value.get("responses", [])
    if not isinstance(rows, list):
        problems.append(FieldProblem("responses", "bad_format"))
        rows = []
    if len(rows) > ANSWERS_MOST:
        # Nobody has been asked for yet who sends this.
        raise Invalid.at("responses", "too_long", most=ANSWERS_MOST)
    given: list[Given] = []
    for place, row in enumerate(rows):
        if (
            not isinstance(row, dict)
            or type(row.get("number")) is not int
            or type(row.get("seq")) is not int
            or len(row) > 3
            or (len(row) == 3) != ("answer" in row)
        ):
            problems.append(FieldProblem(f"responses.{place}", "bad_format"))
        else:
            given.append(Given(row["number"], row.get("answer"), row["seq"]))
    if problems:
        raise Invalid(problems)
    return epoch, given


def _refused(left: list[tuple[int, int]], code: str = "item_left") -> list[dict[str, Any]]:
    return [
        {"number": number, "seq": seq, "code": code, "message": sentence(code, {"number": number})}
        for number, seq in left
    ]


@operation(
    bp,
    "PUT",
    "/attempts/<id:attempt_id>/responses",
    needs_permission="attempt.own",
    checks_itself=True,
    parses_itself=True,
    summary="Save answers; what is answered 200 is committed and synced to disk",
    body=SaveIn,
    answers={200: SaveOut},
    problems={409: ("attempt_closed", "taken_over", "device_stopped"), 422: ("wrong_answer_shape", "no_such_item")},
)
def save_responses(attempt_id: int) -> Any:
    who = caller()
    body = json_body()
    if isinstance(body, dict) and "responses" not in body:
        raise Invalid.at("responses", "required")
    epoch, given = _given(body)
    return answer(_told(save(who, attempt_id, epoch, given, arrived_at())))


def _told(receipt: Receipt) -> bytes:
    return orjson.dumps(
        {
            "saved": [{"number": one.number, "seq": one.seq, "digest": one.digest} for one in receipt.saved],
            "superseded": [{"number": number, "seq": seq} for number, seq in receipt.superseded],
            "refused": _refused(receipt.left),
            "server_time": iso_z(utcnow()),
            "deadline": iso_z(receipt.deadline_at),
        }
    )


_SAVE = re.compile(r"/api/v1/attempts/([1-9][0-9]{0,17})/responses")


def save_at_once(path: str, token: str, body: bytes, now: datetime) -> bytes | None:
    """Save as ``save_responses`` does, before the framework; None where there is anything to refuse or to explain.

    What is refused is refused there, and nothing of it is stored here: stored twice, an older answer of the same call
    would be told as superseded.
    """
    told = _SAVE.fullmatch(path)
    if told is None:
        return None
    try:
        value = orjson.loads(body)
        if not isinstance(value, dict) or "responses" not in value:
            return None
        epoch, given = _given(value)
        return _told(save(Caller(token_hash(token)), int(told[1]), epoch, given, now, whole=True))
    except Busy:
        raise
    except (orjson.JSONDecodeError, Refused):
        return None


def register(app: Flask) -> None:
    """Let saves be answered before the framework, which takes longer than they do."""
    quick.offer_write(app, "PUT", "responses", save_at_once)


@operation(
    bp,
    "PUT",
    "/attempts/<id:attempt_id>/flags",
    needs_permission="attempt.own",
    checks_itself=True,
    parses_itself=True,
    summary="Keep which items the candidate flagged, so that another device shows them; graded by nothing",
    body=FlagsIn,
    answers={200: FlagsOut},
    problems={409: ("attempt_closed", "taken_over", "device_stopped"), 422: ("no_such_item",)},
)
def save_flags(attempt_id: int) -> Any:
    who = caller()
    body = checked(FlagsIn, json_body())
    return FlagsOut(flags=keep_flags(who, attempt_id, body.epoch, body.flags, arrived_at()))


@operation(
    bp,
    "POST",
    "/attempts/<id:attempt_id>/submit",
    needs_permission="attempt.own",
    checks_itself=True,
    parses_itself=True,
    summary="Hand in, with last answers in the same call; a second call returns the same receipt",
    body=SubmitIn,
    answers={200: SubmitOut},
    problems={409: ("attempt_closed", "taken_over", "device_stopped"), 422: ("wrong_answer_shape", "no_such_item")},
)
def submit_attempt(attempt_id: int) -> Any:
    who = caller()
    epoch, given = _given(json_body())
    receipt = submit(who, attempt_id, epoch, given, arrived_at())
    refused = _refused(receipt.left) + _refused(receipt.late, "attempt_closed")
    result = None
    try:
        if settle_one(attempt_id, arrived_at()):
            result = marks.released_result(db.session(), attempt_id, arrived_at())
    except Exception:
        # The hand-in is committed, and a candidate must not be told otherwise; the scheduler settles what is left.
        log.exception("attempt %s is handed in but could not be settled at once", attempt_id)
        db.session.rollback()
    end_read()
    if result is None:
        told = {"state": "submitted", "submitted_at": iso_z(receipt.submitted_at), "refused": refused, "result": None}
        return answer(orjson.dumps(told))
    return SubmitOut(
        state="submitted",
        submitted_at=receipt.submitted_at,
        refused=[RefusedOut.model_validate(one) for one in refused],
        result=ResultOut.model_validate(result),
    )


@operation(
    bp,
    "POST",
    "/attempts/<id:attempt_id>/incidents",
    needs_permission="attempt.own",
    summary="Report what the page noticed, such as losing focus; never ends an attempt by itself",
    body=IncidentIn,
    answers={201: IncidentOut, 200: IncidentOut},
    problems={429: ("too_many_requests",)},
)
def report_incident(attempt_id: int, body: IncidentIn) -> Any:
    if body.at.tzinfo is None:
        raise Invalid.at("at", "bad_format")
    noted = incidents.record_incident(
        attempt_id,
        current_user.id,
        kind=body.kind,
        noticed_at=body.at,
        detail=body.detail,
        now=arrived_at(),
        mark=body.mark,
        seconds=body.seconds,
    )
    told = IncidentOut(
        recorded_at=noted.recorded_at, focus_losses=noted.focus_losses, over_threshold=noted.over_threshold
    )
    return told, 201 if noted.first else 200
