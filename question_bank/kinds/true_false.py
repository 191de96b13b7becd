"""True or false (判断题): the statement is right or wrong. Rules of partial credit make no difference.

Only the JSON booleans are answers: 1, 0 and "true" are of the wrong shape.
"""

from __future__ import annotations

from typing import Any

from question_bank.fields import Problem
from question_bank.item import Item
from question_bank.kinds.base import FULL, NOTHING, Grade, Kind, Part, Shape, no_options_problems


class TrueFalse(Kind):
    name = "true_false"

    def problems(self, item: Item) -> list[Problem]:
        problems = no_options_problems(item)
        if not isinstance(item.key, bool):
            problems.append(Problem("key", "not_boolean"))
        return problems

    def answer_shape(self, item: Item) -> dict[str, Any]:
        return {}

    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        return None if isinstance(answer, bool) else Problem("", "not_boolean")

    def normal_answer(self, shape: Shape, answer: Any) -> bool:
        return bool(answer)

    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        right = answer is item.key
        place = "true" if answer else "false"
        return Grade(FULL if right else NOTHING, correct=right, answered=True, parts=(Part(place, right),))


KIND = TrueFalse()
