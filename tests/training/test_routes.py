"""The class desk over HTTP."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.conftest import NINE
from tests.hours.factories import entries
from tests.training.factories import make_class
from trainer.core.database import db
from trainer.training.models import RollEntry, TrainingClass


@pytest.fixture(autouse=True)
def nine(clock):
    clock(NINE)


def _fields(city, **more):
    return {
        "title": "证据收集培训班",
        "unit_id": str(city.units["PJ-CGJ"]),
        "kind": "enforcement_skill",
        "held_on": "2026-11-20",
        "days": "1",
        "hours": "4",
        "evidence": "签到册 12",
        "present": [str(city.people["officer"])],
        "action": "save",
    } | more


def _row():
    db.session.expire_all()
    return db.session.scalar(select(TrainingClass).order_by(TrainingClass.id.desc()))


@pytest.mark.parametrize("address", ["/training", "/training/new"])
def test_nobody_is_led_to_the_sign_in(client, address):
    answer = client.get(address)
    assert answer.status_code == 302
    assert "/sign-in" in answer.location


@pytest.mark.parametrize("username", ["officer", "supervisor", "auditor", "admin"])
def test_other_roles_have_no_class_desk(as_user, city, username):
    client = as_user(username)
    class_id = make_class(city, state="submitted")
    for address in ("/training", "/training/new", f"/training/{class_id}", f"/training/{class_id}/edit"):
        assert client.get(address).status_code == 403
    assert client.post(f"/training/{class_id}/confirm").status_code == 403


def test_an_empty_desk_offers_the_first_step_to_the_clerk_alone(as_user, city):
    assert "还没有登记培训班" in as_user("clerk").get("/training").text
    assert "/training/new" in as_user("clerk").get("/training").text
    assert "/training/new" not in as_user("head").get("/training").text


def test_a_clerk_enters_a_class_and_the_head_confirms_it(as_user, city):
    clerk, head = as_user("clerk"), as_user("head")
    answer = clerk.post("/training/new", data=_fields(city, action="submit"))
    assert answer.status_code == 303
    row = _row()
    assert (row.state, row.hours, answer.location) == ("submitted", 4, f"/training/{row.id}")
    page = head.get(f"/training/{row.id}").text
    assert "确认并入账" in page
    assert "确认并入账" not in clerk.get(f"/training/{row.id}").text
    assert head.post(f"/training/{row.id}/confirm").status_code == 303
    assert [one.user_id for one in entries()] == [city.people["officer"]]
    assert "已确认" in head.get(f"/training/{row.id}").text


def test_a_wrong_form_keeps_what_was_typed_and_says_it_at_the_field(as_user, city):
    clerk = as_user("clerk")
    answer = clerk.post("/training/new", data=_fields(city, hours="9", title=""))
    assert answer.status_code == 422
    assert "请填写培训班名称。" in answer.text
    assert f'value="{city.people["officer"]}" checked' in answer.text
    answer = clerk.post("/training/new", data=_fields(city, hours="9"))
    assert answer.status_code == 422
    assert "1 天的培训应在 0.5 到 8 学时之间" in answer.text
    assert 'id="hours-error"' in answer.text
    answer = clerk.post("/training/new", data=_fields(city, evidence="", present=[], action="submit"))
    assert answer.status_code == 422
    assert "名册上还没有到课人员。" in answer.text
    assert _row() is None


@pytest.mark.parametrize("value", ["-1", "x", "9" * 30, "1" * 19, "１"])
def test_strange_ids_on_the_roll_are_left_out(as_user, city, value):
    answer = as_user("clerk").post(
        "/training/new", data=_fields(city, present=[value], listed=[value], removed=[value])
    )
    assert answer.status_code == 303
    assert db.session.scalar(select(RollEntry.user_id)) is None


def test_a_form_that_comes_back_tells_nothing_of_people_out_of_scope(as_user, city):
    strangers = [str(city.people[name]) for name in ("foreign_officer", "supervisor")]
    for data in (_fields(city, title="", present=strangers), _fields(city, hours="9", present=strangers)):
        answer = as_user("clerk").post("/training/new", data=data)
        assert answer.status_code == 422
        assert "foreign_officer" not in answer.text
        assert "supervisor" not in answer.text


def test_a_person_can_be_marked_absent_or_removed(as_user, city):
    class_id = make_class(city, "officer", "officer2")
    first, second = str(city.people["officer"]), str(city.people["officer2"])
    data = _fields(city, present=[second], listed=[first, second], removed=[second])
    assert as_user("clerk").post(f"/training/{class_id}/edit", data=data).status_code == 303
    rows = db.session.execute(select(RollEntry.user_id, RollEntry.present)).all()
    assert rows == [(city.people["officer"], False)]


def test_a_foreign_class_is_like_none(as_user, city):
    from tests.hours.factories import person
    from tests.training.factories import entry
    from trainer.accounts.models import Grant
    from trainer.core.database import transaction
    from trainer.training import service
    from trainer.training.service import Roll

    with transaction() as session:
        grant = {"role": "training_clerk", "unit_id": city.units["XH-CGJ"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["foreign_officer"], **grant))
    foreign = person(city, "foreign_officer")
    class_id = service.enter(entry(city, unit_id=city.units["XH-CGJ"]), Roll(), by=foreign, now=NINE)
    clerk, head = as_user("clerk"), as_user("head")
    for number in (class_id, 999_999):
        assert clerk.get(f"/training/{number}").status_code == 404
        assert clerk.get(f"/training/{number}/edit").status_code == 404
        assert clerk.post(f"/training/{number}/submit").status_code == 404
        assert head.post(f"/training/{number}/confirm").status_code == 404
    assert "证据收集培训班" not in clerk.get("/training").text


def test_a_class_in_the_wrong_state_answers_conflict(as_user, city):
    class_id = make_class(city, state="confirmed")
    assert as_user("clerk").get(f"/training/{class_id}/edit").status_code == 409
    assert as_user("head").post(f"/training/{class_id}/confirm").status_code == 409


@pytest.mark.parametrize("query", ["q=%00", "state=%00", "q=%25", "page=9999999999999", "per_page=x"])
def test_odd_arguments_do_no_harm(as_user, city, query):
    assert as_user("clerk").get(f"/training?{query}").status_code == 200


@pytest.mark.parametrize("name", ["title", "evidence", "pasted"])
def test_a_nul_in_a_field_is_refused(as_user, city, name):
    assert as_user("clerk").post("/training/new", data=_fields(city) | {name: "a\x00b"}).status_code == 422


def test_rejecting_wants_a_reason_at_its_field(as_user, city):
    class_id, head = make_class(city, state="submitted"), as_user("head")
    answer = head.post(f"/training/{class_id}/reject", data={"reason": " "})
    assert answer.status_code == 422
    assert 'id="reason-error"' in answer.text
    assert head.post(f"/training/{class_id}/reject", data={"reason": "名册不全"}).status_code == 303
    assert "已退回：名册不全" in as_user("clerk").get(f"/training/{class_id}").text


def test_withdrawing_some_wants_somebody(as_user, city):
    class_id, head = make_class(city, state="confirmed"), as_user("head")
    answer = head.post(f"/training/{class_id}/withdraw", data={"reason": "请假", "whom": "some"})
    assert answer.status_code == 422
    assert "请勾选要撤回学时的人员。" in answer.text
    data = {"reason": "请假", "whom": "some", "people": [str(city.people["officer"])]}
    assert head.post(f"/training/{class_id}/withdraw", data=data).status_code == 303
    assert len(entries()) == 3
    assert head.post(f"/training/{class_id}/withdraw", data={"reason": "重复", "whom": "all"}).status_code == 303
    assert len(entries()) == 4
    assert _row().state == "withdrawn"


def test_submitting_a_thin_draft_says_what_lacks(as_user, city):
    class_id = make_class(city, evidence="")
    answer = as_user("clerk").post(f"/training/{class_id}/submit", follow_redirects=True)
    assert "请写明依据" in answer.text
    assert _row().state == "draft"


def test_the_list_takes_the_same_statements_for_three_classes_and_thirty(as_user, city, count_queries):
    clerk = as_user("clerk")

    def statements(count):
        for _ in range(count):
            make_class(city)
        with count_queries() as seen:
            assert clerk.get("/training").status_code == 200
        return len(seen)

    assert statements(3) == statements(27)


def test_tasks_tell_the_clerk_and_the_head_what_waits(app, as_user, city):
    from tests.hours.factories import person
    from trainer.web.home import tasks_of

    make_class(city, title="一班")
    make_class(city, title="二班", state="submitted")
    make_class(city, title="三班", state="rejected")
    with app.test_request_context():
        clerk = [task.title for task in tasks_of(person(city, "clerk"), NINE) if "培训班" in task.title]
        head = [task.title for task in tasks_of(person(city, "head"), NINE) if "培训班" in task.title]
    assert clerk == ["修改被退回的培训班《三班》", "提交培训班《一班》"]
    assert head == ["确认培训班《二班》"]


def test_a_full_day_is_shown_and_confirmed_only_when_it_was_checked(as_user, city):
    make_class(city, "officer", state="confirmed", hours=Decimal(6), title="“粤执法”平台培训 & 演练")
    class_id = make_class(city, "officer", "officer2", state="submitted")
    head, address = as_user("head"), f"/training/{class_id}/confirm"
    page = head.get(f"/training/{class_id}").text
    assert "有 1 人同一天的学时会超过 8 学时" in page
    assert "张officer：2026年11月20日 已有 《“粤执法”平台培训 &amp; 演练》，加上本班共 10 学时。" in page
    refused = head.post(address, follow_redirects=True)
    assert "请核对后勾选" in refused.text
    assert _row().state == "submitted"
    assert head.post(address, data={"checked": "yes"}).status_code == 303
    assert _row().state == "confirmed"


def test_the_clerk_takes_a_class_back_on_its_page(as_user, city):
    class_id = make_class(city, state="submitted")
    clerk = as_user("clerk")
    assert "撤回修改" in clerk.get(f"/training/{class_id}").text
    assert "撤回修改" not in as_user("head").get(f"/training/{class_id}").text
    answer = clerk.post(f"/training/{class_id}/recall")
    assert (answer.status_code, answer.location) == (303, f"/training/{class_id}/edit")
    assert _row().state == "draft"
    assert clerk.post(f"/training/{class_id}/recall").status_code == 409
    assert as_user("head").post(f"/training/{class_id}/recall").status_code == 403


def test_a_form_tells_everything_that_is_wrong_at_once(as_user, city):
    wrong = _fields(city, held_on="2026-12-01", hours="", evidence="", pasted="nobody", action="submit")
    answer = as_user("clerk").post("/training/new", data=wrong)
    assert answer.status_code == 422
    summary = answer.text.split("data-form-summary>")[1].split("</ul>")[0]
    for said in ("请填写认定学时", "还没有到", "请写明依据", "nobody"):
        assert said in summary
    assert summary.count("认定学时</a>") == 1
