"""Ready blueprints of papers: ``content/blueprints/*.json``, files by name, blueprints in the order of their file.

A file is ``{"blueprints": [...]}``. A blueprint has ``slug``, ``zh`` and ``en`` (its title), ``minutes``, ``pass_mark``
and ``sections``. A section has ``kind``, ``count`` and ``points_each`` and may have ``zh`` and ``en`` (its title, where
the name of the kind is not enough), ``partial_credit`` and, to draw from a part of the bank, ``wing``, ``topics``,
``fields`` and ``difficulty``. Points are decimal strings with at most two places; those of a case study are of the
whole case. They say how many items are drawn of what, not which: that is decided when a paper is compiled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from question_bank.fields import DIFFICULTIES, SLUG, Problem, is_whole
from question_bank.item import Item
from question_bank.kinds import ALL_OR_NOTHING, KINDS, RULES
from question_bank.topics import CONTENT, taxonomy

POINTS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?")
MINUTES = (5, 300)
SECTIONS_MOST, ITEMS_MOST = 20, 300
LONGEST_TITLE = 120
OF_BLUEPRINT = ("slug", "zh", "en", "minutes", "pass_mark", "sections")
OF_SECTION = ("kind", "count", "points_each")
MAY_BE = ("zh", "en", "partial_credit", "wing", "topics", "fields", "difficulty")


@dataclass(frozen=True, slots=True)
class ReadySection:
    """``count`` items of a kind. ``zh`` and ``en`` are empty where the name of the kind is the title.

    ``wing`` None and empty ``topics``, ``fields`` and ``difficulty`` (1–5) mean any; an item of several fields suits
    where it lies in one of them.
    """

    kind: str
    count: int
    points_each: Decimal
    zh: str = ""
    en: str = ""
    partial_credit: str = ALL_OR_NOTHING
    wing: str | None = None
    topics: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    difficulty: tuple[int, ...] = ()

    def takes(self, item: Item) -> bool:
        """Whether an item may be drawn for the section; those kept back from study never are."""
        return (
            item.kind == self.kind
            and item.pool == "open"
            and self.wing in (None, item.wing)
            and (not self.topics or item.topic in self.topics)
            and (not self.fields or not set(self.fields).isdisjoint(item.fields))
            and (not self.difficulty or item.difficulty in self.difficulty)
        )


@dataclass(frozen=True, slots=True)
class ReadyBlueprint:
    """A paper to start from: its titles, whole ``minutes``, ``pass_mark`` in points, and its sections in order."""

    slug: str
    zh: str
    en: str
    minutes: int
    pass_mark: Decimal
    sections: tuple[ReadySection, ...]

    @property
    def points(self) -> Decimal:
        """The points of a full paper."""
        return sum((one.points_each * one.count for one in self.sections), Decimal(0))

    @property
    def count(self) -> int:
        """How many items are drawn, a case study counted once."""
        return sum(one.count for one in self.sections)


class InvalidBlueprints(ValueError):
    """Blueprints that cannot be used; ``problems`` have places such as ``field_market.sections[2].kind``."""

    code = "invalid_blueprints"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


@cache
def ready_blueprints() -> tuple[ReadyBlueprint, ...]:
    """Return the shipped blueprints, read once. Raises ``InvalidBlueprints``."""
    return read_blueprints(CONTENT)


def read_blueprints(folder: Path) -> tuple[ReadyBlueprint, ...]:
    """Return the blueprints of a content folder, none where it has none. Raises ``InvalidBlueprints``."""
    found: list[ReadyBlueprint] = []
    problems: list[Problem] = []
    for path in sorted((folder / "blueprints").glob("*.json")):
        try:
            rows = json.loads(path.read_bytes())["blueprints"]
        except (ValueError, KeyError, TypeError):
            problems.append(Problem(path.name, "not_blueprints"))
            continue
        for number, row in enumerate(rows if isinstance(rows, list) else [rows], start=1):
            wrong = list(_problems(row, f"{path.name}#{number}"))
            if not wrong and any(row["slug"] == one.slug for one in found):
                wrong = [Problem(row["slug"], "blueprint_twice")]
            problems += wrong
            if not wrong:
                found.append(_blueprint(row))
    if problems:
        raise InvalidBlueprints(problems)
    return tuple(found)


def _blueprint(row: dict[str, Any]) -> ReadyBlueprint:
    sections = []
    for one in row["sections"]:
        lists = {name: tuple(one[name]) for name in ("topics", "fields", "difficulty") if name in one}
        sections.append(ReadySection(**one | lists | {"points_each": Decimal(one["points_each"])}))
    return ReadyBlueprint(**row | {"pass_mark": Decimal(row["pass_mark"]), "sections": tuple(sections)})


def _problems(row: Any, place: str) -> Iterator[Problem]:
    if not isinstance(row, dict):
        yield Problem(place, "not_an_object")
        return
    yield from _names(row, OF_BLUEPRINT, (), place)
    if isinstance(row.get("slug"), str) and SLUG.fullmatch(row["slug"]):
        place = row["slug"]
    elif "slug" in row:
        yield Problem(f"{place}.slug", "bad_form")
    yield from _titles(row, place)
    if not is_whole(row.get("minutes"), *MINUTES):
        yield Problem(f"{place}.minutes", "out_of_range", {"least": MINUTES[0], "most": MINUTES[1]})
    sections = row.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= SECTIONS_MOST:
        yield Problem(f"{place}.sections", "out_of_range", {"least": 1, "most": SECTIONS_MOST})
        return
    wrong = [one for number, part in enumerate(sections) for one in _of_section(part, f"{place}.sections[{number}]")]
    yield from wrong
    if wrong:
        return
    count = sum(part["count"] for part in sections)
    if count > ITEMS_MOST:
        yield Problem(f"{place}.sections", "too_many_items", {"count": count, "most": ITEMS_MOST})
    points = sum((Decimal(part["points_each"]) * part["count"] for part in sections), Decimal(0))
    if not _is_points(row.get("pass_mark"), points):
        yield Problem(f"{place}.pass_mark", "out_of_range", {"least": "0.01", "most": str(points)})


def _of_section(row: Any, place: str) -> Iterator[Problem]:
    if not isinstance(row, dict):
        yield Problem(place, "not_an_object")
        return
    known = taxonomy()
    yield from _names(row, OF_SECTION, MAY_BE, place)
    if ("zh" in row) != ("en" in row):
        yield Problem(place, "title_in_one_language")
    yield from _titles(row, place)
    if str(row.get("kind")) not in KINDS:
        yield Problem(f"{place}.kind", "unknown_value")
    if not is_whole(row.get("count"), 1, ITEMS_MOST):
        yield Problem(f"{place}.count", "out_of_range", {"least": 1, "most": ITEMS_MOST})
    if not _is_points(row.get("points_each"), Decimal(100)):
        yield Problem(f"{place}.points_each", "out_of_range", {"least": "0.01", "most": "100"})
    if row.get("partial_credit", ALL_OR_NOTHING) not in RULES:
        yield Problem(f"{place}.partial_credit", "unknown_value")
    wing = row.get("wing")
    if "wing" in row and known.find_wing(str(wing)) is None:
        yield Problem(f"{place}.wing", "unknown_value")
    topics = {one.slug for one in known.topics if wing in (None, one.wing)}
    fields = {one.slug for one in known.fields}
    for name, allowed in (("topics", topics), ("fields", fields), ("difficulty", set(DIFFICULTIES))):
        if name in row and not _are_of(row[name], allowed):
            yield Problem(f"{place}.{name}", "unknown_value")


def _names(row: Mapping[str, Any], wanted: tuple[str, ...], more: tuple[str, ...], place: str) -> Iterator[Problem]:
    for name in wanted:
        if name not in row:
            yield Problem(f"{place}.{name}", "missing")
    for name in row:
        if name not in wanted + more:
            yield Problem(f"{place}.{name}", "unknown_field")


def _titles(row: Mapping[str, Any], place: str) -> Iterator[Problem]:
    for name in ("zh", "en"):
        words = row.get(name)
        if name in row and not (isinstance(words, str) and words.strip() and len(words) <= LONGEST_TITLE):
            yield Problem(f"{place}.{name}", "bad_form")


def _is_points(value: Any, most: Decimal) -> bool:
    return isinstance(value, str) and bool(POINTS.fullmatch(value)) and 0 < Decimal(value) <= most


def _are_of(values: Any, allowed: set[Any]) -> bool:
    """Whether a value is a list of different ones that are allowed, at least one."""
    if not isinstance(values, list) or not values or not all(isinstance(one, str | int) for one in values):
        return False
    return len(set(values)) == len(values) and set(values) <= allowed
