"""What an officer decides late: one truth for who counts, when all is over, and what is told of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, person
from tests.marking.factories import AFTER, add_markers, make_waiting, mark_all, plan
from trainer.attempts.excusing import HasBegun, excuse_candidates
from trainer.core.database import db
from trainer.core.errors import Invalid
from trainer.exams import service
from trainer.exams.models import Candidate, Sitting
from trainer.exams.queries import read_exam
from trainer.marking.models import MarkingTask, Result
from trainer.marking.queries import waiting_people
from trainer.notices.models import Notice

DAY = timedelta(days=1)


def told(city, username):
    rows = select(Notice.code).where(Notice.user_id == city.people[username]).order_by(Notice.id)
    return [code for code in db.session.scalars(rows) if code.startswith("result")]


def test_who_has_begun_is_not_excused_any_more_and_nobody_of_the_list_is(city):
    waiting = make_waiting(city, officers=("officer",), usernames=("officer", "officer2"))
    people = [city.people["officer2"], city.people["officer"]]
    by = person(city, "organiser")
    for state in ("exempt", "deferred"):
        with pytest.raises(HasBegun) as refused:
            excuse_candidates(waiting.exam_id, people, state, by=by, reason="病假")
        assert refused.value.params["names"] == "张officer"
    assert set(db.session.scalars(select(Candidate.state))) == {"due"}
    assert excuse_candidates(waiting.exam_id, people[:1], "exempt", by=by, reason="病假") == 1
    assert excuse_candidates(waiting.exam_id, people, "due", by=by) == 2


def test_pages_and_api_say_who_has_begun(city, as_user, clock):
    clock(AFTER)
    waiting = make_waiting(city, officers=("officer",))
    organiser, user_id = as_user("organiser"), city.people["officer"]
    address = f"/exams/{waiting.exam_id}/candidates/{user_id}"
    page = organiser.post(address, data={"state": "exempt"}, follow_redirects=True)
    assert "张officer已经开考" in page.text
    candidate = db.session.scalar(select(Candidate.id))
    body = {"candidates": [str(candidate)], "state": "deferred", "reason": "病假"}
    answer = organiser.post(f"/api/v1/exams/{waiting.exam_id}/candidates/states", json=body)
    assert (answer.status_code, answer.json["code"]) == (409, "excused_has_begun")


def test_an_exam_does_not_wait_for_the_minutes_of_somebody_excused(session, city):
    exam_id = make_exam(city, usernames=("officer", "officer2"))
    by = person(city, "organiser")
    usual = read_exam(session, exam_id, by).ends_at
    session.query(Candidate).filter_by(user_id=city.people["officer2"]).update({"extra_minutes": 60})
    session.commit()
    assert read_exam(session, exam_id, by).ends_at == usual + HOUR
    session.rollback()
    excuse_candidates(exam_id, [city.people["officer2"]], "deferred", by=by, reason="病假")
    assert read_exam(session, exam_id, by).ends_at == usual


def test_a_release_tells_those_alone_whose_result_is_out(city):
    markers = add_markers(city, 1)
    waiting = make_waiting(city, answers=1)
    by = person(city, "organiser")
    late = waiting.attempts["officer"]
    plan(city, waiting.exam_id, markers)

    # The other two are marked; one answer still waits.
    db.session.query(MarkingTask).filter(MarkingTask.attempt_id != late).delete()

    db.session.query(Result).filter(Result.attempt_id != late).update({"unmarked": 0})
    db.session.commit()
    assert waiting_people(db.session(), waiting.exam_id) == {city.people["officer"]}
    db.session.rollback()
    service.release_results(waiting.exam_id, by=by, now=AFTER, unmarked=waiting_people)
    assert [told(city, name) for name in ("officer", "officer2")] == [[], ["results_released"]]
    mark_all(city, waiting.exam_id, "marker1", "4", "2")
    assert told(city, "officer") == ["result_marked"]


def test_the_page_says_before_and_after_what_still_waits(city, as_user, clock):
    clock(AFTER)
    waiting = make_waiting(city, answers=1)
    organiser = as_user("organiser")
    assert "还有 3 份答卷没有评完" in organiser.get(f"/exams/{waiting.exam_id}").text
    page = organiser.post(f"/exams/{waiting.exam_id}/release", follow_redirects=True)
    assert "还有 3 份答卷没有评完，评完一份公布一份" in page.text
    assert told(city, "officer") == []


def test_a_year_mistyped_is_no_later_end(city):
    exam_id = make_exam(city)
    closes_at = NINE + HOUR
    with pytest.raises(Invalid) as refused:
        service.extend_closing(exam_id, closes_at + 365 * DAY, by=person(city, "organiser"), now=NINE)
    assert [(one.field, one.code) for one in refused.value.problems] == [("closes_at", "closes_too_far")]
    service.extend_closing(exam_id, closes_at + 30 * DAY, by=person(city, "organiser"), now=NINE)


@pytest.mark.parametrize(("pass_mark", "is_refused"), [(Decimal(0), True), (Decimal(1), False)])
def test_nobody_earns_hours_by_passing_with_nothing(city, pass_mark, is_refused):
    about = {"credit_hours": Decimal(2), "pass_mark": pass_mark}
    if not is_refused:
        assert make_exam(city, **about)
        return
    with pytest.raises(Invalid) as refused:
        make_exam(city, **about)
    assert [(one.field, one.code) for one in refused.value.problems] == [("pass_mark", "pass_mark_of_nothing")]


def test_a_sitting_shorter_than_the_paper_is_told_as_such(city, as_user, clock, session):
    clock(NINE - HOUR)
    exam_id = make_exam(city, minutes=30)
    organiser = as_user("organiser")
    assert "短" not in organiser.get(f"/exams/{exam_id}/sittings").text.split("<main")[1].split("</main")[0]

    session.query(Sitting).filter_by(exam_id=exam_id).update({"closes_at": NINE + timedelta(minutes=20)})
    session.commit()
    page = organiser.get(f"/exams/{exam_id}/sittings").text
    assert "答不满 30 分钟" in page
    assert "正好等于答题时长" not in page
