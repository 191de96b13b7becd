"""Ordering (排序题): bring the steps into the right order.

The answer lists option keys from first to last; it may stop early. What partial credit looks at are
neighbours: a pair is right where the second step follows the first at once in the key too, so one step out of
place does not spoil all that come after it. With n steps there are n − 1 pairs. The right order earns 1 under
every rule; otherwise

- all_or_nothing: 0;
- half_for_incomplete: one half where the answer is the true beginning of the right order, else 0;
- proportional: right pairs ÷ (n − 1);
- plus_minus: (right pairs − wrong pairs) ÷ (n − 1), never below 0.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
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
    keys_problem,
    options_problems,
    ratio,
)


class Ordering(Kind):
    name = "ordering"
    partial_credit = True

    def problems(self, item: Item) -> list[Problem]:
        problems = options_problems(item, fewest=3)
        if not isinstance(item.key, tuple) or not all(isinstance(key, str) for key in item.key):
            return [*problems, Problem("key", "not_a_list_of_keys")]
        if sorted(item.key) != sorted(item.option_keys):
            problems.append(Problem("key", "not_every_key_once"))
        elif item.key == item.option_keys:
            problems.append(Problem("options", "already_in_order"))
        return problems

    def answer_shape(self, item: Item) -> dict[str, Any]:
        return {"keys": list(item.option_keys)}

    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        return keys_problem(shape["keys"], answer)

    def normal_answer(self, shape: Shape, answer: Any) -> list[str]:
        return list(answer)

    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        given = tuple(answer)
        wanted = set(pairwise(item.key))
        pairs = [(pair, pair in wanted) for pair in pairwise(given)]
        hits = sum(good for _, good in pairs)
        return Grade(
            fraction=_earned(given, item.key, hits, len(pairs) - hits, rule),
            correct=given == item.key,
            answered=True,
            parts=tuple(Part("".join(pair), good) for pair, good in pairs),
        )


def _earned(given: tuple[str, ...], key: tuple[str, ...], hits: int, misses: int, rule: str) -> Decimal:
    if given == key:
        return FULL
    if rule == ALL_OR_NOTHING:
        return NOTHING
    if rule == HALF_FOR_INCOMPLETE:
        return HALF if given == key[: len(given)] else NOTHING
    if rule == PROPORTIONAL:
        return ratio(hits, len(key) - 1)
    return ratio(hits - misses, len(key) - 1)


KIND = Ordering()
