"""One question of a foreign table: what its cells say, by the roles of their columns."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from question_bank import laws, text
from question_bank.formats.draft import Draft
from question_bank.formats.excel_columns import basis_told, fields, meant
from question_bank.formats.kind_words import CODES, difficulty_of, kind_of, kind_of_heading, level_of, truth_word
from question_bank.formats.labels import topic_of
from question_bank.formats.number_shown import day_of
from question_bank.formats.report import CERTAIN, DOUBTFUL, LIKELY, Place, Repair
from question_bank.formats.rich import Rich, from_plain
from question_bank.formats.table_cells import DECIMAL, WHOLE_NUMBER, Row, Sheet
from question_bank.formats.table_heads import Head
from question_bank.formats.table_rows import head_and_rows, number_repairs
from question_bank.formats.told import CODE, COLUMN, HEADING, Told, assemble
from question_bank.formats.told_keys import letters_of

LETTERED = re.compile(r"(?:^|(?<=[\s;；|。]))[（(]?([A-Ja-j])\s*[.．、:：)）]\s*")
PARTERS = (r"\$;\$|\s*###\s*|\s*\$\$\s*", r"\n+", r"\s*\|+\s*", r"\s*[;；]\s*")
TYPE_CODE = re.compile(r"0{0,5}[0-9]{1,3}(?:\.0)?")
OPEN_BASIS = re.compile("《([^《》]{2,60})》(?:第.+)?")
PYTHON_LIST = re.compile(r"""\[\s*(?:'[^'\n]*'|"[^"\n]*")(?:\s*,\s*(?:'[^'\n]*'|"[^"\n]*"))*\s*\]""")
SHAPE_ROWS = 200
MakeRich = Callable[[Draft], Callable[[str], Rich]]
MOST_OPTIONS = 10


def draft_of(
    sheet: Sheet, head: Head, heading: str, rows: Sequence[Row], place: Place, rich: MakeRich | None = None
) -> Draft:
    """Return the question of a row, or of the rows of its options; ``rich`` gives what makes texts of its words."""
    first = rows[0]
    draft = Draft(replace(place, row=first.number), raw=head_and_rows(head.words, rows))
    told = Told(stem=_cell(first, head, "stem"), answer=_cell(first, head, "answer"))
    _take_kind(told, head, heading, _cell(first, head, "kind"))
    told.explanations = [first.cell(number) for number in head.columns("explanation")]
    if head.one_row_an_option:
        _take_option_rows(draft, told, head, rows)
    elif head.options:
        told.options = [(letter, first.cell(number)) for letter, number in sorted(head.options.items())]
        told.notes = {letter: first.cell(number) for letter, number in head.notes.items() if first.cell(number)}
    elif "options" in head.roles:
        told.options = split_options(_cell(first, head, "options"))
    if head.flags:
        _take_flags(draft, told, head, first)
    if head.blanks:
        told.answer = "\n".join(first.cell(number) for number in head.blanks if first.cell(number).strip())
    draft.repairs += _numbers(sheet, head, rows)
    assemble(draft, told, rich(draft) if rich else from_plain)
    _file(draft, head, first)
    draft.lose(*(head.words[number] for number in head.unknown if any(row.cell(number).strip() for row in rows)))
    pictures = [row.cell(number).strip() for number in head.columns("picture") for row in rows]
    if any(pictures):
        draft.repair("", "picture_elsewhere", DOUBTFUL, before="; ".join(one for one in pictures if one))
    return draft


def continues(sheet: Sheet, head: Head, row: Row, waiting: Sequence[Row]) -> bool:
    """Whether a row is a further option of the question above it and not a new question."""
    if not head.one_row_an_option:
        return False
    column = head.roles["stem"]
    words = row.cell(column).strip()
    if not words or (row.number, column) in sheet.continued:
        return True
    number = _cell(row, head, "number")
    return bool(number) and number == _cell(waiting[0], head, "number") and words == waiting[0].cell(column).strip()


