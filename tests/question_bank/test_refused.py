"""What was kept out is handed back in its own layout with reasons, and can be mended and read again."""

import zipfile
from io import BytesIO

import pytest

from question_bank.fields import Problem
from question_bank.formats import excel, foreign_tables, pasted_text
from question_bank.formats.refused import reason_of, refused_rows
from question_bank.formats.report import complete
from question_bank.formats.tables import read_tables
from tests.question_bank.books import make_xlsx

DEFAULTS = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}
HEAD = ["题型", "题干", "选项A", "选项B", "答案"]


def cells(content):
    return [[list(row.cells) for row in sheet.rows] for sheet in read_tables(content).sheets]


def test_refused_rows_stand_in_their_layout_with_a_reason():
    rows = [HEAD, ["单选题", "甲？", "三日", "五日", "D"], ["单选题", "乙？", "三日", "五日", "B"]]
    rows.append(["单选题", "=1+1", "三日", "五日"])
    report = foreign_tables.read(make_xlsx(rows), "x.xlsx")
    content = refused_rows(report)
    assert cells(content) == [
        [
            [*HEAD, "未导入的原因"],
            ["单选题", "甲？", "三日", "五日", "D", "答案：答案“D”不在选项之中。"],
            ["单选题", "=1+1", "三日", "五日", "", "答案：缺少这一项。"],
        ]
    ]
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()


def test_a_refused_file_can_be_mended_and_read_again():
    report = foreign_tables.read(make_xlsx([HEAD, ["单选题", "甲？", "三日", "五日", "D"]]), "x.xlsx")
    (sheet,) = cells(refused_rows(report))
    sheet[1][4] = "B"
    (done,) = complete(foreign_tables.read(make_xlsx(sheet), "y.xlsx").found, DEFAULTS)
    assert done.item.key == "B"
    assert done.found.unsupported == ("未导入的原因",)


def test_rows_of_one_question_stay_together_and_sheets_of_other_heads_apart():
    rows = [["题目内容", "选项内容", "是否正确项"], ["甲？", "三日", "也许"], ["", "五日", "1"]]
    content = make_xlsx(rows, sheets=[("二", [HEAD, ["单选题", "乙？", "三日", "五日"]], False)])
    first, second = cells(refused_rows(foreign_tables.read(content, "x.xlsx")))
    assert [row[:2] for row in first[1:]] == [["甲？", "三日"], ["", "五日"]]
    assert "也许" in first[1][3]
    assert second[1][:2] == ["单选题", "乙？"]


def test_problems_found_on_completing_count_too():
    report = foreign_tables.read(make_xlsx([HEAD, ["多选题", "甲？", "三日", "五日", "AB"]]), "x.xlsx")
    assert cells(refused_rows(report))[0][1:] == []
    (row,) = cells(refused_rows(report, complete(report.found, DEFAULTS)))[0][1:]
    assert row[-1] == "选项：选项有 2 个，应为 3 至 10 个。"


def test_our_own_template_and_papers_are_handed_back_too():
    report = excel.read(make_xlsx([["题型", "题干", "答案", "案例组"], ["单选题", "甲？", "B", ""]]), "x")
    content = refused_rows(report, complete(report.found, DEFAULTS))
    assert cells(content)[0][1][:3] == ["单选题", "甲？", "B"]
    paper = pasted_text.read("1. 甲？\nA.三日\nB.五日\n".encode(), "x.txt")
    assert cells(refused_rows(paper, language="en")) == [
        [["Original", "Why it was not imported"], ["1. 甲？\nA.三日\nB.五日", "key: This is missing."]]
    ]


@pytest.mark.parametrize(
    ("place", "zh", "en"),
    [
        ("options[2].text", "选项C：这里不能为空。", "option C: This must not be empty."),
        ("parts[0].key", "第1小题答案：这里不能为空。", "part 1 key: This must not be empty."),
        ("", "这里不能为空。", "This must not be empty."),
    ],
)
def test_places_are_told_in_words(place, zh, en):
    assert (reason_of(Problem(place, "empty")), reason_of(Problem(place, "empty"), "en")) == (zh, en)
