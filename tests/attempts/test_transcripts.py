"""Transcripts: what they say, to whom they are given, and what the public page tells of one."""

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from tests.attempts.factories import RIGHT
from tests.conftest import NINE
from tests.marking.factories import repair
from tests.reports.answers import OVER, sit_many
from trainer.accounts.models import User
from trainer.attempts.models import Attempt
from trainer.audit.models import Entry
from trainer.competitions.board import boards
from trainer.competitions.leaderboard import take_missing
from trainer.competitions.models import Competition, Round
from trainer.core.database import db, transaction
from trainer.documents import pdf
from trainer.documents.blocks import Line
from trainer.documents.pdf import to_pdf
from trainer.exams.models import Exam
from trainer.marking.models import Result


@pytest.fixture
def sat(city, clock):
    """An exam that ``officer`` passed with 8 of 10 points and ``officer3`` failed; return (exam, attempts by name)."""
    people = [city.people["officer"], city.people["officer3"]]
    exam, _people = sit_many(city, [{**RIGHT, 5: ["A", "B", "C", "D"]}, {1: "B"}], people=people, release="after_close")
    clock(OVER)
    rows = db.session.execute(select(Attempt.user_id, Attempt.id).where(Attempt.exam_id == exam.exam_id))
    ids = dict(rows.all())
    db.session.rollback()
    return exam, {"officer": ids[people[0]], "officer3": ids[people[1]]}


@pytest.fixture(autouse=True)
def words_alone(monkeypatch):
    """Let the file hold its words as text, for nothing here reads a PDF; the writer has tests of its own."""

    def words(blocks, **_about):
        return "\n".join(_words(block) for block in blocks).encode()

    monkeypatch.setattr(pdf, "to_pdf", words)


def _words(block):
    return block.text if isinstance(block, Line) else "\n".join(" | ".join(row) for row in block.rows)


def text_of(answer):
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return answer.text


def code_in(text):
    return re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", text)[0]


def test_the_file_is_a_pdf_of_one_page(as_user, sat, monkeypatch):
    _exam, attempts = sat
    monkeypatch.setattr(pdf, "to_pdf", to_pdf)
    answer = as_user("officer").get(f"/attempts/{attempts['officer']}/transcript.pdf")
    assert answer.data.startswith(b"%PDF-")
    assert answer.data.count(b"/Type /Page\n") == 1
    assert quote("测试考试成绩单（张officer）.pdf") in answer.headers["Content-Disposition"]


def test_a_candidate_takes_the_transcript_from_the_result(as_user, sat):
    _exam, attempts = sat
    client, address = as_user("officer"), f"/attempts/{attempts['officer']}/transcript.pdf"
    assert address in client.get(f"/attempts/{attempts['officer']}/result").text
    text = text_of(client.get(address))
    for words in (
        "成绩单",
        "张officer",
        "测试考试",
        "8 分",
        "满分 10 分",
        "合格",
        "第一部分",
        "4/5",
        "certificate-check",
    ):
        assert words in text, words
    failed = text_of(as_user("officer3").get(f"/attempts/{attempts['officer3']}/transcript.pdf"))
    assert "不合格" in failed


def test_in_english_it_is_english(as_user, sat):
    _exam, attempts = sat
    client = as_user("officer")
    client.set_cookie("locale", "en")
    assert "Transcript" in text_of(client.get(f"/attempts/{attempts['officer']}/transcript.pdf"))


def test_anybody_checks_a_transcript_and_learns_little_of_the_person(as_user, client, sat, city):
    _exam, attempts = sat
    code = code_in(text_of(as_user("officer3").get(f"/attempts/{attempts['officer3']}/transcript.pdf")))
    address = f"/certificate-check?number={attempts['officer3']}&code="
    page = client.get(address + code.lower())
    assert page.headers["Cache-Control"] == "no-store"
    for words in ("这份成绩单有效", "张＊", "不合格", "第一部分", "2 / 10 分"):
        assert words in page.text, words
    for hidden in ("officer3", "蓬江区"):
        assert hidden not in page.text.replace(f"number={attempts['officer3']}", "")
    assert "没有相符的证明、成绩单或回执" in client.get(address + "AAAA-BBBB-CCCC-DDDD").text
    # The code of one document is not that of another.
    assert "份成绩单有效" not in client.get(f"/certificate-check?number={attempts['officer']}&code={code}").text


def test_the_check_asks_for_both_numbers_and_leads_back(client, city):
    page = client.get("/certificate-check").text
    assert ("请填写这一项" in page, "没有相符" in page) == (False, False)
    assert ('href="/"' in page, 'value="en"' in page) == (True, True)
    empty = client.get("/certificate-check?number=&code=%20").text
    assert (empty.count("请填写这一项"), "没有相符" in empty) == (2, False)
    assert ('id="number-error"' in empty, 'aria-describedby="code-error"' in empty) == (True, True)
    half = client.get("/certificate-check?number=1&code=").text
    assert (half.count("请填写这一项"), 'id="code-error"' in half, "没有相符" in half) == (1, True, False)


def test_a_certificate_still_checks_out_as_one(as_user, client, sat):
    _exam, attempts = sat
    code = code_in(as_user("officer").get(f"/attempts/{attempts['officer']}/certificate").text)
    assert "这份合格证明有效" in client.get(f"/certificate-check?number={attempts['officer']}&code={code}").text


