"""Entering, changing, moving and closing units: effect, refusal at the field, second call, scope, two at once."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from trainer.accounts.queries import people_in_unit, person_by_id
from trainer.audit.models import Entry
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, Invalid, Missing, Refused
from trainer.orgs import service
from trainer.orgs.models import Unit, UnitField
from trainer.orgs.queries import fields_of, tree, units_within
from trainer.orgs.rules import HeldField, Reach, Scope, ancestors
from trainer.orgs.service import UnitEntry

EVERYWHERE = Scope((Reach(""),))


def entry(**changes) -> UnitEntry:
    return UnitEntry(**({"code": "PJ-NEW", "name": "蓬江区新设局", "kind": "department"} | changes))


def add(city, *, parent="PJ", scope=EVERYWHERE, **changes):
    return service.add_unit(entry(**changes), city.units.get(parent), by=1, scope=scope, now=NINE)


def move(city, code, parent, scope=EVERYWHERE):
    service.move_unit(city.units[code], city.units[parent], by=1, scope=scope)


def unit(session, city, code) -> Unit:
    return session.get(Unit, city.units[code], populate_existing=True)


def check_paths(session):
    """Every path is its parent's with the own id behind it: nothing is lost and no ring is made."""
    units = {one.id: one for one in session.scalars(select(Unit).execution_options(populate_existing=True))}
    for one in units.values():
        above = units[one.parent_id].path if one.parent_id else ""
        assert one.path == f"{above}{one.id:06d}/"


def test_a_new_unit_stands_below_its_parent(city, session):
    unit_id = add(city, code=" pj-new ")
    made = session.get(Unit, unit_id)
    assert (made.code, made.short_name, made.state) == ("PJ-NEW", "蓬江区新设局", "active")
    check_paths(session)
    assert session.scalar(select(Entry.action).where(Entry.target == f"unit:{unit_id}")) == "unit.entered"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"code": "PJ"}, "code", "taken"),
        ({"code": "a b"}, "code", "bad_unit_code"),
        ({"code": "-A"}, "code", "bad_unit_code"),
        ({"code": "A" * 41}, "code", "bad_unit_code"),
        ({"name": " "}, "name", "required"),
        ({"name": "局" * 121}, "name", "too_long"),
        ({"short_name": "局" * 61}, "short_name", "too_long"),
        ({"kind": "castle"}, "kind", "unknown_value"),
        ({"sort": -1}, "sort", "out_of_range"),
        ({"parent": "NOWHERE"}, "parent_id", "required"),
    ],
)
def test_a_bad_entry_is_refused_at_its_field(city, session, changes, field, code):
    before = session.scalar(select(func.count()).select_from(Unit))
    with pytest.raises(Invalid) as refused:
        add(city, **changes)
    assert [(one.field, one.code) for one in refused.value.problems] == [(field, code)]
    assert session.scalar(select(func.count()).select_from(Unit)) == before


def test_the_tree_has_a_bottom(city):
    parent = city.units["JM"]
    for level in range(1, service.MOST_LEVELS):
        parent = service.add_unit(entry(code=f"L{level}"), parent, by=1, scope=EVERYWHERE, now=NINE)
    with pytest.raises(Invalid) as refused:
        service.add_unit(entry(code="L"), parent, by=1, scope=EVERYWHERE, now=NINE)
    assert refused.value.problems[0].code == "tree_too_deep"


def test_a_change_keeps_place_and_people(city, session):
    scope = EVERYWHERE
    service.change_unit(city.units["PJ-CGJ"], entry(code="PJ-ZF", name="综合执法局", sort=3), by=1, scope=scope)
    found = unit(session, city, "PJ-CGJ")
    assert (found.code, found.name, found.sort, found.path) == ("PJ-ZF", "综合执法局", 3, city.paths["PJ-CGJ"])


def test_a_change_to_a_taken_code_is_refused_at_the_field(city, session):
    with pytest.raises(Invalid) as refused:
        service.change_unit(city.units["PJ-CGJ"], entry(code="PJ-SCJ"), by=1, scope=EVERYWHERE)
    assert refused.value.problems[0].field == "code"
    assert unit(session, city, "PJ-CGJ").code == "PJ-CGJ"


def test_moving_takes_the_whole_subtree_along_and_people_are_seen_from_the_new_place(city, session):
    move(city, "PJ-BS", "XH")
    check_paths(session)
    below = session.scalars(select(Unit.code).where(units_within(Scope((Reach(city.paths["XH"]),))))).all()
    assert sorted(below) == ["PJ-BS", "PJ-BS-ZF", "XH", "XH-CGJ"]
    county = person_by_id(session, city.people["county"])
    assert not county.scope("people.view").holds(unit(session, city, "PJ-BS-ZF").path)


def test_moving_to_where_it_stands_changes_and_records_nothing(city, session):
    move(city, "PJ-BS", "PJ")
    assert session.scalar(select(func.count()).select_from(Entry).where(Entry.action == "unit.moved")) == 0


@pytest.mark.parametrize("target", ["PJ", "PJ-BS", "PJ-BS-ZF"])
def test_a_unit_does_not_move_below_itself(city, session, target):
    with pytest.raises(Invalid) as refused:
        move(city, "PJ", target)
    assert [(one.field, one.code) for one in refused.value.problems] == [("parent_id", "unit_moves_below_itself")]
    check_paths(session)


def test_the_root_neither_moves_nor_closes(city):
    with pytest.raises(Conflict, match="root_unit_stays"):
        move(city, "JM", "PJ")
    with pytest.raises(Conflict, match="root_unit_stays"):
        close(city, "JM")


