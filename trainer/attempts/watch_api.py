"""The invigilator's board over the API: who is where, and everything that is done on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from flask import url_for
from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Id, IdIn, Listing, Moment, Shape, Text, api_blueprint, id_after, operation
from trainer.attempts import desk, desk_queries, incidents, queries
from trainer.attempts.api import IncidentKind
from trainer.attempts.extend import REASON_MOST, extend, extend_many
from trainer.attempts.submit import force_submit
from trainer.core.database import db, end_read
from trainer.core.errors import Conflict
from trainer.exams.rules import EXTRA_MINUTES_MOST
from trainer.exams.sittings import give_signal
from trainer.marking.jobs import settle_and_spread
from trainer.web.arrival import arrived_at

bp = api_blueprint("watch_api")

WATCH = "exam.watch"
DESK = "/exams/<id:exam_id>/desks/<id:candidate_id>"


class DeskOut(Shape):
    """A candidate as the board shows them; ``candidate_id`` is the one of the list of candidates."""

    candidate_id: Id
    username: str
    name: str
    unit: str
    sitting_id: Id
    state: Literal["waiting", "working", "silent", "hidden", "offline", "done", "forced", "excused"] = Field(
        description="silent: no save for 2 min though the page is there; hidden: the page lies in the background; "
        "offline: nothing was heard of the page for 12 s, or 90 s once it was hidden"
    )
    attempt_id: Id | None
    attempts: int
    attempts_allowed: int
    answered: int
    item_count: int
    incidents: int = Field(description="of the latest attempt; each of them: desks/{candidate_id}/incidents")
    focus_losses: int = Field(description="how often the page of the latest attempt was left")
    over_threshold: bool = Field(description="left as often as the exam's focus_threshold says; only a mark")
    extra_minutes: int
    shift_minutes: int
    opens_at: Moment
    closes_at: Moment
    started_at: Moment | None
    last_saved_at: Moment | None
    deadline: Moment | None
    submitted_at: Moment | None


class RoomOut(Shape):
    sitting_id: Id
    number: int
    room: str
    opens_at: Moment
    closes_at: Moment
    awaits_signal: bool
    due: int
    started: int


class IncidentLineOut(Shape):
    """What a candidate's page noticed, as it told it, a hint for the invigilator; or what one of them did."""

    id: Id
    attempt_id: Id
    attempt: int = Field(description="which of the candidate's attempts, from 1")
    kind: IncidentKind | Literal["stopped", "forced"] = Field(
        description="stopped and forced are what an invigilator did, the reason in detail"
    )
    noticed_at: Moment = Field(description="by the page's clock")
    recorded_at: Moment = Field(description="when it arrived; later where the line was down")
    seconds: int | None = Field(description="how long it lasted; null while it lasts, or where that is not known")
    detail: str


class IncidentsOut(Shape):
    items: list[IncidentLineOut]
    next: str | None


class BoardOut(Shape):
    focus_threshold: int | None = Field(description="from so many focus losses on a desk is over it; null: never")
    server_time: Moment
    rooms: list[RoomOut]
    items: list[DeskOut]
    next: str | None


class ReasonIn(Shape):
    reason: Text = Field(min_length=1, max_length=REASON_MOST)


class MinutesIn(ReasonIn):
    minutes: int = Field(ge=1, le=EXTRA_MINUTES_MOST)


class RoomMinutesIn(MinutesIn):
    sitting: IdIn | None = Field(None, description="null for everybody of the exam")


class ExtendedOut(Shape):
    extra_minutes: int = Field(description="all that were given")
    deadline: Moment | None = Field(description="of the attempt under way; null before the start")


class PeopleOut(Shape):
    people: int


class SignalOut(Shape):
    opens_at: Moment


class ForcedOut(Shape):
    attempt_id: Id
    submitted_at: Moment
    first: bool = Field(description="false where the attempt had been handed in before")


class AllowedOut(Shape):
    attempts_allowed: int


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/board",
    needs_permission=WATCH,
    summary="Every candidate of an exam with the latest attempt, by unit and name, and its rooms",
    answers={200: BoardOut},
)
def board(exam_id: int) -> Any:
    session, now = db.session(), arrived_at()
    exam = queries.exam_to_watch(session, exam_id, current_user)
    rooms, people = queries.rooms_of(session, exam_id), desk_queries.board(session, exam_id)
    end_read()
    return BoardOut(
        focus_threshold=exam.focus_threshold,
        server_time=now,
        rooms=[
            RoomOut(
                sitting_id=str(one.id),
                number=one.number,
                room=one.room,
                opens_at=one.opens_at,
                closes_at=one.closes_at,
                awaits_signal=one.awaits_signal,
                due=one.due,
                started=one.started,
            )
            for one in rooms
        ],
        items=[_desk(one, now) for one in people],
        next=None,
    )


def _desk(one: desk_queries.Desk, now: Any) -> DeskOut:
    return DeskOut(
        candidate_id=str(one.candidate_id),
        username=one.username,
        name=one.name,
        unit=one.unit_name,
        sitting_id=str(one.sitting_id),
        state=one.stands(now),  # type: ignore[arg-type]  # one of the rule's words
        attempt_id=None if one.attempt_id is None else str(one.attempt_id),
        attempts=one.attempts,
        attempts_allowed=one.attempts_allowed,
        answered=one.answered,
        item_count=one.item_count,
        incidents=one.incidents,
        focus_losses=one.focus_losses,
        over_threshold=one.over_threshold,
        extra_minutes=one.extra_minutes,
        shift_minutes=one.shift_minutes,
        opens_at=one.opens_at,
        closes_at=one.closes_at + timedelta(minutes=one.extra_minutes),
        started_at=one.started_at,
        last_saved_at=one.last_saved_at,
        deadline=one.deadline_at,
        submitted_at=one.submitted_at,
    )


