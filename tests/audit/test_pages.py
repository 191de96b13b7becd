"""The audit record over HTTP: scope, filters, paging."""

import pytest
from sqlalchemy import insert

from tests.conftest import NINE
from trainer.accounts.models import Grant
from trainer.audit.models import Entry
from trainer.audit.service import record
from trainer.core.database import transaction


@pytest.fixture
def acts(city):
    """Four acts: in the county, in another county, of the site itself, and one more in the county."""
    record(
        "class.confirmed", by=city.people["head"], target="class:7", unit_id=city.units["PJ-CGJ"], detail={"people": 3}
    )
    record("class.rejected", by=city.people["foreign_county"], target="class:70", unit_id=city.units["XH-CGJ"])
    record("session.opened", by=city.people["officer"], target="user:1")
    record("hours.exported", by=city.people["county"], target="unit:4", unit_id=city.units["PJ"])
    return city


@pytest.fixture
def county_auditor(acts, as_user):
    """An auditor of one county alone."""
    with transaction() as session:
        given = {"role": "auditor", "unit_id": acts.units["PJ"], "granted_at": NINE}
        session.add(Grant(user_id=acts.people["judicial"], **given))
    return as_user("judicial")


def _targets(answer):
    return [one["target"] for one in answer.json["items"]]


def test_nobody_and_the_wrong_role(client, as_user):
    assert "/sign-in" in client.get("/audit").location
    assert client.get("/api/v1/audit").status_code == 401
    for username in ("officer", "supervisor", "admin", "head"):
        assert as_user(username).get("/audit").status_code == 403
        assert as_user(username).get("/api/v1/audit").status_code == 403


def test_the_auditor_of_the_city_sees_everything_the_newest_first(as_user, acts):
    client = as_user("auditor")
    assert _targets(client.get("/api/v1/audit")) == ["unit:4", "user:1", "class:70", "class:7"]
    page = client.get("/audit").text
    assert "class.confirmed" in page
    assert "张head" in page


def test_the_auditor_of_a_county_sees_its_units_alone(county_auditor):
    assert _targets(county_auditor.get("/api/v1/audit")) == ["unit:4", "class:7"]
    page = county_auditor.get("/audit").text
    assert "class:70" not in page
    assert "user:1<" not in page


@pytest.mark.parametrize(
    ("query", "targets"),
    [
        ("action=class", ["class:70", "class:7"]),
        ("action=class.rejected", ["class:70"]),
        ("action=cla", []),
        ("target=class:7", ["class:7"]),
        ("target=class", ["class:70", "class:7"]),
        ("target=%25", []),
        ("day=2001-01-01", []),
    ],
)
def test_filters_of_api_and_page_find_the_same(as_user, acts, query, targets):
    client = as_user("auditor")
    assert _targets(client.get(f"/api/v1/audit?{query}")) == targets
    page = client.get(f"/audit?{query}").text
    if targets:
        assert f"共 {len(targets)} 条" in page
    else:
        told = "没有“cla”这种操作" if query == "action=cla" else "没有符合条件的记录"
        assert told in page


def test_the_actor_is_found_by_id_and_on_the_page_by_name(as_user, acts):
    client = as_user("auditor")
    assert _targets(client.get(f"/api/v1/audit?actor={acts.people['head']}")) == ["class:7"]
    assert "共 1 条" in client.get("/audit?actor=head").text
    assert "没有符合条件的记录" in client.get("/audit?actor=nobody").text


def test_a_day_is_the_citys_day(as_user, acts):
    from datetime import UTC, datetime

    rows = [(datetime(2026, 1, 1, 15, 59, 59, tzinfo=UTC), "x:1"), (datetime(2026, 1, 1, 16, tzinfo=UTC), "x:2")]
    with transaction() as session:
        session.execute(
            insert(Entry), [{"at": at, "action": "x.done", "target": target, "detail": {}} for at, target in rows]
        )
    client = as_user("auditor")
    assert _targets(client.get("/api/v1/audit?action=x&day=2026-01-01")) == ["x:1"]
    assert _targets(client.get("/api/v1/audit?action=x&day=2026-01-02")) == ["x:2"]


def test_pages_of_the_api_follow_on_without_gap(as_user, acts):
    client = as_user("auditor")
    seen, address = [], "/api/v1/audit?limit=3"
    while address:
        answer = client.get(address)
        seen += _targets(answer)
        address = answer.json["next"]
    assert seen == ["unit:4", "user:1", "class:70", "class:7"]


@pytest.mark.parametrize(
    "query", ["after=x", "actor=x", "day=yesterday", "limit=0", "limit=201", "after=99999999999999999999"]
)
def test_odd_arguments_are_422_in_the_api_and_harmless_on_the_page(as_user, acts, query):
    assert as_user("auditor").get(f"/api/v1/audit?{query}").status_code == 422
    assert as_user("auditor").get(f"/audit?{query}").status_code == 200


def test_the_page_takes_the_same_statements_however_many_entries(as_user, acts, count_queries):
    client = as_user("auditor")

    def statements():
        with count_queries() as seen:
            assert client.get("/audit").status_code == 200
        return len(seen)

    before = statements()
    for number in range(40):
        record("test.done", by=acts.people["officer"], target=f"y:{number}", unit_id=acts.units["PJ"])
    assert statements() == before


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "yesterday"])
def test_no_day_is_too_far_away_to_ask_for(as_user, acts, day):
    assert as_user("auditor").get("/audit", query_string={"day": day}).status_code == 200
    assert as_user("auditor").get("/api/v1/audit", query_string={"day": day}).status_code in (200, 422)
