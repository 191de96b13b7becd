"""Signing a result: what stands on the boards then stays, whoever is excused later, and nobody signs too early."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.attempts.factories import RIGHT
from tests.attempts.factories import make_exam as make_sat_exam
from tests.competitions.factories import DAY, add_candidate, make_competition, make_exam, person, settle
from tests.conftest import NINE
from tests.marking.factories import propose_repair, result_of, sit
from trainer.attempts.excusing import excuse_candidate
from trainer.competitions import service
from trainer.competitions.awarding import tell_prizes
from trainer.competitions.board import boards, read_standings
from trainer.competitions.leaderboard import take_missing, take_settled
from trainer.competitions.models import RoundScore
from trainer.competitions.queries import outline_of
from trainer.competitions.rules.prizes import Prize
from trainer.competitions.service import NewTeam
from trainer.core.database import db
from trainer.core.errors import Conflict
from trainer.marking.jobs import regrade_left_over
from trainer.marking.repairing import sign
from trainer.notices.models import Notice

AFTER = NINE + 2 * DAY
TEAMS = (NewTeam("一队", "PJ", ("officer", "officer2")), NewTeam("二队", "PJ", ("officer3",)))


def lines(competition_id, by):
    db.session.rollback()
    outline = outline_of(db.session(), competition_id)
    entries, _of_user = read_standings(outline, outline.rounds[0], by, frozen=False)
    return [(one.place, one.name, str(one.score), one.participants) for one in entries]


@pytest.fixture
def posted(city):
    """A competition whose results are posted: officer has 90 points, officer3 has 60, officer2 did not come."""
    made = make_exam(NINE, city.units["JM"], release="after_close")
    for username in ("officer", "officer2", "officer3"):
        add_candidate(made, city.people[username])
    competition = make_competition(
        city, made, NINE, teams=TEAMS, team_score="mean", prizes=(Prize("team", "团体一等奖", 1),)
    )
    settle(made, city.people["officer"], "90", NINE)
    settle(made, city.people["officer3"], "60", NINE)
    take_missing()
    tell_prizes(AFTER)
    service.post_results(competition, until=AFTER + DAY, by=person(city, "organiser"), now=AFTER)
    return competition, made.exam_id


def test_who_is_excused_after_the_signing_moves_no_place(city, posted):
    competition, exam_id = posted
    organiser = person(city, "organiser")
    service.close(competition, by=organiser, now=AFTER + 2 * DAY)
    signed = {by: lines(competition, by) for by in ("team", "unit")}
    assert [(place, name) for place, name, *_rest in signed["team"]] == [(1, "二队"), (2, "一队")]
    excuse_candidate(exam_id, city.people["officer2"], "exempt", by=organiser, reason="病假")
    assert {by: lines(competition, by) for by in ("team", "unit")} == signed
    boards.forget()
    assert tell_prizes(AFTER + 3 * DAY) == 0


def test_whose_prize_another_roster_moves_before_the_signing_is_told_with_it(city, posted):
    competition, exam_id = posted
    organiser = person(city, "organiser")
    excuse_candidate(exam_id, city.people["officer2"], "exempt", by=organiser, reason="病假")
    assert [name for _place, name, *_rest in lines(competition, "team")] == ["一队", "二队"]
    service.close(competition, by=organiser, now=AFTER + 2 * DAY)
    assert tell_prizes(AFTER + 2 * DAY) > 0
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.code.like("%prize%"))))
    assert told == {city.people[one] for one in ("officer", "officer2", "officer3")}


def test_nobody_signs_while_a_repair_is_on_its_way_to_the_boards(city):
    exam = make_sat_exam(city, NINE)
    attempt = sit(city, exam.exam_id, "officer", {1: "B", 3: True, 5: RIGHT[5]})
    competition = make_competition(city, exam, NINE)
    organiser, now = person(city, "organiser"), AFTER + DAY
    service.post_results(competition, until=now + DAY, by=organiser, now=now)
    sign(propose_repair(city, exam.exam_id, 1, "change_key", "C", now=now), by=organiser, now=now + DAY)
    with pytest.raises(Conflict) as refused:
        service.close(competition, by=organiser, now=now + DAY)
    assert refused.value.code == "round_not_final"
    regrade_left_over(now + DAY)
    service.close(competition, by=organiser, now=now + DAY)
    assert db.session.scalars(select(RoundScore.score)).one() == result_of(attempt).score == Decimal("4.00")


def test_two_boards_on_one_exam_are_posted_while_its_results_come_in(city, together, monkeypatch):
    made = make_exam(NINE, city.units["JM"])
    make_competition(city, made, NINE, title="甲")
    second = make_competition(city, made, NINE, title="乙")
    result = settle(made, city.people["officer"], "80", NINE)
    attempt_id, organiser = result.attempt_id, person(city, "organiser")
    db.session.rollback()
    ready, go = threading.Event(), threading.Event()

    def paused(*_about):
        ready.set()
        go.wait(5)

    monkeypatch.setattr(service, "_demand_final", paused)

    def takes():
        ready.wait(30)
        threading.Timer(0.3, go.set).start()
        return take_settled([attempt_id])

    def posts():
        service.post_results(second, until=NINE + 3 * DAY, by=organiser, now=NINE + timedelta(minutes=1))
        return "posted"

    taken, was_posted = together(takes, posts)
    assert (was_posted, taken) in {("posted", 0), ("posted", 1), ("posted", 2)}
    assert len(db.session.scalars(select(RoundScore.score)).all()) == 2
