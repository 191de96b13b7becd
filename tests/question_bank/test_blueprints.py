"""The file of ready blueprints: what it may say, and what is told where it says something else."""

import json
from decimal import Decimal

import pytest

from question_bank.blueprints import InvalidBlueprints, read_blueprints, ready_blueprints
from question_bank.store import load

SECTION = {"kind": "single_choice", "count": 10, "points_each": "1.5"}
ONE = {"slug": "small", "zh": "小卷", "en": "Small", "minutes": 20, "pass_mark": "9", "sections": [SECTION]}


def read(tmp_path, *rows, text=None):
    folder = tmp_path / "blueprints"
    folder.mkdir(exist_ok=True)
    (folder / "a.json").write_text(text or json.dumps({"blueprints": list(rows)}), encoding="utf-8")
    return read_blueprints(tmp_path)


def test_a_blueprint_is_read_with_its_points(tmp_path):
    (one,) = read(tmp_path, ONE)
    assert (one.slug, one.zh, one.en, one.count, one.points) == ("small", "小卷", "Small", 10, Decimal("15.0"))
    assert one.sections[0].partial_credit == "all_or_nothing"


def test_a_folder_without_blueprints_has_none(tmp_path):
    assert read_blueprints(tmp_path) == ()


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"slug": "No Slug"}, "a.json#1.slug", "bad_form"),
        ({"zh": " "}, "small.zh", "bad_form"),
        ({"minutes": 0}, "small.minutes", "out_of_range"),
        ({"pass_mark": "15.5"}, "small.pass_mark", "out_of_range"),
        ({"pass_mark": 9}, "small.pass_mark", "out_of_range"),
        ({"sections": []}, "small.sections", "out_of_range"),
        ({"sections": ["x"]}, "small.sections[0]", "not_an_object"),
        ({"more": 1}, "a.json#1.more", "unknown_field"),
    ],
)
def test_a_fault_of_a_blueprint_is_told_at_its_place(tmp_path, changes, place, code):
    with pytest.raises(InvalidBlueprints) as refused:
        read(tmp_path, ONE | changes)
    assert (place, code) in [(one.place, one.code) for one in refused.value.problems]


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"kind": "riddle"}, "kind", "unknown_value"),
        ({"kind": []}, "kind", "unknown_value"),
        ({"count": 301}, "count", "out_of_range"),
        ({"points_each": "1.555"}, "points_each", "out_of_range"),
        ({"partial_credit": "luck"}, "partial_credit", "unknown_value"),
        ({"wing": "west"}, "wing", "unknown_value"),
        ({"wing": "procedures", "topics": ["penalty_law"]}, "topics", "unknown_value"),
        ({"fields": ["market", "market"]}, "fields", "unknown_value"),
        ({"fields": [["market"]]}, "fields", "unknown_value"),
        ({"difficulty": [6]}, "difficulty", "unknown_value"),
        ({"zh": "单选题"}, "", "title_in_one_language"),
        ({"pool": "reserved"}, "pool", "unknown_field"),
    ],
)
def test_a_fault_of_a_section_is_told_at_its_place(tmp_path, changes, place, code):
    with pytest.raises(InvalidBlueprints) as refused:
        read(tmp_path, ONE | {"sections": [SECTION, SECTION | changes]})
    wanted = ".".join(part for part in ("small.sections[1]", place) if part)
    assert [(one.place, one.code) for one in refused.value.problems] == [(wanted, code)]


def test_a_slug_stands_once(tmp_path):
    with pytest.raises(InvalidBlueprints, match="blueprint_twice"):
        read(tmp_path, ONE, ONE)


@pytest.mark.parametrize("text", ["[]", "{", "{}"])
def test_a_file_of_another_form_is_refused(tmp_path, text):
    with pytest.raises(InvalidBlueprints, match="not_blueprints"):
        read(tmp_path, text=text)


def test_the_shipped_bank_has_three_times_the_items_of_each_shipped_section():
    bank = load()
    for one in ready_blueprints():
        for section in one.sections:
            assert sum(map(section.takes, bank)) >= 3 * section.count, (one.slug, section)
