"""The sentences of notices: by code, in the reader's language, never a stack trace."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from trainer.notices import wording

TRAINER = Path(wording.__file__).resolve().parent.parent
TELLERS = ("queue", "Told", "tell", "_tell", "_tell_clerk", "_notice")


def _queued():
    """Return every code that some verb queues: the plain words among the arguments of the functions that tell."""
    for path in TRAINER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TELLERS:
                words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                yield from (word for word in words if word.isidentifier() and "_" in word)


def test_every_notice_that_is_queued_has_its_sentence(app):
    queued = set(_queued())
    assert {"hours_credited", "exam_published", "class_rejected"} <= queued
    assert sorted(queued - set(wording.WORDING)) == []
    assert sorted(set(wording.WORDING) - queued) == []


def test_a_sentence_takes_its_parameters_and_writes_times_and_hours_as_the_city_does(app):
    params = {
        "title": "年度考试",
        "opens_at": "2026-11-23T01:00:00Z",
        "closes_at": "2026-11-23T10:00:00Z",
        "minutes": 60,
    }
    assert wording.worded("exam_published", params) == (
        "您被列为《年度考试》的考生，2026年11月23日 09:00 开考，2026年11月23日 18:00 截止，答题 60 分钟。"
    )
    assert wording.worded("hours_credited", {"title": "讲座", "hours": "2.50"}) == "《讲座》的 2.5 学时已记入您的学时。"


def test_no_title_stands_in_quotation_marks_of_which_it_may_hold_some_itself(app):
    assert [code for code, text in wording.WORDING.items() if "“{title}”" in str(text)] == []
    said = wording.worded("class_to_confirm", {"title": "“粤执法”平台应用培训"})
    assert said == "培训班《“粤执法”平台应用培训》等待您确认。"


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("gone", {}),
        ("exam_published", {"title": "x"}),
        ("exam_published", {"opens_at": "soon"}),
        ("hours_credited", {"title": "x", "hours": "many"}),
    ],
)
def test_what_is_no_longer_known_gets_the_general_sentence(app, code, params):
    assert wording.worded(code, params) == "您有一条新通知。"
