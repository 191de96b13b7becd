"""Marking answers in a real browser: by keyboard, by touch, and what the page says when it could not save."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select

from tests.marking.factories import HOUR, add_markers, make_waiting, plan
from trainer.core.clock import utcnow
from trainer.core.database import transaction
from trainer.marking.models import Mark, MarkingTask, Result

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def waiting_of(real_site):
    """Return a function that makes an exam over since three hours whose answers wait for ``marker1``."""
    made = iter(range(1, 100))

    def make(**about):
        with real_site.at_hand():
            markers = add_markers(real_site.city, 2)
            now = utcnow() - 5 * HOUR
            waiting = make_waiting(real_site.city, answers=1, now=now, prefix=f"browser-{next(made)}-", **about)
            plan(real_site.city, waiting.exam_id, markers[:1], now=now)
        return waiting

    return make


def given(real_site, waiting):
    """Return the points of the exam's answers as they stand, in the order of the marker's batch."""
    with real_site.at_hand() as session:
        rows = select(Mark.points).join(MarkingTask, MarkingTask.id == Mark.task_id)
        rows = rows.where(MarkingTask.exam_id == waiting.exam_id).order_by(Mark.position)
        return [None if one is None else float(one) for one in session.scalars(rows)]


def begin(page, waiting):
    """Claim a batch from the list of what waits."""
    page.goto("/marking")
    page.locator(f'form[action$="/marking/exams/{waiting.exam_id}/claim"] button').click()
    expect(page.locator("[data-marking]")).to_be_visible()


def test_a_batch_by_keyboard_alone(browse, real_site, waiting_of):
    waiting = waiting_of()
    page = browse("marker1")
    begin(page, waiting)
    expect(page.locator("#lines-0")).to_be_focused()
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    page.keyboard.type("1.5")
    expect(page.locator("[data-mark-sum]")).to_have_text("5.5")
    page.keyboard.press("Enter")
    expect(page.locator(".marking-progress")).to_contain_text("第 2 份，共 3 份")
    expect(page.locator("#lines-0")).to_be_focused()
    # F gives full points, arrows half a point; the last line's Enter saves and goes on.
    page.keyboard.press("f")
    page.keyboard.press("Enter")
    for _time in range(3):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".marking-progress")).to_contain_text("第 3 份，共 3 份")
    expect(page.locator("#lines-0")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.locator(".marking-progress")).to_contain_text("第 2 份，共 3 份")
    expect(page.locator("#lines-1")).to_have_value("1")
    expect(page.locator("#lines-0")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator(".marking-progress")).to_contain_text("第 3 份，共 3 份")
    expect(page.locator("#lines-0")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page.locator("#lines-1")).to_be_focused()
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    # One line still lacks its points: nothing is saved and the page says so.
    expect(page.locator("[data-mark-state]")).to_have_text("还没有保存：每一条都要给分")
    expect(page.locator("#lines-0")).to_be_focused()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".alert-success")).to_contain_text("这一批 3 份都已评完")
    assert given(real_site, waiting) == [5.5, 5.0, 3.0]
    with real_site.at_hand() as session:
        results = select(Result.unmarked).where(Result.exam_id == waiting.exam_id)
        assert set(session.scalars(results)) == {0}


def test_by_touch_on_a_phone_each_answer_is_saved_at_once(browse, real_site, waiting_of):
    waiting = waiting_of()
    page = browse("marker1", width=390, height=844)
    begin(page, waiting)
    lines = page.locator(".mark-line")
    lines.nth(0).get_by_role("button", name="给满分").click()
    assert given(real_site, waiting) == [None, None, None]
    lines.nth(1).get_by_role("button", name="给 0 分").click()
    expect(page.locator("[data-mark-state]")).to_contain_text("已保存第 1 份，")
    assert given(real_site, waiting) == [4.0, None, None]
    page.locator("[data-mark-comment]").fill("要点一完整")
    page.locator("h1").click()
    expect(page.locator("[data-mark-state]")).to_contain_text("已保存第 1 份，")
    page.get_by_role("link", name="跳过").click()
    expect(page.locator(".marking-progress")).to_contain_text("第 2 份")
    page.get_by_role("link", name="跳过").click()
    page.get_by_role("link", name="跳过").click()
    expect(page.locator(".alert-warning")).to_contain_text("还有 2 份没有评")
    page.get_by_role("button", name="交回没有评的").click()
    page.locator("dialog[open]").get_by_role("button", name="交回").click()
    expect(page.locator(".flashes, .alert-success").first).to_contain_text("已交回 2 份")
    assert given(real_site, waiting) == [4.0]


def test_points_that_are_none_and_a_server_out_of_reach_are_said_and_nothing_is_lost(browse, real_site, waiting_of):
    waiting = waiting_of(officers=("officer",))
    page = browse("marker1")
    begin(page, waiting)
    page.locator("#lines-0").fill("4.5")
    page.locator("#lines-1").fill("２。０")
    page.get_by_role("button", name="保存，下一份").click()
    expect(page.locator("[data-mark-state]")).to_have_text("请填 0 到 4 之间的数，最多两位小数")
    expect(page.locator("#lines-0")).to_have_attribute("aria-invalid", "true")
    page.context.set_offline(True)
    page.locator("#lines-0").fill("4")
    page.keyboard.press("Tab")
    expect(page.locator("[data-mark-state]")).to_have_text("没有连上服务器，还没有保存")
    expect(page.locator("#lines-0")).to_have_value("4")
    page.context.set_offline(False)
    page.get_by_role("button", name="保存，下一份").click()
    expect(page.locator(".alert-success")).to_contain_text("都已评完")
    assert given(real_site, waiting) == [6.0]


def test_an_answer_that_others_have_now_is_said_to_be_gone(browse, real_site, waiting_of):
    waiting = waiting_of(officers=("officer",))
    page = browse("marker1")
    begin(page, waiting)
    with real_site.at_hand(), transaction() as session:
        tasks = select(MarkingTask.id).where(MarkingTask.exam_id == waiting.exam_id)
        session.execute(delete(Mark).where(Mark.task_id.in_(tasks)), execution_options={"synchronize_session": False})
    page.locator("#lines-0").fill("4")
    page.locator("#lines-1").fill("2")
    page.keyboard.press("Tab")
    expect(page.locator("[data-mark-state]")).to_contain_text("这份答题已不在您手上")
    assert given(real_site, waiting) == []
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/marking")


def test_the_exam_officer_plans_watches_and_sends_a_batch_back(browse, real_site, waiting_of):
    waiting = waiting_of(officers=("officer", "officer2"))
    marker = browse("marker1")
    begin(marker, waiting)
    batch = marker.url.rsplit("/", 1)[0]
    for place in (1, 2):
        expect(marker.locator(".marking-progress")).to_contain_text(f"第 {place} 份，共 2 份")
        marker.locator("#lines-0").fill("1")
        marker.locator("#lines-1").fill("1")
        marker.get_by_role("button", name="保存，下一份").click()
    expect(marker.locator(".alert-success")).to_contain_text("这一批 2 份都已评完")
    page = browse("organiser")
    page.goto(f"/exams/{waiting.exam_id}")
    page.get_by_role("link", name="阅卷安排").click()
    expect(page.locator(".figure-row")).to_contain_text("已评完")
    page.get_by_label("张marker2").check()
    page.get_by_label("每批份数").fill("5")
    page.get_by_role("button", name="保存方案").click()
    expect(page.get_by_text("阅卷方案已保存。")).to_be_visible()
    page.get_by_role("link", name="各批答题").click()
    page.get_by_role("button", name="重评").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("理由").fill("整批偏严，请按要点给分")
    dialog.get_by_role("button", name="重评").click()
    expect(page.get_by_text("2 份答题将重新评阅。")).to_be_visible()
    marker.goto(batch)
    expect(marker.locator(".alert-warning")).to_contain_text("退回给您重评")
    expect(marker.locator("#lines-0")).to_have_value("1")
