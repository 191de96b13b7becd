"""Errors that people report, and the answers."""

import threading

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.question_bank.samples import make_item
from trainer.bank import reports
from trainer.bank.importing import import_items
from trainer.bank.models import ItemRecord, ItemReport
from trainer.core.database import transaction
from trainer.core.errors import Forbidden, Invalid, Missing, Refused
from trainer.notices.models import Notice
from trainer.practice.service import answer_item


@pytest.fixture
def item(session, city):
    import_items([make_item()], by=city.people["author"], now=NINE, publish=True)
    found = session.execute(select(ItemRecord.id, ItemRecord.code, ItemRecord.version_id)).one()
    session.rollback()
    return found


def report(city, item, text="答案应为 A。", who="officer"):
    return reports.report_item(item.version_id, by=city.people[who], origin="practice", text=text, now=NINE)


def told(session, code):
    session.rollback()
    return session.scalars(select(Notice.user_id).where(Notice.code == code).order_by(Notice.user_id)).all()


def test_one_person_has_one_open_report_on_a_version(session, city, item):
    first = report(city, item)
    assert report(city, item) == first
    with pytest.raises(reports.ReportOpen):
        report(city, item, "别的。")
    assert report(city, item, who="officer2") != first
    assert told(session, "item_reported")[:2] == [city.people["author"]] * 2
    for text in ("", " ", "长" * 1001):
        with pytest.raises(Invalid):
            report(city, item, text, who="officer3")
    with pytest.raises(Missing):
        reports.report_item(987654, by=city.people["officer"], origin="practice", text="x", now=NINE)


def test_reports_of_one_person_do_not_pile_up(monkeypatch, city, item):
    monkeypatch.setattr(reports, "OPEN_MOST", 0)
    with pytest.raises(reports.TooManyReports):
        report(city, item)


def test_accepting_tells_the_reporter_once(session, city, item):
    found = report(city, item)
    who = {"by": city.people["author"], "manages": False, "now": NINE}
    for _ in range(2):
        assert reports.accept_report(found, **who) == item.id
    assert told(session, "report_accepted") == [city.people["officer"]]
    with pytest.raises(reports.ReportDecided):
        reports.decline_report(found, answer="不对。", by=city.people["bank"], manages=True, now=NINE)
    assert report(city, item, "还是不对。") != found


def test_declining_takes_a_reason_and_the_right_person(session, city, item):
    found = report(city, item)
    with pytest.raises(Invalid):
        reports.decline_report(found, answer=" ", by=city.people["bank"], manages=True, now=NINE)
    with pytest.raises(Forbidden):
        reports.decline_report(found, answer="对的。", by=city.people["reviewer"], manages=False, now=NINE)
    reports.decline_report(found, answer="见第三十六条。", by=city.people["bank"], manages=True, now=NINE)
    assert told(session, "report_declined") == [city.people["officer"]]


def test_two_tabs_make_one_report(app, session, city, item):
    came = []

    def send(text):
        with app.app_context():
            try:
                report(city, item, text)
                came.append("done")
            except Refused as refusal:
                came.append(refusal.code)

    threads = [threading.Thread(target=send, args=(text,)) for text in ("甲", "乙")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(came) == ["done", "report_open"]
    assert session.scalar(select(func.count()).select_from(ItemReport)) == 1


def test_an_officer_reports_from_the_answer_and_the_author_goes_on_to_the_editor(as_user, session, city, item):
    officer, author = as_user("officer"), as_user("author")
    answer = answer_item(city.people["officer"], item.id, item.version_id, "A", sent_key="k" * 20, now=NINE)
    assert f"/practice/answers/{answer}/report" in officer.get(f"/practice/answers/{answer}").text
    officer.post(f"/practice/answers/{answer}/report", data={"text": "答案应为 A。"})
    assert as_user("officer2").post(f"/practice/answers/{answer}/report", data={"text": "x"}).status_code == 404
    assert "答案应为 A。" in author.get("/items/reports").text
    found = session.scalar(select(ItemReport.id))
    session.rollback()
    assert author.post(f"/items/reports/{found}/accept").location.endswith(f"/items/{item.id}/edit")
    assert "答案应为 A。" not in author.get("/items/reports").text
    assert "答案应为 A。" in author.get("/items/reports?show=done").text
    assert as_user("reviewer").get("/items/reports").status_code == 403


def test_a_report_accepted_while_a_text_is_in_review_leads_to_the_item(as_user, session, city, item):
    officer, author = as_user("officer"), as_user("author")
    officer.post(f"/practice/items/{item.id}/report", data={"text": "题干有错字。"})
    found = session.scalar(select(ItemReport.id))
    session.rollback()
    with transaction() as open_session:
        row = open_session.get(ItemRecord, item.id)
        row.proposed_version_id, row.proposed_state = row.version_id, "in_review"
    sent = author.post(f"/items/reports/{found}/accept", follow_redirects=True)
    assert (sent.status_code, sent.request.path) == (200, f"/items/{item.id}")
    assert "这道题有一稿正在审题" in sent.text
    assert "撤回" in sent.text


def test_an_item_is_reported_before_it_is_answered(as_user, session, city, item):
    officer = as_user("officer")
    page = officer.get(f"/practice/item?item={item.code}").text
    assert f"/practice/items/{item.id}/report" in page
    sent = officer.post(f"/practice/items/{item.id}/report", data={"text": "题干有错字。"})
    assert sent.location.endswith(f"/practice/item?item={item.code}")
    row = session.scalar(select(ItemReport))
    assert (row.version_id, row.origin, row.text) == (item.version_id, "practice", "题干有错字。")
    session.rollback()
    assert officer.post(f"/practice/items/{item.id + 99}/report", data={"text": "x"}).status_code == 404


def test_an_author_sees_reports_on_own_items_alone(as_user, session, city):
    import_items([make_item()], by=city.people["bank"], now=NINE, publish=True)
    found = session.execute(select(ItemRecord.id, ItemRecord.code, ItemRecord.version_id)).one()
    session.rollback()
    number = report(city, found)
    assert "答案应为 A。" not in as_user("author").get("/items/reports").text
    assert as_user("author").post(f"/items/reports/{number}/accept").status_code == 403
    assert "答案应为 A。" in as_user("bank").get("/items/reports").text
