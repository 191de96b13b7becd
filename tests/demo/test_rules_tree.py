"""The unit tree of the demonstration city."""

import re
from collections import Counter

from question_bank.topics import taxonomy
from trainer.demo.rules.tree import (
    CITY_JUSTICE_BUREAU,
    KINDS,
    county_of,
    enforcement_units,
    lies_within,
    unit_by_code,
    units,
)

TOWNS_BY_COUNTY = {
    "蓬江区": 6, "江海区": 3, "新会区": 11, "台山市": 17, "开平市": 15, "鹤山市": 10, "恩平市": 11,
}  # fmt: skip


def test_the_city_has_seven_counties_and_seventy_three_towns_and_streets():
    kinds = Counter(unit.kind for unit in units())
    assert kinds["city"] == 1
    assert kinds["county"] == 7
    assert kinds["township_street"] == 73
    assert kinds["township_enforcement_office"] == kinds["judicial_office"] == 73
    assert kinds["justice_bureau"] == 8
    assert set(kinds) == set(KINDS)


def test_the_towns_lie_in_their_counties():
    towns = Counter(unit_by_code()[unit.parent_code].name for unit in units() if unit.kind == "township_street")
    assert towns == TOWNS_BY_COUNTY
    streets = [unit for unit in units() if unit.short_name.endswith("街道")]
    assert len(streets) == 12


def test_the_city_has_about_thirty_departments_of_its_own():
    own = [unit for unit in units() if unit.kind == "department" and county_of(unit.code) is None]
    assert len(own) == 30


def test_every_county_has_a_justice_bureau_and_the_main_departments():
    main = {
        "market",
        "ecology",
        "transport",
        "urban_mgmt",
        "culture_tourism",
        "agriculture",
        "emergency",
    }
    for county in (unit for unit in units() if unit.kind == "county"):
        children = [unit for unit in units() if unit.parent_code == county.code]
        assert sum(unit.kind == "justice_bureau" for unit in children) == 1
        assert main <= {field for unit in children for field in unit.fields}


def test_codes_and_names_are_unique_and_codes_are_plain():
    assert len({unit.code for unit in units()}) == len(units())
    assert len({unit.name for unit in units()}) == len(units())
    assert all(re.fullmatch(r"JM(-[A-Z]+)*", unit.code) and len(unit.code) <= 40 for unit in units())


def test_every_parent_comes_first_and_the_code_repeats_it():
    seen = set()
    for number, unit in enumerate(units(), start=1):
        assert unit.sort == number
        if unit.parent_code is None:
            assert unit.kind == "city"
        else:
            assert unit.parent_code in seen
            assert unit.code.rpartition("-")[0] == unit.parent_code
        seen.add(unit.code)


def test_office_and_judicial_office_stand_in_the_same_town():
    for town in (unit for unit in units() if unit.kind == "township_street"):
        kinds = {unit.kind for unit in units() if unit.parent_code == town.code}
        assert kinds == {"township_enforcement_office", "judicial_office"}


def test_fields_are_those_of_the_question_bank_and_only_bodies_have_them():
    known = {field.slug for field in taxonomy().fields}
    for unit in units():
        assert set(unit.fields) <= known
        assert bool(unit.fields) == (unit.kind in ("department", "township_enforcement_office"))
    assert {unit.code for unit in enforcement_units()} == {unit.code for unit in units() if unit.fields}


def test_a_city_body_is_in_no_county_even_if_its_code_begins_like_one():
    assert county_of("JM-HSJ") is None
    assert county_of("JM-HS-SPJD-ZF") == "JM-HS"
    assert county_of(CITY_JUSTICE_BUREAU) is None
    assert lies_within("JM-HS", "JM-HS")
    assert lies_within("JM-HS-SPJD", "JM-HS")
    assert not lies_within("JM-HSJ", "JM-HS")
