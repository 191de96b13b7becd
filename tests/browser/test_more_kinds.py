"""Matching, error finding, short answers, indefinite choice and cases in the hall: by keyboard and by touch."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from tests.attempts.factories import make_drawn_exam
from tests.browser.hall import attempt_of, enter, expect_saved, go_to, new_exam, standing
from tests.question_bank.samples import CANARIES, make_data, make_item
from trainer.attempts.models import Attempt
from trainer.bank.importing import import_items
from trainer.core.clock import utcnow
from trainer.core.database import transaction
from trainer.papers.rules.blueprint import SectionSpec

pytestmark = pytest.mark.browser

ORDER = ("matching", "error_finding", "short_answer", "case_study")


@pytest.fixture(scope="module")
def exam_of(real_site):
    """Return a function that makes an exam with one item of each of these kinds, numbered 1 to 3 and 4 to 6."""
    made = iter(range(1, 100))

    def make(**changes):
        place = next(made)
        items = []
        for kind in ORDER:
            data = make_data(kind, **changes.get(kind, {}))
            items.append(make_item(kind, **(data | {"id": f"more-{kind.replace('_', '-')}-{place}"})))
        sections = [
            SectionSpec(kind, kind, 1, Decimal(6), item_ids=(item.id,)) for kind, item in zip(ORDER, items, strict=True)
        ]
        with real_site.at_hand():
            return make_drawn_exam(real_site.city, utcnow(), items, *sections)

    return make


def test_by_keyboard_alone(browse, real_site, exam_of):
    exam = exam_of()
    page = browse("officer")
    enter(page, exam)
    # 1 goes to the first line; a letter in the list chooses, as in every list of the browser.
    page.keyboard.press("1")
    page.keyboard.type("C")
    page.keyboard.press("Tab")
    page.keyboard.type("A")
    expect(page.locator(".match-row.is-set")).to_have_count(2)
    page.locator("[data-exam=next]").focus()
    page.keyboard.press("Enter")
    # In the document the number of a place marks it, so do Enter and the space bar.
    page.keyboard.press("2")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".segment[aria-pressed=true]")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    page.keyboard.type("加处罚款，申请法院强制执行")
    expect(page.locator(".answer-count")).to_contain_text("已写 13 字，最多 300 字")
    page.locator("[data-exam=next]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".question-case")).to_contain_text("李某占道经营")
    expect(page.locator(".question-case summary")).to_have_text("案例（第 4 至 6 题共用）")
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".question-case")).to_have_count(1)
    expect(page.locator(".question-head")).to_contain_text("不定项选择题")
    page.keyboard.press("d")
    expect_saved(page)
    assert standing(real_site, exam) == {
        1: {"1": "C", "2": "A"},
        2: ["2", "3"],
        3: "加处罚款，申请法院强制执行",
        4: True,
        5: ["D"],
    }
    assert not [secret for secret in CANARIES if secret in page.content()]
    expect(page.locator(".exam-side [data-go].is-answered")).to_have_count(5)


def test_by_touch_on_a_phone_and_again_after_a_reload(browse, real_site, exam_of):
    exam = exam_of()
    page = browse("officer2", width=390, height=800)
    enter(page, exam)
    page.locator(".match-select").nth(0).select_option("C")
    page.locator(".match-select").nth(2).select_option("C")
    expect(page.locator(".match-row.is-twice")).to_have_count(2)
    page.locator(".match-select").nth(2).select_option("E")
    expect(page.locator(".match-row.is-twice")).to_have_count(0)
    page.locator("[data-exam=next]").click()
    for key in ("5", "1", "2"):
        page.locator(f'.segment[data-key="{key}"]').click()
    page.locator('.segment[data-key="1"]').click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("[data-exam=next]").click()
    page.locator(".answer-long").fill("第一行\n第二行")
    page.locator("[data-exam=next]").click()
    page.locator(".question-case summary").click()
    page.locator(".option", has_text="正确").click()
    page.locator("[data-exam=next]").click()
    expect(page.locator(".question-case")).not_to_have_attribute("open", "")
    expect_saved(page)
    stands = {1: {"1": "C", "3": "E"}, 2: ["2", "5"], 3: "第一行\n第二行", 4: True}
    assert standing(real_site, exam, "officer2") == stands
    page.reload()
    page.locator("[data-open=map-dialog]").click()
    page.locator('dialog [data-go="2"]').click()
    expect(page.locator(".segment[aria-pressed=true]")).to_have_count(2)
    page.get_by_role("button", name="清除本题作答").click()
    expect_saved(page)
    assert 2 not in standing(real_site, exam, "officer2")


def test_everything_is_answered_by_fingers(browse, real_site, exam_of):
    """A device with a touch screen and nothing else: each press is a tap."""
    exam = new_exam(real_site)
    page = browse("officer2", width=390, height=800, touch=True)
    assert page.evaluate("navigator.maxTouchPoints > 0 && !matchMedia('(hover: hover)').matches")
    page.goto(f"/exams/{exam.exam_id}/hall")
    page.locator("[data-start]").tap()
    page.locator(".option", has_text="选项B").tap()
    page.locator("[data-exam=next]").tap()
    for text in ("选项A", "选项D", "选项C", "选项D"):
        page.locator(".option", has_text=text).tap()
    page.locator("[data-exam=next]").tap()
    page.locator(".option", has_text="正确").tap()
    page.locator("[data-exam=next]").tap()
    page.locator(".blank").nth(0).tap()
    page.keyboard.type("15")
    page.locator("[data-exam=next]").tap()
    for key in "ACDB":
        page.locator(f'.order-rest [data-key="{key}"] button').tap()
    page.locator('.order-placed [data-key="C"] .order-up').tap()
    page.locator('.order-placed [data-key="D"] .order-down').tap()
    page.locator('.order-placed [data-key="B"] .order-take').tap()
    page.locator('.order-rest [data-key="B"] button').tap()
    expect_saved(page)
    assert standing(real_site, exam, "officer2") == {1: "B", 2: ["A", "C"], 3: True, 4: ["15", ""], 5: list("CADB")}
    page.locator("[data-hand-in]:visible").first.tap()
    page.locator("#exam-handin [data-yes]").tap()
    page.wait_for_url("**/receipt*")

    exam = exam_of()
    page.goto(f"/exams/{exam.exam_id}/hall")
    page.locator("[data-start]").tap()
    # The list of a match opens by a tap; choosing in it is the system's.
    page.locator(".match-select").nth(0).tap()
    expect(page.locator(".match-select").nth(0)).to_be_focused()
    page.locator(".match-select").nth(0).select_option("C")
    page.locator(".match-select").nth(1).tap()
    page.locator(".match-select").nth(1).select_option("A")
    page.locator("[data-exam=next]").tap()
    for key in ("5", "1", "2", "1"):
        page.locator(f'.segment[data-key="{key}"]').tap()
    expect_saved(page)
    assert standing(real_site, exam, "officer2") == {1: {"1": "C", "2": "A"}, 2: ["2", "5"]}


def test_a_whole_section_shows_its_case_once(browse, exam_of):
    page = browse("officer3")
    enter(page, exam_of())
    page.locator("[data-open=settings]").click()
    page.locator(".pick label", has_text="每屏一个大题").click()
    page.locator("dialog[open] [data-close]").click()
    go_to(page, 4)
    expect(page.locator(".question-case")).to_have_count(1)
    expect(page.locator(".question")).to_have_count(3)


def test_markdown_is_shown_as_such_and_plain_text_stays_text(browse, real_site, exam_of):
    plain = {"stem": "<b>不是标记</b> *也不是*"}
    rich = {
        "format": "markdown",
        "stem": "请选择**期限**：\n\n| 事项 | 期限 |\n| --- | --- |\n| <i>缴款</i> | ____ |",
        "prompts": [{"key": "1", "text": "缴纳*罚款*"}, {"key": "2", "text": "登记保存"}, {"key": "3", "text": "听证"}],
    }
    exam = exam_of(matching=rich, error_finding=plain)
    page = browse("officer")
    enter(page, exam)
    expect(page.locator(".question-stem table td").first).to_have_text("<i>缴款</i>")
    expect(page.locator(".question-stem strong")).to_have_text("期限")
    expect(page.locator(".match-row em")).to_have_text("罚款")
    page.locator("[data-exam=next]").click()
    expect(page.locator(".question-stem")).to_have_text("<b>不是标记</b> *也不是*")
    assert attempt_of(real_site, exam).state == "open"


def test_practice_by_keyboard_and_touch(browse, real_site):
    items = [make_item(kind, id=f"practice-{kind.replace('_', '-')}") for kind in ("matching", "error_finding")]
    with real_site.at_hand():
        import_items(items, by=None, now=utcnow(), publish=True)
        # Nobody may practise while an attempt of an earlier journey is open.
        with transaction() as session:
            session.execute(update(Attempt).where(Attempt.state == "open").values(state="submitted"))
    page = browse("officer3", width=390, height=800)
    page.goto("/practice/item?item=practice-error-finding")
    page.keyboard.press("2")
    page.locator(".segment", has_text="三日内要求听证").click()
    page.keyboard.press("Enter")
    expect(page.locator(".verdict.is-right")).to_be_visible()
    expect(page.locator(".segment.is-hit")).to_have_count(2)
    page.goto("/practice/item?item=practice-matching")
    page.locator(".match-select").nth(0).focus()
    page.keyboard.type("C")
    page.locator(".match-select").nth(1).select_option("B")
    page.locator(".thumb-actions .btn-primary").click()
    expect(page.locator(".option.is-wrong")).to_contain_text("应选：")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
