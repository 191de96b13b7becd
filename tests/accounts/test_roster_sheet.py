"""What a cell of the officer list means: heads, names, dates, words."""

from __future__ import annotations

from datetime import date

import pytest
from flask_babel import force_locale

from trainer.accounts import roster_sheet
from trainer.accounts.roster_sheet import COLUMNS, SYNONYMS, TITLES, Unreadable, head_key, read_list
from trainer.accounts.wording import CATEGORY_NAMES
from trainer.core.sheet_intake import Row, SheetRefused, read_rows
from trainer.orgs.wording import field_choices


def rows(*lines):
    return [Row(number, tuple(line)) for number, line in enumerate(lines, 1)]


HEAD = ("用户名", "姓名", "单位")


@pytest.fixture(autouse=True)
def words(app):
    """Sentences and titles need the site's language."""


@pytest.mark.parametrize("column", COLUMNS)
def test_every_synonym_is_told_apart_from_all_others(column):
    assert all(head_key(name) == name for name in SYNONYMS[column])
    others = {name for other in COLUMNS if other != column for name in SYNONYMS[other]}
    assert not others & set(SYNONYMS[column])


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_the_words_of_our_own_template_are_read_back_in_either_language(app, locale):
    with app.test_request_context(), force_locale(locale):
        assert [name for name in COLUMNS if head_key(str(TITLES[name])) not in SYNONYMS[name]] == []
        assert [roster_sheet.read_category(str(name)) for name in CATEGORY_NAMES.values()] == list(CATEGORY_NAMES)
        for slug, name in field_choices():
            assert roster_sheet.read_fields(name) == (slug,)


@pytest.mark.parametrize(
    "head",
    [
        ("用户名 *", "姓名（必填）", "单位代码或名称"),
        (" 账号：", "姓 名", "所在单位【全称】"),
        ("Username", "Name", "Unit code"),
        ("工号", "执法人员姓名", "工作单位"),
    ],
)
def test_heads_are_recognised_as_people_write_them(head):
    line = read_list(rows(head, ("chen", "陈一", "PJ")))[0]
    assert (line.username, line.name, line.unit, line.problems) == ("chen", "陈一", "PJ", ())


def test_a_title_may_stand_above_and_columns_in_any_order():
    found = read_list(rows(("2026年执法人员名单",), ("序号", *reversed(HEAD)), ("1", "PJ", "陈一", "chen")))
    assert [(line.number, line.username, line.unit) for line in found] == [(3, "chen", "PJ")]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([("用户名", "姓名"), ("a", "b")], "no_header"),
        ([("chen", "陈一", "PJ")], "no_header"),
        ([HEAD], "sheet_empty"),
        ([(*HEAD, "姓名"), ("a", "b", "c", "d")], "column_twice"),
        ([], "no_header"),
    ],
)
def test_a_sheet_without_a_good_head_is_refused_as_a_whole(lines, code):
    with pytest.raises(SheetRefused) as refused:
        read_list(rows(*lines))
    assert refused.value.code == code


def one(**cells):
    columns = ["username", "name", "unit", *(c for c in cells if c not in ("username", "name", "unit"))]
    given = {"username": "chen", "name": "陈一", "unit": "PJ"} | cells
    return read_list(rows([str(TITLES[c]) for c in columns], [given[c] for c in columns]))[0]


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("张　三", "张三"),
        ("欧阳 娜娜", "欧阳娜娜"),
        ("阿 · 买提", "阿·买提"),
        ("Li  Ming", "Li Ming"),
        ("\u200b张三\ufeff", "张三"),
    ],
)
def test_a_name_loses_what_only_stretches_it(cell, read):
    assert one(name=cell).name == read


def test_a_username_in_full_width_capitals_is_the_same_one():
    assert one(username="ＣＨＥＮ．Ｊ１").username == "chen.j1"


@pytest.mark.parametrize(
    "cell",
    [
        "2026-01-31",
        "2026/1/31",
        "2026.1.31",
        "2026年1月31日",
        "20260131",
        "２０２６－０１－３１",
        "46053",
        "2026-01-31 00:00:00",
    ],
)
def test_a_day_is_read_however_it_is_written(cell):
    assert one(valid_from=cell).valid_from == date(2026, 1, 31)


@pytest.mark.parametrize(
    "cell", ["31/01/2026", "26-1-31", "2026-02-30", "长期", "1", "99999", "2026-13-01", "1899-01-01"]
)
def test_a_day_that_is_not_certain_is_refused_not_guessed(cell):
    with pytest.raises(Unreadable) as refused:
        roster_sheet.read_day(cell)
    assert refused.value.code == "bad_date"
    assert [(at.field, at.code) for at in one(valid_from=cell).problems] == [("valid_from", "bad_date")]


@pytest.mark.parametrize(
    ("cell", "slugs"),
    [
        ("城市管理", ("urban_mgmt",)),
        ("市场监管、城市管理", ("market", "urban_mgmt")),
        ("market，Water resources;城市管理/城市管理", ("market", "urban_mgmt", "water")),
    ],
)
def test_fields_are_read_in_either_language(cell, slugs):
    assert one(fields=cell).fields == slugs


@pytest.mark.parametrize("cell", ["魔法", "通用", "城市管理、魔法"])
def test_an_unknown_field_is_named(cell):
    assert [(at.field, at.code) for at in one(fields=cell).problems] == [("fields", "unknown_enforcement_field")]


@pytest.mark.parametrize(("cell", "slug"), [("执法人员", "officer"), ("辅助人员", "auxiliary"), ("lay", "lay")])
def test_categories_are_read_by_word_or_code(cell, slug):
    assert one(category=cell).category == slug


def test_an_empty_cell_says_nothing():
    line = one(post="", category=" ", fields="", certificate_number="", valid_from="", valid_until="")
    assert (line.post, line.category, line.fields, line.certificate_number, line.valid_from) == (None,) * 5


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"certificate_number": 4.40701199001011e17}, ("certificate_number", "digits_lost")),
        ({"username": 440701199001011234}, ("username", "digits_lost")),
        ({"name": "#N/A"}, ("name", "cell_error")),
        ({"unit": "#REF!"}, ("unit", "cell_error")),
        ({"name": "张\x07三"}, ("name", "control_characters")),
        ({"name": ""}, ("name", "required")),
        ({"unit": "  "}, ("unit", "required")),
        ({"category": "国王"}, ("category", "unknown_value")),
        ({"certificate_number": "9" * 41}, ("certificate_number", "too_long")),
    ],
)
def test_a_doubtful_cell_is_a_problem_at_its_column(cells, problem):
    assert [(at.field, at.code) for at in one(**cells).problems] == [problem]


def test_the_template_is_recognised_and_offers_lists(tmp_path):
    import openpyxl

    path = tmp_path / "template.xlsx"
    path.write_bytes(roster_sheet.template([("PJ", "蓬江区"), ("XH", "新会区")]))
    with pytest.raises(SheetRefused, match="sheet_empty"):
        read_list(read_rows(path))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:3] == ["人员名单", "填写说明", "单位"]
    assert len(book["人员名单"].data_validations.dataValidation) == 3
    assert [cell.value for cell in book["单位"][2]] == ["PJ", "蓬江区"]
    assert "陈嘉豪" in "".join(str(row[0].value) for row in book["填写说明"])
