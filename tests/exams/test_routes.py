"""The organiser's pages."""

import io
import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, insert, select

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, person
from tests.exams.test_service import start_attempt
from tests.papers.factories import fill_bank, section
from trainer.accounts.models import Grant
from trainer.attempts.excusing import excuse_candidate
from trainer.attempts.models import Attempt, Response
from trainer.core.database import transaction
from trainer.exams.models import Candidate, Exam
from trainer.exams.routes import LIST_STATES
from trainer.exams.service import release_results
from trainer.marking.models import Result
from trainer.web.home import tasks_of

BEFORE, AFTER = NINE - HOUR, NINE + 3 * HOUR


def typed(**changes):
    """What the builder's page sends."""
    return {
        "title": "春季考试",
        "unit": "JM",
        "opens_at": "2026-11-23T09:00",
        "closes_at": "2026-11-23T11:00",
        "minutes": "60",
        "pass_mark": "2",
        "sections-0-title": "单选题",
        "sections-0-kind": "single_choice",
        "sections-0-count": "2",
        "sections-0-points_each": "1",
        "sections-0-partial_credit": "all_or_nothing",
        "sections-0-wing": "",
        "sections-0-item_ids": "",
        "sections-7-title": "判断题",
        "sections-7-kind": "true_false",
        "sections-7-count": "1",
        "sections-7-points_each": "0.5",
        "sections-7-partial_credit": "all_or_nothing",
        "sections-7-wing": "",
        "sections-7-item_ids": "",
        "draw": "one_paper",
        "forms": "4",
        "attempts": "1",
        "release": "manual",
        "credit_hours": "",
        "seed": "",
        "units": "PJ-CGJ",
        "usernames": "officer3\n",
        "then": "publish",
    } | changes


def settle(exam_id, city, username, score, *, passed=True):
    """Give a candidate a handed-in attempt with a result."""
    user_id = city.people[username]
    start_attempt(exam_id, user_id)
    with transaction() as session:
        attempt = session.scalar(select(Attempt).where(Attempt.exam_id == exam_id, Attempt.user_id == user_id))
        attempt.state, attempt.submitted_at = "submitted", NINE + HOUR
        unit_id = session.scalar(select(Candidate.unit_id).where(Candidate.id == attempt.candidate_id))
        times = {"submitted_at": NINE + HOUR, "settled_at": NINE + HOUR, "seconds_used": 1800}
        points = {"score": Decimal(score), "objective_score": Decimal(score), "max_points": Decimal(3)}
        session.execute(insert(Response).values(attempt_id=attempt.id, number=1, seq=1, answer='"A"', saved_at=NINE))
        session.execute(
            insert(Result).values(
                attempt_id=attempt.id,
                exam_id=exam_id,
                user_id=user_id,
                unit_id=unit_id,
                passed=passed,
                correct_count=2,
                marks=[],
                **times,
                **points,
            )
        )


@pytest.fixture
def bank(app):
    fill_bank(single_choice=6, true_false=3)


def test_an_organiser_builds_and_publishes_an_exam(as_user, session, clock, bank):
    clock(BEFORE)
    answer = as_user("organiser").post("/exams/new", data=typed())
    assert answer.status_code == 302
    exam = session.scalar(select(Exam))
    assert (exam.state, exam.pass_mark, exam.release, exam.shuffle_items) == ("published", Decimal(2), "manual", False)
    assert session.scalar(select(func.count()).select_from(Candidate)) == 3
    page = as_user("organiser").get(answer.location).text
    assert "春季考试" in page
    assert "判断题" in page


