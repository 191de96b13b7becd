"""One question and its parts: the single schema that files, imports and the site share.

An ``Item`` is made by ``Item.from_dict`` from the JSON form and goes back by ``to_dict``; both directions
agree to the letter. What only one kind needs beside the common fields (for example ``any_order`` of a
fill-in item) lies in ``settings``, so that a new kind is a new file and not a change here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

LEVELS = ("recall", "understand", "apply", "case")
DIFFICULTIES = range(1, 6)

MAX_STEM = 2000
MAX_OPTION = 500
MAX_NOTE = 1000
MAX_EXPLANATION = 4000
MAX_OPTIONS = 26
MAX_BASIS = 20
MAX_LAW = 80
# Beyond this no law counts, and no Chinese numeral is written (``text.numeral``).
MAX_NUMBER = 9999

SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
ITEM_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ARTICLE = re.compile(r"[1-9][0-9]{0,3}(?:-[1-9][0-9]{0,3})?")
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


class InvalidItem(ValueError):
    """The data is no valid item; ``problems`` names every fault found, in the order of the fields."""

    code = "invalid_item"

    def __init__(self, problems: Iterable[Problem], *, item_id: str = "") -> None:
        self.problems = tuple(problems)
        self.item_id = item_id
        super().__init__(f"{item_id or 'item'}: " + "; ".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an item. ``note`` says why it is right or wrong and is as secret as the key."""

    key: str
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The place in a law that a key rests on (法律依据).

    ``law`` is the short title of the register, ``version`` the date of the version (``YYYY-MM-DD``),
    ``article`` a number or such as ``120-1`` for 第一百二十条之一. ``paragraph`` (款) and ``item`` (项)
    count from 1; None means that the whole is meant.
    """

    law: str
    version: str
    article: str
    paragraph: int | None = None
    item: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "law": self.law,
            "version": self.version,
            "article": self.article,
            "paragraph": self.paragraph,
            "item": self.item,
        }


@dataclass(frozen=True, slots=True)
class Item:
    """One question with its key (试题).

    ``key`` has the shape that its kind wants, with tuples for lists. ``settings`` holds the further
    fields of the kind, read-only. ``fields`` are slugs of enforcement fields, ``("general",)`` for all.
    """

    id: str
    kind: str
    wing: str
    topic: str
    fields: tuple[str, ...]
    difficulty: int
    level: str
    stem: str
    options: tuple[Option, ...]
    key: Any
    explanation: str
    basis: tuple[LegalBasis, ...]
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @classmethod
    def from_dict(cls, data: object) -> Item:
        """Return the item that the JSON form describes.

        Raises ``InvalidItem`` with every problem found: first those of the common fields; those of the
        kind are looked for only when these are sound, as they would be told twice otherwise.
        """
        from question_bank import kinds  # kinds import this module; at call time both are complete

        if not isinstance(data, Mapping):
            raise InvalidItem([Problem("", "not_an_object")])
        item_id = data["id"] if isinstance(data.get("id"), str) else ""
        kind = kinds.find(data["kind"]) if isinstance(data.get("kind"), str) else None
        allowed = set(COMMON_FIELDS) | (set(kind.settings) if kind else set())
        problems = list(_common_problems(data))
        if kind is None and isinstance(data.get("kind"), str):
            problems.append(Problem("kind", "unknown_kind", {"kind": data["kind"]}))
        elif kind is not None:
            problems += [Problem(str(name), "unknown_field") for name in data if name not in allowed]
        if problems or kind is None:
            raise InvalidItem(problems, item_id=item_id)
        item = cls(
            id=data["id"],
            kind=data["kind"],
            wing=data["wing"],
            topic=data["topic"],
            fields=tuple(data["fields"]),
            difficulty=data["difficulty"],
            level=data["level"],
            stem=data["stem"],
            options=tuple(
                Option(key=option["key"], text=option["text"], note=option.get("note", ""))
                for option in data.get("options", ())
            ),
            key=frozen(data["key"]),
            explanation=data["explanation"],
            basis=tuple(LegalBasis(**entry) for entry in data["basis"]),
            settings=MappingProxyType({name: frozen(data[name]) for name in kind.settings if name in data}),
        )
        problems = kind.problems(item)
        if problems:
            raise InvalidItem(problems, item_id=item_id)
        return item

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, fields in canonical order; without ``options`` where there are none."""
        data: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "wing": self.wing,
            "topic": self.topic,
            "fields": list(self.fields),
            "difficulty": self.difficulty,
            "level": self.level,
            "stem": self.stem,
        }
        if self.options:
            data["options"] = [
                {"key": option.key, "text": option.text} | ({"note": option.note} if option.note else {})
                for option in self.options
            ]
        data["key"] = thawed(self.key)
        for name in sorted(self.settings):
            data[name] = thawed(self.settings[name])
        data["explanation"] = self.explanation
        data["basis"] = [basis.to_dict() for basis in self.basis]
        return data

    def content_hash(self) -> str:
        """Return the SHA-256 (hex) of everything but the id: equal content, equal hash."""
        data = self.to_dict()
        del data["id"]
        text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def option(self, key: str) -> Option:
        """Return the option with this key; raises ``KeyError`` where there is none."""
        for option in self.options:
            if option.key == key:
                return option
        raise KeyError(key)

    @property
    def option_keys(self) -> tuple[str, ...]:
        return tuple(option.key for option in self.options)


def frozen(value: Any) -> Any:
    """Return JSON data that cannot be changed: tuples for lists, read-only mappings for objects."""
    if isinstance(value, list | tuple):
        return tuple(frozen(entry) for entry in value)
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen(entry) for key, entry in value.items()})
    return value


def thawed(value: Any) -> Any:
    """Return the JSON form of frozen data: the inverse of ``frozen``."""
    if isinstance(value, list | tuple):
        return [thawed(entry) for entry in value]
    if isinstance(value, Mapping):
        return {key: thawed(entry) for key, entry in value.items()}
    return value


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


def _common_problems(data: Mapping[str, Any]) -> Iterable[Problem]:
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
        yield from text_problems(f"{place}.law", basis.get("law"), longest=MAX_LAW)
        if not _matches(VERSION, basis.get("version"), longest=10) or not _is_day(basis["version"]):
            yield Problem(f"{place}.version", "bad_version", {"version": basis.get("version")})
        if not _matches(ARTICLE, basis.get("article"), longest=12):
            yield Problem(f"{place}.article", "bad_article", {"article": basis.get("article")})
        for name in ("paragraph", "item"):
            number = basis.get(name)
            if number is not None and (
                isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MAX_NUMBER
            ):
                yield Problem(f"{place}.{name}", "bad_number", {name: number})


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _matches(pattern: re.Pattern[str], value: object, *, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and pattern.fullmatch(value) is not None
