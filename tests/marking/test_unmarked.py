"""Answers that a person has to mark: the result waits for them, and nobody passes or fails by them."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.attempts.factories import make_drawn_exam
from tests.conftest import NINE
from tests.question_bank.samples import EXPLANATION_CANARY, KEY_CANARY, NOTE_CANARY, make_item
from trainer.hours.models import LedgerEntry
from trainer.marking import queries as marks
from trainer.marking.models import Result
from trainer.marking.service import credit_passes
from trainer.papers.rules.blueprint import SectionSpec

KINDS = ("matching", "error_finding", "case_study")
RIGHT = {1: {"1": "C", "2": "A", "3": "E"}, 2: ["2", "5"], 3: True, 4: ["B", "D"]}


@pytest.fixture
def exam(city, clock):
    """Matching (1), error finding (2) and a case whose third part, 5, is a short answer; six points each."""
    clock(NINE)
    sections = [SectionSpec(kind, kind, 1, Decimal(6), "plus_minus") for kind in KINDS]
    items = [make_item(kind) for kind in KINDS]
    return make_drawn_exam(
        city, NINE, items, *sections, usernames=("officer",), pass_mark=Decimal(10), credit_hours=Decimal(2)
    )


def hand_in(client, exam, answers):
    made = client.post(f"/api/v1/exams/{exam.exam_id}/attempts").json
    responses = [{"number": number, "answer": answer, "seq": 1} for number, answer in answers.items()]
    url = f"/api/v1/attempts/{made['attempt_id']}/submit"
    answer = client.post(url, json={"epoch": made["epoch"], "responses": responses})
    assert answer.status_code == 200
    return made["attempt_id"], answer.json


def test_a_result_with_an_unmarked_answer_is_provisional_and_not_released(exam, as_user, session):
    officer = as_user("officer")
    attempt_id, told = hand_in(officer, exam, RIGHT | {5: "不合法"})
    assert told.get("result") is None
    row = session.scalar(select(Result))
    assert (row.unmarked, row.score, row.objective_score, row.passed) == (1, 16, 16, None)
    assert [mark.get("waits", False) for mark in row.marks] == [False, False, False, False, True]
    session.rollback()
    assert officer.get(f"/api/v1/attempts/{attempt_id}/result").json["code"] == "not_released"
    page = officer.get(f"/attempts/{attempt_id}/result")
    assert (page.status_code, "待阅卷：1 道答题" in page.text) == (403, True)
    assert "1 道答题由阅卷人评分" in officer.get(f"/attempts/{attempt_id}/receipt").text
    assert "1 道答题等待阅卷" in officer.get("/exams/mine").text
    assert "1 道答题（1 份答卷）等待阅卷" in as_user("organiser").get(f"/exams/{exam.exam_id}").text
    assert credit_passes(NINE) == 0
    assert session.scalar(select(LedgerEntry)) is None


def test_an_empty_answer_needs_nobody_and_the_result_tells_every_piece(exam, as_user):
    officer = as_user("officer")
    answers = {1: {"1": "C", "2": "B"}, 2: ["2", "1"], 3: True, 4: ["B"]}
    attempt_id, told = hand_in(officer, exam, answers)
    items = {one["number"]: one for one in told["result"]["items"]}
    assert [(pair["given"], pair["wanted"], pair["right"]) for pair in items[1]["pairs"]] == [
        ("告知听证", "告知听证", True),
        ("调查取证", "立案", False),
        (None, "送达执行", False),
    ]
    outcomes = {one["key"]: one["outcome"] for one in items[2]["segments"] if one["key"]}
    assert outcomes == {"1": "false_alarm", "2": "hit", "3": "", "4": "", "5": "missed", "6": ""}
    assert [one["points"] for one in items.values()] == ["0.00", "0.00", "1.00", "1.50", "0.00"]
    assert (items[5]["answered"], items[5]["rubric"][0]["weight"]) == (False, 1)
    page = officer.get(f"/attempts/{attempt_id}/result").text
    for secret in (EXPLANATION_CANARY, KEY_CANARY, NOTE_CANARY, "误标", "漏标", "配对错误", "不定项选择题"):
        assert secret in page
    assert page.count("李某占道经营") == 1


def test_only_attempts_whose_result_is_held_back_are_asked_for_what_waits(exam, as_user, monkeypatch):
    asked = []
    monkeypatch.setattr(marks, "waiting_answers", lambda session, ids: asked.append(list(ids)) or {})
    officer = as_user("officer")
    officer.get("/exams/mine")
    officer.post(f"/api/v1/exams/{exam.exam_id}/attempts")
    officer.get("/exams/mine")
    attempt_id, _told = hand_in(officer, exam, RIGHT)
    officer.get("/exams/mine")
    assert asked == [[], [], []]
    assert attempt_id


def test_an_attempt_that_waits_is_asked_for(exam, as_user, monkeypatch):
    asked = []
    officer = as_user("officer")
    attempt_id, _told = hand_in(officer, exam, RIGHT | {5: "不合法"})
    monkeypatch.setattr(marks, "waiting_answers", lambda session, ids: asked.append(list(ids)) or {})
    officer.get("/exams/mine")
    assert asked == [[int(attempt_id)]]
