"""Tables of every file kind read as people see them, and what is made for harm costs nothing."""

import contextlib
import datetime
import resource
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.formats import number_shown
from question_bank.formats.report import Unreadable
from question_bank.formats.tables import is_book, read_tables
from tests.question_bank.books import make_xls, make_xlsx, replaced

ROWS = [["题干", "答案"], ["听证期限？", "B"], [], ["=1+1", "  是 "]]


def sheet_of(content, name="x.xlsx"):
    (sheet,) = read_tables(content, name).sheets
    return sheet


def cells(sheet):
    return {row.number: list(row.cells) for row in sheet.rows}


def test_a_workbook_keeps_places_and_text_as_it_stands():
    sheet = sheet_of(make_xlsx(ROWS))
    assert cells(sheet) == {1: ["题干", "答案"], 2: ["听证期限？", "B"], 4: ["=1+1", "  是 "]}
    assert (sheet.name, sheet.empty_rows) == ("题库", 1)


def test_an_old_workbook_named_xlsx_is_read_and_told():
    content = make_xls([["题干", "比例"], ["税率", (0.01, "0%")], ["数额", (25100, "#,##0")]], codes=["0%", "#,##0"])
    found = read_tables(content, "题库.xlsx")
    assert is_book(content)
    assert cells(found.sheets[0]) == {1: ["题干", "比例"], 2: ["税率", "1%"], 3: ["数额", "25,100"]}
    assert [note.code for note in found.notes] == ["old_xls_named_xlsx"]
    assert {place: odd.what for place, odd in found.sheets[0].odd.items()} == {(2, 1): "percent", (3, 1): "number"}


def test_numbers_are_text_as_shown_and_say_what_is_kept():
    day = datetime.datetime(2014, 5, 1)
    rows = [[0.01, 25100, day, 41760, 0.5, ("=1+1", 2), True, 12345678901234567, ("=A9", "")]]
    formats = {(0, 0): "0.0%", (0, 1): "#,##0", (0, 2): 'yyyy"年"m"月"d"日"', (0, 4): '0.00"元"'}
    sheet = sheet_of(make_xlsx(rows, formats=formats))
    assert sheet.rows[0].cells[:8] == (
        "1.0%", "25,100", "2014年5月1日", "41760", "0.50元", "2", "TRUE", "12345678901234600"
    )  # fmt: skip
    told = {column: (odd.what, odd.kept) for (_, column), odd in sheet.odd.items()}
    assert told[0] == ("percent", "0.01")
    assert told[2] == ("date", "41760")
    assert told[3] == ("whole_number", "41760")
    assert (told[5][0], told[6][0], told[7][0], told[8]) == ("formula", "boolean", "rounded", ("error", ""))


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ("0.01", "0%", "1%"),
        ("1E-5", "0.000%", "0.001%"),
        ("1.0000000000000001E-5", "0.00%", "0.001%"),
        ("0.3333333333333333", "0%", "33%"),
        ("25100", "#,##0.00", "25,100.00"),
        ("41760", "yyyy/m/d", "2014/5/1"),
        ("41760.5", "yyyy-mm-dd hh:mm", "2014-05-01 12:00"),
        ("0.75", "h:mm AM/PM", "6:00 PM"),
        ("3", '0"日"', "3日"),
        ("12.5", "#.##", "12.5"),
        ("-3", "0.0", "-3.0"),
        ("41760", "[$-804]yyyy\"年\"m\"月\"", "2014年5月"),
    ],
)  # fmt: skip
def test_format_codes_show_what_excel_shows(value, code, words):
    assert number_shown.shown(value, code)[0] == words


@pytest.mark.parametrize(("value", "code"), [("1", "General"), ("1", "@"), ("x", "0"), ("0.5", "# ?/?"), ("1e9", "y")])
def test_a_code_not_understood_leaves_the_number(value, code):
    assert number_shown.shown(value, code) is None


