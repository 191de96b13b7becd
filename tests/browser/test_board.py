"""The invigilator's board in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.hall import choose, enter, expect_saved, new_exam

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
