"""Single choice (单选题): one option is right. Rules of partial credit make no difference."""

from __future__ import annotations

from typing import Any

from question_bank.fields import Problem
from question_bank.item import Item
from question_bank.kinds.base import FULL, NOTHING, Grade, Kind, Part, Shape, options_problems


class SingleChoice(Kind):
    name = "single_choice"

    def problems(self, item: Item) -> list[Problem]:
        problems = options_problems(item)
        if not isinstance(item.key, str):
            problems.append(Problem("key", "not_text"))
        elif item.key not in item.option_keys:
            problems.append(Problem("key", "unknown_key", {"key": item.key}))
        return problems

    def answer_shape(self, item: Item) -> dict[str, Any]:
        return {"keys": list(item.option_keys)}

    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        if not isinstance(answer, str):
            return Problem("", "not_text")
        return None if answer in shape["keys"] else Problem("", "unknown_key")

    def normal_answer(self, shape: Shape, answer: Any) -> str:
        return str(answer)

    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        right = answer == item.key
        return Grade(FULL if right else NOTHING, correct=right, answered=True, parts=(Part(answer, right),))


KIND = SingleChoice()
