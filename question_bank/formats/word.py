"""Word files: exam papers are read as papers, tables of questions as tables, and items are printed as a paper.

A printed paper is for people: it keeps what a candidate sees and, if asked for, key, explanation and legal basis.
Filing, notes and identity are not in it; ``losses`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from question_bank.formats import foreign_tables, papers
from question_bank.formats.draft import Draft, report
from question_bank.formats.paper_lines import Line
from question_bank.formats.report import ImportReport, Loss, Place, Repair, Unreadable
from question_bank.formats.table_cells import Row, Sheet
from question_bank.formats.table_heads import read_head
from question_bank.formats.tables import OLE_MAGIC
from question_bank.formats.word_read import Grid, WordFile, is_word, read_word
from question_bank.formats.word_write import BESIDE, printed
from question_bank.item import Item

NAME, TITLE = "word", "Word 试卷"
SUFFIXES = (".docx",)
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MOST_BYTES = 60 * 1024 * 1024
OLD_WORD = "WordDocument".encode("utf-16-le")
NUMBERS, KEYS = ("题号", "序号"), ("答案", "参考答案", "正确答案")


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is a Word file; the old kind is claimed too, to be refused clearly."""
    if is_word(content):
        return 0.9
    return 0.8 if content.startswith(OLE_MAGIC) and OLD_WORD in content else 0.0


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every question of a document. Raises ``Unreadable`` for what is no .docx or has no questions."""
    if content.startswith(OLE_MAGIC):
        raise Unreadable("old_word_file")
    if len(content) > MOST_BYTES:
        raise Unreadable("file_too_large", size=len(content), most=MOST_BYTES)
    file = read_word(content)
    place = Place(file=file_name)
    lines: list[Line] = []
    drafts: list[Draft] = []
    notes: list[Repair] = []
    columns: tuple[str, ...] = ()
    tables = 0
    for number, block in enumerate(file.blocks, start=1):
        if isinstance(block, str):
            lines.append(Line(number, block))
            continue
        tables += 1
        sheet = Sheet(f"表格{tables}", _rows(block))
        if any(read_head(row.cells) for row in sheet.rows[: foreign_tables.HEAD_WITHIN]):
            reading = foreign_tables.Reading(sheet, file_name, file.rich)
            drafts += reading.drafts()
            notes += reading.notes
            columns = columns or reading.columns
        else:
            lines += [Line(number, words) for words in _as_lines(block, file)]
    paper = papers.read_paper(lines)
    drafts = papers.drafts_of(paper, place, file.rich, file.plain) + drafts
    if not drafts:
        raise Unreadable("no_questions_inside")
    made = report(NAME, drafts, [*file.notes, *_plain(paper.notes, file), *notes])
    return ImportReport(NAME, made.found, made.notes, made.media, columns)


def _plain(notes: Iterable[Repair], file: WordFile) -> list[Repair]:
    return [
        Repair(one.place, one.code, one.confidence, file.plain(one.before), file.plain(one.after), one.params)
        for one in notes
    ]


def _rows(grid: Grid) -> tuple[Row, ...]:
    rows = []
    for number, cells in enumerate(grid.rows, start=1):
        kept = list(cells)
        while kept and not kept[-1].strip():
            kept.pop()
        if kept:
            rows.append(Row(number, tuple(kept)))
    return tuple(rows)


def _as_lines(grid: Grid, file: WordFile) -> list[str]:
    """Return a table that is none of questions as lines: its frame left out, its keys as a list, or one sign for it."""
    rows = [row for row in grid.rows if any(cell.strip() for cell in row)]
    if not rows:
        return []
    if max(len(row) for row in rows) == 1:
        return [line for row in rows for line in row[0].split("\n")]
    keys = []
    for above, below in pairwise(rows):
        if above[0].strip() in NUMBERS and below[0].strip() in KEYS:
            keys += [
                f"{number.strip()}. {key.strip()}"
                for number, key in zip(above[1:], below[1:], strict=False)
                if re.fullmatch("[0-9]{1,4}", number.strip()) and key.strip()
            ]
    if keys:
        return keys
    return [file.sign(Grid(rows))]


def write(
    items: Iterable[Item],
    *,
    media: Mapping[str, bytes] | None = None,
    title: str = "试题",
    answers: str = BESIDE,
) -> bytes:
    """Return a paper of the items as .docx, by kind and in order, with one run of numbers through all of it.

    ``answers`` is ``"beside"`` (after each question), ``"end"`` (on a page of their own) or ``"none"``; without them
    nothing secret is in the file. Pictures whose bytes are not in ``media`` stand there by their words.
    """
    return printed(items, media or {}, title=title, answers=answers)


def losses(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None, **_: object) -> list[Loss]:
    """Return a loss for each item, which loses filing, notes and identity, and for each medium not at hand."""
    found = []
    for item in items:
        found.append(Loss(item.id, "print_without_filing"))
        found += [
            Loss(item.id, "medium_not_at_hand", params={"name": one.name})
            for one in item.media
            if one.sha256 not in (media or {})
        ]
    return found
