"""The builder's page: what it complains of, and what it tells while one types."""

import re

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam
from tests.exams.test_routes import typed
from tests.papers.factories import fill_bank, section
from tests.question_bank.samples import make_item
from trainer.bank.importing import import_items
from trainer.exams.models import Exam

BEFORE, AFTER = NINE - HOUR, NINE + 3 * HOUR


@pytest.fixture
def bank(app):
    fill_bank(single_choice=6, true_false=3)


def complaints(answer):
    """Return what the page complains of, by the id of the field."""
    found = re.findall(r'<p class="field-error" id="([\w-]+)-error">.*?<span>(.*?)</span>', answer.text, re.S)
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"title": "长" * 121, "closes_at": "2026-11-23T08:00", "pass_mark": "9"}, "title closes_at pass_mark"),
        ({"minutes": "x", "attempts": "0", "usernames": "ghost"}, "minutes attempts usernames"),
        ({"opens_at": "x", "pass_mark": "9"}, "opens_at pass_mark"),
        ({"closes_at": "", "credit_hours": "99"}, "closes_at credit_hours"),
        ({"minutes": "", "sections-0-item_ids": "s\x00"}, "minutes sections-0-item_ids"),
        # Where a number of items cannot be read, nothing is measured against it.
        ({"sections-0-count": "", "sections-0-mix_1": "9", "pass_mark": "9"}, "sections-0-count"),
        ({"sections-0-title": "", "sections-7-points_each": "0"}, "sections-0-title sections-7-points_each"),
        ({"sections-7-mix_1": "x", "sections-7-mix_2": "9", "minutes": "0"}, "sections-7-mix_1 minutes"),
    ],
)
def test_all_that_is_wrong_is_told_at_once_and_once(as_user, session, clock, bank, change, places):
    clock(BEFORE)
    answer = as_user("organiser").post("/exams/new", data=typed(**change))
    assert answer.status_code == 422
    assert set(complaints(answer)) == {place.replace("sections-7", "sections-1") for place in places.split()}
    assert session.scalar(select(func.count()).select_from(Exam)) == 0


def test_a_draft_that_is_changed_is_told_all_at_once_too(as_user, clock, bank):
    clock(BEFORE)
    organiser = as_user("organiser")
    where = organiser.post("/exams/new", data=typed(then="draft")).location
    clock(AFTER)
    answer = organiser.post(f"{where}/edit", data=typed(title="", pass_mark="9"))
    assert set(complaints(answer)) == {"title", "pass_mark", "closes_at"}
    assert "还没有保存" in answer.text


def test_a_wrong_number_of_items_is_told_by_itself(as_user, clock, bank):
    clock(BEFORE)
    change = {
        "sections-0-count": "-5",
        "sections-0-mix_1": "2",
        "sections-0-mix_apply": "1",
        "sections-0-item_ids": "s-1",
    }
    answer = as_user("organiser").post("/exams/new", data=typed(**change))
    assert complaints(answer) == {"sections-0-count": "应在 1 到 300 之间。"}
    [told] = as_user("organiser").post("/exams/supply", json=asked_with(count="-5", mix_1="2")).json["sections"]
    assert (told["state"], told["text"]) == ("wrong", "应在 1 到 300 之间。")


def asked_with(**changes):
    return {"sections": [{"title": "一", "kind": "single_choice", "count": "3", "points_each": "1"} | changes]}


@pytest.mark.parametrize(
    ("most", "status"), [("", 302), ("1", 302), ("1000", 302), ("0", 422), ("-1", 422), ("1001", 422)]
)
def test_a_cap_on_exposure_is_at_least_one_and_empty_for_none(as_user, clock, bank, most, status):
    clock(BEFORE)
    answer = as_user("organiser").post("/exams/new", data=typed(then="draft", exposure_most=most))
    assert answer.status_code == status
    if status == 422:
        assert complaints(answer) == {"exposure_most": "应在 1 到 1000 之间；不设上限请留空。"}


def test_the_builder_says_which_end_of_the_difficulties_is_hard(as_user, bank):
    page = as_user("organiser").get("/exams/new").text
    assert page.count("1 最易，5 最难") == 2 * page.count("data-section-number>")


def test_the_builder_says_what_the_bank_has(as_user, bank):
    row = {"title": "", "kind": "single_choice", "count": "4", "points_each": "1.5", "wing": "", "topics": []}
    asked = [row, row | {"count": "3"}, row | {"count": "many"}, row | {"kind": "true_false", "count": "9"}]
    told = as_user("organiser").post("/exams/supply", json={"sections": asked}).json
    assert [one["state"] for one in told["sections"]] == ["enough", "short", "unknown", "short"]
    assert "需要 4 道，题库有 6 道" in told["sections"][0]["text"]
    assert "还缺 1 道" in told["sections"][1]["text"]
    assert "题库只有 3 道，缺 6 道" in told["sections"][3]["text"]
    assert told["totals"] == "共 16 题，满分 24 分"
    [large] = as_user("organiser").post("/exams/supply", json={"sections": [row | {"count": "400"}]}).json["sections"]
    assert large == {"state": "wrong", "text": "应在 1 到 300 之间。", "mends": []}
    whole = as_user("organiser").post("/exams/supply", json={"sections": [row | {"count": "160"}] * 2}).json
    assert whole["totals"] == "全卷共 320 道题，最多 300 道。"


@pytest.mark.parametrize(("who", "offered"), [("organiser", True), ("examiner", False)])
def test_only_who_may_draw_reserved_items_is_sent_to_them(as_user, city, clock, who, offered):
    fill_bank(single_choice=1)
    import_items([make_item(id=f"r-{n}", pool="reserved") for n in range(3)], by=None, now=BEFORE, publish=True)
    clock(BEFORE)
    row = {"title": "一", "kind": "single_choice", "count": "3", "points_each": "1"}
    [told] = as_user(who).post("/exams/supply", json={"sections": [row]}).json["sections"]
    assert ("换用另一个题库范围" in told["mends"]) is offered
    exam_id = make_exam(city, publish=False, items=0, sections=(section(count=3),))
    assert ("换用另一个题库范围" in as_user(who).get(f"/exams/{exam_id}").text) is offered
    draft = as_user(who).get(f"/api/v1/exams/{exam_id}").json["not_enough_items"]
    assert ("other_pool" in [one["code"] for one in draft[0]["mends"]]) is offered


@pytest.mark.parametrize("body", [None, [], {"sections": 1}, {"sections": [{}] * 21}])
def test_what_is_no_list_of_sections_is_refused(as_user, body):
    assert as_user("organiser").post("/exams/supply", json=body).status_code == 422


@pytest.mark.parametrize("row", [None, 7, {"count": 3, "topics": "x", "difficulty": ["9"]}, {"points_each": "NaN"}])
def test_a_half_typed_section_is_simply_not_known_yet(as_user, row):
    told = as_user("organiser").post("/exams/supply", json={"sections": [row]}).json
    assert told["sections"][0]["state"] == "unknown"
