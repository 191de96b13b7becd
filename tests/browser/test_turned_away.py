"""What stands between the page and a save or a hand-in is said truly, can be got out of, and is taken away again."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.hall import (
    attempt_of,
    choose,
    enter,
    expect_saved,
    go_to,
    hand_in,
    new_exam,
    standing,
)
from trainer.accounts.models import User
from trainer.attempts.extend import extend
from trainer.core.clock import utcnow
from trainer.core.database import transaction

pytestmark = pytest.mark.browser

PROBLEM = "application/problem+json"


def password_due(site, due):
    with site.at_hand(), transaction() as session:
        session.get(User, site.city.people["officer"]).must_change_password = due


def test_a_password_that_is_due_is_said_with_the_way_out_and_saving_goes_on(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    banner = page.locator("[data-exam=banner]")
    password_due(real_site, True)
    try:
        choose(page, "选项A")
        expect(banner).to_contain_text("请先设置自己的密码")
        expect(banner).not_to_contain_text("连接中断")
        link = banner.get_by_role("link", name="设置密码")
        expect(link).to_have_attribute("href", "/profile/password")
        expect(link).to_have_attribute("target", "_blank")
        page.wait_for_timeout(3000)
        expect(banner).to_contain_text("请先设置自己的密码")
    finally:
        password_due(real_site, False)
    expect_saved(page, 20_000)
    expect(banner).to_be_hidden()
    assert standing(real_site, exam) == {1: "A"}


def test_a_reply_that_comes_late_takes_no_granted_minute_back(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    held = []
    page.route("**/responses", lambda route: held.append((route, route.fetch())))
    choose(page, "选项B")
    page.wait_for_timeout(700)
    with real_site.at_hand():
        by = real_site.city.people["invigilator"]
        extend(exam.exam_id, attempt_of(real_site, exam).candidate_id, minutes=5, by=by, reason="停电", now=utcnow())
    note = page.locator("[data-exam=note]")
    expect(note).to_contain_text("延长了 5 分钟", timeout=7000)
    deadline = page.locator("[data-exam=clock]").get_attribute("datetime")
    for route, reply in held:
        route.fulfill(response=reply)
    page.unroute("**/responses")
    expect_saved(page)
    assert page.locator("[data-exam=clock]").get_attribute("datetime") == deadline


def test_an_attempt_that_is_found_again_is_missed_no_longer(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    missing = {"status": 404, "content_type": PROBLEM, "body": '{"code":"not_found"}'}
    page.route(re.compile("/(beat|clock)"), lambda route: route.fulfill(**missing))
    banner = page.locator("[data-exam=banner]")
    expect(banner).to_contain_text("找不到这份答卷")
    page.unroute(re.compile("/(beat|clock)"))
    expect(banner).to_be_hidden()


def test_an_answer_that_was_refused_is_counted_and_listed(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    errors = [{"field": "responses.0.answer", "code": "wrong_answer_shape", "message": "x"}]
    refusal = {"status": 422, "content_type": PROBLEM, "body": json.dumps({"code": "invalid", "errors": errors})}
    page.route("**/responses", lambda route: route.fulfill(**refusal))
    choose(page, "选项B")
    saved = page.locator(".exam-saved")
    expect(saved).to_contain_text("1 题没有保存")
    page.locator("[data-hand-in]:visible").first.click()
    dialog = page.locator("#exam-handin")
    expect(dialog.locator("dt", has_text="无法保存")).to_be_visible()
    expect(dialog.get_by_text("未保存的作答会随交卷一起送出")).to_be_hidden()
    dialog.locator("[data-no]").click()
    page.unroute("**/responses")
    choose(page, "选项C")
    expect_saved(page)
    assert standing(real_site, exam) == {1: "C"}


def test_an_undecided_question_outlives_a_take_over(browse, real_site):
    exam = new_exam(real_site)
    first, second = browse("officer"), browse("officer")
    enter(first, exam)
    first.route("**/responses", lambda route: route.abort())
    choose(first, "选项D")
    expect(first.locator(".exam-saved")).to_contain_text("1 题未送出")
    enter(second, exam)
    choose(second, "选项C")
    expect_saved(second)
    first.unroute("**/responses")
    first.bring_to_front()
    go_on = first.get_by_role("button", name="在本页继续")
    asked = first.locator("#exam-conflicts")
    go_on.click(timeout=15_000)
    expect(asked).to_be_visible()
    # Nothing is decided when the other page takes the attempt again.
    second.get_by_role("button", name="在本页继续").click(timeout=15_000)
    expect(asked).to_be_hidden(timeout=15_000)
    expect(first.locator("[data-exam=banner]")).to_contain_text("本页有 1 题没有送出")
    go_on.click()
    expect(asked).to_be_visible()
    first.get_by_label("本页未送出的：D").check()
    first.get_by_role("button", name="按所选保存").click()
    expect_saved(first)
    assert standing(real_site, exam) == {1: "D"}


def test_a_hand_in_without_a_line_can_be_called_off_and_done_later(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    page.context.set_offline(True)
    choose(page, "选项A")
    expect(page.locator("[data-exam=banner]")).to_be_visible()
    page.locator("[data-hand-in]:visible").first.click()
    expect(page.locator("#exam-handin").get_by_text("未保存的作答会随交卷一起送出")).to_be_visible()
    page.locator("#exam-handin [data-yes]").click()
    waits = page.locator("[data-exam=submitting]")
    expect(waits.get_by_text("试卷还没有交")).to_be_visible()
    waits.get_by_role("button", name="返回继续作答").click()
    expect(waits).to_be_hidden()
    expect(page.locator("[data-exam=banner]")).to_contain_text("您可以继续作答")
    go_to(page, 3)
    choose(page, "正确")
    page.context.set_offline(False)
    expect_saved(page, 20_000)
    page.wait_for_timeout(1000)
    assert attempt_of(real_site, exam).state == "open"
    assert standing(real_site, exam) == {1: "A", 3: True}
    hand_in(page)


def test_a_page_that_was_loaded_anew_says_that_the_hand_in_did_not_happen(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    page.route("**/submit", lambda route: route.abort())
    page.locator("[data-hand-in]:visible").first.click()
    page.locator("#exam-handin [data-yes]").click()
    expect(page.locator("[data-exam=submitting]").get_by_text("试卷还没有交")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    banner = page.locator("[data-exam=banner]")
    expect(banner).to_contain_text("这份答卷还没有交")
    page.unroute("**/submit")
    banner.get_by_role("button", name="交卷").click()
    page.locator("#exam-handin [data-yes]").click()
    page.wait_for_url("**/receipt*")
