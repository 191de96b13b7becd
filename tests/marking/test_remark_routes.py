"""The pages on which one answer is judged anew, and the same over the API."""

from decimal import Decimal

import pytest

from tests.conftest import NINE
from tests.marking.factories import AFTER, make_judged, person, points, propose_anew, repair, result_of
from trainer.accounts.models import Grant
from trainer.core.database import transaction
from trainer.marking.appealing import lodge
from trainer.marking.remarking import RemarkSpec, propose_remark

API = "/api/v1"
ANEW = {"lines-0": "4", "lines-1": "2", "comment": "要点齐全", "reason": "第二点已经写出"}


@pytest.fixture
def waiting(city, clock):
    made = make_judged(city, credit_hours=Decimal(2))
    clock(AFTER)
    return made


@pytest.fixture
def appeal_id(city, waiting):
    return lodge(waiting.attempts["officer"], 2, "第二点我写了", by=person(city, "officer"), now=AFTER)


def test_an_answer_is_judged_anew_from_the_pages_alone(as_user, waiting, appeal_id):
    examiner, organiser, officer = as_user("examiner"), as_user("organiser"), as_user("officer")
    url = f"/appeals/{appeal_id}/remark"
    assert url in examiner.get(f"/exams/{waiting.exam_id}/repairs").text
    page = examiner.get(url).text
    for told in ("officer 的第 0 答", "第二点我写了", "原给 2 分", "也可以降低得分", 'value="2"'):
        assert told in page
    # The answer names its writer in this test, the page does not.
    assert "张officer" not in page
    seen = examiner.post(url, data=ANEW | {"look": "1"}).text
    for told in ("影响预览", "8 分", "不合格", "+2"):
        assert told in seen
    assert "张officer" not in seen
    fragment = examiner.post(f"{url}/look", data=ANEW | {"lines-0": "0", "lines-1": "0"})
    assert (fragment.status_code, "<html" in fragment.text) == (200, False)
    assert "会降低这位考生的得分" in fragment.text
    assert result_of(waiting.attempts["officer"]).score == Decimal("5.00")
    answer = examiner.post(url, data=ANEW)
    assert answer.status_code == 303
    own = examiner.get(answer.location).text
    assert ("由您提出" in own, "签发并公布" in own, "张officer" in own) == (True, False, False)
    assert examiner.get(url).status_code == 303
    other = organiser.get(answer.location).text
    for told in ("签发并公布", "officer 的第 0 答", "要点齐全", "第二点我写了"):
        assert told in other
    for told in ("更正已签发，1 份成绩有变化", "此前已经签发"):
        assert organiser.post(f"{answer.location}/sign").status_code == 303
        assert told in organiser.get(answer.location).text
    result = officer.get(f"/attempts/{waiting.attempts['officer']}/result").text
    for told in ("改判", "由 3 分改为 6 分", "要点齐全", "第二点已经写出", "更正前得 5 分，不合格", "4、2", "已改判"):
        assert told in result
    assert "由 3 分改判为 6 分" in officer.get("/notices").text
    others = as_user("officer2").get(f"/attempts/{waiting.attempts['officer2']}/result").text
    assert "第二点已经写出" not in others
    assert "改判" in examiner.get(f"/exams/{waiting.exam_id}/repairs").text


def test_what_was_typed_wrongly_stays_on_the_page_with_what_is_wrong(as_user, appeal_id):
    examiner, url = as_user("examiner"), f"/appeals/{appeal_id}/remark"
    for change, told in (
        ({"lines-0": ""}, "请填写这一项"),
        ({"lines-0": "四"}, "格式不正确"),
        ({"lines-0": "4.5"}, "4"),
        ({"lines-0": "2", "lines-1": "1"}, "维持原判时请驳回申诉"),
        ({"reason": " "}, "请填写这一项"),
    ):
        answer = examiner.post(url, data=ANEW | change)
        assert (answer.status_code, told in answer.text) == (422, True), change
        assert "要点齐全" in answer.text
    look = examiner.post(f"{url}/look", data=ANEW | {"lines-1": "9"})
    assert (look.status_code, "<html" in look.text) == (422, False)


def test_only_an_answer_that_a_person_marked_and_nobody_decided_for_all_is_offered(city, as_user, waiting, appeal_id):
    other = lodge(waiting.attempts["officer"], 1, "判断有误", by=person(city, "officer"), now=AFTER)
    examiner = as_user("examiner")
    page = examiner.get(f"/exams/{waiting.exam_id}/repairs").text
    assert (f"/appeals/{appeal_id}/remark" in page, f"/appeals/{other}/remark" in page) == (True, False)
    assert examiner.get(f"/appeals/{other}/remark").status_code == 409
    repair(city, waiting.exam_id, 2, "full_marks")
    assert f"/appeals/{appeal_id}/remark" not in examiner.get(f"/exams/{waiting.exam_id}/repairs").text
    refused = examiner.post(f"/appeals/{appeal_id}/remark", data=ANEW)
    assert (refused.status_code, "已经作废或全体满分" in refused.text) == (422, True)
    assert examiner.get(f"/appeals/{appeal_id + 99}/remark").status_code == 404


