"""Practice over the API: shapes, who may, and that no key leaves before the answer."""

import pytest

from tests.conftest import NINE
from tests.practice.factories import RIGHT, SECRETS, WRONG, add_attempt, add_items, small_item

NEXT, ANSWERS = "/api/v1/practice/next", "/api/v1/practice/answers"


@pytest.fixture
def officer(as_user, clock):
    clock(NINE)
    return as_user("officer")


def ask(client, **query):
    answer = client.get(NEXT, query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def give(client, item, answer, key="key-00000001", **more):
    body = {"item": item["id"], "version": item["version"], "answer": answer, "key": key} | more
    return client.post(ANSWERS, json=body)


@pytest.mark.parametrize("kind", sorted(RIGHT))
def test_an_item_comes_without_its_key_and_is_explained_after_the_answer(officer, kind):
    add_items([small_item(kind=kind)], NINE)
    asked = officer.get(NEXT)
    assert not any(secret in asked.text + str(asked.headers) for secret in SECRETS)
    item = asked.json["item"]
    shown = {
        "stem",
        "stem_html",
        "options",
        "blanks",
        "indefinite",
        "prompts",
        "reuse",
        "document",
        "documents",
        "parts",
        "max_length",
    }
    assert set(item) == {"id", "version", "code", "kind", "wing", "topic", "fields"} | shown
    assert (item["kind"], asked.json["queue"]) == (kind, "new")
    told = give(officer, item, WRONG[kind]).json
    assert (told["verdict"], told["correct"], told["fraction"], told["in_wrong_book"]) == ("wrong", False, "0.00", True)
    assert "CANARYWHY" in told["explanation"]
    assert told["basis"] == [
        {
            "law": "行政处罚法",
            "title": "中华人民共和国行政处罚法",
            "version": "2021-01-22",
            "article": "36",
            "paragraph": 1,
            "item": None,
            "in_force": True,
            "citation": "《中华人民共和国行政处罚法》第三十六条第一款",
        }
    ]
    assert told["due_at"] == "2026-11-23T01:10:00.000Z"
    right = give(officer, item, RIGHT[kind], key="key-00000002").json
    assert (right["verdict"], right["fraction"], right["answer"]) == ("right", "1.00", RIGHT[kind])
    if kind == "fill_blank":
        assert right["right_answer"][0][1] == RIGHT[kind][0]
        assert [blank["right"] for blank in right["blanks"]] == [True, True]
    else:
        assert right["right_answer"] == RIGHT[kind]
        expected = {"true"} if kind == "true_false" else set(RIGHT[kind])
        assert {one["key"] for one in right["options"] if one["right"]} == expected


def test_options_carry_their_notes_only_in_the_answer(officer):
    add_items([small_item()], NINE)
    item = ask(officer)["item"]
    assert item["options"][0] == {"key": "A", "text": "选项A文字", "html": None}
    told = give(officer, item, "A").json["options"]
    assert told[1] == {"key": "B", "text": "选项B文字", "note": "CANARYNOTEB", "right": True, "chosen": False} | {
        "place": None,
        "given_place": None,
    }


def test_a_refused_answer_tells_nothing_of_the_key(officer):
    add_items([small_item()], NINE)
    refused = give(officer, ask(officer)["item"], "E")
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "answer")
    assert not any(secret in refused.text for secret in SECRETS)


def test_nothing_left_is_null(officer):
    assert ask(officer) == {"item": None, "queue": None}


def test_the_same_click_twice_is_one_answer(officer):
    add_items([small_item()], NINE)
    item = ask(officer)["item"]
    assert give(officer, item, "A").json == give(officer, item, "A").json
    assert give(officer, item, "B").json["errors"][0]["code"] == "key_reused"


def test_null_is_not_knowing(officer):
    add_items([small_item()], NINE)
    told = give(officer, ask(officer)["item"], None).json
    assert (told["verdict"], told["answer"], told["in_wrong_book"]) == ("skipped", None, True)


@pytest.mark.parametrize("mode", ["due", "wrong", "new", "continue"])
def test_the_modes_choose_from_their_queue(officer, mode):
    add_items([small_item(1), small_item(2)], NINE)
    give(officer, ask(officer)["item"], "A")
    got = ask(officer, mode=mode)
    assert got["queue"] == {"due": None, "wrong": "wrong", "new": "new", "continue": "new"}[mode]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"mode": "x"}, "mode"),
        ({"mode": "topic"}, "topic"),
        ({"topic": "no_such"}, "topic"),
        ({"law": "无此法"}, "law"),
        ({"page": "1"}, "page"),
        ({"more": "perhaps"}, "more"),
        ({"law": "a\x00"}, "law"),
    ],
)
def test_a_wrong_query_is_refused_at_its_field(officer, query, field):
    answer = officer.get(NEXT, query_string=query)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"item": "9223372036854775808"}, 404),
        ({"item": "4711"}, 404),
        ({"item": "-1"}, 422),
        ({"item": "x"}, 422),
        ({"version": "4711"}, 409),
        ({"key": "short"}, 422),
        ({"seconds": -1}, 422),
        ({"answer": {"A": "B"}}, 422),
        ({"answer": 1}, 422),
        ({"answer": "\x00"}, 422),
        ({"more": 1}, 422),
    ],
)
def test_a_wrong_body_is_refused(officer, change, status):
    add_items([small_item()], NINE)
    item = ask(officer)["item"]
    body = {"item": item["id"], "version": item["version"], "answer": "A", "key": "key-00000001"} | change
    answer = officer.post(ANSWERS, json=body)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"


def test_during_an_exam_neither_items_nor_answers_come(officer, city):
    add_items([small_item()], NINE)
    item = ask(officer)["item"]
    add_attempt(city.people["officer"], city.units["JM"], NINE)
    for answer in (officer.get(NEXT), give(officer, item, "A")):
        assert (answer.status_code, answer.json["code"]) == (409, "exam_in_progress")
        assert not any(secret in answer.text for secret in SECRETS)


def test_nobody_and_the_wrong_role_are_refused(client, as_user):
    for method, url in (("GET", NEXT), ("POST", ANSWERS)):
        assert client.open(url, method=method, json={}).status_code == 401
        assert as_user("organiser").open(url, method=method, json={}).status_code == 403


def test_a_next_item_takes_few_statements(officer, count_queries):
    add_items([small_item(number) for number in range(1, 120)], NINE)
    give(officer, ask(officer)["item"], "A")
    with count_queries() as seen:
        ask(officer)
    # Three for who is calling (person, grants, last seen); then exam, day, known, unseen, item, fields.
    assert len(seen) <= 9, seen
    assert not any("item_versions.body" in statement for statement in seen)