def test_merged_cells_are_filled_downwards_and_hidden_sheets_passed_over():
    content = make_xlsx(
        [["题型", "题干"], ["", "一"], ["", "二"], ["", "三"]],
        merged=[(1, 0, 2, 0, "单选")],
        sheets=[("清单", [["单选"], ["多选"]], True)],
    )
    found = read_tables(content)
    assert [row.cells for row in found.sheets[0].rows] == [("题型", "题干"), ("单选", "一"), ("单选", "二"), ("", "三")]
    assert found.sheets[0].continued == {(3, 0)}
    assert [(note.code, note.before, note.params["rows"]) for note in found.notes] == [
        ("hidden_sheet_passed_over", "清单", 2)
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_text_tables_are_read_in_every_encoding_and_delimiter(encoding, delimiter):
    rows = [["题干", "选项A", "答案"], ['他说"可以"', "第一行\n第二行", "A"], ["期限", "五日", "B"]]
    lines = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    sheet = sheet_of("\r\n".join(lines).encode(encoding), "x.csv")
    assert [list(row.cells) for row in sheet.rows] == rows


def test_formatted_empty_rows_cost_nothing():
    plain = make_xlsx(ROWS)
    rows = "".join(f'<row r="{number}"><c r="A{number}" s="0"/></row>' for number in range(10, 40_000))
    body = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    sheet = sheet_of(replaced(plain, "xl/worksheets/sheet1.xml", body))
    assert sheet.rows == ()


def _sheet_xml(cells):
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f"{cells}</sheetData></worksheet>"
    )


def _lying(content):
    """The bytes of a zip whose sheet claims to unpack to 100 bytes."""
    at = content.index(b"xl/worksheets/sheet1.xml", content.index(b"PK\x01\x02"))
    return content[: at - 46 + 24] + struct.pack("<I", 100) + content[at - 46 + 28 :]


BOMBS = {
    "far_cell": lambda: _sheet_xml('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "wide_and_long": lambda: _sheet_xml('<row r="49999"><c r="KK49999"><v>1</v></c></row>'),
    "packed_spaces": lambda: _sheet_xml(" " * 140_000_000),
    "many_cells": lambda: _sheet_xml("<row>" + "<c/>" * 2_000_000 + "</row>"),
    "entities": lambda: '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + _sheet_xml("<row/>"),
}  # fmt: skip


@pytest.mark.parametrize("name", [*BOMBS, "lying"])
def test_bombs_are_refused_within_two_seconds_and_little_memory(name):
    plain = make_xlsx(ROWS)
    body = BOMBS[name]() if name != "lying" else _sheet_xml(" " * 5_000_000)
    content = replaced(plain, "xl/worksheets/sheet1.xml", body)
    content = _lying(content) if name == "lying" else content
    del body
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(Unreadable):
        read_tables(content, "x.xlsx")
    assert time.process_time() - start < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024


def test_an_old_workbook_with_a_far_cell_is_refused():
    rows = [["a"]] + [[]] * 20_000 + [[""] * 200 + ["z"]]
    with pytest.raises(Unreadable):
        read_tables(make_xls(rows), "x.xls")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"PK\x03\x04" + bytes(200),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        b"\0\1\2",
        b"\xff",
    ],
)
def test_what_is_no_table_is_unreadable_or_empty(content):
    with contextlib.suppress(Unreadable):
        assert all(not sheet.rows for sheet in read_tables(content, "x").sheets)


XLSX, XLS = make_xlsx(ROWS), make_xls([["题干", 1.5], ["答案", "A"]])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_mutated_workbooks_never_raise_anything_else(data):
    content = bytearray(data.draw(st.sampled_from([XLSX, XLS])))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(content))))
    with contextlib.suppress(Unreadable):
        read_tables(bytes(content[:cut]), "x")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_never_raise_anything_else(content):
    with contextlib.suppress(Unreadable):
        read_tables(content, "x")
