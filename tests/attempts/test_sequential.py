"""Sequential navigation over the API: an item that was left is closed, and nothing that was typed before is lost."""

import pytest
from sqlalchemy import select

from tests.attempts.factories import make_exam
from tests.attempts.test_api import API, code, put, start
from tests.conftest import NINE
from trainer.attempts.models import Response, ResponseEvent
from trainer.core.database import db


@pytest.fixture
def exam(city, clock):
    clock(NINE)
    return make_exam(city, NINE, navigation="sequential")


@pytest.fixture
def officer(as_user):
    return as_user("officer")


@pytest.fixture
def attempt(officer, exam):
    return start(officer, exam).json["attempt_id"]


def kept():
    db.session.rollback()
    return {row.number: (row.answer, row.seq) for row in db.session.scalars(select(Response))}


def told(answer):
    """Return the numbers saved, superseded and refused."""
    assert answer.status_code == 200
    return tuple(
        [(one["number"], one["seq"]) for one in answer.json[name]] for name in ("saved", "superseded", "refused")
    )


def test_an_item_that_was_left_is_refused_alone_and_the_others_of_the_call_are_kept(officer, attempt):
    assert told(put(officer, attempt, 1, (1, "A", 1), (2, None, 2))) == ([(1, 1), (2, 2)], [], [])
    answer = put(officer, attempt, 1, (1, "B", 3), (2, ["A"], 4))
    assert told(answer) == ([(2, 4)], [], [(1, 3)])
    refused = answer.json["refused"][0]
    assert (refused["code"], refused["message"]) == ("item_left", "第 1 题已经离开，不能再作答，这次的内容没有保存。")
    assert kept() == {1: ('"A"', 1), 2: ('["A"]', 4)}
    assert db.session.scalars(select(ResponseEvent.seq).order_by(ResponseEvent.seq)).all() == [1, 2, 4]


def test_two_answers_to_one_item_are_both_saved_beside_one_that_was_left(officer, attempt):
    answer = put(officer, attempt, 1, (2, ["A"], 1), (2, ["B"], 5), (1, "A", 5))
    assert told(answer) == ([(2, 1), (2, 5)], [], [(1, 5)])
    assert kept() == {2: ('["B"]', 5)}


def test_an_item_that_was_skipped_is_closed_too(officer, attempt):
    put(officer, attempt, 1, (4, None, 5))
    assert told(put(officer, attempt, 1, (2, ["A"], 6), (4, None, 7)))[2] == [(2, 6)]


def test_what_was_typed_before_the_step_is_taken_after_it(officer, attempt):
    put(officer, attempt, 1, (3, None, 5))
    assert told(put(officer, attempt, 1, (1, "C", 2), (2, ["B"], 4))) == ([(1, 2), (2, 4)], [], [])
    assert kept()[1] == ('"C"', 2)


def test_what_has_arrived_is_acknowledged_again_although_its_item_was_left_since(officer, attempt):
    # The steps come in the wrong order: that of item 2 only after an answer that was numbered behind it.
    first = put(officer, attempt, 1, (1, "A", 3)).json["saved"]
    put(officer, attempt, 1, (2, None, 2))
    again = put(officer, attempt, 1, (1, "A", 3))
    assert told(again) == ([(1, 3)], [], [])
    assert again.json["saved"] == first
    assert told(put(officer, attempt, 1, (1, "B", 4)))[2] == [(1, 4)]
    assert kept()[1] == ('"A"', 3)


def test_a_whole_outbox_is_taken_in_one_call_and_another_time(officer, attempt):
    rows = [(1, "A", 1), (2, ["B"], 3), (3, None, 4)]
    assert told(put(officer, attempt, 1, *rows)) == told(put(officer, attempt, 1, *rows))
    assert told(put(officer, attempt, 1, *rows))[0] == [(1, 1), (2, 3), (3, 4)]


def test_a_step_within_a_call_closes_what_the_call_answers_after_it(officer, attempt):
    assert told(put(officer, attempt, 1, (1, "A", 3), (2, None, 2))) == ([(2, 2)], [], [(1, 3)])


def test_a_resume_tells_where_one_is_and_stays_as_strict(officer, exam, attempt):
    assert start(officer, exam).json["furthest"] == 1
    put(officer, attempt, 2, (1, "A", 1), (3, None, 2))
    again = start(officer, exam).json
    assert (again["navigation"], again["furthest"], again["epoch"]) == ("sequential", 3, 3)
    assert officer.get(f"{API}/attempts/{attempt}").json["furthest"] == 3
    assert told(put(officer, attempt, 3, (1, "B", 3)))[2] == [(1, 3)]
    assert code(put(officer, attempt, 2, (3, True, 4))) == (409, "taken_over")


def test_a_hand_in_leaves_out_what_was_left_and_says_so(officer, attempt):
    put(officer, attempt, 1, (1, "A", 1), (2, None, 2))
    rows = [{"number": 1, "answer": "B", "seq": 3}, {"number": 2, "answer": ["A"], "seq": 4}]
    done = officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1, "responses": rows})
    assert done.status_code == 200
    assert [(one["number"], one["code"]) for one in done.json["refused"]] == [(1, "item_left")]
    assert kept() == {1: ('"A"', 1), 2: ('["A"]', 4)}


def test_free_navigation_refuses_nothing_and_costs_nothing_more(city, clock, officer, count_queries):
    clock(NINE)
    exams = [make_exam(city, NINE, navigation=one) for one in ("free", "sequential")]
    ids = [start(officer, one).json for one in exams]
    assert (ids[0]["navigation"], ids[0]["furthest"]) == ("free", None)
    costs = []
    for one in ids:
        put(officer, one["attempt_id"], 1, (2, None, 2))
        with count_queries() as seen:
            answer = put(officer, one["attempt_id"], 1, (2, ["A"], 3))
        assert told(answer) == ([(2, 3)], [], [])
        costs.append(len(seen))
    assert costs[1] == costs[0] + 1
    assert told(put(officer, ids[0]["attempt_id"], 1, (1, "A", 4))) == ([(1, 4)], [], [])
