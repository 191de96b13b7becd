"""Fill in (填空题): each blank of the stem, written ``____``, takes one of its accepted answers.

How a typed answer is compared stands in ``question_bank.text``. With ``"any_order": true`` the answers may
stand in any order; one answer never serves two blanks. The rules of partial credit, n being the number of
blanks and an empty blank being neither right nor wrong:

- all_or_nothing: 1 where all blanks are right;
- half_for_incomplete: one half where some are right and the others are empty, 0 as soon as one is wrong;
- proportional: right blanks ÷ n. Other than with options a wrong blank costs only itself: there is nothing to
  tick, so guessing at one blank gains nothing at another;
- plus_minus: (right − wrong) ÷ n, never below 0.

``tolerance`` has an entry for each blank, null or a decimal such as ``"0.5"``: a number then is right too where it is
at most so far from an accepted one and has the same unit. All that such a blank accepts are numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from question_bank import text
from question_bank.fields import MARKDOWN, Problem, text_problems
from question_bank.item import Item
from question_bank.kinds.base import (
    PROPORTIONAL,
    Grade,
    Kind,
    Part,
    Shape,
    flag_problems,
    no_options_problems,
    ratio,
    typed_problem,
    typed_text,
)
from question_bank.kinds.multiple_choice import earned

BLANK = "____"
MAX_BLANKS = 20
MAX_ANSWER = 2000
MAX_ACCEPTED = 200
UNDERSCORES = re.compile("_+")
TOLERANCE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")


class FillBlank(Kind):
    name = "fill_blank"
    settings = ("any_order", "tolerance")
    partial_credit = True

    def problems(self, item: Item) -> list[Problem]:
        problems = no_options_problems(item)
        runs = UNDERSCORES.findall(item.stem)
        problems += [Problem("stem", "blank_width", {"blank": run}) for run in runs if run != BLANK]
        if not isinstance(item.key, tuple) or not item.key:
            problems.append(Problem("key", "not_a_list_of_lists"))
        else:
            if len(runs) != len(item.key):
                problems.append(Problem("key", "blank_count", {"stem": len(runs), "key": len(item.key)}))
            if len(item.key) > MAX_BLANKS:
                problems.append(Problem("key", "too_many", {"count": len(item.key), "most": MAX_BLANKS}))
            for index, accepted in enumerate(item.key):
                problems += _accepted_problems(f"key[{index}]", accepted)
        problems += flag_problems(item, "any_order")
        if not problems and item.format == MARKDOWN:
            problems += _markdown_problems(item)
        if not problems and "tolerance" in item.settings:
            problems += _tolerance_problems(item)
        return problems

    def answer_shape(self, item: Item) -> dict[str, Any]:
        return {"blanks": len(item.key)}

    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        if not isinstance(answer, list | tuple):
            return Problem("", "not_a_list")
        if len(answer) != shape["blanks"]:
            return Problem("", "blank_count", {"count": len(answer), "blanks": shape["blanks"]})
        for index, entry in enumerate(answer):
            problem = typed_problem(f"[{index}]", entry, longest=MAX_ANSWER)
            if problem:
                return problem
        return None

    def normal_answer(self, shape: Shape, answer: Any) -> list[str]:
        return [typed_text(entry) for entry in answer]

    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        compare = _in_any_order if item.settings.get("any_order") else _in_order
        right = compare([_accepts(item, blank) for blank in range(len(item.key))], answer)
        filled = [bool(text.normal(entry)) for entry in answer]
        hits = sum(right)
        misses = sum(full and not good for full, good in zip(filled, right, strict=True))
        return Grade(
            fraction=ratio(hits, len(right)) if rule == PROPORTIONAL else earned(hits, misses, len(right), rule),
            correct=all(right),
            answered=True,
            parts=tuple(Part(str(number), good) for number, good in enumerate(right, start=1)),
        )

    def public(self, item: Item) -> dict[str, Any]:
        return super().public(item) | {"blanks": len(item.key)}


def _accepted_problems(place: str, accepted: Any) -> list[Problem]:
    if not isinstance(accepted, tuple) or not accepted:
        return [Problem(place, "not_a_list")]
    problems = []
    for index, entry in enumerate(accepted):
        here = f"{place}[{index}]"
        found = text_problems(here, entry, longest=MAX_ACCEPTED)
        if not found and not text.normal(entry):
            found = [Problem(here, "empty")]
        problems += found
    return problems


def _markdown_problems(item: Item) -> list[Problem]:
    from question_bank import richtext  # needed by Markdown alone, see ``item``

    shown = richtext.count_blanks(item.stem)
    return [] if shown == len(item.key) else [Problem("stem", "blank_count", {"stem": shown, "key": len(item.key)})]


def _tolerance_problems(item: Item) -> list[Problem]:
    tolerance = item.settings["tolerance"]
    if not isinstance(tolerance, tuple):
        return [Problem("tolerance", "not_a_list")]
    if len(tolerance) != len(item.key):
        return [Problem("tolerance", "blank_count", {"count": len(tolerance), "blanks": len(item.key)})]
    problems = []
    for index, (entry, accepted) in enumerate(zip(tolerance, item.key, strict=True)):
        if entry is None:
            continue
        if not isinstance(entry, str) or not TOLERANCE.fullmatch(entry):
            problems.append(Problem(f"tolerance[{index}]", "not_a_decimal", {"value": entry}))
        problems += [
            Problem(f"key[{index}][{place}]", "not_a_number", {"text": words})
            for place, words in enumerate(accepted)
            if text.quantity(words) is None
        ]
    return problems


Accepts = Callable[[str], bool]


def _accepts(item: Item, blank: int) -> Accepts:
    """Return what tells whether a blank (counted from 0) accepts an entry."""
    accepted = item.key[blank]
    within = (item.settings.get("tolerance") or [None] * len(item.key))[blank]

    def accepts(entry: str) -> bool:
        if any(text.same(entry, good) for good in accepted):
            return True
        return within is not None and any(text.near(entry, good, Decimal(within)) for good in accepted)

    return accepts


def _in_order(blanks: list[Accepts], answer: list[str]) -> list[bool]:
    return [accepts(entry) for entry, accepts in zip(answer, blanks, strict=True)]


def _in_any_order(blanks: list[Accepts], answer: list[str]) -> list[bool]:
    """Return for each answer whether it serves a blank of its own, as many of them as can be matched."""
    fits = [[index for index, accepts in enumerate(blanks) if accepts(entry)] for entry in answer]
    owner: dict[int, int] = {}

    def place(entry: int, tried: set[int]) -> bool:
        for blank in fits[entry]:
            if blank in tried:
                continue
            tried.add(blank)
            if blank not in owner or place(owner[blank], tried):
                owner[blank] = entry
                return True
        return False

    for entry in range(len(answer)):
        place(entry, set())
    placed = set(owner.values())
    return [entry in placed for entry in range(len(answer))]


KIND = FillBlank()
