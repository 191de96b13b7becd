"""Case study (案例分析题): one stem with documents, and several questions about it.

``documents`` are papers of the case, ``[{"title": …, "text": …}, …]``. ``parts`` are small items, each with its own
``kind``, ``stem``, ``options``, ``key``, settings, ``explanation`` and ``basis``, and a whole-number ``weight``
(default 1): its points are its weight ÷ the sum of all weights of those of the case. A part may have a ``difficulty``
and ``level`` of its own; everything else is that of the case, media and ``format`` included. A case inside a case is
refused.

The case itself takes no answer and earns nothing. ``expand`` makes of it the items that a paper numbers, shows and
marks one by one; they carry in ``case`` the reference by which the paper finds the stem, which it shows once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from question_bank.fields import MAX_EXPLANATION, MAX_OPTION, Problem, is_whole, text_problems
from question_bank.item import InvalidItem, Item, LegalBasis, Passage, thawed
from question_bank.kinds.base import UNANSWERED, Grade, Kind, Shape, no_options_problems, rows_problems, tidy_rows

MAX_PARTS = 20
MAX_DOCUMENTS = 10
MAX_WEIGHT = 100
HUNDREDTH = Decimal("0.01")

# What a part may say for itself beside the settings of its kind; the order is the canonical one.
BEFORE_SETTINGS = ("kind", "weight", "difficulty", "level", "stem", "options", "key")
AFTER_SETTINGS = ("explanation", "basis")
PART_FIELDS = BEFORE_SETTINGS + AFTER_SETTINGS
# What a part has of its case.
INHERITED = ("id", "wing", "topic", "fields", "difficulty", "level", "pool", "tags", "source", "format", "media")
ROWS = {"options": ("key", "text", "note"), "basis": ("law", "version", "article", "paragraph", "item")}


class CaseStudy(Kind):
    name = "case_study"
    settings = ("documents", "parts")
    rows = MappingProxyType({"documents": ("title", "text")})
    keyed = False
    partial_credit = True

    def problems(self, item: Item) -> list[Problem]:
        problems = no_options_problems(item)
        documents = item.settings.get("documents", ())
        found = rows_problems("documents", documents, self.rows["documents"], fewest=0, most=MAX_DOCUMENTS)
        if not found:
            for index, document in enumerate(documents):
                place = f"documents[{index}]"
                found += text_problems(f"{place}.title", document.get("title"), longest=MAX_OPTION)
                found += text_problems(f"{place}.text", document.get("text"), longest=MAX_EXPLANATION)
        problems += found
        parts = item.settings.get("parts")
        if not isinstance(parts, tuple):
            return [*problems, Problem("parts", "not_a_list")]
        if not 2 <= len(parts) <= MAX_PARTS:
            return [*problems, Problem("parts", "row_count", {"count": len(parts), "fewest": 2, "most": MAX_PARTS})]
        inherited = _inherited(item)
        for index, part in enumerate(parts):
            problems += [
                Problem(f"parts[{index}]" + (f".{fault.place}" if fault.place else ""), fault.code, fault.params)
                for fault in _part_problems(inherited, part)
            ]
        return problems

    def answer_shape(self, item: Item) -> dict[str, Any]:
        return {}

    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        return Problem("", "case_takes_no_answer")

    def normal_answer(self, shape: Shape, answer: Any) -> None:
        return None

    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        return UNANSWERED

    def public(self, item: Item) -> dict[str, Any]:
        """Return the case with what its parts show; a part has its weight here and no reference to the case."""
        from question_bank import kinds  # the registry imports this module; at call time both are complete

        seen = case_view(item)
        seen["parts"] = []
        for part, weight in zip(expand(item), weights(item), strict=True):
            shown = kinds.public(part)
            del shown["case"]
            seen["parts"].append(shown | {"weight": weight})
        return seen

    def right_answer(self, item: Item) -> None:
        return None

    def passages(self, item: Item) -> list[Passage]:
        found = []
        for index, document in enumerate(item.settings.get("documents", ())):
            found.append(Passage(f"documents[{index}].title", document["title"], plain=True))
            found.append(Passage(f"documents[{index}].text", document["text"]))
        for index, part in enumerate(expand(item)):
            found += [replace(one, place=f"parts[{index}].{one.place}") for one in part.passages()]
        return found

    def citations(self, item: Item) -> tuple[LegalBasis, ...]:
        return tuple(basis for part in expand(item) for basis in part.citations())

    def tidied(self, name: str, value: Any) -> Any:
        if name != "parts" or not isinstance(value, list | tuple):
            return super().tidied(name, value)
        return [_tidy_part(part) if isinstance(part, Mapping) else part for part in value]


def expand(item: Item) -> tuple[Item, ...]:
    """Return the parts of a case study as items ``<id>.1``, ``<id>.2`` …, in order; any other item by itself.

    They are not stored: each call makes equal ones from the case. All carry the same reference in ``case``.
    """
    if item.kind != KIND.name:
        return (item,)
    reference, inherited = case_reference(item), _inherited(item)
    return tuple(
        replace(_part_item(inherited, part), id=f"{item.id}.{number}", case=reference)
        for number, part in enumerate(item.settings["parts"], start=1)
    )


def weights(item: Item) -> tuple[int, ...]:
    """Return the weights of the parts of a case study, in order."""
    return tuple(int(part.get("weight", 1)) for part in item.settings["parts"])


def split_points(points: Decimal, shares: Sequence[int]) -> tuple[Decimal, ...]:
    """Return the points of each part, whole hundredths that add up to ``points``.

    What rounding leaves over goes, a hundredth each, to the parts that lost most by it, the earlier first. Raises
    ``ValueError`` for points that are no whole hundredths.
    """
    hundredths = points / HUNDREDTH
    if hundredths != int(hundredths):
        raise ValueError(f"no whole hundredths: {points}")
    total = sum(shares)
    exact = [divmod(int(hundredths) * share, total) for share in shares]
    left = int(hundredths) - sum(whole for whole, _ in exact)
    first = sorted(range(len(shares)), key=lambda index: (-exact[index][1], index))[:left]
    return tuple((whole + (index in first)) * HUNDREDTH for index, (whole, _) in enumerate(exact))


def case_view(item: Item) -> dict[str, Any]:
    """Return what a candidate may see of a case without its parts: stem, documents and the media they show."""
    documents = item.settings.get("documents", ())
    seen = Kind.public(KIND, replace(item, settings={"documents": documents, "parts": ()}))
    if documents:
        seen["documents"] = [dict(document) for document in documents]
    return seen


def case_reference(item: Item) -> str:
    """Return the reference that the parts of a case share: 16 hex digits over what candidates see of it anyhow."""
    seen = {"stem": item.stem, "documents": thawed(item.settings.get("documents", ()))}
    text = json.dumps(seen, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _inherited(item: Item) -> dict[str, Any]:
    case = replace(item, settings={}).to_dict()
    return {name: case[name] for name in INHERITED if name in case}


def _part_problems(inherited: Mapping[str, Any], part: Any) -> Sequence[Problem]:
    from question_bank import kinds

    if not isinstance(part, Mapping):
        return [Problem("", "not_an_object")]
    if part.get("kind") == KIND.name:
        return [Problem("kind", "case_in_case")]
    kind = kinds.find(part["kind"]) if isinstance(part.get("kind"), str) else None
    allowed = PART_FIELDS + (kind.settings if kind else ())
    problems = [Problem(str(name), "not_in_a_part") for name in part if kind is not None and name not in allowed]
    if not is_whole(part.get("weight", 1), 1, MAX_WEIGHT):
        problems.append(Problem("weight", "out_of_range", {"least": 1, "most": MAX_WEIGHT}))
    if not problems:
        try:
            _part_item(inherited, part)
        except InvalidItem as error:
            return error.problems
    return problems


def _part_item(inherited: Mapping[str, Any], part: Mapping[str, Any]) -> Item:
    own = {name: thawed(value) for name, value in part.items() if name != "weight"}
    return Item.from_dict({**inherited, **own})


def _tidy_part(part: Mapping[str, Any]) -> dict[str, Any]:
    from question_bank import kinds

    kind = kinds.find(part["kind"]) if isinstance(part.get("kind"), str) else None
    settings = sorted((name for name in part if name not in PART_FIELDS), key=str)
    tidy: dict[str, Any] = {}
    for name in (*BEFORE_SETTINGS, *settings, *AFTER_SETTINGS):
        if name not in part:
            continue
        value = part[name]
        if name == "basis" and isinstance(value, list | tuple):
            value = [_whole_basis(entry) for entry in value]
        elif name in ROWS:
            value = tidy_rows(value, ROWS[name])
        elif kind is not None and name in kind.settings:
            value = kind.tidied(name, value)
        tidy[name] = value
    return tidy


def _whole_basis(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    unknown = {name: value for name, value in entry.items() if name not in ROWS["basis"]}
    return {name: entry.get(name) for name in ROWS["basis"]} | unknown


KIND = CaseStudy()
