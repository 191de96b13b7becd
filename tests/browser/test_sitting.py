"""An exam of all five kinds is sat by mouse, by keyboard alone, and by touch on a narrow screen."""

import pytest
from playwright.sync_api import expect

from tests.attempts.factories import CANARY, RIGHT
from tests.browser.hall import choose, enter, expect_saved, go_to, hand_in, new_exam, standing

pytestmark = pytest.mark.browser


def test_by_mouse_from_the_list_to_the_result(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    page.goto("/exams/mine")
    page.locator(f'a[href="/exams/{exam.exam_id}/hall"]').first.click()
    page.locator("[data-start]").click()
    choose(page, "选项B")
    page.locator("[data-exam=next]").click()
    choose(page, "选项C")
    choose(page, "选项A")
    page.locator("[data-exam=next]").click()
    choose(page, "正确")
    page.locator("[data-exam=next]").click()
    page.locator(".blank").nth(0).fill("15")
    page.locator(".blank").nth(1).fill("60")
    page.locator("[data-exam=next]").click()
    for letter in "CAD":
        page.locator(".order-rest button", has_text=f"选项{letter}").click()
    page.locator(".order-rest button").click()
    expect_saved(page)
    assert standing(real_site, exam) == RIGHT
    assert CANARY not in page.content()
    hand_in(page)
    assert CANARY not in page.content()
    page.get_by_role("link", name="查看成绩与解析").click()
    expect(page.locator(".score-figure")).to_contain_text("10")
    expect(page.locator(".state", has_text="合格").first).to_be_visible()
    assert page.locator(".verdict.is-right").count() == 5


def test_by_keyboard_alone(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer2")
    page.goto(f"/exams/{exam.exam_id}/hall")
    start = page.locator("[data-start]")
    for _press in range(10):
        page.keyboard.press("Tab")
        if start.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".question")).to_be_visible()
    page.keyboard.press("b")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.keyboard.press("f")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    page.keyboard.type("15")
    page.keyboard.press("Tab")
    page.keyboard.type("60")
    page.keyboard.press("Tab")
    page.locator("[data-exam=next]").focus()
    page.keyboard.press("Enter")
    for key in ("b", "a", "d", "c"):
        page.keyboard.press(key)
    # B, A, D, C: take B back, move C up twice, and put B at the end.
    page.keyboard.press("b")
    for _time in range(2):
        page.locator('[data-key="C"] .order-up').focus()
        page.keyboard.press("Enter")
    page.keyboard.press("b")
    expect_saved(page)
    assert standing(real_site, exam, "officer2") == RIGHT
    expect(page.locator('.exam-side [data-go="2"]')).to_have_class("map-cell is-answered is-flagged")
    page.locator('.exam-side [data-go="1"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator('.question[data-number="1"]')).to_be_focused()
    page.keyboard.press("b")
    page.locator(".exam-side [data-hand-in]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#exam-handin [data-left]")).to_contain_text("已标记")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.locator("#exam-handin [data-yes]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt*")


def test_on_a_narrow_screen(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer3", width=390, height=844)
    enter(page, exam)
    choose(page, "选项B")
    box = page.locator(".option").first.bounding_box()
    assert box["height"] >= 44
    assert box["width"] > 340
    for press in page.locator(".exam-foot button:visible").all():
        assert press.bounding_box()["height"] >= 44
    page.locator("[data-open=map-dialog]").click()
    page.locator('[data-exam="map-dialog"] [data-go="3"]').click()
    choose(page, "正确")
    page.locator("[data-exam=next]").click()
    page.locator(".blank").nth(0).fill("15")
    page.locator("[data-exam=next]").click()
    page.locator(".order-rest button", has_text="选项A").click()
    page.locator(".order-rest button", has_text="选项C").click()
    page.locator('[data-key="C"] .order-up').click()
    expect_saved(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert standing(real_site, exam, "officer3") == {1: "B", 3: True, 4: ["15", ""], 5: ["C", "A"]}
    hand_in(page)


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_section_place_clock_and_saved_state_are_readable_at_360_pixels(browse, real_site, locale):
    exam = new_exam(real_site)
    page = browse("officer3", width=360, height=740, locale=locale)
    enter(page, exam)
    choose(page, "选项B")
    expect_saved(page)
    expect(page.locator('[data-exam="section"]')).to_have_text("第一部分")
    page.locator('[data-exam="section"]').evaluate("one => { one.textContent = '单项选择题'; }")
    for name, words in {"section": "单项选择题", "place": "1/5", "clock": ":", "saved": ":"}.items():
        part = page.locator(f'[data-exam="{name}"]')
        expect(part).to_contain_text(words)
        # An inline box has no inner width of its own.
        whole = "one => one.clientWidth === 0 || one.scrollWidth <= one.clientWidth"
        assert part.evaluate(whole), name
        assert part.bounding_box()["x"] + part.bounding_box()["width"] <= 360, name
    assert page.locator(".exam-bar").bounding_box()["height"] <= 100


def test_what_is_chosen_can_be_taken_back(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项B")
    expect_saved(page)
    page.get_by_role("button", name="清除本题作答").click()
    go_to(page, 2)
    choose(page, "选项A")
    choose(page, "选项A")
    expect_saved(page)
    assert standing(real_site, exam) == {}
    expect(page.locator('.exam-side [data-go="1"]')).to_have_class("map-cell is-empty")


def test_a_whole_section_can_be_shown_at_once_and_the_text_made_larger(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    size = page.locator(".question-stem").first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    page.get_by_role("button", name="显示设置与按键说明").click()
    page.get_by_label("每屏一个大题").check(force=True)
    page.get_by_label("特大").check(force=True)
    page.get_by_role("button", name="完成").click()
    assert page.locator(".question").count() == 5
    larger = page.locator(".question-stem").first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert larger > size * 1.2
    page.keyboard.press("ArrowRight")
    page.keyboard.press("a")
    expect_saved(page)
    assert standing(real_site, exam) == {2: ["A"]}
    page.reload()
    expect(page.locator(".question")).to_have_count(5)


def test_the_start_opens_when_its_time_has_come(browse, real_site):
    from datetime import timedelta

    from trainer.core.clock import utcnow
    from trainer.core.database import transaction
    from trainer.exams.models import Sitting

    exam = new_exam(real_site, opens_in=60)
    with real_site.at_hand(), transaction() as session:
        session.get(Sitting, exam.sitting_id).opens_at = utcnow() + timedelta(seconds=3)
    page = browse("officer")
    page.goto(f"/exams/{exam.exam_id}/hall")
    start = page.locator("[data-start]")
    # Until then one can only say that one is ready (test_waiting.py).
    expect(start).to_have_text("准备好了，开考即进入")
    expect(start).to_have_text("开始考试")
    start.click()
    expect(page.locator(".question")).to_be_visible()


def test_the_buttons_of_a_long_map_stay_in_sight_on_a_phone(browse, real_site):
    exam = new_exam(real_site, count=200)
    page = browse("officer", width=390, height=844, touch=True)
    enter(page, exam)
    page.get_by_role("button", name="题号").click()
    dialog = page.locator("[data-exam=map-dialog]")
    for _place in ("top", "bottom"):
        for part in (dialog.locator("h2"), *dialog.locator(".exam-actions button").all()):
            expect(part).to_be_in_viewport(ratio=1)
        dialog.evaluate("one => { one.scrollTop = one.scrollHeight; }")
    expect(dialog.locator(".map-key")).to_be_in_viewport()
