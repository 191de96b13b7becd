"""Aiken, the strict text format of single choices: a stem on one line, options ``A)`` or ``A.``, then ``ANSWER: B``.

It is read as Moodle reads it, and what Moodle would throw away is told with its line. Files as Chinese editors
type them (``A、``, ``答案：B``) are not Aiken and are read elsewhere. Pictures, explanations, filing and every other
kind have no place in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from question_bank.formats.decoding import decoded
from question_bank.formats.draft import Draft, report
from question_bank.formats.report import CERTAIN, DOUBTFUL, ImportReport, Loss, Place, Unreadable
from question_bank.formats.rich import from_plain
from question_bank.formats.web import Words, pieces
from question_bank.item import Item

NAME, TITLE = "aiken", "Aiken 文本"
SUFFIXES = (".aiken", ".txt")
MEDIA_TYPE = "text/plain"

OPTION = re.compile(r"([A-Z])[.)]\s*(.*)")
ANSWER = re.compile(r"ANSWER:\s*(.*)")


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is Aiken: lines of options and answers and no other line of a question."""
    try:
        words, _ = decoded(content)
    except Unreadable:
        return 0.0
    lines = [line.strip() for line in words.split("\n") if line.strip()]
    answers = sum(ANSWER.fullmatch(line) is not None for line in lines)
    options = sum(OPTION.fullmatch(line) is not None for line in lines)
    if not answers or options < 2 * answers:
        return 0.0
    rest = len(lines) - answers - options
    return 0.8 if rest <= answers + 1 else 0.4


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every question, those too that a second stem line or a missing option spoils, with what is wrong."""
    words, notes = decoded(content)
    drafts: list[Draft] = []
    draft: Draft | None = None
    for number, line in enumerate(words.split("\n"), start=1):
        line = line.strip()
        if len(line) < 2:
            continue
        answer = ANSWER.fullmatch(line)
        option = OPTION.fullmatch(line)
        if answer and draft is not None:
            _finish(draft, answer[1])
            drafts.append(draft)
            draft = None
        elif option and draft is not None:
            _take_option(draft, number, option[1], option[2])
        elif draft is None:
            draft = _begun(file_name, number, line)
        elif draft.raw["options"]:
            # Moodle takes the line for the stem of a new question and drops this one without its answer.
            draft.problem("key", "no_answer_line")
            drafts.append(draft)
            draft = _begun(file_name, number, line)
        else:
            draft.problem("stem", "second_stem_line", line=number, text=line[:80])
    if draft is not None:
        draft.problem("key", "no_answer_line")
        drafts.append(draft)
    for one in drafts:
        one.data["options"] = one.options(from_plain(text) for _, text in one.raw["options"])
    return report(NAME, drafts, notes)


def _begun(file_name: str, number: int, line: str) -> Draft:
    draft = Draft(Place(file=file_name, line=number), raw={"stem": line, "options": []})
    draft.data |= {"kind": "single_choice", "stem": from_plain(line)}
    if ANSWER.fullmatch(line) or OPTION.fullmatch(line):
        draft.problem("stem", "no_stem_line")
    return draft


def _take_option(draft: Draft, number: int, letter: str, text: str) -> None:
    options: list[Any] = draft.raw["options"]
    wanted = chr(ord("A") + len(options))
    if letter != wanted:
        draft.problem("options", "letter_out_of_order", letter=letter, wanted=wanted, line=number)
    if not text:
        draft.problem(f"options[{len(options)}].text", "empty")
    options.append((letter, text))


def _finish(draft: Draft, told: str) -> None:
    draft.raw["answer"] = told
    letters = [letter for letter, _ in draft.raw["options"]]
    if len(letters) < 2:
        draft.problem("options", "option_count", count=len(letters), fewest=2, most=26)
    letter = told[:1]
    if letter not in letters:
        draft.problem("key", "unknown_key", key=told[:20])
        return
    draft.data["key"] = letter
    if len(told) > 1:
        # Only the first letter counts in Aiken, but "AB" says that the author meant something else.
        several = re.fullmatch(r"[A-Z](?:[\s,;、]*[A-Z])+", told) is not None
        draft.repair("key", "first_letter_taken", DOUBTFUL if several else CERTAIN, before=told[:40], after=letter)


def write(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> bytes:
    """Return an Aiken file of the single choices among the items, in order; ``losses`` tells what is left out."""
    blocks = []
    for item in items:
        if _why_not(item) is None:
            words = Words(item, {}, lambda medium: "")
            rows = [_line(words, item.stem)]
            rows += [f"{option.key}) {_line(words, option.text)}" for option in item.options]
            blocks.append("\n".join([*rows, f"ANSWER: {item.key}"]) + "\n")
    return "\n".join(blocks).encode()


def losses(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> list[Loss]:
    """Return what ``write`` leaves out: whole items of other kinds, and everything but stem, options and key."""
    found = []
    for item in items:
        for part in pieces(item):
            why = "kind_not_in_format" if item.kind == "case_study" else _why_not(part)
            if why is not None:
                found.append(Loss(part.id, why, True, {"kind": part.kind}))
            else:
                found.append(Loss(part.id, "all_but_stem_options_key"))
    return found


def _why_not(item: Item) -> str | None:
    """Return why an item has no place in the format, None where it has one."""
    if item.kind != "single_choice":
        return "kind_not_in_format"
    words = Words(item, {}, lambda medium: "")
    stem = _line(words, item.stem)
    # Such a line would be read as something else, or passed over for its length.
    if len(stem) < 2 or OPTION.fullmatch(stem) or ANSWER.fullmatch(stem):
        return "stem_looks_like_option"
    return None


def _line(words: Words, text: str) -> str:
    return " ".join(words.plain(text).split())
