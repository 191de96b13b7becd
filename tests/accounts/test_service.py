"""Entering, changing and locking people, grants: effect, refusal, second call, scope, two at once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.factories import add_user
from trainer.accounts import queries, service
from trainer.accounts.models import Grant, User
from trainer.accounts.queries import PeopleFilter, person_by_id
from trainer.accounts.service import NewPerson
from trainer.audit.models import Entry
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Missing
from trainer.orgs.models import Unit
from trainer.orgs.rules import Scope


@pytest.fixture
def caller(city, session):
    def person(username):
        return person_by_id(session, city.people[username])

    return person


def roles_of(session, user_id):
    rows = session.execute(
        select(Grant.role, Unit.code).join(Unit, Unit.id == Grant.unit_id).where(Grant.user_id == user_id)
    )
    return sorted(tuple(row) for row in rows)


def enter(by, **changes):
    entry = {"username": "new.person", "name": "陈 新", "unit_code": "PJ-CGJ", "fields": ("urban_mgmt",)} | changes
    return service.add_person(NewPerson(**entry), by=by, scope=by.scope("people.manage"), now=NINE)


def test_an_entered_officer_has_fields_and_the_role_but_no_password(caller, session):
    user_id = enter(caller("clerk"))
    user = session.get(User, user_id)
    assert (user.username, user.name, user.password_hash, user.state) == ("new.person", "陈 新", None, "active")
    assert queries.fields_of_people(session, [user_id]) == {user_id: ["urban_mgmt"]}
    assert roles_of(session, user_id) == [("officer", "PJ-CGJ")]
    assert session.scalar(select(Entry.action).where(Entry.target == f"user:{user_id}")) == "person.entered"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"username": "ab"}, "username", "bad_username"),
        ({"username": "-ab"}, "username", "bad_username"),
        ({"username": "陈"}, "username", "bad_username"),
        ({"username": "OFFICER"}, "username", "taken"),
        ({"name": "  "}, "name", "required"),
        ({"name": "x" * 81}, "name", "too_long"),
        ({"post": "x" * 81}, "post", "too_long"),
        ({"category": "king"}, "category", "unknown_value"),
        ({"fields": ("magic",)}, "fields", "unknown_enforcement_field"),
        ({"unit_code": "XH-CGJ"}, "unit_code", "unknown_unit"),
        ({"unit_code": "NO"}, "unit_code", "unknown_unit"),
    ],
)
def test_a_bad_entry_is_refused_at_its_field_and_nothing_is_stored(caller, session, changes, field, code):
    before = session.scalar(select(func.count()).select_from(User))
    with pytest.raises(Invalid) as refused:
        enter(caller("clerk"), **changes)
    assert [(one.field, one.code) for one in refused.value.problems] == [(field, code)]
    assert session.scalar(select(func.count()).select_from(User)) == before


def test_nobody_is_entered_into_a_closed_unit(caller, city):
    with transaction() as session:
        session.get(Unit, city.units["PJ-CGJ"]).state = "closed"
    with pytest.raises(Invalid) as refused:
        enter(caller("admin"))
    assert refused.value.problems[0].code == "unit_closed"


def test_who_works_in_a_closed_unit_can_still_be_corrected_there(caller, city, session):
    with transaction() as opened:
        opened.get(Unit, city.units["PJ-CGJ"]).state = "closed"
    change(caller("admin"), city.people["officer"], name="陈改")
    assert session.get(User, city.people["officer"]).name == "陈改"


def change(by, user_id, **changes):
    entry = {"username": "", "name": "陈改", "unit_code": "PJ-CGJ", "category": "officer"} | changes
    service.change_person(user_id, NewPerson(**entry), by=by, now=NINE)


def test_moving_takes_the_officers_role_along(caller, city, session):
    change(caller("admin"), city.people["officer"], unit_code="XH-CGJ")
    assert session.get(User, city.people["officer"]).unit_id == city.units["XH-CGJ"]
    assert roles_of(session, city.people["officer"]) == [("officer", "XH-CGJ")]


@pytest.mark.parametrize(
    ("before", "after", "roles"),
    [
        ("officer", "staff", []),
        ("officer", "auxiliary", [("officer", "PJ-CGJ")]),
        ("staff", "officer", [("officer", "PJ-CGJ")]),
        ("staff", "lay", []),
    ],
)
def test_the_officers_role_follows_the_category(caller, city, session, before, after, roles):
    with transaction() as opened:
        user_id = add_user(opened, "somebody", city.units["PJ-CGJ"], NINE, category=before)
    change(caller("admin"), user_id, category=after)
    change(caller("admin"), user_id, category=after)
    assert roles_of(session, user_id) == roles


def test_other_roles_survive_a_move(caller, city, session):
    change(caller("admin"), city.people["clerk"], unit_code="PJ-SCJ", category="staff")
    assert roles_of(session, city.people["clerk"]) == [("training_clerk", "PJ-CGJ")]


@pytest.mark.parametrize("other", ["officer3", "foreign_officer", "admin"])
def test_a_clerk_finds_nobody_of_another_unit(caller, city, other):
    clerk, target = caller("clerk"), city.people[other]
    for act in (
        lambda: change(clerk, target),
        lambda: service.set_state(target, "locked", by=clerk),
        lambda: service.reset_password(target, by=clerk, now=NINE),
    ):
        with pytest.raises(Missing):
            act()


def test_a_clerk_moves_nobody_out_of_the_own_scope(caller, city):
    with pytest.raises(Invalid) as refused:
        change(caller("clerk"), city.people["officer"], unit_code="PJ-SCJ")
    assert refused.value.problems[0].field == "unit_code"


@pytest.mark.parametrize("above", ["head"])
def test_a_clerk_cannot_become_or_silence_who_holds_more(caller, city, above):
    clerk, target = caller("clerk"), city.people[above]
    with pytest.raises(Forbidden, match="person_above_own"):
        service.reset_password(target, by=clerk, now=NINE)
    with pytest.raises(Forbidden, match="person_above_own"):
        service.set_state(target, "locked", by=clerk)


def test_nobody_locks_or_resets_oneself(caller, city):
    admin = caller("admin")
    for act in (
        lambda: service.set_state(admin.id, "left", by=admin),
        lambda: service.reset_password(admin.id, by=admin, now=NINE),
        lambda: service.give_grant(admin.id, "auditor", city.units["JM"], None, by=admin, now=NINE),
    ):
        with pytest.raises(Forbidden, match="not_on_oneself"):
            act()


def test_an_unknown_state_is_refused(caller, city):
    with pytest.raises(Invalid):
        service.set_state(city.people["officer"], "king", by=caller("admin"))


def give(by, user_id, role, unit_id, field=None):
    service.give_grant(user_id, role, unit_id, field, by=by, now=NINE)


def test_a_grant_takes_effect_and_a_second_one_is_a_conflict(caller, city, session):
    admin, officer = caller("admin"), city.people["officer"]
    give(admin, officer, "mentor", city.units["PJ"])
    assert caller("officer").scope("mentoring.own").holds(city.paths["PJ-CGJ"])
    with pytest.raises(Conflict, match="grant_exists"):
        give(admin, officer, "mentor", city.units["PJ"])
    give(admin, officer, "mentor", city.units["PJ"], "market")
    assert session.scalar(select(func.count()).select_from(Grant).where(Grant.role == "mentor")) == 2


def test_two_who_give_the_same_grant_at_once_leave_one(app, caller, city, session):
    admin, officer, unit = caller("admin"), city.people["officer"], city.units["PJ"]
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def run():
        with app.app_context():
            ready.wait()
            try:
                give(admin, officer, "mentor", unit)
                outcomes.append("given")
            except Conflict as refusal:
                outcomes.append(refusal.code)
            db.session.remove()

    threads = [threading.Thread(target=run) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["given", "grant_exists"]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Grant).where(Grant.role == "mentor")) == 1


def test_a_form_sent_twice_at_once_is_stored_twice_without_a_clash(app, caller, city, session, monkeypatch):
    clerk, officer = caller("clerk"), city.people["officer"]
    session.rollback()
    unit = session.scalar(select(Unit.code).join(User, User.unit_id == Unit.id).where(User.id == officer))
    session.rollback()
    entry = NewPerson("", "梁 伟", unit, fields=("urban_mgmt",))
    ready, failed = threading.Barrier(4), []

    def run():
        with app.app_context():
            ready.wait()
            try:
                for _time in range(5):
                    service.change_person(officer, entry, by=clerk, now=NINE)
            except Exception as error:
                failed.append(error)
            db.session.remove()

    threads = [threading.Thread(target=run) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert queries.fields_of_people(session, [officer]) == {officer: ["urban_mgmt"]}


@pytest.mark.parametrize(
    ("role", "field", "at"),
    [("emperor", None, "role"), ("mentor", "magic", "field"), ("line_supervisor", None, "field")],
)
def test_a_bad_grant_is_refused_at_its_field(caller, city, role, field, at):
    with pytest.raises(Invalid) as refused:
        give(caller("admin"), city.people["officer"], role, city.units["PJ"], field)
    assert refused.value.problems[0].field == at


@pytest.fixture
def county_admin(city, session):
    with transaction() as opened:
        city.people["county_admin"] = add_user(opened, "county_admin", city.units["PJ"], NINE, category="staff")
        row = {"role": "system_administrator", "unit_id": city.units["PJ"], "granted_at": NINE}
        opened.add(Grant(user_id=city.people["county_admin"], **row))
    return person_by_id(session, city.people["county_admin"])


def test_a_county_administrator_gives_only_inside_the_county(county_admin, city):
    give(county_admin, city.people["officer"], "mentor", city.units["PJ-CGJ"])
    for unit in ("JM", "XH"):
        with pytest.raises(Missing):
            give(county_admin, city.people["officer"], "organiser", city.units[unit])


def test_a_county_administrator_does_not_even_find_people_elsewhere(county_admin, city):
    for user_id in (city.people["foreign_officer"], 987_654_321):
        with pytest.raises(Missing):
            give(county_admin, user_id, "mentor", city.units["PJ"])


def test_a_county_administrator_takes_no_grant_over_the_city(county_admin, city, session):
    grant = session.scalar(select(Grant.id).where(Grant.user_id == city.people["organiser"]))
    with pytest.raises(Missing):
        service.take_grant(grant, by=county_admin)


def test_nobody_who_has_left_gets_a_role(caller, city):
    service.set_state(city.people["officer"], "left", by=caller("admin"))
    with pytest.raises(Conflict, match="person_has_left"):
        give(caller("admin"), city.people["officer"], "mentor", city.units["PJ"])


def test_a_taken_grant_is_gone_at_once_and_a_second_taking_finds_nothing(caller, city, session):
    grant = session.scalar(select(Grant.id).where(Grant.user_id == city.people["organiser"]))
    service.take_grant(grant, by=caller("admin"))
    assert not caller("organiser").may("competition.manage")
    with pytest.raises(Missing):
        service.take_grant(grant, by=caller("admin"))


def test_the_officers_own_role_is_not_taken_by_itself(caller, city, session):
    grant = session.scalar(select(Grant.id).where(Grant.user_id == city.people["officer"]))
    with pytest.raises(Conflict, match="officer_role_follows_category"):
        service.take_grant(grant, by=caller("admin"))


def admin_grant(session, user_id):
    return session.scalar(select(Grant.id).where(Grant.user_id == user_id, Grant.role == "system_administrator"))


def test_the_last_administrator_stays(caller, county_admin, city, session):
    """The county's administrator does not count for the city."""
    with pytest.raises(Forbidden, match="last_administrator"):
        service.take_grant(admin_grant(session, city.people["admin"]), by=caller("admin"))


