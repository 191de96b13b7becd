"""Practice with matching and error finding, and with Markdown; kinds that want a person do not come up."""

import re

import pytest
from sqlalchemy import select

from tests.conftest import NINE
from tests.question_bank.samples import CANARIES, EXPLANATION_CANARY, NOTE_CANARY, make_item
from trainer.bank.importing import import_items
from trainer.practice.models import PracticeAnswer


@pytest.fixture
def officer(as_user, clock):
    clock(NINE)
    return as_user("officer")


def ask(officer, item):
    import_items([item], by=None, now=NINE, publish=True)
    page = officer.get(f"/practice/item?item={item.id}")
    assert page.status_code == 200
    assert not [secret for secret in CANARIES if secret in page.text]
    return page.text


def answer(officer, page, **form):
    sent = {name: re.search(rf'name="{name}" value="([^"]*)"', page).group(1) for name in ("item", "version", "key")}
    return officer.post("/practice/item", data=sent | form, follow_redirects=True)


def test_matching_is_graded_at_once_with_each_pair(officer, session):
    page = ask(officer, make_item("matching"))
    told = answer(officer, page, pair_1="C", pair_2="B", pair_3="").text
    for words in ("配对正确", "配对错误", "没有选", "应选：", NOTE_CANARY, EXPLANATION_CANARY):
        assert words in told
    assert session.scalar(select(PracticeAnswer.answer)) == '{"1":"C","2":"B"}'
    assert "回答正确" in answer(officer, ask(officer, make_item("matching")), pair_1="C", pair_2="A", pair_3="E").text


def test_nothing_chosen_is_no_answer(officer):
    page = ask(officer, make_item("matching"))
    assert answer(officer, page, pair_1="", pair_2="", pair_3="").status_code == 422


def test_error_finding_tells_hits_misses_and_false_alarms_with_their_notes(officer, session):
    page = ask(officer, make_item("error_finding"))
    told = answer(officer, page, answer=["2", "1"]).text
    for words in ("找对", "漏标", "误标", "这里没有错误。", "应当删去。", "应为五日。"):
        assert words in told
    row = session.scalar(select(PracticeAnswer))
    assert (row.answer, row.correct, row.fraction) == ('["1","2"]', False, 0)


def test_the_api_takes_and_tells_the_same(officer):
    import_items([make_item("error_finding")], by=None, now=NINE, publish=True)
    item = officer.get("/api/v1/practice/next").json["item"]
    assert item["document"][1] == {"text": "拟罚款五万元。", "key": "1"}
    sent = {"item": item["id"], "version": item["version"], "answer": ["2", "5"], "key": "k" * 20}
    told = officer.post("/api/v1/practice/answers", json=sent).json
    assert (told["verdict"], [one["outcome"] for one in told["segments"] if one["key"]]) == (
        "right",
        ["", "hit", "", "", "hit", ""],
    )


def test_markdown_is_shown_as_such(officer):
    item = make_item(format="markdown", stem="下列**正确**的是 <i>x</i>", explanation="- 一\n- 二")
    page = ask(officer, item)
    assert "下列<strong>正确</strong>的是 &lt;i&gt;x&lt;/i&gt;" in page
    assert "<li>一</li>" in answer(officer, page, answer="B").text


@pytest.mark.parametrize("kind", ["short_answer", "case_study"])
def test_what_a_person_has_to_mark_does_not_come_up(officer, kind):
    import_items([make_item(kind)], by=None, now=NINE, publish=True)
    assert officer.get("/practice/item?item=" + make_item(kind).id).status_code == 404
    assert officer.get("/api/v1/practice/next").json == {"item": None, "queue": None}


def test_reserved_items_never_come_up(officer):
    import_items([make_item(pool="reserved")], by=None, now=NINE, publish=True)
    assert officer.get("/practice/item?item=penalty-law-0001").status_code == 404
