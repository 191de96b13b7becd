"""A manager of the bank brings files in, looks at them, takes them in, and takes questions out again."""

import json

import pytest

from tests.bank.import_files import OTHER, ROW, book, moodle
from tests.bank.pictures import PNG
from tests.browser.test_accessible import findings

pytestmark = pytest.mark.browser

BAD = ("单选题", "答案不在选项中（　　）。", "甲", "乙", "", "", "E", "")


@pytest.fixture
def files(tmp_path):
    made = {"bank.xlsx": book(ROW, OTHER, BAD), "quiz.xml": moodle()}
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in made]


def test_files_are_looked_at_taken_in_and_taken_out(browse, files):
    page = browse("bank")
    page.goto("/items")
    page.get_by_role("link", name="导入试题").click()
    page.locator("input[name=files]").set_input_files(files)
    page.locator("select[name=topic]").select_option("penalty_law")
    page.get_by_role("button", name="上传并预览").click()
    page.get_by_role("heading", name="导入预览").wait_for()
    assert findings(page) == []
    assert page.locator("article.import-row").count() == 4
    page.locator("article.import-row img").scroll_into_view_if_needed()
    page.locator("article.import-row img").evaluate("(one) => one.decode()")
    page.get_by_role("link", name="未通过").first.click()
    assert page.locator("article.import-row").count() == 1
    with page.expect_download() as given:
        page.get_by_role("link", name="下载未通过的题").click()
    assert given.value.suggested_filename == "bank-未导入.xlsx"
    page.get_by_role("button", name="确认导入 3 题").click()
    page.get_by_role("heading", name="导入完成").wait_for()
    assert findings(page) == []
    page.get_by_role("link", name="查看导入的试题").click()
    page.get_by_text("行政处罚的种类不包括").wait_for()
    page.get_by_role("link", name="导出试题").click()
    page.locator("select[name=format]").select_option("json")
    page.locator("select[name=state]").select_option("draft")
    page.get_by_role("button", name="看看有多少题").click()
    assert findings(page) == []
    with page.expect_download() as given:
        page.get_by_role("link", name="下载文件").click()
    bundle = json.loads(given.value.path().read_text(encoding="utf-8"))
    assert sum(len(one["items"]) for one in bundle["files"]) == 3
    assert len(bundle["media"]) == 1


def test_a_long_file_tells_how_far_it_is_and_comes_to_its_preview(browse, tmp_path):
    rows = [(*ROW[:1], f"第{n}道：行政机关应当依法（　　）。", *ROW[2:]) for n in range(4000)]
    (tmp_path / "long.xlsx").write_bytes(book(*rows))
    page = browse("bank", width=390)
    page.goto("/items/import")
    page.locator("input[name=files]").set_input_files(tmp_path / "long.xlsx")
    page.locator("select[name=topic]").select_option("penalty_law")
    page.get_by_role("button", name="上传并预览").click()
    page.locator("[data-import]").wait_for()
    assert findings(page) == []
    page.get_by_role("heading", name="导入预览").wait_for(timeout=60_000)
    assert "4,000" in page.locator(".figure-row").inner_text()


def test_a_picture_is_added_while_an_item_is_written(browse, tmp_path):
    (tmp_path / "sign.png").write_bytes(PNG)
    page = browse("bank")
    page.goto("/items/new?kind=single_choice")
    page.locator("#stem").fill("图中是哪种标志（　　）。")
    page.locator("#picture").set_input_files(tmp_path / "sign.png")
    page.locator("#picture_alt").fill("一块牌子")
    page.locator("button[name=more][value=media]").click()
    page.locator(".media-edit").wait_for()
    assert "![](media:sign.png)" in page.locator("#stem").input_value()
    page.locator(".editor-side img").scroll_into_view_if_needed()
    page.locator(".editor-side img").evaluate("(one) => one.decode()")
    assert findings(page) == []
