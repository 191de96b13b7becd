"""The pages of repairs and appeals, and the same over the API."""

import io
from decimal import Decimal

import pytest
from docx import Document
from sqlalchemy import select

from tests.attempts.factories import RIGHT, make_drawn_exam, make_exam
from tests.conftest import NINE
from tests.marking.factories import AFTER, HOUR, person, place_of_number, propose_repair, repair, result_of, sit
from tests.question_bank.samples import make_item
from trainer.core.database import db
from trainer.exams.models import Exam
from trainer.marking.appealing import lodge
from trainer.marking.models import Repair
from trainer.marking.queries.repairs import place_name
from trainer.papers.rules.blueprint import SectionSpec

API = "/api/v1"
WRONG_ONE = RIGHT | {1: "C"}


def address(exam_id, number=1):
    return f"/exams/{exam_id}/items/{place_name(place_of_number(exam_id, number))}/repair"


def test_a_wrong_key_is_repaired_from_the_pages_alone(city, as_user, exam, attempt):
    examiner, organiser, officer = as_user("examiner"), as_user("organiser"), as_user("officer")
    assert f"/exams/{exam.exam_id}/repairs" in examiner.get(f"/exams/{exam.exam_id}").text
    page = examiner.get(f"/exams/{exam.exam_id}/repairs").text
    assert address(exam.exam_id) in page
    typed = {"remedy": "also_accept", "key": "C", "reason": "第三十六条也可这样理解"}
    seen = examiner.post(address(exam.exam_id), data=typed | {"look": "1"}).text
    assert "影响预览" in seen
    assert "张officer" in seen
    assert result_of(attempt).score == Decimal("8.00")
    answer = examiner.post(address(exam.exam_id), data=typed)
    assert answer.status_code == 303
    assert "由您提出" in examiner.get(answer.location).text
    assert "签发并公布" not in examiner.get(answer.location).text
    assert "签发《测试考试》的试题更正" in organiser.get("/").text
    assert "签发并公布" in organiser.get(answer.location).text
    assert organiser.post(f"{answer.location}/sign").status_code == 303
    assert result_of(attempt).score == Decimal("10.00")
    assert "1 份成绩有变化" in organiser.get(answer.location).text
    assert organiser.post(f"{answer.location}/sign").status_code == 303
    assert "没有变化" in organiser.get(answer.location).text
    result = officer.get(f"/attempts/{attempt}/result").text
    for told in ("成绩更正记录", "更正前得 8 分", "第三十六条也可这样理解", "B，或 C", "本题已更正：增加可接受的答案"):
        assert told in result
    assert "错选" not in result


def test_the_printed_key_says_what_counts_after_repairs(city, as_user, exam, attempt):
    organiser = as_user("organiser")

    def rows():
        typed = {"part": "key", "as": "docx", "form": "1"}
        file = Document(io.BytesIO(organiser.post(f"/exams/{exam.exam_id}/print", data=typed).data))
        return {row.cells[0].text: tuple(cell.text for cell in row.cells[1:]) for row in file.tables[0].rows}

    before = rows()
    repair(city, exam.exam_id, 1, "also_accept", "C")
    repair(city, exam.exam_id, 2, "drop")
    repair(city, exam.exam_id, 3, "full_marks")
    after = rows()
    assert after["1"] == (f"{before['1'][0]}，或 C（已更正）", "2.5")
    assert after["2"] == ("本题作废，不计分", "0")
    assert after["3"] == ("本题更正为全体满分", "2.5")
    assert after["4"] == (before["4"][0], "2.5")


def test_an_appeal_goes_from_the_result_to_its_decision(city, as_user, exam, attempt):
    examiner, officer = as_user("examiner"), as_user("officer")
    officer.get(f"/attempts/{attempt}/result")
    for number in (1, 2):
        answer = officer.post(f"/attempts/{attempt}/items/{number}/appeal", data={"reason": f"第 {number} 题有异议"})
        assert (answer.status_code, answer.location) == (303, f"/attempts/{attempt}/result#item-{number}")
    assert "待处理" in officer.get(f"/attempts/{attempt}/result").text
    assert "2 件申诉等待处理" in examiner.get("/").text
    assert "第 1 题有异议" in examiner.get(f"/appeals?exam={exam.exam_id}").text
    page = examiner.get(f"/exams/{exam.exam_id}/repairs").text
    ids = [part.split('"')[0] for part in page.split('name="appeals" value="')[1:]]
    assert len(ids) == 2
    url = f"/exams/{exam.exam_id}/appeals/reject"
    refused = examiner.post(url, data={"appeals": ids, "answer": "无误"})
    assert (refused.status_code, "一次只能处理针对同一道题的申诉" in refused.text) == (422, True)
    examiner.post(url, data={"appeals": ids[1:], "answer": "按第三十六条应选 AC"})
    told = officer.get(f"/attempts/{attempt}/result").text
    assert "按第三十六条应选 AC" in told
    answer = examiner.post(
        address(exam.exam_id), data={"remedy": "full_marks", "reason": "题干有歧义", "appeals": ids[:1]}
    )
    assert "复核中" in officer.get(f"/attempts/{attempt}/result").text
    as_user("organiser").post(f"{answer.location}/sign")
    told = officer.get(f"/attempts/{attempt}/result").text
    assert "已采纳" in told
    assert "本题全体满分，得 2 分" in told
    assert "已驳回" in examiner.get("/appeals?show=done").text


