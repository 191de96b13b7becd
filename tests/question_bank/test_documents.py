"""The examples of docs/bank.md are sound items of every kind, rest on real articles and are written canonically."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from question_bank import Item, check
from question_bank.fields import COMMON_FIELDS
from question_bank.kinds import KINDS
from question_bank.laws import register
from question_bank.store import Bank
from question_bank.topics import taxonomy

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "bank.md").read_text(encoding="utf-8")
LEFT_OUT = {
    "id": "penalty-law-0900",
    "wing": "legal_theory",
    "topic": "penalty_law",
    "fields": ["general"],
    "difficulty": 2,
    "level": "understand",
}
EXAMPLES = [json.loads(block) for block in re.findall("```json\n(.+?)```", TEXT, re.DOTALL)]


def test_every_kind_has_one_example():
    assert sorted(example["kind"] for example in EXAMPLES) == sorted(KINDS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["kind"])
def test_an_example_is_a_sound_item(example):
    item = Item.from_dict(LEFT_OUT | example)
    assert item.to_dict() == LEFT_OUT | example
    bank = Bank.of([(item, "legal_theory/penalty_law/examples.json")])
    found = check(bank, register(), taxonomy(), day=date(2026, 11, 23))
    assert [str(one) for one in found if one.code != "no_note"] == []


def test_every_field_and_setting_is_described():
    described = set(re.findall(r"`([a-z_]+)`", TEXT)) | set(re.findall(r'"([a-z_]+)":', TEXT))
    settings = {name for kind in KINDS.values() for name in kind.settings}
    assert {*COMMON_FIELDS, *settings} - described == set()
