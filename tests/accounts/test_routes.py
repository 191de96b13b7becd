"""The door, the pages of people and grants, the own profile, the upload of the list: through the browser's eyes."""

from __future__ import annotations

import re
import sys
from io import BytesIO
from types import ModuleType

import pytest
from sqlalchemy import select

from tests.conftest import NINE
from trainer.accounts.models import ApiToken, Grant, SignInSession, User
from trainer.accounts.sessions import FAILURES_HERE, BadCredentials
from trainer.core import crypto
from trainer.core.crypto import hash_password
from trainer.core.database import transaction
from trainer.core.lane import Lane, Place
from trainer.core.sheet_forms import FormColumn, FormSheet, write_form

PASSWORD = "梅花 烧鹅 石板 1919"


@pytest.fixture(scope="module")
def hashed():
    return hash_password(PASSWORD)


@pytest.fixture
def with_password(city, hashed):
    with transaction() as session:
        session.get(User, city.people["officer"]).password_hash = hashed
    return city


def test_the_door_is_calm_and_offers_no_accounts_outside_a_demonstration(client, city):
    page = client.get("/sign-in")
    assert page.status_code == 200
    assert "data-fill-username" not in page.text
    assert "准考码" in page.text


def test_demonstration_accounts_are_printed_with_a_button_each(client, city, app, monkeypatch):
    one = {"role": "officer", "role_label": "学员", "username": "officer", "password": "pw-1234567", "unit": "白沙街道"}
    monkeypatch.setitem(app.config, "DEMO", True)
    monkeypatch.setitem(app.config, "DEMO_ACCOUNTS", lambda: [one])
    page = client.get("/sign-in").text
    assert 'data-fill-username="officer" data-fill-password="pw-1234567"' in page