def test_a_draft_is_saved_changed_and_published(as_user, session, clock, bank):
    clock(BEFORE)
    organiser = as_user("organiser")
    where = organiser.post("/exams/new", data=typed(then="draft")).location
    page = organiser.get(f"{where}/edit").text
    assert 'value="春季考试"' in page
    assert 'value="2026-11-23T09:00"' in page
    changed = typed(then="draft", title="夏季考试", units="", usernames="")
    assert organiser.post(f"{where}/edit", data=changed).status_code == 302
    assert session.scalar(select(Exam.title)) == "夏季考试"
    assert session.scalar(select(func.count()).select_from(Candidate)) == 3
    session.rollback()
    assert organiser.post(f"{where}/publish").status_code == 303
    assert session.scalar(select(Exam.state)) == "published"
    assert organiser.get(f"{where}/edit").status_code == 302


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": " "}, "考试名称"),
        ({"opens_at": "tomorrow"}, "开考时间"),
        ({"closes_at": "2026-11-23T08:00"}, "截止时间应晚于开考时间。"),
        ({"minutes": "x"}, "答题时长"),
        ({"pass_mark": "9"}, "应在 0 到 2.5 之间。"),
        ({"sections-7-count": "40"}, "还缺 37 道"),
        ({"sections-7-count": ""}, "第 2 大题"),
        ({"sections-7-count": "300"}, "<li>全卷共"),
        ({"sections-0-item_ids": "s-99"}, "s-99"),
        ({"sections-0-title": ""}, "第 1 大题"),
        ({"usernames": "officer3, ghost"}, "ghost"),
        ({"units": "NOWHERE"}, "NOWHERE"),
        ({"release": "never"}, "成绩公布"),
    ],
)
def test_an_error_is_told_and_what_was_typed_is_kept(as_user, session, clock, bank, change, words):
    clock(BEFORE)
    answer = as_user("organiser").post("/exams/new", data=typed(**change))
    assert answer.status_code == 422
    assert words in answer.text
    assert "data-form-summary" in answer.text
    assert 'value="判断题"' in answer.text
    assert re.search(r'value="PJ-CGJ" checked', answer.text) or "units" in change
    assert session.scalar(select(func.count()).select_from(Exam)) == 0


def test_rules_that_give_the_keys_away_are_told_while_typing_and_before_publishing(as_user, session, clock, bank):
    clock(BEFORE)
    organiser = as_user("organiser")
    rules = {"release": "after_submit", "draw": "one_paper", "forms": "4", "attempts": "3", "credit_hours": "2"}
    told = organiser.post("/exams/supply", json={"sections": [], "rules": rules}).json["warnings"]
    assert len(told) == 2
    assert "可以再答同一套题" in told[0]
    assert "认定的学时会不可信" in told[1]
    for harmless in (
        rules | {"draw": "per_form"},
        {"attempts": "x"},
        rules | {"attempts": "1e999999999", "credit_hours": "-1"},
        None,
        7,
    ):
        assert organiser.post("/exams/supply", json={"sections": [], "rules": harmless}).json["warnings"] == []
    where = organiser.post("/exams/new", data=typed(then="draft", **rules)).location
    page = organiser.get(where).text
    assert page.count("可以再答同一套题") == 2
    assert re.search(r'data-confirm="[^"]*名考生会收到通知。[^"]*可以再答同一套题', page)


def test_a_published_exam_waits_for_its_opening_and_is_not_called_under_way(as_user, city, clock):
    clock(BEFORE)
    exam_id = make_exam(city)
    page = as_user("organiser").get(f"/exams/{exam_id}").text
    assert "已发布，等待开考" in page
    assert "（正在进行）" not in page
    clock(NINE)
    page = as_user("organiser").get(f"/exams/{exam_id}").text
    assert "已发布，等待开考" not in page
    assert "（正在进行）" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shuffle_options": True}, "试卷封存码（同一套题，3 种顺序）"),
        ({}, "试卷封存码（1 套）"),
        ({"draw": "per_form", "forms": 2}, "试卷封存码（2 套）"),
    ],
)
def test_orders_of_one_draw_are_not_called_papers(as_user, city, clock, change, words):
    clock(BEFORE)
    exam_id = make_exam(city, usernames=("officer3",), **change)
    assert words in as_user("organiser").get(f"/exams/{exam_id}").text


@pytest.mark.parametrize(
    ("units", "usernames", "people"),
    [
        ([], "", 0),
        (["PJ-CGJ"], "", 2),
        (["PJ", "PJ-CGJ"], "", 4),
        (["PJ-CGJ"], "officer3\nofficer", 3),
        ([], "officer3 OFFICER3 ghost organiser", 1),
        (["NOWHERE", 7], None, 0),
    ],
)
def test_people_are_counted_while_they_are_named(as_user, city, session, units, usernames, people):
    told = as_user("organiser").post("/exams/naming", json={"units": units, "usernames": usernames}).json
    assert told == {"people": people, "text": f"将列入 {people} 人"}


def test_people_are_counted_only_in_ones_scope_and_by_few_statements(as_user, client, count_queries):
    wanted = {"units": ["PJ-CGJ"], "usernames": "officer3"}
    assert client.post("/exams/naming", json=wanted).status_code in (302, 401, 403)
    assert as_user("officer").post("/exams/naming", json=wanted).status_code == 403
    assert as_user("foreign_organiser").post("/exams/naming", json=wanted).json["people"] == 0
    organiser = as_user("organiser")
    organiser.post("/exams/naming", json=wanted)
    with count_queries() as seen:
        organiser.post("/exams/naming", json=wanted)
    assert len(seen) <= 6
    for nonsense in ([], {"units": "x", "usernames": []}, {"usernames": "\x00"}):
        assert organiser.post("/exams/naming", json=nonsense).json["people"] == 0


