"""The pages of appeals when something is refused: what was typed stays, and what nobody may press is not offered."""

import re

import pytest
from sqlalchemy import select, update

from tests.attempts.factories import RIGHT
from tests.conftest import NINE
from tests.marking.factories import (
    AFTER,
    make_judged,
    person,
    place_of_number,
    propose_anew,
    propose_repair,
    sit,
)
from trainer.accounts.models import Grant
from trainer.bank.models import ItemVersion
from trainer.core.database import transaction
from trainer.exams.models import Candidate, Exam
from trainer.marking.appealing import lodge, reject
from trainer.marking.models import Mark, MarkEvent, MarkingTask
from trainer.marking.queries.repairs import place_name

WRONG_ONE = RIGHT | {1: "C"}


def field_of(page: str, name: str) -> str:
    """Return what stands in a textarea."""
    return re.search(rf'<textarea[^>]*id="{name}"[^>]*>([^<]*)</textarea>', page)[1]


# --- the candidate's appeal


@pytest.mark.parametrize(("reason", "told"), [("  ", "请填写这一项"), ("长" * 1001, "最多 1000 个字符")])
def test_a_refused_appeal_stays_open_at_its_item_with_what_was_typed(as_user, attempt, reason, told):
    officer = as_user("officer")
    address = f"/attempts/{attempt}/items/2/appeal"
    answer = officer.post(address, data={"reason": reason})
    assert answer.status_code == 422
    assert answer.text.count('<details class="report-fold" open>') == 1
    assert field_of(answer.text, "appeal-2") == reason
    assert told in re.search(r'id="appeal-2-error">(.*?)</p>', answer.text)[1]
    assert 'aria-describedby="appeal-2-help appeal-2-error"' in answer.text
    # The page is one of a form; who reloads it comes back to the item.
    assert f'href="/attempts/{attempt}/result?show=wrong"' in answer.text
    back = officer.get(address)
    assert (back.status_code, back.location) == (303, f"/attempts/{attempt}/result#item-2")
    assert " open>" not in officer.get(f"/attempts/{attempt}/result").text


def test_an_appeal_that_comes_too_late_or_twice_is_given_back(city, as_user, exam, attempt):
    officer = as_user("officer")
    lodge(attempt, 2, "第一次的理由", by=person(city, "officer"), now=AFTER)
    again = officer.post(f"/attempts/{attempt}/items/2/appeal", data={"reason": "第二次的理由"})
    assert again.status_code == 422
    for told in ("第一次的理由", "没有提交的申诉", "第二次的理由", "已经对这道题提出过申诉"):
        assert told in again.text
    with transaction() as session:
        session.execute(update(Exam).values(appeal_days=0))
    late = officer.post(f"/attempts/{attempt}/items/1/appeal", data={"reason": "没赶上的理由"})
    assert late.status_code == 422
    assert ("没赶上的理由" in late.text, "申诉期限已过" in late.text) == (True, True)


# --- rejecting


def waiting_ids(page: str) -> list[str]:
    return re.findall(r'name="appeals" value="(\d+)"', page)


@pytest.mark.parametrize(
    ("ticked", "answer", "told", "field"),
    [(0, "按第三十六条", "请至少勾选一件申诉", "appeals"), (1, " ", "请填写这一项", "answer")],
)
def test_a_refused_rejection_keeps_what_was_typed_and_says_what_is_missing_where(
    city, as_user, exam, attempt, ticked, answer, told, field
):
    other = sit(city, exam.exam_id, "officer2", WRONG_ONE)
    for who, one in (("officer", attempt), ("officer2", other)):
        lodge(one, 1, f"{who} 的理由", by=person(city, who), now=AFTER)
    lodge(attempt, 2, "另一题", by=person(city, "officer"), now=AFTER)
    examiner = as_user("examiner")
    ids = waiting_ids(examiner.get(f"/exams/{exam.exam_id}/repairs").text)
    place = place_name(place_of_number(exam.exam_id, 1))
    address = f"/exams/{exam.exam_id}/appeals/reject"
    page = examiner.post(address, data={"item": place, "appeals": ids[:ticked], "answer": answer})
    assert page.status_code == 422
    assert field_of(page.text, "answer-1") == answer
    assert field_of(page.text, "answer-2") == ""
    assert told in re.search(rf'id="{field}-1-error">(.*?)</p>', page.text)[1]
    boxes = re.findall(r'name="appeals" value="\d+"( checked)?', page.text)
    assert [bool(one) for one in boxes] == [ticked == 1, False, True]
    back = examiner.get(address)
    assert (back.status_code, back.location) == (303, f"/exams/{exam.exam_id}/repairs")


def test_what_was_typed_for_appeals_that_somebody_decided_meanwhile_is_given_back(city, as_user, exam, attempt):
    appeal_id = lodge(attempt, 1, "理由", by=person(city, "officer"), now=AFTER)
    reject(exam.exam_id, [appeal_id], "先答复了", by=person(city, "organiser"), now=AFTER)
    place = place_name(place_of_number(exam.exam_id, 1))
    data = {"item": place, "appeals": appeal_id, "answer": "后写的理由"}
    page = as_user("examiner").post(f"/exams/{exam.exam_id}/appeals/reject", data=data)
    assert page.status_code == 422
    assert ("后写的理由" in page.text, "其中有申诉已经处理" in page.text) == (True, True)


