"""Reads the first sheet of an .xlsx file and writes its cells to standard output. Run as a program of its own.

``core.sheet_intake`` starts it: a spreadsheet is a stranger's archive of XML, so it is opened only where a bomb can
take no memory, time or file from the site. The limits are set here, before the reading library is even loaded. It
prints one JSON object: ``{"rows": [[number, [cell, …]], …]}`` or ``{"refused": code, "params": {…}}``; empty rows are
left out.

Cells are text. A day is ``2026-01-31``, a moment has its time behind it, a whole number has no point. A number of more
than 15 digits stays a number, because the spreadsheet program has rounded it and the reader must be told.
"""

from __future__ import annotations

import datetime
import json
import resource
import sys
from typing import Any

MEMORY_BYTES = 600 * 1024 * 1024
EXACT = 10**15
LONGEST_CELL = 4000


def set_limits(seconds: int) -> None:
    """Cap processor time, memory and files of this process for good."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def cell_text(value: Any) -> Any:
    """Return a cell as the parent gets it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (int, float)):
        if abs(value) >= EXACT:
            return value
        return str(int(value)) if value == int(value) else repr(value)
    return str(value).strip()[:LONGEST_CELL]


def read(path: str, most_rows: int, most_columns: int) -> dict[str, Any]:
    """Return what is to be printed for the file at ``path``."""
    import openpyxl
    from defusedxml.common import DefusedXmlException
    from openpyxl import DEFUSEDXML

    assert DEFUSEDXML, "openpyxl does not use defusedxml"
    kept: list[list[Any]] = []
    try:
        # A path would have to end in .xlsx; uploads are named by their hash.
        file = open(path, "rb")  # noqa: SIM115  # read row by row below, and this process ends with it
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What the file says of its own extent is not to be trusted and makes the reader fill up empty cells.
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            cells = [cell_text(value) for value in row[: most_columns + 1]]
            while cells and cells[-1] == "":
                cells.pop()
            if len(cells) > most_columns:
                return {"refused": "sheet_too_many_columns", "params": {"most": most_columns}}
            if cells:
                kept.append([number, cells])
            # One row more, because the first one is the head.
            if len(kept) > most_rows + 1 or number > 10 * most_rows:
                return {"refused": "sheet_too_many_rows", "params": {"most": most_rows}}
    except MemoryError:
        return {"refused": "sheet_unpacks_too_large", "params": {}}
    except DefusedXmlException:
        return {"refused": "sheet_unreadable", "params": {}}
    except Exception as error:
        # A broken file can raise anything inside the library; here it is always the file's fault and never the site's.
        return {"refused": "sheet_unreadable", "params": {"why": type(error).__name__}}
    return {"rows": kept}


if __name__ == "__main__":
    set_limits(int(sys.argv[4]))
    answer = read(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(answer))
