"""A city-wide exam from the pages alone: prepared, run, marked, released, appealed about, repaired and published.

Each person does their part in a browser of their own. Only the clock is helped: the day of the exam, and its end, are
brought near by moving the sitting in the database.
"""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.browser.hall import choose, expect_saved, hand_in
from tests.browser.real_site import RealSite
from tests.marking.factories import add_markers
from tests.papers.factories import fill_bank
from trainer.attempts.models import Attempt
from trainer.core.clock import utcnow
from trainer.core.database import transaction
from trainer.exams.models import Sitting

pytestmark = pytest.mark.browser

TITLE = "全市行政执法人员年度考试"


@pytest.fixture(scope="module")
def real_site(tmp_path_factory):
    """A site of this journey's own: its bank is small, so that the builder has something to say."""
    site = RealSite(tmp_path_factory.mktemp("city-exam"))
    with site.at_hand():
        fill_bank(single_choice=6, true_false=4, short_answer=2)
        add_markers(site.city, 2)
    site.start()
    yield site
    site.stop()


def local(site, at: datetime) -> str:
    """Return a time as an input of date and time takes it."""
    return at.astimezone(site.settings.timezone).strftime("%Y-%m-%dT%H:%M")


def move(site, exam_id: int, *, opens_in: timedelta) -> None:
    """Let time pass: bring the only sitting of an exam to open then, and with it what has begun."""
    with site.at_hand(), transaction() as session:
        sitting = session.scalars(select(Sitting).where(Sitting.exam_id == exam_id)).one()
        by = utcnow() + opens_in - sitting.opens_at
        sitting.opens_at, sitting.closes_at = sitting.opens_at + by, sitting.closes_at + by
        for one in session.scalars(select(Attempt).where(Attempt.exam_id == exam_id)):
            one.started_at, one.deadline_at = one.started_at + by, one.deadline_at + by
            if one.submitted_at is not None:
                one.submitted_at += by


def agree(page) -> None:
    """Say yes to the question that is open."""
    page.locator("dialog[open] .btn-primary, dialog[open] .btn-danger").last.click()


def prepare(page, site) -> int:
    """Build the paper, mend what the bank lacks, name the people and publish; return the exam's id."""
    page.goto("/exams/new")
    page.get_by_label("考试名称").fill(TITLE)
    opens_at = utcnow() + timedelta(days=3)
    page.get_by_label("开考时间").fill(local(site, opens_at))
    page.get_by_label("截止时间").fill(local(site, opens_at + timedelta(minutes=70)))
    page.get_by_label("答题时长").fill("60")
    page.get_by_label("合格线").fill("12")
    while page.locator("[data-sections] [data-section]").count() > 1:
        page.locator("[data-section-remove]").last.click()
    for number, (title, kind, count, points) in enumerate(
        (("单选", "single_choice", "9", "2"), ("判断", "true_false", "3", "2"), ("简答", "short_answer", "1", "6"))
    ):
        if number:
            page.get_by_role("button", name="增加一个大题").click()
        row = page.locator("[data-sections] [data-section]").nth(number)
        row.get_by_label("大题名称").fill(title)
        row.get_by_label("题型", exact=True).select_option(kind)
        row.get_by_label("题数").first.fill(count)
        row.get_by_label("每题分值").fill(points)
    # Told while typing: exactly what is lacking, and what would mend it.
    row = page.locator("[data-sections] [data-section]").first
    expect(row.locator("[data-section-need]")).to_contain_text("需要 9 道，题库只有 6 道，缺 3 道")
    expect(row.locator("[data-section-mends] li").filter(has_text="6")).not_to_have_count(0)
    row.get_by_label("题数").first.fill("6")
    expect(row.locator("[data-section-need]")).not_to_contain_text("缺")
    page.get_by_label("蓬江区", exact=True).check()
    expect(page.locator("[data-builder-named]")).to_contain_text("4 人")
    page.get_by_text("考试结束后由我公布").click()
    page.get_by_label("合格后认定学时").fill("2")
    page.locator("[data-publish]").click()
    agree(page)
    page.wait_for_url(re.compile(r"/exams/\d+$"))
    expect(page.locator("h1")).to_contain_text(TITLE)
    return int(page.url.rsplit("/", 1)[1])


def seat(page, exam_id: int) -> dict[str, str]:
    """Give the exam a room that opens on a signal, print the tickets, and return their codes by username."""
    page.goto(f"/exams/{exam_id}/sittings")
    page.get_by_role("link", name="修改").click()
    page.get_by_label("考场").fill("三号机房")
    page.get_by_label("监考员发令后开考").check()
    page.get_by_role("button", name="保存").click()
    expect(page.locator("tbody")).to_contain_text("三号机房")
    page.get_by_role("button", name="生成准考证").click()
    agree(page)
    expect(page.locator(".ticket").first).to_be_visible()
    tickets = page.locator(".ticket").all()
    return {
        one.locator(".ticket-name").inner_text().split()[-1]: one.locator(".ticket-text").inner_text()
        for one in tickets
    }


def sign_in(page, code: str, exam_id: int) -> None:
    """Sign in with an entry ticket, which leads to the door of the exam."""
    page.goto("/sign-in")
    page.get_by_text("用准考码进入考试").click()
    page.get_by_label("准考码").fill(code)
    page.get_by_label("准考码").press("Enter")
    page.wait_for_url(f"**/exams/{exam_id}/hall")


