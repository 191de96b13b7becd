"""Pages: who may open them, what they show, what their forms do."""

import io
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import func, select, update

from tests.competitions.factories import add_candidate, make_competition, make_exam, person, settle
from tests.conftest import NINE
from trainer.accounts.models import SignInSession
from trainer.audit.models import Entry
from trainer.competitions import leaderboard, service
from trainer.competitions.board import boards
from trainer.competitions.models import Competition, Round, Team, TeamMember
from trainer.competitions.service import NewRound, NewTeam
from trainer.core.database import transaction

DAY = timedelta(days=1)
OVER = NINE + 2 * DAY


@pytest.fixture(autouse=True)
def _nine(clock):
    clock(NINE)


@pytest.fixture
def later(clock):
    """Move the time on and let everybody who is signed in be so since then."""

    def move(moment):
        clock(moment)
        with transaction() as session:
            session.execute(update(SignInSession).values(created_at=moment, seen_at=moment, expires_at=moment + DAY))

    return move


@pytest.fixture
def exam(city):
    made = make_exam(NINE, city.units["JM"], release="after_close")
    for username in ("officer", "officer2"):
        add_candidate(made, city.people[username])
    return made


@pytest.fixture
def competition(city, exam):
    return make_competition(city, exam, NINE, title="行政执法大比武")


def take(exam, city, **points):
    for username, score in points.items():
        leaderboard.take_settled([settle(exam, city.people[username], score, NINE).attempt_id])
    boards.forget()


def text(answer):
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["", "/leaderboard", "/hall"])
def test_a_competition_is_shown_to_those_who_may_know_of_it(client, as_user, competition, path):
    address = f"/competitions/{competition}{path}"
    assert client.get(address).status_code == 302
    for username in ("officer", "organiser", "supervisor"):
        shown = as_user(username).get(address)
        assert shown.status_code == 200
        assert "行政执法大比武" in text(shown)
    for stranger in ("foreign_officer", "foreign_organiser", "county"):
        assert as_user(stranger).get(address).status_code == 404


def lines(answer):
    """Return the page from the rule above the board on, without the frame that names the caller."""
    return text(answer).split('class="tie-rule"')[1]


MANAGED = [
    ("GET", "/rounds/new"),
    ("POST", "/rounds/new"),
    ("GET", "/teams"),
    ("POST", "/teams"),
    ("GET", "/edit"),
    ("POST", "/edit"),
    ("GET", "/cancel"),
    ("POST", "/cancel"),
    ("POST", "/delete"),
    ("POST", "/publish"),
    ("POST", "/freeze"),
    ("POST", "/unfreeze"),
    ("POST", "/close"),
    ("GET", "/rounds/1/standings.xlsx"),
]


@pytest.mark.parametrize(("method", "path"), MANAGED)
def test_only_those_who_run_it_reach_its_desk(as_user, competition, method, path):
    address = f"/competitions/{competition}{path}"
    assert as_user("foreign_organiser").open(address, method=method).status_code == 404
    for username in ("officer", "supervisor", "examiner", "scorer"):
        assert as_user(username).open(address, method=method).status_code == 403


def test_a_stranger_posts_no_results(as_user, session, competition):
    form = {"until": "2026-12-01T18:00"}
    as_user("foreign_organiser").post(f"/competitions/{competition}/post-results", data=form)
    assert as_user("officer").post(f"/competitions/{competition}/post-results", data=form).status_code == 403
    session.rollback()
    assert session.scalar(select(Competition.objections_until)) is None


def test_the_list_shows_own_and_managed_ones_with_the_same_number_of_statements(
    city, as_user, exam, competition, count_queries
):
    with count_queries() as few:
        page = text(as_user("officer").get("/competitions"))
    assert "行政执法大比武" in page
    for number in range(8):
        make_competition(city, exam, NINE, title=f"第{number}场")
    with count_queries() as many:
        assert "第7场" in text(as_user("officer").get("/competitions"))
    assert len(few) == len(many)
    assert "还没有竞赛" in text(as_user("foreign_officer").get("/competitions"))
    assert "新建竞赛" in text(as_user("organiser").get("/competitions"))
    assert "新建竞赛" not in text(as_user("officer").get("/competitions"))


FORM = {
    "title": "新的竞赛",
    "round_title": "初赛",
    "ties": ["draw_lots", "seconds_used"],
    "team_score": "best_n",
    "team_best_n": "2",
    "names": "masked",
    "top": "30",
    "per_unit": "1",
    "public": "y",
}


