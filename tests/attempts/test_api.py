"""Start, save, hand in and result, as the contract has them."""

from datetime import timedelta

import pytest

from tests.attempts.factories import CANARY, RIGHT, make_exam
from tests.conftest import NINE
from tests.exams.factories import HOUR
from tests.exams.factories import make_exam as publish_exam
from trainer.accounts.models import User
from trainer.attempts.jobs import close_overdue
from trainer.attempts.models import Attempt, Response, ResponseEvent
from trainer.core.database import db, is_sqlite, transaction
from trainer.exams.tickets import issue_tickets
from trainer.marking.jobs import settle_left_over

API = "/api/v1"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def exam(city, clock):
    clock(NINE)
    return make_exam(city, NINE)


def start(client, exam):
    return client.post(f"{API}/exams/{exam.exam_id}/attempts")


def put(client, attempt_id, epoch, *responses):
    rows = [{"number": number, "answer": answer, "seq": seq} for number, answer, seq in responses]
    return client.put(f"{API}/attempts/{attempt_id}/responses", json={"epoch": epoch, "responses": rows})


def code(answer):
    return answer.status_code, answer.json["code"]


def test_a_start_gives_the_paper_without_keys_and_a_second_start_resumes_with_a_new_epoch(exam, as_user):
    officer = as_user("officer")
    first = start(officer, exam)
    assert first.status_code == 201
    assert (first.json["epoch"], first.json["state"], first.json["responses"]) == (1, "open", [])
    assert first.json["deadline"] == "2026-11-23T02:00:00.000Z"
    items = first.json["paper"]["sections"][0]["items"]
    assert [item["number"] for item in items] == [1, 2, 3, 4, 5]
    assert CANARY not in first.text
    assert not {"key", "explanation", "basis", "note"} & set(items[0])
    second = start(officer, exam)
    assert (second.status_code, second.json["epoch"]) == (200, 2)
    assert second.json["attempt_id"] == first.json["attempt_id"]


def test_a_save_is_kept_and_comes_back_at_the_resume(exam, as_user):
    officer = as_user("officer")
    attempt = start(officer, exam).json
    saved = put(officer, attempt["attempt_id"], 1, (1, "B", 1), (4, ["１５", "六十"], 3))
    assert saved.status_code == 200
    assert [(one["number"], one["seq"]) for one in saved.json["saved"]] == [(1, 1), (4, 3)]
    again = start(officer, exam).json
    kept = {one["number"]: (one["answer"], one["seq"]) for one in again["responses"]}
    assert kept[1] == ("B", 1)
    assert kept[4][1] == 3


def test_the_higher_number_wins_and_the_same_twice_is_harmless(exam, as_user):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    newer = put(officer, attempt, 1, (1, "C", 5)).json
    older = put(officer, attempt, 1, (1, "A", 4)).json
    assert (older["saved"], older["superseded"]) == ([], [{"number": 1, "seq": 4}])
    assert put(officer, attempt, 1, (1, "C", 5)).json["saved"] == newer["saved"]
    with_other_answer = put(officer, attempt, 1, (1, "D", 5)).json
    assert with_other_answer["superseded"] == [{"number": 1, "seq": 5}]
    assert db.session.query(Response.answer).scalar() == '"C"'
    assert db.session.query(ResponseEvent).count() == 2


def test_an_old_page_may_only_look_after_a_resume_elsewhere(exam, as_user):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    start(officer, exam)
    assert code(put(officer, attempt, 1, (1, "B", 1))) == (409, "taken_over")
    assert code(officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1})) == (409, "taken_over")
    look = officer.get(f"{API}/attempts/{attempt}")
    assert (look.status_code, look.json["epoch"]) == (200, 2)
    assert put(officer, attempt, 2, (1, "B", 1)).status_code == 200


