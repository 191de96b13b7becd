"""The dialogs on the pages about candidates and sittings: a refusal keeps what was typed and stands at its field."""

import re

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam
from tests.exams.test_routes import typed
from tests.exams.test_sittings import BEFORE, MINUTE, add, begin, seat_of, sitting_form
from trainer.audit.models import Entry
from trainer.core.database import db
from trainer.exams.models import Candidate
from trainer.exams.rules import SITTINGS_MOST
from trainer.notices.models import Notice

SHIFTED = {"usernames": "officer", "opens_at": "2026-11-23T10:00", "reason": "外县"}


def opened(page):
    """Return the dialog that stands open, as (name, its text); exactly one does."""
    ((name, inside),) = re.findall(r'<dialog class="ask ask-wide" id="(\w+)"[^>]* open>(.*?)</dialog>', page, re.S)
    return name, inside


def error_at(inside, field):
    """Return what is told at a field."""
    found = re.search(rf'id="{field}-error">.*?<span>(.*?)</span></p>', inside, re.S)
    return found and found[1]


def stored():
    """Return what a refusal must leave as it is."""
    db.session.rollback()
    return (
        db.session.scalar(select(func.count()).select_from(Entry)),
        db.session.scalar(select(func.count()).select_from(Notice)),
        db.session.execute(
            select(Candidate.user_id, Candidate.state, Candidate.shift_minutes, Candidate.extra_minutes)
        ).all(),
    )


@pytest.mark.parametrize(
    ("dialog", "sent", "field", "told"),
    [
        ("states", {"usernames": "", "state": "exempt", "reason": "退休"}, "usernames", ""),
        ("states", {"usernames": "，；", "state": "exempt", "reason": "退休"}, "usernames", "请填写考生用户名。"),
        ("states", {"usernames": "officer", "state": "exempt", "reason": ""}, "reason", "请写明理由。"),
        ("states", {"usernames": "officer", "state": "ill", "reason": "病假"}, "state", ""),
        (
            "states",
            {"usernames": "officer\nghost", "state": "exempt", "reason": "退休"},
            "usernames",
            "“ghost”不在考生名单中。",
        ),
        ("shift", SHIFTED | {"reason": ""}, "reason", "请写明理由。"),
        ("shift", SHIFTED | {"reason": "长" * 201}, "reason", ""),
        ("shift", SHIFTED | {"usernames": "ghost"}, "usernames", "“ghost”不在考生名单中。"),
        ("shift", SHIFTED | {"opens_at": "tomorrow"}, "opens_at", ""),
        ("shift", SHIFTED | {"opens_at": "2026-11-23T08:00"}, "opens_at", "个人开考时间要在本场开考之后"),
        ("shift", SHIFTED | {"opens_at": ""}, "opens_at", "请填写个人开考时间。"),
        ("minutes", {"usernames": "officer", "minutes": "10", "reason": ""}, "reason", "请写明理由。"),
        ("minutes", {"usernames": "officer", "minutes": "", "reason": "断电"}, "minutes", ""),
        ("minutes", {"usernames": "officer", "minutes": "121", "reason": "断电"}, "minutes", "120"),
        ("minutes", {"usernames": "officer", "minutes": "0", "reason": "断电"}, "minutes", "请填写要延长的分钟数。"),
        (
            "minutes",
            {"usernames": "ghost", "minutes": "10", "reason": "断电"},
            "usernames",
            "“ghost”不在考生名单中。",
        ),
    ],
)
def test_a_refused_dialog_stays_open_with_all_that_was_typed(city, as_user, clock, dialog, sent, field, told):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")
    before = stored()
    answer = organiser.post(f"/exams/{exam_id}/candidates/{dialog}", data=sent)
    assert answer.status_code == 422
    name, inside = opened(answer.text)
    assert name == dialog
    found = error_at(inside, f"{dialog}-{field}")
    assert found is not None
    assert told in found
    for one in filter(None, sent.values()):
        assert one in inside or one == "ill"
    assert "alert-success" not in answer.text
    assert stored() == before


