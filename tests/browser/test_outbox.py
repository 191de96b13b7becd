"""The outbox on the device: wiped on a sign-out, opened anew where it is taken away, shared by tabs, soon sent."""

import pytest
from playwright.sync_api import expect

from tests.browser.hall import KEPT, choose, enter, enter_anew, expect_saved, go_to, new_exam, standing
from tests.browser.real_site import PASSWORD

pytestmark = pytest.mark.browser

OUTBOX_IS_THERE = """async () => (await indexedDB.databases()).some((one) => one.name === "exam-outbox")"""


def another_tab(page, address="/exams/mine"):
    """Open a second page of the same browser: its cookies, its storage."""
    tab = page.context.new_page()
    tab.set_default_timeout(10_000)
    tab.goto(address)
    return tab


def sign_out(tab, door):
    """Sign out by the menu of a page, or over the API."""
    if door == "page":
        tab.locator(".pop form[action$='/sign-out'] button, form[action$='/sign-out'] button").first.evaluate(
            "button => button.click()"
        )
        tab.wait_for_url("**/sign-in*")
    else:
        status = tab.evaluate("""async () => {
          const me = await (await fetch("/api/v1/me")).json();
          const made = await fetch("/api/v1/session", { method: "DELETE", headers: { "X-CSRFToken": me.csrf_token } });
          return made.status;
        }""")
        assert status == 204


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_sign_out_wipes_what_the_device_kept(browse, real_site, door):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    page.route("**/responses", lambda route: route.abort())
    choose(page, "选项B")
    page.wait_for_function(f"async () => (await ({KEPT})()).numbers.length === 1")
    tab = another_tab(page)
    page.close(run_before_unload=False)
    assert tab.evaluate(OUTBOX_IS_THERE)
    sign_out(tab, door)
    tab.wait_for_function(f"async () => !(await ({OUTBOX_IS_THERE})())")


def test_what_is_unsent_after_a_sign_out_elsewhere_is_kept_on_the_device_again(browse, real_site):
    exam = new_exam(real_site)
    real_site.give_password("officer")
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    sign_out(another_tab(page), "page")
    page.bring_to_front()
    dialog = page.locator("#exam-signin")
    expect(dialog).to_be_visible(timeout=20_000)
    dialog.locator("input").fill(PASSWORD)
    dialog.get_by_role("button").click()
    expect(dialog).to_be_hidden()
    expect_saved(page)
    page.context.set_offline(True)
    choose(page, "选项C")
    go_to(page, 3)
    choose(page, "正确")
    expect(page.locator("[data-exam=banner]")).to_contain_text("已加密保留在本设备上")
    expect(page.locator("[data-exam=outbox-note]")).to_be_hidden()
    page.wait_for_function(f"async () => (await ({KEPT})()).numbers.length === 2")
    assert page.evaluate(KEPT)["exportable"] == [False]
    enter_anew(page, exam)
    assert standing(real_site, exam) == {1: "C", 3: True}


STORAGE_THAT_FAILS = """(() => {
  const { put } = IDBObjectStore.prototype, { open } = IDBFactory.prototype;
  window.full = false;
  const refuse = () => { throw new DOMException("full", "QuotaExceededError"); };
  IDBObjectStore.prototype.put = function (...given) { return window.full ? refuse() : put.apply(this, given); };
  IDBFactory.prototype.open = function (...given) { return window.full ? refuse() : open.apply(this, given); };
})()"""


