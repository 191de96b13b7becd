"""Entry tickets and signing in with one."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests.attempts.factories import make_exam as make_rows
from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, person
from trainer.accounts.models import SignInSession, User
from trainer.accounts.queries import person_of_session
from trainer.attempts.cancel import cancel_exam
from trainer.attempts.excusing import excuse_candidate
from trainer.attempts.models import Attempt
from trainer.core.crypto import token_hash
from trainer.core.database import db
from trainer.core.errors import Missing, Refused
from trainer.exams.models import Candidate
from trainer.exams.tickets import BadTicket, issue_tickets, sign_in_by_ticket, to_csv


def issue(city, **changes):
    exam_id = make_exam(city, **changes)
    return exam_id, {one.username: one.code for one in issue_tickets(exam_id, by=None)}


def test_a_ticket_opens_a_session_of_its_holder_for_its_exam(session, city):
    exam_id, codes = issue(city)
    opened = sign_in_by_ticket(codes["officer"], address="10.0.0.1", now=NINE)
    assert opened.user_id == city.people["officer"]
    assert person_of_session(session, token_hash(opened.token), NINE).ticket_exam_id == exam_id


def test_only_who_had_a_ticket_is_told_that_it_is_no_longer_good(as_user, city, clock):
    clock(NINE - HOUR)
    exam_id = make_exam(city)
    organiser, address = as_user("organiser"), f"/exams/{exam_id}/tickets"
    one = {"person": str(city.people["officer"])}
    assert "作废" not in organiser.post(address, data=one).text
    assert "这位考生以前的准考码已经作废" in organiser.post(address, data=one).text
    assert "其中 1 人以前发过准考证，旧的准考码已经作废。" in organiser.post(address, data={}).text


def test_only_the_hash_of_a_ticket_is_stored(session, city):
    _, codes = issue(city)
    assert len(codes["officer"]) == 26
    stored = set(session.scalars(select(Candidate.ticket_hash)))
    assert stored == {token_hash(code) for code in codes.values()}


def test_each_use_ends_the_older_sessions_of_that_person_alone(session, city):
    _, codes = issue(city)
    first = sign_in_by_ticket(codes["officer"], address="", now=NINE)
    other = sign_in_by_ticket(codes["officer2"], address="", now=NINE)
    second = sign_in_by_ticket(codes["officer"].upper()[:13] + " - " + codes["officer"][13:], address="", now=NINE)
    alive = set(session.scalars(select(SignInSession.token_hash)))
    assert alive == {token_hash(other.token), token_hash(second.token)}
    assert token_hash(first.token) not in alive


def test_a_second_run_makes_the_first_tickets_worthless(city):
    exam_id, old = issue(city)
    new = {one.username: one.code for one in issue_tickets(exam_id, by=None)}
    with pytest.raises(BadTicket):
        sign_in_by_ticket(old["officer"], address="", now=NINE)
    assert sign_in_by_ticket(new["officer"], address="", now=NINE)


@pytest.mark.parametrize("hours", [-2.01, 2.01])
def test_a_ticket_is_refused_outside_its_sitting(city, hours):
    _, codes = issue(city)
    with pytest.raises(BadTicket):
        sign_in_by_ticket(codes["officer"], address="", now=NINE + timedelta(hours=hours))


@pytest.mark.parametrize("ticket", ["", "x", "a" * 26, "\x00", "é" * 200])
def test_an_unknown_ticket_is_refused(city, ticket):
    issue(city)
    with pytest.raises(BadTicket) as refusal:
        sign_in_by_ticket(ticket, address="", now=NINE)
    assert (refusal.value.code, refusal.value.status) == ("bad_ticket", 401)


def test_the_excused_the_locked_and_the_cancelled_do_not_get_in(session, city):
    exam_id, codes = issue(city)
    by = person(city, "organiser")
    excuse_candidate(exam_id, city.people["officer"], "exempt", by=by)
    session.execute(update(User).where(User.username == "officer2").values(state="locked"))
    session.commit()
    for code in codes.values():
        with pytest.raises(BadTicket):
            sign_in_by_ticket(code, address="", now=NINE)
    excuse_candidate(exam_id, city.people["officer"], "due", by=by)
    assert sign_in_by_ticket(codes["officer"], address="", now=NINE)
    cancel_exam(exam_id, by=by, now=NINE)
    with pytest.raises(BadTicket):
        sign_in_by_ticket(codes["officer"], address="", now=NINE)
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 1


def test_tickets_are_for_published_exams(city):
    with pytest.raises(Missing):
        issue_tickets(999, by=None)
    with pytest.raises(Refused, match="exam_not_published"):
        issue_tickets(make_exam(city, publish=False), by=None)


def test_the_csv_guards_names_that_look_like_formulas(session, city):
    session.execute(update(User).where(User.username == "officer").values(name="=1+1"))
    session.commit()
    exam_id = make_exam(city)
    rows = list(csv.DictReader(io.StringIO(to_csv(issue_tickets(exam_id, by=None)))))
    assert [row["username"] for row in rows] == ["officer", "officer2"]
    assert rows[0]["name"] == "'=1+1"
    assert len(rows[0]["ticket"]) == 26


def test_the_command_prints_tickets_or_says_why_not(app, city):
    exam_id = make_exam(city)
    run = app.test_cli_runner().invoke
    done = run(args=["exams", "tickets", str(exam_id)])
    assert done.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert sign_in_by_ticket(rows[0]["ticket"], address="", now=NINE + HOUR)
    assert run(args=["exams", "tickets", "4711"]).exit_code == 1
    assert run(args=["exams", "tickets", "x"]).exit_code == 2


def test_the_api_signs_in_with_a_ticket(client, city, clock):
    _, codes = issue(city)
    clock(NINE)
    answer = client.post("/api/v1/session", json={"ticket": codes["officer"]})
    assert answer.status_code == 200
    assert answer.json["user"]["username"] == "officer"
    refused = client.post("/api/v1/session", json={"ticket": "z" * 26})
    assert (refused.status_code, refused.json["code"]) == (401, "bad_ticket")


def test_a_ticket_opens_nothing_of_another_exam(client, as_user, city, clock):
    _, codes = issue(city)
    clock(NINE)
    other = make_rows(city, NINE)
    officer = as_user("officer")
    attempt = officer.post(f"/api/v1/exams/{other.exam_id}/attempts").json["attempt_id"]
    own = f"/api/v1/attempts/{attempt}"
    client.post("/api/v1/session", json={"ticket": codes["officer"]})
    body = {"epoch": 1, "responses": []}
    assert client.put(f"{own}/responses", json=body).status_code == 403
    assert client.post(f"{own}/submit", json=body).status_code == 403
    assert client.post(f"/api/v1/exams/{other.exam_id}/attempts").status_code == 403
    for address in (
        own,
        f"{own}/clock",
        f"{own}/result",
        f"/attempts/{attempt}/receipt",
        f"/attempts/{attempt}/result",
    ):
        assert client.get(address).status_code in (403, 404), address
    assert f"/exams/{other.exam_id}/" not in client.get("/exams/mine").text
    assert session_state(attempt) == "open"


def session_state(attempt_id):
    db.session.rollback()
    return db.session.get(Attempt, int(attempt_id)).state


def test_the_qr_code_of_a_sheet_leads_to_the_sign_in_page_with_the_code_behind_the_hash(city, as_user, monkeypatch):
    exam_id = make_exam(city)
    scanned = []
    monkeypatch.setattr("trainer.exams.sitting_routes.qr_svg", lambda text: scanned.append(text) or "")
    organiser = as_user("organiser")
    for chosen in ({}, {"person": city.people["officer"]}):
        scanned.clear()
        page = organiser.post(f"/exams/{exam_id}/tickets", data=chosen).text
        shown = re.findall(r'class="ticket-text">([^<]+)<', page)
        assert scanned == [f"http://localhost/sign-in?by=ticket#ticket={one.replace(' ', '')}" for one in shown]
        assert scanned


def test_who_is_signed_in_already_still_comes_to_the_field_for_the_ticket(city, as_user):
    officer = as_user("officer")
    assert officer.get("/sign-in").status_code == 302
    page = officer.get("/sign-in?by=ticket")
    assert page.status_code == 200
    assert '<details class="fold" open>' in page.text
