"""What a candidate's page noticed: recorded once, told to the invigilator with kind, time and duration, and no more."""

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from tests.attempts.factories import make_exam
from tests.attempts.test_api import code, put, start
from tests.conftest import NINE
from trainer.attempts import incidents
from trainer.attempts.incidents import TooManyIncidents, incidents_of_candidate, incidents_of_exam, record_incident
from trainer.attempts.models import Attempt, Incident
from trainer.core.database import db, transaction
from trainer.core.errors import Missing
from trainer.exams.models import Candidate

API = "/api/v1"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def exam(city, clock):
    clock(NINE)
    return make_exam(city, NINE)


@pytest.fixture
def attempt(exam, as_user):
    """The attempt that an officer has under way."""
    return int(start(as_user("officer"), exam).json["attempt_id"])


@pytest.fixture
def record(attempt, city):
    """Record an incident of that attempt: ``record(kind="focus_loss", seconds=5)``."""

    def put_down(kind="focus_loss", by="officer", noticed_at=NINE, now=NINE, **more):
        return record_incident(attempt, city.people[by], kind=kind, noticed_at=noticed_at, detail="", now=now, **more)

    return put_down


def rows():
    db.session.rollback()
    return db.session.execute(select(Incident.kind, Incident.mark, Incident.seconds).order_by(Incident.id)).all()


def candidate_of(attempt):
    found = db.session.scalar(select(Attempt.candidate_id).where(Attempt.id == attempt))
    db.session.rollback()
    return found


# --- the verb


def test_what_is_reported_again_under_its_mark_is_the_same_incident(record):
    first = record(mark="a")
    assert (first.first, first.focus_losses, first.over_threshold) == (True, 1, False)
    again = record(mark="a", seconds=12, now=NINE + MINUTE)
    assert (again.first, again.recorded_at, again.focus_losses) == (False, NINE, 1)
    record(mark="a", seconds=5)
    record(mark="a")
    assert rows() == [("focus_loss", "a", 12)]


def test_without_a_mark_each_report_is_another_incident(record):
    assert [record().focus_losses for _time in range(3)] == [1, 2, 3]
    assert record(kind="network_loss", seconds=9).focus_losses == 3
    assert [row.mark for row in rows()] == [None] * 4


def test_the_threshold_counts_what_was_left_and_nothing_else(record):
    told = [record(kind=kind).over_threshold for kind in ("focus_loss", "network_loss", "focus_loss", "other")]
    assert told == [False] * 4
    assert record().over_threshold
    assert db.session.scalar(select(Attempt.state)) == "open"


def test_an_exam_without_a_threshold_marks_nobody(city, clock, as_user):
    clock(NINE)
    made = make_exam(city, NINE, focus_threshold=None)
    officer = as_user("officer")
    address = f"{API}/attempts/{start(officer, made).json['attempt_id']}/incidents"
    for number in range(1, 6):
        told = officer.post(address, json={"kind": "focus_loss", "at": "2026-11-23T01:00:00Z"}).json
        assert (told["focus_losses"], told["over_threshold"]) == (number, False)


def test_times_are_kept_within_a_day_and_never_ahead(record):
    record(noticed_at=NINE + MINUTE)
    record(noticed_at=NINE - timedelta(days=3))
    found = db.session.scalars(select(Incident.noticed_at).order_by(Incident.id)).all()
    assert found == [NINE, NINE - timedelta(days=1)]


def test_nobody_reports_for_others_and_nobody_without_end(record, monkeypatch):
    with pytest.raises(Missing):
        record(by="officer2")
    monkeypatch.setattr(incidents, "INCIDENTS_MOST", 2)
    record(mark="a")
    record()
    with pytest.raises(TooManyIncidents):
        record(mark="b")
    assert record(mark="a", seconds=3).first is False
    assert len(rows()) == 2


def test_two_reports_of_one_incident_at_once_are_one(record, together):
    told = together(*[lambda: record(mark="same")] * 8)
    assert sorted(one.first for one in told) == [False] * 7 + [True]
    assert len(rows()) == 1


# --- what is read of it


def test_the_newest_come_first_by_when_they_were_noticed(record, attempt):
    record(noticed_at=NINE - MINUTE, kind="network_loss", seconds=40)
    record(noticed_at=NINE - 5 * MINUTE)
    record(noticed_at=NINE - MINUTE)
    candidate = candidate_of(attempt)
    found = incidents_of_candidate(db.session(), candidate, limit=9)
    assert [(one.kind, one.noticed_at) for one in found] == [
        ("focus_loss", NINE - MINUTE),
        ("network_loss", NINE - MINUTE),
        ("focus_loss", NINE - 5 * MINUTE),
    ]
    behind = [incidents_of_candidate(db.session(), candidate, limit=1, after=one.id) for one in found]
    assert behind == [[found[1]], [found[2]], []]
    assert incidents_of_candidate(db.session(), candidate, limit=9, after=10**9) == []


def test_a_report_of_the_exam_names_people_and_is_cut(record, exam, attempt):
    for minutes in (3, 1, 2):
        record(noticed_at=NINE - minutes * MINUTE)
    lines = incidents_of_exam(db.session(), exam.exam_id, limit=2)
    assert [(one.username, one.ordinal, one.noticed_at) for one in lines] == [
        ("officer", 1, NINE - 3 * MINUTE),
        ("officer", 1, NINE - 2 * MINUTE),
    ]


# --- over the API


