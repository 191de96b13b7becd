"""Exams over the API."""

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam
from tests.papers.factories import fill_bank
from trainer.exams.models import Exam

BEFORE = NINE - HOUR


def body(**changes):
    """A request that is accepted."""
    return {
        "title": "执法资格考试",
        "opens_at": "2026-11-23T01:00:00Z",
        "closes_at": "2026-11-23T03:00:00Z",
        "minutes": 60,
        "pass_mark": "1.80",
        "attempts": 1,
        "release": "after_close",
        "shuffle_items": True,
        "shuffle_options": True,
        "draw": "one_paper",
        "sections": [
            {
                "title": "单选题",
                "kind": "single_choice",
                "count": 3,
                "points_each": "1.00",
                "partial_credit": "all_or_nothing",
            }
        ],
        "candidates": {"units": ["PJ-CGJ"], "usernames": ["officer3"]},
    } | changes


def test_an_organiser_makes_an_exam_that_stands_as_published(as_user, clock):
    fill_bank(single_choice=5)
    clock(BEFORE)
    answer = as_user("organiser").post("/api/v1/exams", json=body(credit_hours="2", seed="s"))
    assert answer.status_code == 201
    made = answer.json
    assert isinstance(made["id"], str)
    expected = {
        "state": "published",
        "phase": "upcoming",
        "unit": "JM",
        "opens_at": "2026-11-23T01:00:00.000Z",
        "pass_mark": "1.80",
        "credit_hours": "2.00",
        "item_count": 3,
        "max_points": "3.00",
        "candidates": 3,
        "may_enter": False,
        "may_manage": True,
    }
    assert {name: made[name] for name in expected} == expected
    assert made["sections"][0]["points_each"] == "1.00"


def test_defaults_and_numbers_are_taken(as_user, clock):
    fill_bank(single_choice=5)
    clock(BEFORE)
    short = {name: body()[name] for name in ("title", "opens_at", "closes_at", "minutes")}
    short["sections"] = [{"title": "一", "kind": "single_choice", "count": 2, "points_each": 1.5}]
    made = as_user("organiser").post("/api/v1/exams", json=short | {"draft": True}).json
    assert (made["state"], made["max_points"], made["attempts"], made["candidates"]) == ("draft", "3.00", 1, 0)


def test_a_draft_that_the_bank_cannot_fill_is_kept_and_says_so(as_user, clock):
    fill_bank(single_choice=2)
    clock(BEFORE)
    organiser = as_user("organiser")
    made = organiser.post("/api/v1/exams", json=body(draft=True))
    assert made.status_code == 201
    lack = {"section": 1, "title": "单选题", "wanted": 3, "found": 2, "missing": 1, "unknown_items": []}
    lack["exact"] = True
    lack["mends"] = [{"code": "fewer", "count": 2}, {"code": "write", "count": 1}]
    assert made.json["not_enough_items"] == [lack]
    fill_bank(single_choice=3)
    assert organiser.get(f"/api/v1/exams/{made.json['id']}").json["not_enough_items"] is None


def test_all_that_is_wrong_is_told_at_once(as_user, clock, session):
    fill_bank(single_choice=2)
    clock(NINE + 3 * HOUR)
    named = {"units": ["NOWHERE"], "usernames": ["ghost"]}
    answer = as_user("organiser").post("/api/v1/exams", json=body(pass_mark="9", unit="XX", candidates=named))
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json["errors"]] == [
        "pass_mark",
        "unit",
        "candidates.units.0",
        "candidates.usernames.0",
        "closes_at",
        "sections.0.count",
    ]
    draft = as_user("organiser").post("/api/v1/exams", json=body(pass_mark="9", draft=True))
    assert [one["field"] for one in draft.json["errors"]] == ["pass_mark"]
    assert session.scalar(select(func.count()).select_from(Exam)) == 0


def test_credit_hours_come_in_halves(as_user, clock):
    fill_bank(single_choice=5)
    clock(BEFORE)
    answer = as_user("organiser").post("/api/v1/exams", json=body(credit_hours="0.3"))
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [("credit_hours", "hours_not_in_halves")]


