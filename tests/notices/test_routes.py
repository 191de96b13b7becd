"""Inbox and feedback: own things only, read marks, answers, the desk within its scope."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.conftest import NINE
from trainer.core.database import transaction
from trainer.notices.models import Feedback, Notice
from trainer.notices.service import FEEDBACK_MOST, answer_feedback, give_feedback, queue


@pytest.fixture
def told(city):
    """Two notices for the officer, one of them for a colleague as well."""
    both = [city.people["officer"], city.people["officer2"]]
    queue(both, "feedback_answered", key="one", url="/profile")
    queue(both[:1], "some_code_that_is_gone", key="two")
    return city


def test_queueing_twice_leaves_one(told, session):
    assert queue([told.people["officer"]], "feedback_answered", key="one") == 0
    assert len(session.scalars(select(Notice)).all()) == 3


def test_an_inbox_shows_the_own_notices_and_the_bell_counts_the_unread(as_user, told):
    page = as_user("officer").get("/notices").text
    assert "您的意见反馈已有答复" in page
    assert "您有一条新通知" in page
    assert "通知，2 条未读" in page
    assert "通知，0 条未读" in as_user("officer3").get("/notices").text
    assert "还没有通知" in as_user("officer3").get("/notices").text


def test_the_newest_notice_stands_first_whenever_it_was_entered(as_user, told, session):
    with transaction() as opened:
        opened.execute(update(Notice).where(Notice.key == "two").values(created_at=NINE - timedelta(days=12)))
        opened.execute(update(Notice).where(Notice.key == "one").values(created_at=NINE))
    page = as_user("officer").get("/notices").text
    assert page.index("您的意见反馈已有答复") < page.index("您有一条新通知")


def test_opening_a_notice_marks_it_read_and_leads_to_its_page(as_user, told, session):
    one = session.scalar(select(Notice).where(Notice.key == "one", Notice.user_id == told.people["officer"]))
    client = as_user("officer")
    assert client.post(f"/notices/{one.id}/open").location == "/profile"
    assert "通知，1 条未读" in client.get("/notices").text
    assert "您的意见反馈已有答复" not in client.get("/notices?unread=1").text
    assert as_user("officer2").post(f"/notices/{one.id}/open").status_code == 404


def test_a_notice_never_leads_off_the_site(as_user, city, session):
    queue([city.people["officer"]], "x", key="k", url="https://evil.example/")
    one = session.scalar(select(Notice.id))
    assert as_user("officer").post(f"/notices/{one}/open").location == "/notices"


def test_all_are_marked_read_at_once_and_only_the_own_ones(as_user, told, session):
    as_user("officer").post("/notices/read")
    unread = session.scalars(select(Notice.user_id).where(Notice.read_at.is_(None))).all()
    assert unread == [told.people["officer2"]]


def test_feedback_is_given_kept_and_shown_to_its_writer_alone(as_user, city, session):
    client = as_user("officer")
    sent = client.post("/feedback", data={"text": " 字太小\n看不清 ", "page": "/notices"}, follow_redirects=True)
    assert "意见已送达管理员" in sent.text
    assert "字太小" in sent.text
    row = session.scalar(select(Feedback))
    assert (row.text, row.page, row.unit_id, row.state) == ("字太小\n看不清", "/notices", city.units["PJ-CGJ"], "new")
    assert "字太小" not in as_user("officer2").get("/feedback").text


@pytest.mark.parametrize("text", ["", "   ", "字" * (FEEDBACK_MOST + 1)])
def test_empty_or_endless_feedback_is_refused_and_kept_on_the_page(as_user, city, session, text):
    answer = as_user("officer").post("/feedback", data={"text": text})
    assert answer.status_code == 422
    assert "text-error" in answer.text or "alert" in answer.text
    assert session.scalar(select(Feedback.id)) is None


def test_the_page_that_one_came_from_is_remembered(as_user, city):
    client = as_user("officer")
    page = client.get("/feedback", headers={"Referer": "http://localhost/notices?x=1"}).text
    assert 'name="page" type="hidden" value="/notices"' in page
    page = client.get("/feedback?from=//evil.example").text
    assert 'name="page" type="hidden" value=""' in page


def give(city, username, unit, text):
    return give_feedback(city.people[username], city.units[unit], page="", text=text, now=NINE)


def test_an_answer_reaches_the_writer_and_a_better_one_replaces_it(as_user, city):
    feedback = give(city, "officer", "PJ-CGJ", "第三题答案有误")
    admin = as_user("admin")
    assert "1 条意见反馈等待答复" in admin.get("/").text
    assert admin.post(f"/feedback/{feedback}", data={"answer": " "}).status_code == 422
    for answer in ("已更正。", "已更正并重新计分。"):
        assert admin.post(f"/feedback/{feedback}", data={"answer": answer}).status_code == 303
    officer = as_user("officer")
    page = officer.get("/feedback").text
    assert "已更正并重新计分。" in page
    assert "张admin 答复于" in page
    assert "您的意见反馈已有答复" in officer.get("/notices").text


def test_the_desk_puts_the_unanswered_first_and_filters(as_user, city):
    first, second = give(city, "officer", "PJ-CGJ", "早的意见"), give(city, "officer2", "PJ-CGJ", "晚的意见")
    answer_feedback(second, by=city.people["admin"], answer="好", now=NINE)
    admin = as_user("admin")
    page = admin.get("/feedback/desk").text
    assert page.index("早的意见") < page.index("晚的意见")
    assert "晚的意见" not in admin.get("/feedback/desk?state=new").text
    assert "早的意见" not in admin.get("/feedback/desk?q=晚的").text
    assert first != second


def test_a_county_desk_sees_the_county_alone(as_user, city):
    from tests.factories import add_user
    from trainer.accounts.models import Grant
    from trainer.core.database import transaction

    with transaction() as session:
        city.people["county_admin"] = add_user(session, "county_admin", city.units["PJ"], NINE, category="staff")
        row = {"role": "system_administrator", "unit_id": city.units["PJ"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["county_admin"], **row))
    own, foreign = give(city, "officer", "PJ-CGJ", "本区意见"), give(city, "foreign_officer", "XH-CGJ", "外区意见")
    client = as_user("county_admin")
    page = client.get("/feedback/desk").text
    assert "本区意见" in page
    assert "外区意见" not in page
    assert client.get(f"/feedback/{own}").status_code == 200
    assert client.post(f"/feedback/{foreign}", data={"answer": "x"}).status_code == 404


def test_the_help_page_is_open_to_all_and_promises_no_check_ins(client, city):
    page = client.get("/help")
    assert page.status_code == 200
    assert "不打卡、不积分、不计在线时长" in page.text


def test_control_characters_are_refused_in_feedback_and_match_nothing(as_user, city, session):
    client = as_user("officer")
    assert client.post("/feedback", data={"text": "a\x00b"}).status_code == 422
    assert client.post("/feedback", data={"text": "第一行\r\n\t第二行", "page": "/a\x00b"}).status_code == 303
    row = session.scalars(select(Feedback)).one()
    assert (row.page, row.text) == ("", "第一行\r\n\t第二行")
    admin = as_user("admin")
    assert admin.post(f"/feedback/{row.id}", data={"answer": "a\x00b"}).status_code == 422
    assert "第二行" not in admin.get("/feedback/desk?q=%00").text
