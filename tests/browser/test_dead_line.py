"""A line that dies without a word: the candidate's page says so within five seconds, the board soon after."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.hall import choose, come_back, enter, expect_saved, incidents_of, leave, new_exam, standing
from tests.browser.swallowing import Swallowing

pytestmark = pytest.mark.browser

# When the banner was shown and when it went, in milliseconds on the machine's clock; and for how long the machine, busy
# with other tests, kept the page itself from running.
WATCH_BANNER = """() => {
  const place = document.querySelector("[data-exam=banner]");
  window.shown = [];
  window.gone = [];
  window.late = 0;
  let last = Date.now();
  setInterval(() => { window.late += Math.max(0, Date.now() - last - 100); last = Date.now(); }, 50);
  new MutationObserver(() => { (place.hidden ? window.gone : window.shown).push(Date.now()); })
    .observe(place, { attributeFilter: ["hidden"] });
}"""


@pytest.fixture
def line(real_site):
    """A line to the site that can be made to swallow everything."""
    made = Swallowing(real_site.port)
    yield made
    made.close()


def seconds_to_banner(page, line):
    """Let the line die; return the seconds until the banner stood, without those in which the page could not run."""
    page.evaluate("window.late = 0")
    line.die()
    dead_at = time.time() * 1000
    expect(page.locator("[data-exam=banner]")).to_be_visible(timeout=15_000)
    return (page.evaluate("window.shown.at(-1)") - dead_at - page.evaluate("window.late")) / 1000


def test_the_banner_stands_within_five_seconds_on_a_line_that_swallows_everything(browse, real_site, line):
    exam = new_exam(real_site)
    page = browse("officer", base_url=line.url)
    enter(page, exam)
    page.evaluate(WATCH_BANNER)
    for _time in range(3):
        # Right after an answer it takes the page longest to notice.
        with page.expect_response("**/beat*") as beat:
            pass
        beat.value.finished()
        assert seconds_to_banner(page, line) <= 5
        line.live()
        expect(page.locator("[data-exam=banner]")).to_be_hidden(timeout=6000)
    line.die()
    choose(page, "选项B")
    expect(page.locator("[data-exam=banner]")).to_be_visible(timeout=6000)
    expect(page.locator(".exam-saved")).to_contain_text("未送出")
    line.live()
    expect_saved(page)
    assert standing(real_site, exam) == {1: "B"}


def test_a_line_that_is_slow_but_alive_shows_no_banner(browse, real_site, line):
    exam = new_exam(real_site)
    page = browse("officer", base_url=line.url)
    enter(page, exam)
    page.evaluate(WATCH_BANNER)
    line.lag = 1.7
    page.wait_for_timeout(6000)
    line.lag = 2.6
    page.wait_for_timeout(9000)
    assert page.evaluate("window.shown") == []
    # It waits longer there, but asks sooner.
    assert seconds_to_banner(page, line) <= 5


def test_whoever_saves_needs_no_beat(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer")
    enter(page, exam)
    expect(page.locator(".question").first).to_be_visible()
    beats = []
    page.on("request", lambda one: beats.append(one.url) if "/beat" in one.url else None)
    page.wait_for_timeout(500)
    beats.clear()
    for _time in range(5):
        for option in "AB":
            choose(page, f"选项{option}")
            page.wait_for_timeout(600)
    assert len(beats) <= 1


def test_the_board_tells_who_is_off_line_in_the_background_and_back(browse, real_site, line):
    exam = new_exam(real_site)
    officer = browse("officer", base_url=line.url)
    enter(officer, exam)
    board = browse("invigilator")
    board.goto(f"/exams/{exam.exam_id}/watch")
    tile = board.locator(".tile", has_text="张officer").first
    expect(tile).to_contain_text("作答中", timeout=12_000)
    leave(officer, 0.1)
    expect(tile).to_contain_text("页面在后台", timeout=12_000)
    come_back(officer)
    expect(tile).to_contain_text("作答中", timeout=12_000)
    line.die()
    expect(tile).to_contain_text("已断线", timeout=25_000)
    expect(board.locator(".watch-count.is-offline strong")).to_have_text("1")
    # Another one starts meanwhile: only what changed is drawn anew.
    board.evaluate("document.querySelectorAll('.tile').forEach((one) => { one.kept = true; })")
    enter(browse("officer2"), exam)
    expect(board.locator(".tile.is-working")).to_have_count(1, timeout=12_000)
    line.live()
    expect(tile).to_contain_text("作答中", timeout=15_000)
    assert board.evaluate("[...document.querySelectorAll('.tile')].every((one) => one.kept)")
    officer.wait_for_timeout(1500)
    assert "network_loss" in incidents_of(real_site, exam)
