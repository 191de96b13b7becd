"""Repairs of exams with answers that people mark: what was given counts, and nobody marks what is decided for all."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.marking.factories import (
    add_markers,
    codes_for,
    make_waiting,
    mark_all,
    mark_batch,
    place_of_number,
    plan,
    repair,
    result_of,
    tasks_of,
)
from tests.marking.test_repairing import stand
from trainer.core.database import db
from trainer.exams.models import Exam
from trainer.marking.models import MarkingTask
from trainer.marking.queries.effects import preview
from trainer.marking.rules.regrade import Remedy
from trainer.marking.rules.rubric import ItemKey


def test_marks_of_people_stand_and_are_scaled_with_the_rest(city):
    markers = add_markers(city, 1)
    waiting = make_waiting(city, release="after_close", answers=2)
    plan(city, waiting.exam_id, markers)
    mark_all(city, waiting.exam_id, "marker1", "3", "1.5")
    one = waiting.attempts["officer"]
    assert stand(one) == ("11.00", True)
    repair(city, waiting.exam_id, 1, "drop")
    # 14 points over two answers of 6: each is worth 7 and earned three quarters.
    result = result_of(one)
    assert [mark["points"] for mark in result.marks] == ["0.00", "5.25", "5.25"]
    assert (result.score, result.objective_score) == (Decimal("10.50"), Decimal("0.00"))


def test_a_repair_decides_answers_that_still_wait_and_markers_go_on_with_the_others(city):
    markers = add_markers(city, 1)
    waiting = make_waiting(city, release="after_close", answers=2)
    plan(city, waiting.exam_id, markers)
    repair(city, waiting.exam_id, 2, "full_marks")
    one = waiting.attempts["officer"]
    assert (result_of(one).unmarked, stand(one)) == (1, ("8.00", None))
    mark_all(city, waiting.exam_id, "marker1", "3", "1.5")
    assert (result_of(one).unmarked, stand(one)) == (0, ("12.50", True))
    assert db.session.scalar(select(func.count()).select_from(MarkingTask).where(MarkingTask.points.is_(None))) == 0


@pytest.mark.parametrize(("remedy", "score"), [("full_marks", "12.50"), ("drop", "11.38")])
def test_a_repair_that_decides_the_last_answer_that_waited_lets_what_people_gave_count(city, remedy, score):
    """As foreseen in the preview; nobody has anything left to mark, so nothing else would ever finish the result."""
    markers = add_markers(city, 1)
    waiting = make_waiting(city, release="after_close", answers=2)
    plan(city, waiting.exam_id, markers)
    two = next(task for task in tasks_of(waiting.exam_id) if task.number == 2)
    mark_batch(city, waiting.exam_id, "marker1", "3", "1.5", key=ItemKey(two.item_version_id, two.part, two.max_points))
    one = waiting.attempts["officer"]
    assert (result_of(one).unmarked, stand(one)) == (1, ("2.00", None))
    exam, place = db.session.get(Exam, waiting.exam_id), place_of_number(waiting.exam_id, 3)
    foreseen = preview(db.session(), exam, place, Remedy(remedy))
    assert {(str(effect.after), effect.final) for effect in foreseen.effects} == {(score, True)}
    repair(city, waiting.exam_id, 3, remedy)
    assert (result_of(one).unmarked, stand(one)) == (0, (score, True))
    assert "result_marked" in codes_for(city, "officer")


def test_a_repair_of_something_else_leaves_the_count_of_answers_that_wait(city):
    markers = add_markers(city, 1)
    waiting = make_waiting(city, release="after_close", answers=2)
    plan(city, waiting.exam_id, markers)
    mark_batch(city, waiting.exam_id, "marker1", "3", "1.5")
    one = waiting.attempts["officer"]
    repair(city, waiting.exam_id, 1, "drop")
    assert (result_of(one).unmarked, stand(one)) == (1, ("0.00", None))
    mark_all(city, waiting.exam_id, "marker1", "3", "1.5")
    assert (result_of(one).unmarked, stand(one)) == (0, ("10.50", True))


def test_who_waited_for_the_answer_that_a_repair_decides_is_told_of_a_result_and_of_no_change(city):
    waiting = make_waiting(city, release="after_close", answers=1)
    repair(city, waiting.exam_id, 2, "full_marks")
    assert stand(waiting.attempts["officer"]) == ("8.00", True)
    assert [code for code in codes_for(city, "officer") if code.startswith("result")] == ["result_marked"]


def test_marking_after_a_dropped_item_counts_by_what_the_answer_is_worth_now(city):
    markers = add_markers(city, 1)
    waiting = make_waiting(city, release="after_close", answers=1)
    plan(city, waiting.exam_id, markers)
    repair(city, waiting.exam_id, 1, "drop")
    mark_all(city, waiting.exam_id, "marker1", "3", "1.5")
    assert [mark["points"] for mark in result_of(waiting.attempts["officer"]).marks] == ["0.00", "6.00"]
