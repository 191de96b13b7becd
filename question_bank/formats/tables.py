"""A table of cells with their places, whatever file it came in: .xlsx, an old .xls, .csv or .tsv.

Cells are text, as people see them in the file. Where a spreadsheet keeps something else (a number with a percent sign,
a day, the result of a formula) the cell is ``odd`` as well, with what is kept, so that a reader can tell the repair.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

from question_bank.formats import table_books
from question_bank.formats.archives import ZIP_MAGIC
from question_bank.formats.decoding import decoded
from question_bank.formats.report import CERTAIN, LIKELY, Repair, Unreadable
from question_bank.formats.table_cells import MOST_COLUMNS, MOST_ROWS, Row, Sheet

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DELIMITERS = (",", "\t", ";", "|")
LOOKED_AT = 60
MOST_BYTES = 40 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tables:
    """The sheets of a file that people see, in order; what was passed over or put right stands in ``notes``."""

    sheets: tuple[Sheet, ...]
    notes: tuple[Repair, ...] = field(default=())


def is_book(content: bytes) -> bool:
    """Whether the bytes are a spreadsheet, whatever the file is called."""
    if content.startswith(OLE_MAGIC):
        return b"W\0o\0r\0k\0b\0o\0o\0k\0" in content or b"B\0o\0o\0k\0" in content
    return content.startswith(ZIP_MAGIC) and b"xl/workbook" in content


def read_tables(content: bytes, file_name: str = "") -> Tables:
    """Return the tables of a file. Raises ``Unreadable`` for what is no table, damaged, or larger than we take."""
    if len(content) > MOST_BYTES:
        raise Unreadable("file_too_large", size=len(content), most=MOST_BYTES)
    if content.startswith(OLE_MAGIC):
        sheets, notes = table_books.read_xls(content)
        if file_name.lower().endswith((".xlsx", ".xlsm")):
            notes = [Repair("", "old_xls_named_xlsx", CERTAIN, before=file_name), *notes]
    elif content.startswith(ZIP_MAGIC):
        sheets, notes = table_books.read_xlsx(content)
    else:
        sheets, notes = _read_text(content)
    return Tables(tuple(_visible(sheets, notes)), tuple(notes))


def _visible(sheets: Iterable[Sheet], notes: list[Repair]) -> list[Sheet]:
    shown = []
    for sheet in sheets:
        if sheet.hidden:
            notes.append(
                Repair("", "hidden_sheet_passed_over", LIKELY, before=sheet.name, params={"rows": len(sheet.rows)})
            )
        else:
            shown.append(sheet)
    return shown


def _read_text(content: bytes) -> tuple[list[Sheet], list[Repair]]:
    words, notes = decoded(content)
    delimiter = _delimiter(words)
    rows: list[Row] = []
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(words), delimiter=delimiter), start=1):
            if number > MOST_ROWS:
                raise Unreadable("sheet_too_many_rows", most=MOST_ROWS)
            while cells and not cells[-1].strip():
                cells.pop()
            if len(cells) > MOST_COLUMNS:
                raise Unreadable("sheet_too_many_columns", most=MOST_COLUMNS)
            if cells:
                rows.append(Row(number, tuple(cells)))
    except csv.Error as error:
        raise Unreadable("csv_damaged", row=number + 1, reason=str(error)[:200]) from error
    told = list(notes)
    if delimiter != ",":
        sign = "Tab" if delimiter == "\t" else delimiter
        told.append(Repair("", "columns_parted_by", CERTAIN, params={"sign": sign}))
    last = rows[-1].number if rows else 0
    return [Sheet("", tuple(rows), empty_rows=last - len(rows))], told


def _delimiter(words: str) -> str:
    """Return the sign that parts most lines into the same number of columns, a comma where none does."""
    lines = [line for line in words[:200_000].split("\n")[:LOOKED_AT] if line.strip()]
    best, found = (0.0, 0), ","
    for delimiter in DELIMITERS:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        usual = max(set(counts), key=counts.count, default=1)
        if usual > 1:
            share = counts.count(usual) / len(counts)
            if (share, usual) > best:
                best, found = (share, usual), delimiter
    return found
