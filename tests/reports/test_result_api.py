"""Results of an exam over the API: the same figures and the same limits as on the page."""

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import update

from tests.conftest import NINE
from tests.reports.answers import OVER, count_all, sheets, sit_many
from trainer.accounts.models import Grant
from trainer.core.database import db, transaction
from trainer.exams.models import Exam
from trainer.reports.models import ExamStatistic

pytestmark = pytest.mark.usefixtures("nothing_at_hand")


def test_figures_are_those_of_the_page(as_user, spread, count_queries):
    exam, _people = spread
    client = as_user("supervisor")
    with count_queries() as seen:
        answer = client.get(f"/api/v1/exams/{exam.exam_id}/statistics")
    assert answer.status_code == 200
    assert len(seen) <= 12
    told = answer.json
    assert (told["unit"], told["is_whole"], told["due"], told["waiting"]) == ("JM", True, 60, 0)
    assert told["figures"]["people"] == 60
    assert sum(one["people"] for one in told["steps"]) == 60
    units = {one["code"]: one["figures"] for one in told["units"]}
    assert {code: one["people"] for code, one in units.items()} == {"JM-CGJ": 3, "PJ": 52, "XH": 5}
    assert units["JM-CGJ"]["mean"] is None
    assert [(one["key"], one["people"], one["items"]) for one in told["topics"]] == [("penalty_law", 60, 5)]
    assert told["sections"][0]["interval"]["low"] < told["sections"][0]["share"]
    assert [one["number"] for one in told["items"]] == [1, 2, 3, 4, 5]
    assert {tuple(one["options"]) for one in told["items"]} == {()}


def test_a_county_gets_its_own_people_and_no_items(as_user, spread):
    exam, _people = spread
    told = as_user("county").get(f"/api/v1/exams/{exam.exam_id}/statistics").json
    assert (told["unit"], told["is_whole"], told["figures"]["people"], told["items"]) == ("PJ", False, 52, [])
    assert as_user("county").get(f"/api/v1/exams/{exam.exam_id}/statistics?unit=XH").status_code == 404
    few = as_user("supervisor").get(f"/api/v1/exams/{exam.exam_id}/statistics?unit=JM-CGJ").json
    assert (few["figures"]["people"], few["steps"], few["sections"][0]["share"]) == (3, [], None)


def test_options_come_to_who_sees_items(as_user, spread, city):
    exam, _people = spread
    with transaction() as session:
        row = {"user_id": city.people["examiner"], "role": "bank_manager", "unit_id": city.units["JM"]}
        session.add(Grant(granted_at=NINE, **row))
    told = as_user("examiner").get(f"/api/v1/exams/{exam.exam_id}/statistics").json
    assert [one["people"] for one in told["items"][0]["options"] if one["right"]] == [30]


@pytest.mark.parametrize("resource", ["statistics", "results"])
def test_nothing_before_the_release_and_nothing_to_others(as_user, city, clock, resource):
    exam, _people = sit_many(city, sheets(6), release="manual")
    clock(OVER)
    answer = as_user("supervisor").get(f"/api/v1/exams/{exam.exam_id}/{resource}")
    assert (answer.status_code, answer.json["code"]) == (403, "not_released")
    assert as_user("foreign_county").get(f"/api/v1/exams/{exam.exam_id}/{resource}").status_code == 404
    assert as_user("officer").get(f"/api/v1/exams/{exam.exam_id}/{resource}").status_code == 403
    with transaction() as session:
        session.execute(update(Exam).values(released_at=OVER))
    assert as_user("supervisor").get(f"/api/v1/exams/{exam.exam_id}/{resource}").status_code == 200


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_what_others_only_draft_is_not_told(as_user, spread, state):
    exam, _people = spread
    assert as_user("county").get(f"/exams/{exam.exam_id}/results").status_code == 200
    with transaction() as session:
        session.execute(update(Exam).values(state=state))
    for address in (f"/exams/{exam.exam_id}/results", f"/api/v1/exams/{exam.exam_id}/statistics"):
        assert as_user("county").get(address).status_code == 404


def test_before_counting_parts_and_items_are_empty(as_user, city, clock):
    exam, _people = sit_many(city, sheets(6), release="after_close")
    clock(OVER)
    told = as_user("supervisor").get(f"/api/v1/exams/{exam.exam_id}/statistics").json
    assert (told["counted_at"], told["sections"], told["items"]) == (None, [], [])
    count_all()
    with transaction() as session:
        # As it was counted by a version that knew no profile.
        row = session.get(ExamStatistic, exam.exam_id)
        row.figures = {key: value for key, value in row.figures.items() if key != "profile"}
    db.session.rollback()
    told = as_user("supervisor").get(f"/api/v1/exams/{exam.exam_id}/statistics").json
    assert (told["sections"], len(told["items"])) == ([], 5)


def test_the_workbook_is_that_of_the_page(as_user, spread):
    exam, _people = spread
    answer = as_user("county").get(f"/api/v1/exams/{exam.exam_id}/results")
    assert load_workbook(io.BytesIO(answer.data)).sheetnames == ["成绩", "单位"]
