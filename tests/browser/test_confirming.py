"""The question before something that cannot be taken back."""

import pytest

pytestmark = pytest.mark.browser


def test_a_double_press_is_one_yes(browse):
    page = browse("organiser", width=390, height=844)
    page.goto("/exams/new")
    sent = []
    page.on("request", lambda one: sent.append(one.url) if one.url.endswith("/exams/new") else None)
    opener = page.locator("button[name=then][value=publish]")
    opener.click()
    yes = page.locator("[data-confirm-yes]")
    box = yes.bounding_box()
    # The second press meets what lies below the question; on a phone that may be the button that opened it.
    place = f"position: fixed; z-index: 99; left: {box['x']}px; top: {box['y']}px; width: {box['width']}px"
    opener.evaluate("(one, style) => { one.style.cssText = style; }", place)
    yes.dblclick()
    page.locator("[data-form-summary]").wait_for()
    assert len(sent) == 1
    assert page.locator("dialog[open]").count() == 0
