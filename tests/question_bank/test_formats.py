"""What all formats share: found questions become items, ids come from content, nothing raises."""

import pytest

from question_bank import formats
from question_bank.fields import Problem
from question_bank.formats.report import Found, Place, complete, content_id, tidy

DEFAULTS = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}
CHOICE = {
    "kind": "single_choice",
    "stem": "申请听证的期限是（　　）。",
    "options": [{"key": "A", "text": "三日"}, {"key": "B", "text": "五日"}],
    "key": "B",
}


def test_a_found_question_takes_the_defaults_and_an_id_from_its_content():
    (done,) = complete([Found(Place(row=2), CHOICE)], DEFAULTS)
    assert done.problems == ()
    assert done.item.topic == "hearing"
    assert done.item.id == content_id(CHOICE, "imp")
    assert complete([Found(Place(row=9), CHOICE)], DEFAULTS)[0].item == done.item


def test_what_the_file_tells_wins_over_the_defaults():
    (done,) = complete([Found(Place(), CHOICE | {"difficulty": 5, "id": "own-id-1"})], DEFAULTS)
    assert (done.item.difficulty, done.item.id) == (5, "own-id-1")


@pytest.mark.parametrize(
    "other",
    [
        {"stem": "申请听证的期限是( )."},
        {"key": "A"},
        {"options": [{"key": "A", "text": "五日"}, {"key": "B", "text": "三日 "}]},
        {"explanation": "见行政处罚法。"},
    ],
)
def test_the_id_knows_a_question_again_in_another_writing(other):
    assert content_id(CHOICE | other, "imp") == content_id(CHOICE, "imp")


def test_another_question_gets_another_id():
    assert content_id(CHOICE | {"stem": "申请复议的期限是（　　）。"}, "imp") != content_id(CHOICE, "imp")


def test_a_faulty_question_comes_back_with_its_faults_and_no_item():
    faulty = Found(Place(row=3), CHOICE, problems=(Problem("key", "no_key"),))
    unsound = Found(Place(row=4), CHOICE | {"key": "E"})
    done = complete([faulty, unsound], DEFAULTS)
    assert [one.item for one in done] == [None, None]
    assert [one.problems[0].place for one in done] == ["key", "key"]


def test_tidy_text_keeps_gaps_and_lines():
    assert tidy("\u3000行政\u00a0处罚  ____ 法 \r\n第一条\t") == "行政 处罚  ____ 法\n第一条"


def test_every_format_can_do_something_and_sniffs_without_raising():
    for one in formats.FORMATS.values():
        assert one.reader or one.writer
        for content in (b"", b"\x00\xff\xfe", "一、单选题".encode("gbk")):
            assert 0 <= one.sniffer(content, "x.bin") <= 1