BUTTONS = ("改判这份答题", "驳回勾选的申诉", "采纳，提出更正")


def offered(page: str) -> list[bool]:
    return [one in page for one in BUTTONS]


def make_marker_manage(city):
    """Let the first marker run exams too."""
    with transaction() as session:
        row = {"role": "organiser", "unit_id": city.units["JM"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["marker1"], **row))


def test_who_marked_an_answer_is_not_offered_to_decide_about_it(city, as_user, clock):
    waiting = make_judged(city)
    appeal_id = lodge(waiting.attempts["officer"], 2, "理由", by=person(city, "officer"), now=AFTER)
    make_marker_manage(city)
    clock(AFTER)
    address = f"/exams/{waiting.exam_id}/repairs"
    assert offered(as_user("examiner").get(address).text) == [True] * 3
    marker = as_user("marker1")
    page = marker.get(address).text
    assert offered(page) == [False] * 3
    assert "您评阅过这份答题，请由其他人员处理" in page
    create = marker.get(f"/exams/{waiting.exam_id}/items/{place_name(place_of_number(waiting.exam_id, 2))}/repair").text
    assert ("理由" in create, 'name="appeals"' in create) == (True, False)
    place = place_name(place_of_number(waiting.exam_id, 2))
    refused = marker.post(
        f"/exams/{waiting.exam_id}/appeals/reject", data={"item": place, "appeals": appeal_id, "answer": "无误"}
    )
    assert (refused.status_code, "您评阅过申诉所涉的答题" in refused.text) == (422, True)
    assert "无误" in refused.text
    assert marker.get(f"/appeals/{appeal_id}/remark").status_code == 403


def test_who_marked_one_of_two_answers_decides_about_the_other_alone(city, as_user, exam, clock):
    waiting = make_judged(city)
    other = waiting.attempts["officer2"]
    with transaction() as session:
        task = session.scalars(select(MarkingTask).where(MarkingTask.attempt_id == other)).one()
        for table in (Mark, MarkEvent):
            session.execute(update(table).where(table.task_id == task.id).values(marker_id=city.people["examiner"]))
    for who in ("officer", "officer2"):
        lodge(waiting.attempts[who], 2, f"{who} 的理由", by=person(city, who), now=AFTER)
    page = as_user("examiner").get(f"/exams/{waiting.exam_id}/repairs").text
    assert (len(waiting_ids(page)), page.count("改判这份答题")) == (1, 1)
    assert page.count("您评阅过这份答题") == 1
    assert "驳回勾选的申诉" in page


def test_an_author_and_a_candidate_are_told_why_they_decide_nothing(city, as_user, exam, attempt):
    lodge(attempt, 1, "理由", by=person(city, "officer"), now=AFTER)
    address = f"/exams/{exam.exam_id}/repairs"
    with transaction() as session:
        wrote = update(ItemVersion).where(ItemVersion.id == place_of_number(exam.exam_id, 1)[0])
        session.execute(wrote.values(created_by=city.people["examiner"]))
    page = as_user("examiner").get(address).text
    assert offered(page) == [False] * 3
    assert "您编写过这道题，对它的申诉请由其他人员处理" in page
    with transaction() as session:
        row = {"user_id": city.people["organiser"], "sitting_id": exam.sitting_id, "unit_id": city.units["JM"]}
        session.add(Candidate(exam_id=exam.exam_id, **row))
    page = as_user("organiser").get(address).text
    assert offered(page) == [False] * 3
    assert "您是这场考试的考生" in page


def test_signing_is_offered_to_nobody_who_may_not_sign(city, as_user, clock):
    waiting = make_judged(city)
    repair_id, _appeal_id = propose_anew(city, waiting.attempts["officer"], "4", "2")
    make_marker_manage(city)
    clock(AFTER)
    address = f"/repairs/{repair_id}"
    assert "签发并公布" in as_user("organiser").get(address).text
    page = as_user("marker1").get(address).text
    assert ("签发并公布" in page, "您评阅过申诉所涉的答题" in page) == (False, True)
    whole = propose_repair(city, waiting.exam_id, 1, "drop")
    with transaction() as session:
        session.execute(update(ItemVersion).values(created_by=city.people["organiser"]))
    page = as_user("organiser").get(f"/repairs/{whole}").text
    assert ("签发并公布" in page, "您编写过这道题，请由其他人员签发" in page) == (False, True)


# --- proposing


def test_a_repair_without_remedy_and_reason_says_both_at_their_fields(as_user, exam, attempt):
    address = f"/exams/{exam.exam_id}/items/{place_name(place_of_number(exam.exam_id, 1))}/repair"
    examiner = as_user("examiner")
    page = examiner.post(address, data={"reason": " "})
    assert (page.status_code, "由人评阅" in page.text) == (422, False)
    for field, told in (("remedy", "请选择更正方式"), ("reason", "请填写这一项")):
        assert told in re.search(rf'id="{field}-error">(.*?)</p>', page.text)[1]
        assert f'<a href="#{field}">' in page.text
    assert 'aria-describedby="reason-help reason-error" aria-invalid="true"' in page.text
    page = examiner.post(address, data={"remedy": "drop", "reason": ""}).text
    assert ('id="remedy-error"' in page, 'id="reason-error"' in page) == (False, True)
    look = examiner.post(f"{address}/look", data={})
    assert (look.status_code, "请选择更正方式" in look.text) == (422, True)
