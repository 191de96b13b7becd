"""The supervisor's desk, the lists behind it and the workbook."""

import io
import re
from datetime import date

import openpyxl
import pytest
from sqlalchemy import select, update

from tests.conftest import NINE
from tests.hours.factories import give_hours
from trainer.accounts.models import User
from trainer.audit.models import Entry
from trainer.core.database import db, transaction
from trainer.hours.models import Exemption

PAGES = ("/reports/hours", "/reports/hours/people")


@pytest.fixture(autouse=True)
def nine(clock):
    clock(NINE)


@pytest.fixture
def year(city):
    for username, hours in (("officer", "60"), ("officer2", "54"), ("officer3", "50"), ("officer4", "36.5")):
        give_hours(city.people[username], hours, on=date(2026, 3, 5))
    return city


@pytest.mark.parametrize("address", [*PAGES, "/reports/hours.xlsx"])
def test_nobody_and_the_wrong_roles_stay_outside(client, as_user, address):
    assert "/sign-in" in client.get(address).location
    for username in ("officer", "author", "admin", "scorer"):
        assert as_user(username).get(address).status_code == 403


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("username", ["clerk", "head", "supervisor", "county", "line", "judicial", "auditor"])
def test_each_watching_role_sees_its_own_place(as_user, year, username, address):
    answer = as_user(username).get(address)
    assert answer.status_code == 200
    assert ("新会区" in answer.text) == (username in ("supervisor", "line", "auditor"))


@pytest.mark.parametrize("address", [*PAGES, "/reports/hours.xlsx"])
def test_a_foreign_unit_is_like_none(as_user, year, address):
    county = as_user("county")
    for code in ("XH", "JM", "NOWHERE", "%", "PJ\x00"):
        assert county.get(address, query_string={"unit": code}).status_code == 404


def test_the_four_figures_add_up_and_lead_to_their_people(as_user, year):
    client = as_user("county")
    page = client.get("/reports/hours").text
    values = [int(found) for found in re.findall(r'figure-value num">(\d+)<', page)]
    assert values == [4, 1, 1, 2]
    links = [one.replace("&amp;", "&") for one in re.findall(r'class="figure[^"]*" href="([^"]+)"', page)]
    assert len(links) == 4
    for value, link in zip(values, links, strict=True):
        assert f"共 {value} 条" in client.get(link).text


def test_the_figures_beside_the_four_lead_to_their_people_too(as_user, year):
    with transaction() as session:
        row = {"year": 2026, "reason": "产假", "decided_at": NINE}
        session.add(Exemption(user_id=year.people["officer3"], **row))
    client = as_user("county")
    page = client.get("/reports/hours").text
    for status, said in (("at_risk", "有风险 1 人"), ("exempt", "免修 1 人"), ("forecast_met", "年末有 1 人达标")):
        link = re.search(rf'href="([^"]+status={status})">([^<]+)<', page)
        assert said in link.group(2)
        assert "共 1 条" in client.get(link.group(1).replace("&amp;", "&")).text


def test_the_filter_says_what_the_figure_says(as_user, year):
    page = as_user("county").get("/reports/hours/people").text
    assert '<option value="below">落后进度</option>' in page
    assert '<option value="behind">落后进度，不含有风险</option>' in page
    over = as_user("county").get("/reports/hours/people?year=2025").text
    assert '<option value="below">未达标</option>' in over
    assert 'value="behind"' not in over


def test_every_number_of_tree_and_heat_leads_to_as_many_people(as_user, year):
    client = as_user("supervisor")
    page = client.get("/reports/hours").text
    cells = re.findall(r'<td class="num"><a href="([^"]+)">(\d+)</a>', page)
    assert len(cells) > 8
    for link, count in cells:
        assert f"共 {count} 条" in client.get(link.replace("&amp;", "&")).text
    heat = re.findall(r'<td class="heat-\d"><a href="([^"]+)" aria-label="[^"]*，(\d+) 人中', page)
    assert heat
    for link, count in heat:
        assert f"共 {count} 条" in client.get(link.replace("&amp;", "&")).text


def test_the_list_gives_a_reason_for_each(as_user, year):
    page = as_user("county").get("/reports/hours/people?status=below").text
    assert "缺 23.5 学时，按进度应有 53.8，低于 2026年9月30日 预警线 45" in page
    assert "缺 10 学时，按进度应有 53.8<" in page
    assert "已有 54 学时，按进度应有 53.8" in as_user("county").get("/reports/hours/people?status=on_pace").text


def test_a_year_that_is_over_says_so(as_user, year):
    give_hours(year.people["officer"], "20", on=date(2025, 5, 1))
    page = as_user("county").get("/reports/hours?year=2025").text
    assert "2025 年度已结束" in page
    assert "缺 40 学时，年度已结束" in page


