"""Prizes of a competition: set, shown once the places are final, foreseen, and told when they become others."""

import io
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import func, select

from tests.competitions.factories import DAY, add_candidate, make_competition, make_exam, person, settle
from tests.conftest import NINE
from trainer.audit.models import Entry
from trainer.competitions import amend, leaderboard, queries
from trainer.competitions.awarding import tell_prizes
from trainer.competitions.board import boards
from trainer.competitions.models import Award, Competition
from trainer.competitions.places import own_places, places_by_exam
from trainer.competitions.rules.prizes import Prize
from trainer.competitions.service import NewRound, NewTeam, Rules, add_round
from trainer.competitions.supposing import places_if
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, Invalid
from trainer.exams.models import Exam
from trainer.marking.models import Result
from trainer.notices.models import Notice

API = "/api/v1/competitions"
AFTER = NINE + 2 * DAY
PRIZES = (
    Prize("individual", "一等奖", places=1),
    Prize("individual", "二等奖", percent=34),
    Prize("team", "团体一等奖", places=1),
    Prize("unit", "优胜单位", places=1),
)
WRITTEN = {"prizes_individual": "一等奖 1\n二等奖 34%", "prizes_team": "团体一等奖 1", "prizes_unit": "优胜单位 1"}


@pytest.fixture
def exam(city, clock):
    clock(AFTER)
    made = make_exam(NINE, city.units["JM"])
    for name in ("officer", "officer2", "officer3"):
        add_candidate(made, city.people[name])
    return made


@pytest.fixture
def competition(city, exam):
    teams = (NewTeam("一队", "PJ-CGJ", ("officer", "officer2")), NewTeam("二队", "PJ-SCJ", ("officer3",)))
    return make_competition(city, exam, NINE, prizes=PRIZES, teams=teams, team_score="mean", names="full")


@pytest.fixture
def scored(city, exam, competition):
    """Results of 80, 70 and 60 points by username."""
    found = {
        name: settle(exam, city.people[name], points, NINE)
        for name, points in (("officer", 80), ("officer2", 70), ("officer3", 60))
    }
    leaderboard.take_settled([one.attempt_id for one in found.values()])
    boards.forget()
    return {name: one.attempt_id for name, one in found.items()}


def score(attempts, **points):
    """Give results other points, as a repair does, and let the boards hear of it."""
    with transaction() as session:
        for name, value in points.items():
            row = session.get(Result, attempts[name])
            row.score = row.objective_score = Decimal(value)
    leaderboard.take_settled([attempts[name] for name in points])
    boards.forget()


def lines(client, competition, by="individual"):
    boards.forget()
    found = client.get(f"{API}/{competition}/leaderboard?by={by}").json
    return {one["name"]: one.get("prize") for one in found["entries"]}


def told(city, username):
    db.session.rollback()
    rows = select(Notice).where(Notice.user_id == city.people[username], Notice.code.like("%prize%"))
    return [
        (one.code, one.params["before"], one.params["after"]) for one in db.session.scalars(rows.order_by(Notice.id))
    ]


def test_prizes_stand_on_every_board_once_the_places_are_final(city, as_user, clock, competition, scored):
    officer = as_user("officer")
    clock(NINE)
    assert set(lines(officer, competition).values()) == {None}
    clock(AFTER)
    assert list(lines(officer, competition).values()) == ["一等奖", "二等奖", None]
    assert list(lines(officer, competition, "team").values()) == ["团体一等奖", None]
    assert list(lines(officer, competition, "unit").values()) == ["优胜单位", None]
    assert officer.get(f"{API}/{competition}/leaderboard").json["me"]["prize"] == "一等奖"
    assert officer.get(f"{API}/{competition}").json["prizes"][1] == {
        "by": "individual",
        "name": "二等奖",
        "places": None,
        "percent": 34,
    }
    for address in ("leaderboard", "hall"):
        page = officer.get(f"/competitions/{competition}/{address}").text
        assert page.count("一等奖") == (2 if address == "leaderboard" else 1)
    assert "二等奖 34%" in officer.get(f"/competitions/{competition}").text


def test_nobody_reads_of_prizes_while_the_board_is_frozen(city, as_user, competition, scored):
    leaderboard.freeze(competition, by=person(city, "organiser"), now=AFTER)
    assert set(lines(as_user("officer"), competition).values()) == {None}
    assert tell_prizes(AFTER) == 0
    assert db.session.scalar(select(func.count()).select_from(Award)) == 0


