"""Short answer (简答题): some sentences in the candidate's own words, marked by a person.

``rubric`` lists what a good answer says: ``[{"point": …, "weight": 2}, …]``; a point is worth its weight ÷ the sum of
all weights. ``sample`` is an answer that would earn everything. Both are as secret as a key; there is no ``key``.
``max_length`` bounds the answer in characters. Rules of partial credit make no difference: the rubric is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from question_bank.fields import MAX_EXPLANATION, MAX_NOTE, Problem, is_whole, text_problems
from question_bank.item import Item, Passage
from question_bank.kinds.base import (
    FULL,
    NOTHING,
    Grade,
    Kind,
    Part,
    Shape,
    no_options_problems,
    rows_problems,
    typed_problem,
    typed_text,
)

MAX_POINTS = 20
MAX_WEIGHT = 100
LENGTHS = (20, 5000)
USUAL_LENGTH = 1000


class ShortAnswer(Kind):
    name = "short_answer"
    settings = ("max_length", "rubric", "sample")
    rows = MappingProxyType({"rubric": ("point", "weight", "note")})
    keyed = False

    def problems(self, item: Item) -> list[Problem]:
        problems = no_options_problems(item)
        if not is_whole(item.settings.get("max_length", USUAL_LENGTH), *LENGTHS):
            problems.append(Problem("max_length", "out_of_range", {"least": LENGTHS[0], "most": LENGTHS[1]}))
        rubric = item.settings.get("rubric")
        found = rows_problems("rubric", rubric, self.rows["rubric"], fewest=1, most=MAX_POINTS)
        if not found:
            for index, row in enumerate(rubric or ()):
                place = f"rubric[{index}]"
                found += text_problems(f"{place}.point", row.get("point"), longest=MAX_NOTE)
                if not is_whole(row.get("weight"), 1, MAX_WEIGHT):
                    found.append(Problem(f"{place}.weight", "out_of_range", {"least": 1, "most": MAX_WEIGHT}))
                found += text_problems(f"{place}.note", row.get("note", ""), longest=MAX_NOTE, empty=True)
        problems += found
        return problems + text_problems("sample", item.settings.get("sample"), longest=MAX_EXPLANATION)

    def answer_shape(self, item: Item) -> dict[str, Any]:
        return {"max_length": item.settings.get("max_length", USUAL_LENGTH)}

    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        return typed_problem("", answer, longest=shape["max_length"])

    def normal_answer(self, shape: Shape, answer: Any) -> str:
        return typed_text(answer)

    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        return Grade(NOTHING, correct=False, answered=True, needs_person=True)

    def public(self, item: Item) -> dict[str, Any]:
        return super().public(item) | self.answer_shape(item)

    def right_answer(self, item: Item) -> str:
        return str(item.settings["sample"])

    def passages(self, item: Item) -> list[Passage]:
        found = []
        for index, row in enumerate(item.settings["rubric"]):
            found.append(Passage(f"rubric[{index}].point", row["point"], secret=True))
            if row.get("note"):
                found.append(Passage(f"rubric[{index}].note", row["note"], secret=True))
        return [*found, Passage("sample", item.settings["sample"], secret=True)]


def marked(item: Item, shares: Sequence[Decimal]) -> Grade:
    """Return the grade that a marker gave, from the share (0 to 1) of each point of the rubric, in its order.

    Raises ``ValueError`` where the shares are not as many as the points or out of range.
    """
    weights = [int(row["weight"]) for row in item.settings["rubric"]]
    if len(shares) != len(weights) or not all(_is_share(share) for share in shares):
        raise ValueError(f"not one share from 0 to 1 for each of {len(weights)} points")
    whole = sum(share * weight for share, weight in zip(shares, weights, strict=True))
    return Grade(
        fraction=whole / Decimal(sum(weights)),
        correct=all(share == FULL for share in shares),
        answered=True,
        parts=tuple(Part(str(number), share == FULL) for number, share in enumerate(shares, start=1)),
    )


def _is_share(share: Decimal) -> bool:
    return share.is_finite() and NOTHING <= share <= FULL


KIND = ShortAnswer()
