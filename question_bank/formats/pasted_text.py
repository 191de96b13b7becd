"""Exam papers pasted or saved as plain text, in any of the habits of Chinese papers; see ``papers``."""

from __future__ import annotations

from question_bank.formats import papers
from question_bank.formats.decoding import decoded
from question_bank.formats.draft import report
from question_bank.formats.paper_lines import ANSWER, Line, number_at, options_in
from question_bank.formats.report import ImportReport, Place, Unreadable

NAME, TITLE = "text", "试卷文本"
SUFFIXES = (".txt", ".md")
MOST_BYTES = 20 * 1024 * 1024
MOST_LINES = 200_000
LOOKED_AT = 400


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is a paper: lines that begin with numbers, option letters and 答案."""
    try:
        words, _ = decoded(content[:100_000].rpartition(b"\n")[0] or content[:100_000])
    except Unreadable:
        return 0.0
    if words.lstrip().startswith(("<", "{", "[{")):
        return 0.0
    lines = [line.strip() for line in words.split("\n")[:LOOKED_AT] if line.strip()]
    told = [line for line in lines if ANSWER.search(line)]
    answers = sum(ANSWER.match(line) is not None for line in told)
    options = sum(bool(options_in(line, 0)) for line in lines)
    numbers = sum(number_at(line) is not None for line in lines)
    if not numbers and not any("答" in line for line in told):
        return 0.3 if answers else 0.0  # ANSWER: alone is that of Aiken
    if options >= 2 and (answers or numbers):
        return 0.6
    if answers or numbers > 1:
        return 0.4
    return 0.1


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every question of a paper. Raises ``Unreadable`` for what is no text or too long."""
    if len(content) > MOST_BYTES:
        raise Unreadable("file_too_large", size=len(content), most=MOST_BYTES)
    words, notes = decoded(content)
    rows = words.split("\n")
    if len(rows) > MOST_LINES:
        raise Unreadable("too_many_lines", count=len(rows), most=MOST_LINES)
    paper = papers.read_paper(Line(number, line) for number, line in enumerate(rows, start=1))
    if not paper.asked:
        raise Unreadable("no_questions_inside")
    return report(NAME, papers.drafts_of(paper, Place(file=file_name)), [*notes, *paper.notes])
