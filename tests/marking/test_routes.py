"""The pages of marking: without script, access, what they never show."""

import re

import pytest
from sqlalchemy import select

from tests.conftest import NINE
from tests.marking.factories import (
    AFTER,
    add_markers,
    make_waiting,
    mark_all,
    mark_batch,
    person,
    plan,
    points,
    result_of,
)
from tests.question_bank.samples import KEY_CANARY, NOTE_CANARY, make_item
from trainer.bank.models import ItemVersion
from trainer.core.database import db, transaction
from trainer.marking.allocating import LEASE, claim
from trainer.marking.giving import give
from trainer.marking.models import Mark, MarkingBatch
from trainer.marking.queries.progress import plan_of
from trainer.marking.queries.work import marked_with_medium


@pytest.fixture
def markers(city, clock):
    clock(AFTER)
    return add_markers(city, 3)


def claimed(client, waiting):
    """Claim a batch by the page and return its address."""
    answer = client.post(f"/marking/exams/{waiting.exam_id}/claim", data={"item": ""})
    assert answer.status_code == 303
    return answer.location


def test_a_batch_is_marked_without_script(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    client = as_user("marker1")
    assert "领取一批" in client.get("/marking").text
    batch = claimed(client, waiting)
    assert client.get(batch).location == f"{batch}/1"
    for position in (1, 2, 3):
        page = client.get(f"{batch}/{position}").text
        assert (KEY_CANARY in page, NOTE_CANARY in page) == (True, True)
        answer = client.post(f"{batch}/{position}", data={"lines-0": "3．5", "lines-1": " 1 ", "comment": "好"})
        assert (answer.status_code, answer.location) == (303, f"{batch}/{position + 1}" if position < 3 else batch)
    assert "这一批 3 份都已评完" in client.get(batch).text
    assert {result_of(one).score for one in waiting.attempts.values()} == {2 + 4 + points("0.5")[0]}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"lines-0": "4"}, "请填写这一项"),
        ({"lines-0": "4", "lines-1": "x"}, "格式不正确"),
        ({"lines-0": "5", "lines-1": "0"}, "应在 0 到 4 之间"),
        ({"lines-0": "NaN", "lines-1": "0"}, "应在 0 到"),
        ({"lines-0": "1.001", "lines-1": "0"}, "最多保留两位小数"),
        ({"lines-0": "1", "lines-1": "0", "comment": "长" * 501}, "最多 500 个字符"),
    ],
)
def test_points_that_do_not_fit_come_back_with_a_remark_at_their_line(city, markers, as_user, sent, told):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    client = as_user("marker1")
    answer = client.post(f"{claimed(client, waiting)}/1", data=sent)
    assert answer.status_code == 422
    assert told in answer.text
    assert f'value="{sent["lines-0"]}"' in answer.text
    assert db.session.scalar(select(Mark.points).where(Mark.position == 1)) is None


