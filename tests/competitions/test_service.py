"""Founding and running a competition: effects, refusals, second calls."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests.competitions.factories import add_candidate, make_competition, make_exam, person, settle
from tests.conftest import NINE
from trainer.accounts.models import User
from trainer.audit.models import Entry
from trainer.competitions import leaderboard, queries, service
from trainer.competitions.models import Competition, RoundScore, Team, TeamMember
from trainer.competitions.service import NewRound, NewTeam
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, Invalid, Missing
from trainer.exams.models import Exam
from trainer.notices.models import Notice

DAY = timedelta(days=1)
PJ_TEAM = NewTeam("蓬江代表队", "PJ", ("officer", "officer3"))
XH_TEAM = NewTeam("新会代表队", "XH", ("foreign_officer",))


@pytest.fixture
def exam(city):
    made = make_exam(NINE, city.units["JM"], release="after_close")
    for username in ("officer", "officer2"):
        add_candidate(made, city.people[username])
    return made


def outline(competition_id):
    db.session.rollback()
    return queries.outline_of(db.session(), competition_id)


def problems(refused):
    return {one.field: one.code for one in refused.value.problems}


def test_a_competition_stands_as_asked_for_and_its_people_get_a_notice(session, city, exam):
    final = make_exam(NINE, city.units["PJ"], title="决赛")
    rounds = (NewRound("初赛", exam.exam_id, top=30, per_unit_at_least=1), NewRound("决赛", final.exam_id))
    made = make_competition(
        city,
        exam,
        NINE,
        rounds=rounds,
        team_score="mean",
        tie_break=("score", "draw_lots"),
        public=True,
        names="masked",
        teams=(PJ_TEAM, XH_TEAM),
    )
    found = outline(made)
    assert (found.unit_id, found.state, found.public, found.names) == (city.units["JM"], "published", True, "masked")
    assert (found.team_score, found.team_best_n, found.tie_break) == ("mean", None, ("score", "draw_lots"))
    assert [(one.number, one.title, one.advance) for one in found.rounds] == [
        (1, "初赛", {"top": 30, "per_unit_at_least": 1}),
        (2, "决赛", None),
    ]
    told = session.scalars(select(Notice.user_id).where(Notice.code == "competition_published")).all()
    assert set(told) == {city.people[name] for name in ("officer", "officer2", "officer3", "foreign_officer")}
    actions = session.scalars(select(Entry.action).order_by(Entry.id)).all()
    assert {"competition.created", "competition.teams_saved", "competition.published"} <= set(actions)


def test_it_belongs_to_the_lowest_unit_above_its_exams(city):
    one, two = make_exam(NINE, city.units["PJ-CGJ"]), make_exam(NINE, city.units["PJ-SCJ"])
    rounds = (NewRound("一", one.exam_id), NewRound("二", two.exam_id))
    assert outline(make_competition(city, one, NINE, rounds=rounds)).unit_id == city.units["PJ"]
    assert outline(make_competition(city, one, NINE)).unit_id == city.units["PJ-CGJ"]


def test_best_n_has_three_by_default_and_other_rules_none(city, exam):
    assert outline(make_competition(city, exam, NINE)).team_best_n == 3
    assert outline(make_competition(city, exam, NINE, team_best_n=5)).team_best_n == 5
    assert outline(make_competition(city, exam, NINE, team_score="sum", team_best_n=5)).team_best_n is None


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"title": "  "}, "title", "required"),
        ({"title": "长" * 121}, "title", "too_long"),
        ({"tie_break": ("seconds_used",)}, "tie_break", "tie_break_starts_with_score"),
        ({"team_score": "median"}, "team_score", "unknown_value"),
        ({"team_best_n": 0}, "team_best_n", "out_of_range"),
        ({"names": "initials"}, "names", "unknown_value"),
        ({"rounds": ()}, "rounds", "required"),
        ({"teams": (PJ_TEAM, PJ_TEAM)}, "teams.1.name", "taken"),
        ({"teams": (PJ_TEAM, NewTeam("二队", "PJ", ("Officer ",)))}, "teams.1.usernames", "person_in_another_team"),
        ({"teams": (NewTeam("", "PJ", ()),)}, "teams.0.name", "required"),
        ({"teams": (NewTeam("队", "NOWHERE", ()),)}, "teams.0.unit", "unknown_unit"),
        ({"teams": (NewTeam("队", "PJ", ("nobody",)),)}, "teams.0.usernames", "unknown_person"),
        ({"teams": (NewTeam("队", "XH", ("officer",)),)}, "teams.0.usernames", "person_of_another_unit"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_leaves_nothing(session, city, exam, changes, field, code):
    with pytest.raises(Invalid) as refused:
        make_competition(city, exam, NINE, **changes)
    assert problems(refused)[field] == code
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Competition)) == 0


def test_a_round_needs_a_title_and_an_exam_of_ones_own_once(session, city, exam):
    foreign = make_exam(NINE, city.units["XH"])
    cancelled = make_exam(NINE, city.units["PJ"], state="cancelled")
    mine = make_exam(NINE, city.units["PJ"])
    for exam_id, by in ((foreign.exam_id, "county_organiser"), (exam.exam_id, "county_organiser"), (4711, "organiser")):
        with pytest.raises(Invalid) as refused:
            make_competition(city, exam, NINE, rounds=(NewRound("初赛", exam_id),), by=by)
        assert problems(refused) == {"rounds.0.exam_id": "unknown_exam"}
    with pytest.raises(Invalid) as refused:
        make_competition(city, exam, NINE, rounds=(NewRound("初赛", cancelled.exam_id),))
    assert problems(refused) == {"rounds.0.exam_id": "unknown_exam"}
    with pytest.raises(Invalid) as refused:
        make_competition(city, exam, NINE, rounds=(NewRound("一", mine.exam_id), NewRound("二", mine.exam_id)))
    assert problems(refused) == {"rounds.1.exam_id": "exam_has_a_round_already"}
    with pytest.raises(Invalid) as refused:
        make_competition(city, exam, NINE, rounds=(NewRound(" ", mine.exam_id),))
    assert problems(refused) == {"rounds.0.title": "required"}


def test_two_grants_side_by_side_found_nothing_above_both(city):
    from trainer.accounts.models import Grant

    with transaction() as session:
        row = {"user_id": city.people["county_organiser"], "role": "organiser", "granted_at": NINE}
        session.add(Grant(unit_id=city.units["XH"], **row))
    one, two = make_exam(NINE, city.units["PJ"]), make_exam(NINE, city.units["XH"])
    rounds = (NewRound("一", one.exam_id), NewRound("二", two.exam_id))
    with pytest.raises(Invalid) as refused:
        make_competition(city, one, NINE, rounds=rounds, by="county_organiser")
    assert problems(refused) == {"rounds": "exams_of_separate_units"}


def test_a_round_is_added_behind_the_others_and_only_on_an_exam_below(city, exam):
    made = make_competition(city, make_exam(NINE, city.units["PJ"]), NINE)
    inside, outside = make_exam(NINE, city.units["PJ-CGJ"]), make_exam(NINE, city.units["XH"])
    organiser = person(city, "organiser")
    assert service.add_round(made, NewRound("决赛", inside.exam_id), by=organiser) == 2
    with pytest.raises(Invalid) as refused:
        service.add_round(made, NewRound("再赛", inside.exam_id), by=organiser)
    assert problems(refused) == {"exam_id": "exam_has_a_round_already"}
    with pytest.raises(Invalid) as refused:
        service.add_round(made, NewRound("再赛", outside.exam_id), by=organiser)
    assert problems(refused) == {"exam_id": "unknown_exam"}
    with pytest.raises(Missing):
        service.add_round(made, NewRound("再赛", outside.exam_id), by=person(city, "foreign_organiser"))


def test_teams_are_replaced_as_a_whole_and_twice_is_the_same(session, city, exam):
    made = make_competition(city, exam, NINE, teams=(PJ_TEAM,))
    organiser = person(city, "organiser")
    for _ in range(2):
        service.save_teams(made, [XH_TEAM, NewTeam("蓬江代表队", "PJ", ("officer2",))], by=organiser)
        session.rollback()
        rows = session.execute(select(Team.name, TeamMember.user_id).join(TeamMember, TeamMember.team_id == Team.id))
        assert sorted(rows.all()) == sorted(
            [("新会代表队", city.people["foreign_officer"]), ("蓬江代表队", city.people["officer2"])]
        )


def test_teams_are_fixed_once_there_is_a_score(session, city, exam):
    made = make_competition(city, exam, NINE, teams=(PJ_TEAM,))
    result = settle(exam, city.people["officer"], "80", NINE)
    leaderboard.take_settled([result.attempt_id])
    with pytest.raises(Conflict, match="teams_are_fixed"):
        service.save_teams(made, [], by=person(city, "organiser"))
    session.rollback()
    assert session.scalar(select(func.count()).select_from(TeamMember)) == 2


def test_nobody_who_has_left_or_is_out_of_scope_joins_a_team(session, city):
    exam = make_exam(NINE, city.units["PJ"])
    with transaction() as inner:
        inner.execute(update(User).where(User.id == city.people["officer"]).values(state="left"))
    for username in ("officer", "foreign_officer"):
        team = NewTeam("队", "PJ", (username,))
        with pytest.raises(Invalid) as refused:
            make_competition(city, exam, NINE, teams=(team,), by="county_organiser")
        assert problems(refused) == {"teams.0.usernames": "unknown_person"}


def test_a_draft_is_published_once_and_tells_once(session, city, exam):
    made = make_competition(city, exam, NINE, draft=True)
    assert outline(made).state == "draft"
    assert session.scalar(select(func.count()).select_from(Notice)) == 0
    for _ in range(2):
        service.publish(made, by=person(city, "organiser"))
    session.rollback()
    assert outline(made).state == "published"
    assert session.scalar(select(func.count()).select_from(Notice)) == 2


def finish(exam, city):
    """Let both candidates be marked and the sitting be over for long."""
    for username, points in (("officer", "80"), ("officer2", "90")):
        leaderboard.take_settled([settle(exam, city.people[username], points, NINE).attempt_id])


def test_results_are_posted_when_final_and_signed_when_nobody_may_object_any_more(session, city, exam):
    made = make_competition(city, exam, NINE)
    organiser = person(city, "organiser")
    with pytest.raises(Conflict, match="round_not_final"):
        service.post_results(made, until=NINE + 9 * DAY, by=organiser, now=NINE)
    finish(exam, city)
    after = NINE + 2 * DAY
    with pytest.raises(Conflict, match="competition_results_not_posted"):
        service.close(made, by=organiser, now=after)
    with pytest.raises(Invalid):
        service.post_results(made, until=after, by=organiser, now=after)
    for until in (after + DAY, after + 5 * DAY):
        service.post_results(made, until=until, by=organiser, now=after)
    assert outline(made).objections_until == after + 5 * DAY
    told = select(func.count()).select_from(Notice).where(Notice.code == "competition_results_posted")
    assert session.scalar(told) == 2
    with pytest.raises(Conflict, match="competition_results_posted"):
        service.add_round(made, NewRound("再赛", exam.exam_id), by=organiser)

    with pytest.raises(Conflict, match="competition_objections_open"):
        service.close(made, by=organiser, now=after + 5 * DAY - timedelta(microseconds=1))
    for late in (0, 1):
        service.close(made, by=organiser, now=after + 5 * DAY + late * DAY)
    assert (outline(made).state, outline(made).closed_at) == ("closed", after + 5 * DAY)
    for verb in (service.publish,):
        with pytest.raises(Conflict, match="competition_closed"):
            verb(made, by=organiser)


def test_a_result_that_no_board_has_heard_of_yet_is_taken_in_before_it_is_too_late(session, city, exam):
    made = make_competition(city, exam, NINE)
    settle(exam, city.people["officer"], "80", NINE)
    organiser, after = person(city, "organiser"), NINE + 2 * DAY
    service.post_results(made, until=after + DAY, by=organiser, now=after)
    assert [one.score for one in session.scalars(select(RoundScore))] == [80]
    settle(exam, city.people["officer2"], "90", NINE)
    service.close(made, by=organiser, now=after + DAY)
    session.rollback()
    assert sorted(one.score for one in session.scalars(select(RoundScore))) == [80, 90]


def test_a_frozen_board_is_not_posted(city, exam):
    made = make_competition(city, exam, NINE)
    finish(exam, city)
    leaderboard.freeze(made, by=person(city, "organiser"), now=NINE)
    with pytest.raises(Conflict, match="competition_frozen"):
        service.post_results(made, until=NINE + 9 * DAY, by=person(city, "organiser"), now=NINE + 2 * DAY)


def test_an_unmarked_paper_keeps_the_result_open(session, city, exam):
    from trainer.attempts.models import Attempt

    made = make_competition(city, exam, NINE)
    finish(exam, city)
    with transaction() as inner:
        inner.execute(update(Attempt).where(Attempt.user_id == city.people["officer"]).values(settled_at=None))
    with pytest.raises(Conflict, match="round_not_final"):
        service.post_results(made, until=NINE + 9 * DAY, by=person(city, "organiser"), now=NINE + 2 * DAY)


@pytest.mark.parametrize("verb", ["publish", "post_results", "close", "save_teams"])
def test_other_units_may_do_nothing(city, exam, verb):
    made = make_competition(city, exam, NINE)
    arguments = {
        "publish": {},
        "post_results": {"until": NINE + DAY, "now": NINE},
        "close": {"now": NINE},
        "save_teams": {"teams": []},
    }[verb]
    for stranger in ("county_organiser", "foreign_organiser", "supervisor", "officer"):
        with pytest.raises(Missing):
            getattr(service, verb)(made, by=person(city, stranger), **arguments)


def test_two_threads_that_save_teams_leave_one_whole_set(app, session, city, exam):
    made = make_competition(city, exam, NINE)
    organiser = person(city, "organiser")
    sets = [(PJ_TEAM,), (XH_TEAM, NewTeam("二队", "PJ", ("officer", "officer2")))]
    start = threading.Barrier(2)
    errors = []

    def run(teams):
        with app.app_context():
            start.wait()
            try:
                for _ in range(5):
                    service.save_teams(made, teams, by=organiser)
            except Exception as error:
                errors.append(error)

    session.rollback()
    threads = [threading.Thread(target=run, args=(teams,)) for teams in sets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    session.rollback()
    names = set(session.scalars(select(Team.name)))
    assert names in [{team.name for team in teams} for teams in sets]


def test_a_cancelled_exam_keeps_nobody_from_signing(city, exam):
    other = make_exam(NINE, city.units["JM"])
    rounds = (NewRound("初赛", exam.exam_id), NewRound("取消的一轮", other.exam_id))
    made = make_competition(city, exam, NINE, rounds=rounds)
    finish(exam, city)
    with transaction() as session:
        session.execute(update(Exam).where(Exam.id == other.exam_id).values(state="cancelled"))
    service.post_results(made, until=NINE + 9 * DAY, by=person(city, "organiser"), now=NINE + 2 * DAY)
    assert outline(made).objections_until == NINE + 9 * DAY
