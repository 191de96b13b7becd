"""Changing, cancelling and deleting a competition: effects, refusals, second calls, pages."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.competitions.factories import add_candidate, make_competition, make_exam, person, settle
from tests.conftest import NINE
from trainer.audit.models import Entry
from trainer.competitions import amend, leaderboard, queries, service
from trainer.competitions.board import boards
from trainer.competitions.models import Competition, Round, RoundScore, Team
from trainer.competitions.service import NewTeam, Rules
from trainer.core.database import db
from trainer.core.errors import Conflict, Invalid, Missing
from trainer.marking.models import Result
from trainer.notices.models import Notice

DAY = timedelta(days=1)
OTHER = Rules(title="新名称", team_score="sum", tie_break=("score", "draw_lots"), public=True, names="unit_only")


@pytest.fixture(autouse=True)
def _nine(clock):
    clock(NINE)


@pytest.fixture
def exam(city):
    made = make_exam(NINE, city.units["JM"], release="after_submit")
    for username in ("officer", "officer2"):
        add_candidate(made, city.people[username])
    return made


@pytest.fixture
def competition(city, exam):
    return make_competition(city, exam, NINE, title="大比武")


@pytest.fixture
def draft(city, exam):
    return make_competition(
        city, exam, NINE, title="大比武草稿", draft=True, teams=(NewTeam("甲队", "PJ", ("officer",)),)
    )


def outline(competition_id):
    db.session.rollback()
    return queries.outline_of(db.session(), competition_id)


def score(exam, city, username="officer"):
    leaderboard.take_settled([settle(exam, city.people[username], "80", NINE).attempt_id])
    boards.forget()


def text(answer):
    return answer.get_data(as_text=True)


def test_title_and_rules_change_until_there_are_scores(session, city, competition):
    amend.change(competition, OTHER, by=person(city, "organiser"))
    found = outline(competition)
    assert (found.title, found.team_score, found.team_best_n, found.public) == ("新名称", "sum", None, True)
    assert (found.tie_break, found.names) == (("score", "draw_lots"), "unit_only")
    amend.change(competition, OTHER, by=person(city, "organiser"))
    written = session.scalars(select(Entry).where(Entry.action == "competition.changed")).all()
    assert len(written) == 1


def test_with_scores_only_the_title_changes_but_a_draft_stays_free(session, city, exam, competition, draft):
    score(exam, city)
    organiser = person(city, "organiser")
    with pytest.raises(Conflict) as refused:
        amend.change(competition, OTHER, by=organiser)
    assert refused.value.code == "competition_has_scores"
    amend.change(competition, Rules(title="只改名称", team_best_n=3), by=organiser)
    assert (outline(competition).title, outline(competition).names) == ("只改名称", "full")
    amend.change(draft, OTHER, by=organiser)
    assert outline(draft).names == "unit_only"


def test_a_change_needs_sound_rules_and_the_right_to_run_it(city, competition):
    with pytest.raises(Invalid):
        amend.change(competition, Rules(title=" ", names="initials"), by=person(city, "organiser"))
    with pytest.raises(Missing):
        amend.change(competition, OTHER, by=person(city, "county_organiser"))


def test_cancelling_tells_everybody_and_empties_the_board(session, city, exam, competition):
    score(exam, city)
    assert amend.cancel(competition, " 台风停赛 ", by=person(city, "organiser"), now=NINE) == 2
    assert amend.cancel(competition, "又一次", by=person(city, "organiser"), now=NINE) == 0
    found = outline(competition)
    assert (found.state, found.cancelled_at, found.cancel_reason) == ("cancelled", NINE, "台风停赛")
    told = session.execute(select(Notice.user_id, Notice.params).where(Notice.code == "competition_cancelled")).all()
    assert {user_id for user_id, _params in told} == {city.people["officer"], city.people["officer2"]}
    assert told[0].params == {"title": "大比武", "reason": "台风停赛"}
    entry = session.scalars(select(Entry).where(Entry.action == "competition.cancelled")).one()
    assert entry.detail == {"reason": "台风停赛"}
    assert session.scalar(select(func.count()).select_from(Result)) == 1
    for username in ("officer", "organiser"):
        view = boards.view(competition, person(city, username), round_number=1, by="individual", now=NINE)
        assert (view.entries, view.showing, view.provisional) == ((), False, False)


def test_a_cancelled_competition_takes_no_scores_and_no_changes(session, city, exam, competition):
    organiser = person(city, "organiser")
    amend.cancel(competition, "停赛", by=organiser, now=NINE)
    score(exam, city)
    assert leaderboard.take_missing() == 0
    session.rollback()
    assert session.scalar(select(func.count()).select_from(RoundScore)) == 0
    for verb in (
        lambda: amend.change(competition, OTHER, by=organiser),
        lambda: service.publish(competition, by=organiser),
        lambda: service.save_teams(competition, [], by=organiser),
        lambda: service.close(competition, by=organiser, now=NINE),
        lambda: leaderboard.freeze(competition, by=organiser, now=NINE),
    ):
        with pytest.raises(Conflict):
            verb()


def test_cancelling_wants_a_reason_and_something_published(city, competition, draft):
    organiser = person(city, "organiser")
    with pytest.raises(Invalid):
        amend.cancel(competition, "  ", by=organiser, now=NINE)
    with pytest.raises(Conflict):
        amend.cancel(draft, "停赛", by=organiser, now=NINE)
    with pytest.raises(Missing):
        amend.cancel(competition, "停赛", by=person(city, "county_organiser"), now=NINE)


def test_a_draft_is_deleted_whole_and_what_was_published_is_not(session, city, exam, competition, draft):
    score(exam, city)
    organiser = person(city, "organiser")
    with pytest.raises(Conflict):
        amend.delete_draft(competition, by=organiser)
    with pytest.raises(Missing):
        amend.delete_draft(draft, by=person(city, "county_organiser"))
    amend.delete_draft(draft, by=organiser)
    session.rollback()
    assert session.scalars(select(Competition.id)).all() == [competition]
    assert session.scalars(select(Round.competition_id)).all() == [competition]
    assert session.scalars(select(Team.id)).all() == []
    with pytest.raises(Missing):
        amend.delete_draft(draft, by=organiser)


# --- pages


def test_the_page_of_a_draft_names_how_many_will_be_told(as_user, city, draft):
    page = text(as_user("organiser").get(f"/competitions/{draft}"))
    assert "将立即通知 2 名参赛人员" in page
    assert f"/competitions/{draft}/delete" in page
    assert f"/competitions/{draft}/cancel" not in page


def test_the_form_changes_everything_and_later_the_title_alone(as_user, session, city, exam, competition):
    organiser = as_user("organiser")
    address = f"/competitions/{competition}/edit"
    form = {"title": "改过的", "ties": ["draw_lots"], "team_score": "sum", "names": "masked"}
    assert "榜上如何显示姓名" in text(organiser.get(address))
    assert organiser.post(address, data=form).status_code == 303
    assert (outline(competition).title, outline(competition).names) == ("改过的", "masked")
    assert organiser.post(address, data=form | {"names": "initials"}).status_code == 422
    score(exam, city)
    assert "榜上如何显示姓名" not in text(organiser.get(address))
    assert organiser.post(address, data={"title": "再改", "names": "full"}).status_code == 303
    assert (outline(competition).title, outline(competition).names) == ("再改", "masked")


def test_a_cancelled_competition_says_so_and_leaves_the_home_page(as_user, city, competition):
    assert "大比武" in text(as_user("officer").get("/"))
    organiser = as_user("organiser")
    address = f"/competitions/{competition}/cancel"
    assert "2 名参赛人员收到通知" in text(organiser.get(address))
    assert organiser.post(address, data={"reason": ""}).status_code == 422
    assert organiser.post(address, data={"reason": "台风停赛"}).status_code == 303
    boards.forget()
    assert organiser.post(address, data={"reason": "台风停赛"}).status_code == 409
    for path in ("", "/leaderboard", "/hall"):
        shown = text(as_user("officer").get(f"/competitions/{competition}{path}"))
        assert "已取消" in shown
    assert "台风停赛" in text(as_user("officer").get(f"/competitions/{competition}/leaderboard"))
    assert "大比武" not in text(as_user("officer").get("/"))
    assert organiser.get(f"/competitions/{competition}/rounds/1/standings.xlsx").status_code == 409


def test_the_button_deletes_a_draft(as_user, competition, draft):
    organiser = as_user("organiser")
    assert organiser.post(f"/competitions/{draft}/delete").location.endswith("/competitions")
    assert organiser.get(f"/competitions/{draft}").status_code == 404
    assert organiser.post(f"/competitions/{competition}/delete").status_code == 303
    assert organiser.get(f"/competitions/{competition}").status_code == 200
