"""Sign-ins by ticket whose writes are committed together: each with all that is its own, or with nothing."""

import threading
import time

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam
from trainer.accounts.models import SignInSession
from trainer.audit.models import Entry
from trainer.core.chain import Break
from trainer.core.crypto import token_hash
from trainer.core.database import db, gate_of, transaction
from trainer.core.seals import check, seal
from trainer.exams import tickets
from trainer.exams.tickets import BadTicket, issue_tickets, sign_in_by_ticket

USED = [("exam.ticket_used", "exam:{exam}"), ("session.opened", "user:{user}")]


@pytest.fixture
def exam(city):
    """A published exam whose tickets are handed out; what was recorded so far is forgotten."""
    exam_id = make_exam(city)
    city.exam_id, city.codes = exam_id, {one.username: one.code for one in issue_tickets(exam_id, by=None)}
    with transaction() as session:
        session.execute(delete(Entry))
    return city


def entries(*usernames, exam):
    """What is recorded of those people, in order, and what it should be."""
    db.session.rollback()
    people = [exam.people[username] for username in usernames]
    rows = db.session.execute(select(Entry.actor_id, Entry.action, Entry.target).order_by(Entry.id)).all()
    expected = [
        (user, action, target.format(exam=exam.exam_id, user=user)) for user in people for action, target in USED
    ]
    return sorted(map(tuple, rows)), sorted(expected)


def alive():
    db.session.rollback()
    return set(db.session.scalars(select(SignInSession.token_hash)))


def together(app, codes):
    """Sign in by all ``codes`` at once, on SQLite within one group, and return what came of each."""
    came = dict.fromkeys(codes)

    def come(code):
        with app.app_context():
            try:
                came[code] = sign_in_by_ticket(code, address="", now=NINE)
            except Exception as error:
                came[code] = error

    threads = [threading.Thread(target=come, args=(code,)) for code in codes]
    if db.engine.dialect.name == "sqlite":
        gate = gate_of(db.engine)
        with gate.lock:
            for thread in threads:
                thread.start()
            end = time.monotonic() + 10
            while len(gate.writer._jobs) < len(codes) and time.monotonic() < end:
                time.sleep(0.005)
            assert len(gate.writer._jobs) == len(codes), "all wait for the same commit"
    else:
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(30)
    return came


def test_both_entries_name_person_exam_and_request(client, exam, session, clock):
    clock(NINE)
    answer = client.post("/api/v1/session", json={"ticket": exam.codes["officer"]})
    found, expected = entries("officer", exam=exam)
    assert found == expected
    rows = session.execute(select(Entry.request_id, Entry.unit_id, Entry.detail).order_by(Entry.id)).all()
    assert [row.request_id for row in rows] == [answer.headers["X-Request-ID"]] * 2
    assert [row.unit_id for row in rows] == [exam.units["JM"], None]
    assert [row.detail for row in rows] == [{}, {}]


def test_the_entries_are_sealed_like_all_others(exam, session, tmp_path):
    sign_in_by_ticket(exam.codes["officer"], address="", now=NINE)
    seal(Entry, "audit", tmp_path)
    assert check(Entry, "audit", tmp_path) == (2, 0, None)
    entry = session.scalars(select(Entry).order_by(Entry.id)).first()
    with transaction() as session:
        session.get(Entry, entry.id).target = "exam:4711"
    assert check(Entry, "audit", tmp_path)[2] == Break("changed", 1, entry.id)


@pytest.mark.parametrize("moment", [NINE, NINE + 3 * HOUR], ids=["unknown", "too late"])
def test_who_is_refused_leaves_nothing_and_ends_nothing(exam, moment):
    before = sign_in_by_ticket(exam.codes["officer"], address="", now=NINE)
    recorded = entries("officer", exam=exam)[0]
    with pytest.raises(BadTicket):
        sign_in_by_ticket(exam.codes["officer"] if moment > NINE else "x" * 26, address="", now=moment)
    assert alive() == {token_hash(before.token)}
    assert entries("officer", exam=exam)[0] == recorded


def test_a_bad_ticket_among_good_ones_is_refused_alone(app, exam):
    good = [exam.codes["officer"], exam.codes["officer2"]]
    came = together(app, [good[0], "a" * 26, good[1], "b" * 26])
    assert [isinstance(one, BadTicket) for one in came.values()] == [False, True, False, True]
    assert alive() == {token_hash(came[code].token) for code in good}
    found, expected = entries("officer", "officer2", exam=exam)
    assert found == expected


def test_one_that_fails_half_way_is_undone_and_the_others_are_recorded_once(app, exam, monkeypatch):
    lost = exam.people["officer"]
    before = sign_in_by_ticket(exam.codes["officer"], address="", now=NINE)
    real, calls = tickets.open_session, []

    def open_session(connection, user_id, *rest, **more):
        calls.append(user_id)
        if user_id == lost:
            raise KeyError(user_id)
        return real(connection, user_id, *rest, **more)

    monkeypatch.setattr(tickets, "open_session", open_session)
    came = together(app, [exam.codes["officer2"], exam.codes["officer"]])
    assert isinstance(came[exam.codes["officer"]], KeyError)
    assert alive() == {token_hash(before.token), token_hash(came[exam.codes["officer2"]].token)}
    found, expected = entries("officer", "officer2", exam=exam)
    assert found == expected
    if db.engine.dialect.name == "sqlite":
        assert calls.count(exam.people["officer2"]) == 2, "the group was run again, each write apart"


class _Deadlock(Exception):
    sqlstate = "40P01"


@pytest.mark.postgresql_only
def test_a_sign_in_that_was_undone_by_a_deadlock_is_run_again_and_recorded_once(exam, monkeypatch):
    real, failures = tickets.open_session, [OperationalError("INSERT", {}, _Deadlock("deadlock detected"))]

    def open_session(*given, **more):
        made = real(*given, **more)
        if failures:
            raise failures.pop()
        return made

    monkeypatch.setattr(tickets, "open_session", open_session)
    opened = sign_in_by_ticket(exam.codes["officer"], address="", now=NINE)
    assert alive() == {token_hash(opened.token)}
    found, expected = entries("officer", exam=exam)
    assert found == expected


def test_a_ticket_used_twice_at_once_leaves_one_session(app, exam):
    code = exam.codes["officer"]
    came = together(app, [code, code.upper()])
    assert len(alive()) == 1
    assert alive() <= {token_hash(one.token) for one in came.values()}
    found, expected = entries("officer", "officer", exam=exam)
    assert found == expected
