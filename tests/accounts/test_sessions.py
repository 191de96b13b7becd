"""Signing in and out: lock-out, halls, what ends a session, tokens, tickets."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.conftest import NINE
from trainer.accounts import service, sessions
from trainer.accounts.models import ApiToken, SignInFailure, SignInSession, User
from trainer.accounts.queries import person_by_id, person_of_session, person_of_token
from trainer.accounts.rules import FAILURES_ANYWHERE, FAILURES_HERE, LOCK_TIME
from trainer.accounts.sessions import IDLE, LONGEST, BadCredentials, InLine, Locked
from trainer.audit.models import Entry
from trainer.core import crypto
from trainer.core.crypto import hash_password, token_hash
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Missing

PASSWORD = "梅花 烧鹅 石板 1919"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def people(city, hashed, monkeypatch):
    """The city with a password for everybody; the slow hash is replaced by an equal look, counted as one."""
    checked: list[str | None] = []

    def fits(stored, password):
        checked.append(stored)
        return stored is not None and password == PASSWORD

    monkeypatch.setattr(sessions, "password_fits", fits)
    with transaction() as session:
        for user in session.scalars(select(User)):
            user.password_hash = hashed
    city.checked = checked
    return city


def sign_in(username, password=PASSWORD, *, address="10.0.0.1", now=NINE):
    return sessions.sign_in(username, password, address=address, now=now)


def sign_in_in_turn(username, password):
    """Sign in as a page does where many come at once: ask again when told to."""
    for _time in range(100):
        try:
            return sign_in(username, password)
        except InLine as told:
            time.sleep(told.params["wait_ms"] / 1000)
    raise AssertionError("the turn did not come")


def fail(username, times, *, address="10.0.0.1", now=NINE):
    for _time in range(times):
        with pytest.raises(BadCredentials):
            sign_in(username, "wrong", address=address, now=now)


def who(opened, now=NINE):
    return person_of_session(db.session(), token_hash(opened.token), now)


def test_the_real_hash_accepts_the_password_and_nothing_else(hashed):
    assert crypto.password_fits(hashed, PASSWORD)
    assert not crypto.password_fits(hashed, PASSWORD + " ")
    assert not crypto.password_fits(None, PASSWORD)


def test_a_session_is_whose_it_is_and_its_token_is_nowhere_stored(people, session):
    opened = sign_in(" OFFICER ")
    assert who(opened).username == "officer"
    assert session.scalars(select(SignInSession.token_hash)).all() == [token_hash(opened.token)]


@pytest.mark.parametrize("username", ["officer", "nobody-of-that-name"])
def test_known_and_unknown_names_are_refused_alike_and_take_the_hash(people, username):
    fail(username, 1)
    assert len(people.checked) == 1


@pytest.mark.parametrize("username", ["officer", "nobody-of-that-name"])
def test_a_name_is_locked_after_its_failures_even_if_nobody_has_it(people, username):
    fail(username, FAILURES_HERE)
    with pytest.raises(Locked) as refused:
        sign_in(username)
    assert refused.value.params["until"] == NINE + LOCK_TIME
    assert len(people.checked) == FAILURES_HERE


@pytest.mark.parametrize(("passed", "open_"), [(LOCK_TIME - timedelta(seconds=1), False), (LOCK_TIME, True)])
def test_the_lock_ends_by_itself(people, passed, open_):
    fail("officer", FAILURES_HERE)
    if open_:
        assert who(sign_in("officer", now=NINE + passed), NINE + passed)
    else:
        with pytest.raises(Locked):
            sign_in("officer", now=NINE + passed)


def test_a_stranger_elsewhere_does_not_lock_the_officer_out(people):
    fail("officer", FAILURES_HERE, address="203.0.113.9")
    assert who(sign_in("officer", address="10.0.0.1"))


def test_a_hall_behind_one_address_is_never_blocked(people):
    """Two hundred names fail many times from one address, and another one gets in from it."""
    with transaction() as session:
        rows = [
            SignInFailure(username=f"n{n}", address="10.0.0.1", failures=FAILURES_HERE, first_at=NINE)
            for n in range(200)
        ]
        for row in rows:
            row.locked_until = NINE + LOCK_TIME
        session.add_all(rows)
    fail("officer2", FAILURES_HERE)
    assert who(sign_in("officer"))
    assert who(sign_in("officer3"))


def test_guessing_from_everywhere_is_stopped_too(people):
    with transaction() as session:
        session.add(SignInFailure(username="officer", address="", failures=FAILURES_ANYWHERE - 1, first_at=NINE))
    fail("officer", 1, address="198.51.100.77")
    with pytest.raises(Locked):
        sign_in("officer", address="10.0.0.1")


def test_success_forgets_the_failures(people, session):
    fail("officer", FAILURES_HERE - 1)
    sign_in("officer")
    fail("officer", FAILURES_HERE - 1)
    assert who(sign_in("officer"))
    assert session.scalars(select(SignInFailure).where(SignInFailure.username == "officer")).all() == []


def test_a_right_guess_that_comes_after_the_lock_is_refused(people, monkeypatch):
    """Many guesses at once all pass the first look; the second look, after the hash, stops the lucky one."""

    def slow(stored, password):
        with transaction() as session:
            session.merge(
                SignInFailure(
                    username="officer", address="10.0.0.1", failures=8, first_at=NINE, locked_until=NINE + LOCK_TIME
                )
            )
        return True

    monkeypatch.setattr(sessions, "password_fits", slow)
    with pytest.raises(Locked):
        sign_in("officer")


def test_failures_at_once_are_all_counted(app, people, session):
    def wrong():
        with app.app_context():
            with pytest.raises((BadCredentials, Locked)):
                sign_in_in_turn("officer", "wrong")
            db.session.remove()

    threads = [threading.Thread(target=wrong) for _n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = dict(session.execute(select(SignInFailure.address, SignInFailure.failures)).all())
    assert counts == {"10.0.0.1": 6, "": 6}


@pytest.mark.parametrize("state", ["locked", "left"])
def test_who_is_not_active_does_not_get_in(people, state):
    with transaction() as session:
        session.get(User, people.people["officer"]).state = state
    fail("officer", 1)


def test_who_has_no_password_does_not_get_in(people):
    with transaction() as session:
        session.get(User, people.people["officer"]).password_hash = None
    fail("officer", 1)


@pytest.mark.parametrize(("passed", "lives"), [(IDLE - MINUTE, True), (IDLE, False)])
def test_an_idle_session_ends(people, passed, lives):
    opened = sign_in("officer")
    assert (who(opened, NINE + passed) is not None) is lives


def test_a_session_in_use_is_prolonged_but_not_beyond_its_longest_life(people):
    opened = sign_in("officer")
    moment = NINE
    while moment < NINE + LONGEST - MINUTE:
        moment = min(moment + IDLE - MINUTE, NINE + LONGEST - MINUTE)
        assert who(opened, moment)
        sessions.touch(token_hash(opened.token), moment)
    assert who(opened, NINE + LONGEST) is None


def test_touching_writes_only_now_and_then(people, count_queries):
    opened = sign_in("officer")
    with count_queries() as seen:
        sessions.touch(token_hash(opened.token), NINE + MINUTE)
    assert len(seen) == 1


def test_signing_out_ends_the_session_and_a_second_time_does_nothing(people, session):
    opened = sign_in("officer")
    for _time in range(2):
        sessions.sign_out(token_hash(opened.token), by=opened.user_id)
    assert who(opened) is None
    assert session.scalars(select(Entry.action).where(Entry.action == "session.closed")).all() == ["session.closed"]


def test_a_new_password_ends_all_other_sessions_and_tokens_at_once(people):
    here, there = sign_in("officer"), sign_in("officer", address="10.0.0.2")
    token = sessions.make_token(here.user_id, by=None, label="x", read_only=False, now=NINE)
    service.change_password(who(here), PASSWORD, "荔枝湾 新会陈皮 2026", now=NINE)
    assert who(here) is not None
    assert who(there) is None
    assert person_of_token(db.session(), token_hash(token)) is None


def test_the_old_password_must_be_known_and_guessing_it_inside_is_counted(people):
    here = sign_in("officer")
    for _time in range(FAILURES_HERE):
        with pytest.raises(Invalid) as refused:
            service.change_password(who(here), "wrong", "荔枝湾 新会陈皮 2026", now=NINE)
        assert refused.value.problems[0].field == "current"
    with pytest.raises(Locked):
        service.change_password(who(here), PASSWORD, "荔枝湾 新会陈皮 2026", now=NINE)


def test_a_sign_in_that_meets_a_password_change_does_not_survive_it(people, monkeypatch):
    def slow(stored, password):
        with transaction() as session:
            session.get(User, people.people["officer"]).password_hash = "another"
        return True

    monkeypatch.setattr(sessions, "password_fits", slow)
    with pytest.raises(BadCredentials):
        sign_in("officer")


def test_a_reset_shows_a_password_once_ends_sessions_and_asks_for_a_new_one(people, session, monkeypatch):
    opened = sign_in("officer")
    admin = person_by_id(session, people.people["admin"])
    password = service.reset_password(people.people["officer"], by=admin, now=NINE)
    assert who(opened) is None
    monkeypatch.setattr(sessions, "password_fits", crypto.password_fits)
    fresh = who(sign_in("officer", password))
    assert fresh.must_change_password
    said = " ".join(str(entry.detail) for entry in session.scalars(select(Entry)))
    assert password not in said


def test_locking_ends_sessions_and_tokens_and_letting_in_brings_none_back(people, session):
    opened = sign_in("officer")
    token = sessions.make_token(opened.user_id, by=None, label="x", read_only=False, now=NINE)
    admin = person_by_id(session, people.people["admin"])
    for state in ("locked", "locked", "active"):
        service.set_state(opened.user_id, state, by=admin)
    assert who(opened) is None
    assert person_of_token(db.session(), token_hash(token)) is None
    said = session.scalars(select(Entry.action).where(Entry.action.startswith("person."))).all()
    assert said == ["person.locked", "person.active"]


def test_a_ticket_session_may_not_touch_the_account(people):
    with transaction() as session:
        opened = sessions.open_session(session, people.people["admin"], NINE, ticket_exam_id=3)
        session.get(User, people.people["admin"]).must_change_password = True
    person = who(opened)
    assert not person.must_change_password
    assert not person.may("site.manage")
    for act in (
        lambda: service.change_password(person, PASSWORD, "荔枝湾 新会陈皮 2026", now=NINE),
        lambda: service.make_own_token(person, label="x", read_only=True, now=NINE),
        lambda: service.sign_out_everywhere(person),
    ):
        with pytest.raises(Forbidden):
            act()


def test_a_token_makes_no_further_token(people, session):
    token = sessions.make_token(people.people["officer"], by=None, label="x", read_only=False, now=NINE)
    person = person_of_token(session, token_hash(token))
    with pytest.raises(Forbidden):
        service.make_own_token(person, label="y", read_only=True, now=NINE)


def test_a_token_is_revoked_by_its_owner_alone_and_once(people, session):
    mine = people.people["officer"]
    sessions.make_token(mine, by=None, label="x", read_only=True, now=NINE)
    token_id = session.scalar(select(ApiToken.id))
    with pytest.raises(Missing):
        sessions.revoke_token(token_id, user_id=people.people["officer2"], by=mine, now=NINE)
    for _time in range(2):
        sessions.revoke_token(token_id, user_id=mine, by=mine, now=NINE)
    said = session.scalars(select(Entry.action).where(Entry.action == "token.revoked")).all()
    assert said == ["token.revoked"]


def test_signing_out_everywhere_keeps_this_browser(people):
    here, there = sign_in("officer"), sign_in("officer")
    service.sign_out_everywhere(who(here))
    assert who(here) is not None
    assert who(there) is None


def test_ended_sessions_and_old_failures_are_tidied_up(people, session):
    sign_in("officer")
    fail("officer2", 1)
    assert sessions.drop_ended(NINE + timedelta(days=2)) == 1
    assert session.scalars(select(SignInFailure)).all() == []


def test_a_password_that_changed_meanwhile_is_not_changed_again(people, monkeypatch):
    here = who(sign_in("officer"))

    def slow(username, stored, password, now):
        with transaction() as session:
            session.get(User, here.id).password_hash = "another"
        return True

    monkeypatch.setattr(service, "confirm_password", slow)
    with pytest.raises(Conflict):
        service.change_password(here, PASSWORD, "荔枝湾 新会陈皮 2026", now=NINE)


def test_a_new_password_from_the_administrator_ends_the_lock(people, session):
    fail("officer", FAILURES_HERE)
    with pytest.raises(Locked):
        sign_in("officer")
    service.reset_password(people.people["officer"], by=person_by_id(session, people.people["admin"]), now=NINE)
    assert sign_in("officer").user_id == people.people["officer"]
