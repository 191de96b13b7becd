"""Every page of the hall and the board passes axe-core without a serious finding, in both themes and languages."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.hall import choose, come_back, enter, expect_saved, hand_in, leave, new_exam

pytestmark = pytest.mark.browser

AXE = (Path(__file__).resolve().parent.parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
GRAVE = ("serious", "critical")


def findings(page) -> list[str]:
    """Return the serious and critical findings of axe-core on the page as it stands, one line each."""
    if not page.evaluate("typeof window.axe !== 'undefined'"):
        page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def test_the_check_itself_sees_a_fault(browse):
    page = browse()
    page.goto("/healthz")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<main><input id=\"bare\"></main>')")
    assert any("#bare" in one for one in findings(page))


@pytest.mark.parametrize(
    ("width", "dark", "locale"),
    [(390, False, "zh_CN"), (1280, True, "zh_CN"), (390, True, "en"), (1280, False, "en")],
    ids=["narrow-light-zh", "wide-dark-zh", "narrow-dark-en", "wide-light-en"],
)
def test_the_candidates_pages(browse, real_site, width, dark, locale):
    waiting = new_exam(real_site, opens_in=30, release="manual")
    exam = new_exam(real_site, focus_threshold=2)
    held = new_exam(real_site, release="manual")
    page = browse("officer", width=width, dark=dark, locale=locale)
    seen = {}

    def look(name):
        seen[name] = findings(page)

    page.goto("/exams/mine")
    look("my exams")
    page.goto(f"/exams/{waiting.exam_id}/hall")
    expect(page.locator("[data-opens-clock]")).to_contain_text(":")
    look("before the start")
    enter(page, exam)
    look("single choice, empty")
    page.keyboard.press("2")
    expect_saved(page)
    look("single choice, saved")
    for place in ("noted", "marked"):
        leave(page)
        come_back(page)
        expect(page.locator("[data-exam=away]")).to_be_visible()
        look(f"leaving, {place}")
        page.wait_for_timeout(2200)
    page.locator("[data-exam=away-read]").click()
    for number, kind in ((2, "multiple choice"), (3, "true or false"), (4, "fill in"), (5, "ordering")):
        page.keyboard.press("ArrowRight")
        expect(page.locator(f'.question[data-number="{number}"]')).to_be_visible()
        if number != 4:
            page.keyboard.press("2")
        look(kind)
    page.keyboard.press("f")
    page.context.set_offline(True)
    page.keyboard.press("1")
    expect(page.locator("[data-exam=banner]")).to_be_visible()
    look("off line")
    page.context.set_offline(False)
    expect_saved(page)
    page.locator(".exam-tool").click()
    look("settings")
    page.locator('[data-exam="view"] input[value="section"]').check(force=True)
    page.locator('[data-exam="settings"] [data-close]').click()
    look("whole section")
    if width < 600:
        page.locator("[data-open=map-dialog]").click()
        look("map")
        page.locator('[data-exam="map-dialog"] [data-close]').first.click()
    page.locator('[data-exam="finish"]').click()
    expect(page.locator("#exam-handin")).to_be_visible()
    look("confirmation")
    page.locator("#exam-handin [data-yes]").click()
    page.wait_for_url("**/receipt*")
    look("receipt")
    page.goto(page.url.replace("receipt", "result"))
    look("result")
    enter(page, held)
    page.locator('[data-exam="view"] input[value="one"]').evaluate("one => one.click()")
    if width < 600:
        page.locator("[data-open=map-dialog]").click()
        page.locator('[data-exam="map-dialog"] [data-hand-in]').click()
    else:
        page.locator(".exam-side [data-hand-in]").click()
    page.locator("#exam-handin [data-yes]").click()
    page.wait_for_url("**/receipt*")
    page.goto(page.url.replace("receipt", "result"))
    look("result held back")
    assert {name: found for name, found in seen.items() if found} == {}


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)], ids=["narrow-dark", "wide-light"])
def test_the_invigilators_board(browse, real_site, width, dark):
    exam = new_exam(real_site, focus_threshold=1)
    officer = browse("officer")
    enter(officer, exam)
    choose(officer, "选项B")
    expect_saved(officer)
    leave(officer)
    come_back(officer)
    done = browse("officer2")
    enter(done, exam)
    hand_in(done)
    page = browse("invigilator", width=width, dark=dark)
    page.goto(f"/exams/{exam.exam_id}/watch")
    # Who has just come back to the page is told by the next beat, which is written down within seconds.
    expect(page.locator(".tile.is-working")).to_have_count(1, timeout=20_000)
    seen = {"tiles": findings(page)}
    page.locator(".tile.is-working.is-marked").click()
    expect(page.locator("[data-noticed-list] li")).to_have_count(1)
    seen["one candidate"] = findings(page)
    page.keyboard.press("Escape")
    page.locator("[data-view=list]").click()
    seen["list"] = findings(page)
    assert {name: found for name, found in seen.items() if found} == {}


def test_nothing_moves_out_of_sight_at_360_pixels_and_great_zoom(browse, real_site):
    exam = new_exam(real_site)
    page = browse("officer", width=360, height=640)
    enter(page, exam)
    for number in range(1, 6):
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, number
        if number < 5:
            page.locator("[data-exam=next]").click()
    # 1280 pixels at 400 % are 320 pixels.
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
