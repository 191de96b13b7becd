"""An exam in order: forward one by one, asked once, closed behind, and at the furthest item wherever one comes back."""

import pytest
from playwright.sync_api import expect

from tests.browser.hall import attempt_of, choose, enter, expect_saved, hand_in, new_exam, standing

pytestmark = pytest.mark.browser


@pytest.fixture
def exam(real_site):
    return new_exam(real_site, navigation="sequential")


def at(page, number):
    expect(page.locator(f'.question[data-number="{number}"]')).to_be_visible()
    expect(page.locator(".question")).to_have_count(1)
    expect(page.locator(".exam-side [data-go]:enabled")).to_have_text(str(number))


def onwards(page):
    page.locator("[data-exam=next]").click()


def asked(page):
    return page.locator("#exam-leave")


def test_one_goes_forward_and_what_was_left_is_closed(browse, real_site, exam):
    page = browse("officer")
    enter(page, exam)
    at(page, 1)
    for name in ("previous", "flag"):
        expect(page.locator(f"[data-exam={name}]")).to_be_hidden()
    expect(page.locator(".question-flag")).to_be_hidden()
    choose(page, "选项B")
    onwards(page)
    at(page, 2)
    expect(asked(page)).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.number") == "2"
    first = page.locator('.exam-side [data-go="1"]')
    expect(first).to_have_accessible_name("第 1 题，已作答，已离开")
    expect(first).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("f")
    at(page, 2)
    expect_saved(page)
    expect(page.locator(".question-saved")).to_have_text("")
    assert standing(real_site, exam) == {1: "B"}


def test_an_item_without_an_answer_is_left_only_after_a_question_and_by_keyboard_too(browse, real_site, exam):
    page = browse("officer")
    enter(page, exam)
    page.keyboard.press("ArrowRight")
    expect(asked(page)).to_be_visible()
    expect(asked(page)).to_contain_text("第 1 题还没有作答。")
    expect(asked(page).locator("[data-no]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(asked(page)).to_be_hidden()
    at(page, 1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    at(page, 2)
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    at(page, 3)
    expect(asked(page)).to_be_hidden()
    expect_saved(page)
    page.locator("[data-hand-in]:visible").first.click()
    expect(page.locator("#exam-handin .left-plain")).to_have_text(["1", "3", "4", "5"])
    expect(page.locator("#exam-handin .left-number")).to_have_count(0)


def test_a_reload_the_back_button_and_another_device_open_at_the_furthest_item(browse, real_site, exam):
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    onwards(page)
    choose(page, "选项A")
    onwards(page)
    at(page, 3)
    expect_saved(page)
    page.reload()
    at(page, 3)
    page.goto("/")
    page.go_back()
    at(page, 3)
    other = browse("officer")
    enter(other, exam)
    at(other, 3)
    choose(other, "正确")
    onwards(other)
    at(other, 4)
    expect_saved(other)
    # The first page learns that it may only look, and taken back it is where the other one was.
    page.locator("[data-exam=banner] button").click(timeout=15_000)
    at(page, 4)
    assert standing(real_site, exam) == {1: "A", 2: ["A"], 3: True}


def test_off_line_one_goes_on_and_everything_arrives_in_order(browse, real_site, exam):
    page = browse("officer")
    enter(page, exam)
    page.context.set_offline(True)
    choose(page, "选项A")
    choose(page, "选项C")
    onwards(page)
    choose(page, "选项B")
    onwards(page)
    at(page, 3)
    expect(page.locator(".exam-saved")).to_contain_text("3 题未送出")
    page.context.set_offline(False)
    expect_saved(page, timeout=20_000)
    at(page, 3)
    assert standing(real_site, exam) == {1: "C", 2: ["B"]}


def test_a_page_that_died_off_line_comes_back_at_the_furthest_item_with_its_answers(browse, real_site, exam):
    page = browse("officer")
    enter(page, exam)
    page.context.set_offline(True)
    choose(page, "选项A")
    onwards(page)
    choose(page, "选项B")
    onwards(page)
    at(page, 3)
    page.wait_for_timeout(500)
    page.close(run_before_unload=False)
    again = page.context.new_page()
    page.context.set_offline(False)
    enter(again, exam)
    at(again, 3)
    expect_saved(again)
    assert standing(real_site, exam) == {1: "A", 2: ["B"]}


def test_what_an_old_page_held_for_an_item_that_was_left_elsewhere_is_told_and_not_kept(browse, real_site, exam):
    page, other = browse("officer"), browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    page.context.set_offline(True)
    enter(other, exam)
    choose(other, "选项B")
    onwards(other)
    at(other, 2)
    expect_saved(other)
    choose(page, "选项C")
    choose(page, "选项D")
    page.context.set_offline(False)
    page.locator("[data-exam=banner] button", has_text="在本页继续").click(timeout=20_000)
    at(page, 2)
    expect(page.locator("[data-exam=note]")).to_contain_text("第 1 题已经离开")
    expect_saved(page)
    assert standing(real_site, exam) == {1: "B"}


def test_the_last_item_leads_to_the_hand_in(browse, real_site, exam):
    page = browse("officer")
    enter(page, exam)
    for number in range(1, 5):
        at(page, number)
        onwards(page)
        asked(page).locator("[data-yes]").click()
    at(page, 5)
    expect(page.locator("[data-exam=next]")).to_be_hidden()
    hand_in(page)
    assert attempt_of(real_site, exam).state == "submitted"
    assert standing(real_site, exam) == {}
