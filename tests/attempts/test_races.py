"""Fifty at once: one attempt, one hand-in, one score, and no answer that was acknowledged and does not count."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.attempts.factories import RIGHT, make_exam
from tests.conftest import NINE
from tests.exams.factories import person
from tests.exams.test_shifting import candidate_of
from trainer.attempts import cancel
from trainer.attempts.extend import extend_named
from trainer.attempts.models import Attempt, Response, ResponseEvent
from trainer.core.database import db
from trainer.hours.models import LedgerEntry
from trainer.marking.jobs import settle_left_over
from trainer.marking.models import Result
from trainer.marking.settle import settle

API = "/api/v1"
CROWD = 50


@pytest.fixture
def exam(city, clock):
    clock(NINE)
    return make_exam(city, NINE, usernames=("officer", "officer2"), credit_hours=Decimal(2))


@pytest.fixture
def at_once(app, as_user):
    """Let fifty pages of one officer do something at the same moment; return what came of each, in their order."""
    officer = as_user("officer")
    token = officer.get_cookie("session").value

    def run(deed, count=CROWD):
        gate = threading.Barrier(count)

        def one(place):
            with app.app_context():
                client = app.test_client()
                client.set_cookie("session", token)
                client.csrf = officer.csrf
                gate.wait(30)
                try:
                    return deed(client, place)
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(count) as crowd:
            return list(crowd.map(one, range(count)))

    return run


def body(epoch, number, seq):
    return {"epoch": epoch, "responses": [{"number": number, "answer": RIGHT[number], "seq": seq}]}


def begin(client, exam):
    made = client.post(f"{API}/exams/{exam.exam_id}/attempts").json
    return f"{API}/attempts/{made['attempt_id']}", made["epoch"]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_fifty_starts_leave_one_attempt_and_one_page_that_may_write(exam, at_once, as_user):
    answers = at_once(lambda client, _place: client.post(f"{API}/exams/{exam.exam_id}/attempts"))
    assert sorted(one.status_code for one in answers) == [200] * (CROWD - 1) + [201]
    assert len({one.json["attempt_id"] for one in answers}) == 1
    assert sorted(one.json["epoch"] for one in answers) == list(range(1, CROWD + 1))
    assert count(Attempt) == 1
    address = f"{API}/attempts/{answers[0].json['attempt_id']}/responses"
    tried = [as_user("officer").put(address, json=body(epoch, 1, epoch)) for epoch in range(1, CROWD + 1)]
    assert [one.status_code for one in tried] == [409] * (CROWD - 1) + [200]


def test_minutes_given_while_fifty_pages_start_all_reach_the_attempt(exam, at_once, city):
    organiser = person(city, "organiser")
    candidate = candidate_of(city, exam.exam_id)
    db.session.rollback()

    def deed(client, place):
        if place % 5:
            return client.post(f"{API}/exams/{exam.exam_id}/attempts").status_code
        return extend_named(exam.exam_id, [candidate], 2, by=organiser, reason="断电", now=NINE)

    done = at_once(deed)
    assert (done[::5], {*done} <= {1, 200, 201}) == ([1] * 10, True)
    attempt = db.session.scalars(select(Attempt)).one()
    assert attempt.deadline_at - attempt.started_at == timedelta(minutes=60 + 20)


def test_who_starts_while_the_exam_is_being_cancelled_finds_it_cancelled(exam, at_once, app, city, monkeypatch):
    """And its papers, which nobody has seen, count for no exposure."""
    held, begun = threading.Event(), threading.Event()
    has_anybody = cancel.has_anybody_begun

    def look(*about):
        found = has_anybody(*about)
        held.set()
        # The start is under way now, and waits for the exam.
        begun.wait(1)
        return found

    monkeypatch.setattr(cancel, "has_anybody_begun", look)

    def work():
        with app.app_context():
            try:
                cancel.cancel_exam(exam.exam_id, by=person(city, "organiser"), now=NINE)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(1) as other:
        cancelled = other.submit(work)
        assert held.wait(30)
        (answer,) = at_once(lambda client, _place: client.post(f"{API}/exams/{exam.exam_id}/attempts"), 1)
        cancelled.result()
    assert answer.status_code == 404
    assert db.session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_fifty_hand_ins_leave_one_hand_in_one_score_and_one_receipt(exam, at_once, as_user):
    address, epoch = begin(as_user("officer"), exam)
    rows = [{"number": number, "answer": answer, "seq": 1} for number, answer in RIGHT.items()]
    answers = at_once(lambda one, _: one.post(f"{address}/submit", json={"epoch": epoch, "responses": rows}))
    assert {one.status_code for one in answers} == {200}
    assert len({one.json["submitted_at"] for one in answers}) == 1
    assert {one.json["result"]["score"] for one in answers} == {"10.00"}
    settle_left_over(NINE)
    assert (count(Result), count(Response), count(ResponseEvent), count(LedgerEntry)) == (1, 5, 5, 1)
    assert db.session.scalar(select(Result.score)) == 10


def test_what_a_save_beside_a_hand_in_is_told_is_what_counts(exam, at_once, as_user):
    address, epoch = begin(as_user("officer"), exam)

    def deed(client, place):
        if place % 10 == 9:
            return client.post(f"{address}/submit", json={"epoch": epoch})
        number = place % 5 + 1
        return client.put(f"{address}/responses", json=body(epoch, number, place // 5 + 1))

    answers = at_once(deed)
    saved, refused = {}, 0
    for place, one in enumerate(answers):
        if place % 10 == 9:
            assert one.status_code == 200
        elif one.status_code == 200:
            told = [*one.json["saved"], *one.json["superseded"]]
            saved.setdefault(place % 5 + 1, []).append(told[0]["seq"])
        else:
            assert (one.status_code, one.json["code"]) == (409, "attempt_closed")
            refused += 1
    standing = dict(db.session.execute(select(Response.number, Response.seq)).all())
    assert standing == {number: max(seqs) for number, seqs in saved.items()}
    assert count(ResponseEvent) == CROWD - 5 - refused
    assert db.session.scalar(select(Result.score)) == 2 * len(saved)
    assert (count(Attempt), count(Result)) == (1, 1)


def test_fifty_saves_of_one_item_let_the_highest_number_stand_and_keep_all(exam, at_once, as_user):
    address, epoch = begin(as_user("officer"), exam)
    answers = at_once(lambda client, place: client.put(f"{address}/responses", json=body(epoch, 1, place + 1)))
    assert {one.status_code for one in answers} == {200}
    assert db.session.execute(select(Response.seq)).scalars().all() == [CROWD]
    assert count(ResponseEvent) == CROWD


def test_marking_the_same_hand_in_many_times_at_once_gives_one_score(exam, at_once, as_user, monkeypatch):
    officer = as_user("officer")
    address, epoch = begin(officer, exam)
    monkeypatch.setattr("trainer.attempts.api.settle_one", lambda one, now: False)
    officer.post(f"{address}/submit", json=body(epoch, 1, 1))
    attempt_id = int(address.rsplit("/", 1)[1])
    settled = at_once(lambda _client, _place: settle([attempt_id], NINE), count=8)
    assert sorted(map(len, settled)) == [0] * 7 + [1]
    assert db.session.execute(select(Result.score)).scalars().all() == [2]
