"""The training year, the competitions and the practice of the demonstration city."""

import ast
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import trainer.demo.rules.story as story_module
from question_bank.topics import taxonomy
from trainer.demo.rules.contests import ALWAYS_ENTERED, MOST_ENTRANTS, TEAM_SIZE
from trainer.demo.rules.people import SHOW_UNIT
from trainer.demo.rules.story import MOST_PRACTISING, WINGS, tell_story
from trainer.demo.rules.training_calendar import LINE_OF_FIELD, last_class_day, plan_classes
from trainer.demo.rules.training_year import hours_by_officer
from trainer.demo.rules.tree import county_of, enforcement_units, lies_within, unit_by_code

TODAY = date(2026, 11, 23)
RULES = Path(story_module.__file__).parent
ROOT = RULES.parents[2]


@pytest.fixture(scope="module")
def city():
    return tell_story(7, 2000, TODAY)


def hours_due(today):
    days = (date(today.year + 1, 1, 1) - date(today.year, 1, 1)).days
    return Decimal(60) * ((today - date(today.year, 1, 1)).days + 1) / days


def standing(story):
    """Share of the officers by how they stand, as a supervisor would count them."""
    hours = hours_by_officer(story.classes)
    exempt = {exemption.username for exemption in story.exemptions}
    officers = [person for person in story.people if person.category == "officer"]
    counts = Counter()
    for person in officers:
        have = hours.get(person.username, Decimal(0))
        if person.username in exempt:
            counts["exempt"] += 1
        elif person.joined_on.year == story.today.year:
            counts["newcomer"] += 1
        elif have >= hours_due(story.today):
            counts["on_pace"] += 1
        else:
            counts["behind" if have >= hours_due(story.today) / 2 else "far_behind"] += 1
    return {label: count / len(officers) for label, count in counts.items()}


def test_the_same_seed_number_and_day_give_the_same_city():
    assert tell_story(7, 300, TODAY) == tell_story(7, 300, TODAY)


def test_another_seed_gives_other_people_in_the_same_units():
    one, other = tell_story(7, 300, TODAY), tell_story(8, 300, TODAY)
    assert one.units == other.units
    assert one.accounts == other.accounts
    assert [person.name for person in one.people] != [person.name for person in other.people]
    assert one.classes != other.classes


