"""Appeals: lodging within the window, deciding together, and who may not decide."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.attempts.factories import RIGHT, make_exam
from tests.conftest import NINE
from tests.marking.factories import (
    AFTER,
    HOUR,
    add_markers,
    codes_for,
    make_waiting,
    mark_all,
    person,
    place_of_number,
    plan,
    propose_repair,
    regrade_and_spread,
    sit,
)
from trainer.accounts.models import Grant
from trainer.bank.models import ItemVersion
from trainer.core.clock import day_ends_at, local_day
from trainer.core.database import db, transaction
from trainer.core.errors import Forbidden, Invalid, Missing
from trainer.exams.models import Exam, Sitting
from trainer.marking.appealing import AppealLodged, AppealsClosed, lodge, reject, set_appeal_days
from trainer.marking.models import Appeal
from trainer.marking.queries.appeals import appeals_of, appeals_until, exams_with_open_appeals, grouped
from trainer.marking.repairing import sign, withdraw
from trainer.marking.rules.appealing import REASON_MOST
from trainer.notices.models import Notice

DAY = timedelta(days=1)
WRONG_ONE = RIGHT | {1: "C"}


@pytest.fixture
def exam(city):
    return make_exam(city, NINE)


def appeal(city, attempt_id, number=1, *, by="officer", now=NINE + HOUR, reason="选项 C 也符合条文"):
    return lodge(attempt_id, number, reason, by=person(city, by), now=now)


def states():
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Appeal.state).order_by(Appeal.id)))


def test_an_appeal_is_lodged_once(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    made = appeal(city, attempt)
    assert appeal(city, attempt) == made
    with pytest.raises(AppealLodged):
        appeal(city, attempt, reason="换一个理由")
    assert states() == ["lodged"]
    assert exams_with_open_appeals(db.session(), person(city, "examiner")) == [(exam.exam_id, "测试考试", 1)]
    assert exams_with_open_appeals(db.session(), person(city, "county_organiser")) == []


def test_the_window_opens_with_the_result_and_ends_with_the_third_working_day(city):
    exam = make_exam(city, NINE, release="after_close")
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    with pytest.raises(AppealsClosed):
        appeal(city, attempt, now=NINE + HOUR)
    over = day_ends_at(local_day(NINE) + 3 * DAY)
    assert appeals_until(db.session(), attempt, AFTER) == over
    assert appeal(city, attempt, 1, now=over - timedelta(seconds=1))
    with pytest.raises(AppealsClosed):
        appeal(city, attempt, 2, now=over)


def test_the_window_waits_for_the_last_shifted_start_as_the_result_does(city):
    exam = make_exam(city, NINE, release="after_close")
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    with transaction() as session:
        session.get_one(Sitting, exam.sitting_id).shifted_closes_at = NINE + 2 * HOUR + DAY
    assert appeals_until(db.session(), attempt, AFTER) is None
    with pytest.raises(AppealsClosed):
        appeal(city, attempt, now=AFTER)
    assert appeals_until(db.session(), attempt, AFTER + DAY) == day_ends_at(local_day(NINE) + 4 * DAY)


def test_a_repair_opens_the_window_again_for_those_whom_it_touched(city, exam):
    attempts = [sit(city, exam.exam_id, "officer", RIGHT), sit(city, exam.exam_id, "officer2", {1: "A"})]
    later = NINE + 20 * DAY
    repair_id = propose_repair(city, exam.exam_id, 1, "change_key", "C", now=later)
    sign(repair_id, by=person(city, "organiser"), now=later)
    regrade_and_spread(exam.exam_id, later)
    assert appeal(city, attempts[0], now=later + HOUR)
    with pytest.raises(AppealsClosed):
        appeal(city, attempts[1], by="officer2", now=later + HOUR)


def test_days_are_set_for_each_exam_and_none_closes_the_door(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    organiser = person(city, "organiser")
    for _time in range(2):
        set_appeal_days(exam.exam_id, 0, by=organiser)
    assert appeals_until(db.session(), attempt, NINE + HOUR) is None
    with pytest.raises(AppealsClosed):
        appeal(city, attempt)
    set_appeal_days(exam.exam_id, 1, by=organiser)
    assert appeals_until(db.session(), attempt, NINE + HOUR) == day_ends_at(local_day(NINE) + DAY)
    for days in (-1, 31):
        with pytest.raises(Invalid):
            set_appeal_days(exam.exam_id, days, by=organiser)
    with pytest.raises(Missing):
        set_appeal_days(exam.exam_id, 2, by=person(city, "county_organiser"))


def test_a_mock_exam_takes_no_appeals(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    with transaction() as session:
        session.get(Exam, exam.exam_id).is_mock = True
    with pytest.raises(AppealsClosed):
        appeal(city, attempt)


def test_only_ones_own_attempt_and_its_numbers_are_appealed_about(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    for by, number in (("officer2", 1), ("officer", 9), ("organiser", 1)):
        with pytest.raises(Missing):
            appeal(city, attempt, number, by=by)
    with pytest.raises(Missing):
        appeal(city, attempt + 99)
    for reason in ("  ", "长" * (REASON_MOST + 1)):
        with pytest.raises(Invalid):
            appeal(city, attempt, reason=reason)


def test_appeals_about_one_item_are_rejected_together_with_a_reason(city, exam):
    ids = [
        appeal(city, sit(city, exam.exam_id, name, WRONG_ONE), by=name) for name in ("officer", "officer2", "officer3")
    ]
    lines = appeals_of(db.session(), person(city, "examiner"), exam_id=exam.exam_id)
    assert [[one.id for one in group] for group in grouped(lines).values()] == [ids]
    by = person(city, "examiner")
    assert reject(exam.exam_id, ids[:2], "条文写明应当选 B", by=by, now=AFTER) == 2
    assert reject(exam.exam_id, ids, "条文写明应当选 B", by=by, now=AFTER) == 1
    assert reject(exam.exam_id, ids, "条文写明应当选 B", by=by, now=AFTER) == 0
    assert states() == ["rejected"] * 3
    for name in ("officer", "officer2", "officer3"):
        assert codes_for(city, name).count("appeal_rejected") == 1
    with pytest.raises(Invalid):
        reject(exam.exam_id, ids, "别的理由", by=by, now=AFTER)


def test_rejecting_needs_a_reason_and_appeals_about_one_item(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    ids = [appeal(city, attempt, number) for number in (1, 2)]
    by = person(city, "examiner")
    for given, answer, field in ((ids, "理由", "appeals"), (ids[:1], " ", "answer"), ([], "理由", "appeals")):
        with pytest.raises(Invalid) as refusal:
            reject(exam.exam_id, given, answer, by=by, now=AFTER)
        assert [one.field for one in refusal.value.problems] == [field]
    with pytest.raises(Missing):
        reject(exam.exam_id, [ids[0] + 99], "理由", by=by, now=AFTER)
    for name in ("county_organiser", "officer"):
        with pytest.raises(Missing):
            reject(exam.exam_id, ids[:1], "理由", by=person(city, name), now=AFTER)


def test_a_repair_takes_appeals_up_and_publishing_upholds_them(city, exam):
    attempts = {name: sit(city, exam.exam_id, name, WRONG_ONE) for name in ("officer", "officer2", "officer3")}
    ids = [appeal(city, attempts[name], by=name) for name in ("officer", "officer2")]
    repair_id = propose_repair(city, exam.exam_id, 1, "also_accept", "C", appeals=ids)
    assert states() == ["taken_up", "taken_up"]
    assert db.session.scalar(select(Notice).where(Notice.code.startswith("appeal"))) is None
    sign(repair_id, by=person(city, "organiser"), now=AFTER)
    regrade_and_spread(exam.exam_id, AFTER)
    assert states() == ["upheld", "upheld"]
    told = {
        name: [code for code in codes_for(city, name) if code.startswith(("appeal", "result"))] for name in attempts
    }
    both = ["appeal_upheld", "result_repaired"]
    assert told == {"officer": both, "officer2": both, "officer3": ["result_repaired"]}


def test_withdrawing_a_repair_lets_its_appeals_wait_again(city, exam):
    made = appeal(city, sit(city, exam.exam_id, "officer", WRONG_ONE))
    repair_id = propose_repair(city, exam.exam_id, 1, "drop", appeals=[made])
    withdraw(repair_id, by=person(city, "organiser"), now=AFTER)
    assert states() == ["lodged"]
    assert reject(exam.exam_id, [made], "核对无误", by=person(city, "organiser"), now=AFTER) == 1


def test_a_repair_takes_up_only_open_appeals_about_its_own_item(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    other, done = appeal(city, attempt, 2), appeal(city, attempt, 1)
    reject(exam.exam_id, [done], "核对无误", by=person(city, "organiser"), now=AFTER)
    for ids in ([other], [done], [done + 99]):
        with pytest.raises(Invalid) as refusal:
            propose_repair(city, exam.exam_id, 1, "drop", appeals=ids)
        assert [one.code for one in refusal.value.problems] == ["appeals_decided"]
    assert states() == ["lodged", "rejected"]


def test_an_author_decides_no_appeal(city, exam):
    made = appeal(city, sit(city, exam.exam_id, "officer", WRONG_ONE))
    with transaction() as session:
        session.get(ItemVersion, place_of_number(exam.exam_id, 1)[0]).created_by = city.people["examiner"]
    for work in (
        lambda: reject(exam.exam_id, [made], "核对无误", by=person(city, "examiner"), now=AFTER),
        lambda: propose_repair(city, exam.exam_id, 1, "drop", appeals=[made]),
    ):
        with pytest.raises(Forbidden) as refusal:
            work()
        assert refusal.value.code == "decider_is_author"
    assert reject(exam.exam_id, [made], "核对无误", by=person(city, "organiser"), now=AFTER) == 1


def test_nobody_decides_about_an_answer_that_they_marked(city):
    add_markers(city, 1)
    with transaction() as session:
        row = {"role": "exam_officer", "unit_id": city.units["JM"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["marker1"], **row))
    waiting = make_waiting(city, release="after_close", answers=1)
    plan(city, waiting.exam_id, ["marker1"])
    mark_all(city, waiting.exam_id, "marker1", "1", "1")
    made = appeal(city, waiting.attempts["officer"], 2, now=AFTER + HOUR)
    for work in (
        lambda: reject(waiting.exam_id, [made], "给分恰当", by=person(city, "marker1"), now=AFTER + HOUR),
        lambda: propose_repair(city, waiting.exam_id, 2, "full_marks", by="marker1", appeals=[made]),
        lambda: sign(
            propose_repair(city, waiting.exam_id, 2, "full_marks", appeals=[made]),
            by=person(city, "marker1"),
            now=AFTER + HOUR,
        ),
    ):
        with pytest.raises(Forbidden) as refusal:
            work()
        assert refusal.value.code == "decider_is_marker"
