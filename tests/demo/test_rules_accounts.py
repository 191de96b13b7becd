"""The demonstration accounts."""

import re

from question_bank.topics import taxonomy
from trainer.demo.rules.accounts import ACCOUNTS, ROLES, officer_seats
from trainer.demo.rules.names import is_from_lists
from trainer.demo.rules.people import CERTIFICATE_SHARES
from trainer.demo.rules.tree import lies_within, unit_by_code, units


def accounts_with(role):
    return [account for account in ACCOUNTS if role in {grant.role for grant in account.grants}]


def test_every_role_has_an_account_and_no_account_has_an_unknown_role():
    assert {grant.role for account in ACCOUNTS for grant in account.grants} == set(ROLES)
    assert len(ROLES) == len(set(ROLES)) == 19


def test_supervision_is_shown_at_city_county_and_town():
    kinds = {
        unit_by_code()[grant.unit_code].kind for account in accounts_with("supervisor") for grant in account.grants
    }
    assert kinds == {"city", "county"}
    (account,) = accounts_with("judicial_office")
    assert unit_by_code()[account.unit_code].kind == "judicial_office"
    assert account.grants[0].unit_code == unit_by_code()[account.unit_code].parent_code


def test_usernames_are_unique_plain_and_never_those_of_generated_people():
    usernames = [account.username for account in ACCOUNTS]
    assert len(set(usernames)) == len(usernames)
    assert all(re.fullmatch(r"[a-z][a-z_]*[0-9]?", username) for username in usernames)
    assert not any(re.fullmatch(r"jm\d+", username) for username in usernames)


def test_names_are_invented_and_differ():
    assert all(is_from_lists(account.name) for account in ACCOUNTS)
    assert len({account.name for account in ACCOUNTS}) == len(ACCOUNTS)


def test_grants_stand_on_units_and_fields_that_exist():
    fields = {field.slug for field in taxonomy().fields}
    for account in ACCOUNTS:
        assert account.unit_code in unit_by_code()
        for grant in account.grants:
            assert grant.unit_code in unit_by_code()
            assert grant.field is None or grant.field in fields
    (line,) = accounts_with("line_supervisor")
    assert line.grants[0].field == "market"


def test_whoever_confirms_can_see_the_officer_and_two_markers_are_two_people():
    (officer, *_) = accounts_with("officer")
    for role in ("unit_head", "training_clerk", "mentor"):
        (account,) = accounts_with(role)
        scope = next(grant.unit_code for grant in account.grants if grant.role == role)
        assert account.username != officer.username
        assert lies_within(officer.unit_code, scope)
    assert len(accounts_with("marker")) >= 2


def test_duties_that_exclude_each_other_are_held_by_different_people():
    for one, other in (
        ("item_author", "item_reviewer"),
        ("item_author", "bank_manager"),
        ("training_clerk", "unit_head"),
        ("system_administrator", "auditor"),
        ("organiser", "arbitrator"),
    ):
        both = {account.username for account in accounts_with(one)} & {
            account.username for account in accounts_with(other)
        }
        assert not both


def test_officers_have_a_post_a_certificate_and_a_seat():
    seats = {seat.username: seat for seat in officer_seats()}
    for account in ACCOUNTS:
        officer = "officer" in {grant.role for grant in account.grants}
        assert officer == (account.post is not None) == (account.username in seats)
        assert officer == (account.category == "officer")
        if officer:
            assert unit_by_code()[account.unit_code].fields
            assert seats[account.username].certificate in CERTIFICATE_SHARES
    assert [account.username for account in ACCOUNTS if account.category == "lay"] == ["lay_supervisor"]


def test_every_account_is_described_in_one_chinese_sentence():
    for account in ACCOUNTS:
        assert account.description.endswith("。")
        assert account.description.count("。") == 1
        assert not account.description.isascii()


def test_no_judicial_office_or_bureau_has_fields_that_would_need_officers():
    assert not any(unit.fields for unit in units() if unit.kind in ("justice_bureau", "judicial_office"))
