"""Officers and auxiliaries of the demonstration city."""

from collections import Counter
from datetime import date, timedelta

import pytest

from trainer.demo.rules.accounts import officer_seats
from trainer.demo.rules.names import is_from_lists
from trainer.demo.rules.people import SHOW_UNIT, first_day, last_day, make_people, staff_units
from trainer.demo.rules.tree import enforcement_units, unit_by_code

TODAY = date(2026, 11, 23)


def officers_of(people):
    return [person for person in people if person.category == "officer"]


@pytest.mark.parametrize("count", [1, 5, 194, 195, 300, 2000])
def test_the_city_has_exactly_the_officers_asked_for(count):
    assert len(officers_of(make_people(7, count, TODAY, officer_seats()))) == count


def test_a_city_without_officers_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        make_people(7, 0, TODAY)


@pytest.mark.parametrize("count", [200, 300, 2000])
def test_every_enforcement_unit_has_someone_when_there_are_enough(count):
    staffed = {person.unit_code for person in officers_of(make_people(7, count, TODAY, officer_seats()))}
    assert staffed == {unit.code for unit in enforcement_units()}


def test_the_largest_units_are_staffed_first_when_there_are_too_few():
    counts = staff_units(20, Counter())
    assert sum(counts.values()) == 20
    assert max(counts.values()) == 1
    assert counts["JM-SCJGJ"] == counts["JM-XH-SCJGJ"] == 1
    assert counts["JM-QXJ"] == 0


def test_big_fields_have_more_people_than_small_ones():
    counts = staff_units(10_000, Counter())
    assert counts["JM-SCJGJ"] > 5 * counts["JM-TJJ"]
    assert counts["JM-XH-CSGLJ"] > counts["JM-JH-CSGLJ"]
    assert 1_000 < sum(counts[code] for code in counts if code.endswith("-ZF")) < 3_000


def test_nobody_seated_loses_the_seat_and_seats_never_exceed_the_number():
    assert staff_units(3, Counter({SHOW_UNIT: 3}))[SHOW_UNIT] == 3
    with pytest.raises(ValueError, match="seated"):
        staff_units(2, Counter({SHOW_UNIT: 3}))


def test_the_seats_come_first_and_keep_name_and_unit():
    seats = officer_seats()
    people = make_people(7, 300, TODAY, seats)
    for seat, person in zip(seats, people, strict=False):
        assert (person.username, person.name, person.unit_code) == (
            seat.username, seat.name, seat.unit_code,
        )  # fmt: skip
    assert sum(person.unit_code == SHOW_UNIT for person in officers_of(people)) == 10


def test_usernames_and_certificate_numbers_are_unique():
    people = make_people(7, 2000, TODAY, officer_seats())
    assert len({person.username for person in people}) == len(people)
    numbers = [person.certificate_no for person in people if person.certificate_no]
    assert len(set(numbers)) == len(numbers)
    assert all(person.username.isascii() and person.username.islower() for person in people)


def test_every_name_is_put_together_from_the_lists():
    people = make_people(7, 2000, TODAY, officer_seats())
    assert all(is_from_lists(person.name) for person in people)
    assert not is_from_lists("无名氏")
    names = [person.name for person in people]
    assert {2, 3, 4} <= {len(name) for name in names}
    assert any("·" in name for name in names)
    assert len(set(names)) > 0.8 * len(names)


def test_a_small_city_already_has_a_long_and_a_rare_name():
    names = [person.name for person in make_people(7, 300, TODAY)]
    assert any("·" in name for name in names)
    assert any(name.startswith(("司徒", "欧阳")) for name in names)


def test_auxiliaries_come_on_top_and_hold_no_certificate():
    people = make_people(7, 300, TODAY)
    auxiliaries = [person for person in people if person.category == "auxiliary"]
    assert len(auxiliaries) == 9
    assert people[-9:] == tuple(auxiliaries)
    assert all(person.certificate_no is None for person in auxiliaries)


def test_fields_are_among_those_of_the_unit_and_begin_with_its_main_line():
    for person in make_people(7, 2000, TODAY, officer_seats()):
        fields = unit_by_code()[person.unit_code].fields
        assert person.fields[0] == fields[0]
        assert set(person.fields) <= set(fields)


def test_certificates_stand_as_their_days_say():
    people = officers_of(make_people(7, 2000, TODAY, officer_seats()))
    held = [person for person in people if person.certificate_state]
    for person in held:
        assert person.joined_on <= person.certificate_valid_from <= TODAY
        assert person.certificate_valid_from < person.certificate_valid_until
    states = Counter(person.certificate_state for person in people)
    assert {"valid", "suspended", "revoked", "cancelled", None} == set(states)
    valid = [person for person in held if person.certificate_state == "valid"]
    assert 15 <= sum(person.certificate_valid_until < TODAY for person in valid) <= 40
    soon = TODAY + timedelta(days=90)
    assert 50 <= sum(TODAY <= person.certificate_valid_until <= soon for person in valid) <= 100
    without = [person for person in people if person.certificate_state is None]
    assert all(person.joined_on.year == TODAY.year for person in without)
    for person in without:
        assert person.certificate_no is person.certificate_valid_from is None
        assert person.certificate_valid_until is None


def test_newcomers_joined_this_year_and_not_after_today():
    for today in (date(2026, 1, 1), date(2028, 2, 29), date(2026, 12, 31)):
        newcomers = [person for person in make_people(7, 300, today) if person.joined_on.year == today.year]
        assert 6 <= len(newcomers) <= 12
        assert all(person.joined_on <= today for person in newcomers)


@pytest.mark.parametrize(
    ("issued", "until"),
    [
        (date(2024, 2, 29), date(2029, 2, 28)),
        (date(2023, 3, 1), date(2028, 2, 29)),
        (date(2022, 7, 1), date(2027, 6, 30)),
        (date(2022, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_certificate_runs_five_whole_years(issued, until):
    assert last_day(issued) == until


def test_the_first_day_of_a_leap_day_term_is_the_first_of_march():
    assert first_day(date(2028, 2, 28)) == date(2023, 3, 1)
    assert first_day(date(2027, 6, 30)) == date(2022, 7, 1)
