"""A device whose storage answers late, undoes a write, or never answers: no kept answer is lost, none is claimed."""

import pytest
from playwright.sync_api import expect

from tests.browser.hall import (
    KEPT,
    attempt_of,
    choose,
    enter,
    expect_saved,
    go_to,
    hand_in,
    new_exam,
    standing,
)
from tests.browser.test_outbox import another_tab

pytestmark = pytest.mark.browser

# Another tab keeps the storage busy for so long.
BUSY = """async (ms) => {
  const open = indexedDB.open("exam-outbox");
  const database = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
  const entries = database.transaction(["entries"], "readwrite").objectStore("entries");
  const until = performance.now() + ms;
  const spin = () => { if (performance.now() < until) entries.count().onsuccess = spin; };
  spin();
}"""

# What is put is undone at the end, as on a device that is full.
UNDONE = """() => {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...given) {
    const request = put.apply(this, given);
    request.addEventListener("success", () => this.transaction.abort());
    return request;
  };
}"""


@pytest.fixture
def left_behind(browse, real_site):
    """A browser in which a page died with two answers that it could not send: ``(exam, a tab of it)``."""
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    page.context.set_offline(True)
    choose(page, "选项D")
    go_to(page, 2)
    choose(page, "选项A")
    page.wait_for_function(f"async () => (await ({KEPT})()).numbers.length === 2")
    context = page.context
    page.close()
    context.set_offline(False)
    tab = context.new_page()
    tab.set_default_timeout(10_000)
    tab.goto("/exams/mine")
    return exam, tab


def test_what_a_slow_storage_gives_out_late_is_sent_and_nothing_is_called_saved_before(real_site, left_behind):
    exam, tab = left_behind
    page = another_tab(tab, f"/exams/{exam.exam_id}/hall")
    tab.evaluate(BUSY, 7000)
    page.locator("[data-start]").click()
    saved = page.locator(".exam-saved")
    expect(saved).to_contain_text("正在读取本机作答")
    # What is answered here meanwhile is newer than what was kept.
    go_to(page, 2)
    choose(page, "选项C")
    go_to(page, 3)
    choose(page, "正确")
    expect(page.locator(".question-saved")).to_contain_text("已保存")
    expect(saved).to_contain_text("正在读取本机作答")
    page.locator("[data-hand-in]:visible").first.click()
    expect(page.locator("#exam-handin").get_by_text("正在读取上次留在本设备上的作答")).to_be_visible()
    expect(page.locator("#exam-handin [data-complete]")).to_be_hidden()
    page.locator("#exam-handin [data-no]").click()
    expect(saved).to_contain_text("已保存", timeout=20_000)
    assert standing(real_site, exam) == {1: "D", 2: ["C"], 3: True}
    page.wait_for_function(f"async () => (await ({KEPT})()).numbers.length === 0")
    hand_in(page)


def test_a_write_that_is_undone_at_its_end_is_not_called_kept(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    page.evaluate(UNDONE)
    page.context.set_offline(True)
    choose(page, "选项A")
    banner = page.locator("[data-exam=banner]")
    expect(banner).to_contain_text("内容保留在本页，请不要关闭或刷新页面")
    assert page.evaluate(KEPT)["numbers"] == []
    page.context.set_offline(False)
    expect_saved(page, 20_000)
    assert standing(real_site, exam) == {1: "A"}


def test_a_storage_that_hangs_does_not_hold_up_the_receipt(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    page.evaluate("IDBObjectStore.prototype.getAllKeys = () => ({})")
    hand_in(page)
    assert attempt_of(real_site, exam).state == "submitted"