def test_a_draft_that_cannot_be_published_is_saved_and_the_page_says_so(as_user, session, clock, bank):
    clock(BEFORE)
    organiser = as_user("organiser")
    where = organiser.post("/exams/new", data=typed(then="draft")).location
    answer = organiser.post(f"{where}/edit", data=typed(title="夏季考试", **{"sections-7-count": "40"}))
    assert answer.status_code == 422
    assert "草稿已保存，未发布" in answer.text
    assert "还缺 37 道" in answer.text
    assert "还没有保存" not in answer.text
    assert session.execute(select(Exam.title, Exam.state)).one() == ("夏季考试", "draft")
    session.rollback()
    answer = organiser.post(f"{where}/edit", data=typed(title="秋季考试", usernames="ghost"))
    assert "还没有保存" in answer.text
    assert session.scalar(select(Exam.title)) == "夏季考试"


def test_a_past_date_is_told_together_with_wrong_usernames(as_user, clock, bank):
    clock(AFTER)
    answer = as_user("organiser").post("/exams/new", data=typed(usernames="ghost"))
    assert "ghost" in answer.text
    assert "截止时间" in re.search(r"data-form-summary.*?</div>", answer.text, re.S)[0]


def test_what_is_missing_is_said_by_the_site_and_not_by_the_browser(as_user, clock, bank):
    clock(BEFORE)
    page = as_user("organiser").get("/exams/new").text
    assert re.search(r"<form[^>]* novalidate[^>]* data-builder", page)
    answer = as_user("organiser").post("/exams/new", data=typed(**{"sections-0-title": ""}))
    assert re.search(r'id="sections-0-title-error">.*?<span>[^<]*[填必]', answer.text, re.S)


def test_no_section_at_all_is_told(as_user, clock, bank):
    clock(BEFORE)
    nothing = {name: value for name, value in typed().items() if not name.startswith("sections")}
    answer = as_user("organiser").post("/exams/new", data=nothing)
    assert answer.status_code == 422
    assert "至少要有一个大题" in answer.text


PAGES = ["/exams", "/exams/new", "/exams/{}", "/exams/{}/candidates"]


@pytest.mark.parametrize("path", PAGES)
def test_nobody_is_sent_to_sign_in(client, city, path):
    assert client.get(path.format(make_exam(city))).status_code == 302


@pytest.mark.parametrize(
    ("who", "statuses"),
    [
        ("organiser", [200, 200, 200, 200]),
        ("examiner", [200, 200, 200, 200]),
        ("supervisor", [200, 403, 200, 200]),
        ("county_organiser", [200, 200, 404, 404]),
        ("foreign_organiser", [200, 200, 404, 404]),
        ("officer", [403, 403, 403, 403]),
        ("author", [403, 403, 403, 403]),
    ],
)
def test_pages_are_for_their_readers(as_user, city, who, statuses):
    exam_id = make_exam(city)
    client = as_user(who)
    assert [client.get(path.format(exam_id)).status_code for path in PAGES] == statuses


@pytest.mark.parametrize("action", ["publish", "release", "cancel", "extend", "candidates", "edit"])
def test_changing_is_for_who_manages_it(as_user, city, session, action):
    exam_id = make_exam(city, publish=False)
    data = typed() | {"closes_at": "2026-11-24T09:00"}
    for who, status in (("supervisor", 403), ("officer", 403), ("foreign_organiser", 404), ("county_organiser", 404)):
        assert as_user(who).post(f"/exams/{exam_id}/{action}", data=data).status_code == status
    assert session.scalar(select(Exam.state)) == "draft"


def test_a_list_costs_the_same_however_long(as_user, city, count_queries):
    organiser = as_user("organiser")
    make_exam(city)
    with count_queries() as few:
        organiser.get("/exams")
    for _ in range(5):
        make_exam(city)
    with count_queries() as many:
        assert organiser.get("/exams").status_code == 200
    assert len(many) == len(few) <= 10


def test_the_list_is_filtered(as_user, city, clock):
    make_exam(city, title="春季考试")
    make_exam(city, title="夏季草稿", publish=False)
    clock(NINE)
    organiser = as_user("organiser")
    assert "夏季草稿" not in organiser.get("/exams?state=open").text
    assert "春季考试" not in organiser.get("/exams?words=夏季").text
    assert "没有符合条件的考试" in organiser.get("/exams?state=closed").text
    assert "夏季草稿" in organiser.get("/exams?state=draft").text