@pytest.mark.parametrize(
    "arguments",
    [
        "year=&sort=&status=&field=&part=&q=",
        "desc=9",
        "page=0&per_page=7",
        "part=own",
        "q=%00",
        "year=2027",
    ],
)
def test_odd_arguments_do_no_harm(as_user, year, arguments):
    for address in PAGES:
        assert as_user("supervisor").get(f"{address}?{arguments}").status_code == 200


@pytest.mark.parametrize("arguments", ["year=x", "year=1800", "year=1999", "year=2028", "year=99999", "year=٢٠٢٦"])
@pytest.mark.parametrize("address", [*PAGES, "/reports/hours.xlsx"])
def test_a_year_that_there_is_not_is_not_found(as_user, year, address, arguments):
    assert as_user("supervisor").get(f"{address}?{arguments}").status_code == 404


@pytest.mark.parametrize("arguments", ["status=xx", "status=%00", "field=x", "part=x"])
def test_an_unknown_filter_is_not_found_instead_of_left_out(as_user, year, arguments):
    for address in ("/reports/hours/people", "/reports/hours.xlsx"):
        assert as_user("supervisor").get(f"{address}?{arguments}").status_code == 404
    assert as_user("supervisor").get("/reports/hours?sort=x").status_code == 404


def test_sorting_orders_the_units(as_user, year):
    page = as_user("county").get("/reports/hours?sort=below&desc=1").text
    tree = page[page.index("data-tree") :]
    assert tree.index("白沙街道") < tree.index("蓬江区城市管理和综合执法局")


def test_the_workbook_equals_the_page_and_is_recorded(as_user, year):
    with transaction() as session:
        session.execute(update(User).where(User.username == "officer").values(name="=cmd|' /C calc'!A0"))
    client = as_user("supervisor")
    answer = client.get("/reports/hours.xlsx")
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    units, people = book.worksheets
    totals = [cell.value for cell in units[units.max_row]]
    page = client.get("/reports/hours").text
    due, met, on_pace, below = (int(found) for found in re.findall(r'figure-value num">(\d+)<', page))
    assert totals[:5] == ["合计", due, met, on_pace, below]
    assert totals[8] == 200.5
    rows = list(people.iter_rows(min_row=3, max_row=people.max_row - 1, values_only=True))
    assert len(rows) == due
    assert "'=cmd|' /C calc'!A0" in [row[0] for row in rows]
    assert people.cell(people.max_row, 5).value == totals[8]
    db.session.rollback()
    entry = db.session.scalar(select(Entry).where(Entry.action == "hours.exported"))
    assert (entry.detail, entry.unit_id) == ({"year": 2026, "people": due}, year.units["JM"])


def test_an_exempt_person_lacks_nothing_and_is_in_no_mean(as_user, year):
    with transaction() as session:
        row = {"year": 2026, "reason": "产假", "decided_at": NINE}
        session.add(Exemption(user_id=year.people["officer4"], **row))
    units, people = openpyxl.load_workbook(io.BytesIO(as_user("county").get("/reports/hours.xlsx").data)).worksheets
    totals = [cell.value for cell in units[units.max_row]]
    # 60 + 54 + 50 hours of three people; the sum alone holds the 36.5 of the exempt one.
    assert (totals[8], totals[9]) == (200.5, 54.67)
    missing = {row[1]: row[5] for row in people.iter_rows(min_row=3, values_only=True)}
    assert (missing["officer4"], missing["officer3"]) == (None, 10)
    page = as_user("county").get("/reports/hours").text
    assert '<td class="num">54.7</td>' in page[page.index("data-tree") :]


def test_the_workbook_of_a_list_holds_that_list(as_user, year):
    answer = as_user("supervisor").get("/reports/hours.xlsx?status=below")
    people = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[1]
    assert people.max_row == 3 + 3


def test_reading_roles_do_not_export(as_user, year):
    for username in ("judicial", "auditor"):
        client = as_user(username)
        assert client.get("/reports/hours.xlsx").status_code == 403
        assert "hours.xlsx" not in client.get("/reports/hours").text


def test_the_right_to_export_elsewhere_does_not_reach_here(as_user, year):
    from trainer.accounts.models import Grant

    with transaction() as session:
        given = {"user_id": year.people["judicial"], "unit_id": year.units["JM"], "granted_at": NINE}
        session.add(Grant(role="exam_officer", **given))
    assert as_user("judicial").get("/reports/hours.xlsx?unit=PJ-BS").status_code == 404


def test_an_empty_place_says_what_will_be_here(as_user, city):
    with transaction() as session:
        session.execute(update(User).where(User.category == "officer").values(state="left"))
    assert "这里还没有执法人员" in as_user("county").get("/reports/hours").text
    assert "没有符合条件的人员" in as_user("county").get("/reports/hours/people").text


def test_the_home_card_shows_the_figures_to_those_who_watch(as_user, year):
    assert "年学时达标" in as_user("county").get("/").text
    assert "年学时达标" not in as_user("officer").get("/").text
