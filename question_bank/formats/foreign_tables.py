"""Tables of questions in the layouts of other systems: any head, title rows above it, one row a question or an option.

No row is lost in silence: each is a question (sound or with its problems), the head, or counted in a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from question_bank.formats import foreign_rows, pace, sheet_papers
from question_bank.formats.draft import Draft, report
from question_bank.formats.kind_words import kind_of_heading
from question_bank.formats.report import CERTAIN, DOUBTFUL, LIKELY, ImportReport, Place, Repair, Unreadable
from question_bank.formats.table_cells import Row, Sheet
from question_bank.formats.table_heads import Head, read_head
from question_bank.formats.tables import is_book, read_tables

NAME, TITLE = "tables", "其他系统的题库表格"
SUFFIXES = (".xlsx", ".xls", ".csv", ".tsv")
HEAD_WITHIN = 30
TEXT_LOOKED_AT = 20_000


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is a table of questions: any workbook, or text with such a head."""
    if is_book(content):
        return 0.6
    named = file_name.lower().endswith((".csv", ".tsv"))
    try:
        tables = read_tables(content[:TEXT_LOOKED_AT].rpartition(b"\n")[0] or content[:TEXT_LOOKED_AT], file_name)
    except Unreadable:
        return 0.05 if named else 0.0
    rows = [row for sheet in tables.sheets for row in sheet.rows[:HEAD_WITHIN]]
    if any(read_head(row.cells) is not None for row in rows):
        return 0.9
    return 0.3 if named else 0.0


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every question of every sheet that people see. Raises ``Unreadable`` where no sheet has any."""
    tables = read_tables(content, file_name)
    drafts: list[Draft] = []
    notes = list(tables.notes)
    columns: tuple[str, ...] = ()
    for sheet in tables.sheets:
        reading = Reading(sheet, file_name)
        drafts += reading.drafts()
        notes += reading.notes
        columns = columns or reading.columns
    if not drafts and not columns:
        raise Unreadable("no_table_of_questions")
    made = report(NAME, drafts, notes)
    return ImportReport(NAME, made.found, made.notes, made.media, columns)


@dataclass(slots=True)
class Reading:
    """One sheet on its way. ``heading`` is the last one that told a kind, ``fresh`` until a head follows it.

    ``rich`` gives for a draft what makes texts of the words of its cells, None for plain ones.
    """

    sheet: Sheet
    file_name: str
    rich: foreign_rows.MakeRich | None = None
    notes: list[Repair] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    head: Head | None = None
    heading: str = ""
    fresh: bool = False
    waiting: list[Row] = field(default_factory=list)

    def drafts(self) -> list[Draft]:
        """Return the questions of the sheet, in order; notes and columns are set on the way."""
        place = Place(self.file_name, self.sheet.name)
        if kind_of_heading(self.sheet.name):
            self.heading = self.sheet.name
        if self.sheet.empty_rows:
            self._note("empty_rows", CERTAIN, rows=self.sheet.empty_rows)
        if self.sheet.continued:
            self._note("merged_cells_filled", LIKELY, cells=len(self.sheet.continued))
        if not any(read_head(row.cells) for row in self.sheet.rows):
            self.head = foreign_rows.head_by_shape(self.sheet.rows)
            if self.head is None:
                paper = sheet_papers.paper_of(self.sheet)
                if paper is not None:
                    self._note("sheet_read_as_paper", LIKELY, rows=len(self.sheet.rows))
                    self.notes += [replace(one, params={"sheet": self.sheet.name, **one.params}) for one in paper.notes]
                    return sheet_papers.drafts_of(paper, self.file_name, self.sheet)
                if self.sheet.rows:
                    self._note("sheet_passed_over", DOUBTFUL, rows=len(self.sheet.rows))
                return []
            self._note("columns_by_shape", DOUBTFUL, after=" | ".join(self.head.words), rows=0)
            self.columns = self.head.words
        made = []
        for head, heading, rows in self._questions():
            made.append(foreign_rows.draft_of(self.sheet, head, heading, rows, place, self.rich))
            pace.tell(rows[-1].number, self.sheet.rows[-1].number)
        return made

    def _questions(self) -> Iterator[tuple[Head, str, list[Row]]]:
        """Return the rows of each question with the head and heading over them; the others go into notes."""
        before_head: list[Row] = []
        for row in self.sheet.rows:
            found = read_head(row.cells)
            if found is not None:
                yield from self._waiting()
                if self.head is not None:
                    self._note("head_repeated", CERTAIN, before=self._told(row), row=row.number, rows=1)
                    if not found.options and "options" not in found.roles and not self.fresh:
                        self.heading = ""  # it was that of the questions with options above
                else:
                    self._note("head_row", CERTAIN, before=self._told(row), row=row.number, rows=1)
                self.fresh = False
                self.head = found
                self.columns = self.columns or found.words
                continue
            filled = [cell for cell in row.cells if cell.strip()]
            if len(filled) == 1 and kind_of_heading(filled[0]):
                yield from self._waiting()
                self.heading, self.fresh = filled[0].strip(), True
                self._note("heading_row", CERTAIN, before=self.heading[:80], row=row.number, rows=1)
                continue
            if self.head is None:
                before_head.append(row)
                continue
            if (
                self.head.one_row_an_option
                and self.waiting
                and foreign_rows.continues(self.sheet, self.head, row, self.waiting)
            ):
                self.waiting.append(row)
                continue
            yield from self._waiting()
            self.waiting = [row]
        yield from self._waiting()
        if before_head:
            told = " / ".join(self._told(row) for row in before_head)
            self._note(
                "rows_above_head", DOUBTFUL if len(before_head) > 3 else LIKELY, before=told, rows=len(before_head)
            )

    def _waiting(self) -> Iterator[tuple[Head, str, list[Row]]]:
        if self.waiting and self.head is not None:
            yield self.head, self.heading, self.waiting
        self.waiting = []

    @staticmethod
    def _told(row: Row) -> str:
        return " ".join(cell.strip() for cell in row.cells if cell.strip())[:80]

    def _note(self, code: str, confidence: str, before: str = "", after: str = "", **params: object) -> None:
        self.notes.append(Repair("", code, confidence, before[:300], after, {"sheet": self.sheet.name, **params}))