@pytest.mark.parametrize(
    ("change", "extra", "at", "state"),
    [
        ({"release": "after_close"}, 0, timedelta(hours=2, seconds=10), "released"),
        ({"release": "after_close"}, 0, timedelta(hours=2, seconds=9), "closed"),
        ({"release": "after_close"}, 300, timedelta(hours=7), "closed"),
        ({"release": "after_close"}, 300, timedelta(hours=7, seconds=10), "released"),
        ({"release": "manual"}, 0, timedelta(hours=7), "closed"),
        ({"release": "after_submit"}, 0, timedelta(hours=1), "open"),
    ],
)
def test_the_list_is_filtered_by_where_an_exam_stands(as_user, city, clock, change, extra, at, state):
    exam_id = make_exam(city, title="春季考试", **change)
    with transaction() as inner:
        one = inner.scalars(select(Candidate).where(Candidate.exam_id == exam_id)).first()
        one.extra_minutes = extra
    clock(NINE + at)
    organiser = as_user("organiser")
    there = [one for one in LIST_STATES if one and "春季考试" in organiser.get(f"/exams?state={one}").text]
    assert there == [state]
    if change["release"] == "manual":
        release_results(exam_id, by=person(city, "organiser"), now=NINE + at)
        assert "春季考试" in organiser.get("/exams?state=released").text
        assert "春季考试" not in organiser.get("/exams?state=closed").text


def test_figures_lead_to_the_people_behind_them(as_user, city, clock):
    exam_id = make_exam(city, usernames=("officer3", "officer4"))
    settle(exam_id, city, "officer", "2")
    start_attempt(exam_id, city.people["officer2"])
    excuse_candidate(exam_id, city.people["officer4"], "exempt", by=person(city, "organiser"))
    clock(NINE + HOUR)
    organiser = as_user("organiser")
    page = organiser.get(f"/exams/{exam_id}").text
    shown = [int(one) for one in re.findall(r'figure-value num">(\d+)<', page)]
    assert shown == [3, 2, 1, 1]
    for state, number in [
        ("due", 3),
        ("started", 2),
        ("saved", 1),
        ("submitted", 1),
        ("not_started", 1),
        ("excused", 1),
    ]:
        listed = organiser.get(f"/exams/{exam_id}/candidates?state={state}").text
        assert listed.count("cell-title") == number
    one_unit = organiser.get(f"/exams/{exam_id}/candidates?unit={city.units['PJ-SCJ']}").text
    assert one_unit.count("cell-title") == 1
    assert organiser.get(f"/exams/{exam_id}/candidates?words=officer2").text.count("cell-title") == 1