def test_of_two_administrators_one_may_go(caller, city, session):
    give(caller("admin"), city.people["auditor"], "system_administrator", city.units["JM"])
    service.set_state(city.people["admin"], "locked", by=caller("auditor"))
    with pytest.raises(Forbidden, match="last_administrator"):
        service.take_grant(admin_grant(session, city.people["auditor"]), by=caller("auditor"))


def test_two_administrators_who_remove_each_other_at_once_leave_one(app, caller, city, session):
    give(caller("admin"), city.people["auditor"], "system_administrator", city.units["JM"])
    pairs = [(caller("admin"), city.people["auditor"]), (caller("auditor"), city.people["admin"])]
    grants = {user_id: admin_grant(session, user_id) for _by, user_id in pairs}
    session.rollback()
    ready = threading.Barrier(2)
    outcomes: list[str] = []

    def run(by, other):
        with app.app_context():
            ready.wait()
            try:
                service.take_grant(grants[other], by=by)
                outcomes.append("taken")
            except Forbidden as refusal:
                outcomes.append(refusal.code)
            db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["last_administrator", "taken"]


def test_the_first_administrator_is_made_on_an_empty_database(app, session):
    user_id, password = service.create_admin("Root.Admin", None, now=NINE)
    admin = person_by_id(session, user_id)
    assert (admin.username, admin.unit_code, admin.must_change_password) == ("root.admin", "ROOT", True)
    assert admin.scope("site.manage").holds(admin.unit_path)
    assert len(password) == 16
    with pytest.raises(Invalid, match="invalid"):
        service.create_admin("root.admin", None, now=NINE)