def test_the_city_does_not_depend_on_the_hash_seed_of_the_process():
    code = (
        "import hashlib, datetime;"
        "from trainer.demo.rules.story import tell_story;"
        "told = repr(tell_story(7, 300, datetime.date(2026, 11, 23)));"
        "print(hashlib.sha256(told.encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_the_rules_read_no_clock_and_import_nothing_but_pure_code():
    for path in sorted(RULES.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            else:
                modules = []
            for module in modules:
                top = module.partition(".")[0]
                pure = top == "question_bank" or module.startswith("trainer.demo.rules.")
                assert pure or top in sys.stdlib_module_names, f"{path.name}: {module}"
                assert top not in {"time", "os", "secrets", "uuid"}, path.name
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"today", "now", "utcnow", "urandom"}, path.name


def test_ten_thousand_officers_are_told_within_seconds():
    begun = time.process_time()
    story = tell_story(7, 10_000, TODAY)
    assert time.process_time() - begun < 3
    assert sum(person.category == "officer" for person in story.people) == 10_000
    assert all(len(contest.entries) <= MOST_ENTRANTS for contest in story.competitions)
    assert len(story.practice) <= MOST_PRACTISING


def test_officers_stand_as_in_a_believable_city(city):
    shares = standing(city)
    assert shares["on_pace"] == pytest.approx(0.55, abs=0.03)
    assert shares["behind"] == pytest.approx(0.30, abs=0.03)
    assert shares["far_behind"] == pytest.approx(0.10, abs=0.03)
    assert shares["exempt"] == pytest.approx(0.02, abs=0.005)
    assert shares["newcomer"] == pytest.approx(0.03, abs=0.005)


@pytest.mark.parametrize("today", [date(2026, 2, 10), date(2027, 4, 1), date(2028, 7, 31), date(2026, 12, 31)])
def test_the_shares_hold_at_any_time_of_the_year(today):
    shares = standing(tell_story(7, 1000, today))
    assert 0.45 <= shares["on_pace"] <= 0.70
    assert 0.25 <= shares["behind"] + shares["far_behind"] <= 0.50


def test_before_the_first_class_of_a_year_nobody_has_an_hour_but_last_year_is_told():
    story = tell_story(7, 300, date(2027, 1, 3))
    assert hours_by_officer(story.classes) == {}
    assert {each.state for each in story.classes} == {"draft"}
    hours = hours_by_officer(story.earlier_classes)
    assert sum(have >= 60 for have in hours.values()) > 0.75 * 300


def test_some_have_met_the_year_and_nobody_has_more_than_was_offered(city):
    hours = hours_by_officer(city.classes)
    assert sum(have >= 60 for have in hours.values()) > 0.3 * 2000
    assert max(hours.values()) <= 85


def test_an_officer_is_offered_twelve_classes_a_year_and_more_hours_than_needed():
    planned = plan_classes(2026)
    for_everyone = [each for each in planned if each.code.count("-") == 1]
    assert len({each.held_on for each in planned}) == 12
    assert len(for_everyone) == 10
    assert sum(each.credit_hours for each in for_everyone) + 32 == 84


@pytest.mark.parametrize("year", range(2024, 2036))
def test_classes_are_on_working_days_with_at_most_eight_hours_a_day(year):
    for each in plan_classes(year):
        assert each.held_on.weekday() <= last_class_day(each).weekday() <= 4
        assert each.held_on.year == year
        assert 0 < each.credit_hours <= 8 * each.days
        assert each.credit_hours % Decimal("0.5") == 0


def test_classes_have_unique_codes_known_topics_and_an_organiser(city):
    topics = {topic.slug for topic in taxonomy().topics}
    classes = city.classes + city.earlier_classes
    assert len({each.code for each in classes}) == len(classes)
    for each in classes:
        assert each.topics
        assert set(each.topics) <= topics
        assert each.organiser_unit_code in unit_by_code()
        assert each.kind in {"public_law", "field_law", "enforcement_skill"}


def test_the_main_field_of_every_unit_belongs_to_a_line():
    assert {unit.fields[0] for unit in enforcement_units()} <= set(LINE_OF_FIELD)


def test_rolls_hold_each_officer_once_and_only_those_whom_the_class_is_for(city):
    people = {person.username: person for person in city.people}
    exempt = {exemption.username for exemption in city.exemptions}
    for each in city.classes:
        assert len(set(each.roll)) == len(each.roll)
        for username in each.roll:
            assert people[username].category == "officer"
            assert people[username].joined_on <= each.held_on
            assert username not in exempt
    (xinhui,) = [each for each in city.classes if each.code == "PX2026-05-XH"]
    assert xinhui.roll
    assert {county_of(people[username].unit_code) for username in xinhui.roll} == {"JM-XH"}
    (market,) = [each for each in city.classes if each.code == "PX2026-03-SC"]
    assert {LINE_OF_FIELD[people[username].fields[0]] for username in market.roll} == {"SC"}


def test_classes_ahead_are_drafts_without_a_roll(city):
    for each in city.classes:
        ahead = last_class_day(each) >= TODAY
        assert ahead == (each.state == "draft")
        assert ahead == (not each.roll)
    assert {each.state for each in city.earlier_classes} == {"confirmed"}


def test_the_head_of_the_show_unit_finds_a_class_to_confirm_that_gives_no_hours_yet():
    story = tell_story(7, 300, TODAY)
    (waiting,) = [each for each in story.classes if each.state == "submitted"]
    assert waiting.organiser_unit_code == SHOW_UNIT
    assert "officer" in waiting.roll
    confirmed = [each for each in story.classes if each.state == "confirmed"]
    assert hours_by_officer(story.classes) == hours_by_officer(confirmed)


def test_the_officer_account_is_behind_and_the_head_is_not():
    story = tell_story(7, 300, TODAY)
    hours = hours_by_officer(story.classes)
    assert 0 < hours["officer"] < hours_due(TODAY) <= hours["officer2"]
    assert hours["head"] >= hours_due(TODAY)


def test_exemptions_have_a_reason_and_spare_newcomers_and_accounts(city):
    people = {person.username: person for person in city.people}
    accounts = {account.username for account in city.accounts}
    assert city.exemptions
    for exemption in city.exemptions:
        assert exemption.reason
        assert date(2026, 1, 1) <= exemption.starts_on <= TODAY
        assert people[exemption.username].joined_on.year < 2026
        assert exemption.username not in accounts


def test_one_competition_is_finished_and_one_is_running(city):
    finished, running = city.competitions
    assert (finished.state, running.state) == ("finished", "running")
    assert finished.rounds[-1].closes_on < finished.published_on < TODAY
    assert running.published_on is None
    first = running.rounds[0]
    assert first.opens_on <= TODAY <= first.closes_on < running.rounds[1].opens_on
    assert finished.code != running.code
    for contest in city.competitions:
        for each in contest.rounds:
            assert each.opens_on <= each.closes_on
        assert [each.advance_teams is None for each in contest.rounds] == [False, True]
        assert sum(count * points for _, count, points in contest.rounds[0].sections) == 100


def test_teams_are_four_officers_of_their_unit_and_nobody_is_in_two(city):
    people = {person.username: person for person in city.people}
    for contest in city.competitions:
        members = [member for team in contest.teams for member in team.members]
        assert len(set(members)) == len(members)
        assert [team.unit_code for team in contest.teams] == list(contest.unit_codes)
        for team in contest.teams:
            assert len(team.members) == TEAM_SIZE
            for member in team.members:
                assert people[member].category == "officer"
                assert lies_within(people[member].unit_code, team.unit_code)
        assert set(members) <= {entry.username for entry in contest.entries}


def test_entries_are_unique_able_and_present_as_the_state_says(city):
    people = {person.username: person for person in city.people}
    allowed = {"finished": {"submitted", "absent"}, "running": {"submitted", "open", "not_started"}}
    for contest in city.competitions:
        usernames = [entry.username for entry in contest.entries]
        assert len(set(usernames)) == len(usernames)
        assert set(ALWAYS_ENTERED) <= set(usernames)
        assert {entry.presence for entry in contest.entries} == allowed[contest.state]
        for entry in contest.entries:
            assert 0.2 <= entry.ability <= 0.98
            assert entry.unit_code in contest.unit_codes
            assert people[entry.username].certificate_state == "valid"
            assert people[entry.username].certificate_valid_until >= TODAY


def test_the_accounts_have_an_old_result_and_a_paper_still_to_write():
    finished, running = tell_story(7, 300, TODAY).competitions
    for contest, presence in ((finished, "submitted"), (running, "not_started")):
        shown = {entry.username: entry.presence for entry in contest.entries}
        assert {shown[username] for username in ALWAYS_ENTERED} == {presence}


def test_a_person_is_equally_able_in_both_competitions_and_in_practice(city):
    finished, running = ({entry.username: entry.ability for entry in contest.entries} for contest in city.competitions)
    both = finished.keys() & running.keys()
    assert both
    assert all(finished[username] == running[username] for username in both)
    assert all(each.ability == finished.get(each.username, each.ability) for each in city.practice)


def test_practice_fits_into_its_days_and_a_good_part_never_practises(city):
    assert 0.3 * 2000 < len(city.practice) <= MOST_PRACTISING
    for each in city.practice:
        assert 1 <= each.active_days <= min(each.answers, each.span_days)
        assert each.wing in WINGS
    assert {wing.slug for wing in taxonomy().wings} == set(WINGS)


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_a_tiny_city_is_told_too_and_has_an_account_for_each_person_it_names(count):
    story = tell_story(7, count, TODAY)
    usernames = {person.username for person in story.people}
    assert {account.username for account in story.accounts if account.post} <= usernames
    assert "admin" in {account.username for account in story.accounts}


@pytest.mark.parametrize("today", [date(2028, 2, 29), date(2026, 1, 1), date(2026, 12, 31), date(2026, 10, 1)])
def test_any_day_of_the_year_can_be_today(today):
    finished, running = tell_story(7, 300, today).competitions
    assert finished.published_on < today
    assert running.rounds[0].closes_on < running.rounds[1].opens_on
    assert running.rounds[1].opens_on >= today + timedelta(days=20)
