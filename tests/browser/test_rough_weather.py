"""What happens to real people: minutes without a line, a crashed tab, the back button, a lid closed, a wrong clock."""

import re
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from playwright.sync_api import Error, expect

from tests.browser.hall import (
    KEPT,
    attempt_of,
    choose,
    enter,
    enter_anew,
    expect_saved,
    go_to,
    hand_in,
    new_exam,
    standing,
)
from trainer.attempts.models import Attempt
from trainer.core.clock import utcnow
from trainer.core.database import transaction

pytestmark = pytest.mark.browser

# A browser whose clock is wrong, by what ``shift`` says in milliseconds, now or later.
WRONG_CLOCK = """(() => {
  const Real = Date;
  window.shift = 0;
  window.Date = class extends Real {
    constructor(...given) { if (given.length) { super(...given); } else { super(Real.now() + window.shift); } }
    static now() { return Real.now() + window.shift; }
  };
})()"""


def shown_seconds(page):
    """Return the seconds that the page's countdown shows."""
    text = re.search(r"(?:(\d+):)?(\d+):(\d\d)", page.locator("[data-exam=clock]").text_content())
    hours, minutes, seconds = (int(part or 0) for part in text.groups())
    return 3600 * hours + 60 * minutes + seconds


def seconds_off(page, site, exam):
    """Return by how many seconds the countdown differs from the server's."""
    left = (attempt_of(site, exam).deadline_at - utcnow()).total_seconds()
    return abs(shown_seconds(page) - left)


def expect_in_time(page, site, exam, within=12):
    """Wait until the countdown agrees with the server to a second, the part of a second that it rounds away aside."""
    for _ in range(within * 5):
        if seconds_off(page, site, exam) <= 1.2:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"the countdown is {seconds_off(page, site, exam):.1f} s off")


def answer_off_line(page, wait):
    """Answer for three minutes without a line; ``wait`` lets a minute pass."""
    page.context.set_offline(True)
    choose(page, "选项A")
    wait(60)
    expect(page.locator("[data-exam=banner]")).to_be_visible()
    go_to(page, 2)
    choose(page, "选项A")
    choose(page, "选项C")
    wait(60)
    go_to(page, 3)
    choose(page, "正确")
    go_to(page, 1)
    choose(page, "选项B")
    wait(60)
    expect(page.locator(".exam-saved")).to_contain_text("3 题未送出")
    page.context.set_offline(False)


