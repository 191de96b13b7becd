"""The candidate's pages and the invigilator's board: who may see them, and that no key is in any of them too early."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.attempts.factories import CANARY, RIGHT, make_exam
from tests.attempts.test_api import put, start
from tests.conftest import NINE
from tests.laws.factories import law_text, load
from trainer.attempts.models import Attempt, Response
from trainer.attempts.routes import waiting_exams
from trainer.audit.models import Entry
from trainer.bank.models import ItemReport
from trainer.core.database import db, transaction
from trainer.exams.models import Candidate, Exam, Sitting

MINUTE = timedelta(minutes=1)


@pytest.fixture
def exam(city, clock):
    clock(NINE)
    return make_exam(city, NINE)


def hand_in(client, attempt_id, answers=RIGHT):
    rows = [{"number": number, "answer": answer, "seq": 1} for number, answer in answers.items()]
    return client.post(f"/api/v1/attempts/{attempt_id}/submit", json={"epoch": 1, "responses": rows})


def candidate_id(city, exam, username="officer"):
    found = db.session.query(Candidate).filter_by(exam_id=exam.exam_id, user_id=city.people[username]).one()
    return found.id


def test_the_hall_is_for_candidates_alone(exam, as_user, client):
    address = f"/exams/{exam.exam_id}/hall"
    assert client.get(address).status_code == 302
    assert as_user("officer").get(address).status_code == 200
    assert as_user("officer4").get(address).status_code == 404
    assert as_user("foreign_officer").get(address).status_code == 404
    assert as_user("invigilator").get(address).status_code == 403
    assert as_user("officer").get(f"/exams/{exam.exam_id + 1}/hall").status_code == 404


def test_a_mock_exam_is_sat_in_the_identical_shell(city, exam, as_user):
    """The whole page is the same but for one sentence before the start; so are its scripts, styles and sentences."""
    mock = make_exam(city, NINE)
    with transaction() as session:
        session.get(Exam, mock.exam_id).is_mock = True
    officer, shells = as_user("officer"), []
    for one in (exam, mock):
        page = officer.get(f"/exams/{one.exam_id}/hall").text
        shells.append(
            page.replace(f"/exams/{one.exam_id}", "/exams/ID").replace(f'"exam": "{one.exam_id}"', '"exam": "ID"')
        )
    told = '  <p class="lobby-window">这是模拟考：界面与正式考试相同，成绩只供自己参考。</p>'
    assert told in shells[1]
    assert told not in shells[0]
    assert shells[1].replace(told, "") == shells[0]
    assert "js/exam/main.js" in shells[0]
    # What the page gets at a start has the same form too.
    real, practised = (start(officer, one).json for one in (exam, mock))
    assert set(real) == set(practised)
    assert set(real["paper"]) == set(practised["paper"])


def test_a_draft_has_no_hall(city, clock, as_user):
    clock(NINE)
    made = make_exam(city, NINE, state="draft")
    assert as_user("officer").get(f"/exams/{made.exam_id}/hall").status_code == 404
    assert "测试考试" not in as_user("officer").get("/exams/mine").text


def test_the_hall_of_a_cancelled_exam_tells_why_to_those_who_were_named(city, clock, as_user, client):
    clock(NINE)
    made = make_exam(city, NINE)
    address = f"/exams/{made.exam_id}/hall"
    as_user("organiser").post(f"/exams/{made.exam_id}/cancel", data={"reason": "考场停电，改期另行通知"})
    page = as_user("officer").get(address)
    assert page.status_code == 200
    assert "这场考试已取消" in page.text
    assert "原因：考场停电，改期另行通知" in page.text
    assert "js/exam/main.js" not in page.text
    assert as_user("officer4").get(address).status_code == 404
    assert client.get(address).status_code == 302
    # The API goes on answering as for an exam that is not there.
    assert as_user("officer").get(f"/api/v1/exams/{made.exam_id}/waiting").json["code"] == "not_found"
    assert start(as_user("officer"), made).json["code"] == "not_found"
    assert "测试考试" not in as_user("officer").get("/exams/mine").text


def test_the_hall_holds_neither_item_nor_key(exam, as_user):
    page = as_user("officer").get(f"/exams/{exam.exam_id}/hall").text
    assert CANARY not in page
    assert "下列说法正确的是" not in page
    assert page.count("<script>") == 0


def test_the_hall_leads_to_the_receipt_when_nothing_is_left_to_sit(exam, as_user):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    hand_in(officer, attempt)
    answer = officer.get(f"/exams/{exam.exam_id}/hall")
    assert (answer.status_code, answer.location) == (302, f"/attempts/{attempt}/receipt")


def test_the_slip_has_a_code_over_all_answers_that_anybody_can_check(exam, as_user, client):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    assert "作答验证码" not in officer.get(f"/attempts/{attempt}/receipt", follow_redirects=True).text
    hand_in(officer, attempt)
    page = officer.get(f"/attempts/{attempt}/receipt").text
    code = re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", page)[0]
    address = f"/certificate-check?number={attempt}&code={code}"
    told = client.get(address).text
    for words in ("这份回执有效", "张＊", "5 题"):
        assert words in told, words
    with transaction() as session:
        session.execute(update(Response).where(Response.number == 3).values(answer="false"))
    assert "这份回执有效" not in client.get(address).text
    assert "没有相符" in client.get(address).text


def test_receipt_and_result_are_their_candidates_alone(exam, as_user, client):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    hand_in(officer, attempt)
    for page in ("receipt", "result"):
        address = f"/attempts/{attempt}/{page}"
        assert officer.get(address).status_code == 200
        assert as_user("officer2").get(address).status_code == 404
        assert as_user("invigilator").get(address).status_code == 403
        assert client.get(address).status_code == 302


@pytest.mark.parametrize(
    ("release", "after", "status", "sentence"),
    [
        ("after_submit", 1, 200, "合格"),
        ("after_close", 120, 403, "2026年11月23日 11:00"),
        ("after_close", 121, 200, "合格"),
        ("manual", 121, 403, "公布时会通知您"),
    ],
)
def test_no_page_shows_a_key_before_release(city, clock, as_user, release, after, status, sentence):
    clock(NINE)
    made = make_exam(city, NINE, release=release)
    officer = as_user("officer")
    attempt = start(officer, made).json["attempt_id"]
    handed_in = hand_in(officer, attempt)
    clock(NINE + after * MINUTE)
    pages = {
        name: officer.get(address)
        for name, address in {
            "hall": f"/exams/{made.exam_id}/hall",
            "mine": "/exams/mine",
            "receipt": f"/attempts/{attempt}/receipt",
            "look": f"/api/v1/attempts/{attempt}",
            "clock": f"/api/v1/attempts/{attempt}/clock",
            "api result": f"/api/v1/attempts/{attempt}/result",
            "result": f"/attempts/{attempt}/result",
        }.items()
    }
    assert pages["result"].status_code == status
    assert sentence in pages["result"].text
    for name, page in pages.items():
        assert (CANARY in page.text) == (status == 200 and "result" in name), name
    if release != "after_submit":
        assert CANARY not in handed_in.text


def test_an_error_is_reported_from_the_released_result_alone(city, clock, as_user, session):
    clock(NINE)
    made = make_exam(city, NINE, release="after_close")
    officer = as_user("officer")
    attempt = start(officer, made).json["attempt_id"]
    hand_in(officer, attempt)
    address = f"/attempts/{attempt}/items/1/report"
    assert officer.post(address, data={"text": "答案有误"}).status_code == 403
    clock(NINE + 121 * MINUTE)
    assert address in officer.get(f"/attempts/{attempt}/result").text
    assert officer.post(address, data={"text": "答案有误"}).status_code == 303
    assert as_user("officer2").post(address, data={"text": "x"}).status_code == 404
    assert officer.post(f"/attempts/{attempt}/items/99/report", data={"text": "x"}).status_code == 404
    report = session.scalars(select(ItemReport)).one()
    assert (report.origin, report.reporter_id) == ("exam", city.people["officer"])


def test_the_result_shows_reasons_and_the_article_and_can_be_cut_to_what_was_wrong(exam, as_user):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    hand_in(officer, attempt, RIGHT | {1: "A"})
    whole = officer.get(f"/attempts/{attempt}/result").text
    assert "第三十六条第一款" in whole
    assert "2021年1月22日版本" in whole
    assert "2021-01-22" not in whole
    assert whole.count('class="card item"') == 5
    cut = officer.get(f"/attempts/{attempt}/result?show=wrong").text
    assert cut.count('class="card item"') == 1
    assert "错选" in cut
    assert "正确答案" in cut
    assert "____" not in whole
    officer.set_cookie("locale", "en")
    english = officer.get(f"/attempts/{attempt}/result").text
    assert "version of 22 Jan 2021" in english
    assert "Article 36, paragraph 1" in english
    assert "第三十六条" not in english


def test_the_result_opens_each_article_that_is_loaded(exam, as_user, count_queries):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    hand_in(officer, attempt)
    assert "查看条文" not in officer.get(f"/attempts/{attempt}/result").text
    load(law_text("2021-01-22", {"36": "甲。\n乙。"}, law="行政处罚法", starts_on=NINE.date()))
    with count_queries() as seen:
        page = officer.get(f"/attempts/{attempt}/result").text
    assert page.count("<mark>甲。</mark>") == 5
    assert "<mark>乙。</mark>" not in page
    assert sum("law_articles" in one for one in seen) == 1


def test_my_exams_are_sorted_by_what_can_be_done(city, clock, as_user):
    clock(NINE)
    make_exam(city, NINE, opens_in=60)
    make_exam(city, NINE, opens_in=-300, closes_in=-60)
    make_exam(city, NINE)
    page = as_user("officer").get("/exams/mine").text
    assert page.index("进入考试") < page.index("即将开考") < page.index("已结束") < page.index("缺考")
    assert "还没有您的考试" in as_user("officer4").get("/exams/mine").text
    assert as_user("organiser").get("/exams/mine").status_code == 403


@pytest.mark.parametrize(
    ("release", "told", "link", "page"),
    [
        ("after_submit", "已作答 1 次，10 分", "查看成绩", "result"),
        ("manual", "已作答 1 次，成绩待公布", "查看回执", "receipt"),
    ],
)
def test_what_came_of_an_attempt_is_seen_while_more_are_allowed(city, clock, as_user, release, told, link, page):
    clock(NINE)
    made = make_exam(city, NINE, attempts=3, release=release)
    officer = as_user("officer")
    attempt = start(officer, made).json["attempt_id"]
    assert "已作答 1 次，" not in officer.get("/exams/mine").text
    hand_in(officer, attempt)
    for address in ("/exams/mine", f"/exams/{made.exam_id}/hall", "/"):
        shown = officer.get(address).text
        assert told in shown, address
        assert f'<a href="/attempts/{attempt}/{page}">{link}</a>' in shown, address
    assert "再次作答" in officer.get("/exams/mine").text
    again = start(officer, made).json["attempt_id"]
    hand_in(officer, again)
    for address in ("/exams/mine", f"/exams/{made.exam_id}/hall", "/"):
        shown = officer.get(address).text
        assert "已作答 2 次" in shown
        assert f'href="/attempts/{attempt}/{page}">第 1 次，' in shown
        assert f'href="/attempts/{again}/{page}">第 2 次，' in shown


def test_an_exam_with_an_attempt_handed_in_is_offered_but_no_longer_urgent(city, clock, app, as_user):
    from trainer.accounts.queries import person_by_id

    clock(NINE)
    made = make_exam(city, NINE, attempts=2)
    officer = as_user("officer")
    hand_in(officer, start(officer, made).json["attempt_id"])
    with app.test_request_context():
        tasks = waiting_exams(person_by_id(db.session(), city.people["officer"]), NINE)
    assert [(task.urgency, task.action, len(task.links)) for task in tasks] == [(3, "再次作答", 1)]


def test_a_receipt_blames_the_deadline_only_when_it_has_passed(exam, as_user, clock):
    officer, other = as_user("officer"), as_user("officer2")
    early, late = (start(one, exam).json["attempt_id"] for one in (officer, other))
    hand_in(officer, early)
    told = officer.get(f"/attempts/{early}/receipt?unsent=2").text
    assert "没有在截止前送达" not in told
    assert "有 2 题的最后修改没有从那个页面送出" in told
    clock(NINE + 61 * MINUTE)
    assert "没有在截止前送达" in other.get(f"/attempts/{late}/receipt?unsent=2").text
    assert "最后修改" not in officer.get(f"/attempts/{early}/receipt").text


def test_a_receipt_says_that_the_paper_went_in_by_itself_as_time_ran_out(exam, as_user, clock):
    by_hand, by_page, by_server = (as_user(name) for name in ("officer", "officer2", "officer3"))
    sat = [(client, start(client, exam).json["attempt_id"]) for client in (by_hand, by_page, by_server)]
    clock(NINE + 59 * MINUTE)
    hand_in(*sat[0])
    clock(NINE + 60 * MINUTE + timedelta(seconds=1))
    hand_in(*sat[1])
    clock(NINE + 65 * MINUTE)
    receipts = [client.get(f"/attempts/{attempt}/receipt").text for client, attempt in sat]
    told = ("您的答卷已收到", "作答时间已到，答卷已自动提交", "作答时间已到，答卷已自动收回")
    assert [[one in page for one in told] for page in receipts] == [
        [number == place for number in range(3)] for place in range(3)
    ]


def test_my_exams_cost_a_fixed_number_of_statements(city, clock, as_user, count_queries):
    clock(NINE)
    for _number in range(3):
        make_exam(city, NINE)
    officer = as_user("officer")
    officer.get("/exams/mine")
    with count_queries() as seen:
        officer.get("/exams/mine")
    few = len(seen)
    for _number in range(5):
        make_exam(city, NINE)
    with count_queries() as seen:
        officer.get("/exams/mine")
    assert len(seen) == few <= 7


def test_the_home_page_is_told_what_waits(city, clock, app):
    from trainer.accounts.queries import person_by_id

    make_exam(city, NINE)
    make_exam(city, NINE, opens_in=60)
    make_exam(city, NINE, opens_in=-300, closes_in=-60)
    with app.test_request_context():
        officer = person_by_id(db.session(), city.people["officer"])
        tasks = waiting_exams(officer, NINE)
    assert [(task.urgency, task.action) for task in tasks] == [(1, ""), (0, "进入考试")]


# --- the board


def test_the_board_is_for_invigilators_over_the_exams_unit(city, clock, as_user, client):
    clock(NINE)
    exam = make_exam(city, NINE, unit="PJ")
    for page in ("watch", "watch/state"):
        address = f"/exams/{exam.exam_id}/{page}"
        assert client.get(address).status_code == 302
        assert as_user("officer").get(address).status_code == 403
        assert as_user("supervisor").get(address).status_code == 403
        assert as_user("foreign_organiser").get(address).status_code == 404
        assert as_user("invigilator").get(address).status_code == 200
        assert as_user("county_organiser").get(address).status_code == 200
        assert CANARY not in as_user("invigilator").get(address).text


def test_the_board_follows_the_candidates_and_costs_nothing_while_nothing_happens(exam, as_user, clock, count_queries):
    invigilator, officer = as_user("invigilator"), as_user("officer")
    address = f"/exams/{exam.exam_id}/watch/state"

    def state():
        return {one["name"]: (one["state"], one["answered"]) for one in invigilator.get(address).json["desks"]}

    assert set(state().values()) == {("waiting", 0)}
    attempt = start(officer, exam).json["attempt_id"]
    put(officer, attempt, 1, (1, "B", 1), (2, ["A"], 1))
    put(officer, attempt, 1, (2, [], 2))
    assert state()["张officer"] == ("working", 1)
    first = invigilator.get(address)
    again = invigilator.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    clock(NINE + 2 * MINUTE + timedelta(seconds=1))
    assert state()["张officer"] == ("silent", 1)
    hand_in(officer, attempt)
    changed = invigilator.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    # The second item was emptied under a higher number than the hand-in brings.
    assert state()["张officer"] == ("done", 4)
    with count_queries() as seen:
        invigilator.get(address)
    assert len(seen) <= 8


def test_a_forced_hand_in_needs_a_reason_is_written_down_and_settled(exam, city, as_user):
    invigilator, officer = as_user("invigilator"), as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    address = f"/exams/{exam.exam_id}/watch/{candidate_id(city, exam)}/force"
    assert invigilator.post(address, data={"reason": ""}).status_code == 303
    assert db.session.get(Attempt, int(attempt)).state == "open"
    assert invigilator.post(address, data={"reason": "夹带"}).status_code == 303
    # What a page had not sent is known to nobody, so it is not called saved.
    told = invigilator.get(f"/exams/{exam.exam_id}/watch").text
    assert "按服务器已保存的作答评分；考生页面上还没有送出的不计入。" in told
    db.session.expire_all()
    row = db.session.get(Attempt, int(attempt))
    assert (row.state, row.submitted_by) == ("submitted", "invigilator")
    assert row.settled_at is not None
    entry = db.session.query(Entry).filter_by(action="attempt.forced").one()
    assert entry.detail["reason"] == "夹带"
    assert put(officer, attempt, 1, (1, "B", 1)).json["code"] == "attempt_closed"
    assert "监考员已为您交卷" in officer.get(f"/attempts/{attempt}/receipt").text


def test_sittings_are_offered_by_number_whoever_sits_there(exam, city, as_user):
    invigilator = as_user("invigilator")
    page = invigilator.get(f"/exams/{exam.exam_id}/watch").text
    assert "给全体考生补时" in page
    assert "data-watch-room" not in page
    with transaction() as session:
        first = session.query(Sitting).filter_by(exam_id=exam.exam_id).one()
        window = {"opens_at": first.opens_at, "closes_at": first.closes_at}
        second = Sitting(exam_id=exam.exam_id, number=2, room="二楼", capacity=0, awaits_signal=False, **window)
        session.add(second)
        session.flush()
        # By unit and name the first on the board sits in the second room.
        for one in session.query(Candidate).filter_by(exam_id=exam.exam_id, user_id=city.people["officer"]):
            one.sitting_id = second.id
    page = invigilator.get(f"/exams/{exam.exam_id}/watch").text
    offered = page[page.index("data-watch-room") :]
    assert 0 < offered.index(">第 1 场</option>") < offered.index(">第 2 场 二楼</option>")
    assert "给全部场次补时" in page


def test_only_an_invigilator_over_the_exam_may_force_or_extend(city, clock, as_user, client):
    clock(NINE)
    exam = make_exam(city, NINE, unit="PJ")
    other = make_exam(city, NINE, unit="PJ")
    candidate = candidate_id(city, exam)
    data = {"reason": "x", "minutes": "5"}
    for act in ("force", "extend"):
        address = f"/exams/{exam.exam_id}/watch/{candidate}/{act}"
        assert client.post(address, data=data).status_code == 302
        assert as_user("officer").post(address, data=data).status_code == 403
        assert as_user("foreign_organiser").post(address, data=data).status_code == 404
        wrong_exam = f"/exams/{other.exam_id}/watch/{candidate}/{act}"
        assert as_user("invigilator").post(wrong_exam, data=data).status_code == 404
    assert db.session.get(Candidate, candidate).extra_minutes == 0
    assert db.session.query(Entry).count() == 0


def test_minutes_are_given_on_the_board(exam, city, as_user):
    invigilator = as_user("invigilator")
    candidate = candidate_id(city, exam)
    answer = invigilator.post(
        f"/exams/{exam.exam_id}/watch/{candidate}/extend", data={"minutes": "5", "reason": "网络故障"}
    )
    assert (answer.status_code, answer.location) == (303, f"/exams/{exam.exam_id}/watch")
    db.session.expire_all()
    assert db.session.get(Candidate, candidate).extra_minutes == 5
    page = invigilator.get(f"/exams/{exam.exam_id}/watch").text
    assert "延长 5 分钟" in page


def test_an_attempt_that_does_not_exist_cannot_be_taken_in(exam, city, as_user):
    address = f"/exams/{exam.exam_id}/watch/{candidate_id(city, exam)}/force"
    assert as_user("invigilator").post(address, data={"reason": "x"}).status_code == 409


def test_a_result_released_by_hand_opens_at_once(city, clock, as_user):
    clock(NINE)
    made = make_exam(city, NINE, release="manual")
    officer = as_user("officer")
    attempt = start(officer, made).json["attempt_id"]
    hand_in(officer, attempt)
    assert officer.get(f"/attempts/{attempt}/result").status_code == 403
    with transaction() as session:
        session.get(Exam, made.exam_id).released_at = NINE
    assert officer.get(f"/attempts/{attempt}/result").status_code == 200


def test_a_cancelled_exam_keeps_its_receipt_and_shows_no_result(city, as_user, clock):
    clock(NINE)
    exam = make_exam(city, NINE)
    officer, writing = as_user("officer"), as_user("officer2")
    attempts = [start(one, exam).json["attempt_id"] for one in (officer, writing)]
    assert officer.post(f"/api/v1/attempts/{attempts[0]}/submit", json={"epoch": 1}).json["result"] is not None
    as_user("organiser").post(f"/exams/{exam.exam_id}/cancel", data={"reason": "停电"})
    assert officer.get(f"/api/v1/attempts/{attempts[0]}/result").json["code"] == "not_released"
    assert writing.post(f"/api/v1/attempts/{attempts[1]}/submit", json={"epoch": 1}).json["result"] is None
    for client, attempt in ((officer, attempts[0]), (writing, attempts[1])):
        assert "这场考试已取消" in client.get(f"/attempts/{attempt}/receipt").text
        held_back = client.get(f"/attempts/{attempt}/result")
        assert held_back.status_code == 403
        assert "这场考试已取消" in held_back.text
    hall = officer.get(f"/exams/{exam.exam_id}/hall").text
    assert f"/attempts/{attempts[0]}/receipt" in hall
