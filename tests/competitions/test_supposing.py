"""What other points would do to places, without writing any."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.competitions.factories import DAY, make_competition, make_exam, person, settle
from tests.conftest import NINE
from trainer.competitions.leaderboard import take_settled
from trainer.competitions.models import RoundScore
from trainer.competitions.service import NewRound, NewTeam, close, post_results, save_teams
from trainer.competitions.supposing import places_if
from trainer.core.database import db, transaction
from trainer.marking.models import Result


@pytest.fixture
def ranked(city):
    """Three people at 80, 70 and 60 points, of whom the first goes through."""
    made = make_exam(NINE, city.units["JM"])
    competition_id = make_competition(city, made, NINE, rounds=(NewRound("初赛", made.exam_id, top=1),))
    teams = [NewTeam("一队", "PJ-CGJ", ("officer", "officer2")), NewTeam("二队", "PJ-SCJ", ("officer3",))]
    save_teams(competition_id, teams, by=person(city, "organiser"))
    results = [
        settle(made, city.people[name], score, NINE)
        for name, score in (("officer", 80), ("officer2", 60), ("officer3", 70))
    ]
    ids = [one.attempt_id for one in results]
    take_settled(ids)
    return made, competition_id, ids


def supposed(made, points):
    both = {one: (Decimal(score), Decimal(score)) for one, score in points.items()}
    found = places_if(db.session(), made.exam_id, both)
    db.session.rollback()
    return found


def test_people_teams_and_units_are_supposed_with_who_goes_through(city, ranked):
    made, competition_id, (_first, _second, third) = ranked
    (board,) = supposed(made, {third: 90})
    assert (board.competition_id, board.round_number, board.signed) == (competition_id, 1, False)
    moves = [one for one in board.moves if one.by == "individual"]
    people = {one.key: (one.before, one.after, one.went_through, one.goes_through) for one in moves}
    assert people == {
        city.people["officer3"]: (2, 1, False, True),
        city.people["officer"]: (1, 2, True, False),
    }
    units = {one.name: (one.before, one.after) for one in board.moves if one.by == "unit"}
    # Both units had the mean of 70 and shared the first place.
    assert units == {"蓬江区城市管理和综合执法局": (1, 2)}
    stands = db.session.scalars(select(RoundScore.score).order_by(RoundScore.score))
    assert [str(one) for one in stands] == ["60.00", "70.00", "80.00"]


def test_units_and_teams_move_with_their_people(city, ranked):
    made, _competition_id, (first, second, third) = ranked
    (board,) = supposed(made, {third: 10})
    assert {one.name: (one.before, one.after) for one in board.moves if one.by == "unit"} == {
        "蓬江区市场监督管理局": (1, 2),
    }
    (board,) = supposed(made, {first: 5, second: 5})
    assert {one.name: (one.before, one.after) for one in board.moves if one.by == "team"} == {
        "一队": (1, 2),
        "二队": (2, 1),
    }


def wait(result):
    """Let a result wait for a person: no board knows of it."""
    with transaction() as session:
        session.get(Result, result.attempt_id).unmarked = 1


def test_who_gets_a_final_result_comes_onto_the_boards_and_moves_the_others(city):
    made = make_exam(NINE, city.units["JM"])
    make_competition(city, made, NINE, rounds=(NewRound("初赛", made.exam_id, top=1),))
    known = [settle(made, city.people[name], score, NINE) for name, score in (("officer", 80), ("officer2", 60))]
    newcomer = settle(made, city.people["officer3"], 40, NINE)
    wait(newcomer)
    take_settled([*(one.attempt_id for one in known), newcomer.attempt_id])
    (board,) = supposed(made, {newcomer.attempt_id: 70})
    people = {
        one.key: (one.before, one.after, one.went_through, one.goes_through)
        for one in board.moves
        if one.by == "individual"
    }
    assert people == {city.people["officer3"]: (None, 2, False, False), city.people["officer2"]: (2, 3, False, False)}
    assert (None, 1) in {(one.before, one.after) for one in board.moves if one.by == "unit"}
    (board,) = supposed(made, {newcomer.attempt_id: 90})
    through = {one.name: one.goes_through for one in board.moves if one.by == "individual"}
    assert sorted(through.values()) == [False, False, True]
    assert [one.moves for one in supposed(made, {})] == [()], "who goes on waiting is on no board"


def test_a_second_attempt_that_becomes_final_replaces_the_first_where_it_is_better(city, ranked):
    made, _competition_id, _ids = ranked
    again = settle(made, city.people["officer2"], 0, NINE, ordinal=2)
    wait(again)
    (board,) = supposed(made, {again.attempt_id: 90})
    moves = [(one.key, one.before, one.after) for one in board.moves if one.by == "individual"]
    assert moves[0] == (city.people["officer2"], 3, 1)
    assert [one.moves for one in supposed(made, {again.attempt_id: 50})] == [()]


def test_nothing_moves_where_nothing_is_another(ranked):
    made, _competition_id, _ids = ranked
    assert [one.moves for one in supposed(made, {})] == [()]


def test_a_signed_competition_is_told_as_such(city, ranked):
    made, competition_id, ids = ranked
    later = NINE + 2 * DAY
    by = person(city, "organiser")
    post_results(competition_id, until=later + timedelta(hours=1), by=by, now=later)
    close(competition_id, by=by, now=later + timedelta(hours=2))
    (board,) = supposed(made, {ids[2]: 90})
    assert board.signed
    assert board.moves


def test_an_exam_that_nobody_ranks_by_has_no_boards(city):
    assert supposed(make_exam(NINE, city.units["JM"]), {}) == []
