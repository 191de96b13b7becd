"""What a reader of a foreign file hands back: every question found, every repair told, every fault at its place.

A reader never raises for what stands in a file, and never guesses in silence: what it had to infer is a ``Repair``
that a person can look at, what it could not read is a ``Problem``, what it has no word for is ``unsupported``.
Foreign files know neither wing nor legal basis, so a reader gives a ``Found`` with the JSON fields that the file told;
``complete`` adds what the person chose for the whole file and makes the item.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from question_bank import text
from question_bank.fields import Problem
from question_bank.item import InvalidItem, Item

CERTAIN, LIKELY, DOUBTFUL = "certain", "likely", "doubtful"

# What a file may leave open and a person chooses once for all of its questions.
DEFAULTS = ("wing", "topic", "fields", "difficulty", "level", "source", "pool", "basis")


class Unreadable(ValueError):
    """The file as a whole cannot be read as this format; ``code`` and ``params`` say why."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file: a sheet and row, a line, or a path inside a package; all as people count."""

    file: str = ""
    sheet: str = ""
    row: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        parts = [self.file, self.sheet]
        parts += [f"row {self.row}"] if self.row else []
        parts += [f"line {self.line}"] if self.line else []
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that the reader put right or inferred; ``place`` is a field of the question as in ``Problem``.

    ``code`` names what was done; ``before`` is what stood there and ``after`` what was made of it, in words of the
    file. ``doubtful`` ones want a person's eye before the question is taken in.
    """

    place: str
    code: str
    confidence: str
    before: str = ""
    after: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """One question of a file: ``data`` are the JSON fields of an item as far as the file tells them.

    ``raw`` keeps what stood there, by column or name, so that a refused row can be handed back as it came.
    ``problems`` are faults that keep it out; without any it can be completed. ``unsupported`` names what the file has
    and an item does not keep, such as an adaptive hint.
    """

    place: Place
    data: Mapping[str, Any]
    raw: Mapping[str, Any] = field(default_factory=dict)
    repairs: tuple[Repair, ...] = ()
    problems: tuple[Problem, ...] = ()
    unsupported: tuple[str, ...] = ()

    @property
    def doubtful(self) -> bool:
        return any(repair.confidence == DOUBTFUL for repair in self.repairs)


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or sound that came with a file: its bytes by their SHA-256 (hex), which items refer to."""

    sha256: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a reader found. ``notes`` are about the file as a whole (encoding, merged cells, rows passed over).

    ``columns`` is the head of a table as it stood, for handing refused rows back in the same layout.
    """

    format: str
    found: tuple[Found, ...] = ()
    notes: tuple[Repair, ...] = ()
    media: tuple[Medium, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completed:
    """A found question with the item made of it, or with the problems that kept it from becoming one."""

    found: Found
    item: Item | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """What a format cannot hold of an item: ``whole`` means that the item is left out, else that a part of it is.

    ``code`` names it; every writer that loses anything offers ``losses(items, media=…)`` beside ``write``.
    """

    item: str
    code: str
    whole: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)


def complete(found: Iterable[Found], defaults: Mapping[str, Any], *, prefix: str = "imp") -> list[Completed]:
    """Return each question as an item, with ``defaults`` (of ``DEFAULTS``) where the file was silent, in order.

    An item without an id gets one from its content (``content_id``), so that the same file gives the same ids. An
    empty explanation and basis are allowed here: a draft may lack them. Never raises.
    """
    done: list[Completed] = []
    for one in found:
        if one.problems:
            done.append(Completed(one, None, one.problems))
            continue
        data = {name: value for name, value in defaults.items() if name in DEFAULTS} | dict(one.data)
        data.setdefault("explanation", "")
        data.setdefault("basis", [])
        data.setdefault("id", content_id(data, prefix))
        try:
            done.append(Completed(one, Item.from_dict(data)))
        except InvalidItem as error:
            done.append(Completed(one, None, error.problems))
    return done


def content_id(data: Mapping[str, Any], prefix: str) -> str:
    """Return an id made of what a question asks: kind, stem and its choices, width, spaces and marks not counting.

    The same question in another file, or with another key or explanation, gets the same id.
    """
    asked = [str(data.get("kind", "")), text.normal(str(data.get("stem", "")))]
    for name in ("options", "prompts", "document"):
        asked.append(json.dumps(sorted(text.normal(str(entry.get("text", ""))) for entry in _objects(data.get(name)))))
    asked += [content_id(part, "") for part in _objects(data.get("parts"))]
    told = hashlib.sha256("\n".join(asked).encode("utf-8", "replace")).hexdigest()
    return f"{prefix}-{told[:12]}" if prefix else told[:12]


def _objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list, none for anything else: what a file holds may have any shape."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def tidy(value: str) -> str:
    """Return text as an item keeps it: no-break and full-width spaces and tabs as plain ones, ends and line ends cut.

    Runs of blanks inside a line stay, because they may be a gap to fill in.
    """
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    plain = [re.sub(r"[\u00a0\t\u2002-\u200a\ufeff]", " ", line).strip(" \u3000") for line in lines]
    return "\n".join(plain).strip()