def test_the_form_founds_a_competition(as_user, session, exam):
    made = as_user("organiser").post("/competitions/new", data=FORM | {"exam": str(exam.exam_id)})
    assert made.status_code == 303
    session.rollback()
    row = session.scalars(select(Competition)).one()
    assert (row.title, row.state, row.public, row.names, row.team_best_n) == (
        "新的竞赛",
        # Nobody is told before somebody has read what was founded.
        "draft",
        True,
        "masked",
        2,
    )
    # Whatever was ticked first, the chain has one sensible order.
    assert row.tie_break == ["score", "seconds_used", "draw_lots"]
    assert session.scalars(select(Round.advance)).one() == {"top": 30, "per_unit_at_least": 1}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "竞赛名称"),
        ({"title": "长" * 121}, "竞赛名称"),
        ({"exam": "4711"}, "所用考试"),
        ({"team_best_n": "0"}, "取最好的人数"),
        ({"names": "initials"}, "榜上如何显示姓名"),
        ({"ties": ["luck"]}, "总分相同时依次比较"),
    ],
)
def test_a_wrong_form_comes_back_with_what_was_written(as_user, session, exam, changes, said):
    answer = as_user("organiser").post("/competitions/new", data=FORM | {"exam": str(exam.exam_id)} | changes)
    assert answer.status_code == 422
    assert "还没有保存" in text(answer)
    assert said in text(answer).split("data-form-summary>")[1].split("</ul>")[0]
    session.rollback()
    assert session.scalars(select(Competition.id)).all() == []


def test_the_exam_of_another_unit_is_not_offered(city, as_user, exam):
    own = make_exam(NINE, city.units["PJ"], title="蓬江区的考试")
    page = text(as_user("county_organiser").get("/competitions/new"))
    assert "蓬江区的考试" in page
    assert "线上初赛" not in page
    refused = as_user("county_organiser").post("/competitions/new", data=FORM | {"exam": str(exam.exam_id)})
    assert refused.status_code == 422
    assert (
        as_user("county_organiser").post("/competitions/new", data=FORM | {"exam": str(own.exam_id)}).status_code == 303
    )


def test_the_form_marks_exams_in_use_begun_and_scored_and_masks_names(city, as_user, exam, competition):
    organiser = as_user("organiser")
    page = text(organiser.get("/competitions/new"))
    assert "已经开考 · 已用于《行政执法大比武》" in page
    assert 'checked id="names-1"' in page
    take(exam, city, officer="80")
    assert "已有成绩 · 已用于《行政执法大比武》" in text(organiser.get("/competitions/new"))


def test_the_title_of_a_competition_of_others_is_not_told(city, as_user):
    shared, final = make_exam(NINE, city.units["PJ"]), make_exam(NINE, city.units["XH"])
    rounds = (NewRound("初赛", shared.exam_id), NewRound("决赛", final.exam_id))
    make_competition(city, shared, NINE, title="全市的竞赛", rounds=rounds, draft=True)
    page = text(as_user("county_organiser").get("/competitions/new"))
    assert "已用于其他竞赛" in page
    assert "全市的竞赛" not in page


def test_a_phone_shows_the_time_too(city, as_user, exam, competition):
    take(exam, city, officer="80")
    page = lines(as_user("organiser").get(f"/competitions/{competition}/leaderboard"))
    assert page.count('<span class="cell-note only-phone">10:00</span>') == 1
    assert '<span class="cell-note only-phone" data-at="time">' in page


def test_teams_are_edited_until_there_are_scores(city, as_user, exam, competition):
    organiser, address = as_user("organiser"), f"/competitions/{competition}"
    assert f"{address}/teams" in text(organiser.get(address))
    take(exam, city, officer="80")
    page = text(organiser.get(address))
    assert f"{address}/teams" not in page
    assert "代表队名单不能再改" in page


def test_a_board_of_teams_that_are_not_there_leads_to_the_people(as_user, competition):
    address = f"/competitions/{competition}"
    for page in ("leaderboard", "hall"):
        answer = as_user("officer").get(f"{address}/{page}?by=team&round=1")
        assert answer.status_code == 302
        assert answer.location == f"{address}/{page}?by=individual&round=1"
    assert as_user("foreign_officer").get(f"{address}/leaderboard?by=team").status_code == 404


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ("after_submit", "查看排行榜"),
        ("after_close", "名次于 2026年11月24日 09:00 之后公布"),
        ("manual", "名次在组织者公布成绩后公布"),
    ],
)
def test_the_home_page_tells_when_places_come_out(city, as_user, release, said):
    made = make_exam(NINE, city.units["JM"], release=release)
    add_candidate(made, city.people["officer"])
    competition = make_competition(city, made, NINE, title="大比武")
    page = text(as_user("officer").get("/"))
    assert said in page
    assert (f"/competitions/{competition}/leaderboard" in page) is (release == "after_submit")


