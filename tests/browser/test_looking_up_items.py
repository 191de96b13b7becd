"""An exam officer finds items for a section by a word and names them, with the keyboard and on a phone."""

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
