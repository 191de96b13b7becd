"""Competitions over the API: shapes, refusals, ETag."""

import pytest
from sqlalchemy import select

from tests.competitions.factories import add_candidate, make_competition, make_exam, settle
from tests.conftest import NINE
from trainer.competitions import leaderboard
from trainer.competitions.models import Competition, Team

API = "/api/v1/competitions"


@pytest.fixture(autouse=True)
def _nine(clock):
    clock(NINE)


@pytest.fixture
def exam(city):
    made = make_exam(NINE, city.units["JM"])
    for username in ("officer", "officer2"):
        add_candidate(made, city.people[username])
    return made


def body(exam, **more):
    rounds = [{"title": "初赛", "exam_id": str(exam.exam_id), "advance": {"top": 10, "per_unit_at_least": 1}}]
    return {"title": "大比武", "rounds": rounds, "team_score": "mean", "tie_break": ["score"], "public": False} | more


def test_an_organiser_founds_a_competition_and_reads_it_back(as_user, exam):
    organiser = as_user("organiser")
    made = organiser.post(API, json=body(exam))
    assert made.status_code == 201, made.text
    assert made.json == {
        "id": made.json["id"],
        "title": "大比武",
        "state": "published",
        "rounds": [
            {
                "number": 1,
                "title": "初赛",
                "exam_id": str(exam.exam_id),
                "phase": "open",
                "advance": {"top": 10, "per_unit_at_least": 1},
            }
        ],
        "team_score": "mean",
        "team_best_n": None,
        "tie_break": ["score"],
        "public": False,
        "names": "full",
        "prizes": [],
        "frozen": False,
    }
    assert organiser.get(f"{API}/{made.json['id']}").json == made.json
    assert as_user("officer").get(f"{API}/{made.json['id']}").json == made.json
    for stranger in ("foreign_officer", "foreign_organiser", "clerk"):
        assert as_user(stranger).get(f"{API}/{made.json['id']}").status_code == 404


def test_the_shortest_body_takes_the_usual_chain_and_the_best_three(as_user, exam):
    rounds = [{"title": "初赛", "exam_id": str(exam.exam_id)}]
    made = as_user("organiser").post(API, json={"title": "大比武", "rounds": rounds})
    assert made.status_code == 201
    assert (made.json["team_score"], made.json["team_best_n"]) == ("best_n", 3)
    assert made.json["tie_break"] == ["score", "objective_score", "seconds_used", "submitted_at"]
    assert made.json["rounds"][0]["advance"] is None


def test_teams_come_with_it(as_user, session, exam):
    teams = [{"name": "蓬江队", "unit": "PJ", "usernames": ["officer", "officer2"]}]
    assert as_user("organiser").post(API, json=body(exam, teams=teams)).status_code == 201
    session.rollback()
    assert session.scalars(select(Team.name)).all() == ["蓬江队"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"rounds": []}, "rounds"),
        ({"rounds": [{"title": "初赛", "exam_id": "4711"}]}, "rounds.0.exam_id"),
        ({"rounds": [{"title": "初赛", "exam_id": "９"}]}, "rounds.0.exam_id"),
        ({"rounds": [{"title": "初赛", "exam_id": "99999999999999999999"}]}, "rounds.0.exam_id"),
        ({"rounds": [{"title": "a\x00b", "exam_id": "1"}]}, "rounds.0.title"),
        ({"rounds": [{"title": "初赛", "exam_id": "1", "advance": {"top": 0}}]}, "rounds.0.advance.top"),
        ({"tie_break": ["luck"]}, "tie_break.0"),
        ({"tie_break": ["submitted_at", "score"]}, "tie_break"),
        ({"tie_break": []}, "tie_break"),
        ({"team_score": "median"}, "team_score"),
        ({"prize": 1}, "prize"),
    ],
)
def test_a_wrong_body_is_refused_at_its_field(as_user, session, exam, changes, field):
    refused = as_user("organiser").post(API, json=body(exam, **changes))
    assert refused.status_code == 422
    assert field in {one["field"] for one in refused.json["errors"]}
    assert all(one["message"] for one in refused.json["errors"])
    session.rollback()
    assert session.scalars(select(Competition.id)).all() == []


def test_a_title_is_one_line_because_files_are_named_after_it(as_user, exam):
    for changes in (
        {"title": "大\n比武"},
        {"title": "大\t比武"},
        {"rounds": [{"title": "初\n赛", "exam_id": str(exam.exam_id)}]},
        {"teams": [{"name": "甲\n队", "unit": "PJ", "usernames": []}]},
    ):
        answer = as_user("organiser").post(API, json=body(exam, **changes))
        assert answer.status_code == 422, changes
        assert answer.json["errors"][0]["code"] == "control_characters"