def test_a_round_is_added_and_not_twice(city, as_user, session, competition):
    final = make_exam(NINE, city.units["JM"], title="决赛卷")
    organiser = as_user("organiser")
    form = {"round_title": "决赛", "exam": str(final.exam_id)}
    assert "决赛卷" in text(organiser.get(f"/competitions/{competition}/rounds/new"))
    assert organiser.post(f"/competitions/{competition}/rounds/new", data=form).status_code == 303
    assert organiser.post(f"/competitions/{competition}/rounds/new", data=form).status_code == 422
    session.rollback()
    assert session.scalars(select(Round.title).order_by(Round.number)).all() == ["初赛", "决赛"]


def team_form(*teams):
    form = {}
    for number, (name, unit, members) in enumerate(teams):
        form |= {f"teams-{number}-name": name, f"teams-{number}-unit": unit, f"teams-{number}-members": members}
    return form


def test_teams_are_written_down_read_back_and_left_out_when_empty(as_user, session, competition):
    organiser = as_user("organiser")
    address = f"/competitions/{competition}/teams"
    form = team_form(("城管队", "PJ-CGJ", "officer\n officer2 "), ("", "", ""), ("市监队", "PJ-SCJ", "officer3，"))
    assert organiser.post(address, data=form).status_code == 303
    session.rollback()
    rows = session.execute(select(Team.name, TeamMember.user_id).join(TeamMember, TeamMember.team_id == Team.id)).all()
    assert sorted(name for name, _ in rows) == ["城管队", "城管队", "市监队"]
    page = text(organiser.get(address))
    assert "张officer、张officer2" in page
    assert page.count("data-team>") == 3  # two teams and an empty one for the next
    shown = text(organiser.get(f"/competitions/{competition}"))
    assert "张officer3" in shown
    # Other people see who competes, but not every member's name.
    assert "市监队" in text(as_user("officer").get(f"/competitions/{competition}"))
    assert "张officer3" not in text(as_user("officer").get(f"/competitions/{competition}"))
    assert organiser.post(address, data=team_form(("", "", ""))).status_code == 303
    session.rollback()
    assert session.scalars(select(Team.id)).all() == []


def test_what_is_wrong_with_a_team_is_said_at_its_field_and_kept(as_user, session, competition):
    form = team_form(("", "", ""), ("城管队", "PJ-CGJ", "officer"), ("二队", "PJ-CGJ", "officer nobody"))
    answer = as_user("organiser").post(f"/competitions/{competition}/teams", data=form)
    assert answer.status_code == 422
    assert "一人只能参加一支代表队" in text(answer)
    assert "officer nobody" in text(answer)
    form = team_form(("城管队", "PJ-CGJ", "nobody"))
    answer = as_user("organiser").post(f"/competitions/{competition}/teams", data=form)
    assert "没有用户名为“nobody”的人员" in text(answer)
    session.rollback()
    assert session.scalars(select(Team.id)).all() == []


@pytest.mark.parametrize("team", [("甲队", "PJ-CGJ", "offi\x00cer"), ("甲队", "PJ\x00", "officer")])
def test_a_nul_in_a_team_is_nobody_and_nowhere(as_user, session, competition, team):
    answer = as_user("organiser").post(f"/competitions/{competition}/teams", data=team_form(team))
    assert answer.status_code == 422
    assert session.scalar(select(func.count()).select_from(Team)) == 0


def test_members_may_be_divided_as_on_any_list(as_user, session, competition):
    form = team_form(("甲队", "PJ-CGJ", "officer、officer"), ("乙队", "PJ", "officer2；officer3，OFFICER3"))
    assert as_user("organiser").post(f"/competitions/{competition}/teams", data=form).status_code == 303
    assert session.scalar(select(func.count()).select_from(TeamMember)) == 3


def test_the_editor_says_when_teams_are_fixed(city, as_user, exam, competition):
    service.save_teams(competition, [NewTeam("城管队", "PJ-CGJ", ("officer",))], by=person(city, "organiser"))
    take(exam, city, officer="80")
    page = text(as_user("organiser").get(f"/competitions/{competition}/teams"))
    assert "已有成绩产生" in page
    assert "<textarea" not in page


