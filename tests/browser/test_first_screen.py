"""What a phone shows before anybody scrolls."""

import pytest

from tests.browser.hall import new_exam

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_an_officer_with_three_tasks_sees_the_button_to_practise(browse, real_site, locale):
    for _ in range(3):
        new_exam(real_site)
    page = browse("officer", width=390, height=844, locale=locale)
    page.goto("/")
    # Other journeys leave exams behind on the one site.
    page.evaluate("document.querySelectorAll('.task-list > li:nth-child(n + 4)').forEach((one) => one.remove())")
    assert page.locator(".task-list > li").count() == 3
    button = page.locator(".now-card .btn-primary").bounding_box()
    bar = page.locator(".thumbbar").bounding_box()
    assert button["y"] + button["height"] <= bar["y"]
    for task in page.locator(".task").all():
        assert task.bounding_box()["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
