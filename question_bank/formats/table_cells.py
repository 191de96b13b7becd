"""The values that readers of tables hand on, and how large a table we take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_ROWS = 50_000
MOST_COLUMNS = 300
# Rows × columns, the empty ones among them: the reading library keeps a place for each.
MOST_PLACES = 2_000_000

FORMULA, BOOLEAN, ERROR, ROUNDED = "formula", "boolean", "error", "rounded"
# Plain numbers that may be what a spreadsheet made of 1% or of a day.
DECIMAL, WHOLE_NUMBER = "decimal", "whole_number"


@dataclass(frozen=True, slots=True)
class Odd:
    """What a spreadsheet keeps behind a cell that is not simply text: what it is, and the value itself."""

    what: str
    kept: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not empty; ``number`` is as the spreadsheet counts, ``cells`` end at the last filled one."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """Return a cell, counted from 0; empty beyond the last one."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one sheet. Keys of ``odd`` and ``continued`` are row number and column, which counts from 0.

    ``continued`` are the cells below the first of a merged column: they have its text. ``empty_rows`` counts the
    rows without a cell up to the last filled one.
    """

    name: str
    rows: tuple[Row, ...]
    hidden: bool = False
    odd: Mapping[tuple[int, int], Odd] = field(default_factory=dict)
    continued: frozenset[tuple[int, int]] = frozenset()
    empty_rows: int = 0


@dataclass(slots=True)
class Counted:
    """What a look at the cells of a sheet found before it was opened.

    ``rows`` and ``columns`` reach to the last filled cell. ``numbers`` has value and format code of the cells whose
    code is not the general one. Places are row number and column, as in ``Sheet``.
    """

    rows: int = 0
    columns: int = 0
    cells: int = 0
    numbers: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    from_1904: bool = False

    def fill(self, row: int, column: int) -> None:
        """Count a filled cell in; ``column`` counts from 0."""
        self.rows, self.columns = max(self.rows, row), max(self.columns, column + 1)
