"""The waiting page opens the paper at the second or on the signal, and shows added minutes within ten seconds."""

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.browser.hall import new_exam
from trainer.attempts.models import Attempt
from trainer.core.clock import utcnow
from trainer.core.database import db, transaction
from trainer.exams.models import Sitting

pytestmark = pytest.mark.browser


def change_sitting(site, exam, **values):
    with site.at_hand(), transaction() as session:
        sitting = session.get(Sitting, exam.sitting_id)
        for name, value in values.items():
            setattr(sitting, name, value)


def test_the_paper_opens_by_itself_with_its_whole_time(browse, real_site):
    exam = new_exam(real_site)
    opens_at = utcnow() + timedelta(seconds=8)
    # Two seconds of room: people are let in over these two and no later.
    closes_at = opens_at + timedelta(minutes=60, seconds=2)
    change_sitting(real_site, exam, opens_at=opens_at, closes_at=closes_at)
    page = browse("officer")
    page.goto(f"/exams/{exam.exam_id}/hall")
    expect(page.locator("[data-start]")).to_be_disabled()
    expect(page.locator(".question")).to_be_visible(timeout=15_000)
    with real_site.at_hand():
        attempt = db.session.scalars(select(Attempt).where(Attempt.exam_id == exam.exam_id)).one()
        assert timedelta() <= attempt.started_at - opens_at < timedelta(seconds=4)
        # A request on its way for longer than the room that is left is cut by the window, as anybody's is.
        lost = attempt.started_at + timedelta(minutes=60) - attempt.deadline_at
        assert lost <= max(timedelta(), attempt.started_at - opens_at - timedelta(seconds=2))


def test_in_a_long_window_the_candidate_says_to_be_ready(browse, real_site):
    exam = new_exam(real_site)
    change_sitting(real_site, exam, opens_at=utcnow() + timedelta(seconds=6))
    page = browse("officer")
    page.goto(f"/exams/{exam.exam_id}/hall")
    ready = page.get_by_role("button", name="准备好了，开考即进入")
    ready.click()
    expect(ready).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".question")).to_be_visible(timeout=25_000)


def test_who_is_not_ready_is_left_alone_and_starts_by_hand(browse, real_site):
    exam = new_exam(real_site)
    change_sitting(real_site, exam, opens_at=utcnow() + timedelta(seconds=3))
    page = browse("officer")
    page.goto(f"/exams/{exam.exam_id}/hall")
    button = page.get_by_role("button", name="开始考试")
    expect(button).to_be_enabled(timeout=10_000)
    page.wait_for_timeout(1500)
    expect(page.locator(".question")).to_be_hidden()
    button.click()
    expect(page.locator(".question")).to_be_visible()


def test_the_signal_opens_the_room_and_minutes_are_seen_within_ten_seconds(browse, real_site):
    exam = new_exam(real_site)
    change_sitting(real_site, exam, awaits_signal=True, room="三号机房")
    page, board = browse("officer"), browse("invigilator")
    page.goto(f"/exams/{exam.exam_id}/hall")
    expect(page.get_by_text("等候监考员发令")).to_be_visible()
    board.goto(f"/exams/{exam.exam_id}/watch")
    board.get_by_role("button", name="发令开考").click()
    board.locator("dialog[open]").get_by_role("button", name="发令开考").click()
    expect(board.get_by_text("已发令")).to_be_visible()
    expect(page.locator(".question")).to_be_visible(timeout=20_000)
    clock = page.locator("[data-exam=clock]")
    before = clock.get_attribute("datetime")
    board.get_by_role("button", name="给全体考生补时").click()
    form = board.locator("#room-minutes")
    form.get_by_label("延长的分钟数").fill("7")
    form.get_by_label("理由").fill("停电")
    form.get_by_role("button", name="延长").click()
    expect(board.get_by_text(re.compile("已为 .* 人延长 7 分钟"))).to_be_visible()
    granted = time.monotonic()
    expect(page.get_by_text(re.compile("延长.*7 分钟|7 分钟.*延长")).first).to_be_visible(timeout=10_000)
    assert time.monotonic() - granted < 10
    assert clock.get_attribute("datetime") != before


def test_who_comes_a_moment_too_early_is_let_in_a_moment_later(browse, real_site):
    exam = new_exam(real_site)
    opens_at = utcnow() + timedelta(seconds=4)
    change_sitting(real_site, exam, opens_at=opens_at, closes_at=opens_at + timedelta(minutes=60, seconds=2))
    page = browse("officer")
    early = '{"code":"not_open","detail":"考试还没有开始。"}'

    def refuse(route):
        # So slowly that the page has done with waiting by then.
        page.wait_for_timeout(6000)
        route.fulfill(status=409, content_type="application/problem+json", body=early)

    page.route("**/api/v1/exams/*/attempts", refuse, times=1)
    page.goto(f"/exams/{exam.exam_id}/hall")
    expect(page.locator("[data-exam=lobby-note]")).to_contain_text("还没有开始", timeout=20_000)
    expect(page.locator(".question")).to_be_visible(timeout=15_000)
