"""One question and its parts: the single schema that files, imports and the site share.

An ``Item`` is made by ``Item.from_dict`` from the JSON form and goes back by ``to_dict``; both directions
agree to the letter. What only one kind needs beside the common fields (for example ``any_order`` of a
fill-in item) lies in ``settings``, so that a new kind is a new file and not a change here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from question_bank.fields import COMMON_FIELDS, MARKDOWN, OPEN, PLAIN, Problem, common_problems

# The deepest sound item is a fill-in part of a case; what is much deeper is made to exhaust the stack.
DEEPEST = 12


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
class Medium:
    """A picture, film or sound that Markdown texts show as ``media:NAME``; the file itself lies elsewhere.

    ``sha256`` (64 hex digits) and ``bytes`` are those of the file, ``type`` is its media type, ``alt`` the words
    for those who cannot see it and, like the picture, seen by candidates.
    """

    name: str
    sha256: str
    type: str
    alt: str
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "sha256": self.sha256, "type": self.type, "alt": self.alt, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of an item with its place. ``secret`` texts are as secret as the key.

    ``plain`` is true of texts that are never Markdown, such as a document in which faults are marked.
    """

    place: str
    words: str
    secret: bool = False
    plain: bool = False


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

    ``key`` has the shape that its kind wants, with tuples for lists; None where the kind has no key. ``settings``
    holds the further fields of the kind, read-only. ``fields`` are slugs of enforcement fields, ``("general",)``
    for all.

    Items of one ``variant_group`` ask the same in other words; they and the ``enemies`` (ids) of an item never meet
    it in one paper, see ``question_bank.apart``. ``pool`` is ``open`` for items given out for study, ``reserved``
    for those kept back. ``source`` says where an item came from; like ``tags`` it is not for candidates. ``format``
    tells how its texts are to be read, see ``question_bank.richtext``.

    ``case`` is set on a part of a case study alone, see ``kinds.case_study.expand``; it is not in the JSON form.
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
    key: Any = field(hash=False)
    explanation: str
    basis: tuple[LegalBasis, ...]
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    pool: str = OPEN
    variant_group: str | None = None
    enemies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source: str = ""
    format: str = PLAIN
    media: tuple[Medium, ...] = ()
    case: str = ""

    @classmethod
    def from_dict(cls, data: object) -> Item:
        """Return the item that the JSON form describes.

        Raises ``InvalidItem`` with every problem found: first those of the common fields; those of the
        kind are looked for only when these are sound, as they would be told twice otherwise.
        """
        from question_bank import kinds  # kinds import this module; at call time both are complete

        if not isinstance(data, Mapping):
            raise InvalidItem([Problem("", "not_an_object")])
        if not _is_shallow(data, DEEPEST):
            raise InvalidItem([Problem("", "nested_too_deep", {"deepest": DEEPEST})])
        item_id = data["id"] if isinstance(data.get("id"), str) else ""
        kind = kinds.find(data["kind"]) if isinstance(data.get("kind"), str) else None
        allowed = set(COMMON_FIELDS) | (set(kind.settings) if kind else set())
        problems = list(common_problems(data))
        if kind is None and isinstance(data.get("kind"), str):
            problems.append(Problem("kind", "unknown_kind", {"kind": data["kind"]}))
        elif kind is not None:
            problems += [Problem(str(name), "unknown_field") for name in data if name not in allowed]
            if kind.keyed and "key" not in data:
                problems.append(Problem("key", "missing"))
            elif not kind.keyed and "key" in data:
                problems.append(Problem("key", "key_not_allowed"))
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
            key=frozen(_sorted_key(data.get("key"))),
            explanation=data["explanation"],
            basis=tuple(LegalBasis(**entry) for entry in data["basis"]),
            settings=MappingProxyType(
                {name: frozen(kind.tidied(name, data[name])) for name in kind.settings if name in data}
            ),
            pool=data.get("pool", OPEN),
            variant_group=data.get("variant_group"),
            enemies=tuple(sorted(data.get("enemies", ()))),
            tags=tuple(data.get("tags", ())),
            source=data.get("source", ""),
            format=data.get("format", PLAIN),
            media=tuple(Medium(**medium) for medium in data.get("media", ())),
        )
        problems = kind.problems(item)
        if not problems and item.format == MARKDOWN:
            problems = _markdown_problems(item)
        if problems:
            raise InvalidItem(problems, item_id=item_id)
        return item

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, fields in canonical order; an optional field with its default is left out."""
        data: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "wing": self.wing,
            "topic": self.topic,
            "fields": list(self.fields),
            "difficulty": self.difficulty,
            "level": self.level,
        }
        if self.pool != OPEN:
            data["pool"] = self.pool
        if self.variant_group is not None:
            data["variant_group"] = self.variant_group
        if self.enemies:
            data["enemies"] = list(self.enemies)
        if self.tags:
            data["tags"] = list(self.tags)
        if self.source:
            data["source"] = self.source
        if self.format != PLAIN:
            data["format"] = self.format
        data["stem"] = self.stem
        if self.media:
            data["media"] = [medium.to_dict() for medium in self.media]
        if self.options:
            data["options"] = [
                {"key": option.key, "text": option.text} | ({"note": option.note} if option.note else {})
                for option in self.options
            ]
        if self.key is not None:
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

    def passages(self) -> list[Passage]:
        """Return every text of the item that a reader may ever see, in the order of the fields."""
        from question_bank import kinds

        found = [Passage("stem", self.stem)]
        for index, option in enumerate(self.options):
            found.append(Passage(f"options[{index}].text", option.text))
            if option.note:
                found.append(Passage(f"options[{index}].note", option.note, secret=True))
        found += kinds.KINDS[self.kind].passages(self)
        if self.explanation:
            found.append(Passage("explanation", self.explanation, secret=True))
        return found

    def citations(self) -> tuple[LegalBasis, ...]:
        """Return what the item rests on, for a case study its parts too; each place once, in order."""
        from question_bank import kinds

        return tuple(dict.fromkeys((*self.basis, *kinds.KINDS[self.kind].citations(self))))


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


def _is_shallow(value: Any, levels: int) -> bool:
    """Whether lists and objects lie in each other at most so many levels deep."""
    if isinstance(value, str) or not isinstance(value, list | tuple | Mapping):  # most are text, and asked cheaply
        return True
    entries = value.values() if isinstance(value, Mapping) else value
    return levels > 0 and all(_is_shallow(entry, levels - 1) for entry in entries)


def _sorted_key(key: Any) -> Any:
    """Return a key with the entries of an object by number, so that equal keys are written alike."""
    if not isinstance(key, Mapping):
        return key
    return {name: key[name] for name in sorted(key, key=lambda name: (len(str(name)), str(name)))}


def _markdown_problems(item: Item) -> list[Problem]:
    # Only Markdown needs the parser; a bank of plain items is read with the standard library alone.
    from question_bank import richtext

    names = {medium.name for medium in item.media}
    return [
        Problem(passage.place, problem.code, problem.params)
        for passage in item.passages()
        if not passage.plain
        for problem in richtext.problems(passage.words, names)
    ]
