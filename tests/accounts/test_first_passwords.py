"""First passwords for many at once: who gets one, who may make it, and that it is shown once."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import openpyxl
import pytest
from sqlalchemy import select, update

from tests.conftest import NINE
from tests.hours.factories import person
from trainer.accounts import first_passwords, queries
from trainer.accounts.first_passwords import make_first_passwords
from trainer.accounts.models import Grant, SignInFailure, User
from trainer.accounts.queries import PeopleFilter, count_without_password, without_password
from trainer.audit.models import Entry
from trainer.core.crypto import password_fits
from trainer.core.database import transaction
from trainer.core.sheet_forms import FormColumn, FormSheet, write_form

MINE = {"officer", "officer2"}  # the officers of PJ-CGJ, where the clerk manages people


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Let a hash cost nothing; what is stored still tells which password it is of."""
    monkeypatch.setattr("trainer.accounts.first_passwords.hash_password", lambda password: f"hash of {password}")


def waiting(session, city, username="clerk", **more):
    found = without_password(session, person(city, username), **more)
    session.rollback()
    return found


def ids(session, city, username="clerk"):
    return [one.id for one in waiting(session, city, username)]


def test_people_without_a_password_get_one_that_must_be_changed(session, city):
    clerk = person(city, "clerk")
    made = make_first_passwords(ids(session, city), by=clerk, now=NINE)
    assert {one.username for one in made} >= MINE
    assert len({one.password for one in made}) == len(made)
    session.rollback()
    for one in made:
        row = session.scalar(select(User).where(User.username == one.username))
        assert (row.password_hash, row.must_change_password) == (f"hash of {one.password}", True)
        assert row.password_changed_at == NINE
    written = session.scalars(select(Entry).where(Entry.action == "password.first_made")).all()
    assert {one.target for one in written} >= {f"user:{city.people[name]}" for name in MINE}
    assert all(one.password not in str((entry.detail, entry.target)) for one in made for entry in written)
    assert made[0].password not in repr(made[0])
    # Whoever has one now is left alone.
    everybody = list(city.people.values())
    assert make_first_passwords(everybody, by=clerk, now=NINE) == []


def test_who_was_locked_out_by_guesses_may_sign_in_at_once(session, city):
    with transaction() as opened:
        opened.add(SignInFailure(username="officer", address="", failures=8, first_at=NINE, locked_until=NINE))
    make_first_passwords([city.people["officer"]], by=person(city, "clerk"), now=NINE)
    session.rollback()
    assert session.scalars(select(SignInFailure)).all() == []


def test_nobody_gets_one_who_has_one_is_away_above_or_out_of_scope(session, city):
    with transaction() as opened:
        opened.execute(update(User).where(User.username == "officer").values(password_hash="kept"))
        opened.execute(update(User).where(User.username == "officer2").values(state="locked"))
    everybody = list(city.people.values())
    made = {one.username for one in make_first_passwords(everybody, by=person(city, "clerk"), now=NINE)}
    assert not made & {"officer", "officer2", "clerk", "officer3", "foreign_officer", "admin"}
    session.rollback()
    assert session.scalar(select(User.password_hash).where(User.username == "officer")) == "kept"


def test_who_holds_a_role_beyond_the_callers_is_left_out(session, city):
    with transaction() as opened:
        row = {"user_id": city.people["officer"], "unit_id": city.units["JM"], "granted_at": NINE}
        opened.add(Grant(role="auditor", **row))
    assert "officer" not in {one.username for one in waiting(session, city)}
    made = make_first_passwords([city.people["officer"]], by=person(city, "clerk"), now=NINE)
    assert made == []
    assert "officer" in {one.username for one in waiting(session, city, "admin")}


def test_one_call_makes_a_bounded_number(session, city, monkeypatch):
    monkeypatch.setattr(first_passwords, "MOST", 1)
    wanted = ids(session, city)
    assert len(wanted) > 1
    assert len(make_first_passwords(wanted, by=person(city, "clerk"), now=NINE)) == 1


