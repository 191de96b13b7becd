"""Rows of our own table as questions: each cell is taken at its word, and one that means nothing is a problem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from question_bank import text
from question_bank.fields import MARKDOWN, OPEN, Problem
from question_bank.formats import pace
from question_bank.formats.answers import truth_of
from question_bank.formats.excel_columns import (
    EXAMPLES,
    FLAGS,
    FORMATS,
    HELP,
    KINDS,
    LENGTH,
    LETTERS,
    LEVELS,
    LISTS,
    NAMES,
    NO,
    NOTHING,
    OPTION_HEAD,
    POOLS,
    YES,
    basis_told,
    fields,
    meant,
    told,
    topics,
    wings,
)
from question_bank.formats.report import CERTAIN, DOUBTFUL, Found, ImportReport, Place, Repair, Unreadable
from question_bank.formats.table_cells import Row, Sheet
from question_bank.formats.table_rows import head_and_rows, number_repairs
from question_bank.formats.tables import read_tables

NEEDED = {"题型", "题干", "答案", "案例组"}
PAIR = re.compile(r"([0-9]{1,2})\s*[-—:：.]?\s*([A-Za-z])")
LETTER_LIST = re.compile(r"[A-Za-z](?:[\s,，、;；|]*[A-Za-z])*")


@dataclass(slots=True)
class _Entry:
    """A row on its way to a question, with what is wrong with it and what was put right."""

    row: Row
    cells: Mapping[str, str]
    data: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)

    def problem(self, place: str, code: str, **params: Any) -> None:
        self.problems.append(Problem(place, code, params))

    def cell(self, name: str) -> str:
        return self.cells.get(name, "")


def has_our_head(cells: Iterable[str]) -> bool:
    """Whether a row is the head of our own table."""
    return {cell.strip() for cell in cells} >= NEEDED


def read_book(content: bytes, file_name: str) -> ImportReport:
    """Return the questions of every sheet with our head. Raises ``Unreadable``."""
    tables = read_tables(content, file_name)
    notes = [note for note in tables.notes if note.before != LISTS]
    found: list[Found] = []
    columns: tuple[str, ...] = ()
    for sheet in tables.sheets:
        if not sheet.rows:
            continue
        head = sheet.rows[0]
        if sheet.name in (EXAMPLES, HELP) or not has_our_head(head.cells):
            sure = CERTAIN if sheet.name in (EXAMPLES, HELP) else DOUBTFUL
            notes.append(Repair("", "sheet_passed_over", sure, before=sheet.name, params={"rows": len(sheet.rows)}))
            continue
        columns = columns or head.cells
        found += _questions(sheet, file_name)
    if not columns:
        raise Unreadable("not_our_table")
    return ImportReport("excel", tuple(found), tuple(notes), columns=columns)


def _questions(sheet: Sheet, file_name: str) -> list[Found]:
    head = sheet.rows[0].cells
    names: dict[int, str] = {}
    for number, words in enumerate(head):
        option = OPTION_HEAD.fullmatch(words.strip())
        name = option[1] if option else NAMES.get(words.strip(), "")
        if name and name not in names.values():
            names[number] = name
    unknown = [number for number, words in enumerate(head) if words.strip() and number not in names]
    cases: dict[str, list[_Entry]] = {}
    entries: list[list[_Entry]] = []
    for row in sheet.rows[1:]:
        entry = _Entry(row, {name: row.cell(number) for number, name in names.items()})
        entry.repairs += number_repairs(sheet, row, names)
        _take(entry)
        group = entry.cell("group").strip()
        if entry.data.get("kind") == "case_study" or not group or group not in cases:
            rows = [entry]
            entries.append(rows)
            if entry.data.get("kind") == "case_study" and group:
                cases[group] = rows
            elif group:
                entry.problem("kind", "part_without_case", group=group)
        else:
            cases[group].append(entry)
        pace.tell(row.number, sheet.rows[-1].number)
    return [_found(rows, head, unknown, Place(file=file_name, sheet=sheet.name)) for rows in entries]


def _found(rows: list[_Entry], head: tuple[str, ...], unknown: Iterable[int], place: Place) -> Found:
    """Return the question of a row, or of the rows of a case."""
    first = rows[0]
    if first.data.get("kind") == "case_study":
        _fold(first, rows[1:])
    return Found(
        replace(place, row=first.row.number),
        first.data,
        raw=head_and_rows(head, [entry.row for entry in rows]),
        repairs=tuple(first.repairs),
        problems=tuple(first.problems),
        unsupported=tuple(head[number] for number in unknown if any(entry.row.cell(number) for entry in rows)),
    )


def _exact(words: str) -> str:
    """Return a text as it stands but for the space round it, so that what we wrote comes back to the letter."""
    return words.replace("\r\n", "\n").strip()


def _fold(case: _Entry, parts: list[_Entry]) -> None:
    rows = []
    for index, part in enumerate(parts):
        place = f"parts[{index}]"
        case.problems += [Problem(f"{place}.{one.place}".rstrip("."), one.code, one.params) for one in part.problems]
        case.repairs += [
            Repair(f"{place}.{one.place}".rstrip("."), one.code, one.confidence, one.before, one.after, one.params)
            for one in part.repairs
        ]
        rows.append({"explanation": "", "basis": []} | part.data)
    case.data["parts"] = rows


def _take(entry: _Entry) -> None:
    word = entry.cell("kind").strip()
    kind = meant(word, KINDS)
    if kind not in KINDS:
        entry.problem("kind", "unknown_kind" if word else "missing", kind=word)
    _filing(entry)
    data = entry.data
    if kind == "indefinite":
        data |= {"kind": "multiple_choice", "indefinite": True}
    elif kind in KINDS:
        data["kind"] = kind
    data["stem"] = _exact(entry.cell("stem"))
    if not data["stem"]:
        entry.problem("stem", "empty")
    _options(entry)
    _settings(entry)
    data["explanation"] = _exact(entry.cell("explanation"))
    data["basis"] = _basis(entry)
    if entry.cell("weight").strip():
        data["weight"] = _whole(entry, "weight")
    if kind in KINDS and kind != "case_study":
        _key(entry, data["kind"])
    elif kind == "case_study" and entry.cell("material"):
        data["documents"] = [
            {"title": one[0].strip(), "text": "|".join(one[1:]).strip()} for one in told(entry.cell("material"))
        ]


def _filing(entry: _Entry) -> None:
    data = entry.data
    for name, names in (("wing", wings()), ("topic", topics()), ("level", LEVELS)):
        word = entry.cell(name).strip()
        if word:
            data[name] = meant(word, names)
    topic = data.get("topic")
    if entry.cell("id").strip():
        data["id"] = entry.cell("id").strip()
    if entry.cell("fields").strip():
        words = re.split(r"[、,，;；\n]+", entry.cell("fields"))
        data["fields"] = [meant(word, fields()) for word in words if word.strip()]
    if entry.cell("difficulty").strip():
        data["difficulty"] = _whole(entry, "difficulty")
    for name in ("variant_group", "source"):
        if entry.cell(name).strip():
            data[name] = _exact(entry.cell(name))
    if entry.cell("pool").strip() and meant(entry.cell("pool"), POOLS) != OPEN:
        data["pool"] = meant(entry.cell("pool"), POOLS)
    if meant(entry.cell("format"), FORMATS) == MARKDOWN:
        data["format"] = MARKDOWN
    if entry.cell("enemies").strip():
        data["enemies"] = entry.cell("enemies").split()
    if entry.cell("tags").strip():
        data["tags"] = [one[0].strip() for one in told(entry.cell("tags")) if one[0].strip()]
    if topic and topic not in topics():
        entry.problem("topic", "unknown_topic", topic=topic)
    if entry.cell("media").strip():
        data["media"] = [_medium(one) for one in told(entry.cell("media"))]


def _medium(parts: list[str]) -> dict[str, Any]:
    name, type, size, sha256, alt = (*parts, "", "", "", "", "")[:5]
    return {"name": name, "sha256": sha256, "type": type, "alt": alt, "bytes": int(size) if size.isdecimal() else 0}


def _whole(entry: _Entry, name: str) -> Any:
    word = text.normal(entry.cell(name))
    if word.isascii() and word.isdecimal() and len(word) < 9:
        return int(word)
    entry.problem(name, "not_a_whole_number", value=entry.cell(name)[:40])
    return None


def _options(entry: _Entry) -> None:
    cells = {letter: _exact(entry.cell(letter)) for letter in LETTERS}
    last = max((number for number, letter in enumerate(LETTERS, start=1) if cells[letter]), default=0)
    notes = {one[0].strip().upper(): "|".join(one[1:]).strip() for one in told(entry.cell("notes"))}
    options: list[dict[str, str]] = []
    for letter in LETTERS[:last]:
        if not cells[letter]:
            entry.problem("options", "option_empty_between", letter=letter)
        note = notes.pop(letter, "")
        options.append({"key": letter, "text": cells[letter]} | ({"note": note} if note else {}))
    if options:
        entry.data["options"] = options
    for letter, note in notes.items():
        if letter or note:
            entry.problem("options", "note_without_option", note=f"{letter}|{note}"[:80])


def _settings(entry: _Entry) -> None:
    words = {word: name for name, word in FLAGS.items()}
    for one in re.split("[;；\n]+", entry.cell("settings")):
        name, _, value = (part.strip() for part in one.replace(":", "：").partition("："))
        if not name and not value:
            continue
        if name in words and value in (YES, NO):
            entry.data[words[name]] = value == YES
        elif name == LENGTH and value.isascii() and value.isdecimal() and len(value) < 9:
            entry.data["max_length"] = int(value)
        elif name == "文书" and value == NO:
            entry.data["documents"] = []
        else:
            entry.problem("", "setting_unreadable", setting=one.strip()[:80])
    tolerance = entry.cell("tolerance").strip()
    if tolerance:
        entry.data["tolerance"] = [
            None if one.strip() in ("", NOTHING) else one.strip() for one in tolerance.split("|")
        ]


def _basis(entry: _Entry) -> list[dict[str, Any]]:
    found = []
    for one in told(entry.cell("basis")):
        line = "|".join(one)
        place = basis_told(line)
        if place is not None:
            found.append(place)
        elif line.strip():
            entry.problem(f"basis[{len(found)}]", "basis_unreadable", text=line.strip()[:200])
    return found


def _key(entry: _Entry, kind: str) -> None:
    data, answer = entry.data, entry.cell("answer")
    bare = answer.strip()
    if not bare:
        entry.problem("sample" if kind == "short_answer" else "key", "missing")
    elif kind == "true_false":
        truth = truth_of(bare)
        if truth is None:
            entry.problem("key", "neither_true_nor_false", answer=bare[:40])
        else:
            data["key"] = truth
    elif kind in ("single_choice", "multiple_choice", "ordering"):
        _letters(entry, kind, text.normal(bare).upper())
    elif kind == "fill_blank":
        data["key"] = [[one.strip() for one in line if one.strip()] for line in told(answer)]
    elif kind == "matching":
        if PAIR.sub("", bare).strip(" \n,，;；、"):
            entry.problem("key", "pairs_unreadable", answer=bare[:80])
        data["key"] = {prompt: letter.upper() for prompt, letter in PAIR.findall(bare)}
    elif kind == "error_finding":
        data["key"] = re.findall("[0-9]+", bare)
    elif kind == "short_answer":
        data["sample"] = _exact(answer)
    if kind == "matching":
        data["prompts"] = [
            _noted({"key": str(number), "text": one[0].strip()}, one[1:])
            for number, one in enumerate(told(entry.cell("material")), start=1)
        ]
    elif kind == "error_finding":
        data["document"] = [_segment(one) for one in told(entry.cell("material"))]
    elif kind == "short_answer":
        data["rubric"] = [_point(one) for one in told(entry.cell("rubric"))]


def _letters(entry: _Entry, kind: str, bare: str) -> None:
    if not LETTER_LIST.fullmatch(bare):
        entry.problem("key", "letters_unreadable", answer=bare[:80])
        return
    letters = re.findall("[A-Z]", bare)
    if kind == "single_choice":
        if len(letters) > 1:
            entry.problem("key", "several_right_of_one", keys="".join(letters))
        entry.data["key"] = letters[0]
    else:
        entry.data["key"] = letters if kind == "ordering" else sorted(letters)


def _noted(row: dict[str, Any], rest: list[str]) -> dict[str, Any]:
    note = "|".join(rest).strip()
    return row | ({"note": note} if note else {})


def _segment(parts: list[str]) -> dict[str, Any]:
    if len(parts) == 1:
        return {"text": parts[0]}
    number = parts[0].strip()
    row: dict[str, Any] = {"key": number, "text": parts[1]} if number else {"text": parts[1]}
    return _noted(row, parts[2:])


def _point(parts: list[str]) -> dict[str, Any]:
    if len(parts) == 1:
        return {"point": parts[0].strip(), "weight": 1}
    weight = text.normal(parts[0])
    return _noted(
        {"point": parts[1].strip(), "weight": int(weight) if weight.isdecimal() and len(weight) < 9 else 0}, parts[2:]
    )
