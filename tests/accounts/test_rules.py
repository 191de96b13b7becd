"""Permissions from grants, lock-out on both sides of each limit, and what a password must be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import NINE
from trainer.accounts.rules import (
    FAILURE_WINDOW,
    FAILURES_HERE,
    LOCK_TIME,
    PERMISSIONS,
    Failures,
    HeldGrant,
    Person,
    after_failure,
    is_locked,
    may_grant,
    may_rule,
    password_problems,
    pasted_usernames,
)

CITY, COUNTY, OFFICE, OTHER = "000001/", "000001/000002/", "000001/000002/000003/", "000001/000009/"
SECOND = timedelta(seconds=1)


def person(*grants, **more) -> Person:
    held = tuple(HeldGrant(role, 1, "U", "U", path, field) for role, path, field in grants)
    return Person(1, "somebody", "某人", 1, "U", "U", CITY, grants=held, **more)


@pytest.mark.parametrize(("before", "locked"), [(0, False), (FAILURES_HERE - 2, False), (FAILURES_HERE - 1, True)])
def test_the_last_allowed_failure_locks(before, locked):
    known = Failures(before, NINE) if before else None
    after = after_failure(known, NINE + SECOND, FAILURES_HERE)
    assert (after.count, after.locked_until is not None) == (before + 1, locked)


@pytest.mark.parametrize(
    ("passed", "count"), [(timedelta(0), 8), (FAILURE_WINDOW - SECOND, 8), (FAILURE_WINDOW, 1), (FAILURE_WINDOW * 2, 1)]
)
def test_failures_are_forgotten_when_their_window_has_passed(passed, count):
    assert after_failure(Failures(7, NINE), NINE + passed, FAILURES_HERE).count == count


def test_one_slip_after_a_lock_does_not_lock_again():
    locked = after_failure(Failures(FAILURES_HERE - 1, NINE), NINE, FAILURES_HERE)
    assert after_failure(locked, locked.locked_until, FAILURES_HERE).locked_until is None


@pytest.mark.parametrize(("passed", "shut"), [(timedelta(0), True), (LOCK_TIME - SECOND, True), (LOCK_TIME, False)])
def test_a_lock_ends_at_its_very_moment(passed, shut):
    counts = [Failures(8, NINE, NINE + LOCK_TIME), Failures(3, NINE)]
    assert (is_locked(counts, NINE + passed) is not None) is shut


def test_the_longer_of_two_locks_counts():
    counts = [Failures(8, NINE, NINE + SECOND), Failures(100, NINE, NINE + LOCK_TIME)]
    assert is_locked(counts, NINE) == NINE + LOCK_TIME


def test_nobody_is_locked_without_failures():
    assert is_locked([], NINE) is None


@pytest.mark.parametrize("role", sorted(PERMISSIONS))
def test_a_role_gives_exactly_its_permissions_and_only_over_its_unit(role):
    holder = person((role, COUNTY, None))
    for permission in {one for held in PERMISSIONS.values() for one in held}:
        expected = permission in PERMISSIONS[role]
        assert holder.may(permission) is expected
        assert holder.scope(permission).holds(OFFICE) is expected
        assert not holder.scope(permission).holds(OTHER)


def test_a_grant_in_one_field_reaches_only_that_field():
    scope = person(("line_supervisor", CITY, "market")).scope("people.view")
    assert scope.holds(OFFICE, ("market", "water"))
    assert not scope.holds(OFFICE, ("water",))
    assert not scope.holds(OFFICE)
    assert not scope.holds_whole(OFFICE)


def test_an_unknown_role_gives_nothing():
    assert not person(("emperor", CITY, None)).may("people.view")


def test_an_entry_ticket_carries_nothing_but_the_exam():
    holder = person(("system_administrator", CITY, None), ("officer", COUNTY, None), ticket_exam_id=7)
    assert holder.may("attempt.own")
    assert not any(holder.may(one) for one in PERMISSIONS["system_administrator"] | {"practice.own", "hours.own"})
    assert holder.scope("grant.manage").reaches == ()


@pytest.mark.parametrize(
    ("giver", "role", "path", "may"),
    [
        (("system_administrator", CITY, None), "organiser", OFFICE, True),
        (("system_administrator", CITY, None), "system_administrator", CITY, True),
        (("system_administrator", COUNTY, None), "system_administrator", COUNTY, True),
        (("system_administrator", COUNTY, None), "organiser", CITY, False),
        (("system_administrator", COUNTY, None), "organiser", OTHER, False),
        (("system_administrator", CITY, "market"), "organiser", OFFICE, False),
        (("system_administrator", CITY, None), "emperor", OFFICE, False),
        (("training_clerk", CITY, None), "officer", OFFICE, False),
    ],
)
def test_grants_are_handed_out_only_within_the_own_ones(giver, role, path, may):
    assert may_grant(person(giver), role, path) is may


@pytest.mark.parametrize(
    ("held", "may"),
    [
        ([], True),
        ([("officer", OFFICE)], True),
        ([("officer", OFFICE), ("unit_head", OFFICE)], False),
        ([("system_administrator", CITY)], False),
    ],
)
def test_a_clerk_rules_only_over_those_who_hold_nothing_more(held, may):
    assert may_rule(person(("training_clerk", COUNTY, None)), held) is may


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("a1b2c3d4e", "password_too_short"),
        ("a1b2c3d4e5", None),
        ("x" * 64 + "yz1" * 21 + "q", None),
        ("xyz1" * 32 + "x", "password_too_long"),
        ("Password123", "password_too_common"),
        ("abababababab", "password_too_common"),
        ("my-CHENJIA-word", "password_contains_name"),
        ("四个不相干的词语就够长了", None),
    ],
)
def test_a_password_is_judged_by_length_and_what_everybody_tries(password, code):
    assert [problem.code for problem in password_problems(password, "chenjia")] == ([code] if code else [])


def test_pasted_names_are_divided_by_any_usual_mark_and_kept_once():
    assert pasted_usernames(" jm1, JM2；jm3\n\tjm1、jm4;,\r\n") == ["jm1", "jm2", "jm3", "jm4"]
    assert pasted_usernames("  ") == []
    assert pasted_usernames("a\x00b") == ["a\ufffdb"]


@pytest.mark.parametrize(
    "text",
    [
        "jm1\t陈嘉朗\r\nJM2\t陆 文静，二级\t城东分局\r\n",
        "\tjm1\t陈嘉朗\njm2",
        "jm1，jm2\t两人",
        "jm1 \t\n jm2",
    ],
)
def test_of_a_line_out_of_a_spreadsheet_only_the_first_cell_is_read(text):
    assert pasted_usernames(text) == ["jm1", "jm2"]
