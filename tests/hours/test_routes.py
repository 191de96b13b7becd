"""An officer's hours over HTTP: own page and card, another's within scope, the API."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.conftest import NINE
from tests.hours.factories import give_hours, person
from tests.training.factories import make_class
from trainer.certificates.models import Certificate
from trainer.core.database import transaction
from trainer.core.errors import Invalid, Missing
from trainer.hours.ledger import reverse
from trainer.hours.models import Exemption
from trainer.hours.service import end_exemption, exempt, set_requirement


@pytest.fixture(autouse=True)
def nine(clock):
    clock(NINE)


def test_nobody_and_roles_without_hours_of_their_own(client, as_user):
    assert "/sign-in" in client.get("/hours").location
    assert client.get("/api/v1/hours").status_code == 401
    for address in ("/hours", "/hours/card"):
        assert as_user("supervisor").get(address).status_code == 403


def test_an_empty_year_says_what_will_be_there(as_user):
    page = as_user("officer").get("/hours").text
    assert "2026 年还没有学时记录" in page
    assert "还差 60 学时" in page
    assert "还没有证件记录。" in page


def test_the_page_tells_sources_contents_evidence_and_confirmer(as_user, city):
    make_class(city, state="confirmed")
    give_hours(city.people["officer"], "6", on=date(2026, 5, 1))
    page = as_user("officer").get("/hours").text
    assert "证据收集培训班" in page
    assert "签到册 12" in page
    assert "张head" in page
    assert "行政执法技能" in page
    assert '考试 <span class="num">6 学时</span>' in page
    assert '培训班 <span class="num">4 学时</span>' in page
    assert "还差 50 学时；按进度到今天应有 53.8 学时。" in page


def test_what_was_taken_back_stays_visible_and_is_off_the_sum(as_user, city):
    event = give_hours(city.people["officer"], "6", on=date(2026, 5, 1))
    give_hours(city.people["officer"], "2", on=date(2026, 6, 1))
    reverse("exam", event.source_id, by=city.people["head"], reason="成绩作废", now=NINE)
    page = as_user("officer").get("/hours").text
    assert "is-void" in page
    assert "成绩作废" in page
    assert "还差 58 学时" in page


def test_years_are_switched_and_kept_apart(as_user, city):
    give_hours(city.people["officer"], "60", on=date(2025, 12, 31))
    client = as_user("officer")
    assert "2025 年" in client.get("/hours").text
    page = client.get("/hours?year=2025").text
    assert "年度学时已完成。" in page
    assert client.get("/hours?year=x").status_code == 404
    assert client.get("/hours?year=-5").status_code == 404


def test_the_year_turns_at_midnight_of_the_city(as_user, city, clock):
    give_hours(city.people["officer"], "60", on=date(2026, 12, 31))
    clock(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    assert "年度学时已完成。" in as_user("officer").get("/hours").text
    clock(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert "2027 年还没有学时记录" in as_user("officer").get("/hours").text


@pytest.mark.parametrize(
    ("until", "state", "said"),
    [
        (date(2030, 1, 1), "valid", "有效期至2030年1月1日"),
        (date(2026, 12, 3), "valid", "还有 10 天"),
        (date(2026, 11, 22), "valid", "已于2026年11月22日到期"),
        (date(2030, 1, 1), "suspended", "已暂扣"),
    ],
)
def test_the_line_of_the_certificate(as_user, city, until, state, said):
    with transaction() as session:
        row = {"number": "JMD1-1", "valid_from": date(2022, 1, 1), "valid_until": until, "state": state}
        session.add(Certificate(user_id=city.people["officer"], **row))
    client = as_user("officer")
    assert said in client.get("/hours").text
    assert said in client.get("/").text


def test_the_card_holds_the_year_the_sum_and_lines_to_sign(as_user, city):
    make_class(city, state="confirmed")
    page = as_user("officer").get("/hours/card").text
    for text in (
        "业务培训登记卡",
        "张officer",
        "蓬江区城市管理和综合执法局",
        "签到册 12",
        "单位负责人签名",
        "data-print",
    ):
        assert text in page


@pytest.mark.parametrize("username", ["clerk", "head", "supervisor", "county", "line", "auditor"])
def test_who_watches_sees_a_person_in_scope(as_user, city, username):
    give_hours(city.people["officer"], "6")
    client = as_user(username)
    for address in ("/hours/people/{}", "/hours/people/{}/card"):
        assert "张officer" in client.get(address.format(city.people["officer"])).text


@pytest.mark.parametrize(
    ("username", "whom"),
    [("clerk", "officer3"), ("county", "foreign_officer"), ("judicial", "officer"), ("line", "officer3")],
)
def test_a_person_out_of_scope_is_like_none(as_user, city, username, whom):
    client = as_user(username)
    for number in (city.people[whom], 999_999):
        assert client.get(f"/hours/people/{number}").status_code == 404
        assert client.get(f"/hours/people/{number}/card").status_code == 404
        assert client.get(f"/api/v1/hours?user={number}").status_code == 404
    assert client.get(f"/api/v1/hours?user={whom}").status_code == 404


def test_an_officer_reads_nobody_else(as_user, city):
    client = as_user("officer")
    assert client.get(f"/hours/people/{city.people['officer2']}").status_code == 403
    assert client.get(f"/api/v1/hours?user={city.people['officer2']}").status_code == 404


def test_the_ledger_over_the_api(as_user, city):
    event = give_hours(city.people["officer"], "6.5", on=date(2026, 5, 1), confirmed_by=city.people["head"])
    reverse("exam", event.source_id, by=city.people["head"], reason="重复", now=NINE)
    give_hours(city.people["officer"], "2", on=date(2026, 4, 1))
    found = as_user("officer").get("/api/v1/hours").json
    items = found.pop("items")
    assert found == {
        "user": str(city.people["officer"]),
        "year": 2026,
        "required": "60.00",
        "hours": "2.00",
        "status": "at_risk",
        "next": None,
    }
    assert [one["hours"] for one in items] == ["-6.50", "6.50", "2.00"]
    assert items[0]["reverses"] == items[1]["id"]
    assert items[0]["note"] == "重复"
    assert items[1]["entered_at"] == "2026-11-23T01:00:00.000Z"
    assert items[1]["confirmed_by"] == str(city.people["head"])
    watched = as_user("county")
    for whom in (city.people["officer"], "officer"):
        assert watched.get(f"/api/v1/hours?user={whom}&year=2026").json["hours"] == "2.00"


def test_pages_of_the_ledger_follow_on(as_user, city):
    for day in range(1, 6):
        give_hours(city.people["officer"], day, on=date(2026, 5, day))
    client, seen, address = as_user("officer"), [], "/api/v1/hours?limit=2"
    while address:
        found = client.get(address).json
        seen += [one["hours"] for one in found["items"]]
        assert found["hours"] == "15.00"
        address = found["next"]
    assert seen == ["5.00", "4.00", "3.00", "2.00", "1.00"]


@pytest.mark.parametrize("query", ["year=x", "year=99999", "user=", "limit=0", "what=1"])
def test_odd_arguments_are_422(as_user, query):
    assert as_user("officer").get(f"/api/v1/hours?{query}").status_code == 422


def test_a_number_beyond_all_ids_is_nobody(as_user):
    assert as_user("county").get(f"/api/v1/hours?user={'9' * 30}").status_code == 404


def test_the_home_page_shows_the_bar(as_user, city):
    give_hours(city.people["officer"], "36.5")
    page = as_user("officer").get("/").text
    assert "2026 年学时" in page
    assert "还差 23.5 学时" in page


def test_the_page_takes_the_same_statements_however_many_entries(as_user, city, count_queries):
    client = as_user("officer")

    def statements():
        with count_queries() as seen:
            assert client.get("/hours").status_code == 200
        return len(seen)

    make_class(city, state="confirmed")
    before = statements()
    for number in range(5):
        make_class(city, state="confirmed", held_on=date(2026, 11, 2 + number))
    assert statements() == before


def test_exemptions_are_decided_in_scope_and_with_a_reason(city):
    head, county = person(city, "head"), person(city, "county")
    exempt(city.people["officer"], 2026, "产假", by=head, now=NINE)
    exempt(city.people["officer"], 2026, "长期病假", by=head, now=NINE)
    with transaction() as session:
        assert session.get(Exemption, (city.people["officer"], 2026)).reason == "长期病假"
    with pytest.raises(Missing):
        exempt(city.people["officer3"], 2026, "产假", by=head, now=NINE)
    with pytest.raises(Missing):
        exempt(city.people["officer"], 2026, "产假", by=county, now=NINE)
    with pytest.raises(Invalid):
        exempt(city.people["officer"], 2026, " ", by=head, now=NINE)
    end_exemption(city.people["officer"], 2026, by=head)
    with pytest.raises(Missing):
        end_exemption(city.people["officer"], 2026, by=head)


def test_a_requirement_is_set_for_a_year(city, as_user):
    admin = person(city, "admin")
    set_requirement(2026, Decimal(40), by=admin, now=NINE)
    set_requirement(2026, Decimal("44.5"), by=admin, now=NINE)
    assert as_user("officer").get("/api/v1/hours").json["required"] == "44.50"
    with pytest.raises(Invalid):
        set_requirement(2026, Decimal(401), by=admin, now=NINE)