def test_a_page_reports_leaving_and_later_how_long_it_lasted(attempt, as_user):
    officer, address = as_user("officer"), f"{API}/attempts/{attempt}/incidents"
    left = {"kind": "focus_loss", "at": "2026-11-23T00:59:30Z", "mark": "0f"}
    first, again = officer.post(address, json=left), officer.post(address, json=left | {"seconds": 21})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json == {"recorded_at": "2026-11-23T01:00:00.000Z", "focus_losses": 1, "over_threshold": False}
    assert rows() == [("focus_loss", "0f", 21)]
    assert put(officer, attempt, 1, (1, "B", 1)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"mark": ""}, {"mark": "x" * 41}, {"seconds": -1}, {"seconds": 86_401}, {"seconds": "five"}, {"kind": "cheating"}],
)
def test_a_report_of_another_shape_is_refused_and_nothing_is_stored(attempt, as_user, wrong):
    body = {"kind": "focus_loss", "at": "2026-11-23T01:00:00Z"} | wrong
    answer = as_user("officer").post(f"{API}/attempts/{attempt}/incidents", json=body)
    assert code(answer) == (422, "invalid")
    assert [one["field"] for one in answer.json["errors"]] == list(wrong)
    assert rows() == []


def test_the_board_counts_and_marks_and_a_desk_tells_each_of_them(record, exam, attempt, as_user):
    for number in range(3):
        record(noticed_at=NINE - number * MINUTE, mark=str(number), seconds=number or None)
    record(kind="network_loss", noticed_at=NINE - 9 * MINUTE, seconds=30)
    invigilator = as_user("invigilator")
    board = invigilator.get(f"{API}/exams/{exam.exam_id}/board").json
    assert board["focus_threshold"] == 3
    desks = {one["username"]: one for one in board["items"]}
    told = {name: (one["incidents"], one["focus_losses"], one["over_threshold"]) for name, one in desks.items()}
    assert told == {"officer": (4, 3, True), "officer2": (0, 0, False), "officer3": (0, 0, False)}
    address = f"{API}/exams/{exam.exam_id}/desks/{desks['officer']['candidate_id']}/incidents"
    whole = invigilator.get(address).json
    assert [(one["kind"], one["noticed_at"][11:19], one["seconds"]) for one in whole["items"]] == [
        ("focus_loss", "01:00:00", None),
        ("focus_loss", "00:59:00", 1),
        ("focus_loss", "00:58:00", 2),
        ("network_loss", "00:51:00", 30),
    ]
    assert {(one["attempt_id"], one["attempt"]) for one in whole["items"]} == {(str(attempt), 1)}
    assert whole["next"] is None
    paged, more = [], f"{address}?limit=3"
    while more:
        page = invigilator.get(more).json
        paged, more = [*paged, *page["items"]], page["next"]
    assert paged == whole["items"]
    assert code(invigilator.get(f"{address}?after=x")) == (422, "invalid")
    assert code(invigilator.get(f"{address}?limit=0")) == (422, "invalid")


def test_the_page_of_the_board_holds_counts_and_no_incident(record, exam, as_user):
    for _time in range(3):
        record()
    invigilator = as_user("invigilator")
    page = invigilator.get(f"/exams/{exam.exam_id}/watch").text
    for piece in ('data-warn-from="3"', "离开页面多的在前", f"/api/v1/exams/{exam.exam_id}/desks/0/incidents"):
        assert piece in page
    desk = invigilator.get(f"/exams/{exam.exam_id}/watch/state").json["desks"][0]
    assert (desk["incidents"], desk["left"], desk["marked"]) == (3, 3, True)
    assert "noticed_at" not in desk


def test_incidents_of_a_desk_are_for_invigilators_over_the_exam(exam, attempt, city, as_user, clock, client):
    other = make_exam(city, NINE)
    candidate = candidate_of(attempt)
    address = f"{API}/exams/{exam.exam_id}/desks/{candidate}/incidents"
    assert client.get(address).status_code == 401
    assert as_user("invigilator").get(address).json == {"items": [], "next": None}
    assert as_user("officer").get(address).status_code == 403
    assert as_user("foreign_organiser").get(address).status_code == 404
    assert as_user("invigilator").get(f"{API}/exams/{other.exam_id}/desks/{candidate}/incidents").status_code == 404


def test_the_board_costs_the_same_whoever_left_how_often(record, exam, city, as_user, count_queries, session):
    invigilator, address = as_user("invigilator"), f"/exams/{exam.exam_id}/watch/state"
    invigilator.get(address)
    with count_queries() as seen:
        invigilator.get(address)
    few = len(seen)
    sitting = session.scalar(select(Candidate.sitting_id).limit(1))
    with transaction() as work:
        for username in ("officer4", "clerk", "head", "supervisor"):
            made = Candidate(
                exam_id=exam.exam_id, sitting_id=sitting, user_id=city.people[username], unit_id=city.units["PJ-CGJ"]
            )
            work.add(made)
        attempt_id = work.scalar(select(Attempt.id))
        noticed = {"attempt_id": attempt_id, "kind": "focus_loss", "noticed_at": NINE, "recorded_at": NINE}
        work.execute(insert(Incident), [noticed | {"detail": ""} for _time in range(300)])
    with count_queries() as seen:
        desks = invigilator.get(address).json["desks"]
    assert len(seen) == few
    assert (len(desks), sum(one["incidents"] for one in desks)) == (7, 300)
    assert db.session.scalar(select(func.count()).select_from(Incident)) == 300