def test_what_was_typed_wrongly_stays_on_the_page_with_what_is_wrong(as_user, exam, attempt):
    examiner = as_user("examiner")
    for typed, told in (
        ({}, "没有变化|不能提出"),
        ({"remedy": "change_key", "reason": "理由"}, "请按题型把答案填写完整"),
        ({"remedy": "change_key", "key": "B", "reason": "理由"}, "不会带来任何变化"),
        ({"remedy": "drop", "reason": " "}, "请填写这一项"),
    ):
        answer = examiner.post(address(exam.exam_id), data=typed)
        assert answer.status_code == 422
        assert any(one in answer.text for one in told.split("|"))
    look = examiner.post(f"{address(exam.exam_id)}/look", data={"remedy": "change_key", "key": "B"})
    assert (look.status_code, "<html" in look.text) == (422, False)
    look = examiner.post(f"{address(exam.exam_id)}/look", data={"remedy": "drop"})
    assert (look.status_code, "<html" in look.text, "影响预览" in look.text) == (200, False, True)


@pytest.mark.parametrize(
    ("number", "typed"),
    [
        (2, {"key": ["B", "D"]}),
        (3, {"key": "false"}),
        (4, {"key-1": "20\n二十", "key-2": "90"}),
        (5, {"key-1": "A", "key-2": "B", "key-3": "C", "key-4": "D"}),
    ],
)
def test_a_key_of_every_kind_is_typed_without_script(as_user, exam, attempt, number, typed):
    examiner = as_user("examiner")
    assert examiner.get(address(exam.exam_id, number)).status_code == 200
    typed = {"remedy": "change_key", "reason": "核对条文"} | typed
    assert examiner.post(address(exam.exam_id, number), data=typed).status_code == 303


@pytest.mark.parametrize("kind", ["matching", "error_finding", "short_answer", "case_study"])
def test_the_page_of_every_other_kind_opens(city, as_user, clock, kind):
    clock(AFTER)
    one = make_item(kind, id=f"{kind.replace('_', '-')}-repaired-0001")
    section = SectionSpec("题", kind, 1, Decimal(10), item_ids=(one.id,))
    exam = make_drawn_exam(city, NINE, [one], section)
    page = as_user("examiner").get(address(exam.exam_id))
    assert page.status_code == 200
    assert ("新的答案" in page.text) is (kind != "short_answer")


def test_days_for_appeals_are_set_on_the_page(as_user, exam):
    examiner = as_user("examiner")
    assert examiner.post(f"/exams/{exam.exam_id}/repairs/appeal-days", data={"days": "0"}).status_code == 303
    assert db.session.get(Exam, exam.exam_id).appeal_days == 0
    examiner.post(f"/exams/{exam.exam_id}/repairs/appeal-days", data={"days": "99"})
    db.session.expire_all()
    assert db.session.get(Exam, exam.exam_id).appeal_days == 0


def test_another_units_exam_is_not_there(city, as_user, exam, attempt):
    repair_id = propose_repair(city, exam.exam_id, 1, "drop")
    stranger = as_user("county_organiser")
    place = place_name(place_of_number(exam.exam_id, 1))
    for method, url in (
        ("get", f"/exams/{exam.exam_id}/repairs"),
        ("get", address(exam.exam_id)),
        ("post", f"{address(exam.exam_id)}/look"),
        ("get", f"/repairs/{repair_id}"),
        ("post", f"/repairs/{repair_id}/sign"),
        ("post", f"/repairs/{repair_id}/withdraw"),
        ("post", f"/exams/{exam.exam_id}/appeals/reject"),
        ("post", f"/exams/{exam.exam_id}/repairs/appeal-days"),
    ):
        data = {"answer": "x", "appeals": "1", "days": "3", "remedy": "drop"} if method == "post" else None
        assert getattr(stranger, method)(url, **({"data": data} if data else {})).status_code == 404, url
    for method, path, body in (
        ("GET", f"/exams/{exam.exam_id}/items", None),
        ("GET", f"/exams/{exam.exam_id}/repairs", None),
        ("GET", f"/exams/{exam.exam_id}/appeals", None),
        ("POST", f"/exams/{exam.exam_id}/repairs/preview", {"item": place, "remedy": "drop"}),
        ("POST", f"/exams/{exam.exam_id}/repairs", {"item": place, "remedy": "drop", "reason": "x"}),
        ("POST", f"/exams/{exam.exam_id}/appeals/reject", {"appeals": ["1"], "answer": "x"}),
        ("POST", f"/repairs/{repair_id}/sign", None),
        ("POST", f"/repairs/{repair_id}/withdraw", None),
    ):
        assert stranger.open(API + path, method=method, json=body).status_code == 404, path
    assert "测试考试" not in stranger.get("/appeals").text
    other = as_user("officer2")
    assert other.post(f"/attempts/{attempt}/items/1/appeal", data={"reason": "x"}).status_code == 404
    assert other.get(f"{API}/attempts/{attempt}/appeals").status_code == 404


