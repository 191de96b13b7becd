"""What readers of tables share: the raw row that is handed back, and the repairs of cells that hold numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from question_bank.formats.number_shown import DATE, PERCENT
from question_bank.formats.report import DOUBTFUL, LIKELY, Repair
from question_bank.formats.table_cells import BOOLEAN, ERROR, FORMULA, ROUNDED, Row, Sheet

# Under this name ``raw`` keeps head and rows as they stood, because heads may be empty or stand there twice.
WHOLE = ""

CODES = {
    PERCENT: ("percent_as_shown", LIKELY),
    DATE: ("date_as_shown", LIKELY),
    "number": ("number_as_shown", LIKELY),
    FORMULA: ("value_of_formula", LIKELY),
    BOOLEAN: ("boolean_as_shown", LIKELY),
    ERROR: ("formula_without_value", DOUBTFUL),
    ROUNDED: ("number_rounded", DOUBTFUL),
}


def head_and_rows(head: Sequence[str], rows: Iterable[Row]) -> dict[str, Any]:
    """Return the raw form of a question: its first row by the heads, and all of its rows as they stood."""
    kept = list(rows)
    named = {words.strip(): kept[0].cell(number) for number, words in enumerate(head) if words.strip()}
    return named | {WHOLE: {"head": list(head), "rows": [list(row.cells) for row in kept]}}


def number_repairs(sheet: Sheet, row: Row, names: Mapping[int, str]) -> list[Repair]:
    """Return a repair for each cell of the named columns in which the spreadsheet keeps something else than shown."""
    found = []
    for column, name in names.items():
        odd = sheet.odd.get((row.number, column))
        if odd is not None and odd.what in CODES and (row.cell(column) or odd.what == ERROR):
            code, confidence = CODES[odd.what]
            found.append(Repair(name, code, confidence, before=odd.kept, after=row.cell(column)))
    return found
