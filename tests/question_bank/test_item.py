"""The schema of an item: what goes in comes out, and what is wrong is named with its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank import InvalidItem, Item
from question_bank.kinds import KINDS
from tests.question_bank.samples import BASIS, DATA, make_data, make_item


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
        ({"answer": "A"}, "answer", "unknown_field"),
        ({"any_order": True}, "any_order", "unknown_field"),
    ],
)
def test_a_fault_is_named_with_its_place(changes, place, code):
    assert (place, code) in problems_of(make_data(**changes))


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


@given(st.sampled_from(sorted(DATA)), st.sampled_from(sorted(make_data())), JSON)
def test_any_json_in_any_field_is_an_item_or_a_named_problem(kind, field, value):
    problems: tuple = ()
    try:
        item = Item.from_dict(make_data(kind, **{field: value}))
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
