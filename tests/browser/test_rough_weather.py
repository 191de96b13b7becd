"""What happens to real people: minutes without a line, a crashed tab, the back button, a lid closed, a wrong clock."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from playwright.sync_api import Error, expect

from tests.browser.hall import attempt_of, choose, enter, expect_saved, go_to, hand_in, new_exam, standing
from tests.browser.test_nothing_is_lost import KEPT
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
    context = page.context
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.set_default_timeout(10_000)
    enter(again, exam)
    expect_saved(again)
    assert standing(real_site, exam) == {1: "D", 2: ["C"]}


def test_the_back_button_after_the_hand_in_opens_nothing_again(browse, real_site):
    exam = new_exam(real_site, attempts=2)
    page = browse("officer")
    enter(page, exam)
    choose(page, "选项B")
    expect_saved(page)
    hand_in(page)
    page.go_back()
    page.wait_for_timeout(2000)
    # The hall may offer a further attempt, or lead on to the receipt; the paper of the old one is closed.
    for option in page.locator(".option:visible input").all():
        expect(option).to_be_disabled()
    attempt = attempt_of(real_site, exam)
    assert (attempt.ordinal, attempt.state, attempt.epoch) == (1, "submitted", 1)
    assert standing(real_site, exam) == {1: "B"}
    page.go_forward()
    expect(page.locator(".receipt-line")).to_be_visible()


def test_a_laptop_that_slept_shows_the_right_time_and_goes_on(browse, real_site):
    exam = new_exam(real_site, minutes=40)
    page = browse("officer")
    page.clock.install()
    enter(page, exam)
    choose(page, "选项A")
    expect_saved(page)
    slept = timedelta(minutes=25)
    with real_site.at_hand(), transaction() as session:
        attempt = session.get(Attempt, attempt_of(real_site, exam).id)
        attempt.started_at, attempt.deadline_at = attempt.started_at - slept, attempt.deadline_at - slept
    page.clock.fast_forward(int(slept.total_seconds() * 1000))
    page.clock.resume()
    expect_in_time(page, real_site, exam)
    assert 800 < shown_seconds(page) <= 900
    choose(page, "选项B")
    expect_saved(page)
    assert standing(real_site, exam) == {1: "B"}


def test_a_laptop_that_slept_over_the_deadline_is_led_to_its_receipt(browse, real_site):
    exam = new_exam(real_site, minutes=40)
    page = browse("officer")
    page.clock.install()
    enter(page, exam)
    choose(page, "选项B")
    expect_saved(page)
    slept = timedelta(hours=1)
    with real_site.at_hand(), transaction() as session:
        attempt = session.get(Attempt, attempt_of(real_site, exam).id)
        attempt.started_at, attempt.deadline_at = attempt.started_at - slept, attempt.deadline_at - slept
    page.clock.fast_forward(int(slept.total_seconds() * 1000))
    page.clock.resume()
    page.wait_for_url("**/receipt*", timeout=20_000)
    assert standing(real_site, exam) == {1: "B"}


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
