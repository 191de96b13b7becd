"""Free or sequential navigation as a setting of an exam: set, kept, told, and refused where it is no such word."""

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


def chosen(page):
    return re.search(r'<input checked[^>]* name="navigation"[^>]* value="(\w+)"', page)[1]


@pytest.fixture
def bank(city):
    fill_bank(single_choice=5, true_false=3)


def test_navigation_is_free_until_said_otherwise_then_kept_and_told(as_user, clock, bank):
    clock(BEFORE)
    organiser = as_user("organiser")
    assert chosen(organiser.get("/exams/new").text) == "free"
    made = organiser.post("/exams/new", data=typed(then="draft", navigation="sequential")).location
    assert "顺序作答，离开后不能返回" in organiser.get(made).text
    assert chosen(organiser.get(made + "/edit").text) == "sequential"
    back = typed(then="draft", navigation="free", units="", usernames="")
    assert organiser.post(made + "/edit", data=back).status_code == 302
    assert "自由作答，可返回修改" in organiser.get(made).text


def test_a_navigation_that_does_not_exist_is_refused_at_its_field(as_user, clock, bank, session):
    clock(BEFORE)
    answer = as_user("organiser").post("/exams/new", data=typed(navigation="backwards"))
    assert answer.status_code == 422
    assert 'id="navigation-error"' in answer.text
    assert session.scalar(select(func.count()).select_from(Exam)) == 0


@pytest.mark.parametrize("navigation", ["free", "sequential"])
def test_a_resit_keeps_the_navigation(city, session, navigation):
    exam = read_exam(
        session, make_exam(city, navigation=navigation), person(city, "organiser"), permission="exam.manage"
    )
    assert exam.navigation == navigation
    assert spec_of(exam, (), NOTHING_KEPT_OUT).navigation == navigation


@pytest.mark.parametrize(("asked", "kept"), [({}, "free"), ({"navigation": "sequential"}, "sequential")])
def test_the_navigation_comes_with_the_exam(as_user, clock, asked, kept):
    fill_bank(single_choice=5)
    clock(BEFORE)
    organiser = as_user("organiser")
    made = organiser.post("/api/v1/exams", json=body(**asked)).json
    assert made["navigation"] == kept
    assert organiser.get(f"/api/v1/exams/{made['id']}").json["navigation"] == kept


@pytest.mark.parametrize("wrong", ["backwards", "", None, 1])
def test_a_navigation_that_does_not_exist_is_refused(as_user, clock, session, wrong):
    fill_bank(single_choice=5)
    clock(BEFORE)
    answer = as_user("organiser").post("/api/v1/exams", json=body(navigation=wrong))
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json["errors"]] == ["navigation"]
    assert session.scalar(select(func.count()).select_from(Exam)) == 0
