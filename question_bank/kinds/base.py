"""What a kind of question must be able to do, and the rules of partial credit.

The rules of partial credit (少选得分规则) say what an answer earns that is neither right nor empty. The
names and their meaning for multiple choice are those of the public interface; what they mean for another
kind stands in the file of that kind. Under every rule the right answer earns 1 and an empty one 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from question_bank.fields import Problem
from question_bank.item import Item

ALL_OR_NOTHING = "all_or_nothing"
HALF_FOR_INCOMPLETE = "half_for_incomplete"
PROPORTIONAL = "proportional"
PLUS_MINUS = "plus_minus"
RULES = (ALL_OR_NOTHING, HALF_FOR_INCOMPLETE, PROPORTIONAL, PLUS_MINUS)

NOTHING, HALF, FULL = Decimal(0), Decimal("0.5"), Decimal(1)

# An empty answer is a list of at most so many empty strings: a client cannot send a million of them.
MAX_EMPTY_PARTS = 100

Shape = Mapping[str, Any]


class UnknownRule(ValueError):
    """No rule of partial credit has this name."""

    code = "unknown_rule"


class WrongShape(ValueError):
    """The answer does not have the shape that its kind asks for; ``problem`` says where and why."""

    code = "wrong_shape"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(frozen=True, slots=True)
class Part:
    """One judged piece of an answer: a chosen option, a blank (counted from 1) or a pair of neighbours."""

    place: str
    right: bool


@dataclass(frozen=True, slots=True)
class Grade:
    """What an answer earned.

    ``fraction`` is the share of the points, 0 to 1; it is exact or has 28 digits, so round only after
    multiplying with the points. ``correct`` means the full key, whatever the rule. ``answered`` is false
    for an empty answer. ``needs_person`` is true where a marker must decide; the fraction is then 0.
    """

    fraction: Decimal
    correct: bool
    answered: bool
    parts: tuple[Part, ...] = ()
    needs_person: bool = False


UNANSWERED = Grade(fraction=NOTHING, correct=False, answered=False)


class Kind(ABC):
    """One kind of question (题型). Kinds hold no state; the registry keeps one object of each.

    ``settings`` names the further fields of an item of this kind. ``partial_credit`` says whether the
    rules of partial credit make a difference.
    """

    name: ClassVar[str]
    settings: ClassVar[tuple[str, ...]] = ()
    partial_credit: ClassVar[bool] = False

    @abstractmethod
    def problems(self, item: Item) -> list[Problem]:
        """Return what makes the item invalid as one of this kind, in the order of the fields."""

    @abstractmethod
    def answer_shape(self, item: Item) -> dict[str, Any]:
        """Return what ``shape_problem`` needs to know of the item, free of the key and fit for JSON."""

    @abstractmethod
    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        """Return why an answer that is not empty has the wrong JSON shape, or None where it fits."""

    @abstractmethod
    def normal_answer(self, shape: Shape, answer: Any) -> Any:
        """Return the one form in which an answer of the right shape, not empty, is kept."""

    @abstractmethod
    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        """Grade an answer in the form of ``normal_answer``, not empty, under a known rule."""

    def public(self, item: Item) -> dict[str, Any]:
        """Return what a candidate may see before release, built by naming what goes in."""
        seen: dict[str, Any] = {"kind": self.name, "stem": item.stem}
        if item.options:
            seen["options"] = [{"key": option.key, "text": option.text} for option in item.options]
        return seen


def is_empty(answer: Any) -> bool:
    """Whether the answer counts as unanswered: None, "", [] or a list of empty strings, in every kind.

    A string or entry of white space alone counts as empty too.
    """
    if answer is None:
        return True
    if isinstance(answer, str):
        return len(answer) <= MAX_EMPTY_PARTS and not answer.strip()
    if isinstance(answer, list | tuple):
        return len(answer) <= MAX_EMPTY_PARTS and all(
            isinstance(entry, str) and len(entry) <= MAX_EMPTY_PARTS and not entry.strip() for entry in answer
        )
    return False


def ratio(part: int, whole: int) -> Decimal:
    """Return part ÷ whole, held between 0 and 1."""
    return min(FULL, max(NOTHING, Decimal(part) / Decimal(whole)))


def options_problems(item: Item, *, fewest: int = 2, most: int = 10) -> list[Problem]:
    """Return what is wrong with the options of a kind that has them."""
    problems = []
    if not fewest <= len(item.options) <= most:
        problems.append(
            Problem("options", "option_count", {"count": len(item.options), "fewest": fewest, "most": most})
        )
    return problems


def no_options_problems(item: Item) -> list[Problem]:
    """Return the problem of options where the kind has none."""
    return [Problem("options", "options_not_allowed")] if item.options else []


def keys_problem(keys: Sequence[str], answer: Any) -> Problem | None:
    """Return why the answer is no list of different known keys, or None where it is one."""
    if not isinstance(answer, list | tuple):
        return Problem("", "not_a_list")
    if len(answer) > len(keys):
        return Problem("", "too_many", {"count": len(answer), "most": len(keys)})
    seen = set()
    for index, key in enumerate(answer):
        if not isinstance(key, str):
            return Problem(f"[{index}]", "not_text")
        if key not in keys:
            return Problem(f"[{index}]", "unknown_key")
        if key in seen:
            return Problem(f"[{index}]", "duplicate")
        seen.add(key)
    return None
