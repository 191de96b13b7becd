r"""Reading GIFT as Moodle's own reader does, and telling what it would pass over in silence.

Questions are parted by empty lines, and also by a line that is only ``0``: the reader is written in PHP, where such a
line counts as empty. The first ``{`` and the first ``}`` hold the answers. The type follows from them, in this order:
none at all is a description, empty ones an essay, ``#`` first a number, a ``~`` anywhere a choice, ``=`` with ``->`` a
matching, ``T`` or ``FALSE`` a true or false, anything else a short answer. A backslash takes the meaning from
``~ = # { } :`` and writes ``\n`` for a line feed.

Editors and recognised scans put full-width signs where control characters should be. Where a question has no braces
but full-width ones, it is read as if they were plain, as a doubtful repair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from question_bank.formats import cases
from question_bank.formats.answers import (
    full_weights,
    take_accepted,
    take_blanks,
    take_notes,
    take_pairs,
    take_sample,
    take_told_tolerance,
    take_tolerance,
)
from question_bank.formats.choices import take_weights
from question_bank.formats.decoding import decoded
from question_bank.formats.draft import Draft, report
from question_bank.formats.markup import parse_html
from question_bank.formats.report import DOUBTFUL, LIKELY, ImportReport, Place, Repair
from question_bank.formats.rich import SLOT, Rich, from_markdown, from_plain, slots_as_gaps

FORMAT = "gift"
# Escaped control characters stand aside as private ones while the question is taken apart.
ESCAPED = {":": "\ue010", "#": "\ue011", "=": "\ue012", "{": "\ue013", "}": "\ue014", "~": "\ue015", "n": "\ue016"}
BACKSLASH = "\ue017"
BACK = {ord(held): "\n" if sign == "n" else sign for sign, held in ESCAPED.items()} | {ord(BACKSLASH): "\\"}
PRIVATE = re.compile("[\ue000-\ue01f]")
FORMATS = {"html": "html", "plain": "plain", "markdown": "markdown", "moodle": "moodle"}
PREFIX = re.compile(r"\[([a-z]+)\]")
WEIGHT = re.compile(r"%(-?[0-9]{1,3}(?:\.[0-9]*)?)%")
WIDE = str.maketrans("＝～＃", "=~#")
# Where a control sign stands: first among the answers, or after a space or line feed.
WIDE_MARK = re.compile(r"(^|\s)([＝～＃])")
COMMENT_LABEL = re.compile(r"(?<!\\)\[(id|tag):((?:\\.|[^\]\\])+)\]")
TRUTHS = {"T": True, "TRUE": True, "F": False, "FALSE": False}
# Signs that make a plain text of Moodle's own automatic format HTML after all.
MARKUP = re.compile("</?[a-zA-Z][^<>]*>|&(?:[a-z]+|#[0-9]+);")


def read_gift(content: bytes, file_name: str) -> ImportReport:
    """Return every question of a file. Raises ``Unreadable`` where the bytes are no text."""
    words, notes = decoded(content)
    drafts: list[Draft] = []
    category = ""
    for line, block, ended_by_zero in _blocks(words):
        place = Place(file=file_name, line=line)
        if ended_by_zero:
            notes += (Repair("", "line_of_zero", DOUBTFUL, before="0", params={"line": line + block.count("\n") + 1}),)
        text, labels = _without_comments(block)
        if not text:
            continue
        if text.startswith("$CATEGORY:"):
            category, _, text = text[len("$CATEGORY:") :].partition("\n")
            category = category.strip()
            if not text.strip():
                continue
            notes += (Repair("", "question_after_category", LIKELY, after=category, params={"line": line}),)
        drafts.append(_read(place, text.strip(), labels, category))
    return report(FORMAT, cases.folded(drafts), notes)


def _blocks(words: str) -> Iterator[tuple[int, str, bool]]:
    """Return each block with its first line, counted from 1, and whether a line of ``0`` ended it."""
    held: list[str] = []
    first = 1
    for number, line in enumerate([*words.split("\n"), ""], start=1):
        if line.strip() in ("", "0"):
            if held:
                yield first, "\n".join(held), line.strip() == "0"
            held = []
        else:
            if not held:
                first = number
            held.append(line)


def _without_comments(block: str) -> tuple[str, list[str]]:
    """Return a block without its comment lines, and the labels that stand in those."""
    kept, labels = [], []
    for line in block.split("\n"):
        if line.strip().startswith("//"):
            for name, value in COMMENT_LABEL.findall(line):
                value = re.sub(r"\\([\]\\])", r"\1", value)
                labels.append(f"id:{value}" if name == "id" else value)
        else:
            kept.append(line)
    return "\n".join(kept).strip(), labels


def _read(place: Place, source: str, labels: list[str], category: str) -> Draft:
    draft = Draft(place, raw={"source": source})
    draft.take_labels(labels)
    if category:
        draft.take_category(category)
    text = _hidden(source)
    mended = _mended(text)
    if mended != text:
        draft.repair("", "wide_signs", DOUBTFUL, before=_shown(text), after=_shown(mended))
        text = mended
    name, text = _name(text)
    draft.raw["name"] = _shown(name)
    start, end = text.find("{"), text.find("}")
    if (start < 0) != (end < 0) or end < start:
        draft.data["stem"] = _rich(text, "moodle")[0]
        draft.problem("", "brace_alone")
        return draft
    if start < 0:
        draft.data["stem"], _ = _stem(draft, text)
        draft.problem("kind", "not_a_question")
        return draft
    before, answers, after = text[:start], text[start + 1 : end].strip(), text[end + 1 :]
    if "{" in after or "}" in after:
        draft.problem("", "more_braces")
    gap = bool(after.strip())
    stem, format = _stem(draft, f"{before}{SLOT}{after}" if gap else before)
    draft.data["stem"] = slots_as_gaps(stem)
    answers, mark, general = answers.partition("####") if answers.count("####") == 1 else _last_general(answers)
    draft.explain(_rich(general, format)[0] if mark else Rich(()))
    _answers(draft, answers.strip(), format)
    return draft


def _last_general(answers: str) -> tuple[str, str, str]:
    before, mark, after = answers.rpartition("####")
    return (before, mark, after) if mark else (answers, "", "")


def _hidden(source: str) -> str:
    """Return the source with its escaped signs out of the way."""
    source = PRIVATE.sub("", source)
    source = source.replace("\\\\", BACKSLASH)
    return re.sub(r"\\([:#={}~n])", lambda match: ESCAPED[match[1]], source)


def _shown(words: str) -> str:
    return words.translate(BACK)


def _mended(text: str) -> str:
    """Return the source with plain control signs where full-width ones stand in their places, itself without any."""
    if text.startswith("：：") and "：：" in text[2:]:
        text = text.replace("：：", "::", 2)
    if "{" not in text and "}" not in text and "｛" in text and "｝" in text:
        start, end = text.find("｛"), text.find("｝")
        text = f"{text[:start]}{{{text[start + 1 : end]}}}{text[end + 1 :]}"
    start, end = text.find("{"), text.find("}")
    if not 0 <= start < end:
        return text
    inside = WIDE_MARK.sub(lambda match: match[1] + match[2].translate(WIDE), text[start + 1 : end])
    return f"{text[:start]}{{{inside}}}{text[end + 1 :]}"


def _name(text: str) -> tuple[str, str]:
    if not text.startswith("::"):
        return "", text
    name, mark, rest = text[2:].partition("::")
    return (name, rest.strip()) if mark else ("", text)


def _stem(draft: Draft, text: str) -> tuple[Rich, str]:
    words, format = _format(text, "moodle")
    if draft.extras.get("kind") == "case_study":
        return cases.split_documents(parse_html(_shown(words).strip()), draft), format
    stem = _text(words, format)
    if not stem:
        draft.repair("stem", "stem_from_name", DOUBTFUL, after=str(draft.raw["name"]))
        stem = from_plain(str(draft.raw["name"]))
    return stem, format


def _format(text: str, format: str) -> tuple[str, str]:
    """Return a text without the prefix that names its format, and that format."""
    text = text.strip()
    match = PREFIX.match(text)
    if match and match[1] in FORMATS:
        return text[match.end() :], FORMATS[match[1]]
    return text, format


def _rich(text: str, format: str) -> tuple[Rich, str]:
    words, named = _format(text, format)
    return _text(words, named), named


def _text(words: str, format: str) -> Rich:
    words = _shown(words).strip()
    if format == "plain":
        return from_plain(words)
    if format == "markdown":
        return from_markdown(words)
    if format == "moodle":
        return Draft(Place()).html(words.replace("\n", "<br>")) if MARKUP.search(words) else from_plain(words)
    return Draft(Place()).html(words)


def _answers(draft: Draft, answers: str, format: str) -> None:
    if not answers:
        take_sample(draft, Rich(()))
    elif answers.startswith("#"):
        _numbers(draft, answers[1:], format)
    elif "~" in answers:
        _choices(draft, answers, format)
    elif "=" in answers and "->" in answers:
        _pairs(draft, answers, format)
    elif answers.partition("#")[0].strip() in TRUTHS:
        _truth(draft, answers, format)
    else:
        accepted: list[str] = []
        for weight, piece in _full(draft, answers):
            words, note = _with_note(piece, format)
            take_accepted(draft, accepted, _rich(words, format)[0].text(), weight, note)
        take_blanks(draft, draft.data["stem"], [accepted])
        take_told_tolerance(draft)


def _choices(draft: Draft, answers: str, format: str) -> None:
    several = "=" not in answers
    options, weights = [], []
    for piece in _pieces(answers.replace("=", "~="), "~"):
        if piece.startswith("="):
            weight, piece = Decimal(100), piece[1:]
            if WEIGHT.match(piece.strip()):
                draft.repair("options", "weight_after_equals", DOUBTFUL, before=_shown(piece))
                weight, piece = _weight(piece, Decimal(100))
        else:
            weight, piece = _weight(piece, Decimal(0))
        words, note = _with_note(piece, format)
        options.append((_rich(words, format)[0], note))
        weights.append(weight)
    draft.data["options"] = draft.options(options)
    take_weights(draft, weights, several=several)


def _pairs(draft: Draft, answers: str, format: str) -> None:
    pairs = []
    for piece in _pieces(answers, "="):
        left, arrow, right = piece.partition("->")
        if not arrow:
            draft.problem("prompts", "pair_without_arrow", text=_shown(piece)[:80])
            continue
        pairs.append((_rich(left, format)[0], from_plain(_shown(right))))
    take_pairs(draft, pairs)


def _truth(draft: Draft, answers: str, format: str) -> None:
    told, *notes = answers.split("#", 2)
    draft.data |= {"kind": "true_false", "key": TRUTHS[told.strip()]}
    # The first note is on the wrong answer, the second on the right one; the right one comes first in ours.
    take_notes(draft, [_rich(note, format)[0] for note in reversed(notes)])


def _numbers(draft: Draft, answers: str, format: str) -> None:
    answers, wrong, _ = answers.partition("~")
    if wrong:
        draft.lose("feedback_on_wrong_answers")
    accepted: list[str] = []
    within: list[str] = []
    for weight, piece in _full(draft, answers):
        words, note = _with_note(piece, format)
        number, tolerance = _range(draft, _shown(words).strip())
        before = len(accepted)
        take_accepted(draft, accepted, number, weight, note)
        if len(accepted) > before:
            within.append(tolerance)
    take_blanks(draft, draft.data["stem"], [accepted])
    take_tolerance(draft, within)
    take_told_tolerance(draft)


def _range(draft: Draft, words: str) -> tuple[str, str]:
    """Return the number and the tolerance of ``3.14:0.01`` or ``3.1..3.2``."""
    if ".." in words:
        low, _, high = words.partition("..")
        try:
            least, most = Decimal(low.strip()), Decimal(high.strip())
            return f"{(least + most) / 2:f}", f"{(most - least) / 2:f}"
        except ArithmeticError:
            draft.problem("key", "not_a_number", text=words[:80])
            return "", ""
    number, _, tolerance = words.partition(":")
    return number.strip(), tolerance.strip()


def _pieces(answers: str, sign: str) -> list[str]:
    first, *rest = answers.split(sign)
    return [*([first.strip()] if first.strip() else []), *(piece.strip() for piece in rest)]


def _full(draft: Draft, answers: str) -> list[tuple[Decimal, str]]:
    rows = [_weight(piece, Decimal(100)) for piece in _pieces(answers, "=")]
    weights = full_weights(draft, [weight for weight, _ in rows])
    return [(weight, piece) for weight, (_, piece) in zip(weights, rows, strict=True)]


def _weight(piece: str, usual: Decimal) -> tuple[Decimal, str]:
    piece = piece.strip()
    match = WEIGHT.match(piece)
    return (Decimal(match[1]), piece[match.end() :]) if match else (usual, piece)


def _with_note(piece: str, format: str) -> tuple[str, Rich]:
    words, mark, note = piece.partition("#")
    return words, _rich(note, format)[0] if mark else Rich(())
