"""Our own Excel template: one row a question, lossless for every kind; a case study takes a row for each part.

What the columns hold stands in ``excel_columns`` and on the help sheet of the template. What does not fit is told by
``losses``: a text longer than a cell holds, and the bytes of pictures, of which only the entry is kept.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from io import BytesIO

from question_bank.formats.archives import ZIP_MAGIC
from question_bank.formats.excel_read import NEEDED, read_book
from question_bank.formats.excel_write import book_of, losses_of, template
from question_bank.formats.report import ImportReport, Loss
from question_bank.item import Item

NAME, TITLE = "excel", "Excel 题库模板"
SUFFIXES = (".xlsx",)
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LOOKED_AT = 64 * 1024


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is our template: a workbook whose first texts are our heads."""
    if not content.startswith(ZIP_MAGIC) or b"xl/workbook" not in content:
        return 0.0
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = [
                name for name in ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml") if name in archive.namelist()
            ]
            for name in names:
                with archive.open(name) as stream:
                    told = stream.read(LOOKED_AT).decode("utf-8", "ignore")
                if all(f">{word}<" in told for word in NEEDED):
                    return 0.97
    except Exception:  # a damaged archive is for the reader to refuse, and it can raise anything
        return 0.0
    return 0.0


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every question, with what is wrong at its row. Raises ``Unreadable`` for what is not our template."""
    return read_book(content, file_name)


def write(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> bytes:
    """Return a workbook of the items, in order, in the layout of the template; ``losses`` tells what is left out."""
    return book_of(items)


def losses(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> list[Loss]:
    """Return what ``write`` leaves out of these items."""
    return losses_of(items)


def write_template() -> bytes:
    """Return the empty template, with lists to choose from, a help sheet and an example of each kind."""
    return template()