@pytest.mark.parametrize(
    ("number", "answer", "field"),
    [
        (1, "E", "responses.1.answer"),
        (1, ["B"], "responses.1.answer"),
        (2, ["A", "A"], "responses.1.answer"),
        (3, "true", "responses.1.answer"),
        (4, ["15"], "responses.1.answer"),
        (4, ["15", "a\x00b"], "responses.1.answer"),
        (5, ["C", "C"], "responses.1.answer"),
        (6, "B", "responses.1.number"),
    ],
)
def test_an_answer_of_the_wrong_shape_is_refused_at_its_field_and_nothing_of_the_call_is_kept(
    exam, as_user, number, answer, field
):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    refused = put(officer, attempt, 1, (3, True, 1), (number, answer, 2))
    assert code(refused) == (422, "invalid")
    assert [one["field"] for one in refused.json["errors"]] == [field]
    assert db.session.query(Response).count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"epoch":1}', 422),
        (b'{"epoch":"1","responses":[]}', 422),
        (b'{"epoch":true,"responses":[]}', 422),
        (b'{"epoch":1,"responses":[{"number":1}]}', 422),
        (b'{"epoch":1,"responses":[{"number":1,"seq":1,"answers":"B"}]}', 422),
        (b'{"epoch":1,"responses":[{"number":1,"seq":99999999999999999999,"answer":"B"}]}', 422),
        (b'{"epoch":1,"responses":{},"x":1}', 422),
        (b"\xff\xfe", 400),
    ],
)
def test_a_malformed_body_is_told_and_changes_nothing(exam, as_user, body, status):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    answer = officer.put(f"{API}/attempts/{attempt}/responses", data=body, content_type="application/json")
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    other = officer.put(f"{API}/attempts/{attempt}/responses", data=body, content_type="text/plain")
    assert other.status_code == 415


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(minutes=60), 200),
        (timedelta(minutes=60, seconds=10), 200),
        (timedelta(minutes=60, seconds=10, microseconds=1), 409),
    ],
)
def test_saves_are_taken_until_the_deadline_and_its_grace_and_no_longer(exam, as_user, clock, after, expected):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    clock(NINE + after)
    assert put(officer, attempt, 1, (1, "B", 1)).status_code == expected
    late = db.session.query(ResponseEvent.late).scalar()
    assert late == (after > timedelta(minutes=60) if expected == 200 else None)


def test_a_start_is_refused_outside_the_window_to_strangers_and_when_attempts_are_used_up(exam, city, as_user, clock):
    assert code(start(as_user("officer4"), exam)) == (403, "not_a_candidate")
    clock(NINE - 6 * MINUTE)
    assert code(start(as_user("officer"), exam)) == (409, "not_open")
    clock(NINE + 120 * MINUTE)
    assert code(start(as_user("officer"), exam)) == (409, "closed")
    clock(NINE)
    officer = as_user("officer2")
    attempt = start(officer, exam).json["attempt_id"]
    officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1})
    assert code(start(officer, exam)) == (409, "attempts_used_up")
    assert code(officer.post(f"{API}/exams/999/attempts")) == (404, "not_found")
    assert officer.post(f"{API}/exams/{2**63}/attempts").status_code == 404


@pytest.mark.parametrize(
    ("change", "forms"),
    [
        ({"draw": "one_paper"}, 1),
        ({"draw": "per_form", "forms": 2}, 2),
        ({"draw": "per_form", "forms": 4}, 3),
        ({"draw": "per_candidate"}, 3),
    ],
)
def test_a_later_attempt_gets_another_draw_where_there_is_one(city, as_user, clock, session, change, forms):
    exam_id = publish_exam(city, attempts=3, now=NINE - HOUR, **change)
    clock(NINE)
    officers = {name: as_user(name) for name in ("officer", "officer2")}
    for officer in officers.values():
        for _number in range(3):
            attempt = officer.post(f"/api/v1/exams/{exam_id}/attempts").json["attempt_id"]
            officer.post(f"/api/v1/attempts/{attempt}/submit", json={"epoch": 1, "responses": []})
    sat = {name: session.query(Attempt.paper_id).filter_by(user_id=city.people[name]).all() for name in officers}
    assert {len(set(papers)) for papers in sat.values()} == {forms}
    if change["draw"] == "per_candidate":
        # Nobody's later draw is somebody else's first.
        assert not set(sat["officer"]) & set(sat["officer2"])


def flag(client, attempt_id, epoch, *numbers):
    return client.put(f"{API}/attempts/{attempt_id}/flags", json={"epoch": epoch, "flags": list(numbers)})


def test_flags_are_kept_and_come_back_on_another_device(exam, as_user):
    officer = as_user("officer")
    made = start(officer, exam).json
    attempt = made["attempt_id"]
    assert made["flags"] == []
    assert flag(officer, attempt, 1, 5, 2, 5).json == {"flags": [2, 5]}
    assert flag(officer, attempt, 1, 5, 2).json == {"flags": [2, 5]}
    assert start(officer, exam).json["flags"] == [2, 5]
    assert officer.get(f"{API}/attempts/{attempt}").json["flags"] == [2, 5]
    assert code(flag(officer, attempt, 1, 3)) == (409, "taken_over")
    assert flag(officer, attempt, 2).json == {"flags": []}
    assert start(officer, exam).json["flags"] == []


