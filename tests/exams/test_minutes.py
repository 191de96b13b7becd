"""Extra minutes for named people: before the exam is published, before it opens and while it runs."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.attempts.test_api import code
from tests.conftest import NINE
from tests.exams.factories import make_exam, person
from tests.exams.test_shifting import candidate_of
from tests.exams.test_sittings import BEFORE, MINUTE, begin
from trainer.attempts.excusing import excuse_candidate
from trainer.attempts.extend import HaveNoTime, MinutesInUse, extend_named
from trainer.audit.models import Entry
from trainer.core.database import db
from trainer.core.errors import Invalid, Missing, Refused
from trainer.exams import service
from trainer.exams.models import Candidate


def give(city, exam_id, minutes, *usernames, reason="视力障碍", now=BEFORE, by="organiser"):
    people = [candidate_of(city, exam_id, one) for one in usernames or ("officer",)]
    return extend_named(exam_id, people, minutes, by=person(city, by), reason=reason, now=now)


def minutes_of(city, exam_id):
    rows = db.session.execute(select(Candidate.user_id, Candidate.extra_minutes).where(Candidate.exam_id == exam_id))
    names = {user_id: name for name, user_id in city.people.items()}
    return {names[user_id]: minutes for user_id, minutes in rows if minutes}


def test_minutes_given_in_a_draft_are_there_when_the_exam_opens(city, as_user, clock):
    exam_id = make_exam(city, publish=False)
    assert give(city, exam_id, 20, "officer", "officer2") == 2
    assert minutes_of(city, exam_id) == {"officer": 20, "officer2": 20}
    db.session.rollback()
    service.publish_exam(exam_id, by=person(city, "organiser"), now=BEFORE)
    clock(NINE)
    assert begin(as_user("officer"), exam_id).json["deadline"] == "2026-11-23T02:20:00.000Z"


def test_minutes_while_it_runs_move_the_deadline_and_each_call_adds(city, as_user, clock):
    exam_id = make_exam(city)
    clock(NINE)
    officer = as_user("officer")
    attempt = begin(officer, exam_id).json["attempt_id"]
    assert [give(city, exam_id, 5, "officer", "officer2", now=NINE) for _ in range(2)] == [2, 2]
    clocked = officer.get(f"/api/v1/attempts/{attempt}/clock").json
    assert clocked["deadline"] == "2026-11-23T02:10:00.000Z"
    entries = db.session.scalars(select(Entry).where(Entry.action == "exam.minutes_granted")).all()
    people = [city.people["officer"], city.people["officer2"]]
    assert [one.detail for one in entries] == [{"people": sorted(people), "minutes": 5, "reason": "视力障碍"}] * 2
    assert entries[0].target == f"exam:{exam_id}"


def test_zero_takes_back_what_nobody_has_used_yet(city, as_user, clock):
    exam_id = make_exam(city)
    give(city, exam_id, 30, "officer", "officer2")
    assert give(city, exam_id, 0, "officer2", reason="") == 1
    assert give(city, exam_id, 0, "officer2", reason="") == 0
    assert minutes_of(city, exam_id) == {"officer": 30}
    db.session.rollback()
    clock(NINE)
    begin(as_user("officer"), exam_id)
    with pytest.raises(MinutesInUse) as refusal:
        give(city, exam_id, 0, "officer", "officer2", now=NINE)
    assert refusal.value.params["names"] == "张officer"


def test_who_has_handed_in_gets_none_and_then_none_of_the_others_does(city, as_user, clock):
    exam_id = make_exam(city)
    clock(NINE)
    officer = as_user("officer")
    attempt = begin(officer, exam_id).json
    officer.post(f"/api/v1/attempts/{attempt['attempt_id']}/submit", json={"epoch": attempt["epoch"]})
    with pytest.raises(HaveNoTime) as refusal:
        give(city, exam_id, 5, "officer2", "officer", now=NINE)
    assert refusal.value.params["names"] == "张officer"
    assert minutes_of(city, exam_id) == {}


def test_who_is_exempt_gets_none_and_says_so(city):
    exam_id = make_exam(city)
    excuse_candidate(exam_id, city.people["officer2"], "exempt", by=person(city, "organiser"), reason="公假")
    with pytest.raises(HaveNoTime) as refusal:
        give(city, exam_id, 5, "officer", "officer2")
    assert refusal.value.params["names"] == "张officer2"
    assert minutes_of(city, exam_id) == {}


@pytest.mark.parametrize(
    ("minutes", "reason", "field"), [(-1, "x", "minutes"), (121, "x", "minutes"), (5, "  ", "reason")]
)
def test_minutes_have_limits_and_need_a_reason(city, minutes, reason, field):
    exam_id = make_exam(city)
    with pytest.raises(Invalid) as refusal:
        give(city, exam_id, minutes, reason=reason)
    assert [one.field for one in refusal.value.problems] == [field]


def test_minutes_are_refused_to_strangers_for_strangers_and_when_all_is_over(city):
    exam_id, other = make_exam(city), make_exam(city, title="另一场", items=0)
    with pytest.raises(Missing):
        extend_named(exam_id, [candidate_of(city, other)], 5, by=person(city, "organiser"), reason="x", now=BEFORE)
    with pytest.raises(Missing):
        give(city, exam_id, 5, by="officer")
    with pytest.raises(Refused, match=r"results_are_out|exam_is_over"):
        give(city, exam_id, 5, now=NINE + timedelta(hours=3))


def test_the_list_of_candidates_gives_minutes_by_name_and_says_so(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")

    def post(**fields):
        return organiser.post(f"/exams/{exam_id}/candidates/minutes", data=fields, follow_redirects=True).text

    known = {"usernames": "officer OFFICER2", "minutes": "20"}
    assert "请写明理由。" in post(**known)
    assert "“nobody-here”不在考生名单中" in post(usernames="nobody-here", minutes="5", reason="x")
    assert "没有保存" in post(usernames="officer", minutes="121", reason="x")
    told = post(**known, reason="视力障碍")
    assert "已为 2 人延长 20 分钟" in told
    assert told.count('<span class="cell-note">延长 20 分钟</span>') == 2
    hall = as_user("officer").get(f"/exams/{exam_id}/hall").text
    assert "80 分钟" in hall
    assert "已收回 2 人的延长时间" in post(**known | {"minutes": "0"})
    clock(NINE + MINUTE)
    begin(as_user("officer"), exam_id)
    assert organiser.get(f"/exams/{exam_id}/candidates").text.count('data-dialog-open="minutes" data-put') == 2


@pytest.mark.parametrize(("username", "status"), [("officer", 403), ("clerk", 403), ("auditor", 403)])
def test_only_who_runs_the_exam_gives_minutes(city, as_user, clock, username, status):
    exam_id = make_exam(city)
    clock(BEFORE)
    asked = {"candidates": [str(candidate_of(city, exam_id))], "minutes": 5, "reason": "x"}
    refused = as_user(username).post(f"/api/v1/exams/{exam_id}/candidates/minutes", json=asked)
    assert refused.status_code == status


def test_minutes_are_given_over_the_api(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")
    people = [str(candidate_of(city, exam_id, one)) for one in ("officer", "officer2")]

    def post(**fields):
        return organiser.post(f"/api/v1/exams/{exam_id}/candidates/minutes", json={"candidates": people} | fields)

    assert code(post(minutes=5)) == (422, "invalid")
    assert code(post(minutes=121, reason="x")) == (422, "invalid")
    assert post(minutes=5, reason="视力障碍").json == {"changed": 2}
    listed = organiser.get(f"/api/v1/exams/{exam_id}/candidates").json["items"]
    assert {one["username"]: one["extra_minutes"] for one in listed if one["extra_minutes"]} == {
        "officer": 5,
        "officer2": 5,
    }
    assert post(minutes=0).json == {"changed": 2}