def test_the_count_is_that_of_the_list(session, city):
    for username in ("clerk", "admin"):
        for wanted in (PeopleFilter(), PeopleFilter(text="officer"), PeopleFilter(category="staff")):
            by = person(city, username)
            assert count_without_password(session, by, wanted) == len(without_password(session, by, wanted))


def test_a_long_list_is_asked_for_in_parts(session, city):
    names = [f"nobody{number}" for number in range(1200)] + ["officer"]
    assert [one.username for one in waiting(session, city, usernames=names)] == ["officer"]
    assert waiting(session, city, usernames=[]) == []


# --- pages


def sheet(*rows):
    heads = [FormColumn(head) for head in ("用户名", "姓名", "单位")]
    return write_form([FormSheet("名单", heads, rows)])


def imported(client, *rows):
    address = client.post("/people/roster", data={"file": (BytesIO(sheet(*rows)), "list.xlsx")}).location
    mark = re.search(r'name="fingerprint" value="(\w+)"', client.get(address).text).group(1)
    return client.post(f"{address}/apply", data={"fingerprint": mark}).location


def handed_out(page):
    """Return the rows of the workbook that the page holds: (username, name, unit, password)."""
    content = re.search(r"base64,([A-Za-z0-9+/=]+)", page).group(1)
    book = openpyxl.load_workbook(BytesIO(base64.b64decode(content)))
    return list(book.active.iter_rows(min_row=3, values_only=True))


def test_an_import_leads_to_its_newcomers_and_their_passwords(as_user, city, session):
    clerk = as_user("clerk")
    there = imported(clerk, ["chen.new", "陈新", "PJ-CGJ"], ["officer", "张officer", "PJ-CGJ"])
    assert there.endswith("/newcomers")
    page = clerk.get(there).text
    assert "chen.new" in page
    assert "为 2 人生成初始密码" in page
    answer = clerk.post(there.replace("/newcomers", "/passwords"))
    assert answer.headers["Cache-Control"] == "no-store"
    rows = handed_out(answer.text)
    assert sorted(row[:2] for row in rows) == [("chen.new", "陈新"), ("officer", "张officer")]
    session.rollback()
    for username, _name, _unit, password in rows:
        assert session.scalar(select(User.password_hash).where(User.username == username)) == f"hash of {password}"
    # A second time there is nothing to hand out.
    assert "没有生成密码" in clerk.post(there.replace("/newcomers", "/passwords")).text
    assert "都有密码了" in clerk.get(there).text


def test_an_import_without_newcomers_leads_to_the_people(as_user, city):
    assert imported(as_user("clerk"), ["officer", "张改名", "PJ-CGJ"]).endswith("/people")


def test_the_list_of_people_tells_who_cannot_sign_in_and_helps(as_user, city, session):
    clerk = as_user("clerk")
    assert "还没有密码，不能登录" in clerk.get("/people").text
    page = clerk.get("/people?password=none&q=officer2").text
    assert "为 1 人生成初始密码" in page
    rows = handed_out(clerk.post("/people/first-passwords?password=none&q=officer2").text)
    assert [row[0] for row in rows] == ["officer2"]
    assert "officer2" not in clerk.get("/people?password=none").text
    assert "还没有密码" not in as_user("head").get("/people").text.split("</form>")[1]


def test_only_those_who_manage_people_make_passwords(as_user, city, session):
    for username in ("officer", "head", "supervisor"):
        assert as_user(username).post("/people/first-passwords").status_code == 403
    address = imported(as_user("admin"), ["chen.new", "陈新", "XH-CGJ"])
    stranger = as_user("clerk").post(address.replace("/newcomers", "/passwords"))
    assert "没有生成密码" in stranger.text
    session.rollback()
    assert session.scalar(select(User.password_hash).where(User.username == "chen.new")) is None


def test_a_real_hash_fits(monkeypatch, session, city):
    monkeypatch.undo()
    made = make_first_passwords([city.people["officer"]], by=person(city, "clerk"), now=NINE)
    session.rollback()
    stored = session.scalar(select(User.password_hash).where(User.username == "officer"))
    assert password_fits(stored, made[0].password)
    assert queries.without_password(session, person(city, "clerk"), user_ids=[city.people["officer"]]) == []
