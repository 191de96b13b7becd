"""What a kind of question must be able to do, and the rules of partial credit.

The rules of partial credit (少选得分规则) say what an answer earns that is neither right nor empty. The
names and their meaning for multiple choice are those of the public interface; what they mean for another
kind stands in the file of that kind. Under every rule the right answer earns 1 and an empty one 0.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from question_bank.fields import MARKDOWN, PLAIN, UNPRINTABLE, Problem
from question_bank.item import Item, LegalBasis, Medium, Passage, thawed

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
    """One judged piece of an answer: a chosen option or segment, a blank or prompt, a pair of neighbours.

    ``place`` is its key; blanks count from 1.
    """

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

    ``settings`` names the further fields of an item of this kind, ``rows`` those of them that are lists of objects,
    with the fields of such an object in canonical order. ``keyed`` says whether an item has a ``key``.
    ``partial_credit`` says whether the rules of partial credit make a difference.
    """

    name: ClassVar[str]
    settings: ClassVar[tuple[str, ...]] = ()
    rows: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    keyed: ClassVar[bool] = True
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
        """Return the one form in which an answer of the right shape, not empty, is kept.

        None where nothing is left of it.
        """

    @abstractmethod
    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        """Grade an answer in the form of ``normal_answer``, not empty, under a known rule."""

    def public(self, item: Item) -> dict[str, Any]:
        """Return what a candidate may see before release, built by naming what goes in."""
        seen: dict[str, Any] = {"kind": self.name, "stem": item.stem}
        if item.format != PLAIN:
            seen["format"] = item.format
            media = shown_media(item)
            if media:
                seen["media"] = [medium.to_dict() for medium in media]
        if item.options:
            seen["options"] = [{"key": option.key, "text": option.text} for option in item.options]
        if item.case:
            seen["case"] = item.case
        return seen

    def right_answer(self, item: Item) -> Any:
        """Return what is shown as the right answer after release, JSON data."""
        return thawed(item.key)

    def passages(self, item: Item) -> list[Passage]:
        """Return the texts that lie in the settings of a valid item, in their order."""
        return []

    def citations(self, item: Item) -> tuple[LegalBasis, ...]:
        """Return what pieces of the item in its settings rest on, beside its own basis."""
        return ()

    def tidied(self, name: str, value: Any) -> Any:
        """Return the JSON value of a setting in canonical form, the value itself where it is not understood."""
        return tidy_rows(value, self.rows[name]) if name in self.rows else value


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


def key_list_problems(key: Any, known: Sequence[str], *, fewest: int) -> list[Problem]:
    """Return what is wrong with a key that is a list of different known keys in the order of ``known``."""
    if not isinstance(key, tuple) or not all(isinstance(one, str) for one in key):
        return [Problem("key", "not_a_list_of_keys")]
    problems = [
        Problem(f"key[{index}]", "unknown_key", {"key": one}) for index, one in enumerate(key) if one not in known
    ]
    if len(key) < fewest:
        problems.append(Problem("key", "too_few_right", {"count": len(key), "fewest": fewest}))
    if len(set(key)) < len(key):
        problems.append(Problem("key", "duplicate"))
    elif not problems and sorted(key, key=known.index) != list(key):
        problems.append(Problem("key", "not_sorted"))
    return problems


def rows_problems(place: str, value: Any, names: Sequence[str], *, fewest: int, most: int) -> list[Problem]:
    """Return why a value is no list of so many objects with fields among ``names``; their texts are not looked at."""
    if not isinstance(value, tuple):
        return [Problem(place, "not_a_list")]
    problems = []
    if not fewest <= len(value) <= most:
        problems.append(Problem(place, "row_count", {"count": len(value), "fewest": fewest, "most": most}))
    for index, row in enumerate(value[:most]):
        if not isinstance(row, Mapping):
            problems.append(Problem(f"{place}[{index}]", "not_an_object"))
            continue
        problems += [Problem(f"{place}[{index}].{name}", "unknown_field") for name in row if name not in names]
    return problems


def tidy_rows(value: Any, names: Sequence[str]) -> Any:
    """Return objects with their fields in the given order, without nulls and empty notes."""
    if not isinstance(value, list | tuple):
        return value
    return [_tidy_row(row, names) if isinstance(row, Mapping) else row for row in value]


def _tidy_row(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    order = [name for name in names if name in row] + [name for name in row if name not in names]
    return {name: row[name] for name in order if row[name] is not None and (name, row[name]) != ("note", "")}


def flag_problems(item: Item, name: str) -> list[Problem]:
    """Return the problem of a setting that is neither true nor false."""
    return [] if isinstance(item.settings.get(name, False), bool) else [Problem(name, "not_boolean")]


def shown_media(item: Item) -> list[Medium]:
    """Return the media that the texts seen by candidates show; one shown in an explanation alone is secret."""
    if item.format != MARKDOWN or not item.media:
        return []
    from question_bank import richtext  # needed by Markdown alone, see ``item``

    shown = {
        name
        for passage in item.passages()
        if not passage.secret and not passage.plain
        for name in richtext.media_names(passage.words)
    }
    return [medium for medium in item.media if medium.name in shown]


def typed_problem(place: str, typed: Any, *, longest: int) -> Problem | None:
    """Return why a value is no typed text of so many characters at most, counted as it will be kept."""
    if not isinstance(typed, str):
        return Problem(place, "not_text")
    # Bound before normalising, which a flood would make slow; composing leaves a quarter of the characters at least.
    kept = typed_text(typed) if len(typed) <= 4 * longest else typed
    if len(kept) > longest:
        return Problem(place, "too_long", {"length": len(kept), "longest": longest})
    return Problem(place, "unprintable") if UNPRINTABLE.search(kept) else None


def typed_text(typed: str) -> str:
    """Return a typed text as it is kept: composed, with plain line ends and without outer space."""
    return unicodedata.normalize("NFC", typed.replace("\r\n", "\n").replace("\r", "\n")).strip()
