"""Sittings, candidates, shifts, tickets and the exam as a whole over the API."""

import pytest
from sqlalchemy import select

from tests.attempts.test_api import code
from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam
from trainer.core.database import db
from trainer.exams.models import Exam
from trainer.exams.tickets import BadTicket, sign_in_by_ticket

API = "/api/v1"
BEFORE = NINE - HOUR
LATER = {"opens_at": "2026-11-23T05:00:00Z", "closes_at": "2026-11-23T07:00:00Z"}


@pytest.fixture
def organiser(as_user, clock):
    clock(BEFORE)
    return as_user("organiser")


@pytest.fixture
def exam(city, organiser):
    return f"{API}/exams/{make_exam(city)}"


def people_of(client, exam, **query):
    answer = client.get(f"{exam}/candidates", query_string=query)
    assert answer.status_code == 200
    return {one["username"]: one for one in answer.json["items"]}


def test_sittings_are_added_changed_filled_and_removed(exam, organiser):
    made = organiser.post(f"{exam}/sittings", json=LATER | {"room": "三号机房", "capacity": 1})
    assert (made.status_code, made.json["number"], made.json["room"]) == (201, 2, "三号机房")
    second = f"{exam}/sittings/{made.json['id']}"
    changed = organiser.put(second, json=LATER | {"room": "四号机房", "capacity": 1, "awaits_signal": True})
    assert (changed.json["room"], changed.json["awaits_signal"]) == ("四号机房", True)
    people = people_of(organiser, exam)
    ids = [one["id"] for one in people.values()]
    full = organiser.post(f"{exam}/candidates/move", json={"candidates": ids, "sitting": made.json["id"]})
    assert code(full) == (409, "room_full")
    moved = organiser.post(f"{exam}/candidates/move", json={"candidates": ids[:1], "sitting": made.json["id"]})
    assert moved.json == {"moved": 1}
    assert code(organiser.delete(second)) == (409, "sitting_is_taken")
    listed = organiser.get(f"{exam}/sittings").json["items"]
    assert [(one["number"], one["due"]) for one in listed] == [(1, len(ids) - 1), (2, 1)]
    organiser.post(f"{exam}/candidates/move", json={"candidates": ids[:1], "sitting": listed[0]["id"]})
    assert organiser.post(f"{exam}/sittings/spread", json={"way": "by_unit"}).json["moved"] in (0, 1)
    organiser.post(f"{exam}/candidates/move", json={"candidates": ids, "sitting": listed[0]["id"]})
    assert organiser.delete(second).status_code == 204
    assert organiser.delete(second).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"opens_at": "0001-01-01T00:00:00Z"}, "opens_at", "date_out_of_range"),
        ({"closes_at": "9999-12-31T23:59:59-01:00"}, "closes_at", "date_out_of_range"),
        ({"closes_at": "2026-11-23T04:00:00Z"}, "closes_at", "closes_before_opens"),
        ({"capacity": 0}, "capacity", "too_small"),
        ({"form": 2}, "form", "no_such_form"),
    ],
)
def test_a_sitting_that_is_wrong_says_where(exam, organiser, changes, field, why):
    answer = organiser.post(f"{exam}/sittings", json=LATER | changes)
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [(field, why)]


def test_candidates_are_named_excused_called_back_and_removed(exam, organiser):
    assert organiser.post(f"{exam}/candidates", json={"usernames": ["officer3"]}).json == {"added": 1}
    people = people_of(organiser, exam)
    third = people["officer3"]["id"]
    excuse = {"candidates": [third], "state": "deferred"}
    assert code(organiser.post(f"{exam}/candidates/states", json=excuse)) == (422, "invalid")
    done = organiser.post(f"{exam}/candidates/states", json=excuse | {"reason": "住院"})
    assert done.json == {"changed": 1}
    held = people_of(organiser, exam, state="excused")
    assert [(one["state"], one["reason"]) for one in held.values()] == [("deferred", "住院")]
    organiser.post(f"{exam}/candidates/states", json={"candidates": [third], "state": "due"})
    assert people_of(organiser, exam, state="excused") == {}
    assert organiser.delete(f"{exam}/candidates/{third}").status_code == 204
    assert organiser.delete(f"{exam}/candidates/{third}").status_code == 404
    assert "officer3" not in people_of(organiser, exam)


def test_who_did_not_come_is_absent_without_anybody_saying_so(exam, organiser, clock):
    assert people_of(organiser, exam, state="absent") == {}
    clock(NINE + 2 * HOUR)
    assert {one["progress"] for one in people_of(organiser, exam, state="absent").values()} == {"absent"}


def test_the_list_of_candidates_goes_on_behind_its_mark(exam, organiser):
    first = organiser.get(f"{exam}/candidates?limit=1").json
    second = organiser.get(first["next"]).json
    assert first["items"][0]["id"] != second["items"][0]["id"]
    assert second["next"] is None


