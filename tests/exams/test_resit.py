"""Resits, mock exams and certificates of passing."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.attempts.factories import make_exam as make_rows
from tests.attempts.test_api import start
from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, make_spec, person
from tests.exams.test_routes import settle
from trainer.accounts.models import User
from trainer.attempts.excusing import excuse_candidate
from trainer.competitions.queries import manageable_exams
from trainer.core.database import db, transaction
from trainer.core.errors import Invalid
from trainer.exams.models import Candidate, Exam
from trainer.exams.rules import exam_problems
from trainer.exams.wording import resit_title
from trainer.marking.jobs import credit_left_over
from trainer.reports.counting import next_to_count

AFTER = NINE + 3 * HOUR


def names_in(exam_id):
    return set(
        db.session.scalars(
            select(User.username).join(Candidate, Candidate.user_id == User.id).where(Candidate.exam_id == exam_id)
        )
    )


def test_a_resit_is_another_exam_for_those_who_owe_it(city, as_user, clock):
    exam_id = make_exam(city, usernames=("officer3",), pass_mark=Decimal(2))
    settle(exam_id, city, "officer", "3")
    settle(exam_id, city, "officer2", "1", passed=False)
    excuse_candidate(exam_id, city.people["officer3"], "deferred", by=person(city, "organiser"), reason="病假")
    organiser = as_user("organiser")
    clock(NINE + HOUR)
    address = f"/exams/{exam_id}/resit"
    assert organiser.post(address, data={"groups": ["failed"]}).status_code == 403
    clock(AFTER)
    answer = organiser.post(address, data={"groups": ["absent", "deferred", "failed", "passed"]})
    made = int(re.search(r"/exams/(\d+)/edit", answer.location)[1])
    assert names_in(made) == {"officer2", "officer3"}
    exam = db.session.get(Exam, made)
    assert (exam.state, exam.resit_of_id, exam.title) == ("draft", exam_id, "执法资格考试（补考）")
    assert exam.blueprint_id != db.session.get(Exam, exam_id).blueprint_id
    db.session.rollback()
    page = organiser.get(f"/exams/{exam_id}").text
    assert "执法资格考试（补考）" in page
    assert "已列入补考" in organiser.get(f"/exams/{exam_id}/candidates").text
    for groups in (["deferred", "failed"], []):
        again = organiser.post(address, data={"groups": groups}, follow_redirects=True).text
        assert "没有可以列入补考的人" in again
    assert db.session.scalar(select(func.count()).select_from(Exam)) == 2
    assert as_user("invigilator").post(address).status_code == 403


def test_each_resit_of_an_exam_has_a_title_of_its_own(city, as_user, clock):
    exam_id = make_exam(city, usernames=("officer3",), pass_mark=Decimal(2))
    settle(exam_id, city, "officer", "1", passed=False)
    organiser, address = as_user("organiser"), f"/exams/{exam_id}/resit"
    clock(AFTER)

    def draft(group):
        made = int(re.search(r"/exams/(\d+)/edit", organiser.post(address, data={"groups": [group]}).location)[1])
        return made, db.session.scalar(select(Exam.title).where(Exam.id == made))

    first, title = draft("failed")
    assert title == "执法资格考试（补考）"
    assert draft("absent")[1] == "执法资格考试（第 2 次补考）"
    # A draft that nobody was told of leaves its name to the next one.
    assert "草稿已取消，没有通知任何人" in organiser.post(f"/exams/{first}/cancel", follow_redirects=True).text
    assert draft("failed")[1] == "执法资格考试（补考）"


@pytest.mark.parametrize(
    ("title", "taken", "made"),
    [
        ("月考", [], "月考（补考）"),
        ("月考", ["月考（补考）"], "月考（第 2 次补考）"),
        ("月考", ["月考（补考）", "月考（第 2 次补考）"], "月考（第 3 次补考）"),
        ("月考", ["别的", "月考（第 2 次补考）"], "月考（补考）"),
        ("长" * 120, [], "长" * 116 + "（补考）"),
    ],
)
def test_a_resit_is_named_by_the_first_name_that_is_free(app, title, taken, made):
    with app.test_request_context():
        assert resit_title(title, taken) == made


def test_a_mock_exam_earns_nothing_and_counts_for_nothing(city, session):
    spec = make_spec(is_mock=True, credit_hours=Decimal(2))
    assert [one.code for one in exam_problems(spec)] == ["mock_earns_nothing"]
    exam_id = make_exam(city, is_mock=True)
    settle(exam_id, city, "officer", "3")
    with transaction() as work:
        work.get(Exam, exam_id).credit_hours = Decimal(2)
    assert credit_left_over(AFTER) == 0
    assert next_to_count(AFTER) is None
    assert manageable_exams(db.session(), person(city, "organiser"), AFTER) == []
    with pytest.raises(Invalid):
        make_exam(city, is_mock=True, credit_hours=Decimal(1))


def passed(city, as_user, clock, **about):
    clock(NINE)
    made = make_rows(city, NINE, pass_mark=Decimal(0), **about)
    officer = as_user("officer")
    attempt = start(officer, made).json["attempt_id"]
    officer.post(f"/api/v1/attempts/{attempt}/submit", json={"epoch": 1})
    return officer, attempt


def test_who_passed_prints_a_certificate_that_anybody_checks(city, as_user, clock, client):
    officer, attempt = passed(city, as_user, clock)
    page = officer.get(f"/attempts/{attempt}/certificate").text
    code = re.search(r"<code>([A-Z2-7-]{19})</code>", page)[1]
    assert f"/attempts/{attempt}/certificate" in officer.get(f"/attempts/{attempt}/result").text
    assert as_user("officer2").get(f"/attempts/{attempt}/certificate").status_code == 404
    told = client.get("/certificate-check", query_string={"number": attempt, "code": code.lower()}).text
    assert "这份合格证明有效" in told
    assert db.session.get(User, city.people["officer"]).name not in told
    for number, typed in [(attempt, "AAAA-AAAA-AAAA-AAAA"), ("999999", code), ("x", code), ("9" * 19, code)]:
        refused = client.get("/certificate-check", query_string={"number": number, "code": typed})
        assert "没有相符的证明、成绩单或回执" in refused.text
    assert client.get("/certificate-check").status_code == 200


@pytest.mark.parametrize("about", [{"release": "after_close"}, {"release": "manual"}])
def test_there_is_no_certificate_before_the_release(city, as_user, clock, about):
    officer, attempt = passed(city, as_user, clock, **about)
    assert officer.get(f"/attempts/{attempt}/certificate").status_code == 404


def test_there_is_none_for_a_mock_exam_nor_for_who_failed(city, as_user, clock):
    officer, attempt = passed(city, as_user, clock)
    with transaction() as session:
        exam = session.scalars(select(Exam)).one()
        exam.is_mock = True
    assert officer.get(f"/attempts/{attempt}/certificate").status_code == 404
    clock(NINE + timedelta(days=1))
    made = make_rows(city, NINE + timedelta(days=1), pass_mark=Decimal(10))
    other = start(officer, made).json["attempt_id"]
    officer.post(f"/api/v1/attempts/{other}/submit", json={"epoch": 1})
    assert officer.get(f"/attempts/{other}/certificate").status_code == 404
