"""Who may mark, and what a plan may say."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.conftest import NINE
from tests.marking.factories import (
    AFTER,
    HOUR,
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
)
from trainer.accounts.models import Grant
from trainer.attempts.cancel import cancel_exam
from trainer.core.database import db, transaction
from trainer.core.errors import Invalid, Missing
from trainer.exams.models import Candidate
from trainer.marking.allocating import claim
from trainer.marking.giving import give
from trainer.marking.planning import MarkingBegun
from trainer.marking.queries.progress import plan_of
from trainer.marking.queries.work import MarkerIsCandidate, MarkingNotBegun, work_of


@pytest.fixture
def markers(city):
    return add_markers(city, 4)


def test_a_candidate_of_the_exam_marks_nothing_of_it(city, markers):
    with transaction() as session:
        row = {"role": "marker", "unit_id": city.units["JM"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["officer2"], **row))
    waiting = make_waiting(city, answers=1)
    with pytest.raises(Invalid) as refusal:
        plan(city, waiting.exam_id, ["officer2"])
    assert [(one.field, one.code) for one in refusal.value.problems] == [("markers", "candidate_cannot_mark")]
    plan(city, waiting.exam_id, markers[:1])
    batch_id = claim(waiting.exam_id, None, by=person(city, "marker1"), now=AFTER)
    with transaction() as session:
        # Named after having been chosen.
        session.execute(
            update(Candidate)
            .where(Candidate.exam_id == waiting.exam_id, Candidate.user_id == city.people["officer3"])
            .values(user_id=city.people["marker1"])
        )
    for work in (
        lambda by: claim(waiting.exam_id, None, by=by, now=AFTER),
        lambda by: give(batch_id, 1, points("4", "2"), "", by=by, now=AFTER),
    ):
        with pytest.raises(MarkerIsCandidate):
            work(person(city, "marker1"))
    assert work_of(db.session(), person(city, "marker1"), AFTER) == []


@pytest.mark.parametrize("change", ["grant", "plan", "cancelled"])
def test_who_is_no_longer_a_marker_gives_no_mark(city, markers, change):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    by = person(city, "marker1")
    batch_id = claim(waiting.exam_id, None, by=by, now=AFTER)
    give(batch_id, 1, points("4", "2"), "", by=by, now=AFTER)
    if change == "grant":
        with transaction() as session:
            grants = update(Grant).where(Grant.user_id == city.people["marker1"])
            session.execute(grants.values(unit_id=city.units["XH"]))
        by = person(city, "marker1")
    elif change == "plan":
        plan(city, waiting.exam_id, ["marker2"])
    else:
        cancel_exam(waiting.exam_id, by=person(city, "organiser"), now=AFTER)
    with pytest.raises(Missing):
        give(batch_id, 2, points("4", "2"), "", by=by, now=AFTER)
    with pytest.raises(Missing):
        claim(waiting.exam_id, None, by=by, now=AFTER)
    if change == "plan":
        # What was given stands, what was in hand goes to the others.
        mark_all(city, waiting.exam_id, "marker2", "1", "1")
        assert sorted(result_of(one).score for one in waiting.attempts.values()) == [4, 4, 8]


def test_nobody_marks_while_somebody_may_still_be_writing(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:1])
    by = person(city, "marker1")
    over = NINE + 2 * HOUR + timedelta(seconds=10)  # the transport grace counts as time to write
    with pytest.raises(MarkingNotBegun):
        claim(waiting.exam_id, None, by=by, now=over - timedelta(seconds=1))
    assert claim(waiting.exam_id, None, by=by, now=over)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"markers": ()}, ("markers", "too_few_markers")),
        ({"markers": ("marker1",), "double": True}, ("markers", "too_few_markers")),
        ({"markers": ("officer4",)}, ("markers", "not_a_marker")),
        ({"batch_size": 0}, ("batch_size", "out_of_range")),
        ({"batch_size": 101}, ("batch_size", "out_of_range")),
        ({"double": True, "tolerance": "-1"}, ("tolerance", "out_of_range")),
        ({"double": True, "tolerance": "0.005"}, ("tolerance", "two_decimals")),
    ],
)
def test_a_plan_that_cannot_be_is_refused_at_its_field(city, markers, changes, found):
    waiting = make_waiting(city, answers=1)
    chosen = changes.pop("markers", markers[:2])
    with pytest.raises(Invalid) as refusal:
        plan(city, waiting.exam_id, chosen, **changes)
    assert [(one.field, one.code) for one in refusal.value.problems] == [found]


def test_a_marker_of_another_unit_cannot_be_chosen(city):
    add_markers(city, 1, unit="XH")
    waiting = make_waiting(city, answers=1)
    with pytest.raises(Invalid):
        plan(city, waiting.exam_id, ["marker1"])


def test_once_a_mark_is_given_the_rule_stands_and_the_people_may_change(city, markers):
    waiting = make_waiting(city, answers=1)
    plan(city, waiting.exam_id, markers[:2])
    plan(city, waiting.exam_id, markers[:2], double=True, tolerance="2")
    mark_batch(city, waiting.exam_id, "marker1", "4", "2")
    for changes in ({"double": False}, {"double": True, "tolerance": "1"}):
        with pytest.raises(MarkingBegun):
            plan(city, waiting.exam_id, markers[:2], **changes)
    plan(city, waiting.exam_id, markers, double=True, tolerance="2", batch_size=5)
    plan(city, waiting.exam_id, markers, double=True, tolerance="2", batch_size=5)
    found = plan_of(db.session(), waiting.exam_id)
    assert (found.batch_size, len(found.markers), found.begun) == (5, 4, True)
    # Saving the same again wrote nothing, and each marker heard of it once.
    assert actions() == ["marking.planned"] * 3
    assert [codes_for(city, name) for name in markers] == [["marking_given"]] * 4


def test_only_who_runs_the_exam_plans_its_marking(city, markers):
    waiting = make_waiting(city, answers=1)
    for name in ("county_organiser", "marker1", "invigilator"):
        with pytest.raises(Missing):
            plan(city, waiting.exam_id, markers[:1], by=name)