@operation(
    bp,
    "GET",
    f"{DESK}/incidents",
    needs_permission=WATCH,
    summary="What a candidate's page noticed in all attempts of the exam, and what invigilators did; the newest first",
    query=Listing,
    answers={200: IncidentsOut},
)
def desk_incidents(exam_id: int, candidate_id: int, query: Listing) -> Any:
    after = id_after(query.after)
    session = db.session()
    queries.exam_to_watch(session, exam_id, current_user)
    # Only for the refusal: a candidate of another exam is nobody here.
    desk_queries.desk(session, exam_id, candidate_id)
    found = incidents.incidents_of_candidate(session, candidate_id, limit=query.limit + 1, after=after)
    end_read()
    shown, more = found[: query.limit], None
    if len(found) > query.limit:
        place = {"exam_id": exam_id, "candidate_id": candidate_id}
        more = url_for("watch_api.desk_incidents", **place, limit=query.limit, after=str(shown[-1].id))
    lines = [
        IncidentLineOut(
            id=str(one.id),
            attempt_id=str(one.attempt_id),
            attempt=one.ordinal,
            kind=one.kind,  # type: ignore[arg-type]  # one of the column's words
            noticed_at=one.noticed_at,
            recorded_at=one.recorded_at,
            seconds=one.seconds,
            detail=one.detail,
        )
        for one in shown
    ]
    return IncidentsOut(items=lines, next=more)


@operation(
    bp,
    "POST",
    f"{DESK}/minutes",
    needs_permission=WATCH,
    summary="Give one candidate minutes more, at once for the attempt under way; each call adds",
    body=MinutesIn,
    answers={200: ExtendedOut},
    problems={409: ("already_handed_in", "results_are_out", "exam_is_over", "exam_is_cancelled")},
)
def add_minutes(exam_id: int, candidate_id: int, body: MinutesIn) -> Any:
    _demand(exam_id)
    made = extend(exam_id, candidate_id, minutes=body.minutes, by=current_user.id, reason=body.reason, now=arrived_at())
    return ExtendedOut(extra_minutes=made.extra_minutes, deadline=made.deadline_at)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/minutes",
    needs_permission=WATCH,
    summary="Give everybody of a sitting, or of the exam, minutes more who has not handed in; each call adds",
    body=RoomMinutesIn,
    answers={200: PeopleOut},
    problems={409: ("results_are_out", "exam_is_over", "exam_is_cancelled")},
)
def add_minutes_to_all(exam_id: int, body: RoomMinutesIn) -> Any:
    _demand(exam_id)
    people = extend_many(
        exam_id,
        None if body.sitting is None else int(body.sitting),
        minutes=body.minutes,
        by=current_user.id,
        reason=body.reason,
        now=arrived_at(),
    )
    return PeopleOut(people=people)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/sittings/<id:sitting_id>/signal",
    needs_permission=WATCH,
    summary="Open a sitting that waits for the signal; a second call changes nothing",
    answers={200: SignalOut},
    problems={409: ("closed", "exam_not_published", "results_are_out", "exam_is_over", "exam_is_cancelled")},
)
def signal(exam_id: int, sitting_id: int) -> Any:
    return SignalOut(opens_at=give_signal(exam_id, sitting_id, by=current_user, now=arrived_at()))


@operation(
    bp,
    "POST",
    f"{DESK}/submit",
    needs_permission=WATCH,
    summary="Hand in for a candidate what has been saved; it cannot be taken back",
    body=ReasonIn,
    answers={200: ForcedOut},
    problems={409: ("not_started",)},
)
def force(exam_id: int, candidate_id: int, body: ReasonIn) -> Any:
    _demand(exam_id)
    attempt_id = desk_queries.desk(db.session(), exam_id, candidate_id).attempt_id
    end_read()
    if attempt_id is None:
        raise Conflict("not_started")
    receipt = force_submit(attempt_id, by=current_user.id, reason=body.reason, now=arrived_at())
    settle_and_spread([receipt.attempt_id], arrived_at())
    return ForcedOut(attempt_id=str(receipt.attempt_id), submitted_at=receipt.submitted_at, first=receipt.first)


@operation(
    bp,
    "POST",
    f"{DESK}/allow-again",
    needs_permission=WATCH,
    summary="Allow a candidate who has handed in for the last time one attempt more",
    body=ReasonIn,
    answers={200: AllowedOut},
    problems={409: ("attempt_is_left", "closed", "results_are_out", "exam_is_over", "exam_is_cancelled")},
)
def allow_again(exam_id: int, candidate_id: int, body: ReasonIn) -> Any:
    _demand(exam_id)
    allowed = desk.allow_again(exam_id, candidate_id, by=current_user.id, reason=body.reason, now=arrived_at())
    return AllowedOut(attempts_allowed=allowed)


@operation(
    bp,
    "POST",
    f"{DESK}/take-over",
    needs_permission=WATCH,
    summary="Stop the device on which a candidate writes, who then signs in at another one and goes on",
    body=ReasonIn,
    answers={204: None},
    problems={409: ("not_under_way",)},
)
def take_over(exam_id: int, candidate_id: int, body: ReasonIn) -> Any:
    _demand(exam_id)
    desk.take_over(exam_id, candidate_id, by=current_user.id, reason=body.reason, now=arrived_at())


def _demand(exam_id: int) -> None:
    queries.exam_to_watch(db.session(), exam_id, current_user)
    end_read()