def test_a_competition_goes_from_draft_to_signed(city, as_user, session, exam, later):
    made = make_competition(city, exam, NINE, draft=True)
    organiser = as_user("organiser")

    def page():
        boards.forget()
        return text(organiser.get(f"/competitions/{made}"))

    def press(path, **form):
        assert organiser.post(f"/competitions/{made}/{path}", data=form).status_code == 303
        return page()

    assert "下一步：发布竞赛" in page()
    assert "竞赛已发布" in press("publish")
    assert "赛程进行中" in page()
    take(exam, city, officer="80", officer2="90")
    assert "名次还未确定" in press("post-results", until="2026-12-01T18:00")
    later(OVER)
    assert "已封榜" in press("freeze")
    assert "下一步：解除封榜" in page()
    assert "已解除封榜" in press("unfreeze")
    assert "下一步：公示结果" in page()
    assert "请填写公示截止时间" in press("post-results", until="")
    assert "尚未到来的时间" in press("post-results", until="2026-11-01T18:00")
    assert "结果已公示" in press("post-results", until="2026-12-01T18:00")
    assert "公示到 2026年12月1日 18:00 结束" in page()
    assert "此前不能签发" in press("close")
    later(NINE + 9 * DAY)
    assert "下一步：签发结果" in page()
    assert "结果已签发" in press("close")
    assert "下一步" not in page()
    session.rollback()
    assert session.scalars(select(Competition.state)).all() == ["closed"]


def test_the_board_states_its_rule_places_and_own_line(city, as_user, exam, competition, clock):
    add_candidate(exam, city.people["officer3"])
    take(exam, city, officer="80", officer2="90", officer3="70")
    held_back = text(as_user("officer").get(f"/competitions/{competition}/leaderboard"))
    assert "名次尚未公布" in held_back
    assert "张officer2" not in held_back
    clock(OVER)
    page = lines(as_user("officer").get(f"/competitions/{competition}/leaderboard"))
    assert "总分高的在前；总分相同的，客观题得分高的在前" in page
    assert "仍相同的名次并列，按 1、2、2、4 排列。" in page
    assert page.index("张officer2") < page.index("张officer <") < page.index("张officer3")
    assert "我的名次" in page
    assert "data-board=" not in page  # nothing can change any more, so nothing asks
    assert "蓬江区市场监督管理局" in page
    units = text(as_user("officer").get(f"/competitions/{competition}/leaderboard?by=unit"))
    assert "参与率为实考人数除以应考人数" in units
    assert "100%" in units


def test_a_live_board_keeps_itself_fresh(city, as_user):
    exam = make_exam(NINE, city.units["JM"], release="after_submit")
    made = make_competition(city, exam, NINE, public=True)
    address = f"/competitions/{made}/leaderboard"
    assert f'data-board="/api/v1{address}?' in text(as_user("officer").get(address))
    take(exam, city, officer="80")
    page = text(as_user("officer").get(address))
    assert f'data-board="/api/v1{address}?' in page
    assert "暂定" in page
    leaderboard.freeze(made, by=person(city, "organiser"), now=NINE)
    boards.forget()
    frozen = text(as_user("officer").get(address))
    assert "已封榜" in frozen
    assert "data-board=" not in frozen
    live = text(as_user("organiser").get(address))
    assert "您看到的是最新名次" in live
    assert "data-board=" in live
    hall = text(as_user("organiser").get(f"/competitions/{made}/hall"))
    assert "已封榜" in hall


def test_masked_names_stay_masked_on_page_and_in_the_hall(city, as_user):
    exam = make_exam(NINE, city.units["JM"], release="after_submit")
    made = make_competition(city, exam, NINE, public=True, names="masked")
    take(exam, city, officer="80", officer2="90")
    page = text(as_user("officer").get(f"/competitions/{made}/leaderboard"))
    assert "张officer2" not in page
    assert "张**" in page
    assert "张officer<" in page
    assert "张officer2" in text(as_user("organiser").get(f"/competitions/{made}/leaderboard"))
    hall = text(as_user("organiser").get(f"/competitions/{made}/hall"))
    assert "张officer" not in hall
    assert "view=public" in hall


