"""Moodle's questions with answers inside the text: cloze, and words to choose or drag into gaps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from question_bank.formats import cases, moodle_cloze
from question_bank.formats.answers import full_weights, take_accepted, take_blanks, take_told_tolerance, take_tolerance
from question_bank.formats.choices import take_weights
from question_bank.formats.draft import Draft
from question_bank.formats.gaps import numbered
from question_bank.formats.markup import Node
from question_bank.formats.moodle_cloze import Embedded
from question_bank.formats.moodle_texts import rich_of, stem_of
from question_bank.formats.report import DOUBTFUL, LIKELY
from question_bank.formats.rich import SLOT, Rich, from_plain, slots_as_gaps

GAP = re.compile(r"\[\[([0-9]{1,3})\]\]")


def read_cloze(question: Node, draft: Draft) -> None:
    """Read a cloze question: typed fields are blanks, one field of choices is a choice, a mixture is a case."""
    fields: list[Embedded] = []

    def with_slots(words: str) -> str:
        made, found = moodle_cloze.parse(words.replace(SLOT, ""), SLOT)
        fields.extend(found)
        return made

    text = stem_of(question, draft, with_slots)
    draft.data["stem"] = slots_as_gaps(text)
    unknown = [field.type for field in fields if not field.known]
    if unknown:
        draft.problem("kind", "kind_not_supported", kind=unknown[0])
    elif not fields:
        draft.problem("kind", "not_a_question")
    elif all(field.typed for field in fields):
        _take_blanks(draft, draft.data["stem"], fields)
        take_told_tolerance(draft)
    elif len(fields) == 1:
        _take_choice(draft, fields[0])
    else:
        draft.data["stem"] = numbered(text)
        draft.repair("kind", "cloze_as_case", LIKELY, after=str(len(fields)))
        cases.fold(draft, [_part(draft, number, field) for number, field in enumerate(fields, start=1)])


def _part(draft: Draft, number: int, field: Embedded) -> Draft:
    part = Draft(draft.place, shelf=draft.shelf, pictures=draft.pictures)
    part.extras["weight"] = str(max(1, min(field.weight, 100)))
    if field.typed:
        _take_blanks(part, from_plain(f"（{number}）处应填：____"), [field])
    else:
        part.data["stem"] = from_plain(f"（{number}）处应选：")
        _take_choice(part, field)
    return part


def _take_blanks(draft: Draft, stem: Rich, fields: Sequence[Embedded]) -> None:
    accepted: list[list[str]] = []
    tolerances: list[str | None] = []
    for field in fields:
        words: list[str] = []
        within: list[str] = []
        weights = full_weights(draft, [one.weight for one in field.alternatives])
        for one, weight in zip(field.alternatives, weights, strict=True):
            told = draft.html(one.words).text()
            if field.type in moodle_cloze.NUMBERS:
                told, tolerance = moodle_cloze.tolerance_of(told)
                within += [tolerance] if weight >= 100 and told != "*" else []
            take_accepted(draft, words, told, weight, draft.html(one.feedback))
        if moodle_cloze.TYPED.get(field.type):
            draft.lose("case_sensitive")
        accepted.append(words)
        taken = Draft(draft.place)
        take_tolerance(taken, within)
        draft.repairs += taken.repairs
        draft.problems += taken.problems
        tolerances.append(taken.data.get("tolerance", [None])[0])
    take_blanks(draft, stem, accepted)
    if any(tolerances):
        draft.data["tolerance"] = tolerances


def _take_choice(draft: Draft, field: Embedded) -> None:
    draft.data["options"] = draft.options(
        (draft.html(one.words), draft.html(one.feedback)) for one in field.alternatives
    )
    take_weights(draft, [one.weight for one in field.alternatives], several=field.several)


def read_gapselect(question: Node, draft: Draft) -> None:
    """Read words to choose or drag: with one gap a single choice, else a matching of the numbered gaps."""
    boxes = [*question.all("selectoption"), *question.all("dragbox")]
    used: list[int] = []

    def with_slots(words: str) -> str:
        used.extend(int(match[1]) for match in GAP.finditer(words))
        return GAP.sub(SLOT, words)

    text = stem_of(question, draft, with_slots)
    draft.data["stem"] = slots_as_gaps(text)
    options = [rich_of(box, draft) if box.find("text") else draft.html(box.text()) for box in boxes]
    groups = [box.words("group") or "1" for box in boxes]
    if not used or any(not 1 <= number <= len(boxes) for number in used):
        draft.problem("key", "gap_without_word")
        return
    if len(used) == 1:
        fitting = [place for place, group in enumerate(groups) if group == groups[used[0] - 1]]
        draft.data["options"] = draft.options(options[place] for place in fitting)
        take_weights(draft, [Decimal(100 if place == used[0] - 1 else 0) for place in fitting], several=False)
        return
    if len(set(groups)) > 1:
        draft.repair("options", "groups_joined", DOUBTFUL, after=str(len(set(groups))))
    draft.repair("kind", "gaps_as_matching", LIKELY, after=str(len(used)))
    made = draft.options(options)
    key = {str(number): made[box - 1]["key"] for number, box in enumerate(used, start=1) if box <= len(made)}
    draft.data |= {
        "kind": "matching",
        "stem": numbered(text),
        "prompts": [{"key": number, "text": f"（{number}）"} for number in key],
        "options": made,
        "key": key,
    }
    if len(set(key.values())) < len(key):
        draft.data["reuse"] = True
