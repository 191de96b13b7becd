"""Differences of two texts of an item."""

import pytest

from question_bank.difference import changes_key, differences, pieces
from question_bank.kinds import KINDS
from tests.question_bank.samples import BASIS, DATA, make_item, options


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_item_does_not_differ_from_itself(kind):
    assert differences(make_item(kind), make_item(kind, id="other-0001")) == []
    assert not changes_key(make_item(kind), make_item(kind))


def test_words_that_came_and_went_are_marked_and_numbers_stay_whole():
    before, after = pieces("应当在15日内作出", "应当在150日内书面作出")
    assert [(one.kind, one.text) for one in before] == [("same", "应当在"), ("removed", "15"), ("same", "日内作出")]
    assert "".join(one.text for one in after) == "应当在150日内书面作出"
    assert [one.text for one in after if one.kind == "added"] == ["150", "书面"]


def test_each_field_is_named_by_its_letter_or_number():
    new = options(4)
    new[1]["text"] = "调查"
    changed = make_item(stem="先（　　）。", options=new, basis=[BASIS, BASIS | {"article": "37"}], source="自编")
    found = differences(make_item(), changed)
    assert [one.place for one in found] == ["source", "stem", "options[B].text", "basis[2]"]
    assert found[0].before == ()
    assert found[3].after[0].text == "《行政处罚法》（2021-01-22）第37条第1款"
    assert [one.place for one in differences(changed, make_item())][-2:] == ["source", "basis[2]"]


TURNED = [row | {"text": options(4)[3 - number]["text"]} for number, row in enumerate(options(4))]


def _reworded(letter, text):
    return [row | {"text": text} if row["key"] == letter else row for row in options(4)]


def _part(**changes):
    parts = [dict(part) for part in DATA["case_study"]["parts"]]
    parts[0] |= changes
    return {"parts": parts}


@pytest.mark.parametrize(
    ("kind", "changes", "is_another"),
    [
        ("single_choice", {"key": "A"}, True),
        ("single_choice", {"stem": "先做什么（　　）。"}, False),
        ("single_choice", {"explanation": "别的。", "difficulty": 5, "topic": "hearing"}, False),
        ("single_choice", {"options": [*options(3), {"key": "D", "text": "结案"}]}, False),
        # The letter of the key stays, what stands there is another option.
        ("single_choice", {"options": TURNED}, True),
        # Nor does the letter say anything once other words stand there; forms of a number are the same words.
        ("single_choice", {"options": _reworded("B", "处罚告知")}, True),
        ("single_choice", {"options": _reworded("A", "先行登记")}, False),
        ("multiple_choice", {"options": _reworded("A", "送达")}, True),
        ("multiple_choice", {"indefinite": True}, True),
        ("true_false", {"key": False}, True),
        ("fill_blank", {"key": [["九十"], ["行政机关", "执法机关"]]}, True),
        ("fill_blank", {"any_order": True}, True),
        ("fill_blank", {"tolerance": ["0.5", None]}, True),
        ("ordering", {"key": ["A", "C", "B", "E", "D"]}, True),
        ("matching", {"key": {"1": "A", "2": "C", "3": "E"}}, True),
        ("error_finding", {"key": ["2"]}, True),
        ("short_answer", {"rubric": [{"point": "申请法院强制执行。", "weight": 1}]}, True),
        ("short_answer", {"sample": "申请强制执行。"}, False),
        ("case_study", _part(key=False), True),
        ("case_study", _part(weight=2), True),
        ("case_study", _part(stem="本案能当场决定。"), False),
    ],
)
def test_a_change_of_key_is_what_could_change_a_score(kind, changes, is_another):
    assert changes_key(make_item(kind), make_item(kind, **changes)) is is_another


def test_forms_of_a_number_in_a_right_option_are_no_change_of_key():
    old, new = (make_item(options=_reworded("B", text)) for text in ("十五日", "１５ 日。"))
    assert not changes_key(old, new)
    assert changes_key(old, make_item(options=_reworded("B", "六十日")))
