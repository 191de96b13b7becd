"""The invigilator's board in a real browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.hall import attempt_of, choose, come_back, enter, expect_saved, leave, new_exam
from trainer.attempts.incidents import record_incident
from trainer.attempts.models import Incident
from trainer.core.clock import utcnow

pytestmark = pytest.mark.browser


def test_the_board_follows_helps_and_takes_in(browse, real_site):
    exam = new_exam(real_site)
    page = browse("invigilator")
    page.goto(f"/exams/{exam.exam_id}/watch")
    expect(page.locator(".tile.is-waiting")).to_have_count(3)
    officer = browse("officer")
    enter(officer, exam)
    choose(officer, "选项B")
    expect_saved(officer)
    page.bring_to_front()
    tile = page.locator(".tile.is-working")
    expect(tile).to_contain_text("张officer", timeout=12_000)
    expect(tile).to_contain_text("1/5 题")
    tile.click()
    page.locator("#extend-minutes").fill("10")
    page.locator("#extend-reason").fill("设备故障")
    page.locator("[data-desk-extend] button").click()
    expect(page.locator(".alert-success")).to_contain_text("延长 10 分钟")
    page.locator(".tile.is-working").click()
    expect(page.locator("[data-desk-extra]")).to_have_text("10 分钟")
    page.locator("#force-reason").fill("违纪")
    page.locator("[data-desk-force] button").click()
    # Nothing has happened yet: whose it is and that it cannot be undone is asked once more.
    asked = page.locator("#confirm-dialog")
    expect(asked).to_contain_text("收回张officer的答卷并评分，不能撤销")
    asked.locator("[data-confirm-no]").click()
    assert attempt_of(real_site, exam).state == "open"
    page.locator("[data-desk-force] button").click()
    asked.get_by_role("button", name="收回答卷").click()
    expect(page.locator(".tile.is-lost")).to_contain_text("强制交卷")
    officer.wait_for_url("**/receipt*", timeout=15_000)


def test_filters_live_in_the_address(browse, real_site):
    exam = new_exam(real_site)
    officer = browse("officer")
    enter(officer, exam)
    page = browse("invigilator")
    page.goto(f"/exams/{exam.exam_id}/watch")
    page.locator(".watch-count.is-working").click()
    expect(page.locator(".tile")).to_have_count(1)
    page.locator("[data-view=list]").click()
    assert page.url.endswith("?state=working&view=list")
    page.reload()
    expect(page.locator("[data-watch-rows] tr")).to_have_count(1)
    page.locator(".watch-count").first.click()
    page.locator("#watch-word").fill("officer3")
    expect(page.locator("[data-watch-rows] tr")).to_have_count(1)
    page.locator("#watch-word").fill("nobody")
    expect(page.locator("[data-watch-none]")).to_be_visible()


def test_who_left_often_is_marked_sorted_and_told_with_times(browse, real_site):
    exam = new_exam(real_site, focus_threshold=2)
    officer = browse("officer2")
    enter(officer, exam)
    for _time in range(2):
        leave(officer)
        come_back(officer)
        officer.wait_for_timeout(2200)
    page = browse("invigilator")
    page.goto(f"/exams/{exam.exam_id}/watch")
    marked = page.locator(".tile.is-marked")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("离开页面 2 次")
    expect(page.locator(".tile").first).not_to_contain_text("离开页面")
    page.locator("#watch-sort").select_option("left")
    expect(page.locator(".tile").first).to_contain_text("张officer2")
    page.locator(".watch-count.is-marked").click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator(".watch-count.is-marked")).to_be_focused()
    assert page.url.endswith("?marked=1&sort=left")
    page.reload()
    expect(page.locator(".tile")).to_have_count(1)
    page.locator(".tile").click()
    lines = page.locator("[data-noticed-list] li")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("离开考试页面")
    expect(lines.first).to_contain_text("持续 1 秒")
    expect(page.locator("[data-noticed-marked]")).to_contain_text("离开考试页面 2 次，达到本场考试设定的 2 次")
    times = lines.locator("time").evaluate_all("all => all.map((one) => one.dateTime)")
    assert times == sorted(times, reverse=True)
    # What happens while the dialog is open appears in it with the next news.
    leave(officer)
    come_back(officer)
    expect(lines).to_have_count(3, timeout=15_000)


def test_older_incidents_come_on_request_and_a_failure_can_be_mended(browse, real_site):
    exam = new_exam(real_site)
    officer = browse("officer")
    enter(officer, exam)
    with real_site.at_hand() as session:
        at, attempt_id = utcnow(), attempt_of(real_site, exam).id
        for number in range(25):
            noticed_at = at - timedelta(minutes=number)
            session.add(
                Incident(attempt_id=attempt_id, kind="network_loss", noticed_at=noticed_at, recorded_at=at, seconds=95)
            )
        session.commit()
    page = browse("invigilator")
    page.route("**/incidents?*", lambda route: route.abort())
    page.goto(f"/exams/{exam.exam_id}/watch")
    page.locator(".tile.is-working").click()
    failed = page.locator("[data-noticed-failed]")
    expect(failed).to_be_visible()
    page.unroute("**/incidents?*")
    failed.get_by_role("button").click()
    lines = page.locator("[data-noticed-list] li")
    expect(lines).to_have_count(5)
    expect(lines.first).to_contain_text("连接中断")
    expect(lines.first).to_contain_text("持续 1 分 35 秒")
    page.locator("[data-noticed-more]").click()
    expect(lines).to_have_count(25)
    expect(page.locator("[data-noticed-more]")).to_be_hidden()
    expect(failed).to_be_hidden()
    page.keyboard.press("Escape")
    page.locator(".tile.is-waiting").first.click()
    expect(page.locator("[data-noticed-state]")).to_have_text("没有记录。")
    expect(lines).to_have_count(0)


# Waits that the page ends by itself last a twentieth.
IMPATIENT = """(() => {
  const real = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => real(ms / 20);
})()"""


def test_a_question_that_is_never_answered_is_told_and_not_the_last_one(browse, real_site):
    exam = new_exam(real_site)
    board = browse("invigilator")
    board.add_init_script(IMPATIENT)
    board.goto(f"/exams/{exam.exam_id}/watch")
    board.route("**/watch/news", lambda _route: None)
    expect(board.locator("[data-watch-stale]")).to_be_visible(timeout=30_000)
    board.unroute("**/watch/news")
    expect(board.locator("[data-watch-stale]")).to_be_hidden(timeout=60_000)


def test_an_incident_that_has_ended_tells_its_length_when_it_is_opened_again(browse, real_site):
    exam = new_exam(real_site)
    enter(browse("officer"), exam)
    attempt, at = attempt_of(real_site, exam), utcnow()

    def noticed(**more):
        with real_site.at_hand():
            record_incident(
                attempt.id, attempt.user_id, kind="focus_loss", noticed_at=at, detail="", now=at, mark="m1", **more
            )

    noticed()
    board = browse("invigilator")
    board.goto(f"/exams/{exam.exam_id}/watch")
    tile, lines = board.locator(".tile.has-incidents"), board.locator("[data-noticed-list] li")
    tile.click()
    expect(lines).to_have_count(1)
    expect(lines).not_to_contain_text("持续")
    board.keyboard.press("Escape")
    noticed(seconds=45)
    tile.click()
    expect(lines).to_contain_text("持续 45 秒")
    expect(lines).to_have_count(1)
