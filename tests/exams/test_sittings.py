"""Several sittings of an exam: who sits when and where, the signal, minutes for a room, and what waits for the last."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from tests.attempts.test_api import code
from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, person
from tests.exams.test_service import start_attempt
from trainer.accounts.models import SignInSession
from trainer.attempts.caller import Caller
from trainer.attempts.extend import extend_many
from trainer.attempts.models import Attempt
from trainer.attempts.queries import rooms_of
from trainer.attempts.seating import RoomFull, move_candidates, spread_candidates
from trainer.attempts.start import start
from trainer.audit.models import Entry
from trainer.core.crypto import new_token, token_hash
from trainer.core.database import db, retried, transaction
from trainer.core.errors import Invalid, Missing, Refused
from trainer.exams import service, sittings
from trainer.exams.models import Candidate, Sitting
from trainer.exams.queries import read_exam_of_caller, waiting_for_release
from trainer.exams.rules import SittingSpec, opened_by_signal, spread_seconds
from trainer.notices.models import Notice
from trainer.papers.models import Paper

MINUTE = timedelta(minutes=1)
BEFORE = NINE - HOUR
GRACE = timedelta(seconds=10)  # an answer can arrive so long after the last sitting has closed
LATER = {"opens_at": NINE + 4 * HOUR, "closes_at": NINE + 6 * HOUR}


def add(city, exam_id, *, now=BEFORE, **about):
    return sittings.add_sitting(exam_id, SittingSpec(**(LATER | about)), by=person(city, "organiser"), now=now)


def move(city, exam_id, sitting_id, *usernames, now=BEFORE):
    people = [city.people[one] for one in usernames]
    return move_candidates(exam_id, people, sitting_id, by=person(city, "organiser"), now=now)


def begin(client, exam_id):
    return client.post(f"/api/v1/exams/{exam_id}/attempts")


def seat_of(city, exam_id, username):
    return db.session.scalar(
        select(Candidate.sitting_id).where(Candidate.exam_id == exam_id, Candidate.user_id == city.people[username])
    )


@pytest.mark.parametrize(
    ("now", "opens", "closes"),
    [(-5, 0, 60), (0, 0, 60 + 1 / 6), (20, 20, 80 + 1 / 6)],
)
def test_a_signal_never_opens_early_and_leaves_the_whole_paper(now, opens, closes):
    found = opened_by_signal(NINE + now * MINUTE, NINE, NINE + 60 * MINUTE, minutes=60)
    least = NINE + 60 * MINUTE + timedelta(seconds=10)
    assert found == (NINE + opens * MINUTE, max(least, NINE + closes * MINUTE))


@pytest.mark.parametrize(("seconds", "spread"), [(-60, 0), (0, 0), (4, 4), (10, 10), (3600, 10)])
def test_people_are_let_in_only_as_late_as_nobody_loses_a_second(seconds, spread):
    assert spread_seconds(NINE, NINE + HOUR + timedelta(seconds=seconds), minutes=60) == spread


def test_each_candidate_sits_in_the_own_sitting_and_results_wait_for_the_last(city, as_user, clock):
    exam_id = make_exam(city)
    late = add(city, exam_id, room="三号机房")
    assert move(city, exam_id, late, "officer2") == 1
    clock(NINE)
    first, second = as_user("officer"), as_user("officer2")
    made = begin(first, exam_id)
    assert made.status_code == 201
    assert code(begin(second, exam_id)) == (409, "not_open")
    assert second.get(f"/api/v1/exams/{exam_id}").json["opens_at"] == "2026-11-23T05:00:00.000Z"
    first.post(f"/api/v1/attempts/{made.json['attempt_id']}/submit", json={"epoch": 1})
    clock(NINE + 5 * HOUR)
    assert code(first.get(f"/api/v1/attempts/{made.json['attempt_id']}/result")) == (403, "not_released")
    assert first.get(f"/api/v1/exams/{exam_id}").json["phase"] == "closed"
    assert begin(second, exam_id).json["deadline"] == "2026-11-23T07:00:00.000Z"
    assert "三号机房" in second.get(f"/exams/{exam_id}/hall").text
    clock(NINE + 6 * HOUR + GRACE)
    assert first.get(f"/api/v1/attempts/{made.json['attempt_id']}/result").status_code == 200


def test_the_organiser_sees_the_window_of_all_sittings(city, as_user, clock):
    exam_id = make_exam(city)
    add(city, exam_id)
    told = read_exam_of_caller(db.session(), exam_id, person(city, "organiser"))
    assert (told.opens_at, told.closes_at) == (NINE, NINE + 6 * HOUR)
    assert told.phase(NINE + 3 * HOUR) == "open"


def test_a_release_by_hand_is_asked_for_after_the_last_sitting(city):
    exam_id = make_exam(city, release="manual")
    add(city, exam_id)
    scope = person(city, "organiser").scope("exam.manage")
    assert waiting_for_release(db.session(), scope, NINE + 5 * HOUR) == []
    assert [row[0] for row in waiting_for_release(db.session(), scope, NINE + 6 * HOUR + GRACE)] == [exam_id]
    with pytest.raises(Refused):
        service.release_results(exam_id, by=person(city, "organiser"), now=NINE + 5 * HOUR)


@pytest.mark.parametrize(("release", "why"), [("after_close", "results_are_out"), ("manual", "exam_is_over")])
def test_no_sitting_comes_once_keys_or_the_draw_may_be_known(city, release, why):
    exam_id = make_exam(city, release=release)
    with pytest.raises(Refused) as refused:
        add(city, exam_id, now=NINE + 2 * HOUR + GRACE)
    assert refused.value.code == why


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"closes_at": LATER["opens_at"]}, "closes_at"),
        ({"opens_at": NINE - 5 * HOUR, "closes_at": BEFORE}, "closes_at"),
        ({"capacity": 0}, "capacity"),
        ({"room": "房" * 61}, "room"),
        ({"form": 1}, "form"),
    ],
)
def test_a_sitting_of_a_wrong_shape_is_refused(city, about, field):
    exam_id = make_exam(city)
    with pytest.raises(Invalid) as refused:
        add(city, exam_id, **about)
    assert [one.field for one in refused.value.problems] == [field]
    assert len(rooms_of(db.session(), exam_id)) == 1


def test_a_sitting_that_has_begun_keeps_its_times_and_one_with_people_stays(city):
    exam_id = make_exam(city)
    first = rooms_of(db.session(), exam_id)[0].id
    organiser = person(city, "organiser")
    with pytest.raises(sittings.SittingHasBegun):
        sittings.change_sitting(exam_id, first, SittingSpec(**LATER), by=organiser, now=NINE)
    sittings.change_sitting(exam_id, first, SittingSpec(**LATER), by=organiser, now=BEFORE)
    with pytest.raises(sittings.SittingIsTaken):
        sittings.remove_sitting(exam_id, first, by=organiser)
    other = add(city, exam_id)
    sittings.remove_sitting(exam_id, other, by=organiser)
    with pytest.raises(Missing):
        sittings.remove_sitting(exam_id, other, by=organiser)
    told = db.session.scalars(select(Notice.code).where(Notice.user_id == city.people["officer"])).all()
    assert "exam_moved" in told


def test_who_has_started_stays_and_a_full_room_takes_nobody(city):
    exam_id = make_exam(city)
    small = add(city, exam_id, capacity=1)
    start_attempt(exam_id, city.people["officer"])
    assert move(city, exam_id, small, "officer", now=NINE) == 0
    assert move(city, exam_id, small, "officer2", now=NINE) == 1
    third = make_exam(city)
    tight = add(city, third, capacity=1)
    with pytest.raises(RoomFull) as full:
        move(city, third, tight, "officer", "officer2")
    assert full.value.params["missing"] == 1
    assert seat_of(city, third, "officer") != tight


def test_spreading_moves_those_who_have_not_started(city):
    exam_id = make_exam(city)
    first = rooms_of(db.session(), exam_id)[0].id
    second = add(city, exam_id)
    organiser = person(city, "organiser")
    assert spread_candidates(exam_id, "evenly", by=organiser, now=BEFORE) == 1
    assert {seat_of(city, exam_id, "officer"), seat_of(city, exam_id, "officer2")} == {first, second}
    assert spread_candidates(exam_id, "evenly", by=organiser, now=BEFORE) == 0
    with pytest.raises(Refused) as refused:
        spread_candidates(exam_id, "evenly", by=organiser, now=NINE + 7 * HOUR)
    assert refused.value.code == "no_sitting_ahead"


def test_a_room_has_its_own_form(city):
    exam_id = make_exam(city, draw="per_form", forms=2)
    room = add(city, exam_id, form=2)
    move(city, exam_id, room, "officer", "officer2")
    forms = db.session.scalars(
        select(Paper.form).join(Candidate, Candidate.paper_id == Paper.id).where(Candidate.exam_id == exam_id)
    ).all()
    assert forms == [2, 2]


def test_nobody_starts_before_the_signal(city, as_user, clock):
    exam_id = make_exam(city)
    room = rooms_of(db.session(), exam_id)[0].id
    spec = SittingSpec(opens_at=NINE, closes_at=NINE + HOUR, awaits_signal=True)
    sittings.change_sitting(exam_id, room, spec, by=person(city, "organiser"), now=BEFORE)
    clock(NINE + 20 * MINUTE)
    officer, invigilator = as_user("officer"), as_user("invigilator")
    assert code(begin(officer, exam_id)) == (409, "not_open")
    told = officer.get(f"/api/v1/exams/{exam_id}/waiting").json
    assert (told["awaits_signal"], told["opens_in_ms"]) == (True, 0)
    hall = officer.get(f"/exams/{exam_id}/hall").text
    assert "等候监考员发令" in hall
    # Nobody can count down to a signal.
    assert "data-opens hidden" in hall
    assert "发令开考" in invigilator.get(f"/exams/{exam_id}/watch").text
    address = f"/exams/{exam_id}/watch/sittings/{room}/signal"
    assert as_user("officer").post(address).status_code == 403
    assert invigilator.post(address).status_code == 303
    clock(NINE + 21 * MINUTE)
    invigilator.post(address)
    made = begin(officer, exam_id).json
    assert made["deadline"] == "2026-11-23T02:20:10.000Z"
    given = db.session.scalars(select(Entry).where(Entry.action == "exam.signal_given")).all()
    assert len(given) == 1


def test_a_waiting_page_learns_the_opening_by_one_statement_and_nobody_elses(
    city, as_user, client, clock, count_queries
):
    exam_id = make_exam(city, closes_at=NINE + HOUR + timedelta(seconds=7))
    clock(NINE - MINUTE)
    officer = as_user("officer")
    with count_queries() as seen:
        told = officer.get(f"/api/v1/exams/{exam_id}/waiting").json
    assert len(seen) == 1
    assert (told["opens_in_ms"], told["spread_seconds"], told["awaits_signal"]) == (60_000, 7, False)
    assert code(as_user("officer3").get(f"/api/v1/exams/{exam_id}/waiting")) == (404, "not_found")
    assert code(client.get(f"/api/v1/exams/{exam_id}/waiting")) == (401, "not_signed_in")


def test_minutes_for_a_room_reach_those_who_write_and_those_who_will(city, as_user, clock):
    exam_id = make_exam(city)
    first = rooms_of(db.session(), exam_id)[0].id
    other = add(city, exam_id)
    move(city, exam_id, other, "officer2")
    clock(NINE)
    officer = as_user("officer")
    attempt = begin(officer, exam_id).json["attempt_id"]
    invigilator = as_user("invigilator")
    more = {"sitting": str(first), "minutes": "5", "reason": "停电"}
    assert invigilator.post(f"/exams/{exam_id}/watch/extend", data=more).status_code == 303
    assert officer.get(f"/api/v1/attempts/{attempt}/clock").json["deadline"] == "2026-11-23T02:05:00.000Z"
    minutes = dict(
        db.session.execute(select(Candidate.user_id, Candidate.extra_minutes).where(Candidate.exam_id == exam_id)).all()
    )
    assert (minutes[city.people["officer"]], minutes[city.people["officer2"]]) == (5, 0)
    db.session.rollback()
    assert extend_many(exam_id, None, minutes=2, by=1, reason="再停电", now=NINE) == 2
    officer.post(f"/api/v1/attempts/{attempt}/submit", json={"epoch": 1})
    assert extend_many(exam_id, None, minutes=2, by=1, reason="又停电", now=NINE) == 1
    with pytest.raises(Missing):
        extend_many(exam_id, 987654, minutes=2, by=1, reason="别处", now=NINE)
    assert officer.post(f"/exams/{exam_id}/watch/extend", data=more).status_code == 403
    entry = db.session.scalars(select(Entry).where(Entry.action == "exam.minutes_added").order_by(Entry.id)).first()
    assert entry.detail == {"minutes": 5, "people": 1, "reason": "停电", "sitting": 1}


def test_a_later_close_of_the_exam_leaves_earlier_sittings_alone(city):
    exam_id = make_exam(city)
    add(city, exam_id)
    service.extend_closing(exam_id, NINE + 7 * HOUR, by=person(city, "organiser"), now=NINE)
    closing = [one.closes_at for one in rooms_of(db.session(), exam_id)]
    assert closing == [NINE + 2 * HOUR, NINE + 7 * HOUR]


@pytest.mark.database
def test_a_start_and_a_move_at_once_leave_one_sitting(app, city):
    exam_id = make_exam(city)
    both = {"opens_at": NINE, "closes_at": NINE + 2 * HOUR}
    other = add(city, exam_id, **both)
    token, organiser = new_token(), person(city, "organiser")
    with transaction() as session:
        open_row = {"token_hash": token_hash(token), "user_id": city.people["officer"], "created_at": NINE}
        session.execute(insert(SignInSession).values(**open_row, seen_at=NINE, expires_at=NINE + HOUR))
    gate = threading.Barrier(2)

    def starts():
        with app.app_context():
            gate.wait()
            # As every request is: PostgreSQL ends one of two that wait for each other.
            retried(lambda: start(Caller(token_hash(token)), exam_id, NINE))

    def moves():
        with app.app_context():
            gate.wait()
            retried(lambda: move_candidates(exam_id, [city.people["officer"]], other, by=organiser, now=NINE))

    threads = [threading.Thread(target=one) for one in (starts, moves)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    attempt = db.session.scalars(select(Attempt).where(Attempt.exam_id == exam_id)).one()
    assert attempt.sitting_id == seat_of(city, exam_id, "officer")


@pytest.mark.database
def test_two_signals_at_once_open_the_room_once(app, city):
    exam_id = make_exam(city)
    room = rooms_of(db.session(), exam_id)[0].id
    with transaction() as session:
        session.get(Sitting, room).awaits_signal = True
    invigilator = person(city, "invigilator")
    gate, opened = threading.Barrier(2), []

    def signals(second):
        with app.app_context():
            gate.wait()
            moment = NINE + timedelta(seconds=second)
            opened.append(sittings.give_signal(exam_id, room, by=invigilator, now=moment))

    threads = [threading.Thread(target=signals, args=(one,)) for one in (1, 2)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert opened[0] == opened[1]
    assert len(db.session.scalars(select(Entry).where(Entry.action == "exam.signal_given")).all()) == 1


# --- the pages


def sitting_form(**changes):
    typed = {"opens_at": "2026-11-23T13:00", "closes_at": "2026-11-23T15:00", "room": "二号机房", "capacity": "30"}
    return typed | changes


def test_an_organiser_adds_changes_and_removes_a_sitting(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")
    address = f"/exams/{exam_id}/sittings"
    assert organiser.post(address, data=sitting_form()).status_code == 303
    assert "二号机房" in organiser.get(address).text
    wrong = organiser.post(address, data=sitting_form(closes_at="2026-11-23T12:00"))
    assert wrong.status_code == 422
    room = rooms_of(db.session(), exam_id)[1]
    assert (room.opens_at, room.capacity) == (NINE + 4 * HOUR, 30)
    db.session.rollback()
    assert organiser.get(f"{address}/{room.id}").status_code == 200
    assert organiser.post(f"{address}/{room.id}", data=sitting_form(room="大机房")).status_code == 303
    assert "大机房" in organiser.get(address).text
    assert organiser.post(f"{address}/spread", data={"way": "by_unit"}).status_code == 303
    moved = {"people": [str(city.people["officer"])], "sitting": str(room.id)}
    assert organiser.post(f"/exams/{exam_id}/candidates/move", data=moved).status_code == 303
    assert seat_of(city, exam_id, "officer") == room.id
    db.session.rollback()
    page = organiser.get(f"/exams/{exam_id}/candidates?sitting={room.id}").text
    assert page.count('name="people"') == 2
    organiser.post(f"{address}/{room.id}/remove")
    assert "不能删除" in organiser.get(address).text


@pytest.mark.parametrize(("username", "status"), [("invigilator", 403), ("officer", 403), ("county_organiser", 404)])
def test_others_change_no_sitting(city, as_user, clock, username, status):
    exam_id = make_exam(city)
    clock(BEFORE)
    assert as_user(username).post(f"/exams/{exam_id}/sittings", data=sitting_form()).status_code == status


def test_people_are_excused_by_a_pasted_list_with_a_reason(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")
    address, page = f"/exams/{exam_id}/candidates/states", f"/exams/{exam_id}/candidates"
    bare = organiser.post(address, data={"usernames": "officer\nofficer2", "state": "deferred", "reason": ""})
    assert (bare.status_code, "请写明理由。" in bare.text) == (422, True)
    typed = {"usernames": "officer\nnobody", "state": "deferred", "reason": "病假"}
    assert "“nobody”不在考生名单中" in organiser.post(address, data=typed).text
    organiser.post(address, data={"usernames": "Officer, officer2", "state": "deferred", "reason": "病假"})
    assert "已登记 2 人" in (told := organiser.get(page).text)
    assert told.count("病假") >= 2
    clock(NINE)
    assert code(begin(as_user("officer"), exam_id)) == (403, "not_a_candidate")
    organiser.post(address, data={"usernames": "officer", "state": "due", "reason": ""})
    assert begin(as_user("officer"), exam_id).status_code == 201
    entry = db.session.scalars(select(Entry).where(Entry.action == "exam.candidate_excused").order_by(Entry.id)).first()
    assert (entry.detail["reason"], len(entry.detail["people"])) == ("病假", 2)


def test_who_did_not_come_is_absent_once_the_own_time_is_over(city, as_user, clock):
    exam_id = make_exam(city)
    late = add(city, exam_id)
    move(city, exam_id, late, "officer2")
    organiser = as_user("organiser")
    clock(NINE + 3 * HOUR)
    page = organiser.get(f"/exams/{exam_id}/candidates?state=absent").text
    assert page.count("cell-title") == 1
    clock(NINE + 7 * HOUR)
    assert organiser.get(f"/exams/{exam_id}/candidates?state=absent").text.count("cell-title") == 2


def test_tickets_are_shown_once_as_a_sheet_of_codes(city, as_user, clock, client):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")
    made = organiser.post(f"/exams/{exam_id}/tickets", data={"person": str(city.people["officer"])})
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    assert made.text.count("<svg") > 0
    assert made.text.count('class="ticket"') == 1
    assert "style=" not in made.text.split('class="ticket"')[1].split("</li>")[0]
    assert made.text.count("ticket-text") == 1
    letters = made.text.split('<code class="ticket-text">')[1].split("</code>")[0].replace(" ", "")
    clock(NINE)
    assert client.post("/api/v1/session", json={"ticket": letters}).status_code == 200
    everybody = organiser.post(f"/exams/{exam_id}/tickets", data={"unit": "", "sitting": ""})
    assert everybody.text.count('class="ticket"') == 2
    assert as_user("invigilator").post(f"/exams/{exam_id}/tickets").status_code == 403
    detail = db.session.scalars(select(Entry.detail).where(Entry.action == "exam.tickets_issued")).all()
    assert {"tickets": 1, "person": city.people["officer"]} in detail
    assert db.session.scalars(select(SignInSession)).first() is not None