def test_nothing_moves_into_a_closed_unit(city):
    close_all(city, "XH")
    with pytest.raises(Invalid) as refused:
        move(city, "PJ-BS", "XH")
    assert refused.value.problems[0].code == "unit_closed"


def test_a_move_that_would_be_too_deep_is_refused(city, session):
    parent = city.units["XH"]
    for number in range(service.MOST_LEVELS - 3):
        parent = service.add_unit(entry(code=f"L{number}"), parent, by=1, scope=EVERYWHERE, now=NINE)
    with pytest.raises(Invalid) as refused:
        service.move_unit(city.units["PJ-BS"], parent, by=1, scope=EVERYWHERE)
    assert refused.value.problems[0].code == "tree_too_deep"
    check_paths(session)


def test_two_moves_into_each_other_at_once_make_no_ring(app, city, session):
    ready = threading.Barrier(2)
    outcomes: list[str] = []

    def run(code, parent):
        with app.app_context():
            ready.wait()
            try:
                move(city, code, parent)
                outcomes.append("moved")
            except Refused as refusal:
                outcomes.append(refusal.code)
            db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in (("PJ", "XH"), ("XH", "PJ"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["invalid", "moved"]
    session.rollback()
    check_paths(session)


def close(city, code, scope=EVERYWHERE):
    service.close_unit(city.units[code], people_in=people_in_unit, by=1, scope=scope)


def close_all(city, code):
    with transaction() as session:
        found = session.scalars(select(Unit).where(Unit.path.startswith(city.paths[code])))
        for one in found:
            one.state = "closed"


def test_a_unit_with_people_or_units_stays_open(city):
    with pytest.raises(Conflict, match="unit_has_people") as refused:
        close(city, "PJ-BS-ZF")
    assert refused.value.params["count"] == 1
    with pytest.raises(Conflict, match="unit_has_units"):
        close(city, "PJ-BS")


def test_an_empty_unit_closes_once_and_opens_again(city, session):
    city.units["PJ-NEW"] = add(city)
    for _time in range(2):
        close(city, "PJ-NEW")
    assert unit(session, city, "PJ-NEW").state == "closed"
    for _time in range(2):
        service.reopen_unit(city.units["PJ-NEW"], by=1, scope=EVERYWHERE)
    assert unit(session, city, "PJ-NEW").state == "active"
    said = session.scalars(select(Entry.action).where(Entry.target == f"unit:{city.units['PJ-NEW']}")).all()
    assert sorted(said) == ["unit.closed", "unit.entered", "unit.reopened"]


def test_nothing_opens_below_a_closed_unit(city):
    close_all(city, "XH")
    with pytest.raises(Conflict, match="unit_has_no_active_parent"):
        service.reopen_unit(city.units["XH-CGJ"], by=1, scope=EVERYWHERE)


COUNTY_ONLY = "PJ"


@pytest.mark.parametrize("field", [None, "urban_mgmt"])
def test_units_out_of_scope_are_missing_and_a_reach_in_one_field_manages_none(city, field):
    scope = Scope((Reach(city.paths[COUNTY_ONLY], field),))
    target = "XH-CGJ" if field is None else "PJ-CGJ"
    for act in (
        lambda: service.change_unit(city.units[target], entry(), by=1, scope=scope),
        lambda: move(city, target, "PJ", scope),
        lambda: close(city, target, scope),
        lambda: service.set_fields(city.units[target], [], by=1, scope=scope),
        lambda: service.reopen_unit(city.units[target], by=1, scope=scope),
        lambda: service.change_unit(987_654_321, entry(), by=1, scope=scope),
    ):
        with pytest.raises(Missing):
            act()


def test_nothing_moves_to_or_grows_under_a_place_out_of_scope(city):
    scope = Scope((Reach(city.paths["PJ"]),))
    for act in (lambda: move(city, "PJ-BS", "XH", scope), lambda: add(city, parent="XH", scope=scope)):
        with pytest.raises(Invalid) as refused:
            act()
        assert [(one.field, one.code) for one in refused.value.problems] == [("parent_id", "unknown_unit")]


def test_fields_are_held_on_their_days_and_replaced_as_a_whole(city, session):
    held = [HeldField("water", date(2026, 1, 1), date(2026, 6, 30)), HeldField("market")]
    for _time in range(2):
        service.set_fields(city.units["PJ-BS-ZF"], held, by=1, scope=EVERYWHERE)
    one = city.units["PJ-BS-ZF"]
    assert fields_of(session, [one], date(2026, 6, 30)) == {one: ["market", "water"]}
    assert fields_of(session, [one], date(2026, 7, 1)) == {one: ["market"]}
    assert session.scalar(select(func.count()).select_from(UnitField).where(UnitField.unit_id == one)) == 2


@pytest.mark.parametrize(
    ("held", "field", "code"),
    [
        ([HeldField("magic")], "entries.0.field", "unknown_enforcement_field"),
        ([HeldField("water", date(2026, 2, 1), date(2026, 1, 1))], "entries.0.until", "dates_reversed"),
        ([HeldField("water"), HeldField("water", date(2026, 2, 1))], "entries.1.field", "field_twice"),
    ],
)
def test_bad_fields_are_refused_at_their_line(city, held, field, code):
    with pytest.raises(Invalid) as refused:
        service.set_fields(city.units["PJ-CGJ"], held, by=1, scope=EVERYWHERE)
    assert [(one.field, one.code) for one in refused.value.problems] == [(field, code)]


def test_the_tree_lists_parents_before_children_within_the_scope(city, session):
    found = [one.path for one in tree(session, Scope((Reach(city.paths["PJ"]),)))]
    assert found[0] == city.paths["PJ"]
    assert len(found) == 6
    assert all(found.index(path) > found.index(ancestors(path)[-2]) for path in found[1:])
