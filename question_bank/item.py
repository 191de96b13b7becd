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

from question_bank.fields import COMMON_FIELDS, Problem, common_problems


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
        problems = list(common_problems(data))
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
