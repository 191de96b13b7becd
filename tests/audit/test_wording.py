"""The words of the record: none is missing, and long values are cut."""

import re

import pytest

from trainer import ROOT
from trainer.audit.wording import ACTIONS, DETAILS, FAMILIES, TARGETS, action_name, details, target_name
from trainer.bank.models import ITEM_STATES

RECORDED = re.compile(r'''(?:record|_write_down)\(\s*"([a-z_]+\.[a-z_]+)"''')


def _recorded() -> set[str]:
    found = set()
    for file in (ROOT / "trainer").rglob("*.py"):
        found |= set(RECORDED.findall(file.read_text(encoding="utf-8")))
    return found


def test_every_action_that_the_site_records_has_its_name():
    recorded = _recorded()
    assert len(recorded) > 40
    assert sorted(recorded - set(ACTIONS)) == []
    assert {action.split(".")[0] for action in ACTIONS} <= set(FAMILIES)
    assert {f"item.{state}" for state in ("published", "quarantined", "retired")} <= set(ACTIONS)
    assert {"published", "quarantined", "retired"} <= set(ITEM_STATES)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("user:3", "用户 张三"),
        ("user:4", "用户 4"),
        ("exam:7", "考试编号 7"),
        ("site", "本站"),
        ("practice:2026-3:9", "practice:2026-3:9"),
    ],
)
def test_a_target_is_told_by_kind_and_name_where_one_is_known(app, target, said):
    with app.test_request_context():
        assert target_name(target, {"user:3": "张三"}) == said
    assert "user" in TARGETS


DIGEST = "9f86d081884c7d659a2feaa0c55ad015"
LONG = "参训人员名册与签到表不一致，请核对以后重新提交，并附上签到表的照片和课程表"


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"people": 3}, [("人数", "3", "")]),
        ({"people": [7, 8]}, [("人数", "2", "")]),
        ({"file": DIGEST}, [("文件摘要", "9f86d081884c…", DIGEST)]),
        ({"reason": LONG}, [("理由", LONG[:28] + "…", LONG)]),
        ({"whole": True, "candidates": None}, [("全班", "是", "")]),
        (
            {"fields": [["market", "", ""], ["urban", "2026-01-01", ""]]},
            [("执法领域", "market、urban、2026-01-01", "")],
        ),
        ({"role": "auditor"}, [("角色", "审计人员", "")]),
        ({"unheard_of": "x"}, [("unheard_of", "x", "")]),
        ({}, []),
    ],
)
def test_details_are_told_in_words_and_cut_where_they_are_long(app, detail, said):
    with app.test_request_context():
        found = details(detail, {"role": {"auditor": "审计人员"}})
    assert [(one.name, one.short, one.full) for one in found] == said


def test_an_unknown_action_is_shown_as_it_is_recorded(app):
    with app.test_request_context():
        assert action_name("moon.landed") == "moon.landed"
        assert action_name("class.confirmed") == "确认培训班"
    assert list(DETAILS) == sorted(DETAILS)
