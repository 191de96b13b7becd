"""A sheet that is no table but an exam paper in cells: questions and options one below the other, keys beside them.

Its lines are read as those of any paper (``papers``). A key in a cell beside a numbered question is put behind the
options of that question, where a paper has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from question_bank.formats import papers
from question_bank.formats.draft import Draft
from question_bank.formats.kind_words import kind_of_heading
from question_bank.formats.paper_lines import ANSWER, Line, number_at
from question_bank.formats.papers import Paper
from question_bank.formats.report import Place
from question_bank.formats.table_cells import Sheet

FEWEST = 3
LONGEST_KEY = 20


def paper_of(sheet: Sheet) -> Paper | None:
    """Return the questions of a sheet that reads as a paper, None for any other sheet.

    It is one where at least three numbered questions stand in the first column and half of them have a short key
    beside them, or lines of answers stand among them.
    """
    firsts = [row.cell(0).strip() for row in sheet.rows]
    numbered = sum(number_at(words) is not None for words in firsts)
    keyed = sum(_key(row.cells) is not None for row in sheet.rows)
    answers = sum(ANSWER.match(line.strip()) is not None for words in firsts for line in words.split("\n"))
    if numbered < FEWEST or 2 * max(keyed, answers) < numbered:
        return None
    paper = papers.read_paper(_lines(sheet))
    return paper if len(paper.asked) >= FEWEST else None


def drafts_of(paper: Paper, file_name: str, sheet: Sheet) -> list[Draft]:
    """Return the questions of the paper, each at the row of the sheet where it begins."""
    made = list(papers.drafts_of(paper, Place(file_name, sheet.name)))
    for draft in made:
        draft.place = replace(draft.place, row=draft.place.line, line=None)
    return made


def _key(cells: tuple[str, ...]) -> str | None:
    """Return the only further cell of a row with a numbered question, where it is short enough to be a key."""
    rest = [cell.strip() for cell in cells[1:] if cell.strip()]
    if len(rest) != 1 or len(rest[0]) > LONGEST_KEY or not cells or number_at(cells[0].strip()) is None:
        return None
    return rest[0]


def _lines(sheet: Sheet) -> Iterator[Line]:
    held: Line | None = None
    for row in sheet.rows:
        first = row.cell(0).strip()
        if held is not None and (number_at(first) is not None or kind_of_heading(first)):
            yield held
            held = None
        key = _key(row.cells)
        words = first if key is not None else " ".join(cell.strip() for cell in row.cells if cell.strip())
        for line in words.split("\n"):
            yield Line(row.number, line)
        if key is not None:
            held = Line(row.number, f"答案：{key}")
    if held is not None:
        yield held
