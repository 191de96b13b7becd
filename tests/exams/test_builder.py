"""The builder's page: what it complains of, and what it tells while one types."""

import re
from datetime import date

import pytest
from sqlalchemy import func, select, update

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, person
from tests.exams.test_routes import typed
from tests.papers.factories import fill_bank, section
from tests.question_bank.samples import make_item
from trainer.audit.models import Entry
from trainer.bank.importing import import_items
from trainer.bank.models import ItemRecord
from trainer.core.database import transaction
from trainer.exams.models import Exam
from trainer.exams.service import publish_exam
from trainer.papers.outlook import NotEnoughItems

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
    with pytest.raises(NotEnoughItems) as refusal:
        publish_exam(exam_id, by=person(city, who), now=BEFORE)
    assert ("other_pool" in [one["code"] for one in refusal.value.params["lacks"][0]["mends"]]) is offered


@pytest.mark.parametrize("body", [None, [], {"sections": 1}, {"sections": [{}] * 21}])
def test_what_is_no_list_of_sections_is_refused(as_user, body):
    assert as_user("organiser").post("/exams/supply", json=body).status_code == 422


@pytest.mark.parametrize("row", [None, 7, {"count": 3, "topics": "x", "difficulty": ["9"]}, {"points_each": "NaN"}])
def test_a_half_typed_section_is_simply_not_known_yet(as_user, row):
    told = as_user("organiser").post("/exams/supply", json={"sections": [row]}).json
    assert told["sections"][0]["state"] == "unknown"


def look_up(client, words, kind="single_choice", closes_at="2026-11-23T11:00", **more):
    return client.post("/exams/items", json={"words": words, "kind": kind, "closes_at": closes_at} | more).json


def test_items_are_looked_up_by_stem_and_code_without_their_keys(as_user, bank, clock):
    clock(BEFORE)
    marked = make_item(id="z-1", stem="听证程序由谁提出？", difficulty=4, explanation="本题考查听证的申请人。")
    import_items([marked], by=None, now=BEFORE, publish=True)
    examiner = as_user("examiner")
    told = look_up(examiner, "听证 由谁")
    assert told["text"] == "找到 1 道"
    [one] = told["items"]
    assert set(one) == {"code", "stem", "facts"}
    assert (one["code"], one["stem"]) == ("z-1", "听证程序由谁提出？")
    assert one["facts"].startswith("难度 4 · ")
    assert [one["code"] for one in look_up(examiner, "Z-1")["items"]] == ["z-1"]
    assert look_up(examiner, "申请人")["items"] == []
    assert look_up(examiner, "听证", "true_false")["items"] == []
    assert "没有找到" in look_up(examiner, "听证", "true_false")["text"]


def test_a_long_stem_is_cut_and_many_hits_are_counted(as_user, clock):
    clock(BEFORE)
    items = [make_item(id=f"z-{n:02}", stem=f"第 {n} 题：" + "很长的题干" * 20) for n in range(21)]
    import_items(items, by=None, now=BEFORE, publish=True)
    told = look_up(as_user("examiner"), "很长")
    assert [one["code"] for one in told["items"]] == [f"z-{n:02}" for n in range(20)]
    assert told["text"] == "找到 21 道，只列出前 20 道，可以再加一个词。"
    assert len(told["items"][0]["stem"]) == 61
    assert look_up(as_user("examiner"), "z-20")["text"] == "找到 1 道"


@pytest.mark.parametrize(("day", "found"), [("2026-11-23T11:00", 1), ("2026-11-30T11:00", 0), ("later", 1)])
def test_only_what_may_be_drawn_until_the_exam_closes_is_found(as_user, session, bank, clock, day, found):
    clock(BEFORE)
    with transaction() as inner:
        inner.execute(update(ItemRecord).where(ItemRecord.code == "s-1").values(quarantine_on=date(2026, 11, 30)))
        inner.execute(update(ItemRecord).where(ItemRecord.code == "s-2").values(state="retired"))
    assert len(look_up(as_user("examiner"), "s-1", closes_at=day)["items"]) == found
    assert look_up(as_user("examiner"), "s-2", closes_at=day)["items"] == []


def test_reserved_items_are_found_by_who_may_draw_them_and_that_is_put_down(as_user, session, clock):
    clock(BEFORE)
    import_items([make_item(id="kept-1", pool="reserved")], by=None, now=BEFORE, publish=True)
    assert look_up(as_user("examiner"), "kept-1")["items"] == []
    [one] = look_up(as_user("organiser"), "kept-1")["items"]
    assert one["facts"].endswith("保留题库")
    look_up(as_user("organiser"), "kept-1")
    listed = select(Entry.target, func.count()).where(Entry.action == "item.reserved_listed").group_by(Entry.target)
    assert [tuple(row) for row in session.execute(listed)] == [("item:kept-1", 1)]


def test_looking_up_is_for_who_makes_exams_and_costs_few_statements(as_user, client, bank, count_queries):
    asked = {"words": "s-", "kind": "single_choice"}
    assert client.post("/exams/items", json=asked).status_code in (302, 401, 403)
    for who in ("officer", "supervisor", "author"):
        assert as_user(who).post("/exams/items", json=asked).status_code == 403
    examiner = as_user("examiner")
    look_up(examiner, "s-")
    with count_queries() as seen:
        look_up(examiner, "s-")
    assert len(seen) <= 7


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        {},
        {"words": "s-"},
        {"words": " ", "kind": "single_choice"},
        {"words": "s\x00", "kind": "single_choice"},
        {"words": "s-", "kind": "nothing"},
        {"words": ["s-"], "kind": ["single_choice"]},
    ],
)
def test_what_cannot_be_looked_for_finds_nothing(as_user, bank, asked):
    assert as_user("examiner").post("/exams/items", json=asked).json == {"items": [], "text": ""}
