"""Candidates of an exam and their entry tickets over the API, for whoever runs it."""

from __future__ import annotations

from typing import Any, Literal

from flask import url_for
from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Id, IdIn, Moment, MomentIn, Shape, Text, api_blueprint, operation
from trainer.attempts.excusing import excuse_candidates
from trainer.attempts.extend import REASON_MOST, extend_named
from trainer.attempts.seating import move_candidates
from trainer.attempts.shifting import shift_starts
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid
from trainer.exams import queries, service
from trainer.exams.rules import EXTRA_MINUTES_MOST, SHIFT_MOST
from trainer.exams.tickets import issue_tickets
from trainer.reports.queries import exams as figures
from trainer.reports.queries.met import items_met
from trainer.web.arrival import arrived_at

bp = api_blueprint("candidates_api")

VIEW, MANAGE = "exam.view", "exam.manage"
MANY = 1000


class MovedOut(Shape):
    """How many were given another sitting."""

    moved: int


class AddIn(Shape):
    """Whole subtrees of units by code, and single people by username."""

    units: list[Text] = Field([], max_length=1000)
    usernames: list[Text] = Field([], max_length=20_000)


class AddedOut(Shape):
    added: int


class ChangedOut(Shape):
    changed: int


class CandidatesQuery(Shape):
    limit: int = Field(50, ge=1, le=200)
    after: int = Field(0, ge=0, le=10_000_000, description="continue behind so many candidates")
    words: Text = Field("", max_length=80, description="parts of a name or username")
    state: Literal["", "due", "not_started", "started", "saved", "submitted", "absent", "excused"] = ""
    sitting: IdIn | None = None
    unit: IdIn | None = None


class CandidateOut(Shape):
    """A candidate. Who is due and has not started by the end of the own window is absent; nobody has to say so."""

    id: Id
    username: str
    name: str
    unit_id: Id
    unit: str = Field(description="name of the unit at the time of naming")
    sitting_id: Id
    state: Literal["due", "exempt", "deferred"]
    reason: str = Field(description="why exempt or deferred")
    progress: Literal["not_started", "absent", "started", "saved", "submitted"]
    opens_at: Moment = Field(description="the own window: the sitting's, later by shift_minutes")
    closes_at: Moment
    shift_minutes: int
    shift_reason: str
    extra_minutes: int
    started_at: Moment | None
    submitted_at: Moment | None


class CandidatesOut(Shape):
    items: list[CandidateOut]
    next: str | None


class People(Shape):
    candidates: list[IdIn] = Field(min_length=1, max_length=MANY, description="ids of candidates of this exam")


class StatesIn(People):
    state: Literal["due", "exempt", "deferred"]
    reason: Text = Field("", max_length=200, description="needed for exempt and deferred")


class MoveIn(People):
    sitting: IdIn


class ShiftIn(People):
    """Either ``minutes`` after the own sitting opens, or ``opens_at``; 0 minutes take a shift back."""

    minutes: int | None = Field(None, ge=0, le=SHIFT_MOST)
    opens_at: MomentIn | None = None
    reason: Text = Field("", max_length=200, description="needed for any shift but 0")


class MinutesForIn(People):
    """Minutes on top of what was given before; 0 takes back what those had who have not started."""

    minutes: int = Field(ge=0, le=EXTRA_MINUTES_MOST)
    reason: Text = Field("", max_length=REASON_MOST, description="needed for any minutes but 0")


class TicketsIn(Shape):
    """Which of those who are due; without anything all. What is given here reissues: former tickets end."""

    candidate: IdIn | None = None
    unit: IdIn | None = None
    sitting: IdIn | None = None


class TicketOut(Shape):
    username: str
    name: str
    unit: str
    room: str
    opens_at: Moment
    closes_at: Moment
    shift_minutes: int
    code: str = Field(description="the secret; it is told this once, the site keeps its hash alone")


class TicketsOut(Shape):
    items: list[TicketOut]
    next: str | None


# --- operations


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/candidates",
    needs_permission=VIEW,
    summary="Candidates of an exam by unit and name, with their own window and how far they are",
    query=CandidatesQuery,
    answers={200: CandidatesOut},
)
def index(exam_id: int, query: CandidatesQuery) -> Any:
    session, now = db.session(), arrived_at()
    queries.read_exam(session, exam_id, current_user)
    rows = figures.candidates_matching(
        exam_id,
        words=query.words,
        state=query.state,
        unit_id=None if query.unit is None else int(query.unit),
        sitting_id=None if query.sitting is None else int(query.sitting),
        now=now,
    )
    found = session.execute(rows.offset(query.after).limit(query.limit + 1)).all()
    end_read()
    following = None
    if len(found) > query.limit:
        asked = query.model_dump(exclude_defaults=True) | {"after": query.after + query.limit}
        following = url_for("candidates_api.index", exam_id=exam_id, **asked)
    return CandidatesOut(
        items=[_candidate(figures.candidate_line(row, now)) for row in found[: query.limit]], next=following
    )


