"""A start shifted for one person: the own window, what waits for it, who may and until when."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.attempts.test_api import code
from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, person
from tests.exams.test_sittings import BEFORE, GRACE, MINUTE, add, begin, move, seat_of
from trainer.attempts.desk import AttemptIsLeft, allow_again, take_over
from trainer.attempts.extend import extend
from trainer.attempts.jobs import close_overdue
from trainer.attempts.models import Attempt
from trainer.attempts.seating import spread_candidates
from trainer.attempts.shifting import HasStarted, shift_starts
from trainer.audit.models import Entry
from trainer.core.database import db
from trainer.core.errors import Invalid, Missing, Refused
from trainer.exams import service, sittings
from trainer.exams.models import Candidate, Sitting
from trainer.exams.queries import read_exam
from trainer.exams.rules import SittingSpec
from trainer.exams.tickets import BadTicket, issue_tickets, sign_in_by_ticket
from trainer.marking.jobs import settle_left_over
from trainer.notices.models import Notice


def candidate_of(city, exam_id, username="officer"):
    return db.session.scalar(
        select(Candidate.id).where(Candidate.exam_id == exam_id, Candidate.user_id == city.people[username])
    )


def shift(city, exam_id, to, *usernames, reason="从外县赶来", now=BEFORE, by="organiser"):
    people = [candidate_of(city, exam_id, one) for one in usernames or ("officer",)]
    return shift_starts(exam_id, people, to, by=person(city, by), reason=reason, now=now)


def shifted(exam_id, number=1):
    return db.session.scalar(
        select(Sitting.shifted_closes_at).where(Sitting.exam_id == exam_id, Sitting.number == number)
    )


def test_the_own_window_is_later_at_both_ends_and_only_for_that_person(city, as_user, clock):
    exam_id = make_exam(city)
    assert shift(city, exam_id, 90) == 1
    late, usual = as_user("officer"), as_user("officer2")
    clock(NINE + 89 * MINUTE)
    refused = begin(late, exam_id)
    assert code(refused) == (409, "not_open")
    assert late.get(f"/api/v1/exams/{exam_id}/waiting").json["opens_at"] == "2026-11-23T02:30:00.000Z"
    assert begin(usual, exam_id).json["deadline"] == "2026-11-23T03:00:00.000Z"
    assert late.get(f"/api/v1/exams/{exam_id}").json["opens_at"] == "2026-11-23T02:30:00.000Z"
    assert usual.get(f"/api/v1/exams/{exam_id}").json["opens_at"] == "2026-11-23T01:00:00.000Z"
    # The sitting of the others has been closed for half an hour, and the shifted paper still has its whole length.
    clock(NINE + 150 * MINUTE)
    assert begin(late, exam_id).json["deadline"] == "2026-11-23T04:30:00.000Z"
    extra = make_exam(city, title="另一场", items=0)
    assert code(begin(usual, extra)) == (409, "closed")


@pytest.mark.parametrize("at", [timedelta(minutes=40), timedelta(minutes=39, seconds=1)])
def test_a_start_may_be_given_as_a_moment_and_is_rounded_up_to_whole_minutes(city, at):
    exam_id = make_exam(city)
    shift(city, exam_id, NINE + at)
    assert db.session.scalar(select(Candidate.shift_minutes).where(Candidate.shift_minutes > 0)) == 40


def test_results_wait_for_the_last_shifted_person_and_extra_minutes_come_on_top(city, as_user, clock):
    exam_id = make_exam(city)
    early = add(city, exam_id, opens_at=NINE - HOUR / 2, closes_at=NINE + HOUR)
    move(city, exam_id, early, "officer2")
    # A shift inside an early sitting that ends before the last sitting does holds nobody's result back.
    shift(city, exam_id, 20, "officer2")
    organiser = person(city, "organiser")
    assert read_exam(db.session(), exam_id, organiser).ends_at == NINE + 2 * HOUR + GRACE
    db.session.rollback()
    shift(city, exam_id, 45, "officer")
    extend(exam_id, candidate_of(city, exam_id), minutes=5, by=1, reason="视力障碍", now=BEFORE)
    over = NINE + 2 * HOUR + 50 * MINUTE + GRACE
    exam = read_exam(db.session(), exam_id, organiser)
    assert (exam.ends_at, exam.closes_at) == (over, NINE + 2 * HOUR)
    assert [exam.phase(one) for one in (over - GRACE, over)] == ["closed", "released"]
    db.session.rollback()
    clock(NINE - 5 * MINUTE)
    usual = as_user("officer2")
    attempt = begin(usual, exam_id).json["attempt_id"]
    clock(over - timedelta(seconds=1))
    close_overdue(over - timedelta(seconds=1))
    settle_left_over(over - timedelta(seconds=1))
    held = usual.get(f"/api/v1/attempts/{attempt}/result")
    assert code(held) == (403, "not_released")
    clock(over)
    assert usual.get(f"/api/v1/attempts/{attempt}/result").status_code == 200
    with pytest.raises(Refused, match=r"exam_is_over|results_are_out"):
        shift(city, exam_id, 60, "officer", now=over)


def test_a_manual_release_waits_for_the_shifted_person(city, as_user, clock):
    exam_id = make_exam(city, release="manual")
    shift(city, exam_id, 60)
    organiser = person(city, "organiser")
    with pytest.raises(Refused, match="exam_still_open"):
        service.release_results(exam_id, by=organiser, now=NINE + 3 * HOUR)
    clock(NINE + 2 * HOUR + MINUTE)
    assert "最后一位考生的作答时间到 2026年11月23日 12:00:10" in as_user("organiser").get(f"/exams/{exam_id}").text
    clock(NINE + 3 * HOUR + GRACE)
    assert "最后一位考生" not in as_user("organiser").get(f"/exams/{exam_id}").text
    service.release_results(exam_id, by=organiser, now=NINE + 3 * HOUR + GRACE)


@pytest.mark.parametrize(
    ("to", "reason", "field", "why"),
    [
        (-1, "x", "minutes", "out_of_range"),
        (72 * 60 + 1, "x", "minutes", "out_of_range"),
        (NINE - MINUTE, "x", "opens_at", "shift_out_of_range"),
        (NINE + 73 * HOUR, "x", "opens_at", "shift_out_of_range"),
        (60, "  ", "reason", "required"),
        (60, "长" * 201, "reason", "too_long"),
    ],
)
def test_a_shift_has_limits_and_needs_a_reason(city, to, reason, field, why):
    exam_id = make_exam(city)
    with pytest.raises(Invalid) as refusal:
        shift(city, exam_id, to, reason=reason)
    assert [(one.field, one.code) for one in refusal.value.problems] == [(field, why)]


def test_a_shift_is_told_audited_and_taken_back_and_the_same_again_changes_nothing(city):
    exam_id = make_exam(city)
    assert [shift(city, exam_id, 30), shift(city, exam_id, 30)] == [1, 0]
    entry = db.session.scalar(select(Entry).where(Entry.action == "exam.start_shifted"))
    assert entry.detail == {"people": [city.people["officer"]], "minutes": 30, "reason": "从外县赶来"}
    notice = db.session.scalar(select(Notice).where(Notice.code == "exam_moved"))
    assert (notice.user_id, notice.params["opens_at"]) == (city.people["officer"], "2026-11-23T01:30:00.000Z")
    assert shifted(exam_id) == NINE + 2 * HOUR + 30 * MINUTE
    db.session.rollback()
    assert shift(city, exam_id, 0, reason="") == 1
    assert shifted(exam_id) is None


def test_nobody_is_shifted_after_the_start_and_then_none_of_the_others_is(city, as_user, clock):
    exam_id = make_exam(city)
    clock(NINE)
    begin(as_user("officer"), exam_id)
    with pytest.raises(HasStarted) as refusal:
        shift(city, exam_id, 30, "officer2", "officer", now=NINE)
    assert refusal.value.params["names"] == "张officer"
    assert db.session.scalar(select(func.max(Candidate.shift_minutes))) == 0


def test_a_shift_is_refused_to_strangers_and_for_strangers(city):
    exam_id, other = make_exam(city), make_exam(city, title="另一场", items=0)
    with pytest.raises(Missing):
        shift_starts(exam_id, [candidate_of(city, other)], 5, by=person(city, "organiser"), reason="x", now=BEFORE)
    with pytest.raises(Missing):
        shift(city, exam_id, 5, by="officer")


def test_the_shift_follows_the_sitting_and_ends_when_its_person_is_moved(city):
    exam_id = make_exam(city)
    organiser = person(city, "organiser")
    shift(city, exam_id, 30)
    first = seat_of(city, exam_id, "officer")
    late = SittingSpec(opens_at=NINE + HOUR, closes_at=NINE + 3 * HOUR)
    sittings.change_sitting(exam_id, first, late, by=organiser, now=BEFORE)
    assert shifted(exam_id) == NINE + 3 * HOUR + 30 * MINUTE
    service.extend_closing(exam_id, NINE + 4 * HOUR, by=organiser, now=BEFORE)
    assert shifted(exam_id) == NINE + 4 * HOUR + 30 * MINUTE
    second = add(city, exam_id)
    spread_candidates(exam_id, "by_unit", by=organiser, now=BEFORE)
    assert seat_of(city, exam_id, "officer") == first
    move(city, exam_id, second, "officer")
    assert (shifted(exam_id), shifted(exam_id, 2)) == (None, None)
    assert db.session.scalar(select(func.max(Candidate.shift_minutes))) == 0


def test_the_signal_carries_the_shift_along(city, clock, as_user):
    exam_id = make_exam(city)
    first = seat_of(city, exam_id, "officer")
    spec = SittingSpec(opens_at=NINE, closes_at=NINE + 2 * HOUR, awaits_signal=True)
    sittings.change_sitting(exam_id, first, spec, by=person(city, "organiser"), now=BEFORE)
    shift(city, exam_id, 20)
    sittings.give_signal(exam_id, first, by=person(city, "invigilator"), now=NINE + 90 * MINUTE)
    assert shifted(exam_id) == NINE + 150 * MINUTE + timedelta(seconds=10) + 20 * MINUTE
    db.session.rollback()
    clock(NINE + 95 * MINUTE)
    assert code(begin(as_user("officer"), exam_id)) == (409, "not_open")
    assert begin(as_user("officer2"), exam_id).status_code == 201


def test_a_ticket_fits_the_own_window_and_names_it(city):
    exam_id = make_exam(city)
    shift(city, exam_id, 180)
    made = issue_tickets(exam_id, by=1, user_id=city.people["officer"])[0]
    assert (made.opens_at, made.closes_at, made.shift_minutes) == (NINE + 3 * HOUR, NINE + 5 * HOUR, 180)
    with pytest.raises(BadTicket):
        sign_in_by_ticket(made.code, address="", now=NINE + HOUR - MINUTE)
    assert sign_in_by_ticket(made.code, address="", now=NINE + 5 * HOUR)


def test_a_start_takes_no_statement_more_for_the_shift(city, as_user, clock, count_queries):
    exam_id = make_exam(city)
    shift(city, exam_id, 10)
    clock(NINE + 10 * MINUTE)
    late = as_user("officer")
    with count_queries() as seen:
        begin(late, exam_id)
    # Who may (with a lock before it on PostgreSQL), the new attempt, the paper.
    assert len(seen) <= 4


# --- on the pages


def test_the_list_of_candidates_shifts_people_by_name_and_says_so(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser = as_user("organiser")

    def post(**fields):
        return organiser.post(f"/exams/{exam_id}/candidates/shift", data=fields, follow_redirects=True).text

    known = {"usernames": "officer OFFICER2", "opens_at": "2026-11-23T10:00"}
    assert "请写明理由。" in post(**known)
    assert "“nobody-here”不在考生名单中" in post(usernames="nobody-here", reason="x")
    assert "72 小时以内（2026年11月23日 09:00 至 2026年11月26日 09:00）" in post(
        **known | {"opens_at": "2026-11-23T08:00"}, reason="x"
    )
    told = post(**known, reason="外县")
    assert "已更改 2 人的开考时间" in told
    assert told.count("2026年11月23日 10:00 个人开考：外县") == 2
    assert "2 人错时" in organiser.get(f"/exams/{exam_id}/sittings").text
    officer = as_user("officer")
    assert "这是为您单独安排的时间，比本场晚 60 分钟" in officer.get(f"/exams/{exam_id}/hall").text
    assert "（为您单独安排）" in officer.get("/exams/mine").text
    assert "已更改 2 人" in post(usernames=known["usernames"])
    assert "个人开考：" not in organiser.get(f"/exams/{exam_id}/candidates").text


def test_nobody_is_said_to_be_told_of_a_draft(city, as_user, clock):
    exam_id = make_exam(city, publish=False)
    clock(BEFORE)
    organiser = as_user("organiser")
    known = {"usernames": "officer", "opens_at": "2026-11-23T10:00", "reason": "外县"}
    told = organiser.post(f"/exams/{exam_id}/candidates/shift", data=known, follow_redirects=True).text
    assert "已更改 1 人的开考时间。" in told
    assert "通知了本人" not in told


def test_one_person_gets_a_ticket_from_the_list_and_the_former_ends(city, as_user, clock):
    exam_id = make_exam(city)
    clock(BEFORE)
    organiser, person_id = as_user("organiser"), city.people["officer"]
    former = issue_tickets(exam_id, by=1)
    page = organiser.post(f"/exams/{exam_id}/tickets", data={"person": person_id})
    assert page.status_code == 200
    assert (page.text.count('class="ticket-text"'), "以前的准考码已经作废" in page.text) == (1, True)
    for one in former:
        if one.username == "officer":
            with pytest.raises(BadTicket):
                sign_in_by_ticket(one.code, address="", now=BEFORE)
        else:
            assert sign_in_by_ticket(one.code, address="", now=BEFORE)
    back = organiser.post(f"/exams/{exam_id}/tickets", data={"person": city.people["auditor"]})
    assert back.location.endswith(f"/exams/{exam_id}/candidates")


def test_the_board_shows_the_own_start_and_does_what_it_offers(city, as_user, clock):
    exam_id = make_exam(city)
    shift(city, exam_id, 30, "officer2")
    clock(NINE)
    officer, invigilator = as_user("officer"), as_user("invigilator")
    attempt = begin(officer, exam_id).json
    board = {one["username"]: one for one in invigilator.get(f"/exams/{exam_id}/watch/state").json["desks"]}
    assert (board["officer2"]["shift"], board["officer2"]["opens"]) == (30, "11-23 09:30")
    assert board["officer"]["again"] is False
    desk = f"/exams/{exam_id}/watch/{candidate_of(city, exam_id)}"
    assert "请写明理由" in invigilator.post(f"{desk}/take-over", data={}, follow_redirects=True).text
    told = invigilator.post(f"{desk}/take-over", data={"reason": "死机"}, follow_redirects=True).text
    assert "重新登录后可以继续作答" in told
    officer = as_user("officer")
    attempt = begin(officer, exam_id).json
    told = invigilator.post(f"{desk}/again", data={"reason": "误交卷"}, follow_redirects=True).text
    assert "不需要再允许一次" in told
    officer.post(f"/api/v1/attempts/{attempt['attempt_id']}/submit", json={"epoch": attempt["epoch"]})
    told = invigilator.post(f"{desk}/again", data={"reason": "误交卷"}, follow_redirects=True).text
    assert "再考一次。" in told
    elsewhere = f"/exams/{exam_id}/watch/987654/again"
    assert invigilator.post(elsewhere, data={"reason": "x"}).status_code == 404


# --- another attempt, and another device


def test_another_attempt_is_allowed_after_the_last_and_once_at_a_time(city, as_user, clock):
    exam_id = make_exam(city)
    clock(NINE)
    officer, candidate = as_user("officer"), candidate_of(city, exam_id)

    def allow(reason="误交卷"):
        return allow_again(exam_id, candidate, by=city.people["invigilator"], reason=reason, now=NINE)

    with pytest.raises(AttemptIsLeft):
        allow()
    attempt = begin(officer, exam_id).json
    with pytest.raises(AttemptIsLeft):
        allow()
    officer.post(f"/api/v1/attempts/{attempt['attempt_id']}/submit", json={"epoch": attempt["epoch"]})
    assert code(begin(officer, exam_id)) == (409, "attempts_used_up")
    with pytest.raises(Invalid):
        allow(" ")
    assert allow() == 2
    with pytest.raises(AttemptIsLeft):
        allow()
    assert begin(officer, exam_id).status_code == 201
    assert db.session.scalar(select(func.count()).select_from(Attempt)) == 2
    assert db.session.scalar(select(Entry.detail).where(Entry.action == "attempt.allowed_again"))["reason"] == "误交卷"


@pytest.mark.parametrize(("release", "after"), [("after_submit", 0), ("after_close", 121)])
def test_no_further_attempt_where_keys_may_be_known_or_time_is_over(city, as_user, clock, release, after):
    exam_id = make_exam(city, release=release)
    clock(NINE)
    officer = as_user("officer")
    attempt = begin(officer, exam_id).json
    officer.post(f"/api/v1/attempts/{attempt['attempt_id']}/submit", json={"epoch": attempt["epoch"]})
    with pytest.raises(Refused, match=r"results_are_out|closed"):
        allow_again(exam_id, candidate_of(city, exam_id), by=1, reason="x", now=NINE + after * MINUTE)


def test_an_old_device_is_stopped_and_a_new_one_goes_on(city, as_user, clock):
    exam_id = make_exam(city)
    clock(NINE)
    candidate = candidate_of(city, exam_id)
    with pytest.raises(Refused, match="not_under_way"):
        take_over(exam_id, candidate, by=1, reason="死机", now=NINE)
    old = as_user("officer")
    attempt = begin(old, exam_id).json
    take_over(exam_id, candidate, by=1, reason="死机", now=NINE)
    assert begin(old, exam_id).status_code == 401
    again = begin(as_user("officer"), exam_id).json
    assert (again["attempt_id"], again["epoch"]) == (attempt["attempt_id"], 3)
