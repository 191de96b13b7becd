"""GET /compliance."""

from datetime import date

import pytest

from tests.conftest import NINE
from tests.hours.factories import give_hours


@pytest.fixture(autouse=True)
def nine(clock):
    clock(NINE)


def test_the_answer_is_that_of_the_contract(as_user, city):
    give_hours(city.people["officer"], "60", on=date(2026, 3, 5))
    give_hours(city.people["officer3"], "36.5", on=date(2026, 3, 5))
    found = as_user("county").get("/api/v1/compliance").json
    children = found.pop("children")
    assert found == {
        "unit": "PJ",
        "year": 2026,
        "required": "60.00",
        "due": 4,
        "met": 1,
        "behind": 3,
        "exempt": 0,
        "hours_total": "96.50",
        "forecast_met": 1,
    }
    by_code = {child["unit"]: child for child in children}
    assert set(by_code) == {"PJ-CGJ", "PJ-SCJ", "PJ-BS"}
    assert by_code["PJ-SCJ"]["hours_total"] == "36.50"
    assert [child["unit"] for child in by_code["PJ-BS"]["children"]] == ["PJ-BS-ZF"]
    assert sum(child["due"] for child in children) == 4


@pytest.mark.parametrize("code", ["XH", "JM", "NOWHERE"])
def test_outside_the_scope_is_404(as_user, city, code):
    answer = as_user("county").get(f"/api/v1/compliance?unit={code}")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_nobody_and_the_wrong_role(client, as_user):
    assert client.get("/api/v1/compliance").status_code == 401
    assert as_user("officer").get("/api/v1/compliance").status_code == 403


@pytest.mark.parametrize("query", ["year=1999", "year=x", "unit=", "what=1", "unit=" + "x" * 41])
def test_odd_arguments_are_422(as_user, query):
    assert as_user("county").get(f"/api/v1/compliance?{query}").status_code == 422


def test_the_year_is_the_citys(as_user, city, clock):
    from datetime import UTC, datetime

    for moment, year in (
        (datetime(2026, 12, 31, 15, 59, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), 2027),
    ):
        clock(moment)
        assert as_user("county").get("/api/v1/compliance").json["year"] == year