def test_no_page_and_no_answer_of_the_api_tells_whose_answer_it_is(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    client = as_user("marker1")
    batch = claimed(client, waiting)
    addresses = ("/marking", f"{batch}?all=1", f"{batch}/1", f"/api/v1{batch}", "/api/v1/marking/tasks", "/")
    text = "".join(client.get(address).text for address in addresses)
    people = [f"张{name}" for name in waiting.attempts] + ["蓬江区", "attempt_id", "candidate", "user_id", "task_id"]
    assert [hidden for hidden in people if hidden in text] == []
    for attempt_id in waiting.attempts.values():
        assert not re.search(rf"/attempts/{attempt_id}\b", text)


def test_a_batch_is_seen_by_its_marker_alone(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    batch = claimed(as_user("marker1"), waiting)
    for name, status in (("marker2", 404), ("marker3", 404), ("organiser", 403), ("officer", 403)):
        client = as_user(name)
        for address in (batch, f"{batch}/1", f"/api/v1{batch}"):
            assert client.get(address).status_code == status
        sent = {"lines-0": "1", "lines-1": "1"}
        assert client.post(f"{batch}/1", data=sent).status_code == status
        assert client.post(f"{batch}/give-back").status_code == status
        api = client.put(f"/api/v1{batch}/answers/1", json={"lines": ["1", "1"]})
        assert api.status_code == status
    assert db.session.scalar(select(Mark.points).where(Mark.position == 1)) is None


def test_who_was_not_chosen_sees_nothing_and_claims_nothing(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    client = as_user("marker2")
    assert "没有等您评阅的答题" in client.get("/marking").text
    assert client.post(f"/marking/exams/{waiting.exam_id}/claim").status_code == 404
    assert client.get("/api/v1/marking/tasks").json == {"items": [], "next": None}


def test_before_the_end_of_the_exam_the_rubric_stays_shut(city, markers, as_user, clock):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    clock(NINE)
    client = as_user("marker1")
    page = client.get("/marking").text
    assert "结束后可以开始阅卷" in page
    assert client.post(f"/marking/exams/{waiting.exam_id}/claim").location == "/marking"
    assert "考试到" in client.get("/marking").text


def test_what_others_have_got_meanwhile_is_told_and_not_saved(city, markers, as_user, clock):
    waiting = make_waiting(city, answers=1, officers=("officer",))
    plan(city, waiting.exam_id, markers[:2])
    client = as_user("marker1")
    batch = claimed(client, waiting)
    clock(AFTER + LEASE)
    claimed(as_user("marker2"), waiting)
    answer = client.post(f"{batch}/1", data={"lines-0": "4", "lines-1": "2"})
    assert answer.status_code == 303
    page = client.get(f"{batch}?all=1").text
    assert "这份答题已不在您手上" in page
    assert "这一批已经没有答题在您手上" in page
    assert client.get(f"{batch}/1").status_code == 404


def test_after_the_release_the_page_says_that_marks_stand(city, markers, as_user):
    waiting = make_waiting(city, answers=1, release="after_close", officers=("officer",))
    plan(city, waiting.exam_id, markers[:1])
    client = as_user("marker1")
    batch = claimed(client, waiting)
    client.post(f"{batch}/1", data={"lines-0": "4", "lines-1": "2"})
    answer = client.post(f"{batch}/1", data={"lines-0": "1", "lines-1": "2"})
    assert (answer.status_code, "成绩已经公布，给分不能再改" in answer.text) == (422, True)


# --- the exam officer's pages


def test_the_plan_is_saved_and_shown_and_wrong_ones_come_back(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    client, address = as_user("organiser"), f"/exams/{waiting.exam_id}/marking"
    assert "阅卷安排" in client.get(f"/exams/{waiting.exam_id}").text
    assert "张marker1（江门市司法局）" in client.get(address).text
    sent = {"mode": "double", "tolerance": "1.5", "batch_size": "10", "markers": [city.people["marker1"]]}
    answer = client.post(address, data=sent)
    assert (answer.status_code, "至少选择 2 名阅卷人" in answer.text) == (422, True)
    sent["markers"].append(city.people["marker2"])
    assert client.post(address, data=sent).status_code == 303
    found = plan_of(db.session(), waiting.exam_id)
    assert (found.double, str(found.tolerance), found.batch_size) == (True, "1.50", 10)
    assert sorted(found.markers.values()) == ["张marker1", "张marker2"]
    db.session.rollback()
    assert client.post(address, data={**sent, "batch_size": "x"}).status_code == 422


def test_progress_shows_items_markers_and_differences(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2], double=True)
    address = f"/exams/{waiting.exam_id}/marking"
    assert "两人给分相差超过 1 分的答题要由第三人评定，现在只有两名阅卷人" in as_user("organiser").get(address).text
    mark_all(city, waiting.exam_id, "marker1", "4", "2")
    mark_all(city, waiting.exam_id, "marker2", "1", "0")
    page = as_user("organiser").get(address).text
    assert "请趁早再选一名" not in page
    for told in (
        "张marker1",
        "张marker2",
        "有 3 份答题两人给分相差过大，需要第三名阅卷人",
        "3 份，平均相差 5 分",
        "-5",
    ):
        assert told in page
    assert "张officer" not in page


def test_a_batch_is_reopened_from_its_list(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    client, address = as_user("organiser"), f"/exams/{waiting.exam_id}/marking/batches"
    assert "张marker1" in client.get(address).text
    assert "没有符合条件的批次" in client.get(f"{address}?marker={city.people['marker2']}").text
    client.post(f"{address}/{batch_id}/reopen", data={"to": "others", "reason": ""})
    assert "没有退回：请写明理由" in client.get(address).text
    client.post(f"{address}/{batch_id}/reopen", data={"to": "others", "reason": "偏松"})
    assert "3 份答题将重新评阅" in client.get(address).text
    assert result_of(waiting.attempts["officer"]).unmarked == 1


def test_only_who_runs_the_exam_opens_its_marking(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    base = f"/exams/{waiting.exam_id}/marking"
    for name, status in (("county_organiser", 404), ("foreign_organiser", 404), ("marker1", 403), ("supervisor", 403)):
        client = as_user(name)
        assert client.get(base).status_code == status
        assert client.get(f"{base}/batches").status_code == status
        assert client.post(base, data={"mode": "single", "batch_size": "5"}).status_code == status
        sent = {"to": "same", "reason": "偏松"}
        assert client.post(f"{base}/batches/{batch_id}/reopen", data=sent).status_code == status
    assert result_of(waiting.attempts["officer"]).unmarked == 0


def test_a_batch_of_another_exam_is_not_reopened_through_this_one(city, markers, as_user):
    one, other = make_waiting(city, answers=1), make_waiting(city, answers=1, prefix="other-")
    for waiting in (one, other):
        plan(city, waiting.exam_id, markers[:1])
    batch_id = mark_batch(city, other.exam_id, "marker1", "4", "2")
    address = f"/exams/{one.exam_id}/marking/batches/{batch_id}/reopen"
    assert as_user("organiser").post(address, data={"to": "same", "reason": "偏松"}).status_code == 404


def test_the_home_page_says_what_waits(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    client = as_user("marker1")
    assert "等待评阅 3 份，您手上还有 0 份" in client.get("/").text
    mark_all(city, waiting.exam_id, "marker1", "4", "2")
    assert "评阅《测试考试》" not in client.get("/").text


def test_a_release_is_asked_for_once_everything_is_marked(city, markers, as_user):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    client = as_user("organiser")
    page = client.get("/").text
    assert "还有 3 道答题等待阅卷，阅完后再公布" in page
    assert f'href="/exams/{waiting.exam_id}/marking"' in page
    mark_all(city, waiting.exam_id, "marker1", "4", "2")
    page = client.get("/").text
    assert "等待阅卷，阅完后再公布" not in page
    assert "去公布" in page


def test_whoever_runs_the_exam_is_told_that_nobody_was_chosen_to_mark(city, markers, as_user, clock):
    waiting = make_waiting(city, answers=1)
    client, told = as_user("organiser"), "3 份答题需要人工评阅，还没有选阅卷人"
    assert told in client.get("/").text
    assert told not in as_user("county_organiser").get("/").text
    clock(NINE)
    assert told not in client.get("/").text
    clock(AFTER)
    plan(city, waiting.exam_id, markers[:1])
    assert told not in client.get("/").text


def test_a_picture_of_the_item_is_sent_to_the_marker_who_holds_it(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    by = person(city, "marker1")
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    media = make_item("short_answer", **_rich()).to_dict()
    with transaction() as session:
        version = session.get(ItemVersion, session.get(MarkingBatch, batch_id).item_version_id)
        version.body = media
    assert marked_with_medium(db.session(), by, "a" * 64)
    assert not marked_with_medium(db.session(), by, "f" * 64)
    assert not marked_with_medium(db.session(), person(city, "marker2"), "a" * 64)
    assert not marked_with_medium(db.session(), person(city, "officer"), "a" * 64)


def _rich():
    image = {"name": "scene.png", "sha256": "a" * 64, "type": "image/png", "alt": "现场照片", "bytes": 48213}
    return {"format": "markdown", "media": [image], "stem": "看图作答。\n\n![现场照片](media:scene.png)"}


# --- the API


def test_the_api_lists_claims_marks_and_gives_back(city, markers, as_user):
    waiting = make_waiting(city)
    plan(city, waiting.exam_id, markers[:1], batch_size=2)
    client = as_user("marker1")
    tasks = client.get("/api/v1/marking/tasks").json["items"]
    assert [(one["waiting"], one["given"], one["batch_id"]) for one in tasks] == [(3, 0, None), (3, 0, None)]
    address = f"/api/v1/marking/exams/{waiting.exam_id}/batches"
    batch = client.post(address, json={"item": tasks[1]["item"]}).json
    assert client.post(address, json={"item": tasks[1]["item"]}).json["id"] == batch["id"]
    assert [line["max_points"] for line in batch["item"]["lines"]] == ["4.00", "2.00"]
    assert [one["state"] for one in batch["answers"]] == ["claimed", "claimed"]
    mark = client.put(f"/api/v1/marking/batches/{batch['id']}/answers/1", json={"lines": ["4", "0.5"], "comment": "好"})
    assert (mark.status_code, mark.json["points"]) == (200, "4.50")
    again = client.get(f"/api/v1/marking/batches/{batch['id']}").json["answers"][0]
    assert (again["lines"], again["comment"], again["given_at"]) == (["4.00", "0.50"], "好", mark.json["given_at"])
    wrong = client.put(f"/api/v1/marking/batches/{batch['id']}/answers/1", json={"lines": ["9", "0"]})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "lines.0")
    gone = client.put(f"/api/v1/marking/batches/{batch['id']}/answers/9", json={"lines": ["1", "0"]})
    assert (gone.status_code, gone.json["code"]) == (409, "answer_not_held")
    back = client.post(f"/api/v1/marking/batches/{batch['id']}/give-back")
    assert back.json == {"given_back": 1}
    assert client.post(address, json={"item": "nonsense"}).status_code == 422
    assert client.post(address).status_code == 200


def test_the_api_refuses_with_its_codes(city, markers, as_user, clock):
    waiting = make_waiting(city, answers=1, officers=("officer",))
    plan(city, waiting.exam_id, markers[:1])
    client, address = as_user("marker1"), f"/api/v1/marking/exams/{waiting.exam_id}/batches"
    clock(NINE)
    assert client.post(address, json={}).json["code"] == "marking_not_begun"
    clock(AFTER)
    batch_id = client.post(address, json={}).json["id"]
    by = person(city, "marker1")
    give(int(batch_id), 1, points("1", "1"), "", by=by, now=AFTER)
    assert client.post(address, json={}).json["code"] == "nothing_to_mark"
    assert client.get("/api/v1/marking/batches/987654321").status_code == 404
