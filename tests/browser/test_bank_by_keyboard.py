"""The work of the bank, done with keys alone: written, reviewed, brought in, compared, looked through after a law."""

import re

import pytest

from tests.bank.import_files import OTHER, ROW, book

pytestmark = pytest.mark.browser

MOST_TABS = 200


@pytest.fixture
def real_site(full):
    """Let ``browse`` open pages of this site."""
    return full.site


def tab_to(page, wanted):
    """Press Tab until what is wanted has the focus."""
    for _step in range(MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"Tab does not come to {wanted}")


def push(page, name):
    """Come to a button or link by Tab and press Enter."""
    tab_to(page, page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first)
    page.keyboard.press("Enter")


def test_an_item_is_found_written_and_reviewed(browse):
    page = browse("author")
    page.goto("/items")
    push(page, "写一道新题")
    push(page, "判断题")
    page.get_by_role("heading", name="新建判断题").wait_for()
    tab_to(page, page.locator("#stem"))
    page.keyboard.type("只用键盘也能写完一道题。")
    tab_to(page, page.locator("input[name=key]").first)
    page.keyboard.press("Space")
    tab_to(page, page.locator("[name=explanation]"))
    page.keyboard.type("键盘可以到达每一处。")
    tab_to(page, page.locator("select[name=topic]"))
    page.keyboard.press("ArrowDown")
    push(page, "保存草稿")
    page.get_by_text("只用键盘也能写完一道题。").first.wait_for()
    push(page, "提交审题")
    address = re.sub(r"[?#].*", "", page.url)
    page.get_by_text("审题中").first.wait_for()
    reviewer = browse("reviewer")
    reviewer.goto(address)
    push(reviewer, "审定并发布")
    reviewer.get_by_text("已发布").first.wait_for()


def test_a_file_is_chosen_looked_at_and_taken_in(browse, tmp_path):
    file = tmp_path / "bank.xlsx"
    file.write_bytes(book(ROW, OTHER))
    page = browse("bank")
    # The chooser is caught from here on; asked for only as the key is pressed, the browser may be quicker.
    page.on("filechooser", lambda _chooser: None)
    page.goto("/items/import")
    tab_to(page, page.locator("input[name=files]"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    tab_to(page, page.locator("select[name=topic]"))
    page.keyboard.press("ArrowDown")
    push(page, "上传并预览")
    page.get_by_role("heading", name="导入预览").wait_for()
    push(page, re.compile("确认导入"))
    page.get_by_role("heading", name="导入完成").wait_for()


def test_a_change_of_law_is_looked_through(browse, full):
    page = browse("bank")
    page.goto("/items/law-checks")
    push(page, re.compile("cite-|关于示例"))
    push(page, re.compile("确认，改引新文本|题目仍然成立"))
    page.locator(".alert-success, .toast, [role=status]").first.wait_for()


def test_alike_items_are_decided_on(browse, full):
    page = browse("bank")
    page.goto(f"/items/alike/{full.ids['alike_item_id']}")
    push(page, "设为互斥")
    page.get_by_role("heading", name="查重").wait_for()
    page.goto("/items/alike/verdicts")
    page.get_by_text("互斥").first.wait_for()


def test_a_reported_error_is_answered(browse):
    page = browse("bank")
    page.goto("/items/reports")
    tab_to(page, page.locator("textarea").first)
    page.keyboard.type("与现行条文一致。")
    push(page, "不采纳，答复")
    page.get_by_text("没有待处理的报错").wait_for()
