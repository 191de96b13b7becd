"""The copy that a process keeps: built once, refreshed at most once a second, seen by rule."""

import threading
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import update

from tests.competitions.factories import add_candidate, make_competition, make_exam, person, settle
from tests.conftest import NINE
from tests.factories import add_user
from trainer.competitions import board, leaderboard, service
from trainer.competitions.board import Boards, document
from trainer.competitions.models import Competition
from trainer.competitions.service import NewTeam
from trainer.core.database import transaction
from trainer.core.errors import Missing
from trainer.exams.models import Exam

HOUR = timedelta(hours=1)
URBAN = "蓬江区城市管理和综合执法局"


class Ticks:
    """A clock that stands still until it is told to go on."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def ticks():
    return Ticks()


@pytest.fixture
def boards(app, ticks):
    return Boards(ticks)


@pytest.fixture
def exam(city):
    return make_exam(NINE, city.units["JM"])


@pytest.fixture
def competition(city, exam):
    for username in ("officer", "officer2", "officer3", "officer4"):
        add_candidate(exam, city.people[username])
    return make_competition(city, exam, NINE)


def take(exam, user_id, points, **more):
    leaderboard.take_settled([settle(exam, user_id, points, NINE, **more).attempt_id])


def read(boards, competition, who, *, limit=50, after=0, now=NINE, by="individual", **more):
    view = boards.view(competition, who, round_number=None, by=by, now=now, **more)
    content, tag = document(view, limit=limit, after=after)
    return orjson.loads(content), tag


def rows(found, *columns):
    return [tuple(entry[name] for name in columns) for entry in found["entries"]]


def names(found):
    return [entry["name"] for entry in found["entries"]]


def test_the_board_shows_places_names_units_and_the_own_line(city, exam, competition, boards):
    for username, points, seconds in (("officer", "80", 500), ("officer2", "80", 500), ("officer3", "90", 900)):
        take(exam, city.people[username], points, seconds=seconds)
    found, _tag = read(boards, competition, person(city, "officer"))
    assert found == {
        "as_of": "2026-11-23T01:00:00.000Z",
        "frozen": False,
        "provisional": True,
        "entries": [
            {"place": 1, "name": "张officer3", "unit": "蓬江区市场监督管理局", "score": "90.00", "seconds_used": 900},
            {
                "place": 2,
                "name": "张officer",
                "unit": "蓬江区城市管理和综合执法局",
                "score": "80.00",
                "seconds_used": 500,
            },
            {
                "place": 2,
                "name": "张officer2",
                "unit": "蓬江区城市管理和综合执法局",
                "score": "80.00",
                "seconds_used": 500,
            },
        ],
        "me": {
            "place": 2,
            "name": "张officer",
            "unit": "蓬江区城市管理和综合执法局",
            "score": "80.00",
            "seconds_used": 500,
        },
    }


def test_a_person_without_a_score_has_no_own_line(city, exam, competition, boards):
    take(exam, city.people["officer"], "80")
    assert read(boards, competition, person(city, "officer4"))[0]["me"] is None
    assert read(boards, competition, person(city, "organiser"))[0]["me"] is None


def test_a_page_starts_behind_those_seen_and_the_own_line_stays(city, exam, competition, boards):
    for username, points in (("officer", "60"), ("officer2", "70"), ("officer3", "80"), ("officer4", "90")):
        take(exam, city.people[username], points)
    found, _tag = read(boards, competition, person(city, "officer"), limit=2, after=1)
    assert [entry["place"] for entry in found["entries"]] == [2, 3]
    assert found["me"]["place"] == 4
    assert read(boards, competition, person(city, "officer"), after=99)[0]["entries"] == []


def test_a_copy_is_refreshed_at_most_once_a_second_and_only_after_a_change(
    city, exam, competition, boards, ticks, count_queries
):
    take(exam, city.people["officer"], "80")
    officer = person(city, "officer")
    read(boards, competition, officer)
    with count_queries() as seen:
        read(boards, competition, officer)
    assert seen == []

    take(exam, city.people["officer2"], "90")
    ticks.seconds += 0.99
    assert names(read(boards, competition, officer)[0]) == ["张officer"]
    ticks.seconds += 0.02
    assert names(read(boards, competition, officer)[0]) == ["张officer2", "张officer"]

    ticks.seconds += 5
    with count_queries() as seen:
        read(boards, competition, officer)
    # Only the outline is read again, because no score has changed.
    assert len(seen) == 2
    assert not any("round_scores" in statement for statement in seen)


def test_the_tag_changes_with_the_standings_and_with_the_reader_only(city, exam, competition, boards, ticks):
    take(exam, city.people["officer"], "80")
    first = read(boards, competition, person(city, "officer"))[1]
    assert read(boards, competition, person(city, "officer"))[1] == first
    # Another process of the same site gives the same tag.
    assert read(Boards(ticks), competition, person(city, "officer"), now=NINE + timedelta(seconds=9))[1] == first
    others = {
        read(boards, competition, person(city, "officer2"))[1],
        read(boards, competition, person(city, "officer"), limit=7)[1],
        read(boards, competition, person(city, "officer"), by="unit")[1],
    }
    assert len(others | {first}) == 4
    take(exam, city.people["officer2"], "90")
    ticks.seconds += 2
    assert read(boards, competition, person(city, "officer"))[1] not in others | {first}


def test_many_readers_at_once_build_a_board_once(app, city, exam, competition, boards, ticks, monkeypatch):
    take(exam, city.people["officer"], "80")
    built = []
    real = board.read_standings
    everybody_waits = threading.Barrier(6)

    def slow(*arguments, **more):
        built.append(threading.get_ident())
        threading.Event().wait(0.05)
        return real(*arguments, **more)

    monkeypatch.setattr(board, "read_standings", slow)
    officer = person(city, "officer")
    found = []

    def run():
        with app.app_context():
            everybody_waits.wait()
            found.append(names(read(boards, competition, officer)[0]))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["张officer"]] * 6
    assert len(built) == 1


def test_while_one_builds_the_others_are_served_the_copy_before(
    app, city, exam, competition, boards, ticks, monkeypatch
):
    take(exam, city.people["officer"], "80")
    officer = person(city, "officer")
    read(boards, competition, officer)
    take(exam, city.people["officer2"], "90")
    ticks.seconds += 2
    building, go_on = threading.Event(), threading.Event()
    real = board.read_standings

    def slow(*arguments, **more):
        building.set()
        assert go_on.wait(10)
        return real(*arguments, **more)

    monkeypatch.setattr(board, "read_standings", slow)
    found = []

    def run():
        with app.app_context():
            found.append(names(read(boards, competition, officer)[0]))

    builder = threading.Thread(target=run)
    builder.start()
    assert building.wait(10)
    assert names(read(boards, competition, officer)[0]) == ["张officer"]
    go_on.set()
    builder.join()
    assert found == [["张officer2", "张officer"]]


def test_a_frozen_board_shows_the_copy_of_its_moment_and_who_runs_it_sees_it_live(
    city, exam, competition, boards, ticks
):
    take(exam, city.people["officer"], "80")
    leaderboard.freeze(competition, by=person(city, "organiser"), now=NINE)
    take(exam, city.people["officer"], "95", ordinal=2)
    take(exam, city.people["officer2"], "90")
    later = NINE + HOUR
    found, _tag = read(boards, competition, person(city, "officer"), now=later)
    assert (found["frozen"], found["as_of"]) == (True, "2026-11-23T01:00:00.000Z")
    assert [(entry["name"], entry["score"]) for entry in found["entries"]] == [("张officer", "80.00")]
    assert found["me"]["score"] == "80.00"
    assert read(boards, competition, person(city, "officer2"), now=later)[0]["me"] is None

    for watcher, live in (("organiser", True), ("supervisor", False), ("county_organiser", None)):
        if live is None:
            with pytest.raises(Missing):
                read(boards, competition, person(city, watcher), now=later)
            continue
        found, _tag = read(boards, competition, person(city, watcher), now=later)
        assert found["frozen"] is not live
        assert len(found["entries"]) == (2 if live else 1)
    # On the screen of the hall the organiser shows what everybody sees.
    assert read(boards, competition, person(city, "organiser"), now=later, as_public=True)[0]["frozen"] is True

    leaderboard.unfreeze(competition, by=person(city, "organiser"))
    ticks.seconds += 2
    found, _tag = read(boards, competition, person(city, "officer"), now=later)
    assert found["frozen"] is False
    assert [entry["score"] for entry in found["entries"]] == ["95.00", "90.00"]


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("full", ["张officer3", "张officer2", "张officer"]),
        ("masked", ["张**", "张**", "张officer"]),
        ("unit_only", ["蓬江区市场监督管理局", "蓬江区城市管理和综合执法局", "张officer"]),
    ],
)
def test_names_follow_the_rule_and_the_own_line_is_always_full(city, exam, boards, rule, shown):
    made = make_competition(city, exam, NINE, names=rule, public=True)
    for username, points in (("officer", "70"), ("officer2", "80"), ("officer3", "90")):
        take(exam, city.people[username], points)
    found, _tag = read(boards, made, person(city, "officer"))
    assert names(found) == shown
    assert found["me"]["name"] == "张officer"
    # The line of one reader is not left behind for the next.
    stranger = read(boards, made, person(city, "foreign_officer"))[0]
    assert names(stranger)[2] == ("张officer" if rule == "full" else shown[1])
    assert names(read(boards, made, person(city, "organiser"))[0]) == ["张officer3", "张officer2", "张officer"]
    hall = read(boards, made, person(city, "organiser"), as_public=True)[0]
    assert names(hall) == names(stranger)
    # Whoever opens the screen of the hall may stand on the board too, and is as masked there as the others.
    own_hall = read(boards, made, person(city, "officer"), as_public=True)[0]
    assert (names(own_hall), own_hall["me"]) == (names(stranger), None)
    # A page without the own line is the same for all.
    assert names(read(boards, made, person(city, "officer"), limit=2)[0]) == shown[:2]


@pytest.mark.parametrize("other", ["masked", "unit_only"])
def test_the_strictest_rule_of_all_competitions_on_an_exam_holds_for_its_boards(city, exam, boards, ticks, other):
    take(exam, city.people["officer2"], "80")
    made = make_competition(city, exam, NINE, names="full", public=True)
    assert names(read(boards, made, person(city, "officer"))[0]) == ["张officer2"]
    strict = make_competition(city, exam, NINE, names=other, draft=True)
    ticks.seconds += 2
    # A draft has promised nothing to anybody yet.
    assert names(read(boards, made, person(city, "officer"))[0]) == ["张officer2"]
    service.publish(strict, by=person(city, "organiser"))
    ticks.seconds += 2
    assert names(read(boards, made, person(city, "officer"))[0]) != ["张officer2"]
    assert names(read(boards, made, person(city, "organiser"))[0]) == ["张officer2"]


@pytest.mark.parametrize("release", ["after_close", "manual"])
def test_a_place_does_not_tell_a_score_before_the_exam_lets_it_out(city, boards, ticks, release):
    exam = make_exam(NINE, city.units["JM"], release=release)
    made = make_competition(city, exam, NINE, public=True)
    take(exam, city.people["officer"], "80")
    for by in board.BY:
        found, _tag = read(boards, made, person(city, "officer"), by=by)
        assert (found["entries"], found["me"], found["provisional"]) == ([], None, True)
    assert names(read(boards, made, person(city, "organiser"))[0]) == ["张officer"]
    assert read(boards, made, person(city, "organiser"), as_public=True)[0]["entries"] == []

    over = NINE + timedelta(days=1, seconds=10)
    before = read(boards, made, person(city, "officer"), now=over - timedelta(microseconds=1))[0]
    assert before["entries"] == []
    found, _tag = read(boards, made, person(city, "officer"), now=over)
    assert (names(found), found["provisional"]) == ((["张officer"], False) if release == "after_close" else ([], True))

    with transaction() as session:
        session.execute(update(Exam).where(Exam.id == exam.exam_id).values(released_at=over))
    ticks.seconds += 2
    assert names(read(boards, made, person(city, "officer"), now=over)[0]) == ["张officer"]


def test_a_draft_is_known_only_by_grant(city, exam, boards):
    add_candidate(exam, city.people["officer"])
    made = make_competition(city, exam, NINE, draft=True, public=True)
    for username in ("officer", "foreign_officer", "foreign_organiser"):
        with pytest.raises(Missing):
            read(boards, made, person(city, username))
    for username in ("organiser", "supervisor", "auditor", "scorer"):
        read(boards, made, person(city, username))


def test_who_takes_part_sees_it_and_others_only_a_public_one(city, exam, competition, boards, ticks):
    service.save_teams(competition, [NewTeam("新会队", "XH", ("foreign_officer",))], by=person(city, "organiser"))
    for username in ("officer", "foreign_officer", "organiser", "supervisor"):
        read(boards, competition, person(city, username))
    for username in ("county", "foreign_county", "clerk", "foreign_organiser", "admin"):
        with pytest.raises(Missing):
            read(boards, competition, person(city, username))
    with transaction() as session:
        session.execute(update(Competition).values(public=True))
    ticks.seconds += 2
    read(boards, competition, person(city, "admin"))


def test_a_grant_cut_to_a_field_does_not_reach_a_competition(city, competition, boards):
    organiser = person(city, "organiser")
    cut = replace(organiser, grants=tuple(replace(grant, field="market") for grant in organiser.grants))
    with pytest.raises(Missing):
        read(boards, competition, cut)


def test_teams_and_units_have_their_boards(city, exam, competition, boards, ticks):
    teams = [NewTeam("城管队", "PJ-CGJ", ("officer", "officer2")), NewTeam("市监队", "PJ-SCJ", ("officer3",))]
    service.save_teams(competition, teams, by=person(city, "organiser"))
    for username, points in (("officer", "80"), ("officer3", "90")):
        take(exam, city.people[username], points)
    found, _tag = read(boards, competition, person(city, "officer2"), by="team")
    assert [
        (one["place"], one["name"], one["score"], one["participants"], one["participation_rate"])
        for one in found["entries"]
    ] == [
        (1, "市监队", "90.00", 1, 1.0),
        (2, "城管队", "80.00", 1, 0.5),
    ]
    assert found["me"]["name"] == "城管队"
    found, _tag = read(boards, competition, person(city, "officer2"), by="unit")
    assert [
        (one["place"], one["name"], one["participants"], one["participation_rate"]) for one in found["entries"]
    ] == [
        (1, "蓬江区市场监督管理局", 1, 1.0),
        (2, "蓬江区城市管理和综合执法局", 1, 0.5),
    ]
    assert found["me"]["name"] == "蓬江区城市管理和综合执法局"


def test_participation_follows_the_roster_even_without_a_new_score(city, exam, competition, boards, ticks):
    take(exam, city.people["officer"], "80")
    officer = person(city, "officer")
    assert read(boards, competition, officer, by="unit")[0]["entries"][0]["participation_rate"] == 0.5
    add_candidate(exam, city.people["clerk"])
    add_candidate(exam, city.people["head"], state="exempt")
    ticks.seconds += 2
    assert read(boards, competition, officer, by="unit")[0]["entries"][0]["participation_rate"] == 0.3333


@pytest.mark.parametrize(("by", "statements"), [("individual", 3), ("team", 4), ("unit", 4)])
def test_building_costs_the_same_statements_for_few_and_for_many(
    city, exam, competition, boards, count_queries, by, statements
):
    take(exam, city.people["officer"], "80")
    organiser = person(city, "organiser")
    with count_queries() as few:
        read(boards, competition, organiser, by=by)
    with transaction() as session:
        for number in range(60):
            add_user(session, f"more{number}", city.units["PJ-BS-ZF"], NINE)
    for number in range(60):
        user_id = person_id(f"more{number}")
        settle(exam, user_id, str(number), NINE)
    leaderboard.take_missing()
    boards.forget()
    with count_queries() as many:
        found, _tag = read(boards, competition, organiser, by=by, limit=200)
    assert len(found["entries"]) >= (61 if by == "individual" else 0)
    assert len(few) == len(many) == statements


def person_id(username):
    from sqlalchemy import select

    from trainer.accounts.models import User
    from trainer.core.database import db

    return db.session.scalar(select(User.id).where(User.username == username))


def test_there_is_no_round_but_those_there_are(city, competition, boards):
    with pytest.raises(Missing):
        boards.view(competition, person(city, "officer"), round_number=2, by="individual", now=NINE)
    with pytest.raises(Missing):
        boards.view(4711, person(city, "officer"), round_number=1, by="individual", now=NINE)


def test_the_round_that_has_begun_last_is_shown_by_default(city, exam, boards):
    final = make_exam(NINE, city.units["JM"], title="决赛", opens_at=NINE + HOUR)
    rounds = (service.NewRound("初赛", exam.exam_id), service.NewRound("决赛", final.exam_id))
    made = make_competition(city, exam, NINE, rounds=rounds)
    organiser = person(city, "organiser")
    assert [
        boards.view(made, organiser, round_number=None, by="individual", now=NINE + late * HOUR).round.number
        for late in (0, 1)
    ] == [1, 2]


def test_copies_do_not_pile_up(city, exam, competition, boards, monkeypatch):
    monkeypatch.setattr(board, "PAGES_MOST", 3)
    take(exam, city.people["officer"], "80")
    for limit in range(1, 12):
        read(boards, competition, person(city, "officer"), limit=limit)
    (copy,) = boards._copies.values()
    assert len(copy.pages) == 3
