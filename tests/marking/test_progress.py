"""How far the marking is and how evenly it goes; what waits for a marker; points beyond the rubric."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.marking.factories import (
    AFTER,
    add_markers,
    make_waiting,
    mark_all,
    person,
    plan,
    points,
)
from trainer.core.database import db
from trainer.core.errors import Conflict, Invalid
from trainer.marking.allocating import LEASE, NothingToMark, claim
from trainer.marking.giving import NotHeld, give
from trainer.marking.models import MarkEvent
from trainer.marking.queries.progress import progress_of
from trainer.marking.queries.work import read_batch, work_of
from trainer.marking.rules.rubric import ItemKey


@pytest.fixture
def markers(city):
    return add_markers(city, 4)


def test_progress_tells_what_is_done_and_how_evenly(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:3], double=True, tolerance="1")
    mark_all(city, waiting.exam_id, "marker1", "4", "2")
    by = person(city, "marker2")
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    give(batch_id, 1, points("3", "2"), "", by=by, now=AFTER)
    give(batch_id, 2, points("1", "0"), "", by=by, now=AFTER)
    found = progress_of(db.session(), waiting.exam_id, Decimal(1), AFTER)
    (item,) = found.items
    assert (item.total, item.done, item.in_hand, item.differing, item.thirds) == (3, 1, 1, 1, 0)
    assert (item.spread.n, item.spread.mean) == (1, Decimal("5.50"))
    assert (item.agreement.n, item.agreement.within, item.agreement.distance) == (2, 1, Decimal("3.00"))
    one, other = found.markers[item.key]
    assert (one.spread.n, one.spread.mean, one.spread.deviation) == (3, Decimal("6.00"), Decimal("0.00"))
    assert (one.agreement.leaning, other.agreement.leaning) == (Decimal("3.00"), Decimal("-3.00"))
    assert (other.in_hand, other.spread.mean) == (1, Decimal("3.00"))
    assert (found.total, found.done, found.differing) == (3, 1, 1)


def test_progress_and_the_marker_list_take_the_same_statements_however_many_answers(city, markers, count_queries):
    few = make_waiting(city, answers=1, officers=("officer",))
    many = make_waiting(city, answers=3, prefix="more-")
    seen = {}
    for waiting in (few, many):
        plan(city, waiting.exam_id, markers[:2], double=True)
        mark_all(city, waiting.exam_id, "marker1", "4", "2")
        by = person(city, "marker2")
        db.session.rollback()
        with count_queries() as progress:
            progress_of(db.session(), waiting.exam_id, Decimal(1), AFTER)
        seen[waiting.exam_id] = len(progress)
    with count_queries() as work:
        assert len(work_of(db.session(), by, AFTER)) == 4
    assert set(seen.values()) == {5}
    assert len(work) <= 1 + 3 * 2


def test_the_list_of_a_marker_counts_what_may_be_taken_given_and_held(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2], batch_size=2)
    by = person(city, "marker1")
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    give(batch_id, 1, points("4", "2"), "", by=by, now=AFTER)
    (line,) = work_of(db.session(), by, AFTER)
    assert (line.waiting, line.given, line.in_hand, line.batch_id) == (1, 1, 1, batch_id)
    (line,) = work_of(db.session(), by, AFTER + 2 * LEASE)
    assert (line.waiting, line.given, line.in_hand, line.batch_id) == (2, 1, 0, None)
    (line,) = work_of(db.session(), person(city, "marker2"), AFTER)
    assert (line.waiting, line.given) == (1, 0)


def test_a_chosen_item_is_claimed_and_an_unknown_one_is_not(city, markers):
    waiting = make_waiting(city)
    plan(city, waiting.exam_id, markers[:1])
    by = person(city, "marker1")
    key = work_of(db.session(), by, AFTER)[1].key
    assert read_batch(db.session(), claim(waiting.exam_id, key, by=by, now=AFTER), by).key == key
    with pytest.raises(NothingToMark):
        claim(waiting.exam_id, ItemKey(987654, 0, Decimal(6)), by=by, now=AFTER)


def test_points_beyond_the_rubric_are_refused_and_nothing_is_saved(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    by = person(city, "marker1")
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    for lines, comment in ((points("4.5", "2"), ""), (points("4"), ""), (points("4", "2"), "长" * 501)):
        with pytest.raises(Invalid):
            give(batch_id, 1, lines, comment, by=by, now=AFTER)
    with pytest.raises(NotHeld):
        give(batch_id, 99, points("4", "2"), "", by=by, now=AFTER)
    assert db.session.scalar(select(func.count()).select_from(MarkEvent)) == 0
    assert issubclass(NotHeld, Conflict)
