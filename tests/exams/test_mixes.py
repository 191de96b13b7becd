"""Sections split by difficulty and by level at once, in builder, form and API."""

import re

from tests.conftest import NINE
from tests.exams.factories import HOUR
from tests.question_bank.samples import make_item
from trainer.bank.importing import import_items

BEFORE = NINE - HOUR


def make_mixed(*labels):
    """Fill the bank with an item of each (difficulty, level)."""
    items = [make_item(id=f"m-{n}", difficulty=hard, level=level) for n, (hard, level) in enumerate(labels)]
    import_items(items, by=None, now=BEFORE, publish=True)


def asked_of_both(**mix):
    section = {"title": "单选题", "kind": "single_choice", "count": "3", "points_each": "1"}
    return {"sections": [section | {f"mix_{value.strip('_')}": many for value, many in mix.items()}]}


def test_the_builder_tells_what_is_missing_of_two_mixes_and_what_mends_it(as_user, city, clock):
    make_mixed((4, "recall"), (4, "recall"), (1, "apply"), (1, "apply"))
    clock(BEFORE)
    organiser = as_user("organiser")
    [told] = organiser.post("/exams/supply", json=asked_of_both(_4="2", apply="1")).json["sections"]
    assert (told["state"], told["text"]) == ("enough", "需要 3 道，题库有 4 道")
    [told] = organiser.post("/exams/supply", json=asked_of_both(_4="2", apply="2")).json["sections"]
    assert told["text"] == "难度 4、应用：两项都符合的有 0 道可用，缺 1 道"
    assert told["mends"] == [
        "难度 4 的题数改为 1",
        "应用 的题数改为 1",
        "不按难度分配，只按认知层次分配",
        "不按认知层次分配，只按难度分配",
        "再编写并发布 1 道符合条件的试题",
    ]
    [told] = organiser.post("/exams/supply", json=asked_of_both(_4="2", apply="3", recall="1")).json["sections"]
    assert told["text"] == "分配的题数合计 4，超过了大题的题数 3。"


def test_the_form_takes_both_mixes_and_tells_each_at_its_inputs(as_user, session, city, clock):
    make_mixed((4, "recall"), (4, "recall"), (1, "apply"), (1, "apply"))
    clock(BEFORE)
    values = {
        "title": "春季考试",
        "unit": "JM",
        "opens_at": "2026-11-23T09:00",
        "closes_at": "2026-11-23T11:00",
        "minutes": "60",
        "sections-0-title": "单选题",
        "sections-0-kind": "single_choice",
        "sections-0-count": "3",
        "sections-0-points_each": "1",
        "sections-0-partial_credit": "all_or_nothing",
        "sections-0-mix_4": "2",
        "sections-0-mix_apply": "1",
        "draw": "one_paper",
        "attempts": "1",
        "release": "manual",
        "units": "PJ-CGJ",
        "then": "draft",
    }
    organiser = as_user("organiser")
    made = organiser.post("/exams/new", data=values)
    assert made.status_code == 302
    page = organiser.get(made.location + "/edit").text
    for name, value in (("mix_4", "2"), ("mix_apply", "1")):
        [box] = re.findall(f'<input[^>]*name="sections-0-{name}"[^>]*>', page)
        assert f'value="{value}"' in box
    assert organiser.post(made.location + "/publish").status_code == 303
    wrong = organiser.post("/exams/new", data=values | {"sections-0-mix_apply": "4"})
    assert wrong.status_code == 422
    assert wrong.text.index("分配的题数合计 4，超过了大题的题数 3。") > wrong.text.index("sections-0-mix_recall")


def test_the_api_takes_both_mixes_and_names_the_pair_that_is_short(as_user, city, clock):
    make_mixed((4, "recall"), (4, "recall"), (1, "apply"), (1, "apply"))
    clock(BEFORE)
    section = {"title": "一", "kind": "single_choice", "count": 3, "points_each": "1"}
    body = {
        "title": "春季考试",
        "opens_at": "2026-11-23T01:00:00Z",
        "closes_at": "2026-11-23T03:00:00Z",
        "minutes": 60,
        "candidates": {"units": ["PJ-CGJ"]},
    }
    post = as_user("organiser").post
    made = post("/api/v1/exams", json=body | {"sections": [section | {"mix": {"4": 2, "apply": 1}}]})
    assert made.status_code == 201
    refused = post("/api/v1/exams", json=body | {"sections": [section | {"mix": {"4": 2, "apply": 2}}]})
    [error] = refused.json["errors"]
    assert (error["field"], error["code"]) == ("sections.0.mix", "section_lacks_difficulty_apply")
    assert error["message"] == "第 1 大题“一”难度 4、应用层次的题还缺 1 道，两项都符合的有 0 道。"
    [lack] = refused.json["params"]["lacks"]
    assert (lack["missing"], lack["exact"]) == (1, True)
    assert {"code": "fewer_4", "count": 1} in lack["mends"]
