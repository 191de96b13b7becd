"""What a row of a foreign table or a passage of a paper says of one question, and the item made of it.

Readers of tables and of papers gather words; here they become kind, options and key by the same rules. Whatever is
inferred is told as a repair, whatever contradicts itself as a problem: a wrong key in an exam is worse than a
question left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from question_bank import text
from question_bank.fields import MAX_OPTIONS
from question_bank.formats import told_blanks, told_keys
from question_bank.formats.answers import take_sample
from question_bank.formats.draft import Draft
from question_bank.formats.kind_words import CHOICE, INDEFINITE, kind_of, truth_word
from question_bank.formats.report import CERTAIN, DOUBTFUL, LIKELY
from question_bank.formats.rich import Rich, from_plain

MakeRich = Callable[[str], Rich]
COLUMN, CODE, HEADING = "column", "code", "heading"

TAG = re.compile(
    r"^\s*[\[【(（]\s*([^\[\]【】()（）\s]{2,8}?题?)\s*[\]】)）]\s*"
    r"|\s*[\[【(（]\s*([^\[\]【】()（）\s]{2,8}题)\s*[\]】)）]\s*$"
)
INNER_KEY = re.compile(r"([（(【\[])\s*([A-Ja-j](?:[\s、,，]*[A-Ja-j])*|[√×✓✗✔✘]|对|错|正确|错误)\s*([)）】\]])")
OWN_LETTER = re.compile(r"\s*[（(【]?\s*([A-Za-z])\s*[.．、:：)）】]\s*")
PLACE_TO_MARK = re.compile(r"\s*(?:（\s*）|\(\s*\)|\[\s*\]|【\s*】)\s*$")
ODD_SAMPLE = re.compile(r"[A-Za-z0-9]{0,4}|\W*")
CHOICES = ("single_choice", "multiple_choice", INDEFINITE, CHOICE)


@dataclass(slots=True)
class Told:
    """The words of one question. ``options`` are letter and text as they stand; ``kind_from`` says what told the kind.

    ``right`` are the letters that the file marks as right one by one, None where it does not mark them so.
    """

    stem: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    answer: str = ""
    right: list[str] | None = None
    explanations: list[str] = field(default_factory=list)
    kind: str | None = None
    kind_from: str = COLUMN
    kind_word: str = ""


def assemble(draft: Draft, told: Told, rich: MakeRich = from_plain) -> None:
    """Set kind, texts and key of the draft from what was told."""
    _take_tag(draft, told)
    _take_explanations(draft, told, rich)
    letters = _take_options(draft, told, rich)
    _take_inner_key(draft, told)
    kind = _settled_kind(draft, told)
    if kind == "true_false" and PLACE_TO_MARK.search(told.stem):
        draft.repair("stem", "place_to_mark_removed", CERTAIN, before=told.stem[-20:])
        told.stem = PLACE_TO_MARK.sub("", told.stem)
    if not told.stem.strip():
        draft.problem("stem", "empty")
    draft.data["stem"] = rich(told.stem)
    if kind is None:
        draft.problem("kind", "kind_unknown")
    elif kind in CHOICES:
        _take_choice(draft, told, kind, letters)
    elif kind == "true_false":
        _take_truth(draft, told, letters)
    elif kind == "ordering":
        _take_order(draft, told, letters)
    elif kind == "fill_blank":
        draft.data.pop("options", None)
        _take_texts_for_letters(draft, told, kind)
        told_blanks.take(draft, told.stem, told.answer, rich)
    elif kind in ("short_answer", "case_study"):
        _take_sample(draft, told, kind, rich)
    else:
        draft.problem("kind", "kind_not_supported", kind=told.kind_word or kind)
    # What was told as a choice has become one of the two kinds by its key.
    draft.repairs[:] = [
        replace(one, after=draft.data.get("kind", "")) if one.after in (CHOICE, INDEFINITE) else one
        for one in draft.repairs
    ]


def _take_tag(draft: Draft, told: Told) -> None:
    """Take a kind that the stem itself names, as in 【多选题】 or （判断题）."""
    match = TAG.search(told.stem)
    kind = kind_of(match[1] or match[2]) if match else None
    if match is None or kind is None:
        return
    bare = (told.stem[: match.start()] + told.stem[match.end() :]).strip()
    draft.repair("stem", "kind_taken_out_of_stem", CERTAIN, before=match[0].strip(), after=kind)
    told.stem = bare
    if told.kind is None or told.kind_from in (HEADING, CODE):
        told.kind, told.kind_from, told.kind_word = kind, COLUMN, match[0].strip()


def _take_explanations(draft: Draft, told: Told, rich: MakeRich) -> None:
    kept: list[str] = []
    for words in told.explanations:
        bare = words.strip()
        if bare and text.normal(bare) not in [text.normal(one) for one in kept]:
            kept.append(bare)
    if len(kept) > 1:
        draft.repair("explanation", "explanations_joined", CERTAIN, after=str(len(kept)))
    draft.data["explanation"] = rich("\n".join(kept))


def _take_options(draft: Draft, told: Told, rich: MakeRich) -> dict[str, str]:
    """Set the options with the letters A, B, C …, and return them by the letters that the file has for them.

    A letter that stands there twice is missing from what is returned, so that no key can mean it.
    """
    while told.options and not told.options[-1][1].strip():
        told.options.pop()
    kept = [(letter.upper(), words.strip()) for letter, words in told.options if words.strip()]
    if len(kept) < len(told.options):
        gone = "".join(letter for letter, words in told.options if not words.strip())
        draft.repair("options", "empty_option_left_out", DOUBTFUL, before=gone)
    bare = [_after_own_letter(letter, words) for letter, words in kept]
    # One alone is as likely a text that begins so: a drive such as C:\\, a call such as d.close().
    sure = sum(one is not None for one in bare) >= 2
    for index, rest in enumerate(bare):
        letter, words = kept[index]
        if rest is not None and (sure or unicodedata.category(rest[0]) == "Lo"):
            draft.repair(f"options[{index}].text", "letter_in_option", CERTAIN, before=words[:40], after=rest[:40])
            kept[index] = (letter, rest)
    found: dict[str, str] = {}
    twice = {letter for letter, _ in kept if [one for one, _ in kept].count(letter) > 1}
    own = [chr(ord("A") + index) for index in range(min(len(kept), MAX_OPTIONS))]
    told_letters = [letter for letter, _ in kept][: len(own)]
    if twice:
        draft.repair("options", "option_letter_twice", DOUBTFUL, before="".join(told_letters), after="".join(own))
    elif told_letters != own and len(kept) == len(told.options):
        draft.repair("options", "option_letters_renamed", DOUBTFUL, before="".join(told_letters), after="".join(own))
    if kept:
        notes = [told.notes.get(letter, "").strip() for letter, _ in kept]
        draft.data["options"] = draft.options(
            (rich(words), rich(note) if note else None) for (_, words), note in zip(kept, notes, strict=True)
        )
    for letter, new in zip(told_letters, own, strict=True):
        if letter not in twice:
            found[letter] = new
    told.options = [(new, words) for new, (_, words) in zip(own, kept, strict=False)]
    same = [_for_comparing(words) for _, words in kept]
    if len(kept) > 1 and len(set(same)) == 1:
        draft.problem("options", "options_all_equal", text=kept[0][1][:80])
    elif len(set(same)) < len(same):
        draft.repair("options", "options_equal", DOUBTFUL, before=next(one for one in same if same.count(one) > 1))
    return found


def _for_comparing(words: str) -> str:
    """Return an option for comparing with the others; in what is all ASCII every sign counts, as in code."""
    plain = unicodedata.normalize("NFKC", words)
    return "".join(plain.split()) if plain.isascii() else text.normal(words)


def _after_own_letter(letter: str, words: str) -> str | None:
    """Return what follows the letter of an option in its own text, None where it does not begin so."""
    match = OWN_LETTER.match(words)
    if match is None or match[1].upper() != letter or not words[match.end() :].strip():
        return None
    return words[match.end() :]


def _take_inner_key(draft: Draft, told: Told) -> None:
    """Take a key that stands inside the stem, as in 应当（ D ）, out of it."""
    matches = [one for one in INNER_KEY.finditer(told.stem) if not _in_code(told.stem, one)]
    truth = [one for one in matches if truth_word(one[2]) is not None and not one[2].isascii()]
    letters = [one for one in matches if one[2].isascii()]
    wanted = letters if told.options else truth
    if len(wanted) != 1 or told.kind in ("fill_blank", "short_answer", "case_study"):
        return
    match = wanted[0]
    if not told.options and match.end() < len(told.stem.rstrip(" 。.？?")):
        return  # a word in brackets amid a sentence, not a mark at its end
    inner = re.sub(r"[\s、,，]", "", match[2]).upper()
    outer = told.answer.strip()
    if not outer and told.right is None:
        told.answer = inner
        draft.repair("key", "key_taken_out_of_stem", LIKELY, before=match[0], after=inner)
    elif outer and not _same_key(inner, outer):
        draft.problem("key", "keys_contradict", stem=inner, answer=outer[:40])
        return
    gap = f"{match[1]}  {match[3]}" if told.options else ""
    told.stem = (told.stem[: match.start()] + gap + told.stem[match.end() :]).strip()
    draft.repair("stem", "key_removed_from_stem", CERTAIN, before=match[0])


def _in_code(stem: str, match: re.Match[str]) -> bool:
    """Whether letters in brackets belong to code or to a name, as in write(a);, 年龄(age), [A,B]%."""
    if match[1] in "（【":
        return False
    letters = re.sub(r"[\s,]", "", match[2])
    if letters.islower() and list(letters) != sorted(letters):
        return True
    before, after = stem[: match.start()][-1:], stem[match.end() :][:1]
    return bool(re.fullmatch(r"[A-Za-z0-9_.%'\]]", before) or re.fullmatch(r"[;%'\"{\[+*/-]", after))


def _same_key(inner: str, outer: str) -> bool:
    if truth_word(inner) is not None:
        return truth_word(inner) == truth_word(outer)
    return "".join(sorted(inner)) == "".join(sorted(re.sub(r"[\s、,，;；|]", "", outer).upper()))


def _settled_kind(draft: Draft, told: Told) -> str | None:
    """Return the kind of the question, inferred from options and key where nothing tells it."""
    kind = told.kind
    if kind is not None and told.kind_from == CODE:
        draft.repair("kind", "kind_from_code", DOUBTFUL, before=told.kind_word, after=kind)
        if kind in CHOICES and not told.options:
            kind = None
    elif kind is not None and told.kind_from == HEADING:
        draft.repair("kind", "kind_from_heading", CERTAIN, before=told.kind_word, after=kind)
    if kind is not None:
        return kind
    kind, confidence = _inferred(told)
    if kind is not None:
        draft.repair("kind", "kind_inferred", confidence, before=told.kind_word, after=kind)
    return kind


def _inferred(told: Told) -> tuple[str | None, str]:
    answer = told.answer.strip()
    if len(told.options) == 2 and {truth_word(words) for _, words in told.options} == {True, False}:
        return "true_false", LIKELY
    if told.options:
        return CHOICE, LIKELY
    if not answer:
        return None, DOUBTFUL
    if truth_word(answer) is not None and not re.fullmatch("[A-Za-z]", answer):
        return "true_false", LIKELY
    if told_keys.letters_of(answer) is not None:
        return CHOICE, DOUBTFUL  # a key without the options that it means
    if told_blanks.count(told.stem):
        return "fill_blank", LIKELY
    return ("short_answer", DOUBTFUL) if len(answer) > 4 else (None, DOUBTFUL)


def _take_choice(draft: Draft, told: Told, kind: str, letters: dict[str, str]) -> None:
    several = kind in ("multiple_choice", INDEFINITE)
    draft.data["kind"] = "multiple_choice" if several else "single_choice"
    if len(told.options) < 2:
        code = "option_count" if told.options else "options_missing"
        draft.problem("options", code, count=len(told.options), fewest=2, most=10)
        return
    key = told_keys.read(draft, told, letters)
    if key is None:
        return
    if kind == "single_choice" and len(key) > 1:
        draft.problem("key", "several_right_of_one", keys="".join(key))
    elif kind in ("single_choice", CHOICE) and len(key) == 1:
        draft.data |= {"kind": "single_choice", "key": key[0]}
    else:
        draft.data |= {"kind": "multiple_choice", "key": key}
        if kind == INDEFINITE:
            draft.data["indefinite"] = True
        elif len(key) == 1:
            draft.data["indefinite"] = True
            draft.repair("kind", "one_right_of_several", DOUBTFUL, before=told.answer, after=key[0])


def _take_truth(draft: Draft, told: Told, letters: dict[str, str]) -> None:
    draft.data["kind"] = "true_false"
    draft.data.pop("options", None)
    truths = {letter: truth_word(words) for letter, words in told.options}
    answer = told.answer.strip()
    if told.right is not None:
        answer = "".join(told.right)
    if told.options and set(truths.values()) != {True, False}:
        draft.problem("options", "options_of_true_false", count=len(told.options))
        return
    if told.options:
        draft.repair(
            "options", "options_of_true_false_dropped", CERTAIN, before=" / ".join(one for _, one in told.options)
        )
    if not answer:
        draft.problem("key", "missing")
        return
    # The answer is in the letters of the file, which an empty option may have moved.
    by_letter = {letter: truths.get(own) for letter, own in letters.items()} if told.right is None else truths
    key = told_keys.truth(draft, answer, by_letter)
    if key is None:
        draft.problem("key", "neither_true_nor_false", answer=answer[:40])
    else:
        draft.data["key"] = key


def _take_order(draft: Draft, told: Told, letters: dict[str, str]) -> None:
    draft.data["kind"] = "ordering"
    key = told_keys.letters_of(told.answer)
    if key is None or any(one not in letters for one in key):
        draft.problem("key", "letters_unreadable", answer=told.answer[:80])
    else:
        draft.data["key"] = [letters[one] for one in key]


def _take_texts_for_letters(draft: Draft, told: Told, kind: str) -> None:
    """Take the texts of the options as the answer where it names all of them by letters, as A for 质 under A."""
    letters = told_keys.letters_of(told.answer) if told.options else None
    if letters is None:
        return
    texts = dict(told.options)
    if sorted(letters) != sorted(texts):
        draft.problem("kind", "key_does_not_fit_kind", kind=told.kind_word or kind, answer=told.answer[:40])
        return
    answer = "\n".join(texts[letter] for letter in letters)
    draft.repair("key", "answer_from_options", LIKELY, before=told.answer, after=answer)
    told.answer = answer


def _take_sample(draft: Draft, told: Told, kind: str, rich: MakeRich) -> None:
    draft.data.pop("options", None)
    if len(told.options) == 1:
        _take_texts_for_letters(draft, told, kind)
    elif told.options:
        draft.problem("kind", "key_does_not_fit_kind", kind=told.kind_word or kind, answer=told.answer[:40])
        draft.data["kind"] = "short_answer"
        return
    if kind == "case_study":
        draft.repair("kind", "case_as_short_answer", DOUBTFUL, before=told.kind_word, after="short_answer")
    answer = told.answer.strip()
    if answer and ODD_SAMPLE.fullmatch(answer):
        draft.repair("sample", "odd_sample", DOUBTFUL, before=answer)
    take_sample(draft, rich(answer))
