"""The exam builder: items are found by a word and named, also by keyboard and on a phone; inputs stand on one line."""

import pytest
from playwright.sync_api import expect

from tests.browser.real_site import RealSite
from tests.papers.factories import fill_bank

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def real_site(tmp_path_factory):
    """A site of this journey's own, whose bank is known."""
    site = RealSite(tmp_path_factory.mktemp("looking-up"))
    with site.at_hand():
        fill_bank(single_choice=24, true_false=3)
    site.start()
    yield site
    site.stop()


def first_section(page):
    """Open a new exam, and in its first section the fold with the search."""
    page.goto("/exams/new")
    row = page.locator("[data-sections] [data-section]").first
    row.locator("[data-section-more] > summary").click()
    return row


@pytest.mark.parametrize("width", [390, 1280])
def test_items_are_found_named_once_and_asked_about_again(browse, real_site, width):
    page = browse("examiner", width=width)
    row = first_section(page)
    search, told = row.get_by_label("查找试题"), row.locator("[data-find-told]")
    search.fill("s-")
    expect(told).to_have_text("找到 24 道，只列出前 20 道，可以再加一个词。")
    expect(row.locator("[data-find-list] > li")).to_have_count(20)
    search.fill("s-12")
    expect(told).to_have_text("找到 1 道")
    search.press("Tab")
    button = row.get_by_role("button", name="指定试题 s-12")
    expect(button).to_be_focused()
    with page.expect_response("**/exams/supply") as answer:
        button.press("Enter")
    assert answer.value.request.post_data_json["sections"][0]["item_ids"] == "s-12"
    named = row.get_by_label("指定试题", exact=True)
    expect(named).to_have_value("s-12")
    expect(told).to_have_text("已指定 s-12")
    expect(button).to_have_text("已指定")
    expect(button).to_be_focused()
    button.press("Enter")
    expect(named).to_have_value("s-12")
    # Enter looks at once and does not send the form; what is taken out of the field can be named again.
    search.fill("s-3")
    search.press("Enter")
    expect(row.get_by_role("button", name="指定试题 s-3")).to_be_visible()
    row.get_by_role("button", name="指定试题 s-3").click()
    expect(named).to_have_value("s-12 s-3")
    named.fill("s-12")
    expect(row.get_by_role("button", name="指定试题 s-3")).to_have_text("指定")
    row.get_by_label("题型", exact=True).select_option("true_false")
    expect(told).to_contain_text("没有找到")
    search.fill("")
    expect(told).to_be_empty()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_looked_for_is_no_unsaved_change(browse, real_site):
    page = browse("examiner")
    row = first_section(page)
    page.wait_for_load_state("networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/exams/supply") else None)
    row.get_by_label("查找试题").fill("s-1")
    expect(row.locator("[data-find-list] > li").first).to_be_visible()
    assert page.locator("[data-form-state]").inner_text() == ""
    page.wait_for_timeout(400)
    assert asked == []


@pytest.mark.parametrize("dark", [False, True])
def test_inputs_beside_each_other_stand_on_one_line_whichever_has_help_or_an_error(browse, real_site, dark):
    page = browse("examiner", width=1280, dark=dark)
    row = first_section(page)
    page.get_by_label("开考时间").fill("2026-11-23T09:00")
    page.get_by_label("截止时间").fill("2026-11-23T08:00")
    page.get_by_label("答题时长").fill("0")
    row.locator('[name$="-count"]').fill("-5")
    page.locator("[name=then][value=draft]").click()
    expect(page.locator("#closes_at-error")).to_be_visible()

    def tops(*ids):
        return {round(page.locator(f"#{one}").bounding_box()["y"]) for one in ids}

    page.locator("[data-section-more] > summary").first.click()
    assert len(tops("opens_at", "closes_at")) == 1
    assert len(tops("minutes", "pass_mark")) == 1
    assert len(tops("sections-0-pool", "sections-0-order")) == 1
    assert len(tops(*(f"sections-0-{name}" for name in ("title", "kind", "count", "points_each")))) == 1