def test_a_start_is_shifted_by_minutes_or_to_a_moment(exam, organiser):
    one = people_of(organiser, exam)["officer"]

    def shift(**fields):
        return organiser.post(f"{exam}/candidates/shift", json={"candidates": [one["id"]]} | fields)

    assert code(shift(reason="外县")) == (422, "invalid")
    assert code(shift(minutes=30, opens_at="2026-11-23T02:00:00Z", reason="外县")) == (422, "invalid")
    assert code(shift(minutes=30)) == (422, "invalid")
    assert shift(minutes=30, reason="外县").json == {"changed": 1}
    assert shift(opens_at="2026-11-23T02:00:00Z", reason="外县").json == {"changed": 1}
    shifted = people_of(organiser, exam)["officer"]
    assert (shifted["shift_minutes"], shifted["opens_at"]) == (60, "2026-11-23T02:00:00.000Z")
    assert organiser.get(f"{exam}/sittings").json["items"][0]["shifted"] == 1
    assert shift(minutes=0).json == {"changed": 1}


def test_tickets_are_told_once_and_the_next_ones_end_them(exam, organiser):
    everybody = organiser.post(f"{exam}/tickets", json={})
    assert everybody.headers["Cache-Control"] == "no-store"
    former = {one["username"]: one["code"] for one in everybody.json["items"]}
    one = people_of(organiser, exam)["officer"]
    single = organiser.post(f"{exam}/tickets", json={"candidate": one["id"]}).json["items"]
    assert [(each["username"], each["opens_at"]) for each in single] == [("officer", one["opens_at"])]
    unit = organiser.post(f"{exam}/tickets", json={"unit": "999999"}).json["items"]
    assert unit == []
    with pytest.raises(BadTicket):
        sign_in_by_ticket(former["officer"], address="", now=BEFORE)
    assert sign_in_by_ticket(single[0]["code"], address="", now=BEFORE)
    assert sign_in_by_ticket(former["officer2"], address="", now=BEFORE)


def test_an_exam_is_published_extended_cancelled_released_and_resat(city, organiser, as_user, clock):
    draft = f"{API}/exams/{make_exam(city, publish=False)}"
    assert organiser.post(f"{draft}/publish").json == {"state": "published", "released": False}
    later = {"closes_at": "2026-11-23T04:00:00Z"}
    assert organiser.put(f"{draft}/closing", json=later).status_code == 200
    assert organiser.get(draft).json["closes_at"] == "2026-11-23T04:00:00.000Z"
    assert code(organiser.put(f"{draft}/closing", json={"closes_at": "2026-11-23T02:00:00Z"})) == (422, "invalid")
    assert code(organiser.post(f"{draft}/release")) == (409, "exam_still_open")
    assert code(organiser.post(f"{draft}/resit", json={"groups": ["absent"]})) == (403, "not_released")
    assert organiser.post(f"{draft}/cancel", json={"reason": "停电"}).json["state"] == "cancelled"
    assert db.session.scalar(select(Exam.cancel_reason)) == "停电"
    by_hand = f"{API}/exams/{make_exam(city, items=0, title='手动公布', release='manual')}"
    clock(NINE + 3 * HOUR)
    organiser = as_user("organiser")
    assert organiser.post(f"{by_hand}/release").json == {"state": "published", "released": True}
    made = organiser.post(f"{by_hand}/resit", json={"groups": ["absent"]})
    assert (made.status_code, made.json["candidates"]) == (201, 2)
    resit = db.session.scalar(select(Exam).where(Exam.id == int(made.json["exam_id"])))
    assert (resit.state, resit.title) == ("draft", "手动公布（补考）")
    assert code(organiser.post(f"{by_hand}/resit", json={"groups": ["absent"]})) == (409, "nobody_to_resit")
    assert organiser.get(f"{API}/exams/{resit.id}").json["resit_of"] == by_hand.rsplit("/", 1)[1]


OPERATIONS = [
    ("GET", "sittings", None),
    ("POST", "sittings", LATER),
    ("POST", "sittings/spread", {"way": "evenly"}),
    ("GET", "candidates", None),
    ("POST", "candidates", {"usernames": ["officer3"]}),
    ("POST", "candidates/states", {"candidates": ["1"], "state": "due"}),
    ("POST", "candidates/move", {"candidates": ["1"], "sitting": "1"}),
    ("POST", "candidates/shift", {"candidates": ["1"], "minutes": 5, "reason": "x"}),
    ("POST", "candidates/minutes", {"candidates": ["1"], "minutes": 5, "reason": "x"}),
    ("POST", "tickets", {}),
    ("POST", "publish", None),
    ("POST", "release", None),
    ("POST", "cancel", None),
    ("PUT", "closing", {"closes_at": "2026-11-23T09:00:00Z"}),
    ("POST", "resit", {"groups": ["failed"]}),
]


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS)
def test_an_organiser_of_another_unit_finds_no_exam_there(exam, as_user, method, path, body):
    assert as_user("foreign_organiser").open(f"{exam}/{path}", method=method, json=body).status_code == 404
    assert as_user("officer").open(f"{exam}/{path}", method=method, json=body).status_code == 403
