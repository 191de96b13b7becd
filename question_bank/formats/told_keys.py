"""From the words of an answer to letters of options, or to right and wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from question_bank import text
from question_bank.formats.draft import Draft
from question_bank.formats.kind_words import truth_word
from question_bank.formats.report import CERTAIN, DOUBTFUL, LIKELY

if TYPE_CHECKING:
    from question_bank.formats.told import Told

BETWEEN = r"[\s,、;|/.+&和及与]*"
LETTERS = re.compile(f"[A-Z](?:{BETWEEN}[A-Z])*")
DIGITS = re.compile(r"(?:10|[1-9])(?:[\s,、;|/]+(?:10|[1-9]))*")
PARTS = re.compile(r"[\n|;；]+|(?<![0-9])[,，、](?![0-9])")
LEAD = re.compile(r"^(?:参考|正确|标准)?答案(?:是|为)?\s*[::]?\s*")


def plain(answer: str) -> str:
    """Return an answer in half width and capitals, without the signs round it."""
    bare = unicodedata.normalize("NFKC", answer).strip().upper()
    bare = LEAD.sub("", bare).replace("、", ",")
    return bare.strip(" \n.。,;()[]【】").removeprefix("选").strip()


def letters_of(answer: str) -> list[str] | None:
    """Return the letters that an answer is made of, as they stand; None where it is made of something else."""
    bare = plain(answer)
    return re.findall("[A-Z]", bare) if LETTERS.fullmatch(bare) and len(bare) <= 60 else None


def read(draft: Draft, told: Told, letters: Mapping[str, str]) -> list[str] | None:
    """Return the right options by their new letters, sorted; None where that cannot be said, which is then told."""
    found = told.right if told.right is not None else _from_answer(draft, told)
    if found is None:
        return None
    if not found:
        draft.problem("key", "missing")
        return None
    unknown = [one for one in found if one not in letters]
    if unknown:
        draft.problem("key", "unknown_key", key="".join(unknown))
        return None
    if len(set(found)) < len(found):
        draft.repair("key", "letter_twice", DOUBTFUL, before="".join(found), after="".join(sorted(set(found))))
    return sorted({letters[one] for one in found})


def _from_answer(draft: Draft, told: Told) -> list[str] | None:
    if not told.answer.strip():
        return []
    by_letter = letters_of(told.answer)
    by_text = _by_text(told)
    by_digit = _by_digit(told)
    if by_letter is not None:
        if re.search("[a-zＡ-Ｚａ-ｚ]", told.answer):
            draft.repair("key", "letters_made_plain", CERTAIN, before=told.answer, after="".join(by_letter))
        # An option may be a letter itself: 选项 A 是 "B".
        if by_text is not None and by_text != by_letter:
            draft.problem("key", "answer_ambiguous", answer=told.answer[:40], letters="".join(by_letter))
            return None
        return by_letter
    if by_digit is not None:
        if by_text is not None and by_text != by_digit:
            draft.problem("key", "answer_ambiguous", answer=told.answer[:40], letters="".join(by_digit))
            return None
        draft.repair("key", "digits_as_letters", LIKELY, before=told.answer, after="".join(by_digit))
        return by_digit
    if by_text is not None:
        draft.repair("key", "answer_is_option_text", LIKELY, before=told.answer, after="".join(by_text))
        return by_text
    lettered = _lettered(told)
    if lettered is not None:
        draft.repair("key", "letters_before_texts", LIKELY, before=told.answer, after="".join(lettered))
        return lettered
    draft.problem("key", "letters_unreadable", answer=told.answer[:80])
    return None


def _by_digit(told: Told) -> list[str] | None:
    bare = plain(told.answer)
    if not DIGITS.fullmatch(bare):
        return None
    return [chr(ord("A") + int(one) - 1) for one in re.findall("[0-9]+", bare)]


def _by_text(told: Told) -> list[str] | None:
    """Return the letters of the options that the answer repeats word for word."""
    known = {text.normal(words): letter for letter, words in reversed(told.options)}
    whole = known.get(text.normal(told.answer))
    if whole is not None:
        return [whole]
    found = [known.get(text.normal(part)) for part in PARTS.split(told.answer) if part.strip()]
    return [one for one in found if one] if found and all(found) else None


def _lettered(told: Told) -> list[str] | None:
    """Return the letters of an answer such as ``A.三日；C.五日``, whose texts have to be those of the options."""
    known = {letter: text.normal(words) for letter, words in told.options}
    found = []
    for part in re.split(r"[\n;；|]+|(?<=\S)\s+(?=[A-Za-z][.．、:：])", told.answer):
        match = re.fullmatch(r"\s*([A-Za-z])\s*[.．、:：)）]?\s*(.+?)\s*", part, re.DOTALL)
        if match is None or known.get(match[1].upper()) != text.normal(match[2]):
            return None
        found.append(match[1].upper())
    return found or None


def truth(draft: Draft, answer: str, options: Mapping[str, bool | None]) -> bool | None:
    """Return whether a statement is right; ``options`` are the letters that mean right and wrong, where there are any.

    None where the answer cannot be understood.
    """
    bare = plain(answer)
    if bare in options:
        return options[bare]
    found = truth_word(answer)
    if found is None:
        found = truth_word(bare)
    if found is not None:
        return found
    position = {"1": "A", "2": "B"}.get(bare)
    if options and position:
        draft.repair("key", "digits_as_letters", LIKELY, before=answer, after=position)
        return options.get(position)
    if options:
        return None
    meant = {"A": True, "B": False, "1": True, "0": False}.get(bare)
    if meant is not None:
        draft.repair("key", "sign_as_truth", LIKELY, before=answer, after="正确" if meant else "错误")
    elif bare == "2":
        meant = False
        draft.repair("key", "sign_as_truth", DOUBTFUL, before=answer, after="错误")
    return meant
