"""Cancelling from the exam's page: with a reason that candidates read, and a draft without anybody knowing."""

from sqlalchemy import func, select

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam
from trainer.audit.models import Entry
from trainer.core.database import db
from trainer.exams.models import Exam
from trainer.notices.models import Notice

BEFORE = NINE - HOUR


def test_a_cancelled_exam_says_so(as_user, city, clock):
    exam_id = make_exam(city)
    clock(NINE)
    organiser, address = as_user("organiser"), f"/exams/{exam_id}/cancel"
    asked = organiser.get(f"/exams/{exam_id}").text
    assert "2 名应考的考生会收到通知" in asked
    assert "没有取消" in organiser.post(address, data={"reason": "  "}, follow_redirects=True).text
    assert db.session.get(Exam, exam_id).state == "published"
    db.session.rollback()
    page = organiser.post(address, data={"reason": "考场停电"}, follow_redirects=True).text
    assert "取消的原因：考场停电" in page
    assert address not in page
    entry = db.session.scalar(select(Entry).where(Entry.action == "exam.cancelled"))
    assert entry.detail == {"from": "published", "reason": "考场停电"}
    notices = db.session.scalars(select(Notice).where(Notice.code == "exam_cancelled_because")).all()
    assert [(one.params["reason"], one.url) for one in notices] == [("考场停电", f"/exams/{exam_id}/hall")] * 2


def test_a_draft_is_cancelled_without_a_reason_and_tells_nobody(as_user, city, clock):
    clock(BEFORE)
    exam_id = make_exam(city, publish=False)
    organiser = as_user("organiser")
    page = organiser.get(f"/exams/{exam_id}").text
    assert "取消草稿" in page
    assert "取消考试" not in page
    organiser.post(f"/exams/{exam_id}/cancel")
    assert db.session.get(Exam, exam_id).state == "cancelled"
    assert db.session.scalar(select(func.count()).select_from(Notice)) == 0
    assert db.session.scalar(select(Entry).where(Entry.action == "exam.cancelled")).detail == {"from": "draft"}
    db.session.rollback()
    assert as_user("officer").get(f"/exams/{exam_id}/hall").status_code == 404
