"""Two calls that a candidate's page makes all the time: the clock, and the beat that says it is there."""

from __future__ import annotations

import re
from typing import Any, Literal

import orjson
from flask import Flask, request
from pydantic import Field

from trainer.accounts.sessions import TOUCH_EVERY, touch
from trainer.api.resource import Moment, Shape, answer, api_blueprint, operation
from trainer.attempts import queries
from trainer.attempts.api import caller
from trainer.attempts.caller import Caller
from trainer.attempts.heard import beats, hash_of, mark_of
from trainer.core.clock import iso_z, utcnow
from trainer.web import quick
from trainer.web.arrival import arrived_at

bp = api_blueprint("beat_api")

# A beat as pages send it; any other one takes the long way.
_BEAT = re.compile(r"epoch=(\d{1,9})&hidden=([01])")
# All of a request that decides whether it is let in, and where its hash lies until the view is reached.
DECIDES = ("PATH_INFO", "wsgi.url_scheme", "HTTP_X_FORWARDED_PROTO", "HTTP_COOKIE", "HTTP_AUTHORIZATION")
SENT = "trainer.sent"


class ClockOut(Shape):
    """How one's own attempt stands now."""

    server_time: Moment
    deadline: Moment
    state: Literal["open", "submitted"]
    epoch: int
    stopped: bool = Field(description="an invigilator stopped the page that wrote, and nobody has resumed since")
    mark: str = Field(description="changes with state, epoch and deadline; the answer to a beat is this alone")


class BeatIn(Shape):
    """What a page says of itself with a beat."""

    epoch: int = Field(0, ge=0, lt=2**31, description="the page's; one that was taken over is not where they sit")
    hidden: bool = Field(False, description="the page lies in the background, where browsers slow its beats down")


class BeatOut(Shape):
    mark: str = Field(description="as of some seconds ago; where it is another one than the page has, ask the clock")


def standing(who: Caller, attempt_id: int) -> queries.Tick:
    """Return how one's own attempt stands, and keep the session alive."""
    now = arrived_at()
    tick = queries.tick(who, attempt_id, now)
    if tick.seen_at is not None and now - tick.seen_at >= TOUCH_EVERY:
        touch(who.key, now)
    return tick


@operation(
    bp,
    "GET",
    "/attempts/<id:attempt_id>/clock",
    needs_permission="attempt.own",
    checks_itself=True,
    summary="Time, deadline, state and epoch of one's own attempt, as they are at this moment; cheap",
    answers={200: ClockOut},
)
def clock(attempt_id: int) -> Any:
    tick = standing(caller(), attempt_id)
    return answer(
        orjson.dumps(
            {
                "server_time": iso_z(utcnow()),
                "deadline": iso_z(tick.deadline_at),
                "state": tick.state,
                "epoch": tick.epoch,
                "stopped": tick.stopped,
                "mark": mark_of(tick),
            }
        )
    )


@operation(
    bp,
    "GET",
    "/attempts/<id:attempt_id>/beat",
    needs_permission="attempt.own",
    checks_itself=True,
    summary="Say every few seconds that one is there, for the invigilator's board; all but free",
    query=BeatIn,
    answers={200: BeatOut},
)
def beat(attempt_id: int, query: BeatIn) -> Any:
    who = caller()
    tick = standing(who, attempt_id)
    # Only what a browser sends is known again; a program's token is looked at each time.
    sent = None if who.by_token else request.environ.get(SENT)
    return answer(beats.let_in(sent, who.key, attempt_id, tick, epoch=query.epoch, hidden=query.hidden))


def beat_again(environ: Any) -> bytes | None:
    """Return the answer to a beat that came before, without a statement; None where it has to be looked at."""
    told = _BEAT.fullmatch(environ.get("QUERY_STRING", ""))
    if told is None:
        return None
    sent = environ[SENT] = hash_of(*(environ.get(name, "") for name in DECIDES))
    return beats.answer(sent, epoch=int(told[1]), hidden=told[2] == "1")


def register(app: Flask) -> None:
    """Let beats be answered before the framework where they can be, and written down where the site is served."""
    if app.config["SETTINGS"].serving:
        beats.app = app
    quick.offer(app, "beat", beat_again)