def test_keys_show_nowhere_while_somebody_may_be_writing(city, as_user, clock):
    exam = make_exam(city, NINE, release="after_close")
    clock(NINE + HOUR)
    examiner = as_user("examiner")
    page = examiner.get(f"/exams/{exam.exam_id}/repairs")
    assert (page.status_code, "现在的答案" in page.text) == (200, False)
    assert examiner.get(address(exam.exam_id)).status_code == 409
    assert examiner.get(f"{API}/exams/{exam.exam_id}/items").json["code"] == "repair_too_early"


def test_the_whole_path_over_the_api(city, as_user, exam, attempt):
    examiner, organiser, officer = as_user("examiner"), as_user("organiser"), as_user("officer")
    lodged = officer.post(f"{API}/attempts/{attempt}/items/1/appeal", json={"reason": "C 也对"})
    assert (lodged.status_code, lodged.json["items"][0]["state"]) == (201, "lodged")
    assert lodged.json["open_until"] == "2026-11-26T16:00:00.000Z"
    items = examiner.get(f"{API}/exams/{exam.exam_id}/items").json["items"]
    assert [one["keys"] for one in items][:3] == [["B"], [["A", "C"]], [True]]
    (waiting,) = examiner.get(f"{API}/exams/{exam.exam_id}/appeals", query_string={"item": items[0]["item"]}).json[
        "items"
    ]
    body = {"item": items[0]["item"], "remedy": "also_accept", "answer": "C"}
    seen = examiner.post(f"{API}/exams/{exam.exam_id}/repairs/preview", json=body).json
    assert [(one["score_before"], one["score_after"]) for one in seen["effects"]] == [("8.00", "10.00")]
    body |= {"reason": "两种理解都成立", "appeals": [waiting["id"]]}
    made = examiner.post(f"{API}/exams/{exam.exam_id}/repairs", json=body)
    assert (made.status_code, made.json["state"], made.json["appeals"]) == (201, "proposed", 1)
    refused = examiner.post(f"{API}/repairs/{made.json['id']}/sign")
    assert (refused.status_code, refused.json["code"]) == (403, "signer_is_proposer")
    for _time in range(2):
        signed = organiser.post(f"{API}/repairs/{made.json['id']}/sign")
        assert (signed.status_code, signed.json["number"], signed.json["changed"]) == (200, 1, 1)
    result = officer.get(f"{API}/attempts/{attempt}/result").json
    assert (result["score"], [one["score"] for one in result["earlier"]]) == ("10.00", ["8.00"])
    changes = [{"number": 1, "before": "0.00", "after": "2.00"}]
    assert result["earlier"][0]["changes"] == changes
    candidates = examiner.get(f"{API}/exams/{exam.exam_id}/candidates").json["items"]
    (candidate,) = [one["id"] for one in candidates if one["username"] == "officer"]
    former = f"{API}/exams/{exam.exam_id}/candidates/{candidate}/former-results"
    (told,) = examiner.get(former).json["items"]
    assert (told["attempt_id"], told["score"]) == (str(attempt), "10.00")
    assert [(one["number"], one["score"], one["reason"], one["changes"]) for one in told["earlier"]] == [
        (1, "8.00", "两种理解都成立", changes)
    ]
    assert (officer.get(former).status_code, as_user("clerk").get(former).status_code) == (403, 403)
    assert result["items"][0]["repair"]["also_right"] == ["C"]
    assert officer.get(f"{API}/attempts/{attempt}/appeals").json["items"][0]["state"] == "upheld"
    decided = examiner.get(f"{API}/exams/{exam.exam_id}/appeals", query_string={"state": "decided"}).json["items"]
    assert [one["repair_id"] for one in decided] == [made.json["id"]]