def test_a_marker_and_another_unit_do_not_see_the_answer(city, as_user, waiting, appeal_id):
    with transaction() as session:
        row = {"role": "exam_officer", "unit_id": city.units["JM"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["marker1"], **row))
    body = {"lines": ["4", "2"], "reason": "x"}
    for name, status in (("county_organiser", 404), ("marker1", 403)):
        caller = as_user(name)
        assert caller.get(f"/appeals/{appeal_id}/remark").status_code == status
        for url in (f"/appeals/{appeal_id}/remark", f"/appeals/{appeal_id}/remark/look"):
            assert caller.post(url, data=ANEW).status_code == status
        assert caller.get(f"{API}/appeals/{appeal_id}/answer").status_code == status
        assert (
            caller.post(f"{API}/appeals/{appeal_id}/remark/preview", json={"lines": ["4", "2"]}).status_code == status
        )
        assert caller.post(f"{API}/appeals/{appeal_id}/remark", json=body).status_code == status
    repair_id = propose_remark(appeal_id, RemarkSpec(points("4", "2"), "", "x"), by=person(city, "examiner"), now=AFTER)
    stranger = as_user("county_organiser")
    assert stranger.get(f"/repairs/{repair_id}").status_code == 404
    assert stranger.post(f"/repairs/{repair_id}/sign").status_code == 404
    # A marker is told why and signs nothing.
    marker = as_user("marker1")
    marker.post(f"/repairs/{repair_id}/sign")
    assert "您评阅过申诉所涉的答题" in marker.get(f"/repairs/{repair_id}").text
    assert result_of(waiting.attempts["officer"]).score == Decimal("5.00")


def test_the_whole_path_over_the_api(as_user, waiting, appeal_id):
    examiner, organiser, officer = as_user("examiner"), as_user("organiser"), as_user("officer")
    (open_one,) = examiner.get(f"{API}/exams/{waiting.exam_id}/appeals").json["items"]
    assert (open_one["id"], open_one["by_person"]) == (str(appeal_id), True)
    url = f"{API}/appeals/{appeal_id}"
    shown = examiner.get(f"{url}/answer").json
    assert (shown["answer"], shown["points"], shown["given"]) == ("officer 的第 0 答", "3.00", [["2.00", "1.00"]])
    assert [one["max_points"] for one in shown["item"]["lines"]] == ["4.00", "2.00"]
    (effect,) = examiner.post(f"{url}/remark/preview", json={"lines": ["4", "2"]}).json["effects"]
    assert (effect["score_before"], effect["score_after"], effect["hours"]) == ("5.00", "8.00", "2.00")
    assert (effect["passed_before"], effect["passed_after"]) == (False, True)
    assert examiner.post(f"{url}/remark/preview", json={"lines": ["2", "1"]}).status_code == 422
    assert examiner.post(f"{url}/remark", json={"lines": ["4", "1e9"], "reason": "x"}).status_code == 422
    body = {"lines": ["4", "2"], "comment": "要点齐全", "reason": "第二点已经写出"}
    made = examiner.post(f"{url}/remark", json=body)
    assert (made.status_code, made.json["remedy"], made.json["lines"]) == (201, "remark", ["4.00", "2.00"])
    assert examiner.post(f"{url}/remark", json=body).json["id"] == made.json["id"]
    assert organiser.post(f"{url}/remark", json=body).json["code"] == "repair_is_open"
    assert examiner.post(f"{API}/repairs/{made.json['id']}/sign").json["code"] == "signer_is_proposer"
    for _time in range(2):
        signed = organiser.post(f"{API}/repairs/{made.json['id']}/sign")
        assert (signed.status_code, signed.json["number"], signed.json["changed"]) == (200, 1, 1)
    result = officer.get(f"{API}/attempts/{waiting.attempts['officer']}/result").json
    anew = result["items"][1]["remark"]
    assert (result["score"], anew["before"], anew["points"], anew["comment"]) == ("8.00", "3.00", "6.00", "要点齐全")
    assert [one["remedy"] for one in result["earlier"]] == ["remark"]
    assert officer.get(f"{API}/attempts/{waiting.attempts['officer']}/appeals").json["items"][0]["state"] == "upheld"


def test_withdrawing_lets_the_appeal_wait_again(city, as_user, waiting):
    repair_id, appeal_id = propose_anew(city, waiting.attempts["officer"], "4", "2")
    examiner = as_user("examiner")
    examiner.post(f"/repairs/{repair_id}/withdraw")
    assert examiner.get(f"/appeals/{appeal_id}/remark").status_code == 200
