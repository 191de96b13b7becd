"""Multiple choice (多选题): two or more options are right, with ``"indefinite": true`` (不定项) one or more.

Let R be the right options and C the chosen ones. An answer C = R earns 1 under every rule; otherwise

- all_or_nothing: 0;
- half_for_incomplete: one half where C is a true subset of R, 0 as soon as one wrong option is chosen;
- proportional: |C| ÷ |R| where C is a subset of R, 0 as soon as one wrong option is chosen;
- plus_minus: (right ones chosen − wrong ones chosen) ÷ |R|, never below 0.

So ticking every option earns nothing under the first three rules, unless every option is right. Under
plus_minus it earns less than ticking the right ones by one right option for each wrong one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from question_bank.fields import Problem
from question_bank.item import Item
from question_bank.kinds.base import (
    ALL_OR_NOTHING,
    FULL,
    HALF,
    HALF_FOR_INCOMPLETE,
    NOTHING,
    PROPORTIONAL,
    Grade,
    Kind,
    Part,
    Shape,
    flag_problems,
    key_list_problems,
    keys_problem,
    options_problems,
    ratio,
)


class MultipleChoice(Kind):
    name = "multiple_choice"
    settings = ("indefinite",)
    partial_credit = True

    def problems(self, item: Item) -> list[Problem]:
        problems = options_problems(item, fewest=3)
        problems += key_list_problems(item.key, item.option_keys, fewest=1 if item.settings.get("indefinite") else 2)
        return problems + flag_problems(item, "indefinite")

    def answer_shape(self, item: Item) -> dict[str, Any]:
        return {"keys": list(item.option_keys)}

    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        return keys_problem(shape["keys"], answer)

    def normal_answer(self, shape: Shape, answer: Any) -> list[str]:
        return sorted(answer)

    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        right, chosen = set(item.key), set(answer)
        return Grade(
            fraction=earned(len(chosen & right), len(chosen - right), len(right), rule),
            correct=chosen == right,
            answered=True,
            parts=tuple(Part(key, key in right) for key in sorted(chosen)),
        )

    def public(self, item: Item) -> dict[str, Any]:
        return super().public(item) | ({"indefinite": True} if item.settings.get("indefinite") else {})


def earned(hits: int, misses: int, right: int, rule: str) -> Decimal:
    """Return the share for ``hits`` right and ``misses`` wrong pieces chosen, out of ``right`` right ones."""
    if hits == right and not misses:
        return FULL
    if rule == ALL_OR_NOTHING:
        return NOTHING
    if rule == HALF_FOR_INCOMPLETE:
        return HALF if hits and not misses else NOTHING
    if rule == PROPORTIONAL:
        return NOTHING if misses else ratio(hits, right)
    return ratio(hits - misses, right)


KIND = MultipleChoice()
