"""A save that is as usual is answered before the framework, and comes to the same as the usual way."""

import io

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.attempts.factories import make_exam
from tests.attempts.test_api import API, MINUTE, start
from tests.conftest import NINE
from trainer.attempts.models import Response
from trainer.core.crypto import token_hash
from trainer.core.database import db
from trainer.core.errors import Busy
from trainer.web import quick


class TooSlow(Exception):
    """What PostgreSQL says of a lock that was not to be had in time."""

    sqlstate = "55P03"


class Broken(Exception):
    """What it says of a connection that was cut."""

    sqlstate = "08006"


@pytest.fixture
def attempt(city, clock, as_user):
    clock(NINE)
    return start(as_user("officer"), make_exam(city, NINE)).json["attempt_id"]


@pytest.fixture
def asked(app, monkeypatch):
    """Return what was answered at once: True for each save that was, False for each left to the usual way."""
    writes, seen = app.extensions["quick_writes"], []
    write = writes["PUT", "responses"]

    def noting(*sent):
        body = write(*sent)
        seen.append(body is not None)
        return body

    monkeypatch.setitem(writes, ("PUT", "responses"), noting)
    return seen


@pytest.fixture
def usual_way(app, monkeypatch):
    return lambda: monkeypatch.setitem(app.extensions["quick_writes"], ("PUT", "responses"), lambda *_sent: None)


def body(*answers, epoch=1):
    return {"epoch": epoch, "responses": [{"number": n, "answer": answer, "seq": seq} for n, answer, seq in answers]}


def put(client, attempt, sent, **about):
    return client.put(f"{API}/attempts/{attempt}/responses", **({"json": sent} | about))


def told(answer):
    return {name: value for name, value in answer.json.items() if name != "server_time"}


def heads(answer):
    left = {"X-Request-ID"}
    assert len(answer.headers["X-Request-ID"]) == 16
    return sorted((name, value) for name, value in answer.headers.items() if name not in left)


SAVED = (
    body((1, "B", 1)),
    body((4, None, 2), (2, ["C", "A"], 3), (3, False, 4)),
    body((1, "B", 1)),
    body(),
)
REFUSED = (
    body((1, "Z", 9)),
    body((9, "A", 9)),
    body((1, "A", 9), epoch=7),
    body((1, "A", 0)),
    {"epoch": 1},
    {"epoch": 1, "responses": [{"number": 1}]},
    {"epoch": 1, "responses": [], "more": 1},
    [],
)


def test_what_is_saved_at_once_is_answered_as_by_the_usual_way(attempt, as_user, asked, usual_way):
    officer = as_user("officer")
    at_once = [put(officer, attempt, sent) for sent in SAVED]
    assert asked == [True] * len(SAVED)
    usual_way()
    usual = [put(officer, attempt, sent) for sent in SAVED]
    assert [one.status_code for one in at_once] == [one.status_code for one in usual] == [200] * len(SAVED)
    # Sent again, each answer counts as it did the first time.
    assert [told(one) for one in at_once] == [told(one) for one in usual]
    assert [heads(one) for one in at_once] == [heads(one) for one in usual]


@pytest.mark.parametrize("sent", REFUSED, ids=str)
def test_what_is_refused_is_refused_by_the_usual_way(attempt, as_user, asked, usual_way, sent):
    officer = as_user("officer")
    first = put(officer, attempt, sent)
    assert asked == [False]
    usual_way()
    second = put(officer, attempt, sent)
    assert (first.status_code, first.json["code"]) == (second.status_code, second.json["code"])
    assert first.status_code >= 400
    assert db.session.scalars(select(Response)).all() == []


