"""Scores taken over from results, frozen, rebuilt; who wins between two threads."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, func, select, update

from tests.competitions.factories import add_candidate, make_competition, make_exam, person, settle
from tests.conftest import NINE
from trainer.audit.models import Entry
from trainer.competitions import leaderboard
from trainer.competitions.jobs import take_results
from trainer.competitions.models import Competition, FrozenScore, RoundScore
from trainer.competitions.queries import outlines
from trainer.competitions.service import NewRound
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Missing
from trainer.marking.models import Result

MINUTE = timedelta(minutes=1)


@pytest.fixture
def exam(city):
    return make_exam(NINE, city.units["JM"])


@pytest.fixture
def competition(city, exam):
    return make_competition(city, exam, NINE)


def record(result):
    with transaction() as session:
        return leaderboard.record_result(session, result)


def scores(session, competition_id):
    session.rollback()
    rows = session.execute(select(RoundScore.user_id, RoundScore.score).order_by(RoundScore.user_id))
    return dict(rows.all())


def number(session, competition_id):
    session.rollback()
    return session.scalar(select(Competition.standings_no).where(Competition.id == competition_id))


def test_a_result_becomes_a_score_in_each_round_on_its_exam(session, city, exam, competition):
    other = make_competition(city, exam, NINE, title="另一场竞赛")
    assert record(settle(exam, city.people["officer"], "88.50", NINE)) == 2
    session.rollback()
    row = session.scalars(select(RoundScore)).first()
    assert (row.score, row.unit_id, row.seconds_used) == (Decimal("88.50"), city.units["PJ-CGJ"], 600)
    assert number(session, competition) == number(session, other) == 1


def test_recording_the_same_result_twice_changes_nothing(session, city, exam, competition):
    result = settle(exam, city.people["officer"], "88.50", NINE)
    assert [record(result), record(result)] == [1, 0]
    assert number(session, competition) == 1


def test_an_exam_without_a_competition_costs_no_write(session, city, count_queries):
    lonely = make_exam(NINE, city.units["JM"])
    result = settle(lonely, city.people["officer"], "50", NINE)
    with count_queries() as seen:
        assert leaderboard.take_settled([result.attempt_id]) == 0
    assert len(seen) == 1
    assert record(result) == 0


@pytest.mark.parametrize(
    ("first", "second", "best"),
    [
        ({"score": "70"}, {"score": "80"}, "second"),
        ({"score": "80"}, {"score": "70"}, "first"),
        ({"score": "80", "objective": "50"}, {"score": "80", "objective": "51"}, "second"),
        ({"score": "80", "seconds": 500}, {"score": "80", "seconds": 499}, "second"),
        ({"score": "80", "seconds": 500}, {"score": "80", "seconds": 500}, "first"),  # handed in earlier
    ],
)
def test_the_best_of_several_attempts_counts(session, city, exam, competition, first, second, best):
    officer = city.people["officer"]
    made = {
        "first": settle(exam, officer, first.pop("score"), NINE, **first),
        "second": settle(exam, officer, second.pop("score"), NINE + MINUTE, ordinal=2, **second),
    }
    record(made["second"])
    record(made["first"])
    session.rollback()
    assert session.scalars(select(RoundScore.attempt_id)).all() == [made[best].attempt_id]


def test_a_lowered_mark_lets_the_other_attempt_count(session, city, exam, competition):
    officer = city.people["officer"]
    high = settle(exam, officer, "90", NINE)
    low = settle(exam, officer, "80", NINE + MINUTE, ordinal=2)
    leaderboard.take_settled([high.attempt_id, low.attempt_id])
    with transaction() as inner:
        inner.execute(update(Result).where(Result.attempt_id == high.attempt_id).values(score=Decimal("60.00")))
    assert take_results(NINE) == 1
    session.rollback()
    assert session.scalars(select(RoundScore.attempt_id)).all() == [low.attempt_id]


def test_the_job_takes_what_was_left_and_nothing_twice(session, city, exam, competition):
    for username, points in (("officer", "80"), ("officer2", "90"), ("officer3", "70")):
        settle(exam, city.people[username], points, NINE)
    assert [take_results(NINE), take_results(NINE)] == [3, 0]
    assert number(session, competition) == 1
    assert sorted(scores(session, competition).values()) == [Decimal(70), Decimal(80), Decimal(90)]


def test_the_job_finds_an_earlier_hand_in_that_was_marked_later(session, city, exam, competition):
    record(settle(exam, city.people["officer"], "80", NINE, ordinal=2))
    earlier = settle(exam, city.people["officer"], "80", NINE - MINUTE)
    assert [take_results(NINE), take_results(NINE)] == [1, 0]
    session.rollback()
    assert session.scalars(select(RoundScore.attempt_id)).all() == [earlier.attempt_id]


def test_catching_up_with_nothing_new_is_one_statement(city, exam, competition, count_queries):
    record(settle(exam, city.people["officer"], "80", NINE))
    with transaction() as session, count_queries() as seen:
        assert leaderboard.catch_up(session, competition) == 0
    assert len(seen) == 1


def test_a_round_founded_later_takes_over_what_was_sat_before(session, city, exam):
    settle(exam, city.people["officer"], "88", NINE)
    competition = make_competition(city, exam, NINE)
    assert scores(session, competition) == {city.people["officer"]: Decimal("88.00")}
    assert take_results(NINE) == 0


def test_a_signed_competition_takes_no_more_scores(session, city, exam, competition):
    with transaction() as inner:
        inner.execute(update(Competition).values(state="closed"))
    result = settle(exam, city.people["officer"], "88", NINE)
    assert record(result) == leaderboard.take_settled([result.attempt_id]) == take_results(NINE) == 0
    assert scores(session, competition) == {}


def test_a_lot_does_not_change_with_the_score(session, city, exam, competition):
    record(settle(exam, city.people["officer"], "70", NINE))
    session.rollback()
    lot = session.scalar(select(RoundScore.lot))
    record(settle(exam, city.people["officer"], "90", NINE, ordinal=2))
    session.rollback()
    assert session.scalars(select(RoundScore.lot)).all() == [lot]


def test_a_rebuild_repairs_what_was_tampered_with_and_says_how_much(session, city, exam, competition):
    for username, points in (("officer", "80"), ("officer2", "90"), ("officer3", "70")):
        record(settle(exam, city.people[username], points, NINE))
    before = scores(session, competition)
    with transaction() as inner:
        inner.execute(update(RoundScore).where(RoundScore.user_id == city.people["officer"]).values(score=Decimal(100)))
        inner.execute(delete(RoundScore).where(RoundScore.user_id == city.people["officer2"]))
    assert leaderboard.rebuild(competition) == leaderboard.Rebuilt(rounds=1, scores=3, changed=2)
    assert leaderboard.rebuild(competition).changed == 0
    assert scores(session, competition) == before
    assert session.scalar(select(func.count()).select_from(Entry).where(Entry.action == "competition.rebuilt")) == 2


def test_a_rebuild_of_what_is_not_there_is_refused(app):
    with pytest.raises(Missing):
        leaderboard.rebuild(4711)


def test_the_command_rebuilds_and_says_so(app, city, exam, competition):
    settle(exam, city.people["officer"], "80", NINE)
    runner = app.test_cli_runner()
    done = runner.invoke(args=["leaderboard", "rebuild", str(competition)])
    assert done.exit_code == 0, done.output
    assert "1 个赛程，1 个成绩，改动 1 个" in done.output
    assert runner.invoke(args=["leaderboard", "rebuild", "4711"]).exit_code == 1
    assert runner.invoke(args=["leaderboard", "rebuild", "first"]).exit_code == 2


def test_freezing_keeps_the_scores_of_its_moment(session, city, exam, competition):
    record(settle(exam, city.people["officer"], "80", NINE))
    organiser = person(city, "organiser")
    leaderboard.freeze(competition, by=organiser, now=NINE)
    leaderboard.freeze(competition, by=organiser, now=NINE + MINUTE)
    record(settle(exam, city.people["officer"], "95", NINE + MINUTE, ordinal=2))
    record(settle(exam, city.people["officer2"], "90", NINE + MINUTE))
    session.rollback()
    assert session.scalars(select(FrozenScore.score)).all() == [Decimal("80.00")]
    assert session.scalar(select(Competition.frozen_at)) == NINE
    assert len(scores(session, competition)) == 2

    leaderboard.unfreeze(competition, by=organiser)
    leaderboard.unfreeze(competition, by=organiser)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(FrozenScore)) == 0
    wanted = Entry.action.in_(["competition.frozen", "competition.thawed"])
    actions = session.scalars(select(Entry.action).where(wanted).order_by(Entry.id)).all()
    assert actions == ["competition.frozen", "competition.thawed"]


def test_only_who_runs_it_freezes_and_only_what_is_published(city, exam, competition):
    for stranger in ("foreign_organiser", "county_organiser", "supervisor", "officer"):
        with pytest.raises(Missing):
            leaderboard.freeze(competition, by=person(city, stranger), now=NINE)
        with pytest.raises(Missing):
            leaderboard.unfreeze(competition, by=person(city, stranger))
    draft = make_competition(city, exam, NINE, draft=True)
    with pytest.raises(Conflict, match="competition_not_published"):
        leaderboard.freeze(draft, by=person(city, "organiser"), now=NINE)


def test_two_threads_leave_each_score_once_and_the_better_one(app, session, city, exam, competition):
    officers = [city.people[name] for name in ("officer", "officer2", "officer3", "officer4")]
    results = [settle(exam, user_id, str(50 + user_id), NINE) for user_id in officers]
    results += [settle(exam, user_id, str(60 + user_id), NINE, ordinal=2) for user_id in officers]
    start = threading.Barrier(4)
    errors = []

    def run(mine):
        with app.app_context():
            start.wait()
            try:
                for result in mine:
                    leaderboard.take_settled([result])
            except Exception as error:
                errors.append(error)

    ids = [result.attempt_id for result in results]
    session.rollback()
    threads = [threading.Thread(target=run, args=(part,)) for part in (ids, ids[::-1], ids[4:], ids[:4])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert scores(session, competition) == {user_id: Decimal(60 + user_id) for user_id in officers}


def test_a_second_exam_does_not_reach_the_first_round(session, city, exam):
    final = make_exam(NINE, city.units["JM"], title="决赛")
    rounds = (NewRound("初赛", exam.exam_id), NewRound("决赛", final.exam_id))
    make_competition(city, exam, NINE, rounds=rounds)
    add_candidate(final, city.people["officer"])
    record(settle(exam, city.people["officer"], "61", NINE))
    record(settle(final, city.people["officer"], "62", NINE))
    session.rollback()
    found = session.scalars(select(RoundScore.score).order_by(RoundScore.round_id)).all()
    assert found == [Decimal("61.00"), Decimal("62.00")]


def test_a_provisional_score_is_on_no_board_until_it_is_marked(session, city, exam, competition):
    """A better attempt that still waits for a marker does not push out the one that is final."""
    officer = city.people["officer"]
    final = settle(exam, officer, "60", NINE)
    waiting = settle(exam, officer, "80", NINE + MINUTE, ordinal=2)
    with transaction() as open_session:
        open_session.execute(update(Result).where(Result.attempt_id == waiting.attempt_id).values(unmarked=1))
    assert leaderboard.take_settled([final.attempt_id, waiting.attempt_id]) == 1
    assert scores(session, competition) == {officer: Decimal(60)}
    assert (take_results(NINE), leaderboard.rebuild(competition).changed) == (0, 0)
    (outline,) = outlines(session, [competition])
    assert all(row.provisional(NINE + timedelta(days=9)) for row in outline.rounds)
    session.rollback()
    with transaction() as open_session:
        open_session.execute(
            update(Result).where(Result.attempt_id == waiting.attempt_id).values(unmarked=0, score=Decimal(90))
        )
    assert take_results(NINE) == 1
    assert scores(session, competition) == {officer: Decimal(90)}
