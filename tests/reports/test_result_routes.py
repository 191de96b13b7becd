"""The page of an exam's results and its workbook: what they tell, and whose results to whom."""

import io
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from tests.attempts.factories import RIGHT, make_exam
from tests.conftest import NINE
from tests.marking.factories import repair
from tests.reports.answers import OVER, make_people, sheets, sit_many
from trainer.accounts.models import Grant, User
from trainer.attempts.incidents import enter_deed
from trainer.attempts.models import Attempt, Incident
from trainer.audit.models import Entry
from trainer.competitions.leaderboard import take_missing
from trainer.competitions.models import Competition, Round
from trainer.core.database import db, transaction
from trainer.exams.models import Candidate, Exam
from trainer.marking.models import Result
from trainer.orgs.models import Unit
from trainer.reports.exam_results import ToWrite, _items_sheet

pytestmark = pytest.mark.usefixtures("nothing_at_hand")


def page_of(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, answer.text[-500:]
    return answer.text


def test_the_page_tells_scores_parts_and_units(as_user, spread, count_queries):
    exam, _people = spread
    client = as_user("examiner")
    assert f'/exams/{exam.exam_id}/results"' in page_of(client, f"/exams/{exam.exam_id}")
    with count_queries() as seen:
        text = page_of(client, f"/exams/{exam.exam_id}/results")
    assert len(seen) <= 12
    for words in ("分数分布", "合格率", "蓬江区", "新会区", "人数太少，不单独比较", "不排名次", "导出成绩 Excel"):
        assert words in text
    assert "%%" not in text
    assert "style=" not in text
    assert text.count('<title id="spread-title">') == 1
    # Two counties are compared; the three people of a department are not.
    assert text.count('<td data-label="平均分" class="num">') == 2


def test_units_stand_in_the_order_of_the_tree_and_open(as_user, spread, city):
    exam, _people = spread
    client = as_user("examiner")
    whole = page_of(client, f"/exams/{exam.exam_id}/results")
    assert whole.index("新会区") < whole.index("江门市城市管理和综合执法局") < whole.index("蓬江区")
    assert f"/exams/{exam.exam_id}/results?unit=PJ" in whole
    county = page_of(client, f"/exams/{exam.exam_id}/results?unit=PJ")
    assert "蓬江区市场监督管理局" in county
    assert "新会区" not in county
    assert "52" in county
    office = page_of(client, f"/exams/{exam.exam_id}/results?unit=JM-CGJ")
    assert "人数太少" in office
    assert "spread-title" not in office
    page_of(client, f"/exams/{exam.exam_id}/results?unit=PJ-BS", 404)
    page_of(client, f"/exams/{exam.exam_id}/results?unit=nonsense", 404)


def test_a_county_sees_its_own_people_alone(as_user, spread):
    exam, _people = spread
    county = as_user("county")
    assert f'/exams/{exam.exam_id}/results"' in page_of(county, "/exams")
    text = page_of(county, f"/exams/{exam.exam_id}/results")
    assert "这里只统计您管辖的单位的人员" in text
    assert "新会区" not in text
    assert ">52<" in text
    # Neither the exam itself nor its items are the county's.
    assert f'href="/exams/{exam.exam_id}"' not in text
    page_of(county, f"/exams/{exam.exam_id}/statistics", 404)
    page_of(county, f"/exams/{exam.exam_id}/results?unit=XH-CGJ", 404)
    page_of(county, f"/exams/{exam.exam_id}/results?unit=JM", 404)
    other = page_of(as_user("foreign_county"), f"/exams/{exam.exam_id}/results")
    assert ">5<" in other
    assert "蓬江区" not in other


def test_who_has_nobody_in_an_exam_knows_of_none(as_user, city, clock):
    exam, _people = sit_many(city, sheets(6), release="after_close")
    clock(OVER)
    page_of(as_user("foreign_county"), f"/exams/{exam.exam_id}/results", 404)
    assert f"/exams/{exam.exam_id}/results" not in page_of(as_user("foreign_county"), "/exams")
    page_of(as_user("bank"), f"/exams/{exam.exam_id}/results", 403)


@pytest.mark.parametrize(
    ("release", "username", "hours", "shown"),
    [
        ("after_close", "organiser", 1, False),
        ("after_close", "organiser", 3, True),
        ("after_close", "county", 1, False),
        ("after_close", "county", 3, True),
        ("manual", "organiser", 3, True),
        ("manual", "supervisor", 3, False),
        ("manual", "county", 3, False),
    ],
)
def test_results_are_told_when_they_are_out(as_user, city, clock, release, username, hours, shown):
    exam, _people = sit_many(city, sheets(), release=release)
    clock(NINE + timedelta(hours=hours))
    text = page_of(as_user(username), f"/exams/{exam.exam_id}/results")
    assert ("spread-title" in text) is shown
    assert ("考试结束后才有成绩统计" in text) is not shown


@pytest.mark.parametrize("change", [{"state": "cancelled"}, {"is_mock": True}])
def test_a_cancelled_or_mock_exam_tells_nothing(as_user, spread, change):
    exam, _people = spread
    with transaction() as session:
        session.execute(update(Exam).values(**change))
    assert "spread-title" not in page_of(as_user("organiser"), f"/exams/{exam.exam_id}/results")


def test_before_the_exam_was_counted_the_rest_is_told(as_user, city, clock):
    exam, _people = sit_many(city, sheets(), release="after_close")
    clock(OVER)
    text = page_of(as_user("organiser"), f"/exams/{exam.exam_id}/results")
    assert "分数分布" in text
    assert "一般只要几分钟" in text


def test_people_who_wait_for_a_marker_are_not_counted(as_user, spread):
    exam, people = spread
    with transaction() as session:
        session.execute(update(Result).where(Result.user_id.in_(people[:7])).values(unmarked=1, passed=None))
    text = page_of(as_user("organiser"), f"/exams/{exam.exam_id}/results")
    assert "另有 7 人的答题等待阅卷" in text
    assert ">53<" in text


def test_the_page_is_whole_in_english(as_user, spread):
    exam, _people = spread
    client = as_user("organiser")
    client.set_cookie("locale", "en")
    text = page_of(client, f"/exams/{exam.exam_id}/results")
    assert "Pass rate" in text
    assert "%%" not in text


def test_options_are_shown_to_who_sees_the_items(as_user, spread, city):
    exam, _people = spread
    assert "option-shares" not in page_of(as_user("examiner"), f"/exams/{exam.exam_id}/statistics")
    with transaction() as session:
        row = {"user_id": city.people["examiner"], "role": "bank_manager", "unit_id": city.units["JM"]}
        session.add(Grant(granted_at=NINE, **row))
    text = page_of(as_user("examiner"), f"/exams/{exam.exam_id}/statistics")
    assert "option-shares" in text
    assert "50%" in text


# --- the workbook


def book_of(client, exam, status=200):
    answer = client.get(f"/exams/{exam.exam_id}/results.xlsx")
    assert answer.status_code == status
    return load_workbook(io.BytesIO(answer.data)) if status == 200 else None


def test_the_workbook_has_people_items_and_units(as_user, spread, city):
    exam, people = spread
    with transaction() as session:
        session.execute(update(User).where(User.id == people[0]).values(name="=cmd|'/c calc'!A1"))
        session.execute(update(Unit).where(Unit.id == city.units["XH"]).values(short_name="@新会"))
        session.add(
            Candidate(
                exam_id=exam.exam_id,
                sitting_id=exam.sitting_id,
                user_id=city.people["officer2"],
                unit_id=city.units["PJ-CGJ"],
            )
        )
    book = book_of(as_user("supervisor"), exam)
    assert book.sheetnames == ["成绩", "试题", "单位"]
    rows = list(book["成绩"].values)
    assert rows[1] == ("姓名", "用户名", "单位", "场次", "状态", "得分", "结果", "答对题数", "交卷时间", "用时（秒）")
    assert len(rows) == 63
    named = {row[1]: row for row in rows[2:]}
    first = named[f"p{people[0]}"]
    assert first[0] == "'=cmd|'/c calc'!A1"
    assert first[3:8] == ("第 1 场", "已交卷", 10, "合格", 5)
    assert first[8].strftime("%Y-%m-%d %H:%M") == "2026-11-23 09:10"
    assert first[9] == 600
    assert named["officer2"][4:7] == ("缺考", None, None)
    items = list(book["试题"].values)[2:]
    assert [row[0] for row in items] == [1, 2, 3, 4, 5]
    assert items[0][6] == 0.5
    # The supervisor sees no items, so nothing tells the key.
    assert {row[10] for row in items} == {None}
    units = {row[0]: row for row in list(book["单位"].values)[2:]}
    assert set(units) == {"江门市城市管理和综合执法局", "蓬江区", "'@新会"}
    assert units["蓬江区"][1:3] == (53, 52)
    assert units["江门市城市管理和综合执法局"][2:5] == (3, None, None)
    entry = db.session.scalar(select(Entry).where(Entry.action == "exam.results_exported"))
    assert (entry.target, entry.detail) == (f"exam:{exam.exam_id}", {"people": 61, "whole": True})


def test_the_workbook_tells_in_words_what_was_noticed(as_user, spread, monkeypatch):
    exam, people = spread
    attempts = {
        row.user_id: row.id for row in db.session.execute(select(Attempt.id, Attempt.user_id).order_by(Attempt.id))
    }
    db.session.rollback()
    with transaction() as session:
        for user_id, kind, minutes, seconds in ((people[0], "focus_loss", 3, 12), (people[0], "network_loss", 5, None)):
            at = NINE + timedelta(minutes=minutes)
            session.add(
                Incident(attempt_id=attempts[user_id], kind=kind, noticed_at=at, recorded_at=at, seconds=seconds)
            )
        enter_deed(session, attempts[people[0]], "forced", reason="夹带", now=NINE + timedelta(minutes=6))
    book = book_of(as_user("supervisor"), exam)
    assert book.sheetnames == ["成绩", "试题", "单位", "异常记录"]
    title, head, *lines = book["异常记录"].values
    assert "不是违纪结论" in title[0]
    assert head == ("姓名", "用户名", "单位", "场次", "第几次作答", "时间", "情况", "持续（秒）", "说明")
    assert [(row[1], row[4], str(row[5])[11:16], *row[6:]) for row in lines] == [
        (f"p{people[0]}", 1, "09:03", "离开考试页面", 12, None),
        (f"p{people[0]}", 1, "09:05", "连接中断", None, None),
        (f"p{people[0]}", 1, "09:06", "监考员强制交卷", None, "夹带"),
    ]
    monkeypatch.setattr("trainer.reports.exam_results.INCIDENTS_MOST", 1)
    title, _head, *lines = book_of(as_user("supervisor"), exam)["异常记录"].values
    assert "只列出前 1 条" in title[0]
    assert len(lines) == 1


def test_items_are_numbered_where_all_papers_have_the_same_ones():
    from_first = SimpleNamespace(
        number=3, code="LZ-1", kind="single_choice", topic="x", difficulty=2, people=9, facility=0.5, upper_lower=None,
        point_biserial=None, blank=0, options=(), advice=(), seen=True,
    )  # fmt: skip
    what = ToWrite("月考", (), None, (), (), {}, {})
    numbered = _items_sheet(what, [from_first])
    assert (numbered.columns[0].head, numbered.rows[0][0], numbered.title) == ("题号", 3, "月考")
    from_first.number = None
    apart = _items_sheet(what, [from_first])
    assert (apart.columns[0].head, apart.rows[0][0]) == ("试题", "LZ-1")
    assert "各套试卷的题目不同，不列题号" in apart.title


def test_the_exam_page_holds_back_the_means_that_the_statistics_hold_back(as_user, spread):
    exam, _people = spread
    text = page_of(as_user("organiser"), f"/exams/{exam.exam_id}")
    row = re.search(r'江门市城市管理和综合执法局</a>.*?data-label="合格" class="num">(.*?)<.*?"num">(.*?)<', text, re.S)
    assert row.groups() == ("–", "–")
    row = re.search(r'蓬江区城市管理和综合执法局</a>.*?data-label="平均分" class="num">(.*?)<', text, re.S)
    assert float(row[1]) > 0
    assert "不足 5 人有成绩的单位" in text


def test_a_county_carries_its_own_people_away(as_user, spread):
    exam, _people = spread
    book = book_of(as_user("county"), exam)
    assert book.sheetnames == ["成绩", "单位"]
    assert {row[2] for row in list(book["成绩"].values)[2:]} == {
        "蓬江区城市管理和综合执法局",
        "蓬江区市场监督管理局",
    }
    for username, status in (("auditor", 403), ("invigilator", 403), ("clerk", 404), ("head", 404)):
        book_of(as_user(username), exam, status)


@pytest.mark.parametrize(("release", "hours"), [("after_close", 1), ("manual", 3)])
def test_no_workbook_before_the_release(as_user, city, clock, release, hours):
    exam, _people = sit_many(city, sheets(6), release=release)
    clock(NINE + timedelta(hours=hours))
    book_of(as_user("organiser"), exam, 403)
    assert "results.xlsx" not in page_of(as_user("organiser"), f"/exams/{exam.exam_id}/results")


@pytest.mark.parametrize(
    ("state", "frozen", "ranked"),
    [("published", False, True), ("draft", False, False), ("cancelled", False, False), ("published", True, False)],
)
def test_places_are_told_where_a_competition_ranks(as_user, spread, city, state, frozen, ranked):
    exam, _people = spread
    with transaction() as session:
        made = Competition(
            title="大比武", unit_id=city.units["JM"], tie_break=["score", "seconds_used", "draw_lots"], created_at=NINE
        )
        session.add(made)
        session.flush()
        session.add(Round(competition_id=made.id, number=1, title="初赛", exam_id=exam.exam_id))
        competition_id = made.id
    take_missing()
    with transaction() as session:
        values = {"state": state, "frozen_at": OVER if frozen else None}
        session.execute(update(Competition).where(Competition.id == competition_id).values(**values))
    rows = list(book_of(as_user("organiser"), exam)["成绩"].values)
    assert ("名次" in rows[1]) is ranked
    if ranked:
        assert sorted(row[7] for row in rows[2:])[:2] == [1, 2]


def test_who_supervises_reads_what_was_corrected_and_of_nobody(as_user, spread, city):
    exam, _people = spread
    address = f"/exams/{exam.exam_id}/results"
    assert "更正重算" not in page_of(as_user("supervisor"), address)
    repair(city, exam.exam_id, 1, "full_marks", now=OVER, reason="题干有歧义")
    for username in ("supervisor", "examiner"):
        text = page_of(as_user(username), address)
        assert "成绩已按 1 项更正重算" in text
        assert "第 1 题 · 全体满分 · 题干有歧义" in text
        assert "张examiner" not in text.split("更正重算")[1].split("</details>")[0]


def test_many_people_take_few_statements(as_user, city, clock, count_queries):
    exam = make_exam(city, NINE, usernames=(), release="after_close")
    sit_many(city, [dict(RIGHT)] * 30, exam=exam, people=make_people(city, 30))
    clock(OVER)
    client = as_user("organiser")
    with count_queries() as few:
        page_of(client, f"/exams/{exam.exam_id}/results")
    sit_many(city, sheets(90), exam=exam, people=make_people(city, 90))
    with count_queries() as many:
        page_of(client, f"/exams/{exam.exam_id}/results")
    assert len(many) == len(few)
    with count_queries() as seen:
        client.get(f"/exams/{exam.exam_id}/results.xlsx")
    assert len(seen) <= 16
