"""The home page of each role: what waits for it, where things stand, and how many statements that takes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.competitions.factories import add_candidate, make_competition, make_exam, settle
from tests.conftest import NINE
from tests.factories import add_user
from tests.hours.factories import give_hours
from tests.papers.factories import fill_bank
from trainer.accounts.models import Grant
from trainer.audit.service import record
from trainer.bank.models import ItemRecord
from trainer.competitions.service import NewRound
from trainer.core.clock import utcnow
from trainer.core.database import db, transaction
from trainer.exams.models import Exam
from trainer.hours.sealing import seal
from trainer.jobs.models import JobRun, Lease

DAY = timedelta(days=1)
CLEAR = "目前没有需要您处理的事项"


def plain(answer) -> str:
    """Return the text of a page without tags, in one line."""
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


@pytest.fixture
def exams(city):
    """One exam that runs, one to come, one draft, one over and held back; two officers in each."""
    made = {
        "running": make_exam(NINE, city.units["JM"], title="正在考的"),
        "coming": make_exam(NINE, city.units["JM"], title="还没到的", opens_at=NINE + DAY, closes_at=NINE + 2 * DAY),
        "draft": make_exam(NINE, city.units["JM"], title="没发布的", state="draft"),
        "over": make_exam(
            NINE, city.units["JM"], title="等公布的", release="manual", opens_at=NINE - 2 * DAY, closes_at=NINE - DAY
        ),
    }
    for one in made.values():
        for username in ("officer", "officer2"):
            add_candidate(one, city.people[username])
    settle(made["running"], city.people["officer"], "80", NINE)
    settle(made["over"], city.people["officer"], "80", NINE - DAY)
    return made


def test_the_organiser_sees_what_runs_what_comes_and_what_waits(as_user, exams, clock):
    clock(NINE)
    page = plain(as_user("organiser").get("/"))
    assert CLEAR not in page
    assert "公布《等公布的》的成绩 应考 2 人，已交卷 1 人" in page
    first, second, third = (page.index(title) for title in ("正在考的", "还没到的", "没发布的"))
    assert first < second < third
    assert "应考 2 人，已开考 1 人，已交卷 1 人" in page
    html = as_user("organiser").get("/").text
    assert f"/exams/{exams['running'].exam_id}/watch" in html
    assert f"/exams/{exams['coming'].exam_id}/candidates" in html


def test_the_invigilator_is_led_to_the_board_and_finds_no_draft(as_user, exams, clock):
    clock(NINE)
    page = plain(as_user("invigilator").get("/"))
    assert "监考“正在考的” 应考 2 人，已开考 1 人，已交卷 1 人" in page
    assert page.count("正在考的") == 1
    assert "还没到的" in page
    assert "没发布的" not in page
    clock(NINE + 9 * DAY)
    assert "没有正在进行或即将开始的考试" in plain(as_user("invigilator").get("/"))


def test_who_only_watches_exams_from_above_gets_no_board_and_no_empty_card(as_user, exams, clock):
    clock(NINE)
    supervisor = as_user("supervisor")
    page = supervisor.get("/").text
    assert "正在考的" in page
    assert "没发布的" not in page
    assert "/watch" not in page
    clock(NINE + 9 * DAY)
    assert "全部考试" not in supervisor.get("/").text
    assert "正在考的" not in as_user("foreign_county").get("/").text


def test_competitions_stand_there_with_their_present_step(as_user, city, exams, clock):
    make_competition(
        city, exams["running"], NINE, title="市级大比武", rounds=(NewRound("初赛", exams["running"].exam_id),)
    )
    clock(NINE)
    page = plain(as_user("organiser").get("/"))
    assert "市级大比武" in page
    assert "应考 2 人，已出成绩 1 人" in page
    for username in ("scorer", "auditor", "supervisor"):
        assert "市级大比武" in plain(as_user(username).get("/"))
    assert "市级大比武" not in plain(as_user("foreign_organiser").get("/"))


def test_the_bank_tells_states_empty_topics_and_what_waits(as_user, city):
    fill_bank(single_choice=3)
    with transaction() as session:
        ids = session.scalars(select(ItemRecord.id).order_by(ItemRecord.id)).all()
        session.execute(update(ItemRecord).where(ItemRecord.id == ids[0]).values(state="quarantined"))
        session.execute(update(ItemRecord).where(ItemRecord.id == ids[1]).values(state="in_review"))
    bank, reviewer, author = (plain(as_user(one).get("/")) for one in ("bank", "reviewer", "author"))
    assert "1 道试题因所依据的法律变动被隔离" in bank
    assert "1 道试题等待审核" not in bank
    assert "1 道试题等待审核" in reviewer
    # A changed text of a published item waits for a reviewer as a new item does.
    with transaction() as session:
        values = {"proposed_state": "in_review", "proposed_version_id": ItemRecord.version_id}
        session.execute(update(ItemRecord).where(ItemRecord.id == ids[2]).values(values))
    assert "2 道试题等待审核" in plain(as_user("reviewer").get("/"))
    with transaction() as session:
        session.execute(update(ItemRecord).where(ItemRecord.id == ids[2]).values(proposed_state=None))
    assert CLEAR in author
    for page in (bank, reviewer, author):
        assert "已发布 1 道" in page
        assert re.search(r"\d+ 个专题中有 \d+ 个还没有已发布的试题", page)


def test_the_auditor_sees_both_chains_and_the_last_entries_in_words(as_user, city, app):
    give_hours(city.people["officer"], 2)
    record("grant.given", by=city.people["admin"], target=f"user:{city.people['officer']}", unit_id=city.units["PJ"])
    keys = app.config["SETTINGS"].instance / "keys"
    client = as_user("auditor")
    page = plain(client.get("/"))
    assert "学时台账 已封存 0 条，等待封存 1 条" in page
    assert "授予角色" in page
    assert "用户 张officer" in page
    seal(keys)
    page = plain(client.get("/"))
    assert "学时台账 已封存 1 条，等待封存 0 条 末尾与封存记录一致" in page
    with transaction() as session:
        session.execute(db.text("DELETE FROM hour_entries"))
    assert "学时台账 已封存 0 条，等待封存 0 条 末尾与封存记录不符" in plain(client.get("/"))
    for name in ("heads.json", "hours.key", "audit.key"):
        (keys / name).unlink()


def test_the_administrator_is_told_what_is_out_of_order(as_user, city):
    admin = as_user("admin")
    assert "调度程序没有在运行" in plain(admin.get("/"))
    now = utcnow()
    with transaction() as session:
        session.add(Lease(name="scheduler", holder="host:1", fence=1, until=now + timedelta(minutes=1)))
        session.add(JobRun(job="take_results", started_at=now - 2 * DAY, ended_at=now, state="failed", count=0))
    page = plain(admin.get("/"))
    assert CLEAR in page
    assert "一切正常" in page
    with transaction() as session:
        session.add(JobRun(job="take_results", started_at=now, ended_at=now, state="failed", count=0))
    page = plain(admin.get("/"))
    assert "“更新竞赛名次”近 24 小时失败 1 次" in page
    assert "需要查看" in page


def test_the_supervisor_sees_units_and_people_behind(as_user, city, clock):
    clock(NINE)
    give_hours(city.people["officer"], 60)
    page = plain(as_user("supervisor").get("/"))
    units = page[page.index("落后最多的单位") : page.index("需要督促的人员")]
    assert re.search(r"蓬江区 4 人中 3 人落后.* 新会区 1 人中 1 人落后", units)
    people = page[page.index("需要督促的人员") :]
    assert "张officer2" in people
    assert "张foreign_officer" in people
    assert "新会区" not in plain(as_user("county").get("/"))


def test_a_supervisor_of_two_places_sees_the_people_of_both(as_user, city, clock):
    clock(NINE)
    with transaction() as session:
        session.add(Grant(user_id=city.people["county"], role="supervisor", unit_id=city.units["XH"], granted_at=NINE))
    page = plain(as_user("county").get("/"))
    assert "张foreign_officer" in page
    assert "张officer2" in page
    assert "落后最多的单位" not in page


def test_who_has_nothing_to_do_and_nothing_to_see_reads_the_own_duties(as_user, city):
    with transaction() as session:
        user_id = add_user(session, "marker", city.units["JM-SFJ"], NINE, category="staff")
        session.add(Grant(user_id=user_id, role="marker", unit_id=city.units["JM"], granted_at=NINE))
        city.people["nobody"] = add_user(session, "nobody", city.units["JM-SFJ"], NINE, category="staff")
    city.people["marker"] = user_id
    assert "阅卷人员 · 江门市 评阅分到自己名下的主观题。" in plain(as_user("marker").get("/"))
    assert "还没有授予您任何角色" in plain(as_user("nobody").get("/"))


@pytest.mark.parametrize(
    ("username", "most"),
    [("organiser", 21), ("invigilator", 12), ("supervisor", 22), ("bank", 8), ("auditor", 30), ("admin", 16)],
)
def test_the_statements_of_a_home_page_do_not_grow_with_what_it_shows(
    as_user, city, exams, clock, count_queries, username, most
):
    clock(NINE)
    client = as_user(username)
    make_competition(city, exams["running"], NINE)
    client.get("/")
    with count_queries() as few:
        assert client.get("/").status_code == 200
    for number in range(4):
        made = make_exam(NINE, city.units["JM"], title=f"又一场 {number}")
        add_candidate(made, city.people["officer"])
        make_competition(city, made, NINE, title=f"又一次竞赛 {number}")
        record("unit.closed", by=city.people["admin"], target=f"unit:{city.units['PJ']}", unit_id=city.units["PJ"])
        give_hours(city.people["officer3"], 1)
    with count_queries() as many:
        assert client.get("/").status_code == 200
    assert len(many) == len(few)
    assert len(many) <= most


def test_every_role_of_the_city_has_a_home_in_both_languages(as_user, city, exams, clock):
    clock(NINE)
    for username in city.people:
        client = as_user(username)
        assert client.get("/").status_code == 200, username
        client.set_cookie("locale", "en")
        page = client.get("/")
        assert page.status_code == 200, username
        assert CLEAR not in page.text


def test_only_exams_of_the_own_scope_are_at_hand(as_user, city, exams, clock):
    clock(NINE)
    with transaction() as session:
        session.execute(update(Exam).values(unit_id=city.units["XH"]))
    assert "正在考的" not in as_user("county_organiser").get("/").text
    assert "正在考的" in as_user("foreign_organiser").get("/").text
