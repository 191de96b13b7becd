"""How often the exam page may be left before the board marks it: set, kept, told, and refused where it cannot be."""

import re

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, person
from tests.exams.test_api import body
from tests.exams.test_routes import typed
from tests.papers.factories import fill_bank
from trainer.exams.models import Exam
from trainer.exams.queries import read_exam
from trainer.exams.resitting import spec_of
from trainer.papers.rules.blueprint import NOTHING_KEPT_OUT

BEFORE = NINE - HOUR


@pytest.fixture
def bank(city):
    fill_bank(single_choice=5, true_false=3)


def test_how_often_the_page_may_be_left_is_set_kept_and_told(as_user, clock, bank):
    clock(BEFORE)
    organiser = as_user("organiser")
    assert re.search(r'name="focus_threshold"[^>]* value="3"', organiser.get("/exams/new").text)
    made = organiser.post("/exams/new", data=typed(then="draft", focus_threshold="5")).location
    assert "5 次起，只提醒、不扣分" in organiser.get(made).text
    assert re.search(r'name="focus_threshold"[^>]* value="5"', organiser.get(made + "/edit").text)
    never = typed(then="draft", focus_threshold="", units="", usernames="")
    assert organiser.post(made + "/edit", data=never).status_code == 302
    assert "不标记" in organiser.get(made).text
    assert not re.search(r'name="focus_threshold"[^>]* value="[^"]', organiser.get(made + "/edit").text)


@pytest.mark.parametrize(("sent", "why"), [("0", "1 到 100"), ("101", "1 到 100"), ("-2", "1 到 100"), ("三", "数")])
def test_a_number_of_times_that_cannot_be_is_refused_at_its_field(as_user, clock, bank, session, sent, why):
    clock(BEFORE)
    answer = as_user("organiser").post("/exams/new", data=typed(focus_threshold=sent))
    assert answer.status_code == 422
    told = re.search(r'<p class="field-error" id="focus_threshold-error">.*?<span>(.*?)</span>', answer.text)[1]
    assert why in told
    assert session.scalar(select(func.count()).select_from(Exam)) == 0


@pytest.mark.parametrize("threshold", [None, 7])
def test_a_resit_and_a_mock_exam_keep_how_often_the_page_may_be_left(city, session, threshold):
    exam_id = make_exam(city, is_mock=True, focus_threshold=threshold)
    exam = read_exam(session, exam_id, person(city, "organiser"), permission="exam.manage")
    assert exam.focus_threshold == threshold
    assert spec_of(exam, (), NOTHING_KEPT_OUT).focus_threshold == threshold


@pytest.mark.parametrize(("asked", "kept"), [({}, 3), ({"focus_threshold": 5}, 5), ({"focus_threshold": None}, None)])
def test_how_often_the_page_may_be_left_comes_with_the_exam(as_user, clock, asked, kept):
    fill_bank(single_choice=5)
    clock(BEFORE)
    organiser = as_user("organiser")
    made = organiser.post("/api/v1/exams", json=body(**asked)).json
    assert made["focus_threshold"] == kept
    assert organiser.get(f"/api/v1/exams/{made['id']}").json["focus_threshold"] == kept


@pytest.mark.parametrize("wrong", [0, 101, -1, "三", 2.5])
def test_a_number_of_times_that_cannot_be_is_refused(as_user, clock, session, wrong):
    fill_bank(single_choice=5)
    clock(BEFORE)
    answer = as_user("organiser").post("/api/v1/exams", json=body(focus_threshold=wrong))
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json["errors"]] == ["focus_threshold"]
    assert session.scalar(select(func.count()).select_from(Exam)) == 0