def _cell(row: Row, head: Head, role: str) -> str:
    column = head.roles.get(role)
    return "" if column is None else row.cell(column).strip()


def _take_kind(told: Told, head: Head, heading: str, word: str) -> None:
    if word:
        told.kind_word = word
        code = word.removesuffix(".0")
        if code in head.codes:
            told.kind, told.kind_from = head.codes[code], COLUMN
        elif TYPE_CODE.fullmatch(word):
            told.kind, told.kind_from = CODES.get(code), CODE
        else:
            told.kind = kind_of(word) or kind_of_heading(word)
        if told.kind is not None:
            return
    kind = kind_of_heading(heading) if heading else None
    if kind is not None:
        told.kind, told.kind_from, told.kind_word = kind, HEADING, heading


def _take_option_rows(draft: Draft, told: Told, head: Head, rows: Sequence[Row]) -> None:
    right: list[str] = []
    known = True
    for row in rows:
        words = _cell(row, head, "options")
        flag = _cell(row, head, "right")
        if not words and not flag:
            continue
        letter = chr(ord("A") + len(told.options)) if len(told.options) < 26 else "Z"
        told.options.append((letter, words))
        truth = _flag(flag)
        if truth is None and flag:
            draft.problem("key", "flag_unreadable", option=letter, flag=flag[:20])
            known = False
        if truth:
            right.append(letter)
        note = _cell(row, head, "option_note")
        if note:
            told.notes[letter] = note
        told.explanations += [row.cell(number) for number in head.columns("explanation") if row is not rows[0]]
    if known and told.options:
        told.right = right


def _take_flags(draft: Draft, told: Told, head: Head, row: Row) -> None:
    right = []
    filled = {letter for letter, words in told.options if words.strip()}
    if not any(row.cell(number).strip() for number in head.flags.values()):
        return
    for letter, number in sorted(head.flags.items()):
        flag = row.cell(number).strip()
        truth = _flag(flag)
        if truth is None and flag:
            draft.problem("key", "flag_unreadable", option=letter, flag=flag[:20])
            return
        if truth and (letter in filled or not told.options):
            right.append(letter)
        elif truth:
            draft.problem("key", "unknown_key", key=letter)
    told.right = right


def _flag(word: str) -> bool | None:
    bare = word.removesuffix(".0")
    return {"1": True, "0": False}.get(bare, truth_word(bare)) if bare else False


def split_options(cell: str) -> list[tuple[str, str]]:
    """Return the options that stand in one cell, with their letters or those of their places."""
    words = cell.strip()
    if words.startswith(("[", "{")):
        told = _json_options(words)
        if told is not None:
            return told
    marks = _sequence(list(LETTERED.finditer(words)))
    if len(marks) > 1 and not words[: marks[0].start()].strip():
        ends = [mark.start() for mark in marks[1:]] + [len(words)]
        return [
            (mark[1].upper(), words[mark.end() : end].strip(" \n;；|"))
            for mark, end in zip(marks, ends, strict=True)
        ]  # fmt: skip
    for parter in PARTERS:
        parts = [part.strip() for part in re.split(parter, words) if part.strip()]
        if len(parts) > 1:
            return [(chr(ord("A") + at), part) for at, part in enumerate(parts[:26])]
    return [("A", words)] if words else []


def _sequence(marks: list[re.Match[str]]) -> list[re.Match[str]]:
    """Return the marks that go on A, B, C …: a letter out of turn belongs to a text."""
    kept: list[re.Match[str]] = []
    for mark in marks:
        if ord(mark[1].upper()) - ord("A") == len(kept):
            kept.append(mark)
    return kept


def _json_options(words: str) -> list[tuple[str, str]] | None:
    try:
        told = json.loads(words)
    except (ValueError, RecursionError):
        told = _python_list(words)
    if isinstance(told, Mapping):
        return [(str(key).strip().upper()[:1], str(value)) for key, value in told.items()]
    if not isinstance(told, list):
        return None
    found = []
    for at, one in enumerate(told[:26]):
        letter = chr(ord("A") + at)
        if isinstance(one, Mapping):
            value = next((one[name] for name in ("content", "text", "value", "label", "name") if name in one), "")
            found.append((letter, str(value)))
        else:
            found.append((letter, str(one)))
    return found