def test_all_that_is_wrong_is_told_at_once(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    sent = {"usernames": "ghost", "minutes": "500", "reason": ""}
    inside = opened(as_user("organiser").post(f"/exams/{exam_id}/candidates/minutes", data=sent).text)[1]
    assert [bool(error_at(inside, f"minutes-{one}")) for one in ("usernames", "minutes", "reason")] == [True] * 3


def test_a_person_is_told_to_have_started_at_the_list_of_names(city, as_user, clock):
    exam_id = make_exam(city)
    clock(NINE + MINUTE)
    begin(as_user("officer"), exam_id)
    inside = opened(as_user("organiser").post(f"/exams/{exam_id}/candidates/shift", data=SHIFTED).text)[1]
    assert "已经开始作答，不能再改开考时间" in error_at(inside, "shift-usernames")
    assert "外县" in inside
    excused = {"usernames": "officer", "state": "exempt", "reason": "退休"}
    inside = opened(as_user("organiser").post(f"/exams/{exam_id}/candidates/states", data=excused).text)[1]
    assert "已经开考，不能再登记免考、缓考" in error_at(inside, "states-usernames")


def test_adding_nobody_is_told_at_the_field_and_somebody_known_changes_nothing(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")
    empty = organiser.post(f"/exams/{exam_id}/candidates", data={"usernames": " "})
    assert empty.status_code == 422
    name, inside = opened(empty.text)
    assert (name, error_at(inside, "name-usernames")) == ("name", "请选择单位，或填写考生用户名。")
    known = organiser.post(f"/exams/{exam_id}/candidates", data={"usernames": "officer"}, follow_redirects=True).text
    assert "没有新增：所选的人都已在考生名单中" in known
    assert "alert-success" not in known


def test_many_unknown_names_are_one_sentence_that_counts_them(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")
    names = [f"ghost{n:03}" for n in range(120)]
    sent = {"usernames": "\n".join(["officer3", *names, "auditor"]), "units": "PJ-BS"}
    before = stored()
    answer = organiser.post(f"/exams/{exam_id}/candidates", data=sent)
    assert answer.status_code == 422
    inside = opened(answer.text)[1]
    told = error_at(inside, "name-usernames")
    assert told.startswith("有 120 个用户名没有对应的人员，或不在您的管理范围内：ghost000、")
    assert "ghost009 等。" in told
    assert "ghost010" not in told
    assert "“auditor”" in told
    assert "ghost119" in inside
    assert re.search(r'value="PJ-BS" checked', inside)
    assert "alert-danger" not in answer.text.replace("alert alert-danger form-summary", "")
    assert stored() == before
    listed = {"usernames": "\n".join(names), "minutes": "5", "reason": "断电"}
    inside = opened(organiser.post(f"/exams/{exam_id}/candidates/minutes", data=listed).text)[1]
    assert error_at(inside, "minutes-usernames").startswith("有 120 个用户名不在考生名单中：ghost000、")


def test_the_builder_tells_many_unknown_names_at_once_too(city, as_user, clock):
    clock(BEFORE)
    sent = typed(usernames="officer3\t陈嘉朗\nghost1\t甲\nghost2\t乙")
    answer = as_user("organiser").post("/exams/new", data=sent)
    assert answer.status_code == 422
    assert error_at(answer.text, "usernames") == "有 2 个用户名没有对应的人员，或不在您的管理范围内：ghost1、ghost2。"


@pytest.mark.parametrize("address", ["candidates", "candidates/states", "candidates/shift", "candidates/minutes"])
def test_columns_out_of_a_spreadsheet_may_be_pasted(city, as_user, clock, address):
    exam_id = make_exam(city, usernames=("officer3",))
    clock(BEFORE)
    sent = {
        "usernames": "officer\t陈嘉朗\t城管局\r\nofficer3\t陆文静",
        "state": "deferred",
        "reason": "外县",
        "opens_at": "2026-11-23T10:00",
        "minutes": "5",
    }
    assert as_user("organiser").post(f"/exams/{exam_id}/{address}", data=sent).status_code == 303


def test_what_changes_nobody_is_no_success(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")

    def post(address, **data):
        return organiser.post(f"/exams/{exam_id}/{address}", data=data, follow_redirects=True).text

    assert "已更改 1 人的开考时间" in post("candidates/shift", **SHIFTED)
    again = post("candidates/shift", **SHIFTED)
    assert "没有更改：" in again
    assert "alert-success" not in again
    add(city, exam_id)
    spread = [post("sittings/spread", way="by_unit") for _ in range(2)][1]
    assert "没有人需要重新安排" in spread
    assert "alert-success" not in spread
    seat = seat_of(city, exam_id, "officer2")
    db.session.rollback()
    moved = post("candidates/move", people=city.people["officer2"], sitting=seat)
    assert "没有人需要重新安排" in moved
    assert "alert-success" not in moved


def test_a_refused_move_keeps_the_ticks_the_sitting_and_the_filter(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")
    full = add(city, exam_id, capacity=1)
    address = f"/exams/{exam_id}/candidates/move?words=officer"
    people = [city.people["officer"], city.people["officer2"]]
    answer = organiser.post(address, data={"people": people, "sitting": full})
    assert answer.status_code == 422
    assert "座位不够，还差 1 个。" in answer.text
    assert answer.text.count('form="move" checked') == 2
    assert f'<option value="{full}" selected>' in answer.text[answer.text.index('id="move-to"') :]
    assert 'name="words" type="search" value="officer"' in answer.text
    none = organiser.post(address, data={"sitting": full})
    assert (none.status_code, "请先在名单中勾选考生。" in none.text) == (422, True)
    done = organiser.post(address, data={"people": people[:1], "sitting": full})
    assert done.location == f"/exams/{exam_id}/candidates?words=officer"


@pytest.mark.parametrize("dialog", ["states", "shift", "minutes", "move"])
def test_the_address_of_a_refused_dialog_leads_to_the_list(city, as_user, clock, dialog):
    exam_id = make_exam(city)
    clock(BEFORE)
    answer = as_user("organiser").get(f"/exams/{exam_id}/candidates/{dialog}?page=2&lang=en")
    assert (answer.status_code, answer.location) == (302, f"/exams/{exam_id}/candidates?page=2")


def test_what_was_typed_is_not_lost_when_the_exam_has_ended_meanwhile(city, as_user, clock):
    exam_id = make_exam(city)
    clock(NINE + 3 * HOUR)
    organiser = as_user("organiser")
    for address, name, sent in [
        ("candidates", "name", {"usernames": "officer3"}),
        ("candidates/shift", "shift", SHIFTED),
    ]:
        answer = organiser.post(f"/exams/{exam_id}/{address}", data=sent)
        assert answer.status_code == 422
        found, inside = opened(answer.text)
        assert found == name
        assert sent["usernames"] in inside
        assert "form-summary" in inside


def test_labels_of_the_dialogs_point_at_their_own_fields(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    page = as_user("organiser").get(f"/exams/{exam_id}/candidates").text
    ids = re.findall(r' id="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
    assert set(re.findall(r' for="([^"]+)"', page)) <= set(ids)
    for one in ("states-reason", "shift-reason", "minutes-reason"):
        label = page[page.index(f'for="{one}"') :]
        assert label[: label.index("</label>")].endswith('理由<span class="field-mark" aria-hidden="true">*</span>')


def test_a_refused_sitting_stays_open_and_refused_tickets_keep_the_choice(city, as_user, clock):
    exam_id = make_exam(city)
    empty = add(city, exam_id, room="三号机房")
    for _number in range(SITTINGS_MOST - 2):
        add(city, exam_id)
    clock(BEFORE)
    organiser = as_user("organiser")
    answer = organiser.post(f"/exams/{exam_id}/sittings", data=sitting_form(room="九号机房"))
    assert answer.status_code == 422
    name, inside = opened(answer.text)
    assert name == "add"
    assert "九号机房" in inside
    assert f"最多 {SITTINGS_MOST} 场。" in inside
    unit = str(city.units["PJ-CGJ"])
    answer = organiser.post(f"/exams/{exam_id}/tickets", data={"unit": unit, "sitting": empty})
    assert answer.status_code == 422
    assert "没有可以发准考证的考生。" in answer.text
    assert f'<option value="{unit}" selected>' in answer.text
    assert f'<option value="{empty}" selected>' in answer.text