def test_flags_are_refused_for_unknown_items_for_others_and_after_the_end(exam, as_user, client, clock):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    for wrong in (0, 6):
        refused = flag(officer, attempt, 1, 1, wrong)
        assert refused.status_code == 422
        assert refused.json["errors"][0]["code"] == "no_such_item"
    assert flag(officer, attempt, 1, "x").status_code == 422
    assert flag(as_user("officer2"), attempt, 1, 1).status_code == 404
    assert flag(client, attempt, 1, 1).status_code == 401
    clock(NINE + 61 * MINUTE)
    assert code(flag(officer, attempt, 1, 1)) == (409, "attempt_closed")
    assert db.session.get(Attempt, int(attempt)).flags is None


def test_an_attempt_left_behind_is_handed_in_at_its_deadline_when_its_owner_comes_back(exam, as_user, clock):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    put(officer, attempt, 1, (1, "B", 1))
    clock(NINE + 70 * MINUTE)
    assert code(start(officer, exam)) == (409, "attempts_used_up")
    row = db.session.get(Attempt, int(attempt))
    assert (row.state, row.submitted_by, row.submitted_at) == ("submitted", "deadline", NINE + 60 * MINUTE)


def test_a_hand_in_takes_last_answers_and_gives_the_same_receipt_twice(exam, as_user, clock):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    rows = [{"number": number, "answer": answer, "seq": 1} for number, answer in RIGHT.items()]
    first = officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1, "responses": rows})
    assert first.status_code == 200
    assert (first.json["state"], first.json["submitted_at"]) == ("submitted", "2026-11-23T01:00:00.000Z")
    result = first.json["result"]
    assert (result["score"], result["max_points"], result["passed"]) == ("10.00", "10.00", True)
    assert result["items"][0]["right_answer"] == "B"
    assert CANARY in result["items"][0]["explanation"]
    clock(NINE + MINUTE)
    second = officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1})
    assert second.json == first.json
    assert code(put(officer, attempt, 1, (1, "A", 9))) == (409, "attempt_closed")


def test_answers_that_come_with_a_second_hand_in_are_told_to_count_for_nothing(exam, as_user):
    """The receipt of the first was lost, something was changed, and the paper handed in once more."""
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]

    def hand_in(*rows):
        responses = [{"number": number, "answer": answer, "seq": seq} for number, answer, seq in rows]
        return officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1, "responses": responses}).json

    first = hand_in((1, "B", 2), (3, True, 1))
    assert hand_in((1, "B", 2), (3, True, 1)) == first
    later = hand_in((1, "C", 3), (2, ["A"], 1), (3, True, 1))
    assert later["submitted_at"] == first["submitted_at"]
    assert [(one["number"], one["seq"], one["code"]) for one in later["refused"]] == [
        (1, 3, "attempt_closed"),
        (2, 1, "attempt_closed"),
    ]
    assert db.session.query(Response).count() == 2


def test_a_hand_in_after_the_grace_keeps_what_was_saved_and_refuses_what_comes_along(exam, as_user, clock):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    put(officer, attempt, 1, (1, "B", 1))
    clock(NINE + 61 * MINUTE)
    late = [{"number": 2, "answer": ["A", "C"], "seq": 1}]
    refused = officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1, "responses": late})
    assert code(refused) == (409, "attempt_closed")
    receipt = officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1}).json
    assert receipt["submitted_at"] == "2026-11-23T02:00:00.000Z"
    assert receipt["result"]["score"] == "2.00"


@pytest.mark.parametrize(
    ("release", "at", "visible"),
    [
        ("after_submit", 10, True),
        ("after_close", 120, False),
        ("after_close", 121, True),
        ("manual", 500, False),
    ],
)
def test_keys_and_scores_appear_only_by_the_release_rule(city, as_user, clock, release, at, visible):
    clock(NINE)
    exam = make_exam(city, NINE, release=release)
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    clock(NINE + at * MINUTE if at < 60 else NINE + 30 * MINUTE)
    handed_in = officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1})
    clock(NINE + at * MINUTE)
    answer = officer.get(f"{API}/attempts/{attempt}/result")
    assert (answer.status_code == 200) is visible
    if not visible:
        assert code(answer) == (403, "not_released")
        assert CANARY not in handed_in.text + answer.text
        assert handed_in.json["result"] is None


def test_nobody_reaches_an_attempt_of_somebody_else(exam, as_user, client):
    attempt = start(as_user("officer"), exam).json["attempt_id"]
    other = as_user("officer2")
    assert code(put(other, attempt, 1, (1, "B", 1))) == (404, "not_found")
    assert code(other.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1})) == (404, "not_found")
    for path in ("", "/result"):
        assert code(other.get(f"{API}/attempts/{attempt}{path}")) == (404, "not_found")
    assert code(put(client, attempt, 1, (1, "B", 1))) == (401, "not_signed_in")
    watching = as_user("invigilator").get(f"{API}/attempts/{attempt}")
    assert (watching.status_code, watching.json["epoch"]) == (200, None)
    assert CANARY not in watching.text


