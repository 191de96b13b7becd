"""The schema of an item: what goes in comes out, and what is wrong is named with its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank import InvalidItem, Item
from question_bank.fields import COMMON_FIELDS
from question_bank.kinds import KINDS
from tests.question_bank.samples import BASIS, DATA, RICH, make_data, make_item, make_rich_data, make_rich_item


def problems_of(data):
    with pytest.raises(InvalidItem) as caught:
        Item.from_dict(data)
    return {(problem.place, problem.code) for problem in caught.value.problems}


def test_there_is_a_sample_of_every_kind():
    assert set(DATA) == set(KINDS)


@pytest.mark.parametrize("kind", DATA)
def test_an_item_goes_to_json_and_back_unchanged(kind):
    data = make_data(kind)
    item = Item.from_dict(json.loads(json.dumps(data)))
    assert item.to_dict() == data
    assert Item.from_dict(item.to_dict()) == item


def test_a_setting_of_the_kind_survives_the_round_trip():
    item = make_item("fill_blank", any_order=True)
    assert item.settings == {"any_order": True}
    assert Item.from_dict(item.to_dict()) == item


@pytest.mark.parametrize("kind", DATA)
def test_a_rich_item_goes_to_json_and_back_unchanged(kind):
    data = make_rich_data(kind)
    item = Item.from_dict(json.loads(json.dumps(data)))
    assert item.to_dict() == data
    assert [name for name in item.to_dict() if name in COMMON_FIELDS] == [
        name for name in COMMON_FIELDS if name in data
    ]
    assert Item.from_dict(item.to_dict()) == item
    assert hash(item) == hash(make_rich_item(kind))


DEFAULTS = {
    "pool": "open",
    "variant_group": None,
    "enemies": [],
    "tags": [],
    "source": "",
    "format": "plain",
    "media": [],
}


@pytest.mark.parametrize("kind", DATA)
def test_an_optional_field_with_its_default_is_as_if_it_were_not_there(kind):
    item = make_item(kind, **DEFAULTS)
    assert item == make_item(kind)
    assert item.to_dict() == make_data(kind)
    assert item.content_hash() == make_item(kind).content_hash()
    assert not set(DEFAULTS) & set(item.to_dict())


def test_objects_in_settings_and_keys_have_one_form():
    document = [
        dict(reversed(segment.items())) | {"key": segment.get("key")} for segment in DATA["error_finding"]["document"]
    ]
    document[1]["note"] = ""
    item = make_item("error_finding", document=document)
    assert json.dumps(item.to_dict()) == json.dumps(make_item("error_finding").to_dict())
    turned = make_item("matching", key=dict(reversed(DATA["matching"]["key"].items())))
    assert json.dumps(turned.to_dict()) == json.dumps(make_item("matching").to_dict())
    parts = [dict(reversed(part.items())) for part in DATA["case_study"]["parts"]]
    parts[0]["basis"] = [{"law": BASIS["law"], "version": BASIS["version"], "article": "36", "paragraph": 1}]
    turned = make_item("case_study", parts=parts)
    assert json.dumps(turned.to_dict()) == json.dumps(make_item("case_study").to_dict())


def test_enemies_are_kept_sorted():
    assert make_item(enemies=["b-2", "a-1"]).enemies == ("a-1", "b-2")


def test_what_an_item_rests_on_takes_in_the_parts_of_a_case():
    case = make_item("case_study", basis=[])
    assert [basis.paragraph for basis in case.citations()] == [1, 2]
    assert make_item(basis=[BASIS, BASIS]).citations() == make_item().basis


def test_a_texts_place_leads_to_it_and_tells_whether_it_is_secret():
    places = {passage.place: passage.secret for passage in make_item("case_study").passages()}
    assert places == {
        "stem": False,
        "documents[0].title": False,
        "documents[0].text": False,
        "parts[0].stem": False,
        "parts[0].explanation": True,
        "parts[1].stem": False,
        **{f"parts[1].options[{n}].{name}": name == "note" for n in range(4) for name in ("text", "note")},
        "parts[1].explanation": True,
        "parts[2].stem": False,
        "parts[2].rubric[0].point": True,
        "parts[2].sample": True,
        "explanation": True,
    }


@pytest.mark.parametrize("data", [None, [], "item", 3, True])
def test_what_is_no_object_is_no_item(data):
    assert problems_of(data) == {("", "not_an_object")}


@pytest.mark.parametrize(
    "field",
    ["id", "kind", "wing", "topic", "fields", "difficulty", "level", "stem", "key", "explanation", "basis"],
)
def test_a_missing_field_is_named(field):
    assert (field, "missing") in problems_of(make_data(**{field: ...}))


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"id": "Penalty 1"}, "id", "bad_id"),
        ({"id": 7}, "id", "bad_id"),
        ({"kind": "riddle"}, "kind", "unknown_kind"),
        ({"kind": 5}, "kind", "not_text"),
        ({"wing": "Legal"}, "wing", "bad_slug"),
        ({"topic": "../etc"}, "topic", "bad_slug"),
        ({"fields": []}, "fields", "not_a_list"),
        ({"fields": "general"}, "fields", "not_a_list"),
        ({"fields": ["general", "general"]}, "fields[1]", "duplicate"),
        ({"fields": [["general"]]}, "fields[0]", "bad_slug"),
        ({"difficulty": 0}, "difficulty", "bad_difficulty"),
        ({"difficulty": 6}, "difficulty", "bad_difficulty"),
        ({"difficulty": True}, "difficulty", "bad_difficulty"),
        ({"difficulty": 2.0}, "difficulty", "bad_difficulty"),
        ({"level": "hard"}, "level", "bad_level"),
        ({"level": []}, "level", "bad_level"),
        ({"stem": ""}, "stem", "empty"),
        ({"stem": "　"}, "stem", "empty"),
        ({"stem": "题\x00干"}, "stem", "unprintable"),
        ({"stem": "题\ud800干"}, "stem", "unprintable"),
        ({"stem": "题" * 2001}, "stem", "too_long"),
        ({"stem": " 题干"}, "stem", "outer_space"),
        ({"explanation": None}, "explanation", "not_text"),
        ({"basis": {}}, "basis", "not_a_list"),
        ({"basis": [BASIS | {"article": 36}]}, "basis[0].article", "bad_article"),
        ({"basis": [BASIS | {"article": "036"}]}, "basis[0].article", "bad_article"),
        ({"basis": [BASIS | {"article": "10000"}]}, "basis[0].article", "bad_article"),
        ({"basis": [BASIS | {"article": "1-10000"}]}, "basis[0].article", "bad_article"),
        ({"basis": [BASIS | {"version": "2021"}]}, "basis[0].version", "bad_version"),
        ({"basis": [BASIS | {"version": "2021-02-29"}]}, "basis[0].version", "bad_version"),
        ({"basis": [BASIS | {"version": "0000-01-01"}]}, "basis[0].version", "bad_version"),
        ({"basis": [BASIS | {"law": "法" * 81}]}, "basis[0].law", "too_long"),
        ({"basis": [BASIS | {"paragraph": 10_000}]}, "basis[0].paragraph", "bad_number"),
        ({"basis": [BASIS | {"item": 2**63}]}, "basis[0].item", "bad_number"),
        ({"basis": [BASIS | {"paragraph": 0}]}, "basis[0].paragraph", "bad_number"),
        ({"basis": [BASIS | {"item": True}]}, "basis[0].item", "bad_number"),
        ({"basis": [BASIS | {"clause": 1}]}, "basis[0].clause", "unknown_field"),
        ({"options": "ABCD"}, "options", "not_a_list"),
        ({"options": ["立案"]}, "options[0]", "not_an_object"),
        ({"options": [{"key": "B", "text": "x"}]}, "options[0].key", "key_out_of_order"),
        ({"options": [{"key": "a", "text": "x"}]}, "options[0].key", "bad_key"),
        ({"options": [{"key": "A", "text": "长" * 501}]}, "options[0].text", "too_long"),
        ({"options": [{"key": "A", "text": "x", "right": True}]}, "options[0].right", "unknown_field"),
        ({"pool": "secret"}, "pool", "unknown_value"),
        ({"pool": ["open"]}, "pool", "unknown_value"),
        ({"variant_group": "Group 1"}, "variant_group", "bad_group"),
        ({"enemies": "a-1"}, "enemies", "not_a_list"),
        ({"enemies": ["A 1"]}, "enemies[0]", "bad_id"),
        ({"enemies": ["a-1", "a-1"]}, "enemies[1]", "duplicate"),
        ({"enemies": ["penalty-law-0001"]}, "enemies[0]", "own_enemy"),
        ({"enemies": [f"a-{n}" for n in range(51)]}, "enemies", "too_many"),
        ({"tags": "决赛"}, "tags", "not_a_list"),
        ({"tags": ["决赛", "决赛"]}, "tags[1]", "duplicate"),
        ({"tags": [3]}, "tags[0]", "not_text"),
        ({"tags": ["字" * 41]}, "tags[0]", "too_long"),
        ({"source": 3}, "source", "not_text"),
        ({"format": "html"}, "format", "unknown_value"),
        ({"media": RICH["media"]}, "media", "media_without_markdown"),
        ({"media": "photo.png"}, "media", "not_a_list"),
        ({"media": ["photo.png"]}, "media[0]", "not_an_object"),
        ({"media": [RICH["media"][0] | {"name": "../a.png"}]}, "media[0].name", "bad_media_name"),
        ({"media": [RICH["media"][0]] * 2}, "media[1].name", "duplicate"),
        ({"media": [RICH["media"][0] | {"sha256": "A" * 64}]}, "media[0].sha256", "bad_hash"),
        ({"media": [RICH["media"][0] | {"type": "image/svg+xml"}]}, "media[0].type", "unknown_media_type"),
        ({"media": [RICH["media"][0] | {"alt": ""}]}, "media[0].alt", "empty"),
        ({"media": [RICH["media"][0] | {"bytes": True}]}, "media[0].bytes", "out_of_range"),
        ({"media": [RICH["media"][0] | {"bytes": 0}]}, "media[0].bytes", "out_of_range"),
        ({"media": [RICH["media"][0] | {"url": "x"}]}, "media[0].url", "unknown_field"),
        ({"format": "markdown", "stem": "![](media:gone.png)"}, "stem", "unknown_medium"),
        ({"format": "markdown", "stem": "![](http://example.org/a.png)"}, "stem", "external_image"),
        ({"format": "markdown", "explanation": "> " * 8 + "深"}, "explanation", "nested_too_deep"),
        ({"answer": "A"}, "answer", "unknown_field"),
        ({"any_order": True}, "any_order", "unknown_field"),
    ],
)
def test_a_fault_is_named_with_its_place(changes, place, code):
    assert (place, code) in problems_of(make_data(**changes))


@pytest.mark.parametrize("field", ["key", "basis", "options", "enemies"])
def test_data_nested_beyond_all_sense_is_refused_and_exhausts_nothing(field):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert problems_of(make_data() | {field: deep}) == {("", "nested_too_deep")}


def test_the_longest_texts_allowed_are_allowed():
    long = make_data(stem="题" * 2000)
    long["options"][0]["text"] = "长" * 500
    assert Item.from_dict(long).stem == "题" * 2000


@pytest.mark.parametrize("article", ["1", "36", "120-1", "1260"])
def test_articles_may_have_a_second_number(article):
    assert make_item(basis=[BASIS | {"article": article}]).basis[0].article == article


def test_every_fault_is_told_at_once():
    found = problems_of(make_data(difficulty=9, level="x", stem=""))
    assert {("difficulty", "bad_difficulty"), ("level", "bad_level"), ("stem", "empty")} <= found


def prompts(*keys):
    return [{"key": key, "text": f"事项{number}"} for number, key in enumerate(keys)]


def segments(count):
    return [{"key": str(number), "text": f"第{number}句。", "note": "说明。"} for number in range(1, count + 1)]


def part(**changes):
    first, *others = DATA["case_study"]["parts"]
    bent = {name: value for name, value in (first | changes).items() if value is not ...}
    return {"parts": [bent, *others]}


@pytest.mark.parametrize(
    ("kind", "changes", "place", "code"),
    [
        ("single_choice", {"key": "E"}, "key", "unknown_key"),
        ("single_choice", {"key": ["A"]}, "key", "not_text"),
        ("single_choice", {"options": [], "key": "A"}, "options", "option_count"),
        ("multiple_choice", {"key": ["A"]}, "key", "too_few_right"),
        ("multiple_choice", {"key": []}, "key", "too_few_right"),
        ("multiple_choice", {"key": ["C", "A"]}, "key", "not_sorted"),
        ("multiple_choice", {"key": ["A", "A"]}, "key", "duplicate"),
        ("multiple_choice", {"key": ["A", "F"]}, "key[1]", "unknown_key"),
        ("multiple_choice", {"key": "AC"}, "key", "not_a_list_of_keys"),
        ("multiple_choice", {"key": ["A", 1]}, "key", "not_a_list_of_keys"),
        ("true_false", {"key": 1}, "key", "not_boolean"),
        ("true_false", {"key": "true"}, "key", "not_boolean"),
        ("true_false", {"options": [{"key": "A", "text": "对"}]}, "options", "options_not_allowed"),
        ("fill_blank", {"key": [["九十"]]}, "key", "blank_count"),
        ("fill_blank", {"stem": "没有空"}, "key", "blank_count"),
        ("fill_blank", {"stem": "___日____"}, "stem", "blank_width"),
        ("fill_blank", {"stem": "________", "key": [["a"]]}, "stem", "blank_width"),
        ("fill_blank", {"key": ["九十", "行政机关"]}, "key[0]", "not_a_list"),
        ("fill_blank", {"key": [["九十"], []]}, "key[1]", "not_a_list"),
        ("fill_blank", {"key": [["九十"], ["。"]]}, "key[1][0]", "empty"),
        ("fill_blank", {"key": [["九十"], [3]]}, "key[1][0]", "not_text"),
        ("fill_blank", {"any_order": "yes"}, "any_order", "not_boolean"),
        ("ordering", {"key": ["A", "B", "C", "D", "E"]}, "options", "already_in_order"),
        ("ordering", {"key": ["B", "A", "C", "D"]}, "key", "not_every_key_once"),
        ("ordering", {"key": ["B", "A", "C", "D", "D"]}, "key", "not_every_key_once"),
        ("ordering", {"key": "BACDE"}, "key", "not_a_list_of_keys"),
        ("multiple_choice", {"indefinite": 1}, "indefinite", "not_boolean"),
        ("multiple_choice", {"indefinite": True, "key": []}, "key", "too_few_right"),
        ("multiple_choice", {"indefinite": False, "key": ["A"]}, "key", "too_few_right"),
        ("fill_blank", {"tolerance": "0.5"}, "tolerance", "not_a_list"),
        ("fill_blank", {"tolerance": ["0.5"]}, "tolerance", "blank_count"),
        ("fill_blank", {"tolerance": [0.5, None]}, "tolerance[0]", "not_a_decimal"),
        ("fill_blank", {"tolerance": ["-1", None]}, "tolerance[0]", "not_a_decimal"),
        ("fill_blank", {"tolerance": [None, "1"]}, "key[1][0]", "not_a_number"),
        ("fill_blank", {"format": "markdown", "stem": "\\____内由____作出。"}, "stem", "blank_count"),
        ("matching", {"prompts": ...}, "prompts", "not_a_list"),
        ("matching", {"prompts": [{"key": "1", "text": "甲"}]}, "prompts", "row_count"),
        ("matching", {"prompts": ["甲", "乙", "丙"]}, "prompts[0]", "not_an_object"),
        ("matching", {"prompts": prompts("1", "3", "2")}, "prompts[1].key", "key_out_of_order"),
        ("matching", {"prompts": prompts("1", "2", 3)}, "prompts[2].key", "key_out_of_order"),
        ("matching", {"prompts": [*prompts("1", "2"), {"key": "3"}]}, "prompts[2].text", "not_text"),
        (
            "matching",
            {"prompts": [*prompts("1", "2"), {"key": "3", "text": "丙", "right": "A"}]},
            "prompts[2].right",
            "unknown_field",
        ),
        ("matching", {"key": {"1": "A", "2": "B"}}, "key", "prompt_without_key"),
        ("matching", {"key": {"1": "A", "2": "B", "3": "C", "4": "D"}}, "key", "unknown_prompt"),
        ("matching", {"key": {"1": "A", "2": "B", "3": "F"}}, "key[3]", "unknown_key"),
        ("matching", {"key": {"1": "A", "2": "B", "3": ["C"]}}, "key[3]", "unknown_key"),
        ("matching", {"key": {"1": "A", "2": "B", "3": "A"}}, "key", "duplicate"),
        ("matching", {"key": {"1": "A", "2": "B", "3": "A"}, "reuse": True}, "key", "used_too_often"),
        ("matching", {"reuse": "yes"}, "reuse", "not_boolean"),
        ("matching", {"options": [], "key": {}}, "options", "option_count"),
        ("error_finding", {"document": ...}, "document", "not_a_list"),
        ("error_finding", {"document": ["甲", "乙"]}, "document[0]", "not_an_object"),
        (
            "error_finding",
            {"document": [{"text": "甲"}, {"key": "2", "text": "乙"}]},
            "document[1].key",
            "key_out_of_order",
        ),
        ("error_finding", {"document": [{"text": ""}, *segments(4)]}, "document[0].text", "empty"),
        ("error_finding", {"document": [{"text": 3}, *segments(4)]}, "document[0].text", "not_text"),
        ("error_finding", {"document": [{"text": "\x07"}, *segments(4)]}, "document[0].text", "unprintable"),
        (
            "error_finding",
            {"document": [{"text": "甲", "note": "乙"}, *segments(4)]},
            "document[0].note",
            "note_without_key",
        ),
        ("error_finding", {"document": segments(61)}, "document", "too_many"),
        ("error_finding", {"document": segments(6), "key": ["1", "2", "3", "4"]}, "key", "too_many_faults"),
        ("error_finding", {"key": ["1", "2"]}, "document[1].note", "missing"),
        ("error_finding", {"key": []}, "key", "too_few_right"),
        ("error_finding", {"key": ["5", "2"]}, "key", "not_sorted"),
        ("error_finding", {"key": ["2", "7"]}, "key[1]", "unknown_key"),
        ("error_finding", {"options": [{"key": "A", "text": "甲"}]}, "options", "options_not_allowed"),
        ("short_answer", {"key": "答案"}, "key", "key_not_allowed"),
        ("short_answer", {"sample": ...}, "sample", "not_text"),
        ("short_answer", {"rubric": []}, "rubric", "row_count"),
        ("short_answer", {"rubric": [{"point": "甲"}]}, "rubric[0].weight", "out_of_range"),
        ("short_answer", {"rubric": [{"point": "甲", "weight": 1.5}]}, "rubric[0].weight", "out_of_range"),
        ("short_answer", {"rubric": [{"point": "", "weight": 1}]}, "rubric[0].point", "empty"),
        ("short_answer", {"max_length": 19}, "max_length", "out_of_range"),
        ("short_answer", {"max_length": "300"}, "max_length", "out_of_range"),
        ("case_study", {"key": None}, "key", "key_not_allowed"),
        ("case_study", {"parts": ...}, "parts", "not_a_list"),
        ("case_study", {"parts": DATA["case_study"]["parts"][:1]}, "parts", "row_count"),
        ("case_study", {"parts": ["甲", "乙"]}, "parts[0]", "not_an_object"),
        ("case_study", {"documents": "笔录"}, "documents", "not_a_list"),
        ("case_study", {"documents": [{"text": "甲"}]}, "documents[0].title", "not_text"),
        ("case_study", {"options": [{"key": "A", "text": "甲"}]}, "options", "options_not_allowed"),
        ("case_study", part(kind="case_study"), "parts[0].kind", "case_in_case"),
        ("case_study", part(kind="riddle"), "parts[0].kind", "unknown_kind"),
        ("case_study", part(kind=...), "parts[0].kind", "missing"),
        ("case_study", part(key="对"), "parts[0].key", "not_boolean"),
        ("case_study", part(key=...), "parts[0].key", "missing"),
        ("case_study", part(stem=""), "parts[0].stem", "empty"),
        ("case_study", part(weight=0), "parts[0].weight", "out_of_range"),
        ("case_study", part(wing="procedures"), "parts[0].wing", "not_in_a_part"),
        ("case_study", part(id="a-1"), "parts[0].id", "not_in_a_part"),
        ("case_study", part(answer=True), "parts[0].answer", "not_in_a_part"),
        ("case_study", part(basis=[BASIS | {"article": 36}]), "parts[0].basis[0].article", "bad_article"),
    ],
)
def test_a_fault_of_the_kind_is_named(kind, changes, place, code):
    assert (place, code) in problems_of(make_data(kind, **changes))


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("key", [None, 0, "", [], {}, {"A": "B"}, [None], [[]], [[["A"]]], 1.5])
def test_a_key_of_any_shape_is_refused_and_never_a_crash(kind, key):
    assert any(place.startswith("key") for place, _ in problems_of(make_data(kind, key=key)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


FIELDS = sorted({name for kind in DATA for name in make_rich_data(kind)} | {"tolerance", "reuse", "indefinite"})


@given(st.sampled_from(sorted(DATA)), st.sampled_from(FIELDS), JSON)
def test_any_json_in_any_field_is_an_item_or_a_named_problem(kind, field, value):
    problems: tuple = ()
    try:
        item = Item.from_dict(make_data(kind, **{field: value}))
    except InvalidItem as error:
        item, problems = None, error.problems
    assert problems if item is None else Item.from_dict(item.to_dict()) == item


ROWS = {"matching": "prompts", "error_finding": "document", "short_answer": "rubric", "case_study": "parts"}


@given(
    st.sampled_from(sorted(ROWS)),
    st.integers(0, 2),
    st.sampled_from(["key", "text", "note", "weight", "kind", "basis"]),
    JSON,
)
def test_any_json_in_any_row_is_an_item_or_a_named_problem(kind, index, field, value):
    data = make_data(kind)
    rows = data[ROWS[kind]]
    rows[index % len(rows)] |= {field: value}
    problems: tuple = ()
    try:
        item = Item.from_dict(data)
    except InvalidItem as error:
        item, problems = None, error.problems
    assert problems if item is None else Item.from_dict(item.to_dict()) == item


def test_equal_content_has_equal_hash_whatever_the_id():
    assert make_item(id="penalty-law-0900").content_hash() == make_item().content_hash()


@pytest.mark.parametrize(
    "changes",
    [{"stem": "别的（　　）。"}, {"key": "C"}, {"explanation": "别的。"}, {"difficulty": 3}, {"basis": []}],
)
def test_other_content_has_another_hash(changes):
    assert make_item(**changes).content_hash() != make_item().content_hash()


def test_an_item_cannot_be_changed():
    item = make_item("fill_blank", any_order=True)
    with pytest.raises(AttributeError):
        item.key = "A"
    with pytest.raises(TypeError):
        item.settings["any_order"] = False
    assert hash(item) == hash(make_item("fill_blank", any_order=True))