def answer_all(page, first: str) -> None:
    """Answer everything, the first item as given, the others right."""
    expect(page.locator(".question")).to_be_visible(timeout=20_000)
    for number in range(1, 11):
        if number > 1:
            page.locator("[data-exam=next]").click()
            expect(page.locator(f'.question[data-number="{number}"]')).to_be_visible()
        if number <= 6:
            choose(page, first if number == 1 else "调查取证")
        elif number <= 9:
            choose(page, "正确")
        else:
            page.locator(".question textarea").fill("先责令停止，再立案调查。")
    expect_saved(page)


def test_from_an_empty_page_to_a_published_repair(browse, real_site):
    examiner = browse("examiner", width=1440)
    exam_id = prepare(examiner, real_site)
    codes = seat(examiner, exam_id)
    assert set(codes) == {"officer", "officer2", "officer3", "officer4"}

    # The day has come: three people stand at the door, the room waits for its signal, one person stays away.
    move(real_site, exam_id, opens_in=timedelta(minutes=-1))
    board = browse("invigilator", width=1440)
    present = {name: browse(width=390, height=844) for name in ("officer", "officer2", "officer4")}
    for name, page in present.items():
        sign_in(page, codes[name], exam_id)
        expect(page.get_by_text("等候监考员发令")).to_be_visible()
    board.goto(f"/exams/{exam_id}/watch")
    board.get_by_role("button", name="发令开考").click()
    agree(board)
    answer_all(present["officer"], "告知听证")
    hand_in(present["officer"])
    answer_all(present["officer4"], "调查取证")
    hand_in(present["officer4"])
    expect(present["officer2"].locator(".question")).to_be_visible(timeout=20_000)
    choose(present["officer2"], "调查取证")
    expect_saved(present["officer2"])
    board.get_by_text("张officer2").first.click()
    desk = board.locator("#desk-dialog")
    desk.locator("#force-reason").fill("身体不适，提前离场")
    desk.get_by_role("button", name="强制交卷").click()
    board.locator("#confirm-dialog").get_by_role("button", name="收回答卷").click()
    expect(board.locator("body")).to_contain_text("强制交卷")

    # It is over: what people wrote is marked by somebody who does not see whose it is, then results are released.
    move(real_site, exam_id, opens_in=timedelta(hours=-3))
    examiner.goto(f"/exams/{exam_id}/marking")
    examiner.get_by_label("张marker1").check()
    examiner.get_by_role("button", name="保存方案").click()
    marker = browse("marker1")
    marker.goto("/marking")
    marker.locator(f'form[action$="/marking/exams/{exam_id}/claim"] button').click()
    for number in (1, 2):
        expect(marker.locator(".marking-progress")).to_contain_text(f"第 {number} 份，共 2 份")
        assert "张officer" not in marker.content()
        for line in marker.locator(".mark-line input").all():
            line.fill("1")
        marker.get_by_role("button", name="保存，下一份").click()
    expect(marker.locator(".alert-success")).to_contain_text("都已评完")
    officer = browse("officer", width=390, height=844)
    officer.goto("/exams/mine")
    officer.get_by_role("link", name=TITLE).click()
    expect(officer).to_have_url(re.compile("/receipt"))
    examiner.goto(f"/exams/{exam_id}")
    examiner.get_by_role("button", name="公布成绩").click()
    agree(examiner)
    expect(examiner.locator("body")).to_contain_text("成绩已公布")

    # The candidate looks, and objects.
    officer.goto("/exams/mine")
    officer.get_by_role("link", name=TITLE).click()
    expect(officer.locator(".score-figure")).to_contain_text("18 分")
    officer.locator("summary", has_text="对本题评分有异议").first.click()
    officer.locator("textarea[name=reason]:visible").fill("依照第三十六条，告知听证也是首先应当做的。")
    officer.get_by_role("button", name="提交申诉").locator("visible=true").click()

    # One repairs, another one signs, and everybody's result follows.
    examiner.goto("/appeals")
    examiner.get_by_role("link", name="去处理").click()
    examiner.get_by_role("link", name="采纳，提出更正").click()
    examiner.get_by_text("增加可接受的答案").click()
    examiner.locator("#answer input[value=C]").check()
    examiner.get_by_label("理由").fill("两种处理都符合条文")
    examiner.get_by_role("button", name="预览影响").click()
    expect(examiner.locator("[data-repair-seen]")).to_contain_text("张officer")
    examiner.get_by_role("button", name="提出，等待签发").click()
    examiner.wait_for_url("**/repairs/*")
    expect(examiner.get_by_role("button", name="签发并公布")).to_have_count(0)
    organiser = browse("organiser", width=1440)
    organiser.goto("/")
    organiser.get_by_role("link", name="去核对").first.click()
    organiser.get_by_role("button", name="签发并公布").click()
    agree(organiser)
    expect(organiser.locator(".alert-success")).to_contain_text("1 份成绩有变化")
    officer.goto("/exams/mine")
    officer.get_by_role("link", name=TITLE).click()
    expect(officer.locator(".score-figure")).to_contain_text("20 分")
    expect(officer.locator("body")).to_contain_text("申诉")
    officer.goto("/hours")
    expect(officer.locator("body")).to_contain_text(TITLE)
    examiner.goto(f"/exams/{exam_id}/results")
    expect(examiner.locator("h1")).to_contain_text("成绩统计")