def test_who_goes_through_is_marked_once_the_round_is_final(city, as_user, exam, clock):
    made = make_competition(city, exam, NINE, rounds=(NewRound("初赛", exam.exam_id, top=1),))
    take(exam, city, officer="80", officer2="90")
    assert "晋级" not in text(as_user("organiser").get(f"/competitions/{made}/leaderboard"))
    clock(OVER)
    page = lines(as_user("officer").get(f"/competitions/{made}/leaderboard"))
    assert page.count("chevrons-right") == 1
    assert page.index("张officer2") < page.index("晋级") < page.index("张officer <")


def test_a_long_board_is_paged_with_the_same_number_of_statements(
    city, as_user, exam, competition, clock, count_queries
):
    take(exam, city, officer="80", officer2="90")
    clock(OVER)
    address = f"/competitions/{competition}/leaderboard"
    as_user("officer").get(address)
    officer = as_user("officer")
    with count_queries() as seen:
        page = text(officer.get(f"{address}?per_page=20&page=2"))
    # Who calls, with grants, the unread notices, the competition and whether there are teams; the board asks nothing.
    assert len(seen) <= 6
    assert "我的名次" in page


def test_the_workbook_holds_the_standings_with_the_rule_and_is_recorded(city, as_user, session, exam, competition):
    service.save_teams(
        competition, [NewTeam("城管队", "PJ-CGJ", ("officer", "officer2"))], by=person(city, "organiser")
    )
    take(exam, city, officer="80", officer2="90.5")
    answer = as_user("organiser").get(f"/competitions/{competition}/rounds/1/standings.xlsx")
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["说明", "个人", "代表队", "单位"]
    rules = {row[0].value: row[1].value for row in book["说明"].iter_rows(min_row=3)}
    assert rules["名次规则"].startswith("总分高的在前；")
    assert rules["状态"].startswith("暂定")
    rows = [[cell.value for cell in row] for row in book["个人"].iter_rows(min_row=3)]
    assert [row[:4] for row in rows] == [
        [1, "张officer2", "蓬江区城市管理和综合执法局", 90.5],
        [2, "张officer", "蓬江区城市管理和综合执法局", 80],
    ]
    team = [cell.value for cell in next(book["代表队"].iter_rows(min_row=3))]
    assert (team[0], team[1], team[2], team[5], team[6], team[7]) == (1, "城管队", 170.5, 2, 2, 1)
    session.rollback()
    assert "competition.exported" in session.scalars(select(Entry.action)).all()
    assert as_user("organiser").get(f"/competitions/{competition}/rounds/2/standings.xlsx").status_code == 404


def test_the_home_page_leads_to_the_competition(city, as_user, exam, competition, clock):
    assert "行政执法大比武" in text(as_user("officer").get("/"))
    assert "行政执法大比武" not in text(as_user("foreign_officer").get("/"))
    assert "公示竞赛结果" not in text(as_user("organiser").get("/"))
    take(exam, city, officer="80", officer2="90")
    clock(OVER)
    assert "公示竞赛结果" in text(as_user("organiser").get("/"))
    assert "公示竞赛结果" not in text(as_user("foreign_organiser").get("/"))
    assert "公示竞赛结果" not in text(as_user("supervisor").get("/"))


def test_every_page_speaks_the_other_language_too(as_user, competition):
    client = as_user("organiser")
    client.set_cookie("locale", "en")
    for path in ("", "/leaderboard", "/hall", "/teams", "/rounds/new"):
        assert client.get(f"/competitions/{competition}{path}").status_code == 200


def test_as_many_teams_as_there_may_be_can_be_edited_and_one_more_is_refused(city, as_user, competition):
    organiser = as_user("organiser")
    address = f"/competitions/{competition}/teams"
    data = {f"teams-{number}-name": f"队{number}" for number in range(300)}
    data |= {f"teams-{number}-unit": "PJ" for number in range(300)}
    assert organiser.post(address, data=data).status_code == 303
    assert organiser.get(address).status_code == 200
    answer = organiser.post(address, data=data | {"teams-300-name": "多一队", "teams-300-unit": "PJ"})
    assert answer.status_code == 422
    assert "多一队" in answer.text


@pytest.mark.parametrize("until", ["", "tomorrow", "0001-01-01T00:00", "9999-12-31T23:59"])
def test_an_odd_end_of_the_public_notice_changes_nothing(as_user, session, competition, until):
    answer = as_user("organiser").post(f"/competitions/{competition}/post-results", data={"until": until})
    assert answer.status_code == 303
    session.rollback()
    assert session.scalar(select(Competition.objections_until)) is None
