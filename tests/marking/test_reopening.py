"""Having a batch marked again, by the same marker or by others."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.marking.factories import (
    AFTER,
    HOUR,
    actions,
    add_markers,
    codes_for,
    make_waiting,
    mark_all,
    mark_batch,
    person,
    plan,
    points,
    repair,
    result_of,
)
from trainer.core.database import db
from trainer.core.errors import Invalid, Missing, Refused
from trainer.marking.allocating import NothingToMark, claim
from trainer.marking.giving import NotHeld, give
from trainer.marking.models import MarkEvent
from trainer.marking.queries.work import read_batch
from trainer.marking.reopening import reopen_batch


@pytest.fixture
def markers(city):
    return add_markers(city, 4)


def test_a_batch_given_back_to_its_marker_is_provisional_until_it_is_marked_anew(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    organiser = person(city, "organiser")
    made = reopen_batch(waiting.exam_id, batch_id, to="same", reason="偏松", by=organiser, now=AFTER)
    assert (made.answers, sorted(made.changed_attempts)) == (3, sorted(waiting.attempts.values()))
    assert reopen_batch(waiting.exam_id, batch_id, to="same", reason="偏松", by=organiser, now=AFTER).answers == 0
    result = result_of(waiting.attempts["officer"])
    assert (result.unmarked, result.score, result.passed) == (1, Decimal("2.00"), None)
    assert "marking_returned" in codes_for(city, "marker1")
    by = person(city, "marker1")
    assert [one.points for one in read_batch(db.session(), batch_id, by).answers] == [Decimal(6)] * 3
    assert claim(waiting.exam_id, None, by=by, now=AFTER + 9 * HOUR) == batch_id
    mark_batch(city, waiting.exam_id, "marker1", "2", "1")
    assert result_of(waiting.attempts["officer"]).score == Decimal("5.00")
    assert actions() == ["marking.planned", "marking.reopened"]


def test_an_answer_that_earned_nothing_waits_again_even_for_a_repair(city, markers):
    """Neither its points nor a pass change when it is taken up again, and yet the result is provisional."""
    waiting = make_waiting(city, answers=1, pass_mark=None)
    plan(city, waiting.exam_id, markers[:1])
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "0", "0")
    organiser = person(city, "organiser")
    made = reopen_batch(waiting.exam_id, batch_id, to="same", reason="偏严", by=organiser, now=AFTER)
    assert sorted(made.changed_attempts) == sorted(waiting.attempts.values())
    one = waiting.attempts["officer"]
    assert [bool(mark.get("waits")) for mark in result_of(one).marks] == [False, True]
    repair(city, waiting.exam_id, 1, "full_marks")
    assert (result_of(one).unmarked, result_of(one).score) == (1, Decimal("2.00"))


def test_a_marker_who_was_taken_out_of_the_plan_gets_nothing_back(city, markers):
    """Nobody could mark it: the one may no longer, and no other would be given it."""
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    plan(city, waiting.exam_id, markers[1:2])
    asked = {"reason": "偏松", "by": person(city, "organiser"), "now": AFTER}
    with pytest.raises(Refused) as refused:
        reopen_batch(waiting.exam_id, batch_id, to="same", **asked)
    assert refused.value.code == "marker_taken_out"
    assert result_of(waiting.attempts["officer"]).score == Decimal("8.00")
    assert reopen_batch(waiting.exam_id, batch_id, to="others", **asked).answers == 3
    mark_all(city, waiting.exam_id, "marker2", "2", "1")
    assert result_of(waiting.attempts["officer"]).score == Decimal("5.00")


def test_a_batch_taken_away_goes_to_others_and_never_back(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    reopen_batch(waiting.exam_id, batch_id, to="others", reason="偏松", by=person(city, "organiser"), now=AFTER)
    with pytest.raises(NothingToMark):
        claim(waiting.exam_id, None, by=person(city, "marker1"), now=AFTER)
    with pytest.raises(NotHeld):
        give(batch_id, 1, points("4", "2"), "", by=person(city, "marker1"), now=AFTER)
    mark_all(city, waiting.exam_id, "marker2", "1", "1")
    assert result_of(waiting.attempts["officer"]).score == Decimal("4.00")
    kinds = db.session.execute(select(MarkEvent.kind, func.count()).group_by(MarkEvent.kind)).all()
    assert dict(map(tuple, kinds)) == {"given": 6, "withdrawn": 3}


def test_nothing_is_taken_away_where_nobody_else_is_left(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2], double=True)
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    mark_all(city, waiting.exam_id, "marker2", "4", "2")
    organiser = person(city, "organiser")
    with pytest.raises(Refused) as refusal:
        reopen_batch(waiting.exam_id, batch_id, to="others", reason="偏松", by=organiser, now=AFTER)
    assert refusal.value.code == "no_other_marker"
    plan(city, waiting.exam_id, markers[:3], double=True)
    reopen_batch(waiting.exam_id, batch_id, to="others", reason="偏松", by=organiser, now=AFTER)
    mark_all(city, waiting.exam_id, "marker3", "3", "2")
    assert result_of(waiting.attempts["officer"]).score == Decimal("7.50")


def test_marking_again_needs_a_reason_and_the_right_to_run_the_exam(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    with pytest.raises(Invalid):
        reopen_batch(waiting.exam_id, batch_id, to="same", reason=" ", by=person(city, "organiser"), now=AFTER)
    for name in ("county_organiser", "marker1"):
        with pytest.raises(Missing):
            reopen_batch(waiting.exam_id, batch_id, to="same", reason="偏松", by=person(city, name), now=AFTER)
    with pytest.raises(Missing):
        reopen_batch(waiting.exam_id, batch_id + 99, to="same", reason="偏松", by=person(city, "organiser"), now=AFTER)


def test_one_answer_alone_is_marked_again_from_the_page_and_the_api(city, markers, as_user, clock):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    clock(AFTER)
    organiser = as_user("organiser")
    page = f"/exams/{waiting.exam_id}/marking/batches/{batch_id}"
    assert organiser.get(page).text.count('data-put="position"') == 3
    assert page in organiser.get(f"/exams/{waiting.exam_id}/marking/batches").text
    fields = {"to": "same", "reason": "漏看要点", "position": "2"}
    back = organiser.post(f"{page}/reopen", data=fields)
    assert back.location.endswith(page)
    held = read_batch(db.session(), batch_id, person(city, "marker1"))
    assert [one.state for one in held.answers] == ["given", "returned", "given"]
    db.session.rollback()
    address = f"/api/v1{page}"
    assert [one["state"] for one in organiser.get(address).json["answers"]] == ["given", "returned", "given"]
    body = {"to": "others", "reason": "偏松", "position": 3}
    assert organiser.post(f"{address}/reopen", json=body).json == {"answers": 1}
    assert [one["position"] for one in organiser.get(address).json["answers"]] == [1, 2]
    assert organiser.post(f"{address}/reopen", json=body).status_code == 404
    assert organiser.post(f"{page}/reopen", data=fields | {"position": "x"}).status_code == 404
    listed = organiser.get(f"/api/v1/exams/{waiting.exam_id}/marking/batches").json["items"]
    assert [(one["given"], one["returned"]) for one in listed] == [(1, 1)]
    for stranger in ("foreign_organiser", "officer"):
        assert as_user(stranger).get(address).status_code in (403, 404)
        assert as_user(stranger).post(f"{address}/reopen", json=body).status_code in (403, 404)
