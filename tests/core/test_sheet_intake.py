"""Spreadsheets from outside: what is read, what is refused, and that a bomb costs next to nothing."""

from __future__ import annotations

import datetime
import os
import zipfile
from io import BytesIO

import openpyxl
import pytest

from trainer.core import sheet_intake
from trainer.core.sheet_forms import FormColumn, FormSheet, write_form
from trainer.core.sheet_intake import SheetLimits, SheetRefused, read_rows

QUICK = 2.0  # seconds of processor time, ours and the reader's, in which a bomb must be refused


def book(rows, tmp_path, name="list.xlsx"):
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    path = tmp_path / name
    made.save(path)
    return path


def read(path, **limits):
    return read_rows(path, SheetLimits(**limits))


def refused(path, **limits):
    with pytest.raises(SheetRefused) as error:
        read(path, **limits)
    return error.value.code


def test_cells_come_as_text_with_their_row_numbers_and_empty_rows_are_left_out(tmp_path):
    moment = datetime.datetime(2026, 1, 31, 8, 30)
    path = book(
        [["姓名", "数"], [], [" 张三 ", 13800138000], ["x", 1.5], [datetime.date(2026, 1, 31), moment], [True]],
        tmp_path,
    )
    assert [(row.number, row.cells) for row in read(path)] == [
        (1, ("姓名", "数")),
        (3, ("张三", "13800138000")),
        (4, ("x", "1.5")),
        (5, ("2026-01-31", "2026-01-31 08:30:00")),
        (6, ("TRUE",)),
    ]


def test_a_number_that_the_program_has_rounded_stays_a_number(tmp_path):
    cell = read(book([[440701199001011234]], tmp_path))[0].cells[0]
    assert not isinstance(cell, str)


def test_what_was_written_as_a_form_comes_back_unchanged(tmp_path):
    path = tmp_path / "form.xlsx"
    columns = [
        FormColumn("甲", choices=tuple(f"选项{n},{n}" for n in range(90))),
        FormColumn("乙", kind="date", note="看这里"),
    ]
    rows = [["=1+1", datetime.date(2026, 1, 31)], ["007", None], ["@x", "-3"]]
    path.write_bytes(write_form([FormSheet("名单", columns, rows)]))
    assert [row.cells for row in read(path)][1:] == [("=1+1", "2026-01-31"), ("007",), ("@x", "-3")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"username,name\n", "sheet_not_xlsx"),
        (b"", "sheet_not_xlsx"),
        (b"PK\x03\x04rubbish", "sheet_not_xlsx"),
        (sheet_intake.OLE2 + b"Workbook", "sheet_is_xls"),
        (sheet_intake.OLE2 + sheet_intake.ENCRYPTED_MARK, "sheet_encrypted"),
    ],
)
def test_what_is_no_xlsx_is_refused_with_its_own_reason(tmp_path, content, code):
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    assert refused(path) == code


@pytest.mark.parametrize(("rows", "fits"), [(3, True), (4, False)])
def test_rows_are_counted_below_the_head(tmp_path, rows, fits):
    path = book([["a"]] + [["x"]] * rows, tmp_path)
    if fits:
        assert len(read(path, rows=3)) == 4
    else:
        assert refused(path, rows=3) == "sheet_too_many_rows"


@pytest.mark.parametrize(("columns", "fits"), [(5, True), (6, False)])
def test_columns_are_counted(tmp_path, columns, fits):
    path = book([["a"] * columns], tmp_path)
    if fits:
        assert len(read(path, columns=5)[0].cells) == 5
    else:
        assert refused(path, columns=5) == "sheet_too_many_columns"


def test_a_file_that_is_too_large_is_not_even_opened(tmp_path):
    assert refused(book([["a"] * 20] * 50, tmp_path), file_bytes=1000) == "sheet_too_large"


def swapped(path, part, content):
    """Return ``path`` with one part of its archive replaced."""
    target = BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    path.write_bytes(target.getvalue())
    return path


def quickly(path, **limits):
    # Time of the processor, so that a busy machine judges no file.
    started = sum(os.times()[:4])
    code = refused(path, **limits)
    assert sum(os.times()[:4]) - started < QUICK
    return code


SHEET = "xl/worksheets/sheet1.xml"
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def test_a_bomb_is_refused_from_its_directory_alone(tmp_path):
    path = swapped(book([["a"]], tmp_path), SHEET, b" " * 400_000_000)
    assert path.stat().st_size < 1_000_000
    assert quickly(path) == "sheet_unpacks_too_large"


def test_a_bomb_of_many_parts_is_refused(tmp_path):
    path = book([["a"]], tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(400):
            archive.writestr(f"xl/media/{number}.bin", b"")
    assert quickly(path) == "sheet_unpacks_too_large"


def test_entities_are_not_expanded(tmp_path):
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    cell = '<sheetData><row r="1"><c t="str"><v>&l9;</v></c></row></sheetData>'
    xml = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><worksheet {SPACE}>{cell}</worksheet>'
    path = swapped(book([["a"]], tmp_path), SHEET, xml.encode())
    assert quickly(path) == "sheet_unreadable"


def test_a_row_far_below_does_not_fill_up_what_lies_between(tmp_path):
    xml = f'<worksheet {SPACE}><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    assert quickly(swapped(book([["a"]], tmp_path), SHEET, xml.encode())) in (
        "sheet_too_many_rows",
        "sheet_too_many_columns",
    )


def test_broken_xml_is_the_files_fault(tmp_path):
    assert refused(swapped(book([["a"]], tmp_path), SHEET, b"<worksheet")) == "sheet_unreadable"


def test_a_child_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    endless = tmp_path / "endless.py"
    endless.write_text("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass\n")
    monkeypatch.setattr(sheet_intake, "READER", endless)
    assert refused(book([["a"]], tmp_path)) == "sheet_too_slow"


def test_the_child_writes_no_file_and_has_little_memory(tmp_path, monkeypatch):
    greedy = tmp_path / "greedy.py"
    reader = sheet_intake.READER.read_text(encoding="utf-8").split("if __name__")[0]
    greedy.write_text(reader + "set_limits(5)\nx = bytearray(900 * 1024 * 1024)\n", encoding="utf-8")
    monkeypatch.setattr(sheet_intake, "READER", greedy)
    assert refused(book([["a"]], tmp_path)) == "sheet_unpacks_too_large"