def test_signing_in_sets_a_cookie_that_scripts_cannot_read_and_leads_to_the_wanted_page(client, with_password):
    answer = client.post("/sign-in?next=/profile", data={"username": "officer", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/profile")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires" not in cookie
    assert "张officer" in client.get("/profile").text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/nowhere-at-all", "/\\evil.example"])
def test_nobody_is_led_elsewhere_after_signing_in(client, with_password, target):
    answer = client.post("/sign-in", query_string={"next": target}, data={"username": "officer", "password": PASSWORD})
    assert answer.location == "/"


def test_wrong_words_are_said_without_saying_which(client, with_password):
    texts = set()
    for username in ("officer", "nobody-here"):
        answer = client.post("/sign-in", data={"username": username, "password": "wrong-wrong"})
        assert answer.status_code == 401
        texts.add(re.search(r'role="alert".*?</div></div>', answer.text, re.DOTALL).group())
    assert len(texts) == 1


def test_a_locked_name_is_told_until_when(client, with_password, monkeypatch):
    monkeypatch.setattr("trainer.accounts.sessions.password_fits", lambda stored, password: False)
    for _time in range(FAILURES_HERE):
        client.post("/sign-in", data={"username": "officer", "password": "wrong-wrong"})
    answer = client.post("/sign-in", data={"username": "officer", "password": PASSWORD})
    assert answer.status_code == 429
    assert "连续多次登录失败" in answer.text


def test_a_ticket_opens_the_door_or_is_refused_at_its_own_form(client, city, monkeypatch):
    def sign_in_by_ticket(ticket, *, address, now):
        if ticket != "good":
            raise BadCredentials("bad_ticket")
        with transaction() as session:
            from trainer.accounts.sessions import open_session

            opened = open_session(session, city.people["officer"], now, ticket_exam_id=1)
        return opened

    tickets = ModuleType("trainer.exams.tickets")
    tickets.sign_in_by_ticket = sign_in_by_ticket
    monkeypatch.setitem(sys.modules, "trainer.exams.tickets", tickets)
    monkeypatch.setattr("trainer.exams.tickets", tickets, raising=False)
    refused = client.post("/sign-in/ticket", data={"ticket": "bad"})
    assert refused.status_code == 401
    assert "准考码不正确" in refused.text
    assert '<details class="fold" open>' in refused.text
    opened = client.post("/sign-in/ticket", data={"ticket": "good"})
    assert (opened.status_code, opened.location) == (302, "/exams/1/hall")
    assert "您是用准考码进入的" in client.get("/profile").text


@pytest.mark.parametrize(
    ("method", "address", "status"), [("POST", "/sign-out", 302), ("DELETE", "/api/v1/session", 204)]
)
def test_signing_out_ends_the_session_and_leaves_nothing_on_the_device(as_user, session, method, address, status):
    client = as_user("officer")
    answer = client.open(address, method=method)
    assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (status, '"storage"')
    assert session.scalars(select(SignInSession)).all() == []
    assert "/sign-in" in client.get("/profile").location


def test_a_request_from_another_site_is_refused(as_user):
    answer = as_user("officer").post("/profile/tokens", headers={"Origin": "https://evil.example"}, data={"label": "x"})
    assert answer.status_code == 403


def test_a_form_without_the_token_of_the_session_is_refused(as_user):
    client = as_user("officer")
    client.csrf = None
    assert client.post("/profile/sign-out-everywhere").status_code == 403


def test_a_new_password_is_set_and_problems_stand_at_their_fields(client, with_password):
    client.post("/sign-in", data={"username": "officer", "password": PASSWORD})
    token = re.search(r'name="csrf-token" content="(\w+)"', client.get("/profile/password").text).group(1)
    sent = {"current": PASSWORD, "new": "short", "again": "short", "csrf_token": token}
    answer = client.post("/profile/password", data=sent)
    assert answer.status_code == 422
    assert "密码至少 10 个字符" in answer.text
    answer = client.post("/profile/password", data=sent | {"new": "荔枝湾 新会陈皮", "again": "荔枝湾 陈皮"})
    assert "两次输入的新密码不一致" in answer.text
    answer = client.post("/profile/password", data=sent | {"new": "荔枝湾 新会陈皮 26", "again": "荔枝湾 新会陈皮 26"})
    assert answer.status_code == 302


def test_a_new_password_waits_for_no_thread_while_too_many_others_change_theirs(client, with_password, tmp_path):
    client.post("/sign-in", data={"username": "officer", "password": PASSWORD})
    token = re.search(r'name="csrf-token" content="(\w+)"', client.get("/profile/password").text).group(1)
    sent = {"current": PASSWORD, "new": "荔枝湾 新会陈皮 26", "again": "荔枝湾 新会陈皮 26", "csrf_token": token}
    lane = Lane(tmp_path, 2, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crypto, "_lane", lane)
        with lane.beside():
            answer = client.post("/profile/password", data=sent)
    assert answer.status_code == 503
    assert "系统正忙" in answer.text
    assert client.post("/profile/password", data=sent).status_code == 302


def test_who_has_a_first_password_is_led_to_change_it(as_user, city):
    with transaction() as session:
        session.get(User, city.people["officer"]).must_change_password = True
    client = as_user("officer")
    assert client.get("/").location == "/profile/password"
    assert "初始密码" in client.get("/profile/password").text


def test_a_list_of_people_keeps_its_filters_in_the_address(as_user, city):
    page = as_user("supervisor").get(f"/people?unit={city.units['PJ']}&field=market&category=officer").text
    assert "张officer3" in page
    assert "张officer2" not in page
    assert '<option value="market" selected>' in page


@pytest.mark.parametrize(("username", "status"), [("county", 404), ("supervisor", 200), ("line", 404)])
def test_a_filter_on_a_unit_out_of_scope_finds_nothing(as_user, city, username, status):
    assert as_user(username).get(f"/people?unit={city.units['XH']}").status_code == status


def test_a_long_list_is_paged_with_a_fixed_number_of_statements(as_user, city, count_queries):
    from tests.factories import add_user

    with transaction() as session:
        for number in range(60):
            add_user(session, f"extra{number}", city.units["PJ-SCJ"], NINE)
    client = as_user("supervisor")
    client.get("/people")
    with count_queries() as seen:
        page = client.get("/people?per_page=50").text
    assert len(seen) <= 10
    assert page.count('class="cell-title"') == 50
    assert "per_page=50&amp;page=2" in page or "page=2&amp;per_page=50" in page


@pytest.mark.parametrize(
    ("username", "target", "status"),
    [
        ("county", "officer", 200),
        ("county", "foreign_officer", 404),
        ("line", "officer", 200),
        ("line", "officer3", 404),
        ("head", "officer3", 404),
        ("officer", "officer2", 403),
    ],
)
def test_a_person_is_shown_within_scope_alone(as_user, city, username, target, status):
    assert as_user(username).get(f"/people/{city.people[target]}").status_code == status


def test_the_page_of_a_person_offers_only_what_the_caller_may_do(as_user, city):
    address = f"/people/{city.people['officer']}"
    assert "生成初始密码</button>" not in as_user("county").get(address).text
    assert "授予角色" not in as_user("clerk").get(address).text
    assert "生成初始密码</button>" in as_user("clerk").get(address).text
    assert "授予角色" in as_user("admin").get(address).text
    above = as_user("clerk").get(f"/people/{city.people['head']}").text
    assert "要由系统管理员办理" in above
    assert "锁定账号</button>" not in above


def test_a_person_is_entered_and_changed_by_forms(as_user, city, session):
    clerk = as_user("clerk")
    sent = {
        "username": "chen.new",
        "name": "陈新",
        "unit_code": "PJ-CGJ",
        "category": "officer",
        "fields": ["urban_mgmt"],
    }
    made = clerk.post("/people/new", data=sent)
    assert made.status_code == 302
    user_id = int(made.location.rsplit("/", 1)[1])
    again = clerk.post("/people/new", data=sent)
    assert again.status_code == 422
    assert "“chen.new”已经存在" in again.text
    assert clerk.post(f"/people/{user_id}/edit", data=sent | {"name": "陈改", "post": "队长"}).status_code == 302
    user = session.get(User, user_id)
    assert (user.name, user.post, user.username) == ("陈改", "队长", "chen.new")


def test_a_clerk_is_offered_the_own_units_alone(as_user, city):
    page = as_user("clerk").get("/people/new").text
    assert 'value="PJ-CGJ"' in page
    assert 'value="PJ-SCJ"' not in page
    foreign = {"username": "chen.new", "name": "陈新", "unit_code": "PJ-SCJ", "category": "officer"}
    assert as_user("clerk").post("/people/new", data=foreign).status_code == 422


def test_a_first_password_is_shown_once_and_kept_by_nobody(as_user, city, session):
    answer = as_user("clerk").post(f"/people/{city.people['officer']}/password")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    password = re.search(r'id="secret" value="(\w+)"', answer.text).group(1)
    user = session.get(User, city.people["officer"])
    assert password not in user.password_hash
    assert user.must_change_password


def test_refusals_about_a_person_are_said_on_the_page(as_user, city):
    clerk = as_user("clerk")
    answer = clerk.post(f"/people/{city.people['head']}/password", follow_redirects=True)
    assert "持有您无权授予的角色" in answer.text
    answer = as_user("admin").post(
        f"/people/{city.people['admin']}/state", data={"state": "left"}, follow_redirects=True
    )
    assert "不能对自己进行这项操作" in answer.text


def test_locking_acts_on_the_very_next_request(as_user, city):
    officer = as_user("officer")
    assert officer.get("/profile").status_code == 200
    as_user("clerk").post(f"/people/{city.people['officer']}/state", data={"state": "locked"})
    assert officer.get("/profile").status_code == 302


def test_a_grant_is_given_and_taken_and_acts_on_the_very_next_request(as_user, city, session):
    admin, officer = as_user("admin"), as_user("officer")
    assert officer.get("/people").status_code == 403
    sent = {"role": "supervisor", "unit_id": city.units["PJ"], "field": ""}
    assert admin.post(f"/people/{city.people['officer']}/grants/new", data=sent).status_code == 302
    assert officer.get("/people").status_code == 200
    assert "已有这项授权" in admin.post(f"/people/{city.people['officer']}/grants/new", data=sent).text
    page = admin.get("/grants?role=supervisor&q=officer").text
    assert "张officer" in page
    grant = session.scalar(select(Grant.id).where(Grant.user_id == city.people["officer"], Grant.role == "supervisor"))
    address = f"/grants/{grant}/take"
    assert admin.post(address, data={"next": "/grants?role=supervisor"}).location == "/grants?role=supervisor"
    assert officer.get("/people").status_code == 403
    assert admin.post(address).status_code == 404


def test_a_line_supervisor_without_a_field_is_refused_at_the_field(as_user, city):
    sent = {"role": "line_supervisor", "unit_id": city.units["JM"], "field": ""}
    answer = as_user("admin").post(f"/people/{city.people['officer']}/grants/new", data=sent)
    assert answer.status_code == 422
    assert "field-error" in answer.text


def test_the_last_administrator_is_told_so(as_user, city, session):
    grant = session.scalar(select(Grant.id).where(Grant.role == "system_administrator"))
    answer = as_user("admin").post(f"/grants/{grant}/take", follow_redirects=True)
    assert "这是最后一名系统管理员" in answer.text


def test_the_own_profile_tells_roles_in_words_and_in_english_too(as_user, city):
    client = as_user("line")
    assert "条线指导人员 · 江门市 · 城市管理" in client.get("/profile").text
    client.post("/locale", data={"locale": "en", "next": "/profile"})
    assert 'lang="en"' in client.get("/profile").text


def test_a_token_is_made_shown_once_used_and_revoked(as_user, client, session):
    mine = as_user("officer")
    assert mine.post("/profile/tokens", data={"label": " "}).status_code == 422
    page = mine.post("/profile/tokens", data={"label": "同步", "read_only": "y"}).text
    token = re.search(r'id="secret" value="([\w-]+)"', page).group(1)
    assert token not in mine.get("/profile").text
    header = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/me", headers=header).json["user"]["username"] == "officer"
    assert client.post("/profile/tokens", headers=header, data={"label": "x"}).status_code == 403
    token_id = session.scalar(select(ApiToken.id))
    assert as_user("officer2").post(f"/profile/tokens/{token_id}/revoke").status_code == 404
    assert mine.post(f"/profile/tokens/{token_id}/revoke").status_code == 302
    assert client.get("/api/v1/me", headers=header).status_code == 401


HEADS = ["用户名", "姓名", "单位", "职务"]


def sheet(*rows, heads=HEADS):
    return write_form([FormSheet("名单", [FormColumn(head) for head in heads], rows)])


def upload(client, content, name="list.xlsx"):
    return client.post("/people/roster", data={"file": (BytesIO(content), name)})


def test_a_list_goes_from_upload_over_preview_to_the_people(as_user, city, session):
    clerk = as_user("clerk")
    sent = upload(clerk, sheet(["chen.new", "陈新", "PJ-CGJ", "队员"], ["officer", "张officer", "PJ-CGJ", "队长"]))
    assert sent.status_code == 303
    page = clerk.get(sent.location).text
    assert "职务：– → 队长" in page
    assert session.scalar(select(User.id).where(User.username == "chen.new")) is None
    mark = re.search(r'name="fingerprint" value="(\w+)"', page).group(1)
    assert (
        "新增 1 人，更新 1 人"
        in clerk.post(f"{sent.location}/apply", data={"fingerprint": mark}, follow_redirects=True).text
    )
    session.rollback()
    assert session.scalar(select(User.post).where(User.username == "officer")) == "队长"
    assert "完全一致" in clerk.get(sent.location).text


def test_an_old_preview_is_not_applied(as_user, city, session):
    clerk = as_user("clerk")
    address = upload(clerk, sheet(["officer", "张改", "PJ-CGJ", ""])).location
    answer = clerk.post(f"{address}/apply", data={"fingerprint": "0" * 32}, follow_redirects=True)
    assert "预览之后系统中的数据有了变化" in answer.text
    assert session.scalar(select(User.name).where(User.username == "officer")) == "张officer"


def test_refused_rows_go_home_in_the_same_layout_with_their_reasons(as_user, city, tmp_path):
    import openpyxl

    clerk = as_user("clerk")
    address = upload(
        clerk, sheet(["chen.new", "陈新", "XH-CGJ", "=1+1"], ["officer", "张officer", "PJ-CGJ", ""])
    ).location
    page = clerk.get(address).text
    assert "下载未通过的行" in page
    assert "确认写入" not in page
    answer = clerk.get(f"{address}/refused.xlsx")
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    rows = list(openpyxl.load_workbook(BytesIO(answer.data)).active.iter_rows(values_only=True))
    assert len(rows) == 2
    assert rows[1][:4] == ("chen.new", "陈新", "XH-CGJ", "=1+1")
    assert rows[1][-1].startswith("单位：没有代码为“XH-CGJ”的单位")
    back = upload(clerk, answer.data)
    assert back.status_code == 303


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "请选择文件。"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "旧的 .xls 格式"),
        (b"a,b,c", "这不是 .xlsx 表格文件"),
        (sheet(["x", "y", "z", ""], heads=["甲", "乙", "丙", "丁"]), "没有找到表头"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_the_field(as_user, city, content, said):
    answer = upload(as_user("clerk"), content)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_preview_is_made_for_the_eyes_of_its_caller(as_user, city):
    """Another clerk who knows the address sees the list against the own scope, and applies nothing beyond it."""
    address = upload(as_user("admin"), sheet(["chen.new", "陈新", "XH-CGJ", ""])).location
    assert "确认写入" in as_user("admin").get(address).text
    assert "确认写入" not in as_user("clerk").get(address).text
    answer = as_user("clerk").post(f"{address}/apply", data={"fingerprint": ""}, follow_redirects=True)
    assert "一行都没有导入" in answer.text
    assert as_user("supervisor").get(address).status_code == 403


def test_an_upload_that_is_gone_is_said_so(as_user, city):
    answer = as_user("clerk").get(f"/people/roster/{'0' * 64}")
    assert answer.status_code == 404
    assert "请重新上传" in answer.text


def test_the_template_names_the_callers_own_units(as_user, city):
    import openpyxl

    book = openpyxl.load_workbook(BytesIO(as_user("clerk").get("/people/roster/template.xlsx").data))
    assert [row[0] for row in book["单位"].iter_rows(min_row=2, values_only=True)] == ["PJ-CGJ"]


@pytest.mark.parametrize("path", ["/people", "/grants"])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("q=%00&field=%00", 200),
        ("unit=0", 200),
        ("unit=-1", 200),
        ("unit=x", 200),
        (f"unit={2**63}", 404),
        (f"unit={10**40}", 404),
    ],
)
def test_odd_filters_do_no_harm(as_user, city, path, query, status):
    assert as_user("admin").get(f"{path}?{query}").status_code == status