def test_a_place_tells_its_prize_and_so_do_the_workbooks(city, as_user, exam, competition, scored):
    (own,) = own_places(db.session(), exam.exam_id, person(city, "officer2"), AFTER)
    assert (own.place, own.prize) == (2, "二等奖")
    ranking = places_by_exam(db.session(), exam.exam_id, AFTER)
    assert ranking.prizes == {city.people["officer"]: "一等奖", city.people["officer2"]: "二等奖"}
    assert places_by_exam(db.session(), exam.exam_id, NINE).prizes is None
    answer = as_user("organiser").get(f"/competitions/{competition}/rounds/1/standings.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    about = {row[0]: row[1] for row in book.worksheets[0].iter_rows(values_only=True) if row[0]}
    assert about["个人奖项"] == "一等奖 1 个，二等奖 34%。"
    people = list(book["个人"].iter_rows(values_only=True))
    assert [row[-1] for row in people if row[0] in (1, 2, 3)] == ["一等奖", "二等奖", None]


def test_prizes_go_by_the_last_round_that_was_held(city, as_user, exam, competition, scored):
    final = make_exam(NINE, city.units["JM"], title="决赛")
    add_round(competition, NewRound("决赛", final.exam_id), by=person(city, "organiser"))
    address = f"{API}/{competition}/leaderboard?round=1"
    boards.forget()
    assert "prize" not in as_user("officer").get(address).json["entries"][0]
    with transaction() as session:
        session.get(Exam, final.exam_id).state = "cancelled"
    boards.forget()
    assert as_user("officer").get(address).json["entries"][0]["prize"] == "一等奖"


# --- set


def test_the_form_founds_with_prizes_and_shows_them_again(city, as_user, session, exam):
    organiser = as_user("organiser")
    data = {"title": "大比武", "round_title": "初赛", "exam": exam.exam_id, "team_score": "sum", "names": "full"}
    made = organiser.post("/competitions/new", data=data | WRITTEN)
    assert made.status_code == 303
    row = session.scalars(select(Competition)).one()
    assert queries.outline_of(session, row.id).prizes == PRIZES
    page = organiser.get(f"/competitions/{row.id}/edit").text
    assert "二等奖 34%" in page
    changed = {name: data[name] for name in ("title", "team_score", "names")}
    changed |= {"prizes_individual": "特等奖 2 名", "prizes_team": "", "prizes_unit": ""}
    assert organiser.post(f"/competitions/{row.id}/edit", data=changed).status_code == 303
    session.rollback()
    assert queries.outline_of(session, row.id).prizes == (Prize("individual", "特等奖", places=2),)
    entry = session.scalars(select(Entry).where(Entry.action == "competition.changed")).one()
    assert "prizes" in entry.detail["columns"]


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("prizes_individual", "一等奖", "看不懂“一等奖”"),
        ("prizes_team", "一等奖 1\n一等奖 2", "“一等奖”写了两次"),
        ("prizes_unit", "甲 60%\n乙 50%", "合计超过 100%"),
        ("prizes_unit", "甲 0", "名额应为"),
        ("prizes_individual", "甲 101%", "比例应为"),
    ],
)
def test_a_wrong_prize_is_refused_at_its_field(as_user, session, exam, field, text, said):
    data = {"title": "大比武", "round_title": "初赛", "exam": exam.exam_id, "team_score": "sum", "names": "full"}
    answer = as_user("organiser").post("/competitions/new", data=data | {field: text})
    assert answer.status_code == 422
    error = answer.text.split(f'id="{field}-error"', 1)[1][:400]
    assert said in error
    assert session.scalars(select(Competition.id)).all() == []


def test_with_scores_prizes_do_not_change_any_more(city, competition, scored):
    with pytest.raises(Conflict, match="competition_has_scores"):
        amend.change(competition, Rules(title="大比武", names="full", team_score="mean"), by=person(city, "organiser"))
    with pytest.raises(Invalid):
        amend.change(competition, Rules(title="大比武", prizes=(Prize("hall", "", 1),)), by=person(city, "organiser"))


def test_the_api_founds_with_prizes_and_refuses_at_their_field(as_user, exam):
    body = {"title": "大比武", "rounds": [{"title": "初赛", "exam_id": str(exam.exam_id)}]}
    organiser = as_user("organiser")
    made = organiser.post(API, json=body | {"prizes": [{"name": "一等奖", "places": 1}]})
    assert made.json["prizes"] == [{"by": "individual", "name": "一等奖", "places": 1, "percent": None}]
    for prize, field in (
        ({"name": "一等奖"}, "prizes.0.places"),
        ({"name": "一等奖", "places": 1, "percent": 1}, "prizes.0.places"),
        ({"name": "一等奖", "percent": 101}, "prizes.0.percent"),
        ({"name": "一等奖", "places": 1, "by": "hall"}, "prizes.0.by"),
    ):
        refused = organiser.post(API, json=body | {"prizes": [prize]})
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)