def _python_list(words: str) -> list[str] | None:
    """Return the texts of a list as Python writes it, ['三日', '五日']; None where it is none."""
    if not PYTHON_LIST.fullmatch(words):
        return None
    try:
        return [str(one) for one in ast.literal_eval(words)]
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _numbers(sheet: Sheet, head: Head, rows: Sequence[Row]) -> list[Repair]:
    """Return the repairs of cells that hold numbers, and doubts of those that may have lost a sign or a day."""
    places: dict[int, str] = {}
    for role, place in (("stem", "stem"), ("answer", "key"), ("options", "options")):
        if role in head.roles:
            places[head.roles[role]] = place
    for at, (_, number) in enumerate(sorted(head.options.items())):
        places[number] = f"options[{at}].text"
    found: list[Repair] = []
    for row in rows:
        found += number_repairs(sheet, row, places)
        for column, place in places.items():
            odd = sheet.odd.get((row.number, column))
            if odd is None or place == "key":
                continue
            shown = row.cell(column)
            if odd.what == DECIMAL:
                found.append(Repair(place, "number_may_be_percent", DOUBTFUL, before=odd.kept, after=shown))
            elif odd.what == WHOLE_NUMBER:
                day = day_of(odd.kept) or ""
                found.append(
                    Repair(place, "number_may_be_day", DOUBTFUL, before=odd.kept, after=shown, params={"day": day})
                )
    return found


def _file(draft: Draft, head: Head, row: Row) -> None:
    words = {name: _cell(row, head, name) for name in ("difficulty", "level", "fields", "basis")}
    words["topic"] = "\n".join(row.cell(number).strip() for number in head.columns("topic"))
    words["source"] = "，".join(dict.fromkeys(row.cell(number).strip() for number in head.columns("source"))).strip(
        "，"
    )
    words["tags"] = "\n".join(row.cell(number) for number in head.columns("tags"))
    file_words(draft, words)
    if _cell(row, head, "points"):
        draft.lose(head.words[head.roles["points"]])


def file_words(draft: Draft, words: Mapping[str, str]) -> None:
    """Take difficulty, level, topic, fields, legal basis, source and tags, as far as their words are known."""
    data = draft.data
    word = words.get("difficulty", "")
    if word:
        found = difficulty_of(word)
        if found is None:
            draft.repair("difficulty", "difficulty_unknown", LIKELY, before=word)
        else:
            data["difficulty"] = found[0]
            if found[1]:
                draft.repair("difficulty", "difficulty_from_word", CERTAIN, before=word, after=str(found[0]))
    word = words.get("level", "")
    level = level_of(word) if word else None
    if level is not None:
        data["level"] = level
        draft.repair("level", "level_from_word", CERTAIN, before=word, after=level)
    elif word:
        draft.repair("level", "level_unknown", LIKELY, before=word)
    _take_topics(draft, words.get("topic", "").split("\n"))
    _take_fields(draft, words.get("fields", ""))
    if words.get("source"):
        data["source"] = words["source"][:500].strip()
    if words.get("basis"):
        _take_basis(draft, words["basis"])
    draft.take_labels(tag for tag in re.split(r"[,，;；、\n|]+", words.get("tags", "")) if tag.strip())
    if words.get("points"):
        draft.lose("points")


def _take_topics(draft: Draft, words: Sequence[str]) -> None:
    tags = []
    for word in words:
        if not word:
            continue
        topic = topic_of(word)
        if topic is not None and "topic" not in draft.data:
            draft.data |= {"topic": topic.slug, "wing": topic.wing}
            draft.repair("topic", "topic_from_category", LIKELY, before=word, after=topic.zh)
        else:
            tags.append(word)
    if tags:
        draft.data["tags"] = list(dict.fromkeys(tag.replace("\n", " ")[:40].strip() for tag in tags))