def test_no_role_is_chosen_beforehand_and_none_is_refused(as_user, city):
    admin, address = as_user("admin"), f"/people/{city.people['officer']}/grants/new"
    page = admin.get(address).text
    choices = page[page.index('name="role"') :].split("</select>")[0]
    assert choices.split("</option>")[0].endswith('value="">请选择角色')
    assert "selected" not in choices
    answer = admin.post(address, data={"role": "", "unit_id": str(city.units["PJ"]), "field": ""})
    assert answer.status_code == 422
    assert "请选择角色。" in answer.text


@pytest.fixture
def crowded(monkeypatch):
    """Make the line before the password hash as long as the list says, one entry for each time it is asked."""
    waits = []

    def ask(lane, number):
        before = waits.pop(0) if waits else 0
        return Place(number or 41, before, before / 10, before / 10)

    monkeypatch.setattr("trainer.core.lane.Lane.ask", ask)
    return waits


def test_whoever_comes_in_a_rush_is_told_the_place_and_keeps_it(client, with_password, crowded):
    crowded[:] = [30, 12]
    body = {"username": "officer", "password": PASSWORD}
    first = client.post("/api/v1/session", json=body)
    assert (first.status_code, first.json["code"]) == (429, "in_line")
    assert first.json["params"] == {"place": 30, "seconds": 3, "wait_ms": 3000}
    assert 3 <= int(first.headers["Retry-After"]) <= 4
    kept = client.get_cookie("turn").value
    assert kept.startswith("41.")
    page = client.post("/sign-in", data={"username": "officer", "password": PASSWORD})
    assert page.status_code == 429
    assert "前面还有 12 人" in page.text
    assert client.get_cookie("turn").value == kept
    assert client.post("/sign-in", data={"username": "officer", "password": PASSWORD}).status_code == 302


def test_a_turn_is_good_for_the_username_that_drew_it(client, city, crowded):
    asked = []
    told = client.post("/api/v1/session/turn", json={"username": "Officer "}).json
    assert told == {"place": 0, "seconds": 0, "wait_ms": 0}
    turn = client.get_cookie("turn").value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainer.core.lane.Lane.ask", lambda lane, number: asked.append(number) or Place(9, 5, 1.2, 1.9))
        for username in ("officer", "officer2"):
            client.set_cookie("turn", turn)
            told = client.post("/api/v1/session/turn", json={"username": username}).json
            assert told == {"place": 5, "seconds": 2, "wait_ms": 1200}
        for made_up in ("41", "41.", "x.y", "４１.ab", "41." + "0" * 32):
            client.set_cookie("turn", made_up)
            client.post("/api/v1/session/turn", json={"username": "officer"})
    assert asked == [41, None] + [None] * 5