def test_an_impossible_blueprint_says_which_section_lacks_how_many(as_user, session, clock):
    fill_bank(single_choice=2)
    clock(BEFORE)
    answer = as_user("organiser").post("/api/v1/exams", json=body())
    assert (answer.status_code, answer.json["code"]) == (422, "not_enough_items")
    assert answer.mimetype == "application/problem+json"
    assert answer.json["params"]["lacks"][0] | {"title": ""} == {
        "section": 1,
        "title": "",
        "wanted": 3,
        "found": 2,
        "missing": 1,
        "exact": True,
        "unknown_items": [],
        "mends": [{"code": "fewer", "count": 2}, {"code": "write", "count": 1}],
    }
    assert answer.json["errors"][0]["field"] == "sections.0.count"
    assert "缺 1 道" in answer.json["errors"][0]["message"]
    assert session.scalar(select(func.count()).select_from(Exam)) == 0


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"minutes": 0}, "minutes", "too_small"),
        ({"opens_at": "2026-11-23T01:00:00"}, "opens_at", "bad_format"),
        ({"closes_at": "2026-11-23T01:00:00Z"}, "closes_at", "closes_before_opens"),
        ({"release": "never"}, "release", "unknown_value"),
        ({"pass_mark": "3.01"}, "pass_mark", "out_of_range"),
        ({"sections": []}, "sections", "too_short"),
        ({"titel": "x"}, "titel", "unknown_field"),
        ({"title": "a\x00b"}, "title", "control_characters"),
        ({"candidates": {"units": ["NOWHERE"]}}, "candidates.units.0", "unknown_unit"),
        ({"candidates": {"usernames": ["a", "officer"]}}, "candidates.usernames.0", "unknown_person"),
    ],
)
def test_a_wrong_request_is_told_at_its_field(as_user, clock, change, field, code):
    clock(BEFORE)
    answer = as_user("organiser").post("/api/v1/exams", json=body(**change))
    assert answer.status_code == 422
    assert (field, code) in [(one["field"], one["code"]) for one in answer.json["errors"]]


@pytest.mark.parametrize(("who", "status"), [("officer", 403), ("supervisor", 403), ("examiner", 201)])
def test_only_who_manages_exams_makes_one(as_user, clock, who, status):
    fill_bank(single_choice=5)
    clock(BEFORE)
    assert as_user(who).post("/api/v1/exams", json=body()).status_code == status


def test_nobody_gets_nothing(client):
    assert client.get("/api/v1/exams").status_code == 401
    assert client.get("/api/v1/exams/1").status_code == 401
    assert client.post("/api/v1/exams", json=body()).status_code == 401


def test_a_candidate_sees_an_exam_that_is_published_and_what_is_theirs_of_it(as_user, city, clock):
    exam_id = make_exam(city)
    clock(NINE)
    officer = as_user("officer")
    [line] = officer.get("/api/v1/exams").json["items"]
    assert (line["phase"], line["may_enter"], line["may_manage"], line["candidates"]) == ("open", True, False, None)
    assert officer.get(f"/api/v1/exams/{exam_id}").json["server_time"] == "2026-11-23T01:00:00.000Z"
    assert as_user("officer3").get("/api/v1/exams").json == {"items": [], "next": None}
    assert as_user("officer3").get(f"/api/v1/exams/{exam_id}").status_code == 404


def test_a_draft_is_hidden_from_its_candidates(as_user, city):
    exam_id = make_exam(city, publish=False)
    assert as_user("officer").get("/api/v1/exams").json["items"] == []
    assert as_user("officer").get(f"/api/v1/exams/{exam_id}").status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("organiser", 200), ("supervisor", 200), ("auditor", 200), ("county_organiser", 404), ("foreign_organiser", 404)],
)
def test_an_exam_is_seen_within_the_scope_alone(as_user, city, who, status):
    exam_id = make_exam(city)
    assert as_user(who).get(f"/api/v1/exams/{exam_id}").status_code == status


def test_the_list_goes_on_where_it_stopped(as_user, city, count_queries):
    ids = [make_exam(city) for _ in range(3)]
    organiser = as_user("organiser")
    with count_queries() as seen:
        first = organiser.get("/api/v1/exams?limit=2").json
    assert len(seen) <= 7
    second = organiser.get(first["next"]).json
    assert [one["id"] for one in first["items"] + second["items"]] == [str(one) for one in ids[::-1]]
    assert second["next"] is None
    assert organiser.get("/api/v1/exams?after=x").status_code == 422
    assert organiser.get(f"/api/v1/exams?after={'9' * 30}").status_code == 422


@pytest.mark.parametrize("exam_id", ["0", "9223372036854775808", "x"])
def test_an_id_that_cannot_be_is_not_found(as_user, exam_id):
    assert as_user("organiser").get(f"/api/v1/exams/{exam_id}").status_code == 404