def test_nobody_and_the_wrong_role_and_the_wrong_unit_found_nothing(client, as_user, exam):
    assert client.post(API, json=body(exam)).status_code == 401
    for username in ("officer", "supervisor", "examiner", "auditor"):
        assert as_user(username).post(API, json=body(exam)).status_code == 403
    refused = as_user("county_organiser").post(API, json=body(exam))
    assert refused.status_code == 422
    assert refused.json["errors"][0]["code"] == "unknown_exam"


def test_the_list_holds_what_the_caller_may_know_of_and_leads_on(city, as_user, exam, count_queries):
    ids = [str(make_competition(city, exam, NINE, title=f"第{number}场")) for number in range(5)]
    make_competition(city, make_exam(NINE, city.units["XH"]), NINE, title="新会区")
    draft = make_competition(city, exam, NINE, draft=True)
    officer = as_user("officer")
    first = officer.get(f"{API}?limit=3").json
    assert [one["id"] for one in first["items"]] == ids[:1:-1]
    second = officer.get(first["next"]).json
    assert [one["id"] for one in second["items"]] == ids[1::-1]
    assert second["next"] is None
    assert str(draft) in {one["id"] for one in as_user("organiser").get(API).json["items"]}
    assert [one["title"] for one in as_user("foreign_organiser").get(API).json["items"]] == ["新会区"]
    with count_queries() as few:
        officer.get(f"{API}?limit=1")
    with count_queries() as many:
        officer.get(f"{API}?limit=5")
    assert len(few) == len(many)
    assert officer.get(f"{API}?after=x").status_code == 422


@pytest.fixture
def competition(city, exam):
    made = make_competition(city, exam, NINE)
    for username, points in (("officer", "80.5"), ("officer2", "90")):
        leaderboard.take_settled([settle(exam, city.people[username], points, NINE).attempt_id])
    return made


def test_the_leaderboard_has_the_shape_of_the_contract(as_user, competition):
    found = as_user("officer").get(f"{API}/{competition}/leaderboard")
    assert found.status_code == 200
    assert list(found.json) == ["as_of", "frozen", "provisional", "entries", "me"]
    assert [list(one) for one in found.json["entries"]] == [["place", "name", "unit", "score", "seconds_used"]] * 2
    assert found.json["me"] == found.json["entries"][1]
    assert found.json["me"]["score"] == "80.50"
    units = as_user("officer").get(f"{API}/{competition}/leaderboard?by=unit&round=1&limit=1&after=0").json
    assert list(units["entries"][0])[5:] == ["participants", "participation_rate"]


def test_an_unchanged_board_is_304_and_a_changed_one_is_not(city, as_user, exam, competition):
    officer = as_user("officer")
    first = officer.get(f"{API}/{competition}/leaderboard")
    tag = first.headers["ETag"]
    again = officer.get(f"{API}/{competition}/leaderboard", headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert officer.get(f"{API}/{competition}/leaderboard?limit=1", headers={"If-None-Match": tag}).status_code == 200
    other = as_user("officer2").get(f"{API}/{competition}/leaderboard", headers={"If-None-Match": tag})
    assert other.status_code == 200
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Authorization"} <= {one.strip() for one in first.headers["Vary"].split(",")}


def test_a_warm_board_costs_no_statement_but_those_of_the_session(as_user, competition, count_queries):
    officer = as_user("officer")
    officer.get(f"{API}/{competition}/leaderboard")
    with count_queries() as session_only:
        officer.get("/api/v1/me")
    with count_queries() as seen:
        officer.get(f"{API}/{competition}/leaderboard")
    assert len(seen) <= len(session_only)


@pytest.mark.parametrize(
    "query", ["by=country", "limit=0", "limit=201", "after=-1", "round=0", "round=x", "sort=name", "view=all"]
)
def test_a_wrong_query_is_422(as_user, competition, query):
    assert as_user("officer").get(f"{API}/{competition}/leaderboard?{query}").status_code == 422


def test_a_board_is_for_those_who_may_know_of_it(client, as_user, competition):
    assert client.get(f"{API}/{competition}/leaderboard").status_code == 401
    for stranger in ("foreign_officer", "county", "foreign_organiser"):
        assert as_user(stranger).get(f"{API}/{competition}/leaderboard").status_code == 404
    for unknown in ("4711", "9" * 19, "0", "x"):
        assert as_user("organiser").get(f"{API}/{unknown}/leaderboard").status_code == 404
    assert as_user("officer").get(f"{API}/{competition}/leaderboard?round=2").status_code == 404
