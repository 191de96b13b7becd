"""Markers at the same moment: no seat twice, every result finished once."""

import threading
import time
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.marking.factories import AFTER, add_markers, make_waiting, person, plan, points, result_of
from trainer.competitions.leaderboard import take_missing
from trainer.core.database import db
from trainer.exams.service import release_results
from trainer.hours.models import LedgerEntry
from trainer.marking import giving
from trainer.marking.allocating import claim
from trainer.marking.giving import give
from trainer.marking.jobs import credit_left_over, settle_left_over, spread
from trainer.marking.models import Mark, MarkEvent
from trainer.marking.queries.work import read_batch, work_of
from trainer.notices.models import Notice


def test_markers_who_claim_at_once_share_the_answers_out(city, together):
    markers = add_markers(city, 4)
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers, batch_size=1)
    people = [person(city, name) for name in markers]
    came = together(*(lambda by=by: claim(waiting.exam_id, None, by=by, now=AFTER) for by in people))
    assert came.count("nothing_to_mark") == 1
    assert db.session.scalar(select(func.count(func.distinct(Mark.task_id)))) == 3
    assert db.session.scalar(select(func.count()).select_from(Mark)) == 3


def test_one_marker_in_two_tabs_gets_one_batch(city, together):
    (name,) = add_markers(city, 1)
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, [name], batch_size=1)
    by = person(city, name)
    came = together(*[lambda: claim(waiting.exam_id, None, by=by, now=AFTER)] * 3)
    assert len(set(came)) == 1
    assert db.session.scalar(select(func.count()).select_from(Mark)) == 1


@pytest.mark.parametrize("round_", range(3))
def test_the_last_two_marks_at_once_finish_the_result_once(city, together, round_):
    markers = add_markers(city, 2)
    waiting = make_waiting(
        city, officers=("officer",), release="after_close", credit_hours=Decimal(2), pass_mark=Decimal(14)
    )
    plan(city, waiting.exam_id, markers)
    works = []
    for name in markers:
        by = person(city, name)
        batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
        db.session.rollback()

        def work(by=by, batch_id=batch_id):
            given = give(batch_id, 1, points("4", "2"), "", by=by, now=AFTER)
            spread(given.changed_attempts, AFTER)
            return len(given.changed_attempts)

        works.append(work)

    def jobs():
        settle_left_over(AFTER)
        credit_left_over(AFTER)
        take_missing()
        return 0

    assert sorted(together(*works, jobs)) == [0, 0, 1]
    result = result_of(waiting.attempts["officer"])
    assert (result.unmarked, result.score, result.passed) == (0, Decimal("14.00"), True)
    assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) == 1
    codes = select(Notice.code).where(Notice.user_id == city.people["officer"]).order_by(Notice.code)
    assert db.session.scalars(codes).all() == ["hours_credited", "result_marked"]


def test_two_marks_of_one_answer_at_once_are_both_counted(city, together):
    markers = add_markers(city, 2)
    waiting = make_waiting(city, answers=1, officers=("officer",))
    plan(city, waiting.exam_id, markers, double=True)
    works = []
    for name, lines in zip(markers, (("4", "2"), ("4", "1")), strict=True):
        by = person(city, name)
        batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
        works.append(lambda by=by, id_=batch_id, lines=lines: give(id_, 1, points(*lines), "", by=by, now=AFTER))
    db.session.rollback()
    together(*works)
    assert result_of(waiting.attempts["officer"]).score == Decimal("7.50")


def test_the_same_mark_sent_twice_at_once_is_one(city, together):
    (name,) = add_markers(city, 1)
    waiting = make_waiting(city, answers=1, officers=("officer",))
    plan(city, waiting.exam_id, [name])
    by = person(city, name)
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    db.session.rollback()
    came = together(*[lambda: give(batch_id, 1, points("4", "2"), "", by=by, now=AFTER)] * 3)
    assert {one.points for one in came} == {Decimal(6)}
    assert db.session.scalar(select(func.count()).select_from(MarkEvent)) == 1


@pytest.mark.parametrize("round_", range(3))
def test_a_correction_against_a_release_comes_before_it_or_not_at_all(city, together, round_):
    (name,) = add_markers(city, 1)
    waiting = make_waiting(city, answers=1, officers=("officer",))
    plan(city, waiting.exam_id, [name])
    by, organiser = person(city, name), person(city, "organiser")
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    give(batch_id, 1, points("4", "2"), "", by=by, now=AFTER)
    db.session.rollback()
    came = together(
        lambda: give(batch_id, 1, points("1", "0"), "", by=by, now=AFTER),
        lambda: release_results(waiting.exam_id, by=organiser, now=AFTER),
    )
    score = result_of(waiting.attempts["officer"]).score
    assert score == (Decimal("8.00") if came[0] == "marks_are_out" else Decimal("3.00"))


def test_a_plan_that_is_saved_while_somebody_marks_waits_and_stops_nobody(city, together, monkeypatch):
    markers = add_markers(city, 2)
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    by = person(city, "marker1")
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    db.session.rollback()
    marking = threading.Event()
    demand = giving.demand_marker

    def slowly(*about):
        marking.set()
        time.sleep(0.3)
        return demand(*about)

    monkeypatch.setattr(giving, "demand_marker", slowly)

    def saves():
        marking.wait(30)
        plan(city, waiting.exam_id, markers)
        return "saved"

    came = together(lambda: give(batch_id, 1, points("4", "2"), "", by=by, now=AFTER).points, saves)
    assert came == [Decimal("6.00"), "saved"]


def test_a_late_mark_against_a_new_claim_leaves_the_answer_with_one_of_them(city, together):
    from trainer.marking.allocating import LEASE

    markers = add_markers(city, 2)
    waiting = make_waiting(city, answers=1, officers=("officer",))
    plan(city, waiting.exam_id, markers)
    one, other = (person(city, name) for name in markers)
    batch_id = claim(waiting.exam_id, None, by=one, now=AFTER)
    db.session.rollback()
    late = AFTER + LEASE
    given, claimed = together(
        lambda: give(batch_id, 1, points("4", "2"), "", by=one, now=late),
        lambda: claim(waiting.exam_id, None, by=other, now=late),
    )
    assert (given == "answer_not_held") != (claimed == "nothing_to_mark")
    assert db.session.scalar(select(func.count()).select_from(Mark)) == 1
    if claimed != "nothing_to_mark":
        assert len(read_batch(db.session(), claimed, other).answers) == 1
    else:
        assert work_of(db.session(), one, late)[0].given == 1
