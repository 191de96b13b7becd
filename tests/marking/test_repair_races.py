"""Repairs at the same moment as others: one number, one change, nothing missed."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.attempts.factories import RIGHT, make_exam
from tests.conftest import NINE
from tests.marking.factories import AFTER, make_judged, person, propose_anew, propose_repair, result_of, sit
from trainer.core.database import db
from trainer.exams.models import Exam
from trainer.exams.service import release_results
from trainer.hours.models import LedgerEntry
from trainer.marking.appealing import lodge
from trainer.marking.jobs import credit_left_over, regrade_and_spread, regrade_left_over, settle_and_spread
from trainer.marking.models import Appeal, FormerResult, MarkEvent, Repair, Result
from trainer.marking.remarking import RemarkSpec, propose_remark
from trainer.marking.repairing import sign
from trainer.notices.models import Notice


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize("round_", range(3))
def test_two_signers_at_once_publish_once(city, together, round_):
    exam = make_exam(city, NINE, credit_hours=Decimal(2))
    attempts = [sit(city, exam.exam_id, name, {1: "B", 3: True, 5: RIGHT[5]}) for name in ("officer", "officer2")]
    repair_id = propose_repair(city, exam.exam_id, 1, "change_key", "C", by="examiner")

    def work(by):
        made = sign(repair_id, by=by, now=AFTER)
        regrade_and_spread(exam.exam_id, AFTER)
        return made.first

    organiser = person(city, "organiser")
    came = together(lambda: work(organiser), lambda: work(organiser), lambda: regrade_left_over(AFTER) and None)
    assert sorted(came[:2]) == [False, True]
    regrade_left_over(AFTER)
    assert db.session.get(Exam, exam.exam_id).repairs_no == 1
    assert db.session.scalar(select(Repair.number)) == 1
    assert [result_of(one).score for one in attempts] == [Decimal("4.00")] * 2
    assert count(FormerResult) == 2
    assert db.session.scalar(select(func.sum(LedgerEntry.hours))) == 0
    assert count(LedgerEntry) == 4
    told = select(func.count()).where(Notice.code == "result_repaired_reversed")
    assert db.session.scalar(told) == 2


@pytest.mark.parametrize("round_", range(3))
def test_two_repairs_signed_at_once_get_two_numbers(city, together, round_):
    exam = make_exam(city, NINE)
    attempt = sit(city, exam.exam_id, "officer", RIGHT | {1: "C", 3: False})
    by = person(city, "organiser")
    ids = [propose_repair(city, exam.exam_id, number, "full_marks") for number in (1, 3)]

    def work(repair_id):
        made = sign(repair_id, by=by, now=AFTER)
        regrade_and_spread(exam.exam_id, AFTER)
        return made.number

    assert sorted(together(*(lambda one=one: work(one) for one in ids))) == [1, 2]
    regrade_left_over(AFTER)
    assert (result_of(attempt).score, result_of(attempt).repairs_no) == (Decimal("10.00"), 2)


@pytest.mark.parametrize("round_", range(3))
def test_whoever_is_settled_while_a_repair_is_signed_gets_what_it_gives(city, together, round_):
    from tests.marking.test_settle import sit as hand_in

    exam = make_exam(city, NINE)
    attempts = [hand_in(city, exam, name, RIGHT | {1: "C"}) for name in ("officer", "officer2", "officer3")]
    repair_id = propose_repair(city, exam.exam_id, 1, "also_accept", "C")
    by = person(city, "organiser")

    def publish():
        sign(repair_id, by=by, now=AFTER)
        regrade_and_spread(exam.exam_id, AFTER)

    together(publish, *(lambda one=one: settle_and_spread([one], AFTER) and None for one in attempts))
    regrade_left_over(AFTER)
    assert {result_of(one).score for one in attempts} == {Decimal("10.00")}
    assert count(Result) == 3


@pytest.mark.parametrize("round_", range(3))
def test_two_signers_at_once_judge_one_answer_anew_once(city, together, round_):
    waiting = make_judged(city, credit_hours=Decimal(2))
    own = waiting.attempts["officer"]
    repair_id, _appeal_id = propose_anew(city, own, "4", "2")
    organiser = person(city, "organiser")

    def work():
        made = sign(repair_id, by=organiser, now=AFTER)
        regrade_and_spread(waiting.exam_id, AFTER)
        return made.first

    came = together(work, work, lambda: regrade_left_over(AFTER) and None)
    assert sorted(came[:2]) == [False, True]
    regrade_left_over(AFTER)
    assert (result_of(own).score, result_of(own).passed) == (Decimal("8.00"), True)
    events = select(func.count()).where(MarkEvent.kind == "remarked")
    told = select(func.count()).where(Notice.code.in_(("appeal_remarked", "result_remarked_passed")))
    assert (count(FormerResult), db.session.scalar(events), db.session.scalar(told)) == (1, 1, 2)
    assert db.session.scalar(select(func.sum(LedgerEntry.hours))) == Decimal("2.00")


@pytest.mark.parametrize("round_", range(3))
def test_two_who_propose_at_once_take_one_appeal_up_once(city, together, round_):
    waiting = make_judged(city)
    own = waiting.attempts["officer"]
    appeal_id = lodge(own, 2, "第二点我写了", by=person(city, "officer"), now=AFTER)
    spec = RemarkSpec([Decimal(4), Decimal(2)], "", "第二点已经写出")
    people = [person(city, name) for name in ("examiner", "organiser")]
    came = together(*(lambda by=by: propose_remark(appeal_id, spec, by=by, now=AFTER) for by in people))
    assert came.count("repair_is_open") == 1
    assert count(Repair) == 1


@pytest.mark.parametrize("round_", range(3))
def test_no_hours_stand_for_passes_that_a_repair_takes_away_while_they_are_entered(city, together, round_):
    exam = make_exam(city, NINE, release="manual", credit_hours=Decimal(2))
    for name in ("officer", "officer2", "officer3"):
        sit(city, exam.exam_id, name, {1: "B", 3: True, 5: RIGHT[5]})
    by = person(city, "organiser")
    release_results(exam.exam_id, by=by, now=AFTER)
    repair_id = propose_repair(city, exam.exam_id, 1, "change_key", "C", by="examiner")

    def publish():
        sign(repair_id, by=by, now=AFTER)
        regrade_and_spread(exam.exam_id, AFTER)

    together(publish, *[lambda: credit_left_over(AFTER) and None] * 2)
    regrade_left_over(AFTER)
    assert not db.session.scalar(select(func.sum(LedgerEntry.hours)))


def test_two_tabs_lodge_one_appeal(city, together):
    exam = make_exam(city, NINE)
    attempt = sit(city, exam.exam_id, "officer", RIGHT)
    by = person(city, "officer")
    came = together(*[lambda: lodge(attempt, 1, "理由", by=by, now=AFTER)] * 3)
    assert len(set(came)) == 1
    assert count(Appeal) == 1
