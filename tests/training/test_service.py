"""The life of a class, and what each step refuses."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from tests.conftest import NINE
from tests.hours.factories import entries, person
from tests.training.factories import entry, make_class, roll
from trainer.accounts.models import Grant, User
from trainer.audit.models import Entry
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Missing
from trainer.notices.models import Notice
from trainer.training import service
from trainer.training.models import RollEntry, TrainingClass
from trainer.training.service import Roll


def _state(class_id):
    db.session.expire_all()
    return db.session.get(TrainingClass, class_id).state


def _notices(city, username):
    return list(
        db.session.scalars(select(Notice.code).where(Notice.user_id == city.people[username]).order_by(Notice.id))
    )


def _problems(caught):
    return [(problem.field, problem.code) for problem in caught.value.problems]


def test_a_confirmed_class_credits_everybody_present_once_and_tells_them(city):
    class_id = make_class(city, "officer", absent=("officer2",), state="confirmed")
    (one,) = entries()
    assert (one.user_id, one.hours, one.occurred_on, one.note) == (
        city.people["officer"],
        4,
        date(2026, 11, 20),
        "签到册 12",
    )
    assert (one.source, one.source_id, one.confirmed_by) == ("class", str(class_id), city.people["head"])
    assert _notices(city, "officer") == ["hours_credited"]
    assert _notices(city, "officer2") == []
    assert _notices(city, "head") == ["class_to_confirm"]
    assert _notices(city, "clerk") == ["class_confirmed"]
    actions = list(db.session.scalars(select(Entry.action).order_by(Entry.id)))
    assert actions == ["class.entered", "class.submitted", "hours.credited", "class.confirmed"]


def test_a_second_confirmation_is_refused_and_credits_nobody(city):
    class_id = make_class(city, state="confirmed")
    with pytest.raises(Conflict, match="class_decided_already"):
        service.confirm(class_id, by=person(city, "head"), now=NINE)
    assert len(entries()) == 2


def test_of_two_heads_at_once_one_confirms(app, city):
    class_id = make_class(city, state="submitted")
    head, made = person(city, "head"), []

    def work():
        with app.app_context():
            try:
                made.append(service.confirm(class_id, by=head, now=NINE))
            except Conflict:
                made.append(None)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(made, key=str) == [2, None, None]
    assert len(entries()) == 2


def test_who_entered_a_class_never_decides_on_it(city):
    with transaction() as session:
        grant = {"role": "unit_head", "unit_id": city.units["PJ-CGJ"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["clerk"], **grant))
    class_id = make_class(city, state="submitted")
    clerk = person(city, "clerk")
    for act in (
        lambda: service.confirm(class_id, by=clerk, now=NINE),
        lambda: service.reject(class_id, "x", by=clerk, now=NINE),
    ):
        with pytest.raises(Forbidden, match="own_class"):
            act()
    service.confirm(class_id, by=person(city, "head"), now=NINE)
    with pytest.raises(Forbidden, match="own_class"):
        service.withdraw(class_id, "x", by=clerk, now=NINE)
    assert "class_to_confirm" not in _notices(city, "clerk")


def test_a_rejected_class_is_mended_and_handed_in_again(city):
    class_id = make_class(city, state="rejected")
    clerk = person(city, "clerk")
    assert _notices(city, "clerk") == ["class_rejected"]
    service.change(class_id, entry(city, title="新名称"), roll(city, "officer"), by=clerk, now=NINE, hand_in=True)
    assert _state(class_id) == "submitted"
    assert db.session.get(TrainingClass, class_id).reason == ""
    service.confirm(class_id, by=person(city, "head"), now=NINE)
    assert [one.title for one in entries()] == ["新名称"]


@pytest.mark.parametrize("state", ["submitted", "confirmed", "withdrawn"])
def test_what_is_handed_in_is_not_changed_any_more(city, state):
    class_id = make_class(city, state=state)
    clerk = person(city, "clerk")
    for act in (
        lambda: service.change(class_id, entry(city, title="x"), roll(city), by=clerk, now=NINE),
        lambda: service.submit(class_id, by=clerk, now=NINE),
        lambda: service.discard(class_id, by=clerk),
    ):
        with pytest.raises(Conflict, match="class_not_editable"):
            act()
    assert _state(class_id) == state


def test_a_draft_can_be_discarded_with_its_roll(city):
    class_id = make_class(city)
    service.discard(class_id, by=person(city, "clerk"))
    assert db.session.scalar(select(RollEntry.user_id)) is None
    assert db.session.get(TrainingClass, class_id) is None


def test_a_withdrawn_class_is_taken_back_by_counter_entries_once(city):
    class_id = make_class(city, state="confirmed")
    head = person(city, "head")
    assert service.withdraw(class_id, "重复登记", by=head, now=NINE) == 2
    assert _state(class_id) == "withdrawn"
    assert sorted(one.hours for one in entries()) == [-4, -4, 4, 4]
    assert _notices(city, "officer") == ["hours_credited", "hours_taken_back"]
    with pytest.raises(Conflict):
        service.withdraw(class_id, "再次", by=head, now=NINE)


def test_one_person_of_a_class_can_be_taken_back_and_the_class_stands(city):
    class_id = make_class(city, state="confirmed")
    head = person(city, "head")
    assert service.withdraw(class_id, "当天请假", by=head, now=NINE, user_ids=[city.people["officer"]]) == 1
    assert service.withdraw(class_id, "当天请假", by=head, now=NINE, user_ids=[city.people["officer"]]) == 0
    assert _state(class_id) == "confirmed"
    assert sum(one.hours for one in entries(city.people["officer"])) == 0
    assert sum(one.hours for one in entries(city.people["officer2"])) == 4


@pytest.mark.parametrize("reason", ["", "   ", "长" * 201])
def test_rejecting_and_withdrawing_want_a_reason(city, reason):
    head = person(city, "head")
    with pytest.raises(Invalid):
        service.reject(make_class(city, state="submitted"), reason, by=head, now=NINE)
    with pytest.raises(Invalid):
        service.withdraw(make_class(city, state="confirmed"), reason, by=head, now=NINE)


def test_the_day_of_a_class_is_the_citys_day(city):
    class_id = make_class(city, held_on=date(2026, 11, 24))
    clerk = person(city, "clerk")
    midnight = NINE + timedelta(hours=15)
    with pytest.raises(Invalid) as caught:
        service.submit(class_id, by=clerk, now=midnight - timedelta(seconds=1))
    assert _problems(caught) == [("held_on", "class_not_held_yet")]
    service.submit(class_id, by=clerk, now=midnight)
    assert _state(class_id) == "submitted"


def test_a_class_that_cannot_be_handed_in_is_not_kept_half(city):
    with pytest.raises(Invalid) as caught:
        service.enter(entry(city, evidence=""), Roll(), by=person(city, "clerk"), now=NINE, hand_in=True)
    assert _problems(caught) == [("evidence", "evidence_needed"), ("roll", "nobody_present")]
    assert db.session.scalar(select(TrainingClass.id)) is None


def test_foreign_units_and_people_are_unknown(city):
    clerk = person(city, "clerk")
    for code in ("XH-CGJ", "PJ", "JM"):
        with pytest.raises(Missing):
            service.enter(entry(city, unit_id=city.units[code]), Roll(), by=clerk, now=NINE)
    with pytest.raises(Invalid) as caught:
        service.enter(entry(city), Roll(pasted="officer\nforeign_officer nobody"), by=clerk, now=NINE)
    assert caught.value.problems[0].params == {"names": "foreign_officer、nobody", "count": 2}
    class_id = service.enter(entry(city), roll(city, "officer", "foreign_officer", "officer3"), by=clerk, now=NINE)
    assert list(db.session.scalars(select(RollEntry.user_id).where(RollEntry.class_id == class_id))) == [
        city.people["officer"]
    ]


def test_only_officers_who_have_not_left_come_on_a_roll(city):
    with transaction() as session:
        session.execute(update(User).where(User.username == "officer2").values(state="left"))
    class_id = service.enter(entry(city), roll(city, "officer", "officer2", "head"), by=person(city, "clerk"), now=NINE)
    assert list(db.session.scalars(select(RollEntry.user_id).where(RollEntry.class_id == class_id))) == [
        city.people["officer"]
    ]


def test_who_left_after_the_class_stays_on_its_roll(city):
    class_id = make_class(city)
    with transaction() as session:
        session.execute(update(User).where(User.username == "officer2").values(state="left"))
    service.change(class_id, entry(city), roll(city, "officer", "officer2"), by=person(city, "clerk"), now=NINE)
    assert len(list(db.session.scalars(select(RollEntry.user_id).where(RollEntry.class_id == class_id)))) == 2


def test_pasted_people_are_present_and_join_those_ticked(city):
    given = Roll(frozenset({city.people["officer"]}), frozenset(), "Officer2")
    class_id = service.enter(entry(city), given, by=person(city, "clerk"), now=NINE)
    rows = db.session.execute(select(RollEntry.user_id, RollEntry.present).where(RollEntry.class_id == class_id))
    assert dict(rows.all()) == {city.people["officer"]: False, city.people["officer2"]: True}


@pytest.mark.parametrize("username", ["officer", "supervisor", "county", "line", "judicial", "admin", "foreign_county"])
def test_nobody_without_the_right_and_the_place_enters_or_decides(city, username):
    class_id = make_class(city, state="submitted")
    caller = person(city, username)
    with pytest.raises(Missing):
        service.enter(entry(city), Roll(), by=caller, now=NINE)
    with pytest.raises(Missing):
        service.confirm(class_id, by=caller, now=NINE)
    assert _state(class_id) == "submitted"


@pytest.mark.parametrize(("hours", "days"), [("8.5", 1), ("0", 1), ("1.25", 1), ("16.5", 2)])
def test_hours_out_of_bounds_are_refused_at_their_field(city, hours, days):
    with pytest.raises(Invalid) as caught:
        service.enter(entry(city, hours=Decimal(hours), days=days), Roll(), by=person(city, "clerk"), now=NINE)
    assert {field for field, _code in _problems(caught)} == {"hours"}


def test_a_day_beyond_eight_hours_wants_a_look_and_is_recorded(city):
    make_class(city, "officer", state="confirmed", hours=Decimal(6))
    second = make_class(city, "officer", "officer2", state="submitted", hours=Decimal(4))
    head = person(city, "head")
    with pytest.raises(Conflict) as refused:
        service.confirm(second, by=head, now=NINE)
    assert (refused.value.code, refused.value.params) == ("class_days_crowded", {"count": 1})
    assert _state(second) == "submitted"
    assert len(entries()) == 1
    assert service.confirm(second, by=head, now=NINE, checked=True) == 2
    db.session.rollback()
    detail = db.session.scalars(select(Entry.detail).where(Entry.action == "class.confirmed").order_by(Entry.id)).all()
    assert detail[1] == {"people": 2, "checked_beyond_a_day": [city.people["officer"]]}


@pytest.mark.parametrize("state", ["submitted", "withdrawn", "rejected"])
def test_only_hours_that_stand_fill_a_day(city, state):
    make_class(city, "officer", state=state, hours=Decimal(6))
    second = make_class(city, "officer", state="submitted", hours=Decimal(4))
    assert service.confirm(second, by=person(city, "head"), now=NINE) == 1


def test_the_clerk_takes_a_class_back_before_it_is_decided_on(city):
    class_id = make_class(city, state="submitted")
    service.recall(class_id, by=person(city, "clerk"))
    assert _state(class_id) == "draft"
    assert "class.recalled" in db.session.scalars(select(Entry.action)).all()
    with pytest.raises(Conflict):
        service.recall(class_id, by=person(city, "clerk"))
    with pytest.raises(Conflict):
        service.confirm(class_id, by=person(city, "head"), now=NINE)
    service.submit(class_id, by=person(city, "clerk"), now=NINE + timedelta(hours=1))
    service.confirm(class_id, by=person(city, "head"), now=NINE)
    with pytest.raises(Conflict):
        service.recall(class_id, by=person(city, "clerk"))


def test_nobody_else_takes_a_class_back(city):
    class_id = make_class(city, state="submitted")
    with transaction() as session:
        row = {"user_id": city.people["officer3"], "unit_id": city.units["PJ"], "granted_at": NINE}
        session.add(Grant(role="training_clerk", **row))
    with pytest.raises(Forbidden):
        service.recall(class_id, by=person(city, "officer3"))
    with pytest.raises(Missing):
        service.recall(class_id, by=person(city, "head"))
    assert _state(class_id) == "submitted"


def test_everything_that_is_wrong_is_told_at_once(city):
    wrong = entry(city, hours=Decimal("0.7"), held_on=date(2026, 12, 1), evidence="", title="")
    with pytest.raises(Invalid) as refused:
        service.enter(wrong, Roll(pasted="nobody"), by=person(city, "clerk"), now=NINE, hand_in=True)
    assert _problems(refused) == [
        ("title", "required"),
        ("hours", "hours_not_in_halves"),
        ("held_on", "class_not_held_yet"),
        ("evidence", "evidence_needed"),
        ("pasted", "unknown_people"),
    ]
    with pytest.raises(Invalid) as refused:
        service.enter(wrong, Roll(), by=person(city, "clerk"), now=NINE, hand_in=True)
    assert ("roll", "nobody_present") in _problems(refused)
