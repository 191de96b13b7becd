"""Workbooks as sheets of text: the only file that knows calamine.

Before calamine opens a file its cells are counted (``xlsx_cells``, ``xls_cells``), because it keeps a place for each
cell between the first and the last one: a single cell far out would take gigabytes. The same look finds what calamine
does not tell: the format codes of numbers, and which cells are formulas.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from typing import Any, TypeVar

import python_calamine

from question_bank.formats import xls_cells, xlsx_cells
from question_bank.formats.number_shown import day_of, general, shown
from question_bank.formats.report import CERTAIN, Repair, Unreadable
from question_bank.formats.table_cells import (
    BOOLEAN,
    DECIMAL,
    ERROR,
    FORMULA,
    MOST_COLUMNS,
    MOST_PLACES,
    MOST_ROWS,
    ROUNDED,
    WHOLE_NUMBER,
    Counted,
    Odd,
    Row,
    Sheet,
)

Made = TypeVar("Made")
# Spreadsheets keep 15 digits of a number; a longer one has been rounded by the time we see it.
EXACT = 10**15


def read_xlsx(content: bytes) -> tuple[list[Sheet], list[Repair]]:
    """Return the sheets of an .xlsx workbook and notes on them. Raises ``Unreadable``."""
    return _sheets(content, xlsx_cells.counted(content))


def read_xls(content: bytes) -> tuple[list[Sheet], list[Repair]]:
    """Return the sheets of an old .xls workbook and notes on them. Raises ``Unreadable``."""
    return _sheets(content, xls_cells.counted(content))


def _sheets(content: bytes, counted: dict[str, Counted]) -> tuple[list[Sheet], list[Repair]]:
    for one in counted.values():
        if one.rows > MOST_ROWS:
            raise Unreadable("sheet_too_many_rows", count=one.rows, most=MOST_ROWS)
        if one.columns > MOST_COLUMNS:
            raise Unreadable("sheet_too_many_columns", count=one.columns, most=MOST_COLUMNS)
    if sum(one.rows * one.columns for one in counted.values()) > MOST_PLACES:
        raise Unreadable("sheet_too_many_cells", most=MOST_PLACES)
    book = _asked(lambda: python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)))
    sheets: list[Sheet] = []
    notes: list[Repair] = []
    for told in book.sheets_metadata:
        if told.typ != python_calamine.SheetTypeEnum.WorkSheet:
            notes.append(Repair("", "sheet_without_cells_passed_over", CERTAIN, before=told.name))
        elif told.name not in counted:
            # What was not counted is not opened.
            raise Unreadable("workbook_damaged", reason=told.name)
        else:
            hidden = told.visible != python_calamine.SheetVisibleEnum.Visible
            sheets.append(_sheet(book, told.name, hidden, counted[told.name]))
    if not sheets:
        raise Unreadable("workbook_without_sheets")
    return sheets, notes


def _sheet(book: Any, name: str, hidden: bool, counted: Counted) -> Sheet:
    sheet = _asked(lambda: book.get_sheet_by_name(name))
    odd: dict[tuple[int, int], Odd] = {}
    merged = [] if sheet.start is None else list(sheet.merged_cell_ranges or [])
    filled, continued = _merged(merged)
    rows: list[Row] = []
    last = 0
    above: dict[int, str] = {}
    for number, values in enumerate(_asked(sheet.iter_rows) if sheet.start is not None else (), start=1):
        cells = [_cell(value, (number, column), counted, odd) for column, value in enumerate(values)]
        for column, first in filled.get(number, ()):
            if column >= len(cells):
                continue
            if first:
                above[column] = cells[column]
            elif not cells[column]:
                cells[column] = above.get(column, "")
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            rows.append(Row(number, tuple(cells)))
            last = number
    for place in counted.formulas - odd.keys():
        odd[place] = Odd(ERROR, "")  # the program that wrote it has not worked it out
    return Sheet(name, tuple(rows), hidden, odd, continued, last - len(rows))


def _merged(ranges: list[Any]) -> tuple[dict[int, list[tuple[int, bool]]], frozenset[tuple[int, int]]]:
    """Return for each row the merged columns in it, with whether they begin there, and the cells that continue one.

    Only what is merged downwards is filled; a title across the table stays where it is.
    """
    filled: dict[int, list[tuple[int, bool]]] = {}
    continued: set[tuple[int, int]] = set()
    for (top, left), (bottom, _) in ranges[:MOST_ROWS]:
        if bottom <= top or bottom - top > MOST_ROWS:
            continue
        for row in range(top + 1, bottom + 2):
            filled.setdefault(row, []).append((left, row == top + 1))
            if row > top + 1:
                continued.add((row, left))
            if len(continued) > MOST_PLACES:
                raise Unreadable("sheet_too_many_cells", most=MOST_PLACES)
    return filled, frozenset(continued)


def _cell(value: Any, place: tuple[int, int], counted: Counted, odd: dict[tuple[int, int], Odd]) -> str:
    if isinstance(value, str):
        if value and place in counted.formulas:
            odd[place] = Odd(ERROR if value.startswith("#") else FORMULA, value)
        return value
    kept = counted.numbers.get(place)
    if kept is not None:
        told = shown(kept[0], kept[1], from_1904=counted.from_1904)
        if told is not None:
            odd[place] = Odd(told[1], kept[0])
            return told[0]
    if isinstance(value, bool):
        odd[place] = Odd(BOOLEAN, str(value))
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        if place in counted.formulas:
            odd[place] = Odd(FORMULA, repr(value))
        elif abs(value) >= EXACT:
            odd[place] = Odd(ROUNDED, repr(value))
        elif 0 < abs(value) < 1:
            odd[place] = Odd(DECIMAL, general(float(value)))
        elif day_of(general(float(value))):
            odd[place] = Odd(WHOLE_NUMBER, general(float(value)))
        return general(float(value)) if abs(value) < float("inf") else str(value)
    odd[place] = Odd("date", kept[0] if kept else str(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)


def _asked(call: Callable[[], Made]) -> Made:
    """Return what the library gives; whatever it raises is the fault of the file."""
    try:
        return call()
    except python_calamine.PasswordError as error:
        raise Unreadable("workbook_encrypted") from error
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic inside the library is no Exception
        raise Unreadable("workbook_damaged", reason=str(error)[:200]) from error
