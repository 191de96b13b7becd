"""The questions that were kept out of an import, handed back as a workbook in the layout they came in, with reasons.

The file can be put right and imported again: the column of reasons is then passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

import xlsxwriter

from question_bank.fields import Problem
from question_bank.formats.excel_write import GUARDED, LONGEST_CELL
from question_bank.formats.report import Completed, Found, ImportReport
from question_bank.formats.table_rows import WHOLE
from question_bank.formats.web import OUTSIDE_XML
from question_bank.formats.words import LANGUAGES, say

REASONS = {"zh": "未导入的原因", "en": "Why it was not imported"}
SOURCE = {"zh": "原文", "en": "Original"}
PLACES = {
    "zh": {
        "stem": "题干",
        "options": "选项",
        "option": "选项{letter}",
        "key": "答案",
        "sample": "参考答案",
        "kind": "题型",
        "explanation": "解析",
        "basis": "法律依据",
        "difficulty": "难度",
        "level": "认知层次",
        "topic": "主题",
        "wing": "板块",
        "fields": "执法领域",
        "rubric": "评分要点",
        "part": "第{number}小题",
        "tags": "标签",
        "id": "编号",
    },
    "en": {"option": "option {letter}", "part": "part {number}"},
}
BAD_IN_TITLE = re.compile(r"[\[\]:*?/\\']")
LONGEST_TITLE = 31


def refused_rows(report: ImportReport, completed: Iterable[Completed] = (), *, language: str = "zh") -> bytes:
    """Return an .xlsx of the questions with problems, each in the rows and columns it had, with a column of reasons.

    ``completed`` are the same questions after ``complete``, whose problems then count too; without them those of the
    report alone. Rows of different heads are on sheets of their own. Without any refused the sheet has its head only.
    """
    held = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(held, options) as book:
        styles = {
            "head": book.add_format({"bold": True, "bg_color": "#E8EEF6", "border": 1, "text_wrap": True}),
            "reason": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "bg_color": "#FDECEA"}),
            "text": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
            "guarded": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "quote_prefix": True}),
        }
        groups = _groups(_refused(report, completed), language)
        if not groups:
            groups[tuple(report.columns) or (SOURCE[language],)] = ("", [])
        titles: set[str] = set()
        for head, (sheet, rows) in groups.items():
            page = book.add_worksheet(_title(sheet, titles))
            page.freeze_panes(1, 0)
            page.set_column(0, len(head), 24)
            for number, words in enumerate((*head, REASONS[language])):
                _write(page, 0, number, words, styles["head"], styles["head"])
            for at, (cells, reason) in enumerate(rows, start=1):
                for number, words in enumerate(cells):
                    _write(page, at, number, words, styles["text"], styles["guarded"])
                if reason:
                    _write(page, at, len(head), reason, styles["reason"], styles["reason"])
    return held.getvalue()


def reason_of(problem: Problem, language: str = "zh") -> str:
    """Return a problem as a sentence that begins with its place."""
    place = _place(problem.place, language)
    told = say(problem.code, problem.params, language)
    if not place:
        return told
    return f"{place}：{told}" if language == LANGUAGES[0] else f"{place}: {told}"


def _refused(report: ImportReport, completed: Iterable[Completed]) -> list[tuple[Found, Sequence[Problem]]]:
    done = list(completed)
    if done:
        return [(one.found, one.problems) for one in done if one.problems]
    return [(one, one.problems) for one in report.found if one.problems]


Groups = dict[tuple[str, ...], tuple[str, list[tuple[list[str], str]]]]


def _groups(refused: Iterable[tuple[Found, Sequence[Problem]]], language: str) -> Groups:
    """Return the rows by their heads, each head with the sheet it came from first."""
    groups: Groups = {}
    for found, problems in refused:
        head, rows = _original(found, language)
        reason = "\n".join(dict.fromkeys(reason_of(problem, language) for problem in problems))
        kept = groups.setdefault(head, (found.place.sheet, []))[1]
        kept += [(cells, reason if not at else "") for at, cells in enumerate(rows)]
    return groups


def _original(found: Found, language: str) -> tuple[tuple[str, ...], list[list[str]]]:
    whole = found.raw.get(WHOLE)
    if isinstance(whole, Mapping):
        rows = [[str(cell) for cell in row] for row in whole["rows"]]
        head = tuple(str(words) for words in whole["head"])
        # A row may be longer than its head; the reasons stand behind both.
        width = max([len(head), *(len(row) for row in rows)])
        return head + ("",) * (width - len(head)), rows
    if set(found.raw) <= {"text", "lines"} and "text" in found.raw:
        return (SOURCE[language],), [[str(found.raw["text"])]]
    return tuple(map(str, found.raw)), [[_words(value) for value in found.raw.values()]]


def _words(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _place(place: str, language: str) -> str:
    """Return a place such as ``parts[1].options[2].text`` in words."""
    names = PLACES[language]
    told: list[str] = []
    for name, number in re.findall(r"([a-z_]+)(?:\[(\d+)\])?", place):
        if name in ("text", "note") and told:
            continue
        if name == "options" and number and int(number) < 26:
            told.append(names["option"].format(letter=chr(ord("A") + int(number))))
        elif name == "parts" and number:
            told.append(names["part"].format(number=int(number) + 1))
        else:
            told.append(names.get(name, name))
    return ("" if language == LANGUAGES[0] else " ").join(told)


def _title(sheet: str, titles: set[str]) -> str:
    base = BAD_IN_TITLE.sub("_", OUTSIDE_XML.sub("", sheet)).strip()[: LONGEST_TITLE - 4] or "退回"
    title, number = base, 2
    while title.casefold() in titles or title.casefold() == "history":  # Excel keeps that name for itself
        title, number = f"{base}_{number}", number + 1
    titles.add(title.casefold())
    return title


def _write(page: Any, row: int, column: int, words: str, style: Any, guarded: Any) -> None:
    kept = OUTSIDE_XML.sub("\ufffd", words)[:LONGEST_CELL]
    if kept:
        page.write_string(row, column, kept, guarded if kept.startswith(GUARDED) else style)
