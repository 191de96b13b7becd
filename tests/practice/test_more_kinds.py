"""Practice with matching, error finding, short answers and cases, and with Markdown."""

import re

import pytest
from sqlalchemy import select

from tests.conftest import NINE
from tests.question_bank.samples import CANARIES, EXPLANATION_CANARY, NOTE_CANARY, make_item
from trainer.bank.importing import import_items
from trainer.practice.models import Card, PracticeAnswer
from trainer.practice.rules import memory


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


def keys(told):
    return re.search(r"/practice/answers/(\d+)/assess", told).group(1)


def cards(session):
    session.rollback()
    return session.scalars(select(Card)).all()


def test_a_short_answer_shows_rubric_and_sample_after_the_own_answer_and_is_assessed_once(officer, session):
    page = ask(officer, make_item("short_answer"))
    told = answer(officer, page, answer="可以加处罚款。").text
    for words in ("请对照参考答案自评", "可以加处罚款。", "申请法院强制执行", "不计入统计和学时"):
        assert words in told
    # Until then nothing is known: no card, no verdict, nothing among the answers of today.
    assert cards(session) == []
    assert session.scalar(select(PracticeAnswer.state)) == "waiting"
    assert "待自评" in officer.get("/practice/history").text
    assert "请对照" not in officer.get("/practice/history?verdict=wrong").text
    number = keys(told)
    for met in (["1"], ["1", "2"]):
        done = officer.post(f"/practice/answers/{number}/assess", data={"met_1": met}, follow_redirects=True).text
        assert "自评 67%" in done
    session.rollback()
    row = session.scalar(select(PracticeAnswer))
    assert (row.state, row.correct, str(row.fraction), row.met) == ("self_assessed", True, "0.67", [[1]])
    (card,) = cards(session)
    assert (card.answered_count, card.wrong) == (1, False)
    assert card.memory == memory.review(None, True, None, NINE).state


@pytest.mark.parametrize(("met", "wrong"), [([], True), (["2"], True), (["1"], False), (["1", "2"], False)])
def test_from_three_fifths_of_the_rubric_on_it_counts_as_right_for_the_memory(officer, session, met, wrong):
    number = keys(answer(officer, ask(officer, make_item("short_answer")), answer="答。").text)
    officer.post(f"/practice/answers/{number}/assess", data={"met_1": met})
    assert [card.wrong for card in cards(session)] == [wrong]


@pytest.mark.parametrize("met", [["3"], ["0"]])
def test_points_that_are_not_in_the_rubric_are_refused(officer, session, met):
    number = keys(answer(officer, ask(officer, make_item("short_answer")), answer="答。").text)
    assert officer.post(f"/practice/answers/{number}/assess", data={"met_1": met}).status_code == 422
    assert cards(session) == []


def test_only_the_writer_assesses_an_answer(officer, as_user, session):
    number = keys(answer(officer, ask(officer, make_item("short_answer")), answer="答。").text)
    assert as_user("bank").post(f"/practice/answers/{number}/assess").status_code in (403, 404)
    assert session.scalar(select(PracticeAnswer.state)) == "waiting"


def test_not_knowing_a_short_answer_is_wrong_at_once(officer, session):
    told = answer(officer, ask(officer, make_item("short_answer")), give_up="1").text
    assert "这次没有作答" in told
    assert "参考答案" in told
    assert [card.wrong for card in cards(session)] == [True]


def objective_case():
    parts = make_item("case_study").to_dict()["parts"][:2]
    return make_item("case_study", parts=parts)


def test_a_case_is_shown_with_its_parts_and_they_are_graded_at_once(officer, session):
    page = ask(officer, objective_case())
    for words in ("李某占道经营", "现场笔录", "执法人员出示了证件", 'name="part_1_answer"', 'name="part_2_answer"'):
        assert words in page
    told = answer(officer, page, part_1_answer="true", part_2_answer=["B"]).text
    assert "答对一部分" in told
    assert EXPLANATION_CANARY in told
    row = session.scalar(select(PracticeAnswer))
    # One quarter for the first part, and of three quarters half for a choice that lacks one.
    assert (row.answer, row.state, str(row.fraction)) == ('[true,["B"]]', "graded", "0.62")
    assert [card.wrong for card in cards(session)] == [True]
    right = answer(officer, ask(officer, objective_case()), part_1_answer="true", part_2_answer=["B", "D"]).text
    assert "回答正确" in right


def test_a_case_with_a_short_answer_waits_for_that_alone(officer, session):
    page = ask(officer, make_item("case_study"))
    told = answer(officer, page, part_1_answer="true", part_2_answer=["B", "D"], part_3_answer="不合法。").text
    assert told.count("答对") >= 2
    assert cards(session) == []
    officer.post(f"/practice/answers/{keys(told)}/assess", data={"met_3": "1"})
    session.rollback()
    row = session.scalar(select(PracticeAnswer))
    assert (row.correct, str(row.fraction), row.met) == (True, "1.00", [[], [], [1]])
    assert len(cards(session)) == 1
    # Where the short answer was left empty, all is known at once.
    answer(officer, ask(officer, make_item("case_study")), part_1_answer="true")
    assert [one.answered_count for one in cards(session)] == [2]


def test_a_case_without_any_answer_is_refused(officer):
    assert answer(officer, ask(officer, make_item("case_study"))).status_code == 422


def test_the_api_shows_takes_and_assesses_a_case(officer):
    import_items([make_item("case_study")], by=None, now=NINE, publish=True)
    item = officer.get("/api/v1/practice/next").json["item"]
    assert [part["kind"] for part in item["parts"]] == ["true_false", "multiple_choice", "short_answer"]
    assert item["documents"][0]["title"] == "现场笔录"
    sent = {"item": item["id"], "version": item["version"], "answer": [True, ["B", "D"], "不合法。"], "key": "k" * 20}
    told = officer.post("/api/v1/practice/answers", json=sent).json
    assert (told["state"], told["due_at"], [part["verdict"] for part in told["parts"]]) == (
        "waiting",
        None,
        ["right", "right", "waiting"],
    )
    assert officer.post("/api/v1/practice/answers", json=sent | {"answer": [True]}).status_code == 422
    address = f"/api/v1/practice/answers/{told['id']}/assessment"
    assert officer.post(address, json={"met": [[1], [], []]}).status_code == 422
    done = officer.post(address, json={"met": [[], [], [1]]}).json
    assert (done["state"], done["fraction"], done["parts"][2]["rubric"][0]["met"]) == ("self_assessed", "1.00", True)


def test_reserved_items_never_come_up(officer):
    import_items([make_item(pool="reserved")], by=None, now=NINE, publish=True)
    assert officer.get("/practice/item?item=penalty-law-0001").status_code == 404
