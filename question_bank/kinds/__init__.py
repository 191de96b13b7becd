"""The kinds of question by name, and what is asked of a question without knowing its kind.

Every module of this folder that defines ``KIND`` is a kind: a new kind is a new file and nothing else.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import MappingProxyType
from typing import Any

from question_bank.fields import Problem
from question_bank.item import Item
from question_bank.kinds.base import (
    ALL_OR_NOTHING,
    HALF_FOR_INCOMPLETE,
    PLUS_MINUS,
    PROPORTIONAL,
    RULES,
    UNANSWERED,
    Grade,
    Kind,
    Part,
    Shape,
    UnknownRule,
    WrongShape,
    is_empty,
)

__all__ = [
    "ALL_OR_NOTHING",
    "HALF_FOR_INCOMPLETE",
    "KINDS",
    "PLUS_MINUS",
    "PROPORTIONAL",
    "RULES",
    "Grade",
    "Kind",
    "Part",
    "Shape",
    "UnknownRule",
    "WrongShape",
    "answer_shape",
    "check_answer",
    "find",
    "grade",
    "is_empty",
    "normal_answer",
    "public",
    "right_answer",
    "shape_fits",
    "shape_problem",
]


def _registered() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        kind = getattr(import_module(f"{__name__}.{module.name}"), "KIND", None)
        if kind is None:
            continue
        if kind.name in found:
            raise RuntimeError(f"two kinds are named {kind.name}")
        found[kind.name] = kind
    return found


KINDS = MappingProxyType(_registered())


def find(name: str) -> Kind | None:
    """Return the kind of this name, or None where there is none."""
    return KINDS.get(name)


def answer_shape(item: Item) -> dict[str, Any]:
    """Return the compact description of the answers an item takes: key-free, fit for JSON.

    For example ``{"kind": "single_choice", "keys": ["A", "B", "C", "D"]}``.
    """
    return {"kind": item.kind} | KINDS[item.kind].answer_shape(item)


def shape_problem(shape: Shape, answer: Any) -> Problem | None:
    """Return why an answer does not fit a description of ``answer_shape``, or None where it fits.

    An empty answer fits every shape. Raises ``KeyError`` for a shape of an unknown kind.
    """
    kind = KINDS[shape["kind"]]
    return None if is_empty(answer) else kind.shape_problem(shape, answer)


def shape_fits(shape: Shape, answer: Any) -> bool:
    """Whether an answer has the JSON shape that a description of ``answer_shape`` asks for."""
    return shape_problem(shape, answer) is None


def check_answer(item: Item, answer: Any) -> Problem | None:
    """Return why an answer has the wrong JSON shape for the item, or None where it fits, right or wrong."""
    return shape_problem(answer_shape(item), answer)


def normal_answer(shape: Shape, answer: Any) -> Any:
    """Return the one form in which an answer is kept: JSON data, None for every empty answer.

    Applying it twice changes nothing. Raises ``WrongShape`` where the answer does not fit.
    """
    problem = shape_problem(shape, answer)
    if problem is not None:
        raise WrongShape(problem)
    if is_empty(answer):
        return None
    kept = KINDS[shape["kind"]].normal_answer(shape, answer)
    return None if is_empty(kept) else kept


def grade(item: Item, answer: Any, rule: str = ALL_OR_NOTHING) -> Grade:
    """Return what an answer earns under a rule of partial credit.

    Raises ``UnknownRule``, and ``WrongShape`` for an answer that should never have been taken.
    """
    if rule not in RULES:
        raise UnknownRule(rule)
    kept = normal_answer(answer_shape(item), answer)
    return UNANSWERED if kept is None else KINDS[item.kind].judge(item, kept, rule)


def public(item: Item) -> dict[str, Any]:
    """Return what a candidate may see before release: kind, stem, and what the kind shows to answer with."""
    return KINDS[item.kind].public(item)


def right_answer(item: Item) -> Any:
    """Return what is shown as the right answer after release, as JSON data; as secret as the key until then.

    The key, but for a short answer its sample; None for a case study, whose parts have their own.
    """
    return KINDS[item.kind].right_answer(item)
