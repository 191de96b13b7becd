"""A dialog that the server refused, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.hall import new_exam

pytestmark = pytest.mark.browser


def test_a_refused_dialog_is_modal_again_and_forgets_its_refusal_with_the_next_person(browse, real_site):
    exam = new_exam(real_site)
    page = browse("organiser", width=390, height=844)
    page.goto(f"/exams/{exam.exam_id}/candidates")
    page.locator('[data-dialog-open="states"]').first.click()
    dialog = page.locator("dialog#states")
    dialog.get_by_label("考生用户名").fill("officer\nghost")
    dialog.get_by_label("理由").fill("病假")
    dialog.get_by_role("button", name="登记").click()
    expect(dialog.locator(".field-error")).to_contain_text("“ghost”不在考生名单中")
    assert dialog.evaluate("one => one.matches(':modal')")
    expect(dialog.locator("[data-form-summary]")).to_be_focused()
    expect(dialog.get_by_label("考生用户名")).to_have_value("officer\nghost")
    expect(dialog.get_by_label("理由")).to_have_value("病假")
    dialog.get_by_role("button", name="取消").click()
    expect(dialog).not_to_be_visible()
    page.locator('[data-dialog-open="states"][data-value="officer2"]').click()
    expect(dialog.get_by_label("考生用户名")).to_have_value("officer2")
    expect(dialog.locator(".field-error, .form-summary")).to_have_count(0)
    dialog.get_by_role("button", name="登记").click()
    expect(page.locator(".alert-success")).to_contain_text("已登记 1 人")
    assert page.troubles == []
