"""The taxonomy: three wings, their topics, the enforcement fields."""

import json

import pytest

from question_bank.topics import load_topics, taxonomy


def test_there_are_three_wings_with_their_topics():
    assert {wing.slug: len(wing.topics) for wing in taxonomy().wings} == {
        "legal_theory": 17,
        "job_duties": 14,
        "procedures": 16,
    }


def test_the_campaigns_stand_with_their_wings():
    assert [wing.drive_zh for wing in taxonomy().wings] == [
        "理论知识大学习",
        "岗位职责大练兵",
        "业务技能大比武",
    ]


def test_the_seven_fields_of_comprehensive_enforcement_follow_the_general_one():
    # 行政处罚法 第十八条
    assert [field.zh for field in taxonomy().fields[:8]] == [
        "通用",
        "城市管理",
        "市场监管",
        "生态环境",
        "文化旅游",
        "交通运输",
        "应急管理",
        "农业农村",
    ]
    assert len(taxonomy().fields) == 24


def test_every_name_is_there_in_both_languages():
    for entry in (*taxonomy().wings, *taxonomy().topics, *taxonomy().fields):
        assert entry.zh, entry.slug
        assert entry.en.isascii(), entry.slug


def test_a_topic_is_found_with_its_wing():
    assert taxonomy().find_topic("hearing").wing == "procedures"
    assert taxonomy().find_topic("astrology") is None
    assert taxonomy().find_wing("astrology") is None
    assert taxonomy().find_field("fire").zh == "消防"


def test_a_slug_used_twice_is_refused(tmp_path):
    entry = {"slug": "general", "zh": "通用", "en": "General"}
    path = tmp_path / "topics.json"
    path.write_text(json.dumps({"wings": [], "fields": [entry, entry]}), encoding="utf-8")
    with pytest.raises(ValueError, match="general"):
        load_topics(path)
