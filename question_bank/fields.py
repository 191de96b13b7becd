"""What each common field of an item may hold, and how a fault is told.

Every check takes JSON data of any shape and yields problems; nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LEVELS = ("recall", "understand", "apply", "case")
DIFFICULTIES = range(1, 6)

MAX_STEM = 2000
MAX_OPTION = 500
MAX_NOTE = 1000
MAX_EXPLANATION = 4000
MAX_OPTIONS = 26
MAX_BASIS = 20

SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
ITEM_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ARTICLE = re.compile(r"[1-9][0-9]*(?:-[1-9][0-9]*)?")
VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# Control characters except tab and line feed; a lone surrogate cannot be stored as UTF-8.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

COMMON_FIELDS = (
    "id",
    "kind",
    "wing",
    "topic",
    "fields",
    "difficulty",
    "level",
    "stem",
    "options",
    "key",
    "explanation",
    "basis",
)
REQUIRED_FIELDS = tuple(name for name in COMMON_FIELDS if name != "options")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault at one place. ``place`` is a path such as ``options[2].text``, empty for the whole."""

    place: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.place or 'item'}: {self.code}" + (f" ({told})" if told else "")


def text_problems(place: str, value: object, *, longest: int, empty: bool = False) -> list[Problem]:
    """Return what is wrong with a piece of text; ``longest`` counts characters."""
    if not isinstance(value, str):
        return [Problem(place, "not_text")]
    if not value.strip():
        return [] if empty and not value else [Problem(place, "empty")]
    if len(value) > longest:
        return [Problem(place, "too_long", {"length": len(value), "longest": longest})]
    if UNPRINTABLE.search(value):
        return [Problem(place, "unprintable")]
    if value != value.strip():
        return [Problem(place, "outer_space")]
    return []


def common_problems(data: Mapping[str, Any]) -> Iterable[Problem]:
    for name in REQUIRED_FIELDS:
        if name not in data:
            yield Problem(name, "missing")
    if "id" in data and not _matches(ITEM_ID, data["id"], longest=80):
        yield Problem("id", "bad_id", {"id": data["id"]})
    if "kind" in data and not isinstance(data["kind"], str):
        yield Problem("kind", "not_text")
    for name in ("wing", "topic"):
        if name in data and not _matches(SLUG, data[name], longest=60):
            yield Problem(name, "bad_slug", {"slug": data[name]})
    if "fields" in data:
        yield from _fields_problems(data["fields"])
    if "difficulty" in data:
        difficulty = data["difficulty"]
        if isinstance(difficulty, bool) or not isinstance(difficulty, int) or difficulty not in DIFFICULTIES:
            yield Problem("difficulty", "bad_difficulty", {"difficulty": difficulty})
    if "level" in data and data["level"] not in LEVELS:
        yield Problem("level", "bad_level", {"level": data["level"]})
    if "stem" in data:
        yield from text_problems("stem", data["stem"], longest=MAX_STEM)
    if "options" in data:
        yield from _options_problems(data["options"])
    if "explanation" in data:
        yield from text_problems("explanation", data["explanation"], longest=MAX_EXPLANATION, empty=True)
    if "basis" in data:
        yield from _basis_problems(data["basis"])


def _fields_problems(value: object) -> Iterable[Problem]:
    if not isinstance(value, list | tuple) or not value:
        yield Problem("fields", "not_a_list")
        return
    for index, slug in enumerate(value):
        if not _matches(SLUG, slug, longest=60):
            yield Problem(f"fields[{index}]", "bad_slug", {"slug": slug})
        elif slug in value[:index]:
            yield Problem(f"fields[{index}]", "duplicate", {"slug": slug})


def _options_problems(value: object) -> Iterable[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem("options", "not_a_list")
        return
    if len(value) > MAX_OPTIONS:
        yield Problem("options", "too_many", {"count": len(value), "most": MAX_OPTIONS})
        return
    for index, option in enumerate(value):
        place = f"options[{index}]"
        if not isinstance(option, Mapping):
            yield Problem(place, "not_an_object")
            continue
        for name in option:
            if name not in ("key", "text", "note"):
                yield Problem(f"{place}.{name}", "unknown_field")
        if not isinstance(option.get("key"), str) or not re.fullmatch("[A-Z]", option["key"]):
            yield Problem(f"{place}.key", "bad_key", {"key": option.get("key")})
        elif option["key"] != chr(ord("A") + index):
            yield Problem(f"{place}.key", "key_out_of_order", {"key": option["key"]})
        yield from text_problems(f"{place}.text", option.get("text"), longest=MAX_OPTION)
        yield from text_problems(f"{place}.note", option.get("note", ""), longest=MAX_NOTE, empty=True)


def _basis_problems(value: object) -> Iterable[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem("basis", "not_a_list")
        return
    if len(value) > MAX_BASIS:
        yield Problem("basis", "too_many", {"count": len(value), "most": MAX_BASIS})
        return
    for index, basis in enumerate(value):
        place = f"basis[{index}]"
        if not isinstance(basis, Mapping):
            yield Problem(place, "not_an_object")
            continue
        for name in basis:
            if name not in ("law", "version", "article", "paragraph", "item"):
                yield Problem(f"{place}.{name}", "unknown_field")
        yield from text_problems(f"{place}.law", basis.get("law"), longest=100)
        if not _matches(VERSION, basis.get("version"), longest=10):
            yield Problem(f"{place}.version", "bad_version", {"version": basis.get("version")})
        if not _matches(ARTICLE, basis.get("article"), longest=12):
            yield Problem(f"{place}.article", "bad_article", {"article": basis.get("article")})
        for name in ("paragraph", "item"):
            number = basis.get(name)
            if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
                yield Problem(f"{place}.{name}", "bad_number", {name: number})


def _matches(pattern: re.Pattern[str], value: object, *, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and pattern.fullmatch(value) is not None