# --- foreseen and told


def test_other_points_foresee_other_prizes_also_where_no_place_moves(city, exam, competition, scored):
    # A fourth person makes the share of 34 % one place as before; a fifth would make it two.
    (board,) = places_if(db.session(), exam.exam_id, {scored["officer2"]: (Decimal(90), Decimal(90))})
    db.session.rollback()
    moves = {one.key: (one.prize_before, one.prize_after) for one in board.moves if one.by == "individual"}
    assert board.gives_prizes
    assert moves == {city.people["officer"]: ("一等奖", "二等奖"), city.people["officer2"]: ("二等奖", "一等奖")}
    teams = [one for one in board.moves if one.by == "team"]
    assert teams == []


def test_a_newcomer_can_bring_somebody_a_prize_who_keeps_the_place(city, exam):
    competition = make_competition(city, exam, NINE, prizes=(Prize("individual", "优胜奖", percent=50),))
    first, second, last = (
        settle(exam, city.people[name], points, NINE)
        for name, points in (("officer", 80), ("officer2", 70), ("officer3", 60))
    )
    with transaction() as session:
        session.get(Result, last.attempt_id).unmarked = 1
    leaderboard.take_settled([first.attempt_id, second.attempt_id])
    (board,) = places_if(db.session(), exam.exam_id, {last.attempt_id: (Decimal(60), Decimal(60))})
    db.session.rollback()
    moves = {one.key: (one.before, one.after, one.prize_after) for one in board.moves if one.by == "individual"}
    assert (board.competition_id, moves) == (
        competition,
        {city.people["officer2"]: (2, 2, "优胜奖"), city.people["officer3"]: (None, 3, None)},
    )


def test_whose_prize_becomes_another_is_told_once_and_the_first_prizes_tell_nobody(city, session, competition, scored):
    assert [tell_prizes(AFTER), tell_prizes(AFTER)] == [0, 0]
    score(scored, officer2="90", officer="50")
    # 90, 60 and 50 points: the teams have means of 70 and 60.
    assert [tell_prizes(AFTER), tell_prizes(AFTER)] == [3, 0]
    assert told(city, "officer") == [("prize_lost", "一等奖", "")]
    assert told(city, "officer2") == [("prize_changed", "二等奖", "一等奖")]
    assert told(city, "officer3") == [("prize_won", "", "二等奖")]
    entry = session.scalars(select(Entry).where(Entry.action == "competition.prizes_moved")).one()
    assert (entry.actor_id, entry.detail) == (None, {"changed": 3})
    score(scored, officer3="95")
    assert tell_prizes(AFTER) == 5
    assert told(city, "officer")[1:] == [("team_prize_lost", "团体一等奖", "")]
    assert ("team_prize_won", "", "团体一等奖") in told(city, "officer3")


def test_nothing_is_told_while_results_are_on_their_way_to_the_boards(city, exam, competition, scored):
    tell_prizes(AFTER)
    with transaction() as session:
        session.get(Exam, exam.exam_id).repairs_no = 1
    score(scored, officer2="90")
    assert tell_prizes(AFTER) == 0
    with transaction() as session:
        for attempt_id in scored.values():
            session.get(Result, attempt_id).repairs_no = 1
        session.get(Result, scored["officer3"]).score = Decimal(61)
    assert tell_prizes(AFTER) == 0
    leaderboard.take_missing()
    assert tell_prizes(AFTER) == 2


def test_a_signed_competition_tells_after_its_standings_were_rebuilt(city, competition, scored):
    tell_prizes(AFTER)
    with transaction() as session:
        session.get(Competition, competition).state = "closed"
    score(scored, officer2="90")
    assert tell_prizes(AFTER) == 0
    leaderboard.rebuild(competition)
    assert tell_prizes(AFTER + timedelta(days=9)) == 2


def test_prizes_of_another_round_are_new_to_everybody(city, exam, competition, scored):
    tell_prizes(AFTER)
    final = make_exam(NINE, city.units["JM"], title="决赛")
    last = settle(final, city.people["officer3"], 60, NINE)
    add_round(competition, NewRound("决赛", final.exam_id), by=person(city, "organiser"))
    leaderboard.take_settled([last.attempt_id])
    assert tell_prizes(AFTER) == 0
    db.session.rollback()
    people = select(Award.ranked_id, Award.prize).where(Award.board == "individual")
    assert db.session.execute(people).all() == [(city.people["officer3"], "一等奖")]


def test_without_prizes_nothing_is_looked_at(city, exam, count_queries):
    make_competition(city, exam, NINE)
    with count_queries() as counted:
        assert tell_prizes(AFTER) == 0
    assert len(counted) == 1