def test_storage_that_fails_in_the_middle_is_said_and_used_again_when_it_works(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    page.add_init_script(STORAGE_THAT_FAILS)
    enter(page, exam)
    page.context.set_offline(True)
    banner = page.locator("[data-exam=banner]")
    expect(banner).to_contain_text("已加密保留在本设备上")
    choose(page, "选项A")
    page.wait_for_function(f"async () => (await ({KEPT})()).numbers.length === 1")
    page.evaluate("window.full = true")
    choose(page, "选项B")
    expect(banner).to_contain_text("内容保留在本页，请不要关闭或刷新页面")
    expect(page.locator("[data-exam=outbox-note]")).to_contain_text("浏览器不允许在本设备上存储")
    page.evaluate("window.full = false")
    page.wait_for_timeout(5100)
    go_to(page, 3)
    choose(page, "错误")
    expect(banner).to_contain_text("已加密保留在本设备上")
    page.wait_for_function(f"async () => (await ({KEPT})()).numbers.length === 2")
    page.context.set_offline(False)
    expect_saved(page, 20_000)
    assert standing(real_site, exam) == {1: "B", 3: False}


def test_two_tabs_of_one_browser_share_what_is_unsent(browse, real_site):
    exam = new_exam(real_site)
    first = browse("officer")
    enter(first, exam)
    first.route("**/responses", lambda route: route.abort())
    choose(first, "选项D")
    go_to(first, 2)
    choose(first, "选项A")
    expect(first.locator(".exam-saved")).to_contain_text("2 题未送出")
    first.wait_for_function(f"async () => (await ({KEPT})()).numbers.length === 2")
    second = another_tab(first, f"/exams/{exam.exam_id}/hall")
    second.locator("[data-start]").click()
    # The second tab finds in the shared outbox what the first could not send, and sends it.
    expect(second.locator("[data-exam=note]")).to_contain_text("2")
    expect_saved(second)
    assert standing(real_site, exam) == {1: "D", 2: ["A"]}
    expect(second.locator(".option", has_text="选项D").locator("input")).to_be_checked()
    go_to(second, 3)
    choose(second, "正确")
    expect_saved(second)
    # The first turns read-only and says so.
    first.bring_to_front()
    banner = first.locator("[data-exam=banner]")
    expect(banner).to_contain_text("另一个页面或设备", timeout=12_000)
    expect(first.locator(".option input").first).to_be_disabled()
    first.unroute("**/responses")
    first.wait_for_timeout(500)
    assert standing(real_site, exam) == {1: "D", 2: ["A"], 3: True}
    # Taken back, it shows what stands; nothing of either tab is lost or asked for again.
    first.get_by_role("button", name="在本页继续").click()
    expect(banner).to_be_hidden()
    expect(first.locator("#exam-conflicts")).to_be_hidden()
    go_to(first, 4)
    first.locator(".blank").nth(0).fill("十五")
    expect_saved(first)
    assert standing(real_site, exam) == {1: "D", 2: ["A"], 3: True, 4: ["十五", ""]}
    assert first.evaluate(KEPT)["numbers"] == []
    expect(second.locator("[data-exam=banner]")).to_contain_text("另一个页面或设备", timeout=12_000)


# When the page learnt of a change, and when it sent one: milliseconds on the page's own clock.
STOPWATCH = """(() => {
  const real = window.fetch;
  window.changed = [];
  window.sent = [];
  window.fetch = (...given) => {
    if (given[1]?.method === "PUT" && String(given[0]).endsWith("/responses")) window.sent.push(performance.now());
    return real(...given);
  };
  for (const kind of ["input", "change"]) addEventListener(kind, () => window.changed.push(performance.now()), true);
})()"""


def test_a_change_is_on_its_way_within_two_seconds_also_while_somebody_types_on(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    page.add_init_script(STOPWATCH)
    enter(page, exam)
    choose(page, "选项B")
    expect_saved(page)
    assert page.evaluate("sent[0] - changed[0]") < 2000
    go_to(page, 4)
    page.evaluate("window.changed.length = window.sent.length = 0")
    blank = page.locator(".blank").nth(0)
    for _ in range(30):
        blank.press_sequentially("五")
        page.wait_for_timeout(150)
    assert page.evaluate("changed.at(-1) - changed[0]") > 4000
    # No key was pressed of which the server had not been told two seconds later, though the typing went on.
    gaps = page.evaluate(
        """() => window.changed.map((at) => (window.sent.find((one) => one >= at) ?? Infinity) - at)"""
    )
    expect_saved(page)
    gaps = page.evaluate(
        """() => window.changed.map((at) => (window.sent.find((one) => one >= at) ?? Infinity) - at)"""
    )
    assert max(gaps) < 2000, gaps
    assert standing(real_site, exam)[4] == ["五" * 30, ""]
