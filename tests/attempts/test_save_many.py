"""Saves of many calls in two statements, on PostgreSQL, come to the same as each by itself."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from tests.attempts.factories import make_exam
from tests.attempts.test_api import API
from tests.conftest import NINE
from trainer.accounts.models import SignInSession, User
from trainer.attempts.caller import Caller
from trainer.attempts.models import Attempt, Response, ResponseEvent
from trainer.attempts.save import Given, _Asked, _save_many, save
from trainer.core.crypto import token_hash
from trainer.core.database import db, transaction
from trainer.core.errors import Refused

pytestmark = pytest.mark.postgresql_only

PEOPLE = ("officer", "officer2", "officer3")
ONE = {"epoch": 1, "given": [Given(1, "A", 1)], "now": NINE}
ANSWERS = {1: ["A", "B", None, "Z"], 2: [["A"], ["A", "C"], [], "A"], 3: [True, None, 1], 6: ["A"]}


@pytest.fixture
def halls(city, clock, as_user):
    """Return two equal exams, each begun by the same people: {username: attempt} of either, and their sessions."""
    clock(NINE)
    clients = {name: as_user(name) for name in PEOPLE}
    keys = {name: token_hash(client.get_cookie("session").value) for name, client in clients.items()}
    begun = []
    for _ in range(2):
        exam = make_exam(city, NINE)
        made = {name: client.post(f"{API}/exams/{exam.exam_id}/attempts") for name, client in clients.items()}
        begun.append({name: int(one.json["attempt_id"]) for name, one in made.items()})
    return begun, keys


calls = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from([None] * 8 + [*PEOPLE]),
        st.sampled_from([1, 1, 1, 1, 2]),
        st.lists(
            st.sampled_from([*ANSWERS]).flatmap(
                lambda number: st.tuples(st.just(number), st.sampled_from(ANSWERS[number]), st.integers(1, 6))
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    min_size=2,
    max_size=12,
)


def told(receipt):
    if isinstance(receipt, Refused):
        return receipt.code
    # What is superseded depends on which of two calls at once came first; that each is told of does not.
    heard = [(one.number, one.seq) for one in receipt.saved] + receipt.superseded + receipt.left
    return sorted(heard), receipt.deadline_at


def rows_of(model, attempts):
    rows = db.session.scalars(select(model).where(model.attempt_id.in_(attempts.values()))).all()
    people = {attempt: name for name, attempt in attempts.items()}
    return sorted((people[row.attempt_id], row.number, row.seq, row.answer) for row in rows)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls)
def test_together_is_as_apart(halls, asked):
    (first, second), keys = halls
    # One number of an item is one answer, as every page keeps it.
    known = {}
    asked = [
        (who, whose or who, epoch, [(n, known.setdefault((who, n, s), a), s) for n, a, s in answers])
        for who, whose, epoch, answers in asked
    ]
    with transaction() as session:
        for model in (Response, ResponseEvent):
            session.execute(delete(model))

    def call(attempts, who, whose, epoch, answers):
        return _Asked(Caller(keys[who]), attempts[whose], epoch, [Given(*one) for one in answers], NINE)

    def alone(one):
        try:
            return save(one.caller, one.attempt_id, one.epoch, one.given, one.now)
        except Refused as refusal:
            return refusal

    with db.engine.begin() as connection:
        usual = _save_many(connection, [call(first, *one) for one in asked])
    together = [made or alone(call(first, *one)) for made, one in zip(usual, asked, strict=True)]
    apart = [alone(call(second, *one)) for one in asked]
    assert [told(one) for one in together] == [told(one) for one in apart]
    for model in (Response, ResponseEvent):
        db.session.rollback()
        assert rows_of(model, first) == rows_of(model, second)


def test_whoever_may_not_write_is_left_to_the_write_of_one_call(halls, city):
    (attempts, _others), keys = halls

    def call(who, **about):
        return _Asked(**{"caller": Caller(keys[who]), "attempt_id": attempts[who]} | about, **ONE)

    ended, dismissed, usual = (call(who) for who in PEOPLE)
    unknown, by_token = call("officer3", caller=Caller(b"x" * 32)), call("officer3", caller=Caller(b"x" * 32, True))
    nowhere = call("officer3", attempt_id=2**40)
    with transaction() as session:
        session.execute(
            update(SignInSession).where(SignInSession.token_hash == keys["officer"]).values(expires_at=NINE)
        )
        session.execute(update(User).where(User.id == city.people["officer2"]).values(state="locked"))
    with db.engine.begin() as connection:
        made = _save_many(connection, [ended, unknown, dismissed, by_token, nowhere, usual])
    assert [one is not None for one in made] == [False] * 5 + [True]
    db.session.rollback()
    assert db.session.scalars(select(Response.attempt_id)).all() == [attempts["officer3"]]


def test_the_session_of_who_saves_together_is_prolonged_as_well(halls):
    (attempts, _others), keys = halls
    later = NINE + timedelta(minutes=30)
    with transaction() as session:
        session.execute(update(SignInSession).values(created_at=NINE, seen_at=NINE))
    asked = [_Asked(Caller(keys[who]), attempts[who], 1, [Given(1, "A", 1)], later) for who in PEOPLE]
    with db.engine.begin() as connection:
        assert all(_save_many(connection, asked))
    db.session.rollback()
    assert set(db.session.scalars(select(SignInSession.seen_at))) == {later}


def test_who_hands_in_meanwhile_has_nothing_saved_afterwards(app, halls):
    """The rows are held as they are after the wait, not as they were when the statement began."""
    (attempts, _others), keys = halls
    asked = [_Asked(Caller(keys[who]), attempts[who], 1, [Given(1, "A", 1)], NINE) for who in PEOPLE]
    leaves = update(Attempt).where(Attempt.id == attempts["officer2"])
    with ThreadPoolExecutor(1) as other, db.engine.connect() as connection, connection.begin() as held:
        connection.execute(leaves.values(state="submitted", submitted_at=NINE, submitted_by="candidate"))

        def save_all():
            with app.app_context(), db.engine.begin() as own:
                return _save_many(own, asked)

        saving = other.submit(save_all)
        time.sleep(0.2)
        assert not saving.done()
        held.commit()
        made = saving.result(20)
    assert [one is not None for one in made] == [True, False, True]
    db.session.rollback()
    saved = db.session.scalars(select(Response.attempt_id).order_by(Response.attempt_id)).all()
    assert saved == [attempts["officer"], attempts["officer3"]]


@pytest.mark.parametrize("typed", ["\0", "\\u0000", '"\\', "𠮷😀", "\u2028\t\n", "x" * 200], ids=ascii)
def test_text_of_any_kind_is_stored_as_by_the_write_of_one_call(halls, typed):
    (first, second), keys = halls
    given_ = [Given(4, [typed, typed], 2**53 - 1)]
    moment = NINE + timedelta(microseconds=123457)

    def alone(who):
        try:
            return save(Caller(keys[who]), second[who], 1, given_, moment)
        except Refused as refusal:
            return refusal

    apart = [alone(who) for who in PEOPLE]
    with db.engine.begin() as connection:
        together = _save_many(connection, [_Asked(Caller(keys[who]), first[who], 1, given_, moment) for who in PEOPLE])
    assert [made is not None for made in together] == [not isinstance(made, Refused) for made in apart]
    for model in (Response, ResponseEvent):
        db.session.rollback()
        assert rows_of(model, first) == rows_of(model, second)
        assert set(db.session.scalars(select(model.saved_at))) <= {moment}
