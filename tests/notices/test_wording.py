"""The sentences of notices: by code, in the reader's language, never a stack trace."""

from __future__ import annotations

import pytest

from trainer.notices import wording


@pytest.fixture(autouse=True)
def table(app, monkeypatch):
    monkeypatch.setattr(wording, "_WORDING", {"exam": "“{title}”将于 {opens_at} 开始，{due_on} 前报名。"})


def test_a_sentence_takes_its_parameters_and_writes_times_as_the_city_does():
    params = {"title": "年度考试", "opens_at": "2026-11-23T01:00:00Z", "due_on": "2026-11-20"}
    assert wording.worded("exam", params) == "“年度考试”将于 2026年11月23日 09:00 开始，2026年11月20日 前报名。"


@pytest.mark.parametrize(("code", "params"), [("gone", {}), ("exam", {"title": "x"}), ("exam", {"opens_at": "soon"})])
def test_what_is_no_longer_known_gets_the_general_sentence(code, params):
    assert wording.worded(code, params) == "您有一条新通知。"


def test_a_feature_adds_its_own_once_and_never_over_another():
    mine = {"mine": "句子"}
    wording.add_wording(mine)
    wording.add_wording(mine)
    assert wording.worded("mine", {}) == "句子"
    with pytest.raises(ValueError, match="mine"):
        wording.add_wording({"mine": "别的句子"})
