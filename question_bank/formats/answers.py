"""From the answers of a foreign question to the key of ours, for every kind but choices.

What another system counts in part, or by rules that an item has no word for, is told as a repair and never guessed at
in silence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from question_bank.formats.draft import Draft
from question_bank.formats.report import CERTAIN, DOUBTFUL, LIKELY
from question_bank.formats.rich import Rich, from_plain, with_gaps

TRUE_WORDS = [
    "true",
    "t",
    "yes",
    "正确",
    "对",
    "是",
    "√",
    "真",
    "vrai",
    "wahr",
    "richtig",
    "verdadero",
    "vero",
    "verdadeiro",
    "верно",
    "waar",
    "sant",
    "prawda",
    "igaz",
]
FALSE_WORDS = [
    "false",
    "f",
    "no",
    "错误",
    "错",
    "否",
    "×",
    "不正确",
    "不对",
    "假",
    "faux",
    "falsch",
    "falso",
    "fals",
    "неверно",
    "onwaar",
    "fałsz",
    "hamis",
]
# What a marker looks for where a file tells no points of its own.
WHOLE_SAMPLE = "答出参考答案的要点"


def as_answers(values: Sequence[str]) -> list[str]:
    """Return accepted answers without empty and repeated ones, in order."""
    return list(dict.fromkeys(value for value in values if value))


def take_blanks(draft: Draft, stem: Rich, accepted: Sequence[Sequence[str]]) -> None:
    """Make the draft a fill-in item; a stem without any blank gets them at its end, in order."""
    stem, widened = with_gaps(stem)
    if widened:
        draft.repair("stem", "low_line_widened", CERTAIN, before="_", after="＿")
    if not stem.gaps():
        added = from_plain(" ".join(["____"] * len(accepted)))
        stem = stem.joined(added)
        draft.repair("stem", "blank_added", CERTAIN, after=added.text())
    draft.data |= {"kind": "fill_blank", "stem": stem, "key": [as_answers(one) for one in accepted]}
    if "any_order" in draft.extras:
        draft.data["any_order"] = True
    if not all(draft.data["key"]):
        draft.problem("key", "no_accepted_answer")


def take_notes(draft: Draft, notes: Sequence[Rich]) -> None:
    """Add feedback on answers that have no place of their own to the explanation; what repeats is taken once."""
    told = {draft.data["explanation"].text()} if "explanation" in draft.data else set()
    for note in notes:
        if note and note.text() not in told:
            told.add(note.text())
            draft.data["explanation"] = draft.data.get("explanation", Rich(())).joined(note)
            draft.repair("explanation", "feedback_to_explanation", CERTAIN, after=note.text())


def full_weights(draft: Draft, weights: Sequence[Decimal]) -> list[Decimal]:
    """Return the weights of answers so that the best earns 100 percent; where the file had less, that is told."""
    best = max(weights, default=Decimal(0))
    if not 0 < best < 100:
        return list(weights)
    draft.repair("key", "best_answer_taken", DOUBTFUL, before=f"{best.normalize():f}%")
    return [weight * 100 / best for weight in weights]


def take_accepted(
    draft: Draft, accepted: list[str], words: str, weight: Decimal, note: Rich, *, wildcards: bool = True
) -> None:
    """Add an answer to those accepted; one that earns only a part, or stands for all others, is told and left out."""
    if weight >= 100 and not wildcards:
        accepted.append(words)
    elif weight >= 100:
        bare = words.replace("\\*", "\0")
        if "*" in bare and bare.replace("*", "").strip():
            draft.repair("key", "wildcard_removed", DOUBTFUL, before=words, after=bare.replace("*", "").strip())
            bare = bare.replace("*", "").strip()
        accepted.append(bare.replace("\0", "*"))
        if note:
            take_notes(draft, [note])
    elif weight > 0:
        draft.repair("key", "partial_answer_left_out", DOUBTFUL, before=f"{words} ({weight.normalize():f}%)")
    else:
        draft.lose("feedback_on_wrong_answers" if note else "wrong_answers")


def take_tolerance(draft: Draft, within: Sequence[str]) -> None:
    """Set the tolerance of the only blank; where its answers differ the largest is taken and told."""
    found = []
    for one in within:
        try:
            value = abs(Decimal(one or "0"))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value >= 10**9:
            draft.problem("tolerance", "tolerance_unreadable", value=one[:40])
            return
        found.append(value)
    largest = max(found, default=Decimal(0))
    if len(set(found)) > 1:
        draft.repair("tolerance", "largest_tolerance_taken", DOUBTFUL, before=", ".join(within), after=f"{largest:f}")
    kept = largest.quantize(Decimal("0.000001"))
    if kept != largest:
        draft.repair("tolerance", "tolerance_rounded", LIKELY, before=f"{largest:f}", after=f"{kept.normalize():f}")
    if kept:
        draft.data["tolerance"] = [f"{kept.normalize():f}"]


def take_told_tolerance(draft: Draft) -> None:
    """Set the tolerance of each blank where our own export had to put it into a label."""
    told = draft.extras.get("tolerance")
    if told and len(draft.data.get("key", ())) == len(told.split(",")):
        draft.data["tolerance"] = [one.strip() or None for one in told.split(",")]


def take_pairs(draft: Draft, pairs: Sequence[tuple[Rich, Rich]]) -> None:
    """Set prompts, options and key from pairs; a pair without its left side is a further option."""
    seen: dict[str, Rich] = {}
    for _, right in pairs:
        if right:
            seen.setdefault(right.text(), right)
    words = list(seen)
    order = shown_places(draft, len(words)) or range(len(words))
    shown = [words[place] for place in order]
    draft.data |= {"kind": "matching", "options": draft.options(seen[one] for one in shown)}
    letters = {one: option["key"] for one, option in zip(shown, draft.data["options"], strict=False)}
    prompts: list[dict[str, Any]] = []
    key: dict[str, str] = {}
    for left, right in pairs:
        if not left:
            continue
        number = str(len(prompts) + 1)
        prompts.append({"key": number, "text": left})
        if right:
            key[number] = letters.get(right.text(), "")
    draft.data |= {"prompts": prompts, "key": key}
    if len(set(key.values())) < len(key):
        draft.data["reuse"] = True


def shown_places(draft: Draft, count: int) -> list[int] | None:
    """Return in which order (from 0) our own export says that so many pieces are shown; None where it says nothing."""
    numbers = [int(one) for one in draft.extras.get("shown", "").split(",") if one.strip().isdecimal()]
    return [number - 1 for number in numbers] if sorted(numbers) == list(range(1, count + 1)) else None


def take_ordered(draft: Draft, steps: Sequence[tuple[Rich, Rich]]) -> None:
    """Make the draft an ordering item from its steps in the right order, each with a note that may be empty.

    An item shows its steps in another order than the right one; a file that has none gets one that is always the same.
    """
    count = len(steps)
    order = shown_places(draft, count)
    if order is None:
        order = sorted(range(count), key=lambda place: hashlib.sha256(steps[place][0].text().encode()).digest())
        if order == list(range(count)):
            order = [*order[1:], *order[:1]]
        draft.repair("options", "steps_mixed", CERTAIN, after=", ".join(str(place + 1) for place in order))
    options = draft.options(steps[place] for place in order)
    letters = {place: option["key"] for place, option in zip(order, options, strict=False)}
    draft.data |= {"kind": "ordering", "options": options, "key": [letters.get(place, "") for place in range(count)]}


def take_sample(draft: Draft, sample: Rich, rubric: Sequence[tuple[Rich, str, Rich]] = ()) -> None:
    """Make the draft a short answer from a sample and the points of a rubric with their weights and notes.

    Without a sample the explanation stands in for it, without a rubric the whole sample is one point; both are told.
    """
    if not sample and draft.data.get("explanation"):
        sample = draft.data["explanation"]
        draft.repair("sample", "sample_from_explanation", DOUBTFUL, after=sample.text())
    rows: list[dict[str, Any]] = []
    for point, weight, note in rubric:
        row: dict[str, Any] = {"point": point, "weight": int(weight) if weight.isdecimal() else 0}
        rows.append(row | ({"note": note} if note else {}))
    if sample and not rows:
        rows.append({"point": WHOLE_SAMPLE, "weight": 1})
        draft.repair("rubric", "rubric_made", DOUBTFUL, after=WHOLE_SAMPLE)
    draft.data |= {"kind": "short_answer", "rubric": rows, "sample": sample}
    longest = draft.extras.get("max_length", "")
    if longest.isdecimal():
        draft.data["max_length"] = int(longest[:9])
    if not sample:
        draft.problem("sample", "no_sample")


def truth_of(words: str) -> bool | None:
    """Return what a word for true or false means, None where it is neither."""
    word = words.strip().strip("。.（）()").lower()
    if word in TRUE_WORDS:
        return True
    return False if word in FALSE_WORDS else None