def test_a_chosen_password_of_an_administrator_must_be_a_good_one(app):
    with pytest.raises(Invalid):
        service.create_admin("root.admin", "123", now=NINE)


def found(session, by, **wanted):
    rows = session.execute(queries.find_people(by.scope("people.view"), PeopleFilter(**wanted)))
    return sorted(row[0].username for row in rows)


@pytest.mark.parametrize(
    ("by", "count"),
    [("clerk", 4), ("head", 4), ("county", 9), ("line", 4), ("judicial", 1), ("officer", 0), ("foreign_county", 3)],
)
def test_a_list_of_people_ends_at_the_callers_scope(caller, session, by, count):
    assert len(found(session, caller(by))) == count


def test_a_line_supervisor_sees_the_field_in_every_county_and_nothing_else(caller, session):
    assert found(session, caller("line")) == ["foreign_officer", "officer", "officer2", "officer4"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"text": "OFFICER2"}, ["officer2"]),
        ({"text": "张officer3"}, ["officer3"]),
        ({"text": "%"}, []),
        ({"text": "_"}, ["county_organiser", "foreign_county", "foreign_officer", "foreign_organiser"]),
        ({"field": "market"}, ["officer3"]),
        ({"state": "locked"}, []),
        ({"category": "officer", "field": "township"}, ["officer4"]),
    ],
)
def test_filters_narrow_the_list(caller, session, wanted, names):
    assert found(session, caller("admin"), **wanted) == names


def test_an_empty_scope_finds_nobody(city, session):
    assert session.execute(queries.find_people(Scope(), PeopleFilter())).all() == []
    assert session.execute(queries.find_grants(Scope())).all() == []
