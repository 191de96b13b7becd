"""Nothing that the candidate entered is lost: reload, crash, bad lines, restarts, two pages, ended sessions."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.hall import (
    KEPT,
    attempt_of,
    choose,
    come_back,
    enter,
    enter_anew,
    expect_saved,
    go_to,
    hand_in,
    incidents_of,
    leave,
    new_exam,
    standing,
)
from tests.browser.real_site import PASSWORD
from trainer.attempts.desk import take_over
from trainer.attempts.extend import extend
from trainer.attempts.models import Attempt, Incident
from trainer.attempts.submit import force_submit
from trainer.core.clock import utcnow
from trainer.core.database import transaction

pytestmark = pytest.mark.browser


def test_a_reload_resumes_in_the_same_place(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项B")
    go_to(page, 2)
    choose(page, "选项A")
    page.keyboard.press("f")
    expect_saved(page)
    page.reload()
    expect(page.locator('.question[data-number="2"]')).to_be_visible()
    expect(page.locator(".option", has_text="选项A").locator("input")).to_be_checked()
    expect(page.locator('.exam-side [data-go="2"]')).to_have_class("map-cell is-answered is-flagged")
    choose(page, "选项C")
    expect_saved(page)
    assert standing(real_site, exam) == {1: "B", 2: ["A", "C"]}
    assert attempt_of(real_site, exam).epoch == 2


def test_answers_given_off_line_are_kept_said_and_sent_later(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    page.context.set_offline(True)
    expect(page.locator("[data-exam=banner]")).to_be_visible(timeout=5000)
    choose(page, "选项B")
    go_to(page, 3)
    choose(page, "错误")
    go_to(page, 4)
    page.locator(".blank").nth(0).fill("秘密的十五日")
    expect(page.locator(".exam-saved")).to_contain_text("3 题未送出")
    for number in (1, 3, 4):
        expect(page.locator(f'.exam-side [data-go="{number}"]')).to_have_class("map-cell is-unsaved")
    kept = page.evaluate(KEPT)
    assert sorted(kept["numbers"]) == [1, 3, 4]
    assert kept["exportable"] == [False]
    assert not any("十五" in text or "answer" in text for text in kept["texts"])
    assert standing(real_site, exam) == {1: "A"}
    page.context.set_offline(False)
    expect_saved(page)
    expect(page.locator("[data-exam=banner]")).to_be_hidden()
    assert standing(real_site, exam) == {1: "B", 3: False, 4: ["秘密的十五日", ""]}
    page.wait_for_function(f"async () => (await ({KEPT})()).numbers.length === 0")
    hand_in(page)
    page.goto("/exams/mine")
    assert page.evaluate(KEPT) == {"numbers": [], "texts": [], "exportable": []}


def test_a_page_that_died_off_line_leaves_its_answers_to_the_next_one(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    page.context.set_offline(True)
    choose(page, "选项D")
    go_to(page, 2)
    choose(page, "选项C")
    page.wait_for_function(f"async () => (await ({KEPT})()).numbers.length === 2")
    enter_anew(page, exam)
    assert standing(real_site, exam) == {1: "D", 2: ["C"]}


def test_only_a_sound_receipt_counts_as_saved(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    replies = [
        {"status": 200, "content_type": "text/html", "body": "<p>Please sign in to the network</p>"},
        {"status": 200, "content_type": "application/json", "body": "{}"},
        {
            "status": 200,
            "content_type": "application/json",
            "body": '{"saved":[{"number":1,"seq":9,"digest":"0123456789abcdef"}],"superseded":[],'
            '"server_time":"2026-11-23T01:00:00.000Z","deadline":"2036-11-23T01:00:00.000Z"}',
        },
        {"status": 503, "content_type": "application/problem+json", "body": '{"code":"busy"}'},
    ]
    answered = []

    def reply(route):
        one = replies[len(answered) % len(replies)]
        answered.append(one["status"])
        route.fulfill(**one)

    page.route("**/responses", reply)
    choose(page, "选项B")
    expect(page.locator(".question-saved")).to_have_class("question-saved is-unsent")
    while len(answered) < 4:
        page.wait_for_timeout(200)
    expect(page.locator(".question-saved")).to_have_class("question-saved is-unsent")
    assert standing(real_site, exam) == {}
    page.unroute("**/responses")
    expect_saved(page, 20_000)
    assert standing(real_site, exam) == {1: "B"}


def test_a_restarted_server_finds_everything(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    real_site.stop()
    try:
        choose(page, "选项B")
        go_to(page, 2)
        choose(page, "选项D")
        expect(page.locator(".exam-saved")).to_contain_text("2 题未送出")
    finally:
        real_site.start()
    expect_saved(page, 20_000)
    assert standing(real_site, exam) == {1: "B", 2: ["D"]}
    hand_in(page)


def test_a_second_page_takes_over_and_the_first_one_can_take_back(browse, real_site):
    exam = new_exam(real_site)
    first = browse("officer")
    enter(first, exam)
    choose(first, "选项A")
    expect_saved(first)
    second = browse("officer")
    second.goto(f"/exams/{exam.exam_id}/hall")
    expect(second.locator("[data-start]")).to_have_text("在此继续作答")
    second.locator("[data-start]").click()
    choose(second, "选项C")
    expect_saved(second)
    first.bring_to_front()
    choose(first, "选项D")
    expect(first.locator("[data-exam=banner]")).to_contain_text("另一个页面或设备")
    expect(first.locator("[data-exam=banner]")).to_contain_text("本页有 1 题没有送出，也不会再自动送出")
    expect(first.locator(".question-saved")).to_have_text("没有从本页送出")
    expect(first.locator("[data-exam=room]")).not_to_contain_text("会自动重试")
    expect(first.locator(".option input").first).to_be_disabled()
    assert standing(real_site, exam) == {1: "C"}
    first.get_by_role("button", name="在本页继续").click()
    # Both wrote to the item: the candidate decides.
    expect(first.locator("#exam-conflicts")).to_be_visible()
    expect(first.locator("#exam-conflicts")).to_contain_text("服务器上的：C")
    first.get_by_label("本页未送出的：D").check()
    first.get_by_role("button", name="按所选保存").click()
    expect_saved(first)
    assert standing(real_site, exam) == {1: "D"}
    go_to(first, 3)
    choose(first, "正确")
    expect_saved(first)
    assert "taken_over" in incidents_of(real_site, exam)


def test_a_page_that_an_invigilator_stopped_says_so_and_can_go_on(browse, real_site):
    exam = new_exam(real_site)
    real_site.give_password("officer")
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    candidate_id = attempt_of(real_site, exam).candidate_id
    with real_site.app.app_context():
        invigilator = real_site.city.people["invigilator"]
        take_over(exam.exam_id, candidate_id, by=invigilator, reason="死机", now=utcnow())
    page.locator("#signin-secret").fill(PASSWORD)
    page.locator("#exam-signin form button").click()
    banner = page.locator("[data-exam=banner]")
    expect(banner).to_contain_text("监考员已停止在本页作答", timeout=12_000)
    expect(banner).not_to_contain_text("另一个页面")
    expect(page.locator(".option input").first).to_be_disabled()
    banner.get_by_role("button", name="在本页继续").click()
    choose(page, "选项C")
    expect_saved(page)
    assert standing(real_site, exam) == {1: "C"}
    assert incidents_of(real_site, exam) == ["stopped"]


def test_a_browser_that_stores_nothing_is_named_as_the_reason(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer3")
    page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };")
    enter(page, exam)
    expect(page.locator("[data-exam=outbox-note]")).to_contain_text("浏览器不允许在本设备上存储")
    expect(page.get_by_text("当前连接不是加密连接")).to_be_hidden()


def test_flags_are_there_on_another_device_and_in_the_list_before_the_hand_in(browse, real_site):
    exam = new_exam(real_site)
    first = browse("officer2")
    enter(first, exam)
    go_to(first, 3)
    with first.expect_response("**/flags"):
        first.keyboard.press("f")
    second = browse("officer2")
    enter(second, exam)
    expect(second.locator('.exam-side [data-go="3"]')).to_have_class("map-cell is-empty is-flagged")
    second.locator("[data-hand-in]:visible").first.click()
    expect(second.locator("#exam-handin [data-left]")).to_contain_text("已标记")
    second.locator("#exam-handin [data-no]").click()
    real_site.stop()
    try:
        go_to(second, 4)
        second.keyboard.press("f")
    finally:
        with second.expect_response("**/flags", timeout=30_000):
            real_site.start()
    second.reload()
    expect(second.locator('.exam-side [data-go="4"]')).to_have_class("map-cell is-empty is-flagged")
    with real_site.at_hand() as session:
        assert session.get(Attempt, attempt_of(real_site, exam, "officer2").id).flags == [3, 4]


def test_a_session_that_ends_is_renewed_without_leaving_the_page(browse, real_site):
    exam = new_exam(real_site)
    real_site.give_password("officer")
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    real_site.end_sessions("officer")
    choose(page, "选项B")
    dialog = page.locator("#exam-signin")
    expect(dialog).to_be_visible()
    dialog.locator("input").fill("wrong")
    dialog.get_by_role("button").click()
    expect(dialog.locator("[data-signin-problem]")).not_to_be_empty()
    dialog.locator("input").fill(PASSWORD)
    dialog.get_by_role("button").click()
    expect(dialog).to_be_hidden()
    expect_saved(page)
    assert standing(real_site, exam) == {1: "B"}


def test_extra_minutes_reach_the_page_within_ten_seconds(browse, real_site):
    exam = new_exam(real_site, minutes=30)
    page = browse("officer")
    enter(page, exam)
    with real_site.at_hand():
        candidate = attempt_of(real_site, exam).candidate_id
        by = real_site.city.people["invigilator"]
        extend(exam.exam_id, candidate, minutes=15, by=by, reason="停电", now=utcnow())
    expect(page.locator("[data-exam=note]")).to_contain_text("延长了 15 分钟", timeout=10_500)
    assert page.locator("[data-exam=clock]").text_content().startswith("44:")


def test_at_zero_the_page_sends_what_is_left_and_hands_in(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    with real_site.at_hand(), transaction() as session:
        session.get(Attempt, attempt_of(real_site, exam).id).deadline_at = utcnow() + timedelta(seconds=4)
    choose(page, "选项B")
    expect_saved(page)
    expect(page.locator(".clock.is-short")).to_be_visible()
    page.wait_for_url("**/receipt*", timeout=15_000)
    assert standing(real_site, exam) == {1: "B"}
    assert attempt_of(real_site, exam).submitted_by == "candidate"


def test_time_that_runs_out_off_line_is_told_plainly(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    with real_site.at_hand(), transaction() as session:
        session.get(Attempt, attempt_of(real_site, exam).id).deadline_at = utcnow() + timedelta(seconds=3)
    choose(page, "选项B")
    expect_saved(page)
    page.context.set_offline(True)
    go_to(page, 2)
    choose(page, "选项A")
    banner = page.locator("[data-exam=banner]")
    expect(banner).to_contain_text("服务器会按已保存的内容为您交卷", timeout=10_000)
    expect(banner).to_contain_text("还有 1 题没有送出")
    with real_site.at_hand(), transaction() as session:
        session.get(Attempt, attempt_of(real_site, exam).id).deadline_at = utcnow() - timedelta(seconds=60)
    page.context.set_offline(False)
    page.wait_for_url("**/receipt?unsent=1", timeout=30_000)
    expect(page.locator(".alert-warning")).to_contain_text("1 题")
    assert standing(real_site, exam) == {1: "B"}


def test_a_forced_hand_in_leads_the_page_to_its_receipt(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项B")
    expect_saved(page)
    with real_site.at_hand():
        attempt = attempt_of(real_site, exam).id
        force_submit(attempt, by=real_site.city.people["invigilator"], reason="x", now=utcnow())
    page.wait_for_url("**/receipt*", timeout=15_000)
    expect(page.locator(".receipt-line")).to_contain_text("监考员已为您交卷")


def test_leaving_the_page_is_recorded_once_each_and_said_quietly(browse, real_site):
    exam = new_exam(real_site, focus_threshold=2)
    page = browse("officer")
    enter(page, exam)
    told = page.locator("[data-exam=away]")
    expect(told).to_be_hidden()
    leave(page)
    come_back(page)
    expect(told).to_contain_text("第 1 次")
    expect(told).to_contain_text("不影响成绩")
    expect(told).not_to_contain_text("提醒")
    expect(page.locator("[data-exam=say]")).to_contain_text("第 1 次")
    told.get_by_role("button").click()
    expect(told).to_be_hidden()
    # Gone for an instant is not gone, and who is gone again at once has not been back.
    leave(page, 0.3)
    come_back(page)
    leave(page, how="visibilitychange")
    come_back(page)
    expect(told).to_contain_text("第 1 次")
    page.wait_for_timeout(2200)
    leave(page)
    come_back(page)
    expect(told).to_contain_text("第 2 次离开考试页面，监考员的页面上会有提醒")
    choose(page, "选项B")
    expect_saved(page)
    with real_site.at_hand() as session:
        attempt = attempt_of(real_site, exam)
        rows = session.query(Incident.kind, Incident.seconds).filter_by(attempt_id=attempt.id).all()
    assert [row.kind for row in rows] == ["focus_loss"] * 2
    assert all(1 <= row.seconds <= 60 for row in rows)
    assert attempt.state == "open"


def test_leaving_while_the_line_is_down_is_told_and_recorded_when_it_is_back(browse, real_site):
    exam = new_exam(real_site, focus_threshold=1)
    page = browse("officer")
    enter(page, exam)
    page.context.set_offline(True)
    expect(page.locator("[data-exam=banner]")).to_be_visible()
    leave(page)
    come_back(page)
    expect(page.locator("[data-exam=away]")).to_contain_text("连接恢复后送达")
    assert incidents_of(real_site, exam) == []
    page.context.set_offline(False)
    expect(page.locator("[data-exam=banner]")).to_be_hidden()
    page.wait_for_timeout(1500)
    assert sorted(incidents_of(real_site, exam)) in (["focus_loss"], ["focus_loss", "network_loss"])


def test_a_report_that_was_not_sent_outlives_a_reload(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    page.route("**/incidents", lambda route: route.abort())
    leave(page)
    come_back(page)
    expect(page.locator("[data-exam=away]")).to_contain_text("第 1 次")
    page.unroute("**/incidents")
    page.reload()
    expect(page.locator(".question").first).to_be_visible()
    page.wait_for_timeout(1500)
    assert incidents_of(real_site, exam) == ["focus_loss"]


def test_a_session_that_ended_before_the_start_is_renewed_there(browse, real_site):
    exam = new_exam(real_site)
    real_site.give_password("officer")
    page = browse("officer")
    page.goto(f"/exams/{exam.exam_id}/hall")
    real_site.end_sessions("officer")
    page.locator("[data-start]").click()
    dialog = page.locator("#exam-signin")
    expect(dialog).to_be_visible()
    dialog.locator("input").fill(PASSWORD)
    dialog.get_by_role("button").click()
    expect(page.locator(".question").first).to_be_visible()


def test_what_was_noticed_off_line_is_reported_once(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    page.context.set_offline(True)
    page.wait_for_timeout(6000)
    page.context.set_offline(False)
    expect(page.locator("[data-exam=banner]")).to_be_hidden()
    page.wait_for_timeout(1500)
    assert incidents_of(real_site, exam) == ["network_loss"]


def test_a_heartbeat_during_the_hand_in_does_not_call_its_answers_lost(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    page.route("**/responses", lambda route: route.abort())
    choose(page, "选项B")
    expect(page.locator(".exam-saved")).to_contain_text("1 题未送出")

    def slow(route):
        reply = route.fetch()
        page.unroute("**/responses")
        page.evaluate("window.dispatchEvent(new Event('online'))")
        page.wait_for_timeout(2000)
        route.fulfill(response=reply)

    page.route("**/submit", slow)
    page.locator("[data-hand-in]:visible").first.click()
    page.locator("#exam-handin [data-yes]").click()
    page.wait_for_url("**/receipt*")
    assert "unsent" not in page.url
    assert standing(real_site, exam) == {1: "B"}


def test_half_a_character_holds_nothing_back(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    go_to(page, 4)
    page.locator(".blank").nth(0).evaluate(
        """one => { one.value = "15\\ud83d"; one.dispatchEvent(new Event("input", { bubbles: true })); }"""
    )
    go_to(page, 1)
    choose(page, "选项B")
    expect_saved(page)
    assert standing(real_site, exam)[1] == "B"


def test_going_on_in_an_old_page_does_not_begin_another_attempt(browse, real_site):
    exam = new_exam(real_site, attempts=2)
    first = browse("officer")
    enter(first, exam)
    second = browse("officer")
    enter(second, exam)
    expect(first.locator("[data-exam=banner]")).to_contain_text("另一个页面", timeout=12_000)
    first.route(re.compile("/(clock|beat)"), lambda route: route.abort())
    hand_in(second)
    first.wait_for_timeout(500)
    first.unroute(re.compile("/(clock|beat)"))
    first.get_by_role("button", name="在本页继续").click()
    first.wait_for_url("**/receipt*")
    assert attempt_of(real_site, exam).ordinal == 1


def test_a_line_that_comes_back_within_the_grace_brings_the_last_answers(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    with real_site.at_hand(), transaction() as session:
        session.get(Attempt, attempt_of(real_site, exam).id).deadline_at = utcnow() + timedelta(seconds=3)
    choose(page, "选项B")
    expect_saved(page)
    page.context.set_offline(True)
    go_to(page, 2)
    choose(page, "选项A")
    expect(page.locator("[data-exam=banner]")).to_contain_text("服务器会按已保存的内容为您交卷", timeout=10_000)
    page.wait_for_timeout(7000)
    page.context.set_offline(False)
    page.wait_for_url("**/receipt*", timeout=4_000)
    assert "unsent" not in page.url
    assert standing(real_site, exam) == {1: "B", 2: ["A"]}
    assert attempt_of(real_site, exam).submitted_by == "candidate"
