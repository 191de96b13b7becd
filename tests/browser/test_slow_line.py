"""What the exam page costs on a slow line: counted in bytes and in rounds there and back, which no machine hurries."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.hall import choose, expect_saved, new_exam

pytestmark = pytest.mark.browser

# The page with all it needs before the first press, heads included; it was 224 kB.
FIRST_BYTES = 90_000
PAPER_BYTES = 12_000
# The page; what it names. Nothing is asked for that only came to light by then.
ROUNDS = 2


def traffic(page) -> tuple[list[dict], list[dict]]:
    """Count what comes over the line from now on: ``(asked, come)``, each with address, bytes and who asked for it."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    asked, sizes = {}, []
    line.on("Network.requestWillBeSent", lambda one: asked.setdefault(one["requestId"], one))
    line.on(
        "Network.loadingFinished", lambda one: sizes.append({"id": one["requestId"], "bytes": one["encodedDataLength"]})
    )
    return asked, sizes


def depth(asked: dict, address: str, page_address: str) -> int:
    """Return in which round a file was asked for: 1 is the page, 2 what the page itself names."""
    by_address = {one["request"]["url"]: one for one in asked.values()}
    rounds = 1
    while address != page_address:
        rounds += 1
        address = by_address[address]["initiator"].get("url") or page_address
    return rounds


def test_a_hundred_items_cost_little_and_nothing_waits_for_another(browse, real_site):
    exam = new_exam(real_site, count=100)
    page = browse("officer", width=390, height=800)
    asked, come = traffic(page)
    page.goto(f"/exams/{exam.exam_id}/hall", wait_until="networkidle")
    expect(page.locator("[data-start]")).to_be_enabled()
    assert sum(one["bytes"] for one in come) <= FIRST_BYTES
    rounds = {one["request"]["url"]: depth(asked, one["request"]["url"], page.url) for one in asked.values()}
    assert max(rounds.values()) <= ROUNDS, rounds
    assert len(rounds) == len(asked), "a file came twice"
    come.clear()
    page.locator("[data-start]").click()
    expect(page.locator(".question").first).to_be_visible()
    assert sum(one["bytes"] for one in come) <= PAPER_BYTES
    choose(page, "选项A")
    expect_saved(page)


def test_a_second_visit_asks_for_the_page_alone(browse, real_site):
    exam = new_exam(real_site, count=100)
    page = browse("officer")
    page.goto(f"/exams/{exam.exam_id}/hall", wait_until="networkidle")
    _asked, come = traffic(page)
    page.goto("/exams/mine", wait_until="networkidle")
    come.clear()
    page.goto(f"/exams/{exam.exam_id}/hall", wait_until="networkidle")
    expect(page.locator("[data-start]")).to_be_enabled()
    assert [one["bytes"] for one in come if one["bytes"]][1:] == []
