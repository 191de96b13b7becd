"""Rows to an .xlsx workbook: the only file that knows XlsxWriter.

Texts are written as texts, never as formulas, and a text that a spreadsheet could take for one when it is saved as
CSV and opened again gets a leading quote (OWASP, CSV injection; full-width signs too).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from trainer.core.clock import CITY_ZONE

FONT = "Microsoft YaHei"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")
NUMBERS = {"amount": "0.0#", "count": "#,##0", "percent": "0%", "day": "yyyy-mm-dd", "time": "yyyy-mm-dd hh:mm"}
FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))


@dataclass(frozen=True)
class Column:
    """A column: its head and its width in characters. ``percent`` shows a fraction as whole per cent."""

    head: str
    width: int = 12
    percent: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet: a title line, the columns, the rows below them, and rows of totals in bold at the end."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    totals: Sequence[Sequence[Any]] = field(default_factory=tuple)
    indents: Sequence[int] = field(default_factory=tuple)


def guarded(text: str) -> str:
    """Return ``text`` so that no spreadsheet takes it for a formula: with a leading quote where it begins like one."""
    return "'" + text if text.startswith(DANGEROUS) else text


def write_book(sheets: Sequence[Sheet], zone: ZoneInfo = CITY_ZONE) -> bytes:
    """Return a workbook. The head is frozen and filters; moments are written in local time of ``zone``."""
    held = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONT, "font_size": 11},
    }
    with xlsxwriter.Workbook(held, options) as book:
        for sheet in sheets:
            _write(book, sheet, zone)
    return held.getvalue()


def _write(book: Any, sheet: Sheet, zone: ZoneInfo) -> None:
    face = {"font_name": FONT, "font_size": 11, "valign": "vcenter"}
    page = book.add_worksheet(sheet.name.translate(FORBIDDEN_IN_NAMES)[:31])
    last = len(sheet.columns) - 1
    page.merge_range(0, 0, 0, last, guarded(sheet.title), book.add_format({**face, "bold": True, "font_size": 14}))
    page.set_row(0, 28)
    head = book.add_format({**face, "bold": True, "bg_color": "#E8EFF8", "border": 1, "text_wrap": True})
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, column.width)
        page.write_string(1, number, guarded(column.head), head)
    page.freeze_panes(2, 1)
    formats: dict[tuple[str, bool, int], Any] = {}

    def look(kind: str, bold: bool, indent: int = 0) -> Any:
        known = formats.get((kind, bold, indent))
        if known is None:
            number = {
                "amount": "0.0#",
                "count": "#,##0",
                "percent": "0%",
                "day": "yyyy-mm-dd",
                "time": "yyyy-mm-dd hh:mm",
            }
            shape: dict[str, Any] = {**face, "bold": bold, "border": 1, "indent": indent}
            if kind in number:
                shape["num_format"] = number[kind]
            known = formats[(kind, bold, indent)] = book.add_format(shape)
        return known

    lines = [(row, False) for row in sheet.rows] + [(row, True) for row in sheet.totals]
    for at, (row, bold) in enumerate(lines, start=2):
        for number, value in enumerate(row):
            column = sheet.columns[number]
            if value is None:
                page.write_blank(at, number, None, look("text", bold))
            elif isinstance(value, datetime):
                page.write_datetime(at, number, value.astimezone(zone).replace(tzinfo=None), look("time", bold))
            elif isinstance(value, date):
                page.write_datetime(at, number, datetime(value.year, value.month, value.day), look("day", bold))
            elif isinstance(value, (int, float, Decimal)):
                kind = "percent" if column.percent else "amount" if isinstance(value, Decimal) else "count"
                page.write_number(at, number, float(value), look(kind, bold))
            else:
                indent = sheet.indents[at - 2] if number == 0 and at - 2 < len(sheet.indents) else 0
                page.write_string(at, number, guarded(str(value)), look("text", bold, indent))
    if sheet.rows:
        page.autofilter(1, 0, len(sheet.rows) + 1, last)
    page.repeat_rows(0, 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