def test_candidates_are_added_excused_and_removed_on_the_page(as_user, session, city, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")
    data = {"units": "PJ-BS", "usernames": "officer3"}
    assert organiser.post(f"/exams/{exam_id}/candidates", data=data).status_code == 303
    assert session.scalar(select(func.count()).select_from(Candidate)) == 4
    session.rollback()
    assert (
        "没有用户名为“ghost”的人员"
        in organiser.post(f"/exams/{exam_id}/candidates", data={"usernames": "ghost"}, follow_redirects=True).text
    )
    user_id = city.people["officer3"]
    for state, left in [("deferred", 4), ("due", 4), ("removed", 3)]:
        answer = organiser.post(f"/exams/{exam_id}/candidates/{user_id}", data={"state": state})
        assert answer.status_code == 303
        assert session.scalar(select(func.count()).select_from(Candidate)) == left
        session.rollback()


def test_results_are_released_and_exported(app, as_user, city, clock):
    exam_id = make_exam(city, release="manual", usernames=("officer3",), pass_mark=Decimal("2"))
    settle(exam_id, city, "officer", "2.50")
    settle(exam_id, city, "officer2", "1", passed=False)
    organiser = as_user("organiser")
    clock(AFTER)
    assert organiser.get(f"/exams/{exam_id}/results.xlsx").status_code == 403
    page = organiser.get(f"/exams/{exam_id}").text
    assert "公布成绩" in page
    assert "随机种子：seed" in page
    assert "平均分" not in page
    with app.test_request_context():
        waiting = tasks_of(person(city, "organiser"), AFTER)
    assert [task.title for task in waiting if task.url == f"/exams/{exam_id}"] == ["公布《执法资格考试》的成绩"]
    assert organiser.post(f"/exams/{exam_id}/release").status_code == 303
    page = organiser.get(f"/exams/{exam_id}").text
    # Of so few people a mean tells the score of a known person.
    assert ">1.75<" not in page
    assert "不足 5 人有成绩的单位，不单独显示合格人数和平均分" in page
    assert "下载核对脚本" in page
    book = organiser.get(f"/exams/{exam_id}/results.xlsx")
    rows = list(load_workbook(io.BytesIO(book.data)).active.values)[2:]
    assert [(row[1], *row[4:7]) for row in rows] == [
        ("officer", "已交卷", 2.5, "合格"),
        ("officer2", "已交卷", 1, "不合格"),
        ("officer3", "缺考", None, None),
    ]
    assert as_user("supervisor").get(f"/exams/{exam_id}/results.xlsx").status_code == 200
    assert as_user("foreign_county").get(f"/exams/{exam_id}/results.xlsx").status_code == 404
    assert as_user("invigilator").get(f"/exams/{exam_id}/results.xlsx").status_code == 403


def test_the_close_is_moved_on_the_page(as_user, city, clock):
    exam_id = make_exam(city)
    clock(NINE)
    organiser = as_user("organiser")
    told = organiser.post(f"/exams/{exam_id}/extend", data={"closes_at": "2026-11-23T12:30"}, follow_redirects=True)
    assert "截止时间已改为 2026年11月23日 12:30" in told.text
    told = organiser.post(f"/exams/{exam_id}/extend", data={"closes_at": "2026-11-23T12:00"}, follow_redirects=True)
    assert "只能推后" in told.text
    assert organiser.post(f"/exams/{exam_id}/extend", data={"closes_at": "?"}).status_code == 303


def test_who_invigilates_finds_the_board_while_the_exam_is_open(as_user, city, clock):
    exam_id = make_exam(city)
    clock(NINE)
    assert f"/exams/{exam_id}/watch" in as_user("invigilator").get(f"/exams/{exam_id}").text
    assert f"/exams/{exam_id}/watch" not in as_user("supervisor").get(f"/exams/{exam_id}").text
    clock(AFTER)
    assert f"/exams/{exam_id}/watch" not in as_user("invigilator").get(f"/exams/{exam_id}").text


def test_a_draft_that_the_bank_cannot_fill_shows_what_is_missing(as_user, city, clock):
    clock(BEFORE)
    exam_id = make_exam(city, publish=False, sections=(section(count=9),))
    organiser = as_user("organiser")
    assert "缺 3 道" in organiser.get(f"/exams/{exam_id}").text
    assert "还缺 3 道" in organiser.post(f"/exams/{exam_id}/publish", follow_redirects=True).text


def test_odd_numbers_and_signs_are_refused_and_not_a_defect(city, as_user):
    organiser = as_user("organiser")
    fill_bank(single_choice=4)
    page = organiser.post("/exams/new", data=typed(pass_mark="1e50", **{"sections-0-count": "0"}))
    assert page.status_code == 422
    for code in ("made\x00", "made\ud800"):
        rows = [{"title": "一", "kind": "single_choice", "count": "1", "points_each": "1", "item_ids": code}]
        told = organiser.post("/exams/supply", data=json.dumps({"sections": rows}), content_type="application/json")
        assert told.status_code == 200
    named = organiser.post("/exams/new", data=typed(usernames="officer\x00", units="PJ\x00"))
    assert named.status_code == 422
    assert organiser.get(f"/exams/{make_exam(city)}/candidates?unit={10**20}").status_code == 404


def test_results_are_exported_only_where_one_may_export(city, as_user, clock):
    clock(NINE)
    exam_id = make_exam(city, units=(), usernames=("officer",))
    with transaction() as session:
        where = {"role": "training_clerk", "unit_id": city.units["PJ-CGJ"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["invigilator"], **where))
    clock(NINE + 3 * HOUR)
    assert as_user("organiser").get(f"/exams/{exam_id}/results.xlsx").status_code == 200
    invigilator = as_user("invigilator")
    assert "results.xlsx" not in invigilator.get(f"/exams/{exam_id}").text
    assert invigilator.get(f"/exams/{exam_id}/results.xlsx").status_code == 404


def test_publishing_with_nobody_named_is_warned_of_in_the_question(as_user, city, clock):
    clock(NINE - HOUR)
    exam_id = make_exam(city, publish=False, units=())
    organiser = as_user("organiser")
    for address in (f"/exams/{exam_id}", f"/exams/{exam_id}/edit"):
        assert "还没有列入考生，发布后没有人能参加" in organiser.get(address).text
    somebody = make_exam(city, publish=False, items=0, title="有考生")
    assert "2 名考生会收到通知" in organiser.get(f"/exams/{somebody}").text