@pytest.mark.parametrize(
    "change",
    [
        lambda: update(Result).values(score=Decimal("2.50")),
        lambda: update(User).where(User.username == "officer3").values(name="李四"),
        lambda: update(Exam).values(pass_mark=Decimal(2)),
        lambda: update(Exam).values(state="cancelled"),
    ],
)
def test_what_was_corrected_no_longer_checks_out(as_user, client, sat, change):
    _exam, attempts = sat
    code = code_in(text_of(as_user("officer3").get(f"/attempts/{attempts['officer3']}/transcript.pdf")))
    with transaction() as session:
        session.execute(change())
    page = client.get(f"/certificate-check?number={attempts['officer3']}&code={code}").text
    assert "没有相符的证明、成绩单或回执" in page


def test_a_dropped_item_is_neither_counted_nor_worth_anything_and_the_others_are_worth_more(as_user, sat, city):
    exam, attempts = sat
    repair(city, exam.exam_id, 5, "drop", now=OVER)
    text = text_of(as_user("officer").get(f"/attempts/{attempts['officer']}/transcript.pdf"))
    assert "第一部分 | 10 | 10 | 4/4" in text
    assert "4 题，共 4 题" in text


@pytest.mark.parametrize(("release", "hours"), [("after_close", 1), ("manual", 3)])
def test_there_is_none_before_the_release(as_user, city, clock, release, hours):
    people = [city.people["officer"]]
    exam, _people = sit_many(city, [dict(RIGHT)], people=people, release=release)
    attempt_id = db.session.scalar(select(Attempt.id))
    db.session.rollback()
    clock(NINE + timedelta(hours=hours))
    assert as_user("officer").get(f"/attempts/{attempt_id}/transcript.pdf").status_code == 403
    assert as_user("organiser").post(f"/exams/{exam.exam_id}/candidates/{people[0]}/transcript").status_code == 403
    answer = as_user("officer").get(f"/api/v1/attempts/{attempt_id}/transcript")
    assert (answer.status_code, answer.json["code"]) == (403, "not_released")
    assert db.session.scalar(select(Entry).where(Entry.action == "exam.transcript_made")) is None


def test_an_answer_that_waits_for_a_marker_holds_it_back(as_user, sat):
    _exam, attempts = sat
    with transaction() as session:
        session.execute(update(Result).values(unmarked=1, passed=None))
    assert as_user("officer").get(f"/attempts/{attempts['officer']}/transcript.pdf").status_code == 403


def test_a_mock_exam_has_none(as_user, client, sat, city):
    exam, attempts = sat
    with transaction() as session:
        session.execute(update(Exam).values(is_mock=True))
    assert as_user("officer").get(f"/attempts/{attempts['officer']}/transcript.pdf").status_code == 404
    officer = city.people["officer"]
    assert as_user("organiser").post(f"/exams/{exam.exam_id}/candidates/{officer}/transcript").status_code == 404
    assert "transcript.pdf" not in as_user("officer").get(f"/attempts/{attempts['officer']}/result").text


@pytest.mark.parametrize("username", ["officer3", "officer2", "foreign_officer"])
def test_another_persons_is_none(as_user, sat, username):
    _exam, attempts = sat
    assert as_user(username).get(f"/attempts/{attempts['officer']}/transcript.pdf").status_code == 404
    assert as_user(username).get(f"/api/v1/attempts/{attempts['officer']}/transcript").status_code == 404


def test_whoever_runs_the_exam_makes_it_for_a_person(as_user, sat, city):
    exam, _attempts = sat
    address = f"/exams/{exam.exam_id}/candidates/{city.people['officer']}/transcript"
    client = as_user("examiner")
    assert address in client.get(f"/exams/{exam.exam_id}/candidates").text
    assert "张officer" in text_of(client.post(address))
    entry = db.session.scalar(select(Entry).where(Entry.action == "exam.transcript_made"))
    assert (entry.actor_id, entry.target) == (city.people["examiner"], f"exam:{exam.exam_id}")
    assert entry.detail["user"] == city.people["officer"]
    for username, status in (("supervisor", 403), ("invigilator", 403), ("foreign_organiser", 404)):
        assert as_user(username).post(address).status_code == status
    assert client.post(f"/exams/{exam.exam_id}/candidates/{city.people['officer2']}/transcript").status_code == 404


def test_the_same_over_the_api(as_user, sat):
    _exam, attempts = sat
    assert "8 分" in text_of(as_user("officer").get(f"/api/v1/attempts/{attempts['officer']}/transcript"))


def test_the_result_tells_a_place_where_a_competition_ranks(as_user, sat, city):
    exam, attempts = sat
    address = f"/attempts/{attempts['officer3']}/result"
    assert "名次" not in as_user("officer3").get(address).text
    with transaction() as session:
        made = Competition(title="大比武", unit_id=city.units["JM"], tie_break=["score", "draw_lots"], created_at=NINE)
        session.add(made)
        session.flush()
        session.add(Round(competition_id=made.id, number=1, title="初赛", exam_id=exam.exam_id))
    take_missing()
    boards.forget()
    page = as_user("officer3").get(address).text
    assert "第 2 名，共 2 人" in page
    assert "大比武" in page
    with transaction() as session:
        session.execute(update(Competition).values(frozen_at=OVER))
    boards.forget()
    assert "名次" not in as_user("officer3").get(address).text