@pytest.mark.parametrize(
    "about",
    [
        {"headers": {"X-CSRFToken": "0" * 64}},
        {"headers": {"X-CSRFToken": ""}},
        {"headers": {"Origin": "https://elsewhere.example"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Sec-Fetch-Site": "same-site"}},
        {"headers": {"Authorization": "Bearer made-up"}},
        {"headers": {"Content-Type": "text/plain"}},
        {"headers": {"Content-Encoding": "gzip"}},
        {"base_url": "https://localhost"},
        {"environ_overrides": {"CONTENT_LENGTH": ""}},
    ],
    ids=str,
)
def test_no_request_that_is_in_any_way_odd_is_answered_at_once(attempt, as_user, asked, about):
    officer = as_user("officer")
    answer = put(officer, attempt, body((1, "B", 1)), **about)
    assert asked == []
    assert answer.status_code in (200, 400, 401, 403, 415, 422)
    saved = db.session.scalars(select(Response)).all()
    assert bool(saved) == (answer.status_code == 200)


def test_a_page_of_ours_says_where_it_comes_from(attempt, as_user, asked):
    officer = as_user("officer")
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert put(officer, attempt, body((1, "B", 1)), headers=headers).status_code == 200
    assert asked == [True]


def test_over_https_the_cookie_has_its_other_name(app, attempt, as_user, asked):
    officer = as_user("officer")
    officer.set_cookie("__Host-session", officer.get_cookie("session").value, secure=True)
    answer = put(officer, attempt, body((1, "B", 1)), base_url="https://localhost")
    assert (answer.status_code, asked) == (200, [True])
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_long_body_goes_the_usual_way_and_is_read_there_whole(attempt, as_user, asked):
    sent = body((1, "B", 1)) | {"filler": "x" * quick.BODY_MOST}
    answer = put(as_user("officer"), attempt, sent)
    assert (answer.status_code, asked) == (422, [])
    assert answer.json["errors"][0]["field"] == "filler"


def test_somebody_elses_attempt_is_not_there(attempt, as_user, asked):
    assert put(as_user("officer2"), attempt, body((1, "B", 1))).status_code == 404
    assert asked == [False]


def test_the_usual_way_counts_from_when_the_request_arrived(attempt, as_user, asked, app, monkeypatch, clock):
    """A save that came in time is not too late because something went wrong the first time."""
    officer = as_user("officer")
    writes = app.extensions["quick_writes"]

    def slow_and_broken(*_sent):
        clock(NINE + 90 * MINUTE)
        raise RuntimeError

    monkeypatch.setitem(writes, ("PUT", "responses"), slow_and_broken)
    assert put(officer, attempt, body((1, "B", 1))).status_code == 200
    assert put(officer, attempt, body((2, ["A"], 2))).status_code == 409


def test_a_save_that_was_too_busy_is_told_so_without_waiting_once_more(attempt, as_user, asked, monkeypatch):
    waited = []

    def busy(*_sent, **_about):
        waited.append(1)
        raise Busy(what="group_writer")

    monkeypatch.setattr("trainer.attempts.api.save", busy)
    answer = put(as_user("officer"), attempt, body((1, "B", 1)))
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert len(waited) == 1


@pytest.mark.parametrize(("error", "status", "times"), [(TooSlow, 503, 1), (Broken, 503, 2)])
def test_the_database_is_waited_for_once_and_asked_again_where_it_was_lost(
    attempt, as_user, asked, monkeypatch, error, status, times
):
    waited = []

    def failing(*_sent, **_about):
        waited.append(1)
        raise OperationalError("SELECT", {}, error())

    monkeypatch.setattr("trainer.attempts.api.save", failing)
    assert put(as_user("officer"), attempt, body((1, "B", 1))).status_code == status
    assert len(waited) == times


def test_a_defect_before_the_framework_is_told_although_the_usual_way_comes_out_right(
    app, attempt, as_user, monkeypatch, caplog
):
    monkeypatch.setitem(app.extensions["quick_writes"], ("PUT", "responses"), lambda *_sent: {}["nothing"])
    with caplog.at_level("ERROR", "trainer.requests"):
        assert put(as_user("officer"), attempt, body((1, "B", 1))).status_code == 200
    assert "before the framework failed" in caplog.text


def test_what_comes_in_slowly_arrives_when_all_of_it_is_there(attempt, as_user, clock):
    """Over a proxy that hands on what it has, a head could be sent in time and the answers after the deadline."""

    class Slow(io.BytesIO):
        def read(self, *size):
            clock(NINE + 90 * MINUTE)
            return super().read(*size)

    sent = orjson.dumps(body((1, "B", 1)))
    answer = as_user("officer").put(
        f"{API}/attempts/{attempt}/responses",
        input_stream=Slow(sent),
        content_length=len(sent),
        content_type="application/json",
    )
    assert answer.status_code == 409


def test_a_slow_save_is_logged_like_any_request_and_tells_nobody(attempt, as_user, asked, monkeypatch, caplog):
    moments = iter([100.0, 160.0])
    monkeypatch.setattr(quick, "perf_counter", lambda: next(moments))
    officer = as_user("officer")
    with caplog.at_level("WARNING", "trainer.requests"):
        assert put(officer, attempt, body((1, "B", 1))).status_code == 200
    assert [record.fields for record in caplog.records] == [{"method": "PUT", "status": 200, "ms": 60000.0}]


def test_a_session_that_has_ended_saves_nothing(attempt, as_user, asked):
    officer = as_user("officer")
    token = officer.get_cookie("session").value
    from trainer.accounts.sessions import sign_out

    sign_out(token_hash(token), by=1)
    assert put(officer, attempt, body((1, "B", 1))).status_code == 401
    assert asked == [False]
