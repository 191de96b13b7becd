"""The wrong-answer book (错题本): an item enters by a wrong answer and leaves after two right ones in a row."""

from __future__ import annotations

from dataclasses import dataclass

RIGHT_TO_LEAVE = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an item stands with a person: whether it is in the book, and right answers since the last wrong one."""

    wrong: bool = False
    right_in_a_row: int = 0


def after_answer(before: Standing, correct: bool) -> Standing:
    """Return the standing after one more answer. An item that was never wrong does not enter by being right."""
    if not correct:
        return Standing(wrong=True, right_in_a_row=0)
    row = before.right_in_a_row + 1
    return Standing(wrong=before.wrong and row < RIGHT_TO_LEAVE, right_in_a_row=row)
