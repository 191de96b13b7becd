"""Finding errors (找错题、纠错题): mark the faulty places of a document, such as a record or a written decision.

``document`` is the document as a list of segments, which read one after the other without anything between them.
A segment with a ``key`` can be marked; one without only stands between them (headings, line feeds). Its texts are
plain, whatever the ``format`` of the item: a facsimile has no markup. The key lists the faulty segments, each of
which has a ``note`` that says what is wrong and how it should read; a sound segment may have one that says why.

The answer lists the marked segments. At most half of the segments that can be marked are faulty, so that marking
all of them earns nothing under any rule. With R the faulty and C the marked ones, C = R earns 1; otherwise

- all_or_nothing: 0;
- half_for_incomplete: one half where C is a true subset of R, 0 as soon as one mark is a false alarm;
- proportional: |C| ÷ |R| where C is a subset of R, 0 as soon as one mark is a false alarm;
- plus_minus: (hits − false alarms) ÷ |R|, never below 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from question_bank.fields import MAX_NOTE, MAX_OPTION, UNPRINTABLE, Problem, text_problems
from question_bank.item import Item, Passage
from question_bank.kinds.base import (
    Grade,
    Kind,
    Part,
    Shape,
    key_list_problems,
    keys_problem,
    no_options_problems,
    rows_problems,
)
from question_bank.kinds.multiple_choice import earned

MAX_SEGMENTS = 200
MAX_MARKABLE = 60
MAX_BETWEEN = 2000


class ErrorFinding(Kind):
    name = "error_finding"
    settings = ("document",)
    rows = MappingProxyType({"document": ("key", "text", "note")})
    partial_credit = True

    def problems(self, item: Item) -> list[Problem]:
        problems = no_options_problems(item)
        document = item.settings.get("document")
        found = rows_problems("document", document, self.rows["document"], fewest=2, most=MAX_SEGMENTS)
        if found:
            return [*problems, *found, *key_list_problems(item.key, (), fewest=1)]
        markable: list[str] = []
        for index, segment in enumerate(document or ()):
            place = f"document[{index}]"
            if "key" not in segment:
                found += _between_problems(place, segment)
                continue
            markable.append(str(len(markable) + 1))
            if segment["key"] != markable[-1]:
                found.append(Problem(f"{place}.key", "key_out_of_order", {"key": segment["key"]}))
            found += text_problems(f"{place}.text", segment.get("text"), longest=MAX_OPTION)
            found += text_problems(f"{place}.note", segment.get("note", ""), longest=MAX_NOTE, empty=True)
        if len(markable) > MAX_MARKABLE:
            found.append(Problem("document", "too_many", {"count": len(markable), "most": MAX_MARKABLE}))
        wrong_key = key_list_problems(item.key, markable, fewest=1)
        if not found and not wrong_key:
            found += [
                Problem(f"document[{index}].note", "missing")
                for index, segment in enumerate(document or ())
                if segment.get("key") in item.key and "note" not in segment
            ]
            if 2 * len(item.key) > len(markable):
                found.append(Problem("key", "too_many_faults", {"count": len(item.key), "most": len(markable) // 2}))
        return problems + found + wrong_key

    def answer_shape(self, item: Item) -> dict[str, Any]:
        return {"keys": [segment["key"] for segment in item.settings["document"] if "key" in segment]}

    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        return keys_problem(shape["keys"], answer)

    def normal_answer(self, shape: Shape, answer: Any) -> list[str]:
        return sorted(answer, key=shape["keys"].index)

    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        parts = tuple(Part(key, key in item.key) for key in answer)
        hits = sum(part.right for part in parts)
        return Grade(
            fraction=earned(hits, len(parts) - hits, len(item.key), rule),
            correct=hits == len(item.key) == len(parts),
            answered=True,
            parts=parts,
        )

    def public(self, item: Item) -> dict[str, Any]:
        seen = super().public(item)
        seen["document"] = [
            {name: segment[name] for name in ("key", "text") if name in segment}
            for segment in item.settings["document"]
        ]
        return seen

    def passages(self, item: Item) -> list[Passage]:
        found = []
        for index, segment in enumerate(item.settings["document"]):
            found.append(Passage(f"document[{index}].text", segment["text"], plain=True))
            if segment.get("note"):
                found.append(Passage(f"document[{index}].note", segment["note"], secret=True))
        return found


def _between_problems(place: str, segment: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a segment that cannot be marked; white space alone is allowed in it."""
    problems = [Problem(f"{place}.note", "note_without_key")] if "note" in segment else []
    words = segment.get("text")
    if not isinstance(words, str):
        return [*problems, Problem(f"{place}.text", "not_text")]
    if not words:
        problems.append(Problem(f"{place}.text", "empty"))
    elif len(words) > MAX_BETWEEN:
        problems.append(Problem(f"{place}.text", "too_long", {"length": len(words), "longest": MAX_BETWEEN}))
    elif UNPRINTABLE.search(words):
        problems.append(Problem(f"{place}.text", "unprintable"))
    return problems


KIND = ErrorFinding()