def test_three_minutes_off_line_lose_nothing(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    page.clock.install()
    enter(page, exam)
    answer_off_line(page, lambda seconds: page.clock.run_for(1000 * seconds))
    page.clock.run_for(10_000)
    expect_saved(page, 20_000)
    assert standing(real_site, exam) == {1: "B", 2: ["A", "C"], 3: True}
    hand_in(page)


@pytest.mark.soak
def test_three_real_minutes_off_line_lose_nothing(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    answer_off_line(page, lambda seconds: page.wait_for_timeout(1000 * seconds))
    expect_saved(page, 30_000)
    assert standing(real_site, exam) == {1: "B", 2: ["A", "C"], 3: True}
    expect_in_time(page, real_site, exam)
    hand_in(page)


def test_a_tab_that_crashes_off_line_leaves_its_answers_to_the_next_one(browse, real_site):
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
    with suppress(Error):
        page.goto("chrome://crash", timeout=5000)
    enter_anew(page, exam)
    assert standing(real_site, exam) == {1: "D", 2: ["C"]}


def test_the_back_button_after_the_hand_in_leads_to_the_page_before_the_exam(browse, real_site):
    exam = new_exam(real_site, attempts=2)
    page = browse("officer")
    page.goto("/exams/mine")
    page.locator(f'a[href="/exams/{exam.exam_id}/hall"]').first.click()
    page.locator("[data-start]").click()
    choose(page, "选项B")
    expect_saved(page)
    hand_in(page)
    page.go_back()
    page.wait_for_url("**/exams/mine")
    page.go_forward()
    expect(page.locator(".receipt-line")).to_be_visible()


@pytest.mark.parametrize("attempts", [1, 2])
def test_the_exam_page_that_stands_before_the_receipt_opens_nothing_again(browse, real_site, attempts):
    exam = new_exam(real_site, attempts=attempts)
    page = browse("officer")
    enter(page, exam)
    # A jump within the page leaves the page itself behind it in the history.
    page.evaluate("window.location.hash = 'content'")
    choose(page, "选项B")
    expect_saved(page)
    hand_in(page)
    with page.expect_request(f"**/exams/{exam.exam_id}/hall"):
        page.go_back()
    # The paper is gone: without a further attempt the page leads to the receipt, else it tells of the hand-in.
    expect(page.locator(".lobby-done" if attempts > 1 else ".receipt-line")).to_be_visible()
    page.wait_for_timeout(2000)
    expect(page.locator(".option")).to_have_count(0)
    expect(page.locator("[data-start]")).to_have_count(attempts - 1)
    attempt = attempt_of(real_site, exam)
    assert (attempt.ordinal, attempt.state, attempt.epoch) == (1, "submitted", 1)
    assert standing(real_site, exam) == {1: "B"}
    page.go_forward()
    expect(page.locator(".receipt-line")).to_be_visible()


def let_sleep(page, site, exam, slept):
    """Let the device sleep: its wall clock and the server go on, the page's monotonic clock stands still."""
    before = page.evaluate("performance.now()")
    with site.at_hand(), transaction() as session:
        attempt = session.get(Attempt, attempt_of(site, exam).id)
        attempt.started_at, attempt.deadline_at = attempt.started_at - slept, attempt.deadline_at - slept
    page.evaluate(f"window.shift += {int(slept.total_seconds() * 1000)}")
    assert page.evaluate("performance.now()") - before < 60_000


def test_a_laptop_that_slept_shows_the_right_time_and_goes_on(browse, real_site):
    exam = new_exam(real_site, minutes=40)
    page = browse("officer")
    page.add_init_script(WRONG_CLOCK)
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    # Nothing but the drift of the two clocks tells the page: a beat brings no time, and nothing has changed for it.
    with page.expect_response("**/beat*"):
        pass
    let_sleep(page, real_site, exam, timedelta(minutes=25))
    expect_in_time(page, real_site, exam, within=4)
    assert 800 < shown_seconds(page) <= 900
    choose(page, "选项B")
    expect_saved(page)
    assert standing(real_site, exam) == {1: "B"}


def test_a_laptop_that_slept_over_the_deadline_is_led_to_its_receipt(browse, real_site):
    exam = new_exam(real_site, minutes=40)
    page = browse("officer")
    page.add_init_script(WRONG_CLOCK)
    enter(page, exam)
    choose(page, "选项B")
    expect_saved(page)
    let_sleep(page, real_site, exam, timedelta(hours=1))
    page.wait_for_url("**/receipt*", timeout=20_000)
    assert standing(real_site, exam) == {1: "B"}


def test_a_tab_from_the_background_shows_the_right_time_at_once(browse, real_site):
    exam = new_exam(real_site, minutes=40)
    page = browse("officer")
    enter(page, exam)
    browser = page.context.new_cdp_session(page)
    browser.send("Page.setWebLifecycleState", {"state": "frozen"})
    time.sleep(3)
    with real_site.at_hand(), transaction() as session:
        session.get(Attempt, attempt_of(real_site, exam).id).deadline_at += timedelta(minutes=5)
    time.sleep(7)
    browser.send("Page.setWebLifecycleState", {"state": "active"})
    expect_in_time(page, real_site, exam, within=2)
    assert shown_seconds(page) > 44 * 60
    expect(page.locator("[data-exam=note]")).to_contain_text("延长了 5 分钟")


def test_ten_five_and_one_minute_are_announced_once_each(browse, real_site):
    exam = new_exam(real_site, minutes=30)
    page = browse("officer")
    enter(page, exam)
    place = page.locator("[data-exam=note]")
    # A live region that stands in the page from the start, so that screen readers read what comes into it.
    expect(place).to_have_attribute("role", "status")
    page.evaluate("""() => {
      const place = document.querySelector("[data-exam=note]");
      window.said = [];
      new MutationObserver(() => { if (place.textContent) window.said.push(place.textContent); })
        .observe(place, { childList: true, characterData: true, subtree: true });
    }""")
    for minutes in (10, 5, 1):
        with real_site.at_hand(), transaction() as session:
            attempt = session.get(Attempt, attempt_of(real_site, exam).id)
            attempt.deadline_at = utcnow() + timedelta(minutes=minutes, seconds=4)
        with page.expect_response("**/clock"):
            page.evaluate("window.dispatchEvent(new Event('online'))")
        expect_in_time(page, real_site, exam, within=2)
        assert shown_seconds(page) > 60 * minutes
        assert f"距离交卷还有 {minutes} 分钟。" not in page.evaluate("window.said")
        expect(place).to_have_text(f"距离交卷还有 {minutes} 分钟。", timeout=6000)
        assert shown_seconds(page) <= 60 * minutes
    page.wait_for_timeout(2500)
    assert page.evaluate("window.said") == [f"距离交卷还有 {minutes} 分钟。" for minutes in (10, 5, 1)]


@pytest.mark.parametrize(
    ("zone", "shift", "step"),
    [
        ("America/New_York", 86_400_000, -7_200_000),
        ("Pacific/Kiritimati", -3_600_000, 86_400_000),
        ("Europe/Berlin", 0, 600_000),
    ],
)
def test_neither_zone_nor_clock_of_the_browser_moves_the_countdown(browse, real_site, zone, shift, step):
    exam = new_exam(real_site, minutes=30)
    page = browse("officer")
    page.add_init_script(WRONG_CLOCK)
    page.add_init_script(f"window.shift = {shift}")
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": zone})
    enter(page, exam)
    expect_in_time(page, real_site, exam, within=3)
    page.evaluate(f"window.shift += {step}")
    page.wait_for_timeout(1200)
    expect_in_time(page, real_site, exam, within=2)
    choose(page, "选项B")
    expect_saved(page)
    expect(page.locator(".exam-saved")).to_contain_text(":")
    with real_site.at_hand(), transaction() as session:
        session.get(Attempt, attempt_of(real_site, exam).id).deadline_at = ends = utcnow() + timedelta(seconds=14)
    page.wait_for_url("**/receipt*", timeout=30_000)
    handed_in = attempt_of(real_site, exam)
    assert handed_in.submitted_by == "candidate"
    assert abs((handed_in.submitted_at - ends).total_seconds()) <= 1
