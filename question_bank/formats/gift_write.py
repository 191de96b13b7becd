r"""Writing GIFT: one line for each text, so that no line of a text can end a question; every control sign is escaped.

A plain item is ``[plain]`` and keeps its texts letter by letter, one in Markdown becomes ``[html]``. Labels and tags
stand in the comment before a question, where Moodle finds them too. GIFT has no pictures, no ordering, no more than one
blank in a question and no rubric.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from question_bank.formats import labels
from question_bank.formats.cases import part_items
from question_bank.formats.choices import even_share
from question_bank.formats.kind_labels import extras_of, is_numeric, tolerance_of
from question_bank.formats.report import Loss
from question_bank.formats.web import Words, literal, pieces
from question_bank.item import Item, LegalBasis

RESERVED = re.compile(r"[\\~=#{}:]")
KINDS = ("single_choice", "multiple_choice", "true_false", "fill_blank", "matching", "short_answer")


def write_gift(items: Iterable[Item]) -> bytes:
    """Return a file of the items in order, in UTF-8, each in the category of its wing and topic."""
    blocks: list[str] = []
    category: tuple[str, ...] = ()
    for item in items:
        if not (item.kind == "case_study" or _holds(item)):
            continue
        if labels.category_of(item) != category:
            category = labels.category_of(item)
            blocks.append("$CATEGORY: " + "/".join(name.replace("/", "//") for name in ("$course$", "top", *category)))
        if item.kind == "case_study":
            blocks += _case(item)
        else:
            blocks.append(_block(item, labels.write(item, extras_of(item)), item.basis))
    return ("\n\n".join(blocks) + "\n").encode() if blocks else b""


def gift_losses(items: Iterable[Item]) -> list[Loss]:
    """Return what a file of these items lacks."""
    found: list[Loss] = []
    for item in items:
        if item.media:
            found.append(Loss(item.id, "media"))
        if item.kind == "case_study" and item.explanation:
            found.append(Loss(item.id, "explanation_of_case"))
        for part in pieces(item):
            if part.kind not in KINDS:
                found.append(Loss(part.id, "kind_not_in_format", True, {"kind": part.kind}))
            elif not _holds(part):
                found.append(Loss(part.id, "more_than_one_blank", True, {"count": len(part.key)}))
            else:
                found += _losses_of(part)
    return found


def _losses_of(item: Item) -> Iterable[Loss]:
    if item.kind == "short_answer":
        yield Loss(item.id, "rubric_and_sample")
    elif item.kind == "matching":
        if any(prompt.get("note") for prompt in item.settings["prompts"]) or any(one.note for one in item.options):
            yield Loss(item.id, "notes")
        if Words(item, {}, lambda medium: "").rich:
            yield Loss(item.id, "markup_of_right_column")
    elif item.kind == "fill_blank" and tolerance_of(item, 0) and not is_numeric(item, 0):
        yield Loss(item.id, "tolerance_with_unit")


def _holds(item: Item) -> bool:
    return item.kind in KINDS and (item.kind != "fill_blank" or len(item.key) == 1)


def _case(item: Item) -> list[str]:
    words = Words(item, {}, lambda medium: "")
    head = _comment(labels.write(item, {"kind": item.kind}))
    # A description has no answers and so no place for an explanation.
    made = [f"{head}\n::{_escaped(item.id)}::[html]{_escaped(words.case())}"]
    for part, extras, own in part_items(item):
        if _holds(part):
            told = [*own, *(f"{name}:{value}" for name, value in (extras | extras_of(part)).items())]
            made.append(_block(part, told, part.basis))
    return made


def _comment(tags: Sequence[str]) -> str:
    told = []
    for tag in tags:
        name, value = ("id", tag[3:]) if tag.startswith("id:") else ("tag", tag)
        told.append(f"[{name}:{_in_brackets(value)}]")
    return "// " + " ".join(told)


def _in_brackets(value: str) -> str:
    return " ".join(value.split()).replace("\\", "\\\\").replace("]", "\\]")


def _block(item: Item, tags: Sequence[str], basis: Sequence[LegalBasis]) -> str:
    words = Words(item, {}, lambda medium: "")
    prefix = "[html]" if words.rich else "[plain]"

    def text(told: str) -> str:
        return _escaped(words.html(told) if words.rich else told)

    line = labels.basis_line(basis)
    # GIFT has no place for a sample: where nothing else explains a short answer it is what is shown afterwards.
    explanation = item.explanation or str(item.settings.get("sample", ""))
    general = explanation if not words.rich else words.html(explanation) if explanation else ""
    if line:
        general += f"<p>{line}</p>" if words.rich else f"\n{line}" if general else line
    told = f"####{prefix}{_escaped(general)}" if general else ""
    answers = _answers(item, text, prefix, words)
    return f"{_comment(tags)}\n::{_escaped(item.id)}::{prefix}{text(item.stem)}{{{answers}{told}}}"


def _answers(item: Item, text: Callable[[str], str], prefix: str, words: Words) -> str:
    """Return the answers; each has its format before it, or a text that begins like a weight would be one."""
    if item.kind == "true_false":
        return "TRUE" if item.key else "FALSE"
    if item.kind == "short_answer":
        return ""
    rows: list[str] = []
    if item.kind == "fill_blank":
        number = is_numeric(item, 0)
        for accepted in item.key[0]:
            told = f"{accepted}:{tolerance_of(item, 0)}" if number else f"[plain]{_escaped(literal(accepted))}"
            rows.append(f"=%100%{told}")
        return ("#" if number else "") + _lines(rows)
    if item.kind == "matching":
        used = set(item.key.values())
        for prompt in item.settings["prompts"]:
            # An arrow inside the left side can only be told by the entity for its head.
            left = (
                f"[html]{_escaped(words.html(prompt['text']))}"
                if "->" in prompt["text"]
                else prefix + text(prompt["text"])
            )
            rows.append(f"={left} -> {_escaped(words.plain(item.option(item.key[prompt['key']]).text))}")
        rows += [f"= -> {_escaped(words.plain(one.text))}" for one in item.options if one.key not in used]
        return _lines(rows)
    for option in item.options:
        if item.kind == "single_choice":
            mark = "=" if option.key == item.key else "~"
        else:
            mark = f"~%{even_share(len(item.key)):f}%" if option.key in item.key else "~%-100%"
        note = f"#{prefix}{text(option.note)}" if option.note else ""
        rows.append(f"{mark}{prefix}{text(option.text)}{note}")
    return _lines(rows)


def _lines(rows: Iterable[str]) -> str:
    return "\n" + "".join(f"\t{row}\n" for row in rows)


def _escaped(words: str) -> str:
    return RESERVED.sub(lambda match: f"\\{match.group()}", words).replace("\n", "\\n")
