"""Signing in by password: at once where nobody waits, and in one's turn, with the place told, where many do."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.hall import new_exam
from tests.browser.real_site import PASSWORD
from trainer.exams.tickets import issue_tickets

pytestmark = pytest.mark.browser


def fill(page):
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("officer")
    page.get_by_label("密码").fill(PASSWORD)


def test_who_is_alone_is_signed_in_at_once(browse, real_site):
    real_site.give_password("officer")
    page = browse()
    fill(page)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).to_have_url(f"{real_site.url}/")


def test_in_a_rush_the_page_tells_the_place_counts_down_and_signs_in_in_turn(browse, real_site):
    real_site.give_password("officer")
    page = browse()
    asked = []

    def crowd(route):
        asked.append(route.request.post_data_json)
        told = (
            {"place": 30, "seconds": 3, "wait_ms": 3000}
            if len(asked) == 1
            else {"place": 0, "seconds": 0, "wait_ms": 0}
        )
        route.fulfill(status=200, content_type="application/json", body=json.dumps(told))

    page.route("**/api/v1/session/turn", crowd)
    fill(page)
    page.get_by_label("密码").press("Enter")
    state = page.locator("[data-line-state]")
    expect(state).to_contain_text("前面还有 30 人，大约还要 3 秒")
    expect(state).to_contain_text("前面还有 20 人，大约还要 2 秒")
    expect(page).to_have_url(f"{real_site.url}/")
    assert asked == [{"username": "officer"}] * 2


def test_a_wrong_password_is_told_on_the_page_as_ever(browse, real_site):
    page = browse()
    fill(page)
    page.get_by_label("密码").fill("not the password")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator("[data-form-summary]")).to_contain_text("用户名或密码不正确")


@pytest.mark.parametrize("who", [None, "officer2"])
def test_a_scanned_ticket_fills_the_field_leaves_the_address_and_waits_for_a_press(browse, real_site, who):
    exam = new_exam(real_site)
    with real_site.at_hand():
        made = issue_tickets(exam.exam_id, by=None, user_id=real_site.city.people["officer"])[0]
    page = browse(who, width=390, height=800)
    asked = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(f"/sign-in?by=ticket#ticket={made.code}")
    button = page.get_by_role("button", name="进入考试")
    expect(button).to_be_focused()
    expect(page.get_by_text("请按“进入考试”")).to_be_visible()
    assert page.url == f"{real_site.url}/sign-in?by=ticket"
    assert page.evaluate("history.length") <= 2
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{real_site.url}/exams/{exam.exam_id}/hall")
    assert not [one for one in asked if made.code in one.split("#")[0]]


def test_a_scanned_ticket_that_is_no_longer_good_is_told(browse, real_site):
    page = browse()
    page.goto("/sign-in?by=ticket#ticket=" + "a" * 26)
    page.get_by_role("button", name="进入考试").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert "#" not in page.url
