"""Figures of units and the people behind them, counted in the database, against the rule."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from tests.conftest import NINE
from tests.factories import add_user
from tests.hours.factories import give_hours, person
from trainer.accounts.models import User, UserField
from trainer.core.database import db, transaction
from trainer.core.errors import Missing
from trainer.hours.ledger import reverse
from trainer.hours.models import Exemption, Requirement
from trainer.hours.queries import person_year, standard_of
from trainer.hours.rules.compliance import standard
from trainer.orgs.models import Unit
from trainer.orgs.rules import path_of
from trainer.reports.queries.hours import (
    PersonFilter,
    as_person,
    compliance,
    heat,
    people,
    root_unit,
    roots,
    totals,
    units_above,
)
from trainer.reports.rules.figures import flat

DAY = date(2026, 11, 23)


def _scope(city, username):
    return person(city, username).scope("hours.view")


def _figures(city, username, code=None, day=DAY, year=2026):
    scope = _scope(city, username)
    root = root_unit(db.session, scope, code)
    return compliance(db.session, scope, root, standard_of(db.session, year, day))


def _exempt(city, username, year=2026):
    with transaction() as session:
        row = {"year": year, "reason": "产假", "decided_at": NINE}
        session.add(Exemption(user_id=city.people[username], **row))


@pytest.fixture
def year(city):
    """One officer of each status: met 60, on pace 54, behind 50, at risk 30, exempt."""
    for username, hours in (("officer", "60"), ("officer2", "54"), ("officer3", "50"), ("officer4", "30")):
        give_hours(city.people[username], hours, on=date(2026, 3, 5))
    _exempt(city, "foreign_officer")
    return city


def test_every_status_is_counted_where_the_person_is(year):
    tree = _figures(year, "supervisor")
    one = tree.figures
    assert (one.due, one.met, one.on_pace, one.behind, one.at_risk, one.exempt) == (4, 1, 1, 1, 1, 1)
    assert (one.hours_total, one.hours_due, one.forecast_met) == (Decimal("194.00"), Decimal("194.00"), 1)
    give_hours(year.people["foreign_officer"], "6", on=date(2026, 3, 5))
    one = _figures(year, "supervisor").figures
    assert (one.hours_total, one.hours_due, one.mean_hours) == (Decimal("200.00"), Decimal("194.00"), Decimal("48.50"))
    assert totals(db.session, _scope(year, "supervisor"), standard_of(db.session, 2026, DAY)) == one
    by_code = {row.code: row.figures for row in flat(tree)}
    assert (by_code["PJ-CGJ"].met, by_code["PJ-CGJ"].on_pace) == (1, 1)
    assert by_code["PJ-BS"].at_risk == by_code["PJ-BS-ZF"].at_risk == 1
    assert by_code["PJ"].due == 4
    assert (by_code["XH"].due, by_code["XH"].exempt) == (0, 1)
    assert "PJ-SFJ" not in by_code


def test_sql_and_rule_agree_at_every_limit(city):
    limits = ["0", "29.99", "30", "44.99", "45", "53.75", "53.76", "59.99", "60", "60.01"]
    with transaction() as session:
        ids = [add_user(session, f"limit{n}", city.units["XH-CGJ"], NINE) for n in range(len(limits))]
    for user_id, hours in zip(ids, limits, strict=True):
        if Decimal(hours):
            give_hours(user_id, hours)
    scope = _scope(city, "foreign_county")
    root = root_unit(db.session, scope, None)
    for day in (date(2026, 1, 1), date(2026, 6, 30), date(2026, 9, 30), DAY, date(2026, 12, 31), date(2027, 1, 1)):
        asked = standard(2026, day)
        tree = compliance(db.session, scope, root, asked)
        expected = [asked.status(Decimal(hours)) for hours in limits] + [asked.status(Decimal(0))]
        for status in ("met", "on_pace", "behind", "at_risk"):
            assert getattr(tree.figures, status) == expected.count(status), (day, status)
            found = db.session.execute(people(scope, root, asked, PersonFilter(status=status))).all()
            assert len(found) == expected.count(status)
            assert {as_person(row, asked).status for row in found} <= {status}


def test_the_forecast_of_sql_and_rule_agree(city):
    for number, (early, late) in enumerate([("40", "14"), ("40", "14.06"), ("31", "20"), ("60", "0"), ("0", "42.2")]):
        with transaction() as session:
            user_id = add_user(session, f"cast{number}", city.units["XH-CGJ"], NINE)
        if Decimal(early):
            give_hours(user_id, early, on=date(2026, 8, 25))
        if Decimal(late):
            give_hours(user_id, late, on=date(2026, 8, 26))
    ids = list(db.session.scalars(select(User.id).where(User.username.startswith("cast"))))
    years = [person_year(db.session, one, 2026, DAY) for one in ids]
    expected = sum(one.standard.forecast_met(one.hours, one.recent) for one in years)
    assert 0 < expected < len(ids)
    assert _figures(city, "foreign_county").figures.forecast_met == expected


def test_auxiliaries_staff_and_those_who_left_are_not_counted(year):
    with transaction() as session:
        for number, category in enumerate(("auxiliary", "staff", "lay")):
            give = add_user(session, f"other{number}", year.units["PJ-CGJ"], NINE, category=category)
            assert give
        session.execute(update(User).where(User.username == "officer3").values(state="left"))
        session.execute(update(User).where(User.username == "officer2").values(state="locked"))
    one = _figures(year, "supervisor").figures
    assert (one.due, one.behind, one.on_pace) == (3, 0, 1)


def test_corrections_are_taken_off_and_other_years_do_not_count(year):
    give_hours(year.people["officer4"], "60", on=date(2025, 12, 31))
    event = give_hours(year.people["officer4"], "30", on=date(2026, 4, 1))
    assert _figures(year, "supervisor").figures.met == 2
    reverse("exam", event.source_id, by=None, reason="重复", now=NINE)
    assert _figures(year, "supervisor").figures.met == 1
    assert _figures(year, "supervisor", year=2025).figures.met == 1


def test_another_requirement_and_an_exemption_of_another_year(year):
    with transaction() as session:
        session.add(Requirement(year=2026, hours=Decimal(50)))
    _exempt(year, "officer4", 2025)
    one = _figures(year, "supervisor").figures
    assert (one.met, one.due, one.exempt) == (3, 4, 1)


def test_the_hours_follow_a_person_to_the_new_unit(year):
    with transaction() as session:
        session.execute(update(User).where(User.username == "officer").values(unit_id=year.units["XH-CGJ"]))
    assert _figures(year, "foreign_county").figures.met == 1
    assert _figures(year, "county").figures.met == 0


@pytest.mark.parametrize(
    ("username", "code", "due"),
    [("supervisor", "JM", 4), ("county", "PJ", 4), ("clerk", "PJ-CGJ", 2), ("judicial", "PJ-BS", 1), ("line", "JM", 3)],
)
def test_without_a_unit_the_root_of_the_scope_answers(year, username, code, due):
    tree = _figures(year, username)
    assert (tree.code, tree.figures.due) == (code, due)


@pytest.mark.parametrize(
    ("username", "code"),
    [("county", "JM"), ("county", "XH"), ("clerk", "PJ"), ("clerk", "PJ-SCJ"), ("judicial", "PJ"), ("line", "PJ-SCJ"),
     ("line", "JM-SFJ"), ("supervisor", "NOWHERE"), ("officer", "PJ-CGJ"), ("officer", None)],
)  # fmt: skip
def test_outside_the_scope_a_unit_is_unknown(year, username, code):
    with pytest.raises(Missing):
        root_unit(db.session, _scope(year, username), code)


def test_a_line_supervisor_sees_the_own_field_in_every_place(year):
    with transaction() as session:
        session.add(UserField(user_id=year.people["officer4"], field="fire"))
    tree = _figures(year, "line")
    # Two in the county's bureau; the one of the other county is exempt; the town's officer works in the field too.
    assert {row.code for row in flat(tree)} == {"JM", "PJ", "PJ-CGJ", "XH", "XH-CGJ", "PJ-BS", "PJ-BS-ZF"}
    scope = _scope(year, "line")
    root = root_unit(db.session, scope, None)
    names = {row.username for row in db.session.execute(people(scope, root, standard(2026, DAY), PersonFilter()))}
    assert names == {"officer", "officer2", "officer4", "foreign_officer"}


def test_heat_counts_who_works_in_two_fields_in_both(year):
    scope = _scope(year, "supervisor")
    cells = heat(db.session, scope, root_unit(db.session, scope, None), standard(2026, DAY))
    town = year.units["PJ-BS-ZF"]
    assert cells[town, "township"] == cells[town, "urban_mgmt"] == (1, 0)
    assert cells[year.units["PJ-CGJ"], "urban_mgmt"] == (2, 2)
    assert cells[year.units["XH-CGJ"], "urban_mgmt"] == (0, 0)


def test_heat_also_answers_a_caller_who_is_cut_to_a_field(year):
    scope = _scope(year, "line")
    cells = heat(db.session, scope, root_unit(db.session, scope, None), standard(2026, DAY))
    assert cells[year.units["PJ-CGJ"], "urban_mgmt"] == (2, 2)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (PersonFilter(status="below"), ["officer4", "officer3"]),
        (PersonFilter(status="due"), ["officer4", "officer3", "officer2", "officer"]),
        (PersonFilter(status="exempt"), ["foreign_officer"]),
        (PersonFilter(), ["officer4", "officer3", "officer2", "officer", "foreign_officer"]),
        (PersonFilter(field="market"), ["officer3"]),
        (PersonFilter(search="officer3"), ["officer3"]),
        (PersonFilter(search="%"), []),
        (PersonFilter(status="due", sort="hours", descending=True), ["officer", "officer2", "officer3", "officer4"]),
        (PersonFilter(status="nonsense", sort="nonsense", search="officer3"), ["officer3"]),
    ],
)
def test_people_are_filtered_and_sorted(year, wanted, names):
    scope = _scope(year, "supervisor")
    rows = db.session.execute(people(scope, root_unit(db.session, scope, None), standard(2026, DAY), wanted))
    assert [row.username for row in rows] == names


def test_parts_of_a_root_leave_out_their_neighbours(year):
    scope = _scope(year, "supervisor")
    wanted = PersonFilter(outside=(year.paths["PJ"],))
    rows = db.session.execute(people(scope, root_unit(db.session, scope, None), standard(2026, DAY), wanted))
    assert [row.username for row in rows] == ["foreign_officer"]


def test_a_person_behind_a_figure_says_what_is_missing(year):
    scope = _scope(year, "supervisor")
    asked = standard(2026, DAY)
    row = db.session.execute(
        people(scope, root_unit(db.session, scope, None), asked, PersonFilter(search="officer4"))
    ).one()
    found = as_person(row, asked)
    assert (found.hours, found.missing, found.status, found.unit_code) == (
        Decimal(30),
        Decimal(30),
        "at_risk",
        "PJ-BS-ZF",
    )


def test_totals_equal_the_tree(year):
    scope = _scope(year, "supervisor")
    assert totals(db.session, scope, standard(2026, DAY)) == _figures(year, "supervisor").figures


def test_roots_hold_no_unit_below_another(year):
    from trainer.orgs.rules import Reach, Scope

    scope = Scope((Reach(year.paths["PJ-CGJ"]), Reach(year.paths["PJ"]), Reach(year.paths["XH-CGJ"], "urban_mgmt")))
    assert [unit.code for unit in roots(db.session, scope)] == ["PJ", "XH-CGJ"]
    assert roots(db.session, Scope()) == []


def test_crumbs_stop_at_the_edge_of_the_scope(year):
    unit = root_unit(db.session, _scope(year, "county"), "PJ-BS-ZF")
    assert [one.code for one in units_above(db.session, _scope(year, "county"), unit)] == ["PJ", "PJ-BS"]


def test_the_number_of_statements_does_not_depend_on_the_tree(year, count_queries):
    scope = _scope(year, "supervisor")

    def statements():
        root = root_unit(db.session, scope, None)
        with count_queries() as seen:
            compliance(db.session, scope, root, standard(2026, DAY))
            heat(db.session, scope, root, standard(2026, DAY))
        return len(seen)

    before = statements()
    with transaction() as session:
        for number in range(300):
            given = {"kind": "department", "path": f"-N{number}", "parent_id": year.units["XH"], "created_at": NINE}
            unit = Unit(code=f"N{number}", name=f"单位{number}", short_name="单位", **given)
            session.add(unit)
            session.flush()
            unit.path = path_of(year.paths["XH"], unit.id)
            add_user(session, f"n{number}", unit.id, NINE)
    assert before == statements() == 3
    assert len(flat(_figures(year, "supervisor"))) > 300