def _candidate(one: figures.CandidateLine) -> CandidateOut:
    return CandidateOut(
        id=str(one.candidate_id),
        username=one.username,
        name=one.name,
        unit_id=str(one.unit_id),
        unit=one.unit_name,
        sitting_id=str(one.sitting_id),
        state=one.excused or "due",  # type: ignore[arg-type]  # one of the column's three words
        reason=one.reason,
        progress=one.state,  # type: ignore[arg-type]  # as candidate_line says
        opens_at=one.opens_at,
        closes_at=one.closes_at,
        shift_minutes=one.shift_minutes,
        shift_reason=one.shift_reason,
        extra_minutes=one.extra_minutes,
        started_at=one.started_at,
        submitted_at=one.submitted_at,
    )


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/candidates",
    needs_permission=MANAGE,
    summary="Name further candidates; who is named already stays as before",
    body=AddIn,
    answers={200: AddedOut},
    problems={409: ("exam_is_over", "exam_is_cancelled"), 422: ("not_enough_items",)},
)
def add(exam_id: int, body: AddIn) -> Any:
    added = service.add_candidates(
        exam_id, units=body.units, usernames=body.usernames, by=current_user, now=arrived_at(), seen=items_met
    )
    return AddedOut(added=added)


@operation(
    bp,
    "DELETE",
    "/exams/<id:exam_id>/candidates/<id:candidate_id>",
    needs_permission=MANAGE,
    summary="Take a candidate off an exam who has not started",
    answers={204: None},
    problems={409: ("candidate_has_attempt",)},
)
def remove(exam_id: int, candidate_id: int) -> Any:
    service.remove_candidate(exam_id, _users(exam_id, [candidate_id])[0], by=current_user)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/candidates/states",
    needs_permission=MANAGE,
    summary="Put candidates into due, exempt or deferred; due takes an excuse back",
    body=StatesIn,
    answers={200: ChangedOut},
    problems={409: ("excused_has_begun",)},
)
def set_states(exam_id: int, body: StatesIn) -> Any:
    if body.state != "due" and not body.reason.strip():
        raise Invalid.at("reason", "required")
    people = _users(exam_id, body.candidates)
    return ChangedOut(changed=excuse_candidates(exam_id, people, body.state, by=current_user, reason=body.reason))


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/candidates/move",
    needs_permission=MANAGE,
    summary="Give candidates another sitting; who has started stays, and a shifted start ends with the old sitting",
    body=MoveIn,
    answers={200: MovedOut},
    problems={409: ("room_full", "closed")},
)
def move(exam_id: int, body: MoveIn) -> Any:
    people = _users(exam_id, body.candidates)
    return MovedOut(moved=move_candidates(exam_id, people, int(body.sitting), by=current_user, now=arrived_at()))


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/candidates/shift",
    needs_permission=MANAGE,
    summary="Shift the start of candidates who have not started; all of them or none",
    body=ShiftIn,
    answers={200: ChangedOut},
    problems={409: ("has_started", "results_are_out", "exam_is_over", "exam_is_cancelled")},
)
def shift(exam_id: int, body: ShiftIn) -> Any:
    to = body.opens_at if body.minutes is None else body.minutes
    if to is None or (body.minutes is not None and body.opens_at is not None):
        raise Invalid.at("minutes", "minutes_or_moment")
    ids = [int(one) for one in body.candidates]
    return ChangedOut(changed=shift_starts(exam_id, ids, to, by=current_user, reason=body.reason, now=arrived_at()))


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/candidates/minutes",
    needs_permission=MANAGE,
    summary="Give candidates extra minutes, before the exam and while it runs; all of them or none, each call adds",
    body=MinutesForIn,
    answers={200: ChangedOut},
    problems={409: ("have_no_time", "minutes_in_use", "results_are_out", "exam_is_over", "exam_is_cancelled")},
)
def give_minutes(exam_id: int, body: MinutesForIn) -> Any:
    ids = [int(one) for one in body.candidates]
    done = extend_named(exam_id, ids, body.minutes, by=current_user, reason=body.reason, now=arrived_at())
    return ChangedOut(changed=done)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/tickets",
    needs_permission=MANAGE,
    summary="Make entry tickets for one candidate, a unit, a sitting or all who are due; the secrets come once",
    body=TicketsIn,
    body_is_optional=True,
    answers={200: TicketsOut},
    problems={409: ("exam_not_published",)},
)
def tickets(exam_id: int, body: TicketsIn) -> Any:
    queries.read_exam(db.session(), exam_id, current_user, permission=MANAGE)
    person = None if body.candidate is None else _users(exam_id, [body.candidate])[0]
    end_read()
    made = issue_tickets(
        exam_id,
        by=current_user.id,
        unit_id=None if body.unit is None else int(body.unit),
        sitting_id=None if body.sitting is None else int(body.sitting),
        user_id=person,
    )
    return TicketsOut(items=[TicketOut.model_validate(one) for one in made], next=None)


def _users(exam_id: int, candidate_ids: list[Any]) -> list[int]:
    """Return the user ids of candidates of an exam that the caller manages."""
    queries.read_exam(db.session(), exam_id, current_user, permission=MANAGE)
    people = queries.users_of(db.session(), exam_id, [int(one) for one in candidate_ids])
    end_read()
    return people
