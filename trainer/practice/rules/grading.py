"""What an answer in practice earns: at once where the site can grade it, by the person's own word where it cannot.

A case is answered whole, a list with an answer for each part; its parts earn by their weights. A short answer waits
until its writer has said which points of the rubric it makes. From ``ENOUGH`` of the rubric on it counts as right, for
the memory of the item alone: a self-assessment is in no statistics and earns nothing anywhere.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from question_bank import kinds
from question_bank.fields import Problem
from question_bank.item import Item
from question_bank.kinds import Grade, case_study, short_answer

RULE = kinds.HALF_FOR_INCOMPLETE
ENOUGH = Decimal("0.6")

# For each part, in order, the numbers (from 1) of the points of the rubric that it makes; empty for other kinds.
Met = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Judged:
    """Grades of the parts in order (one where the item is no case), and what they come to: ``fraction`` is 0 to 1.

    ``waits`` says that a short answer among them has still to be assessed: ``fraction`` and ``correct`` say nothing.
    """

    grades: tuple[Grade, ...]
    fraction: Decimal
    correct: bool
    waits: bool


def normal_answer(item: Item, given: Any) -> Any:
    """Return the one form in which an answer is kept, None for an empty one. Raises ``kinds.WrongShape``."""
    if item.kind != case_study.KIND.name:
        return kinds.normal_answer(kinds.answer_shape(item), given)
    parts = case_study.expand(item)
    if not isinstance(given, list) or len(given) != len(parts):
        raise kinds.WrongShape(Problem("", "not_a_list"))
    made = [kinds.normal_answer(kinds.answer_shape(part), one) for part, one in zip(parts, given, strict=True)]
    return None if all(one is None for one in made) else made


def answers_by_part(item: Item, normal: Any) -> list[tuple[Item, Any]]:
    """Return the parts of an item with their answers; an item that is no case is its only part."""
    if item.kind != case_study.KIND.name:
        return [(item, normal)]
    parts = case_study.expand(item)
    return list(zip(parts, normal or [None] * len(parts), strict=True))


def judge(item: Item, normal: Any, met: Met | None = None) -> Judged:
    """Return what an answer in normal form earns, None being "I do not know". ``met`` is the self-assessment so far.

    Raises ``ValueError`` for a self-assessment that does not fit the rubrics.
    """
    parts = answers_by_part(item, normal)
    if met is not None and len(met) != len(parts):
        raise ValueError("not one list of points for each part")
    grades = []
    for index, (part, answer) in enumerate(parts):
        grade = kinds.grade(part, answer, RULE)
        if met is not None and grade.needs_person:
            grade = _assessed(part, met[index])
        elif met is not None and met[index]:
            raise ValueError("points of a part that has none to assess")
        grades.append(grade)
    shares = case_study.weights(item) if item.kind == case_study.KIND.name else (1,)
    earned = sum((grade.fraction * share for grade, share in zip(grades, shares, strict=True)), Decimal(0))
    return Judged(
        tuple(grades),
        earned / sum(shares),
        all(grade.correct for grade in grades),
        any(grade.needs_person for grade in grades),
    )


def _assessed(part: Item, points: Sequence[int]) -> Grade:
    count = len(part.settings["rubric"])
    if len(set(points)) != len(points) or not all(1 <= point <= count for point in points):
        raise ValueError("no such point of the rubric")
    grade = short_answer.marked(part, [Decimal(number in points) for number in range(1, count + 1)])
    return Grade(grade.fraction, correct=grade.fraction >= ENOUGH, answered=True, parts=grade.parts)
