"""Sittings, and an exam as a whole, over the API, for whoever runs it."""

from __future__ import annotations

from typing import Any, Literal

from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Id, Moment, MomentIn, Shape, Text, api_blueprint, operation
from trainer.attempts.cancel import cancel_exam
from trainer.attempts.extend import extend_for_all
from trainer.attempts.queries import RoomLine, rooms_of
from trainer.attempts.seating import spread_candidates
from trainer.core.database import db, end_read
from trainer.core.errors import Missing
from trainer.exams import queries, service, sittings
from trainer.exams.resitting import draft_resit
from trainer.exams.rules import CANCEL_REASON_MOST, SittingSpec
from trainer.marking.queries import waiting_people
from trainer.reports.queries import exams as figures
from trainer.reports.queries.met import items_met
from trainer.web.arrival import arrived_at

bp = api_blueprint("sittings_api")

VIEW, MANAGE = "exam.view", "exam.manage"


class SittingIn(Shape):
    """A window of time in a room."""

    opens_at: MomentIn
    closes_at: MomentIn
    room: Text = Field("", max_length=60)
    capacity: int | None = Field(None, ge=1, le=100_000, description="seats; null for any number")
    form: int | None = Field(None, ge=1, le=50, description="the parallel paper of all here; null: as dealt to each")
    awaits_signal: bool = Field(False, description="nobody starts before the invigilator's signal")

    def spec(self) -> SittingSpec:
        """Return it as the services take it."""
        return SittingSpec(**self.model_dump())


class SittingOut(Shape):
    id: Id
    number: int
    opens_at: Moment
    closes_at: Moment
    room: str
    capacity: int | None
    form: int | None
    awaits_signal: bool
    due: int
    started: int
    shifted: int = Field(description="how many start later than the sitting")


class SittingsOut(Shape):
    items: list[SittingOut]
    next: str | None


class SpreadIn(Shape):
    way: Literal["by_unit", "evenly"]


class SpreadOut(Shape):
    moved: int


class ResitIn(Shape):
    groups: list[Literal["absent", "deferred", "failed"]] = Field(min_length=1, max_length=3)


class ResitOut(Shape):
    exam_id: Id = Field(description="the draft")
    candidates: int


class CancelIn(Shape):
    reason: Text = Field("", max_length=CANCEL_REASON_MOST, description="candidates are told; pages demand one")


class ClosingIn(Shape):
    closes_at: MomentIn = Field(description="later than the present last closing time")


class StateOut(Shape):
    state: Literal["draft", "published", "cancelled"]
    released: bool = Field(description="released by hand")


# --- the exam as a whole


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/publish",
    needs_permission=MANAGE,
    summary="Publish a draft: papers are drawn and dealt, candidates told; a second call changes nothing",
    answers={200: StateOut},
    problems={409: ("exam_not_draft",), 422: ("invalid", "not_enough_items")},
)
def publish(exam_id: int) -> Any:
    service.publish_exam(exam_id, by=current_user, now=arrived_at(), seen=items_met)
    return _state(exam_id)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/release",
    needs_permission=MANAGE,
    summary="Release results by hand, once nobody can write any more; a second call changes nothing",
    answers={200: StateOut},
    problems={409: ("exam_not_published", "exam_still_open")},
)
def release(exam_id: int) -> Any:
    service.release_results(exam_id, by=current_user, now=arrived_at(), unmarked=waiting_people)
    return _state(exam_id)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/cancel",
    needs_permission=MANAGE,
    summary="Cancel an exam whose results are not out; a second call changes nothing",
    body=CancelIn,
    body_is_optional=True,
    answers={200: StateOut},
    problems={409: ("results_are_out",)},
)
def cancel(exam_id: int, body: CancelIn) -> Any:
    cancel_exam(exam_id, by=current_user, now=arrived_at(), reason=body.reason)
    return _state(exam_id)


