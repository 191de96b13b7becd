"""The invigilator's board over the API: every action of the page is there."""

from datetime import timedelta

import pytest

from tests.attempts.factories import make_exam
from tests.attempts.test_api import code, put, start
from tests.conftest import NINE
from trainer.core.database import transaction
from trainer.exams.models import Sitting

API = "/api/v1"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def exam(city, clock):
    clock(NINE)
    return make_exam(city, NINE, release="after_close")


@pytest.fixture
def watch(exam, as_user):
    """Call the board as its invigilator: ``watch("GET", "board")``."""
    invigilator = as_user("invigilator")

    def call(method, path, **body):
        sent = {} if method == "GET" else {"json": body}
        return invigilator.open(f"{API}/exams/{exam.exam_id}/{path}", method=method, **sent)

    return call


def desks(watch):
    return {one["username"]: one for one in watch("GET", "board").json["items"]}


def test_the_board_says_who_is_where(watch, exam, as_user, clock):
    start(as_user("officer"), exam)
    found = watch("GET", "board").json
    assert [(one["due"], one["started"], one["awaits_signal"]) for one in found["rooms"]] == [(3, 1, False)]
    states = {one["username"]: one["state"] for one in found["items"]}
    assert states == {"officer": "working", "officer2": "waiting", "officer3": "waiting"}
    clock(NINE + 3 * MINUTE)
    assert desks(watch)["officer"]["state"] == "silent"


def test_minutes_for_one_for_a_room_and_for_all(watch, exam, as_user):
    start(as_user("officer"), exam)
    one = desks(watch)["officer"]
    path = f"desks/{one['candidate_id']}/minutes"
    assert code(watch("POST", path, minutes=5, reason="")) == (422, "invalid")
    assert code(watch("POST", path, minutes=121, reason="停电")) == (422, "invalid")
    given = watch("POST", path, minutes=5, reason="停电").json
    assert given == {"extra_minutes": 5, "deadline": "2026-11-23T02:05:00.000Z"}
    assert watch("POST", "minutes", minutes=3, reason="停电", sitting=one["sitting_id"]).json == {"people": 3}
    assert watch("POST", "minutes", minutes=2, reason="停电").json == {"people": 3}
    assert {each["extra_minutes"] for each in desks(watch).values()} == {5, 10}
    assert watch("POST", "minutes", minutes=2, reason="停电", sitting="999").status_code == 404


def test_a_candidate_is_handed_in_for_allowed_again_and_moved_to_another_device(watch, exam, as_user):
    one = f"desks/{desks(watch)['officer']['candidate_id']}"
    assert code(watch("POST", f"{one}/submit", reason="作弊")) == (409, "not_started")
    assert code(watch("POST", f"{one}/take-over", reason="死机")) == (409, "not_under_way")
    first = start(as_user("officer"), exam).json
    assert code(watch("POST", f"{one}/allow-again", reason="误交卷")) == (409, "attempt_is_left")
    assert watch("POST", f"{one}/take-over", reason="死机").status_code == 204
    assert start(as_user("officer"), exam).json["epoch"] == first["epoch"] + 2
    forced = watch("POST", f"{one}/submit", reason="作弊").json
    assert (forced["attempt_id"], forced["first"]) == (first["attempt_id"], True)
    assert watch("POST", f"{one}/submit", reason="作弊").json["first"] is False
    assert desks(watch)["officer"]["state"] == "forced"
    assert watch("POST", f"{one}/allow-again", reason="误判").json == {"attempts_allowed": 2}
    assert start(as_user("officer"), exam).status_code == 201


def test_a_stopped_page_is_told_by_whom_until_somebody_goes_on(watch, exam, as_user):
    candidate = desks(watch)["officer"]["candidate_id"]
    officer = as_user("officer")
    made = start(officer, exam).json
    attempt, epoch = made["attempt_id"], made["epoch"]
    assert watch("POST", f"desks/{candidate}/take-over", reason="死机").status_code == 204
    again = as_user("officer")
    assert code(put(again, attempt, epoch, (1, "B", 1))) == (409, "device_stopped")
    assert code(again.post(f"{API}/attempts/{attempt}/submit", json={"epoch": epoch})) == (409, "device_stopped")
    assert again.get(f"{API}/attempts/{attempt}/clock").json["stopped"] is True
    resumed = start(again, exam).json["epoch"]
    assert put(again, attempt, resumed, (1, "B", 1)).status_code == 200
    assert again.get(f"{API}/attempts/{attempt}/clock").json["stopped"] is False
    assert code(put(again, attempt, epoch, (1, "C", 2))) == (409, "taken_over")


def test_what_an_invigilator_did_stands_among_the_incidents(watch, exam, as_user):
    candidate = desks(watch)["officer"]["candidate_id"]
    attempt = start(as_user("officer"), exam).json["attempt_id"]
    watch("POST", f"desks/{candidate}/take-over", reason=" 死机 ")
    for _each in range(2):
        watch("POST", f"desks/{candidate}/submit", reason="夹带")
    told = watch("GET", f"desks/{candidate}/incidents").json["items"]
    assert [(one["kind"], one["detail"]) for one in told] == [("forced", "夹带"), ("stopped", "死机")]
    body = {"kind": "forced", "at": "2026-11-23T01:00:00Z"}
    assert code(as_user("officer").post(f"{API}/attempts/{attempt}/incidents", json=body)) == (422, "invalid")


def test_the_signal_opens_a_room(watch, exam, as_user):
    with transaction() as session:
        session.get(Sitting, exam.sitting_id).awaits_signal = True
    assert code(start(as_user("officer"), exam)) == (409, "not_open")
    path = f"sittings/{exam.sitting_id}/signal"
    assert [watch("POST", path).json["opens_at"] for _again in (1, 2)] == ["2026-11-23T01:00:00.000Z"] * 2
    assert start(as_user("officer"), exam).status_code == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "board"),
        ("GET", "desks/1/incidents"),
        ("POST", "minutes"),
        ("POST", "desks/1/minutes"),
        ("POST", "desks/1/submit"),
        ("POST", "desks/1/allow-again"),
        ("POST", "desks/1/take-over"),
        ("POST", "sittings/1/signal"),
    ],
)
def test_the_board_is_for_its_invigilators(exam, as_user, method, path):
    body = {"reason": "x", "minutes": 1} if path.endswith("minutes") else {"reason": "x"}
    sent = {} if method == "GET" else {"json": body}
    address = f"{API}/exams/{exam.exam_id}/{path}"
    assert as_user("officer").open(address, method=method, **sent).status_code == 403
    assert as_user("foreign_organiser").open(address, method=method, **sent).status_code in (403, 404)
