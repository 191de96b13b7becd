"""The ledger: each event once for each person, corrections exactly once."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from tests.conftest import NINE
from tests.hours.factories import entries, give_hours
from trainer.audit.models import Entry
from trainer.core.database import db, transaction
from trainer.core.errors import Invalid, Missing
from trainer.hours.ledger import CorrectionIsFinal, credit, reverse
from trainer.hours.models import LedgerEntry
from trainer.hours.rules.crediting import Caps, Event

EVENT = Event("class", "7", "证据收集培训班", Decimal("6.5"), date(2026, 12, 31), None, "签到册 3")


def test_an_event_is_entered_for_each_person_with_its_year_and_unit(city):
    people = [city.people["officer"], city.people["foreign_officer"]]
    assert credit(EVENT, people, by=None, now=NINE) == dict.fromkeys(people, Decimal("6.50"))
    first, second = entries()
    assert (first.hours, first.year, first.occurred_on, first.note) == (
        Decimal("6.50"),
        2026,
        date(2026, 12, 31),
        "签到册 3",
    )
    assert (first.unit_id, second.unit_id) == (city.units["PJ-CGJ"], city.units["XH-CGJ"])


def test_a_second_call_enters_nobody_again_but_those_who_are_new(city):
    officer, other = city.people["officer"], city.people["officer2"]
    credit(EVENT, [officer], by=None, now=NINE)
    assert credit(EVENT, [officer, other], by=None, now=NINE) == {other: Decimal("6.50")}
    assert credit(EVENT, [officer, other], by=None, now=NINE) == {}
    assert len(entries()) == 2
    assert db.session.scalar(select(func.count()).where(Entry.action == "hours.credited")) == 2


def test_many_people_take_a_few_statements(city, count_queries):
    from tests.factories import add_user

    with transaction() as session:
        ids = [add_user(session, f"many{number}", city.units["PJ-CGJ"], NINE) for number in range(600)]
    with count_queries() as seen:
        assert len(credit(EVENT, ids, by=None, now=NINE)) == 600
    assert len(seen) <= 8


def test_two_threads_that_credit_at_once_leave_one_entry_a_person(app, city):
    ids = [city.people[name] for name in ("officer", "officer2", "officer3", "officer4")]
    entered, errors = [], []

    def work(order):
        try:
            with app.app_context():
                entered.append(credit(EVENT, order, by=None, now=NINE))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(order,)) for order in (ids, ids[::-1], ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert sum(len(one) for one in entered) == 4
    assert len(entries()) == 4


def test_under_a_cap_the_rest_is_entered_and_then_nothing(city):
    officer, caps = city.people["officer"], Caps({"exam": Decimal(10)})
    made = []
    for number in range(3):
        event = Event("exam", f"e{number}", "考试", Decimal(6), date(2026, 5, 1))
        made.append(credit(event, [officer], by=None, now=NINE, caps=caps))
    assert made == [{officer: Decimal(6)}, {officer: Decimal(4)}, {}]


def test_hours_taken_back_make_room_under_a_cap_again(city):
    officer, caps = city.people["officer"], Caps({"exam": Decimal(10)})
    credit(Event("exam", "e1", "考试", Decimal(10), date(2026, 5, 1)), [officer], by=None, now=NINE, caps=caps)
    reverse("exam", "e1", by=None, reason="录入有误", now=NINE)
    again = credit(Event("exam", "e2", "考试", Decimal(6), date(2026, 6, 1)), [officer], by=None, now=NINE, caps=caps)
    assert again == {officer: Decimal(6)}


def test_a_correction_stands_in_the_year_of_what_it_takes_back_and_comes_once(city):
    officer = city.people["officer"]
    event = give_hours(officer, "4", on=date(2025, 12, 30))
    assert reverse("exam", event.source_id, by=city.people["head"], reason=" 重复登记 ", now=NINE) == {
        officer: Decimal(4)
    }
    assert reverse("exam", event.source_id, by=city.people["head"], reason="再来一次", now=NINE) == {}
    first, counter = entries(officer)
    assert (counter.hours, counter.year, counter.reverses_id, counter.note) == (Decimal(-4), 2025, first.id, "重复登记")
    assert first.hours == 4


def test_two_threads_that_reverse_at_once_leave_one_correction(app, city):
    event = give_hours(city.people["officer"], "4")
    taken = []

    def work():
        with app.app_context():
            taken.append(reverse("exam", event.source_id, by=None, reason="重复", now=NINE))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(len(one) for one in taken) == [0, 0, 1]
    assert len(entries()) == 2


def test_only_the_named_people_lose_their_hours(city):
    credit(EVENT, [city.people["officer"], city.people["officer2"]], by=None, now=NINE)
    assert list(reverse("class", "7", by=None, reason="未到课", now=NINE, user_ids=[city.people["officer2"]])) == [
        city.people["officer2"]
    ]
    assert sum(one.hours for one in entries(city.people["officer"])) == Decimal("6.5")
    assert sum(one.hours for one in entries(city.people["officer2"])) == 0


def test_what_the_ledger_refuses(city):
    with pytest.raises(CorrectionIsFinal):
        reverse("correction", "1", by=None, reason="x", now=NINE)
    with pytest.raises(Invalid):
        reverse("class", "7", by=None, reason="  ", now=NINE)
    with pytest.raises(Missing):
        credit(EVENT, [999_999], by=None, now=NINE)
    for source in ("minutes", "correction"):
        with pytest.raises(ValueError, match="no source"):
            credit(Event(source, "1", "x", Decimal(1), date(2026, 1, 1)), [city.people["officer"]], by=None, now=NINE)
    assert entries() == []


def test_an_error_after_the_credit_takes_the_credit_with_it(city):
    with pytest.raises(ZeroDivisionError), transaction():
        credit(EVENT, [city.people["officer"]], by=None, now=NINE)
        raise ZeroDivisionError
    assert entries() == []


def test_hours_are_kept_as_whole_hundredths(city):
    give_hours(city.people["officer"], "0.5")
    assert db.session.execute(text("SELECT hours FROM hour_entries")).scalar_one() == 50
    assert db.session.scalar(select(func.sum(LedgerEntry.hours))) == Decimal("0.50")