@operation(
    bp,
    "PUT",
    "/exams/<id:exam_id>/closing",
    needs_permission=MANAGE,
    summary="Move the last closing time to a later one, for attempts under way too",
    body=ClosingIn,
    answers={200: StateOut},
    problems={409: ("exam_not_published", "results_are_out", "exam_is_over")},
)
def move_closing(exam_id: int, body: ClosingIn) -> Any:
    extend_for_all(exam_id, body.closes_at, by=current_user, now=arrived_at())
    return _state(exam_id)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/resit",
    needs_permission=MANAGE,
    summary="Draft an exam that makes up for this one, for those of these groups who are in no resit yet",
    body=ResitIn,
    answers={201: ResitOut},
    problems={403: ("not_released",), 409: ("nobody_to_resit",)},
)
def resit(exam_id: int, body: ResitIn) -> Any:
    session = db.session()
    exam = queries.read_exam(session, exam_id, current_user, permission=MANAGE)
    owing = figures.who_resits(session, exam_id, body.groups)
    made = draft_resit(session, exam, owing, by=current_user, now=arrived_at())
    return ResitOut(exam_id=str(made), candidates=len(owing)), 201


def _state(exam_id: int) -> StateOut:
    exam = queries.read_exam(db.session(), exam_id, current_user, permission=MANAGE)
    end_read()
    return StateOut(state=exam.state, released=exam.released_at is not None)  # type: ignore[arg-type]  # one of three


# --- sittings


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/sittings",
    needs_permission=VIEW,
    summary="Sittings of an exam by number, with how many sit there",
    answers={200: SittingsOut},
)
def index(exam_id: int) -> Any:
    queries.read_exam(db.session(), exam_id, current_user)
    rooms = rooms_of(db.session(), exam_id)
    end_read()
    return SittingsOut(items=[_sitting(one) for one in rooms], next=None)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/sittings",
    needs_permission=MANAGE,
    summary="Add a sitting",
    body=SittingIn,
    answers={201: SittingOut},
    problems={409: ("results_are_out", "exam_is_over", "exam_is_cancelled", "too_many_sittings")},
)
def add(exam_id: int, body: SittingIn) -> Any:
    made = sittings.add_sitting(exam_id, body.spec(), by=current_user, now=arrived_at())
    return _one(exam_id, made), 201


@operation(
    bp,
    "PUT",
    "/exams/<id:exam_id>/sittings/<id:sitting_id>",
    needs_permission=MANAGE,
    summary="Change a sitting that has not opened; its candidates are told of other times or another room",
    body=SittingIn,
    answers={200: SittingOut},
    problems={409: ("sitting_has_begun", "results_are_out", "exam_is_over", "exam_is_cancelled")},
)
def change(exam_id: int, sitting_id: int, body: SittingIn) -> Any:
    sittings.change_sitting(exam_id, sitting_id, body.spec(), by=current_user, now=arrived_at())
    return _one(exam_id, sitting_id)


@operation(
    bp,
    "DELETE",
    "/exams/<id:exam_id>/sittings/<id:sitting_id>",
    needs_permission=MANAGE,
    summary="Remove a sitting that nobody has, never the last one",
    answers={204: None},
    problems={409: ("sitting_is_taken",)},
)
def remove(exam_id: int, sitting_id: int) -> Any:
    sittings.remove_sitting(exam_id, sitting_id, by=current_user)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/sittings/spread",
    needs_permission=MANAGE,
    summary="Spread those due who have not started over the sittings that have not opened",
    body=SpreadIn,
    answers={200: SpreadOut},
    problems={409: ("room_full", "no_sitting_ahead")},
)
def spread(exam_id: int, body: SpreadIn) -> Any:
    return SpreadOut(moved=spread_candidates(exam_id, body.way, by=current_user, now=arrived_at()))


def _one(exam_id: int, sitting_id: int) -> SittingOut:
    rooms = rooms_of(db.session(), exam_id)
    end_read()
    for one in rooms:
        if one.id == sitting_id:
            return _sitting(one)
    raise Missing


def _sitting(one: RoomLine) -> SittingOut:
    return SittingOut(
        id=str(one.id),
        number=one.number,
        opens_at=one.opens_at,
        closes_at=one.closes_at,
        room=one.room,
        capacity=one.capacity,
        form=one.form,
        awaits_signal=one.awaits_signal,
        due=one.due,
        started=one.started,
        shifted=one.shifted,
    )
