"""Batches and marks, and what becomes of the result."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.marking.factories import (
    AFTER,
    HOUR,
    OFFICERS,
    actions,
    add_markers,
    codes_for,
    make_waiting,
    mark_all,
    mark_batch,
    person,
    plan,
    points,
    result_of,
    tasks_of,
)
from trainer.audit.models import Entry
from trainer.core.database import db
from trainer.core.errors import Missing
from trainer.exams.service import release_results
from trainer.hours.models import LedgerEntry
from trainer.marking.allocating import LEASE, NothingToMark, claim, give_back
from trainer.marking.giving import MarksAreOut, NotHeld, give
from trainer.marking.jobs import settle_left_over, spread
from trainer.marking.models import Mark, MarkEvent
from trainer.marking.queries import released_result, unmarked_of
from trainer.marking.queries.work import read_batch
from trainer.marking.reopening import reopen_batch


@pytest.fixture
def markers(city):
    return add_markers(city, 4)


def test_one_marker_finishes_every_result_with_score_and_pass(city, markers):
    waiting = make_waiting(city)
    plan(city, waiting.exam_id, markers[:1])
    assert unmarked_of(db.session(), waiting.exam_id).answers == 6
    mark_batch(city, waiting.exam_id, "marker1", "4", "1.5")
    assert [(one.unmarked, one.score, one.passed) for one in map(result_of, waiting.attempts.values())] == [
        (1, Decimal(2), None)
    ] * 3
    mark_batch(city, waiting.exam_id, "marker1", "2", "0")
    for result in map(result_of, waiting.attempts.values()):
        assert (result.unmarked, result.score, result.passed) == (0, Decimal("9.50"), True)
        assert (result.objective_score, result.correct_count) == (Decimal("2.00"), 1)
    with pytest.raises(NothingToMark):
        claim(waiting.exam_id, None, by=person(city, "marker1"), now=AFTER)


def test_a_batch_holds_answers_to_one_item_in_one_order_and_tells_no_candidate(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2], double=True)
    orders = []
    for name in markers[:2]:
        by = person(city, name)
        batch = read_batch(db.session(), claim(waiting.exam_id, None, by=by, now=AFTER), by)
        orders.append([one.answer for one in batch.answers])
        assert not {"attempt_id", "user_id", "task_id"} & set(vars(batch.answers[0]))
    assert orders[0] == orders[1]
    in_table = [one.attempt_id for one in sorted(tasks_of(waiting.exam_id), key=lambda one: one.place)]
    names = {attempt_id: name for name, attempt_id in waiting.attempts.items()}
    assert [text.split(" ")[0] for text in orders[0]] == [names[one] for one in in_table]


def test_two_within_the_tolerance_give_their_mean(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2], double=True, tolerance="1")
    mark_all(city, waiting.exam_id, "marker1", "4", "1")
    assert result_of(waiting.attempts["officer"]).unmarked == 1
    mark_all(city, waiting.exam_id, "marker2", "4", "2")
    assert result_of(waiting.attempts["officer"]).score == Decimal("7.50")


def test_beyond_the_tolerance_a_third_decides_who_is_neither_of_the_two(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:3], double=True, tolerance="1")
    mark_all(city, waiting.exam_id, "marker1", "4", "2")
    mark_all(city, waiting.exam_id, "marker2", "2", "0")
    assert all(task.wants_third and task.points is None for task in tasks_of(waiting.exam_id))
    for name in markers[:2]:
        with pytest.raises(NothingToMark):
            claim(waiting.exam_id, None, by=person(city, name), now=AFTER)
    mark_all(city, waiting.exam_id, "marker3", "3", "1")
    assert {result_of(one).score for one in waiting.attempts.values()} == {Decimal("6.00")}
    assert {mark.seat for mark in db.session.scalars(select(Mark))} == {1, 2, 3}


def test_claiming_again_gives_the_same_batch_and_nobody_gets_an_answer_twice(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2], batch_size=2)
    one, other = person(city, "marker1"), person(city, "marker2")
    first = claim(waiting.exam_id, None, by=one, now=AFTER)
    assert claim(waiting.exam_id, None, by=one, now=AFTER + timedelta(minutes=5)) == first
    second = claim(waiting.exam_id, None, by=other, now=AFTER)
    hands = ((first, one), (second, other))
    texts = [{line.answer for line in read_batch(db.session(), id_, by).answers} for id_, by in hands]
    assert [len(text) for text in texts] == [2, 1]
    assert not texts[0] & texts[1]


def test_a_lease_ends_and_what_is_unmarked_goes_to_others(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    one, other = person(city, "marker1"), person(city, "marker2")
    batch_id = claim(waiting.exam_id, None, by=one, now=AFTER)
    give(batch_id, 1, points("4", "2"), "", by=one, now=AFTER + HOUR / 2)
    # The mark has prolonged the lease.
    with pytest.raises(NothingToMark):
        claim(waiting.exam_id, None, by=other, now=AFTER + LEASE)
    ended = AFTER + HOUR / 2 + LEASE
    taken = claim(waiting.exam_id, None, by=other, now=ended)
    assert len(read_batch(db.session(), taken, other).answers) == 2
    with pytest.raises(NotHeld):
        give(batch_id, 2, points("4", "2"), "", by=one, now=ended)
    give(batch_id, 1, points("3", "2"), "", by=one, now=ended)


def test_after_the_lease_a_marker_goes_on_while_nobody_else_has_claimed(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    one = person(city, "marker1")
    batch_id = claim(waiting.exam_id, None, by=one, now=AFTER)
    late = AFTER + 5 * HOUR
    assert give(batch_id, 1, points("4", "2"), "", by=one, now=late).leased_until == late + LEASE
    assert claim(waiting.exam_id, None, by=one, now=late) == batch_id


def test_giving_back_lets_others_have_the_rest_at_once(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    one = person(city, "marker1")
    batch_id = claim(waiting.exam_id, None, by=one, now=AFTER)
    give(batch_id, 2, points("4", "2"), "", by=one, now=AFTER)
    assert (give_back(batch_id, by=one), give_back(batch_id, by=one)) == (2, 0)
    mark_all(city, waiting.exam_id, "marker2", "1", "1")
    assert unmarked_of(db.session(), waiting.exam_id).answers == 0
    with pytest.raises(Missing):
        give_back(batch_id, by=person(city, "marker2"))


def test_the_same_mark_twice_changes_nothing_and_a_change_is_kept_in_the_record(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2], double=True)
    by = person(city, "marker1")
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    give(batch_id, 1, points("4", "2"), "", by=by, now=AFTER)
    give(batch_id, 1, points("4.00", "2.0"), " ", by=by, now=AFTER + HOUR)
    give(batch_id, 1, points("3", "2"), "少一点", by=by, now=AFTER + HOUR)
    events = db.session.execute(select(MarkEvent.kind, MarkEvent.points).order_by(MarkEvent.id)).all()
    assert [tuple(one) for one in events] == [("given", Decimal(6)), ("changed", Decimal(5))]
    # Nothing was finished by it, so nothing was corrected.
    assert actions() == ["marking.planned"]


def test_a_correction_before_the_release_is_audited_and_changes_the_result(city, markers):
    waiting = make_waiting(city, answers=1, officers=("officer",))
    plan(city, waiting.exam_id, markers[:1])
    by = person(city, "marker1")
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    assert result_of(waiting.attempts["officer"]).passed is True
    changed = give(batch_id, 1, points("1", "0"), "看错了", by=by, now=AFTER + HOUR)
    assert changed.changed_attempts == tuple(waiting.attempts.values())
    result = result_of(waiting.attempts["officer"])
    assert (result.score, result.passed) == (Decimal("3.00"), False)
    entry = db.session.scalar(select(Entry).where(Entry.action == "marking.corrected"))
    assert (entry.actor_id, entry.target) == (by.id, f"exam:{waiting.exam_id}")
    assert (entry.detail["from"], entry.detail["to"]) == ("6.00", "1.00")


@pytest.mark.parametrize("release", ["manual", "after_close", "after_submit"])
def test_after_the_release_nothing_changes_any_more(city, markers, release):
    waiting = make_waiting(city, answers=1, officers=("officer",), release=release)
    plan(city, waiting.exam_id, markers[:2])
    by = person(city, "marker1")
    batch_id = mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    if release == "manual":
        release_results(waiting.exam_id, by=person(city, "organiser"), now=AFTER)
    with pytest.raises(MarksAreOut):
        give(batch_id, 1, points("1", "0"), "", by=by, now=AFTER + HOUR)
    # The same again is no change and is answered as before.
    give(batch_id, 1, points("4", "2"), "", by=by, now=AFTER + HOUR)
    for to in ("same", "others"):
        with pytest.raises(MarksAreOut):
            reopen_batch(
                waiting.exam_id, batch_id, to=to, reason="偏松", by=person(city, "organiser"), now=AFTER + HOUR
            )
    assert result_of(waiting.attempts["officer"]).score == Decimal("8.00")


def test_the_last_mark_brings_hours_notice_and_result_once(city, markers):
    waiting = make_waiting(city, answers=1, release="after_close", credit_hours=Decimal(2))
    plan(city, waiting.exam_id, markers[:1])
    by = person(city, "marker1")
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    for position in (1, 2, 3):
        lines = points("4", "2") if position < 3 else points("0", "0")
        given = give(batch_id, position, lines, "", by=by, now=AFTER)
        assert len(given.changed_attempts) == 1
        spread(given.changed_attempts, AFTER)
        settle_left_over(AFTER)
        spread(given.changed_attempts, AFTER)
    entries = db.session.scalars(select(LedgerEntry.hours)).all()
    assert entries == [Decimal(2)] * 2
    failed = {name for name in OFFICERS if not result_of(waiting.attempts[name]).passed}
    assert len(failed) == 1
    for name in OFFICERS:
        wanted = ["result_marked"] if name in failed else ["hours_credited", "result_marked"]
        assert sorted(codes_for(city, name)) == wanted
        assert released_result(db.session(), waiting.attempts[name], AFTER) is not None


def test_a_held_back_result_tells_nobody_when_it_is_marked(city, markers):
    waiting = make_waiting(city, answers=1, credit_hours=Decimal(2))
    plan(city, waiting.exam_id, markers[:1])
    mark_all(city, waiting.exam_id, "marker1", "4", "2")
    spread(list(waiting.attempts.values()), AFTER)
    assert codes_for(city, "officer") == []
    assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) == 0
    assert released_result(db.session(), waiting.attempts["officer"], AFTER) is None


def test_a_board_has_the_score_of_the_finished_result(city, markers):
    from trainer.competitions.models import RoundScore
    from trainer.competitions.service import NewCompetition, NewRound, create

    waiting = make_waiting(city, answers=1)
    new = NewCompetition(title="比武", rounds=(NewRound("初赛", waiting.exam_id),), team_score="mean")
    create(new, by=person(city, "organiser"), now=AFTER)
    plan(city, waiting.exam_id, markers[:1])
    mark_all(city, waiting.exam_id, "marker1", "4", "2")
    spread(list(waiting.attempts.values()), AFTER)
    assert set(db.session.scalars(select(RoundScore.score))) == {Decimal("8.00")}
