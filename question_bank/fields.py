"""What each common field of an item may hold, and how a fault is told.

Every check takes JSON data of any shape and yields problems; nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
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
MAX_ENEMIES = 50
MAX_TAGS = 20
MAX_TAG = 40
MAX_SOURCE = 500
MAX_MEDIA = 20
MAX_ALT = 300
MAX_BYTES = 50 * 1024 * 1024

OPEN, RESERVED = "open", "reserved"
POOLS = (OPEN, RESERVED)
PLAIN, MARKDOWN = "plain", "markdown"
FORMATS = (PLAIN, MARKDOWN)
# No SVG: it can carry script.
IMAGE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
VIDEO_TYPES = ("video/mp4", "video/webm")
AUDIO_TYPES = ("audio/mpeg", "audio/ogg")
MEDIA_TYPES = IMAGE_TYPES + VIDEO_TYPES + AUDIO_TYPES

SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
ITEM_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ARTICLE = re.compile(r"[1-9][0-9]{0,3}(?:-[1-9][0-9]{0,3})?")
VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MEDIA_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9]+)?")
SHA256 = re.compile(r"[0-9a-f]{64}")

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
    "pool",
    "variant_group",
    "enemies",
    "tags",
    "source",
    "format",
    "stem",
    "media",
    "options",
    "key",
    "explanation",
    "basis",
)
# An optional field is left out of the JSON form where it has its default, so an item that needs none of them
# reads, and hashes, as it did before they were thought of. A kind without a key refuses ``key``.
OPTIONAL_FIELDS = frozenset(("pool", "variant_group", "enemies", "tags", "source", "format", "media", "options", "key"))
REQUIRED_FIELDS = tuple(name for name in COMMON_FIELDS if name not in OPTIONAL_FIELDS)


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
        if not is_whole(difficulty, DIFFICULTIES[0], DIFFICULTIES[-1]):
            yield Problem("difficulty", "bad_difficulty", {"difficulty": difficulty})
    if "level" in data and data["level"] not in LEVELS:
        yield Problem("level", "bad_level", {"level": data["level"]})
    yield from _optional_problems(data)
    if "stem" in data:
        yield from text_problems("stem", data["stem"], longest=MAX_STEM)
    if "options" in data:
        yield from _options_problems(data["options"])
    if "explanation" in data:
        yield from text_problems("explanation", data["explanation"], longest=MAX_EXPLANATION, empty=True)
    if "basis" in data:
        yield from _basis_problems(data["basis"])


def _optional_problems(data: Mapping[str, Any]) -> Iterable[Problem]:
    if data.get("pool", OPEN) not in POOLS:
        yield Problem("pool", "unknown_value", {"value": data["pool"]})
    group = data.get("variant_group")
    if group is not None and not _matches(SLUG, group, longest=60):
        yield Problem("variant_group", "bad_group", {"group": group})
    yield from _enemies_problems(data.get("enemies", ()), data.get("id"))
    yield from _tags_problems(data.get("tags", ()))
    yield from text_problems("source", data.get("source", ""), longest=MAX_SOURCE, empty=True)
    if data.get("format", PLAIN) not in FORMATS:
        yield Problem("format", "unknown_value", {"value": data["format"]})
    media = data.get("media", ())
    yield from _media_problems(media)
    if media and data.get("format") != MARKDOWN:
        # Only Markdown can say where a picture stands; in a plain item it would be lost without a word.
        yield Problem("media", "media_without_markdown")


def _enemies_problems(value: object, own: object) -> Iterable[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem("enemies", "not_a_list")
        return
    if len(value) > MAX_ENEMIES:
        yield Problem("enemies", "too_many", {"count": len(value), "most": MAX_ENEMIES})
        return
    for index, enemy in enumerate(value):
        if not _matches(ITEM_ID, enemy, longest=80):
            yield Problem(f"enemies[{index}]", "bad_id", {"id": enemy})
        elif enemy == own:
            yield Problem(f"enemies[{index}]", "own_enemy")
        elif enemy in value[:index]:
            yield Problem(f"enemies[{index}]", "duplicate", {"id": enemy})


def _tags_problems(value: object) -> Iterable[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem("tags", "not_a_list")
        return
    if len(value) > MAX_TAGS:
        yield Problem("tags", "too_many", {"count": len(value), "most": MAX_TAGS})
        return
    for index, tag in enumerate(value):
        yield from text_problems(f"tags[{index}]", tag, longest=MAX_TAG)
        if tag in value[:index]:
            yield Problem(f"tags[{index}]", "duplicate", {"tag": tag})


def _media_problems(value: object) -> Iterable[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem("media", "not_a_list")
        return
    if len(value) > MAX_MEDIA:
        yield Problem("media", "too_many", {"count": len(value), "most": MAX_MEDIA})
        return
    names: set[str] = set()
    for index, medium in enumerate(value):
        place = f"media[{index}]"
        if not isinstance(medium, Mapping):
            yield Problem(place, "not_an_object")
            continue
        for name in medium:
            if name not in ("name", "sha256", "type", "alt", "bytes"):
                yield Problem(f"{place}.{name}", "unknown_field")
        name = medium.get("name")
        if not _matches(MEDIA_NAME, name, longest=80):
            yield Problem(f"{place}.name", "bad_media_name", {"name": name})
        elif name in names:
            yield Problem(f"{place}.name", "duplicate", {"name": name})
        else:
            names.add(str(name))
        if not _matches(SHA256, medium.get("sha256"), longest=64):
            yield Problem(f"{place}.sha256", "bad_hash", {"sha256": medium.get("sha256")})
        if medium.get("type") not in MEDIA_TYPES:
            yield Problem(f"{place}.type", "unknown_media_type", {"type": medium.get("type")})
        yield from text_problems(f"{place}.alt", medium.get("alt"), longest=MAX_ALT)
        if not is_whole(medium.get("bytes"), 1, MAX_BYTES):
            yield Problem(f"{place}.bytes", "out_of_range", {"least": 1, "most": MAX_BYTES})


def is_whole(value: object, least: int, most: int) -> bool:
    """Whether a JSON value is a whole number in a range, both ends included; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


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
