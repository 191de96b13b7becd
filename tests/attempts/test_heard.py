"""Beats: answered from memory, written down every few seconds, told on the board, and forgotten."""

from datetime import timedelta

import pytest

from tests.attempts.factories import make_exam
from tests.attempts.test_api import code, put, start
from tests.conftest import NINE
from trainer.accounts.models import SignInSession, User
from trainer.attempts import heard
from trainer.attempts.board import boards
from trainer.attempts.heard import Beats, beats, drop_heard
from trainer.attempts.models import Attempt, Heard
from trainer.attempts.submit import force_submit
from trainer.core.database import db, transaction

SECOND = timedelta(seconds=1)


class Ticking:
    """A monotonic clock that is moved by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def ticking(monkeypatch):
    """The clock of what is kept in memory; everything is forgotten before and after."""
    made = Ticking()
    monkeypatch.setattr(beats, "clock", made)
    monkeypatch.setattr(boards, "clock", made)
    beats.forget()
    boards.forget()
    yield made
    beats.forget()
    boards.forget()


@pytest.fixture
def moment(monkeypatch, clock):
    """Set the time for requests and for what is heard before the framework."""

    def set_time(at):
        clock(at)
        monkeypatch.setattr(heard, "utcnow", lambda: at)

    set_time(NINE)
    return set_time


@pytest.fixture
def exam(city, moment):
    return make_exam(city, NINE)


@pytest.fixture
def attempt(exam, as_user):
    return int(start(as_user("officer"), exam).json["attempt_id"])


def beat(client, attempt_id, epoch=1, hidden=0):
    return client.get(f"/api/v1/attempts/{attempt_id}/beat?epoch={epoch}&hidden={hidden}")


def row_of(attempt_id):
    db.session.expire_all()
    return db.session.get(Heard, attempt_id)


def test_the_first_beat_takes_one_statement_and_those_after_it_none(attempt, as_user, ticking, count_queries):
    officer = as_user("officer")
    with count_queries() as seen:
        first = beat(officer, attempt)
    assert len(seen) == 1
    ticking.now += 2.5
    with count_queries() as seen:
        again = beat(officer, attempt)
    assert len(seen) == 0
    assert first.json == again.json == {"mark": officer.get(f"/api/v1/attempts/{attempt}/clock").json["mark"]}
    assert "default-src 'self'" in again.headers["Content-Security-Policy"]
    assert (again.headers["Cache-Control"], again.mimetype) == ("no-store", "application/json")
    ticking.now += heard.FRESH_SECONDS
    with count_queries() as seen:
        beat(officer, attempt)
    assert len(seen) == 1


def test_only_the_candidate_is_let_in(attempt, as_user, client, ticking):
    beat(as_user("officer"), attempt)
    assert code(beat(as_user("officer2"), attempt)) == (404, "not_found")
    assert code(beat(client, attempt)) == (401, "not_signed_in")
    assert code(as_user("officer").get(f"/api/v1/attempts/{attempt}/beat?epoch=-1")) == (422, "invalid")


def test_what_was_heard_is_written_down_by_its_last_moment(attempt, as_user, moment, ticking):
    officer = as_user("officer")
    put(officer, attempt, 1, (1, "B", 1))
    assert beats.write(NINE) == 1
    assert (row_of(attempt).heard_at, row_of(attempt).saved_at) == (None, NINE)
    beat(officer, attempt)
    moment(NINE + SECOND)
    beat(officer, attempt, hidden=1)
    beats.write(NINE + SECOND)
    assert (row_of(attempt).heard_at, row_of(attempt).hidden, row_of(attempt).saved_at) == (NINE + SECOND, True, NINE)
    # A save tells nothing of where the page is; and what another process heard later stands.
    put(officer, attempt, 1, (2, ["A"], 1))
    beats.write(NINE + SECOND)
    assert (row_of(attempt).hidden, row_of(attempt).saved_at) == (True, NINE + SECOND)
    moment(NINE)
    beat(officer, attempt)
    beats.write(NINE)
    assert row_of(attempt).heard_at == NINE + SECOND
    assert beats.write(NINE) == 0


def test_a_page_that_was_taken_over_is_not_where_the_candidate_sits(exam, attempt, as_user, ticking):
    officer = as_user("officer")
    start(officer, exam)
    beat(officer, attempt, epoch=1)
    beats.write(NINE)
    assert row_of(attempt) is None
    beat(officer, attempt, epoch=2)
    beats.write(NINE)
    assert row_of(attempt).heard_at == NINE


def test_the_mark_follows_the_attempt_within_a_write(attempt, city, as_user, ticking, count_queries):
    officer = as_user("officer")
    first = beat(officer, attempt).json
    with transaction() as session:
        session.get(Attempt, attempt).deadline_at += timedelta(minutes=5)
    assert beat(officer, attempt).json == first
    beats.write(NINE)
    with count_queries() as seen:
        later = beat(officer, attempt).json
    assert len(seen) == 0
    assert later != first
    assert later["mark"] == officer.get(f"/api/v1/attempts/{attempt}/clock").json["mark"]
    force_submit(attempt, by=city.people["invigilator"], reason="x", now=NINE)
    beats.write(NINE)
    assert beat(officer, attempt).json["mark"].startswith("s")


@pytest.mark.parametrize("ends", ["session", "person"])
def test_who_is_signed_out_or_locked_out_is_known_no_longer(attempt, city, as_user, ticking, ends):
    officer = as_user("officer")
    assert beat(officer, attempt).status_code == 200
    with transaction() as session:
        if ends == "session":
            session.query(SignInSession).filter_by(user_id=city.people["officer"]).delete()
        else:
            session.get(User, city.people["officer"]).state = "locked"
    beats.write(NINE)
    assert code(beat(officer, attempt)) == (401, "not_signed_in")


def test_many_are_written_some_hundred_a_statement(attempt, ticking, monkeypatch, count_queries, as_user):
    monkeypatch.setattr(heard, "AT_ONCE", 1)
    beat(as_user("officer"), attempt)
    with count_queries() as seen:
        assert beats.write(NINE) == 1
    assert len(seen) == 2


def test_a_crowd_of_strangers_does_not_fill_the_memory(ticking, monkeypatch):
    monkeypatch.setattr(heard, "KNOWN_MOST", 3)
    own = Beats(ticking)
    tick = heard.Tick("open", 1, NINE, None)
    for number in range(10):
        own.let_in(bytes([number]), b"t", number, tick, epoch=1, hidden=False)
    assert len(own._known) <= 3


def test_a_session_is_known_by_one_thing_whatever_else_it_sends(ticking):
    own = Beats(ticking)
    tick = heard.Tick("open", 1, NINE, None)
    for number in range(10):
        own.let_in(bytes([number]), b"t", 7, tick, epoch=1, hidden=False)
    assert [own.answer(bytes([number]), epoch=1, hidden=False) is not None for number in (0, 8, 9)] == [0, 0, 1]
    own.let_in(bytes([3]), b"another", 7, tick, epoch=1, hidden=False)
    assert len(own._known) == len(own._by) == 2


def test_a_part_that_cannot_be_written_costs_the_others_nothing(attempt, as_user, ticking, monkeypatch, caplog):
    monkeypatch.setattr(heard, "AT_ONCE", 1)
    officer = as_user("officer")
    beat(officer, attempt)
    beats.saved(attempt - 1, NINE)
    with caplog.at_level("ERROR"):
        beats.write(NINE)
    assert "could not be written" in caplog.text
    assert row_of(attempt).heard_at == NINE
    ticking.now += heard.FRESH_SECONDS - 1
    beats.write(NINE)
    assert beats.answer(*_known_of(attempt), epoch=1, hidden=False) is not None


def test_a_write_that_has_to_wait_leaves_the_beats_known(attempt, as_user, ticking, monkeypatch, count_queries):
    officer = as_user("officer")
    beat(officer, attempt)
    grouped, seen_meanwhile = heard.grouped, []

    def blocked(work):
        ticking.now += heard.FRESH_SECONDS - 1
        with count_queries() as seen:
            beat(officer, attempt)
        seen_meanwhile.append(len(seen))
        return grouped(work)

    monkeypatch.setattr(heard, "grouped", blocked)
    ticking.now += heard.WRITE_SECONDS
    beats.write(NINE)
    assert seen_meanwhile == [0]
    assert row_of(attempt).heard_at == NINE


def _known_of(attempt_id):
    return [sent for sent, one in beats._known.items() if one.attempt_id == attempt_id]


def test_nothing_of_it_is_kept_once_the_attempt_is_handed_in(attempt, as_user, ticking):
    officer = as_user("officer")
    beat(officer, attempt)
    beats.write(NINE)
    assert drop_heard(NINE) == 0
    officer.post(f"/api/v1/attempts/{attempt}/submit", json={"epoch": 1})
    assert [drop_heard(NINE) for _again in (1, 2)] == [1, 0]


def test_the_board_says_who_is_off_line_and_who_is_back(exam, attempt, as_user, moment, ticking):
    officer, invigilator = as_user("officer"), as_user("invigilator")

    def states():
        ticking.now += 1.1
        told = {}
        news = invigilator.get(f"/exams/{exam.exam_id}/watch/news").json
        told["news"] = news["news"]["state"][0]
        whole = invigilator.get(f"/exams/{exam.exam_id}/watch/state").json
        told["page"] = whole["desks"][0]["state"]
        told["api"] = invigilator.get(f"/api/v1/exams/{exam.exam_id}/board").json["items"][0]["state"]
        assert len(set(told.values())) == 1, told
        return told["api"]

    assert states() == "working"
    beat(officer, attempt)
    beats.write(NINE)
    moment(NINE + 13 * SECOND)
    assert states() == "offline"
    beat(officer, attempt)
    beats.write(NINE + 13 * SECOND)
    assert states() == "working"
    beat(officer, attempt, hidden=1)
    beats.write(NINE + 13 * SECOND)
    moment(NINE + 60 * SECOND)
    assert states() == "hidden"
    moment(NINE + 110 * SECOND)
    assert states() == "offline"
    moment(NINE + 180 * SECOND)
    beat(officer, attempt)
    beats.write(NINE + 180 * SECOND)
    assert states() == "silent"


def test_the_news_are_gathered_once_a_second_for_all_who_watch(exam, attempt, as_user, ticking, count_queries):
    address = f"/exams/{exam.exam_id}/watch/news"
    invigilator, other = as_user("invigilator"), as_user("county_organiser")
    with count_queries() as seen:
        first = invigilator.get(address)
    assert len(seen) <= 7
    put(as_user("officer"), attempt, 1, (1, "B", 1))
    beats.write(NINE)
    assert other.get(address).status_code in (403, 404)
    with count_queries() as seen:
        again = invigilator.get(address)
    assert len(seen) == 2
    assert again.data == first.data
    known = {"If-None-Match": first.headers["ETag"]}
    assert invigilator.get(address, headers=known).status_code == 304
    ticking.now += 1.1
    later = invigilator.get(address, headers=known)
    assert (later.status_code, later.json["news"]["answered"][0]) == (200, 1)


def test_the_news_fit_the_whole_and_say_when_the_people_have_changed(exam, as_user, ticking):
    invigilator = as_user("invigilator")
    whole = invigilator.get(f"/exams/{exam.exam_id}/watch/state").json
    news = invigilator.get(f"/exams/{exam.exam_id}/watch/news").json
    assert news["people"] == whole["people"]
    for name, column in news["news"].items():
        assert column == [one[name] for one in whole["desks"]]
    with transaction() as session:
        session.query(User).filter_by(username="officer").one().name = "李officer"
    ticking.now += 1.1
    assert invigilator.get(f"/exams/{exam.exam_id}/watch/news").json["people"] != whole["people"]


def test_answers_are_counted_again_only_where_something_was_saved(exam, as_user, ticking, monkeypatch):
    counted = []
    count = __import__("trainer.attempts.desk_queries", fromlist=["_count"])._count
    monkeypatch.setattr(
        "trainer.attempts.desk_queries._count", lambda session, which: counted.append(1) or count(session, which)
    )
    officer, invigilator = as_user("officer"), as_user("invigilator")
    attempt = int(start(officer, exam).json["attempt_id"])

    def answered():
        ticking.now += 1.1
        return invigilator.get(f"/exams/{exam.exam_id}/watch/news").json["news"]["answered"][0]

    assert [answered(), answered()] == [0, 0]
    assert len(counted) == 1
    put(officer, attempt, 1, (1, "B", 1))
    beats.write(NINE)
    assert [answered(), answered()] == [1, 1]
    assert len(counted) == 2
    # The note of a save may be lost with its process; from time to time all are counted from scratch.
    put(officer, attempt, 1, (2, ["A"], 1))
    beats.forget()
    ticking.now += 60
    assert answered() == 2
    officer.post(
        f"/api/v1/attempts/{attempt}/submit", json={"epoch": 1, "responses": [{"number": 3, "answer": True, "seq": 1}]}
    )
    assert answered() == 3
