"""Settling, and what a pass brings."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.attempts.factories import RIGHT, make_exam
from tests.conftest import NINE
from trainer.attempts.caller import Caller
from trainer.attempts.models import Attempt
from trainer.attempts.save import Given
from trainer.attempts.start import start
from trainer.attempts.submit import close_overdue, submit
from trainer.core.clock import local_day
from trainer.core.crypto import token_hash
from trainer.core.database import db
from trainer.hours.models import LedgerEntry
from trainer.marking.jobs import credit_left_over, settle_and_spread, settle_left_over
from trainer.marking.models import Result
from trainer.marking.settle import settle
from trainer.notices.models import Notice

MINUTE = timedelta(minutes=1)


def sit(city, exam, username, answers, now=NINE):
    """Let a person start, answer and hand in, and return the attempt's id."""
    from trainer.accounts.models import ApiToken
    from trainer.core.database import transaction

    token = f"{username}-{exam.exam_id}-{now}"
    with transaction() as session:
        session.add(ApiToken(token_hash=token_hash(token), user_id=city.people[username], created_at=now))
    caller = Caller(token_hash(token), by_token=True)
    opened = start(caller, exam.exam_id, now)
    given = [Given(number, answer, 1) for number, answer in answers.items()]
    submit(caller, opened.attempt_id, opened.epoch, given, now + 10 * MINUTE)
    return opened.attempt_id


def hours_of(city, username):
    found = select(func.sum(LedgerEntry.hours)).where(LedgerEntry.user_id == city.people[username])
    return db.session.scalar(found)


def test_an_attempt_is_settled_once_with_marks_item_by_item(city):
    exam = make_exam(city, NINE)
    attempt_id = sit(city, exam, "officer", {**RIGHT, 2: ["A"]})
    later = NINE + 20 * MINUTE
    assert settle([attempt_id], later) == [attempt_id]
    assert settle([attempt_id], later) == []
    result = db.session.get(Result, attempt_id)
    assert (result.score, result.max_points, result.correct_count) == (Decimal("8.00"), Decimal("10.00"), 4)
    assert (result.passed, result.seconds_used) == (True, 600)
    assert [mark["correct"] for mark in result.marks] == [True, False, True, True, True]


def test_an_unanswered_attempt_scores_nothing_and_fails(city):
    attempt_id = sit(city, make_exam(city, NINE), "officer", {})
    settle([attempt_id], NINE)
    result = db.session.get(Result, attempt_id)
    assert (result.score, result.passed) == (Decimal("0.00"), False)
    assert not any(mark["answered"] for mark in result.marks)


def test_what_was_never_handed_in_is_closed_at_its_deadline_and_settled(city):
    exam = make_exam(city, NINE)
    sit(city, exam, "officer", RIGHT)
    from trainer.accounts.models import ApiToken
    from trainer.core.database import transaction

    with transaction() as session:
        session.add(ApiToken(token_hash=token_hash("t"), user_id=city.people["officer2"], created_at=NINE))
    opened = start(Caller(token_hash("t"), by_token=True), exam.exam_id, NINE)
    assert close_overdue(NINE + 60 * MINUTE + timedelta(seconds=10)) == []
    assert close_overdue(NINE + 60 * MINUTE + timedelta(seconds=11)) == [opened.attempt_id]
    attempt = db.session.get(Attempt, opened.attempt_id)
    assert (attempt.submitted_by, attempt.submitted_at) == ("deadline", NINE + 60 * MINUTE)
    assert settle_left_over(NINE + 70 * MINUTE) == 2
    assert settle_left_over(NINE + 70 * MINUTE) == 0


@pytest.mark.parametrize(
    ("release", "at_once", "after_the_close"),
    [
        ("after_submit", Decimal("6.00"), Decimal("6.00")),
        ("after_close", None, Decimal("6.00")),
        ("manual", None, None),
    ],
)
def test_a_pass_earns_hours_only_once_its_result_may_be_seen(city, release, at_once, after_the_close):
    exam = make_exam(city, NINE, release=release, credit_hours=Decimal("6.00"))
    settle_and_spread([sit(city, exam, "officer", RIGHT)], NINE + 11 * MINUTE)
    assert hours_of(city, "officer") == at_once
    credit_left_over(NINE + 120 * MINUTE)
    assert hours_of(city, "officer") == at_once
    credit_left_over(NINE + 121 * MINUTE)
    assert hours_of(city, "officer") == after_the_close
    credit_left_over(NINE + 122 * MINUTE)
    assert hours_of(city, "officer") == after_the_close
    notices = db.session.scalar(select(func.count()).select_from(Notice))
    assert notices == (1 if after_the_close else 0)


def test_who_fails_earns_nothing_and_a_second_pass_no_second_hours(city):
    exam = make_exam(city, NINE, credit_hours=Decimal("2.00"), attempts=2)
    settle_and_spread([sit(city, exam, "officer2", {1: "B"})], NINE)
    assert hours_of(city, "officer2") is None
    settle_and_spread([sit(city, exam, "officer", RIGHT)], NINE)
    settle_and_spread([sit(city, exam, "officer", RIGHT, NINE + 20 * MINUTE)], NINE + 31 * MINUTE)
    assert hours_of(city, "officer") == Decimal("2.00")
    entry = db.session.scalar(select(LedgerEntry))
    assert (entry.source, entry.source_id, entry.year) == ("exam", str(exam.exam_id), 2026)
    assert entry.occurred_on == local_day(NINE)