def test_a_session_that_was_ended_saves_nothing_more(exam, as_user):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    officer.delete(f"{API}/session")
    officer.set_cookie("session", "gone")
    assert put(officer, attempt, 1, (1, "B", 1)).status_code in (401, 403)
    assert db.session.query(Response).count() == 0


def test_a_save_costs_a_fixed_number_of_statements(exam, as_user, count_queries):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    put(officer, attempt, 1, (1, "B", 1))
    with count_queries() as seen:
        put(officer, attempt, 1, (1, "C", 2))
    assert len(seen) == (3 if is_sqlite() else 2)


def test_incidents_are_recorded_and_end_nothing(exam, as_user):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    told = officer.post(
        f"{API}/attempts/{attempt}/incidents", json={"kind": "focus_loss", "at": "2026-11-23T01:00:00Z"}
    )
    assert told.status_code == 201
    assert put(officer, attempt, 1, (1, "B", 1)).status_code == 200
    with transaction() as session:
        assert session.query(Attempt.state).scalar() == "open"


def test_answers_that_come_with_a_late_hand_in_are_refused_before_and_after_the_sweep(exam, as_user, clock):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    put(officer, attempt, 1, (1, "B", 1))
    address = f"{API}/attempts/{attempt}/submit"
    kept, late = [{"number": 1, "answer": answer, "seq": seq} for answer, seq in (("B", 1), ("C", 2))]
    clock(NINE + 61 * MINUTE)
    close_overdue(NINE + 61 * MINUTE)
    assert code(officer.post(address, json={"epoch": 1, "responses": [late]})) == (409, "attempt_closed")
    assert officer.post(address, json={"epoch": 1, "responses": [kept]}).status_code == 200
    assert officer.post(address, json={"epoch": 1}).json["submitted_at"] == "2026-11-23T02:00:00.000Z"


def test_a_hand_in_takes_no_more_answers_than_a_save(exam, as_user):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    many = [{"number": 1, "answer": "B", "seq": seq} for seq in range(1, 502)]
    for method, end in ((officer.put, "responses"), (officer.post, "submit")):
        refused = method(f"{API}/attempts/{attempt}/{end}", json={"epoch": 1, "responses": many})
        assert code(refused) == (422, "invalid")
    assert db.session.query(Attempt.state).scalar() == "open"


def test_a_long_list_of_nonsense_is_told_shortly_also_to_strangers(exam, as_user, client):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    for caller in (officer, client):
        headers = {"Authorization": "Bearer x"} if caller is client else {}
        url = f"{API}/attempts/{attempt}/responses"
        answer = caller.put(url, json={"epoch": 1, "responses": [0] * 200_000}, headers=headers)
        assert answer.status_code == 422
        assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [("responses", "too_long")]
    wrong = {f"unknown {number}": 1 for number in range(1000)} | {"epoch": 1, "responses": []}
    assert len(officer.put(f"{API}/attempts/{attempt}/responses", json=wrong).json["errors"]) == 200


def test_a_hand_in_stands_when_marking_stumbles_and_the_scheduler_marks_it_later(exam, as_user, monkeypatch):
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]

    def stumble(*_arguments):
        raise RuntimeError("marking")

    with monkeypatch.context() as broken:
        broken.setattr("trainer.marking.jobs.results", stumble)
        handed_in = officer.post(f"{API}/attempts/{attempt}/submit", json={"epoch": 1})
    assert (handed_in.status_code, handed_in.json["state"], handed_in.json["result"]) == (200, "submitted", None)
    assert settle_left_over(NINE + MINUTE) == 1


def test_who_comes_with_a_ticket_before_choosing_a_password_can_sit_the_exam(exam, city, client, as_user):
    """Most officers have the password that their unit was given, and are to sit with the ticket alone."""
    with transaction() as session:
        session.get(User, city.people["officer"]).must_change_password = True
    assert code(start(as_user("officer"), exam)) == (403, "password_change_due")
    ticket = {one.username: one.code for one in issue_tickets(exam.exam_id, by=None)}["officer"]
    signed_in = client.post(f"{API}/session", json={"ticket": ticket})
    client.csrf = signed_in.json["csrf_token"]
    begun = start(client, exam)
    assert begun.status_code == 201
    attempt_id, epoch = begun.json["attempt_id"], begun.json["epoch"]
    assert put(client, attempt_id, epoch, (1, "B", 1)).status_code == 200
    assert client.put(f"{API}/attempts/{attempt_id}/flags", json={"epoch": epoch, "flags": [1]}).status_code == 200
    assert client.post(f"{API}/attempts/{attempt_id}/submit", json={"epoch": epoch}).status_code == 200
