"""Extra minutes, and what is handed in when time is over."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.attempts.factories import make_exam
from tests.attempts.test_api import code, put, start
from tests.conftest import NINE
from trainer.attempts.extend import AlreadyHandedIn, extend, extend_many
from trainer.attempts.jobs import close_overdue
from trainer.attempts.models import Attempt
from trainer.audit.models import Entry
from trainer.core.clock import CITY_ZONE
from trainer.core.database import db, transaction
from trainer.core.errors import Invalid, Missing, Refused
from trainer.exams.models import Candidate, Exam
from trainer.marking.jobs import credit_left_over
from trainer.marking.models import Result

MINUTE = timedelta(minutes=1)
GRACE = timedelta(seconds=10)


@pytest.fixture
def exam(city, clock):
    clock(NINE)
    return make_exam(city, NINE)


def candidate_of(city, exam, username="officer"):
    return db.session.query(Candidate).filter_by(exam_id=exam.exam_id, user_id=city.people[username]).one()


def test_minutes_move_the_deadline_of_an_attempt_under_way_and_reach_its_page(exam, city, as_user, clock):
    officer = as_user("officer")
    attempt = start(officer, exam).json
    invigilator = city.people["invigilator"]
    candidate = candidate_of(city, exam).id
    made = extend(exam.exam_id, candidate, minutes=7, by=invigilator, reason="停电", now=NINE)
    assert made.deadline_at == NINE + 67 * MINUTE
    clock(NINE + 61 * MINUTE)
    assert put(officer, attempt["attempt_id"], 1, (1, "B", 1)).json["deadline"] == "2026-11-23T02:07:00.000Z"
    assert officer.get(f"/api/v1/attempts/{attempt['attempt_id']}/clock").json["deadline"] == "2026-11-23T02:07:00.000Z"
    entry = db.session.query(Entry).filter_by(action="attempt.extended").one()
    assert (entry.actor_id, entry.detail["minutes"], entry.detail["reason"]) == (invigilator, 7, "停电")


def test_minutes_given_before_the_start_come_on_top_of_it_and_a_second_call_adds(exam, city, as_user):
    candidate = candidate_of(city, exam).id
    extend(exam.exam_id, candidate, minutes=5, by=1, reason="迟到", now=NINE)
    assert extend(exam.exam_id, candidate, minutes=5, by=1, reason="迟到", now=NINE).extra_minutes == 10
    assert start(as_user("officer"), exam).json["deadline"] == "2026-11-23T02:10:00.000Z"


@pytest.mark.parametrize(
    ("minutes", "reason", "field"), [(0, "x", "minutes"), (121, "x", "minutes"), (5, "  ", "reason")]
)
def test_minutes_have_limits_and_need_a_reason(exam, city, minutes, reason, field):
    with pytest.raises(Invalid) as refused:
        extend(exam.exam_id, candidate_of(city, exam).id, minutes=minutes, by=1, reason=reason, now=NINE)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert candidate_of(city, exam).extra_minutes == 0


def test_a_candidate_of_another_exam_or_one_who_has_handed_in_gets_no_minutes(exam, city, as_user):
    other = make_exam(city, NINE)
    candidate = candidate_of(city, exam).id
    with pytest.raises(Missing):
        extend(other.exam_id, candidate, minutes=5, by=1, reason="x", now=NINE)
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    officer.post(f"/api/v1/attempts/{attempt}/submit", json={"epoch": 1})
    with pytest.raises(AlreadyHandedIn):
        extend(exam.exam_id, candidate, minutes=5, by=1, reason="x", now=NINE)


def test_overdue_attempts_are_handed_in_and_settled_once(exam, as_user):
    for username in ("officer", "officer2"):
        attempt = start(as_user(username), exam).json["attempt_id"]
    assert close_overdue(NINE + 60 * MINUTE) == 0
    assert close_overdue(NINE + 61 * MINUTE) == 2
    assert close_overdue(NINE + 61 * MINUTE) == 0
    assert {one.submitted_by for one in db.session.query(Attempt)} == {"deadline"}
    assert db.session.query(Result).count() == 2
    assert attempt


def test_the_heartbeat_tells_time_state_and_epoch_to_its_candidate_alone(exam, as_user, client, count_queries):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    start(officer, exam)
    address = f"/api/v1/attempts/{attempt}/clock"
    with count_queries() as seen:
        told = officer.get(address).json
    assert len(seen) == 1
    assert (told["state"], told["epoch"], told["deadline"]) == ("open", 2, "2026-11-23T02:00:00.000Z")
    assert code(as_user("officer2").get(address)) == (404, "not_found")
    assert code(as_user("invigilator").get(address)) == (404, "not_found")
    assert code(client.get(address)) == (401, "not_signed_in")


def test_nobody_sees_keys_while_another_has_time_left_and_no_minutes_come_after_them(city, as_user, clock):
    clock(NINE)
    exam = make_exam(city, NINE, release="after_close", minutes=60, closes_in=60)
    officer, slow = as_user("officer"), as_user("officer2")
    attempt = start(officer, exam).json["attempt_id"]
    officer.post(f"/api/v1/attempts/{attempt}/submit", json={"epoch": 1})
    start(slow, exam)
    candidate = candidate_of(city, exam, "officer2").id
    extend(exam.exam_id, candidate, minutes=10, by=1, reason="停电", now=NINE + 59 * MINUTE)
    clock(NINE + 61 * MINUTE)
    assert code(officer.get(f"/api/v1/attempts/{attempt}/result")) == (403, "not_released")
    assert "成绩尚未公布" in officer.get(f"/attempts/{attempt}/result").text
    assert officer.get(f"/api/v1/exams/{exam.exam_id}").json["phase"] == "closed"
    extend(exam.exam_id, candidate, minutes=5, by=1, reason="又停电", now=NINE + 61 * MINUTE)
    clock(NINE + 75 * MINUTE)
    assert code(officer.get(f"/api/v1/attempts/{attempt}/result")) == (403, "not_released")
    clock(NINE + 75 * MINUTE + GRACE)
    assert officer.get(f"/api/v1/attempts/{attempt}/result").status_code == 200
    assert officer.get(f"/api/v1/exams/{exam.exam_id}").json["phase"] == "released"
    with pytest.raises(Refused) as refused:
        extend(exam.exam_id, candidate, minutes=5, by=1, reason="迟了", now=NINE + 75 * MINUTE + GRACE)
    assert refused.value.code == "results_are_out"


def test_no_minutes_are_added_once_the_draw_is_public_although_results_wait_for_a_release_by_hand(city, clock):
    clock(NINE)
    exam = make_exam(city, NINE, release="manual", minutes=60, closes_in=60)
    candidate = candidate_of(city, exam).id
    over = NINE + 60 * MINUTE + GRACE
    extend(exam.exam_id, candidate, minutes=1, by=1, reason="停电", now=over - timedelta(seconds=1))
    over += MINUTE
    with pytest.raises(Refused, match="exam_is_over"):
        extend(exam.exam_id, candidate, minutes=5, by=1, reason="迟了", now=over)
    with pytest.raises(Refused, match="exam_is_over"):
        extend_many(exam.exam_id, None, minutes=5, by=1, reason="迟了", now=over)
    with transaction() as session:
        session.get_one(Exam, exam.exam_id).state = "cancelled"
    with pytest.raises(Refused, match="exam_is_cancelled"):
        extend(exam.exam_id, candidate, minutes=5, by=1, reason="取消后", now=NINE)


def test_hours_wait_as_the_result_does(city, as_user, clock):
    clock(NINE)
    exam = make_exam(city, NINE, release="after_close", closes_in=60, credit_hours=Decimal(2), pass_mark=Decimal(0))
    attempt = start(as_user("officer"), exam).json["attempt_id"]
    as_user("officer").post(f"/api/v1/attempts/{attempt}/submit", json={"epoch": 1})
    extend(exam.exam_id, candidate_of(city, exam, "officer2").id, minutes=10, by=1, reason="停电", now=NINE)
    assert credit_left_over(NINE + 70 * MINUTE) == 0
    assert credit_left_over(NINE + 70 * MINUTE + GRACE) == 1


def test_minutes_go_to_a_further_attempt_where_one_is_allowed(city, as_user, clock):
    clock(NINE)
    exam = make_exam(city, NINE, attempts=2)
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    officer.post(f"/api/v1/attempts/{attempt}/submit", json={"epoch": 1})
    made = extend(exam.exam_id, candidate_of(city, exam).id, minutes=5, by=1, reason="x", now=NINE)
    assert (made.extra_minutes, made.deadline_at) == (5, None)
    assert start(officer, exam).json["deadline"] == "2026-11-23T02:05:00.000Z"


def test_an_attempt_whose_time_is_over_gets_no_minutes_before_the_sweep_either(exam, city, as_user):
    start(as_user("officer"), exam)
    candidate = candidate_of(city, exam).id
    with pytest.raises(AlreadyHandedIn):
        extend(exam.exam_id, candidate, minutes=5, by=1, reason="x", now=NINE + 61 * MINUTE)


def test_a_later_close_lengthens_the_attempts_that_it_cut_short_and_no_others(city, as_user, clock):
    clock(NINE)
    exam = make_exam(city, NINE, minutes=60, closes_in=90)
    early, late = as_user("officer"), as_user("officer2")
    first = start(early, exam).json
    clock(NINE + 50 * MINUTE)
    second = start(late, exam).json
    assert second["deadline"] == "2026-11-23T02:30:00.000Z"
    organiser = as_user("organiser")
    closes = (NINE + 100 * MINUTE).astimezone(CITY_ZONE).strftime("%Y-%m-%dT%H:%M")
    for _time in range(2):
        organiser.post(f"/exams/{exam.exam_id}/extend", data={"closes_at": closes})
        deadline = early.get(f"/api/v1/attempts/{first['attempt_id']}/clock").json["deadline"]
        assert deadline == "2026-11-23T02:00:00.000Z"
        deadline = late.get(f"/api/v1/attempts/{second['attempt_id']}/clock").json["deadline"]
        assert deadline == "2026-11-23T02:40:00.000Z"