def _take_fields(draft: Draft, words: str) -> None:
    known: list[str] = []
    unknown: list[str] = []
    for word in re.split(r"[、,，;；\n|]+", words):
        if not word.strip():
            continue
        slug = meant(word, fields())
        (known if slug in fields() else unknown).append(slug)
    if known:
        draft.data["fields"] = list(dict.fromkeys(known))
    if unknown:
        draft.repair("fields", "field_unknown", LIKELY, before="、".join(unknown))


def _take_basis(draft: Draft, words: str) -> None:
    """Take places in laws that the register has; what is not exact is kept as words of the explanation."""
    found, rest = [], []
    for line in re.split(r"[\n;；]+", words):
        place = basis_told(line) or exact_basis(line)
        if place is not None:
            found.append(place)
            draft.repair("basis", "basis_from_words", LIKELY, before=line.strip(), after=str(place["version"]))
        elif line.strip():
            rest.append(line.strip())
    if found:
        draft.data["basis"] = found
    if rest:
        draft.repair("basis", "basis_kept_as_words", LIKELY, before="；".join(rest))
        draft.data["explanation"] = draft.data["explanation"].joined(from_plain("依据：" + "；".join(rest)))


def exact_basis(line: str) -> dict[str, object] | None:
    """Return the place in a law of the register that a line names without a version: the version now in force.

    None where law, article, paragraph or item are not in the register, or nothing is said of an article.
    """
    bare = line.strip()
    match = OPEN_BASIS.fullmatch(bare)
    law = laws.find(match[1]) if match else None
    if match is None or law is None:
        return None
    versions = [one for one in law.versions if one.in_force]
    if not versions:
        return None
    version = versions[-1].version
    rest = bare[bare.index("》") + 1 :]
    place = basis_told(f"《{law.short_title}》（{version}）{rest}")
    if place is None or not laws.article_exists(law.short_title, str(place["article"]), version):
        return None
    shape = versions[-1].paragraphs.get(str(place["article"]), (0,))
    paragraph, item = place["paragraph"], place["item"]
    if paragraph is not None and paragraph > len(shape):
        return None
    if item is not None and item > (shape[paragraph - 1] if paragraph is not None else max(shape)):
        return None
    return place


def head_by_shape(rows: Sequence[Row]) -> Head | None:
    """Return the columns of a table without a head: long texts, then options, then letters. None where it is none."""
    sample = [row for row in rows[:SHAPE_ROWS] if sum(bool(cell.strip()) for cell in row.cells) >= 3]
    if len(sample) < 3 or 2 * len(sample) < min(len(rows), SHAPE_ROWS):
        return None
    width = max(len(row.cells) for row in sample)
    keys = [_share(sample, number, _is_key) for number in range(width)]
    answer = max(range(width), key=lambda number: (keys[number], number))
    if keys[answer] < 0.8:
        return None
    lengths = [sum(len(row.cell(number)) for row in sample) for number in range(width)]
    stem = max((number for number in range(width) if number != answer), key=lambda number: lengths[number])
    options = [
        number
        for number in range(stem + 1, width)
        if number != answer and _share(sample, number, lambda words: bool(words.strip())) > 0.3
    ][:MOST_OPTIONS]
    if len(options) < 2:
        return None
    words = [""] * width
    words[stem], words[answer] = "题干", "答案"
    head = Head((), {"stem": stem, "answer": answer})
    for at, number in enumerate(options):
        letter = chr(ord("A") + at)
        head.options[letter] = number
        words[number] = f"选项{letter}"
    head.words = tuple(words)
    head.unknown = [number for number in range(width) if not words[number]]
    return head


def _is_key(words: str) -> bool:
    return text.normal(words) != "" and len(words) <= 12 and letters_of(words) is not None


def _share(rows: Sequence[Row], number: int, asked: Callable[[str], bool]) -> float:
    return sum(asked(row.cell(number)) for row in rows) / len(rows)
