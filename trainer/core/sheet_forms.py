"""Spreadsheets to be filled in and sent back: text columns that keep leading zeros, lists to choose from, remarks.

Text is written as text, so what starts with ``=`` is no formula, and comes back exactly as it went out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import xlsxwriter


@dataclass(frozen=True)
class FormColumn:
    """A column to write. ``choices`` are offered as a list in each cell; other entries stay possible when ``loose``.

    ``note`` is shown when the cell of the head is pointed at. ``kind`` is ``text`` or ``date``.
    """

    title: str
    width: int = 16
    kind: str = "text"
    choices: tuple[str, ...] = ()
    loose: bool = False
    note: str = ""


@dataclass(frozen=True)
class FormSheet:
    """A sheet to write: a head row, then ``rows`` of text, numbers, days or None."""

    title: str
    columns: Sequence[FormColumn]
    rows: Iterable[Sequence[Any]] = ()


LONGEST_LIST = 255
FILLED_ROWS = 2000


def write_form(sheets: Sequence[FormSheet]) -> bytes:
    """Return an .xlsx file. Text is always written as text: what starts with ``=`` is no formula."""
    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, options)
    formats = {
        "head": book.add_format({"bold": True, "bg_color": "#E8EEF6", "border": 1, "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"num_format": "@"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    lists = [column.choices for sheet in sheets for column in sheet.columns if _needs_sheet(column.choices)]
    made = [(sheet, book.add_worksheet(sheet.title)) for sheet in sheets]
    places: dict[tuple[str, ...], str] = {}
    if lists:
        hidden = book.add_worksheet("_lists")
        hidden.hide()
        for number, choices in enumerate(dict.fromkeys(lists)):
            hidden.write_column(0, number, choices, formats["text"])
            letter = xlsxwriter.utility.xl_col_to_name(number)
            places[choices] = f"=_lists!${letter}$1:${letter}${len(choices)}"
    for sheet, page in made:
        _fill(page, sheet, formats, places)
    book.close()
    return target.getvalue()


def _needs_sheet(choices: tuple[str, ...]) -> bool:
    """Return whether a list is too long for the cell's own rule, or holds the comma that parts its entries."""
    return len(",".join(choices)) > LONGEST_LIST or any("," in choice for choice in choices)


def _fill(page: Any, sheet: FormSheet, formats: dict[str, Any], places: dict[tuple[str, ...], str]) -> None:
    page.freeze_panes(1, 0)
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, column.width, formats[column.kind])
        page.write_string(0, number, column.title, formats["head"])
        if column.note:
            page.write_comment(0, number, column.note)
        if column.choices:
            rule = {
                "validate": "list",
                "source": places.get(column.choices) or list(column.choices),
                "error_type": "information" if column.loose else "stop",
                "show_error": not column.loose,
            }
            page.data_validation(1, number, FILLED_ROWS, number, rule)
    for number, row in enumerate(sheet.rows, 1):
        for place, value in enumerate(row):
            _write(page, number, place, value, formats)


def _write(page: Any, row: int, place: int, value: Any, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        page.write_number(row, place, value)
    elif hasattr(value, "isoformat"):
        page.write_datetime(row, place, value, formats["date"])
    else:
        page.write_string(row, place, str(value), formats["text"])