def test_rejecting_and_withdrawing_over_the_api(city, as_user, exam, attempt):
    examiner = as_user("examiner")
    appeal_id = lodge(attempt, 1, "C 也对", by=person(city, "officer"), now=AFTER)
    url = f"{API}/exams/{exam.exam_id}/appeals/reject"
    assert examiner.post(url, json={"appeals": ["x"], "answer": "无误"}).status_code == 422
    assert examiner.post(url, json={"appeals": [str(appeal_id)], "answer": "无误"}).json == {"rejected": 1}
    repair_id = propose_repair(city, exam.exam_id, 1, "drop")
    assert examiner.post(f"{API}/repairs/{repair_id}/withdraw").json["state"] == "withdrawn"
    refused = examiner.post(f"{API}/repairs/{repair_id}/sign")
    assert (refused.status_code, refused.json["code"]) == (409, "repair_closed")
    assert [one["state"] for one in examiner.get(f"{API}/exams/{exam.exam_id}/repairs").json["items"]] == ["withdrawn"]


def test_a_dropped_item_is_told_as_such(city, as_user, exam, attempt):
    repair(city, exam.exam_id, 2, "drop")
    page = as_user("officer").get(f"/attempts/{attempt}/result").text
    assert "本题已作废，不计分" in page
    assert "共 4 题" in page


def test_the_list_of_appeals_asks_the_same_however_many_there_are(city, as_user, exam, attempt, count_queries):
    examiner = as_user("examiner")
    lodge(attempt, 1, "理由", by=person(city, "officer"), now=AFTER)
    with count_queries() as few:
        examiner.get("/appeals")
    for number in (2, 3, 4):
        lodge(attempt, number, "理由", by=person(city, "officer"), now=AFTER)
    with count_queries() as more:
        examiner.get("/appeals")
    assert len(more) == len(few)


def test_a_list_that_stops_before_the_last_appeal_says_so(city, as_user, exam, monkeypatch):
    names = ("officer", "officer2")
    attempts = [sit(city, exam.exam_id, name, WRONG_ONE) for name in names]
    for number, one in enumerate(attempts, 1):
        lodge(one, 1, f"异议{number}", by=person(city, names[number - 1]), now=AFTER)
    examiner = as_user("examiner")
    pages = ("/appeals", f"/exams/{exam.exam_id}/repairs")
    assert all("这里列出" not in examiner.get(one).text for one in pages)
    monkeypatch.setattr("trainer.marking.repair_routes.LISTED", 1)
    for one in pages:
        page = examiner.get(one).text
        assert "这里列出最早的 1 件" in page
        assert ("异议1" in page, "异议2" in page) == (True, False)
    rest = examiner.get(address(exam.exam_id)).text
    assert "异议2" in rest
    for reason in ("看过第一件", "看过第二件"):
        key = examiner.get(f"{API}/exams/{exam.exam_id}/appeals").json["items"][0]["id"]
        data = {"appeals": key, "answer": reason}
        assert examiner.post(f"/exams/{exam.exam_id}/appeals/reject", data=data).status_code == 303
    done = examiner.get("/appeals?show=done").text
    assert "这里列出最近提出的 1 件" in done
    assert ("异议1" in done, "异议2" in done) == (False, True)


def test_what_a_repair_did_item_by_item_is_read_by_the_candidate_and_by_who_runs_the_exam(
    city, as_user, exam, attempt, clock
):
    repair(city, exam.exam_id, 1, "change_key", "C", reason="题干引用的是旧条文")
    repair(city, exam.exam_id, 2, "drop", now=AFTER + HOUR, reason="题干有歧义")
    clock(AFTER + 2 * HOUR)
    shown = as_user("officer").get(f"/attempts/{attempt}/result").text
    assert "第 1 题：由 0 分改为 2 分" in shown
    assert ("第 2 题：由 2 分改为 0 分" in shown, "第 3 题：由 2 分改为 2.5 分" in shown) == (True, True)
    organiser, user_id = as_user("organiser"), city.people["officer"]
    former = f"/exams/{exam.exam_id}/candidates/{user_id}/former-results"
    assert f'href="{former}"' in organiser.get(f"/exams/{exam.exam_id}/candidates").text
    page = organiser.get(former).text
    assert "现在得 10 分" in page
    assert "更正前得 8 分" in page
    assert ("第 1 题 · 改答案" in page, "第 2 题 · 作废本题" in page) == (True, True)
    assert "第 1 题：由 0 分改为 2 分" in page
    repair_id = db.session.scalar(select(Repair.id).order_by(Repair.id).limit(1))
    assert f'href="{former}"' in organiser.get(f"/repairs/{repair_id}").text
    unchanged, stranger = (
        organiser.get(f"/exams/{exam.exam_id}/candidates/{city.people[name]}/former-results")
        for name in ("officer2", "auditor")
    )
    assert ("没有更正过的成绩" in unchanged.text, stranger.status_code) == (True, 404)
    assert as_user("officer").get(former).status_code == 403
