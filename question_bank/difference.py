"""What differs between two texts of an item: readable for who reviews it, and whether the key is another one.

``differences`` goes field by field, options and the like by their letters, and marks the words that came and went
(``difflib`` over words, numbers whole). ``changes_key`` tells whether an answer could now earn something else. It is
cautious: an option that keeps its words and gets another letter counts as a change of key, and so do other words of
what the key points to, but for spaces, width, marks at the end and forms of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from question_bank.item import Item
from question_bank.text import normal

# What decides beside ``key`` which answer earns how much.
DECIDING = ("any_order", "tolerance", "indefinite", "reuse", "rubric")
LETTERED = ("options", "prompts", "document")

# Chinese has no spaces between words: a number, a Latin word, a single character or sign is what is compared.
TOKEN = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[A-Za-z]+|[零〇一二三四五六七八九十百千万]+|.", re.S)
# Fewer equal words than these between two differences read as noise, not as text that stayed.
SHORTEST_SAME = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: ``same`` in both texts, ``removed`` from the old one, ``added`` in the new one."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs. ``place`` is a path such as ``stem``, ``options[B].note``, ``parts[2].stem``.

    Lists without letters count from 1. ``before`` is empty for what was added, ``after`` for what was removed; put
    together, the pieces of each side are that side's text.
    """

    place: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


def differences(old: Item, new: Item) -> list[Difference]:
    """Return every field that differs, in the order of the fields of the new item, then what was removed.

    The id is not looked at. An empty list means equal content.
    """
    left, right = dict(_lines("", old.to_dict())), dict(_lines("", new.to_dict()))
    found = []
    for place in [*right, *(place for place in left if place not in right)]:
        before, after = left.get(place, ""), right.get(place, "")
        if before != after:
            found.append(Difference(place, *pieces(before, after)))
    return found


def pieces(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return the old text with what went marked, and the new one with what came marked.

    The texts of each side's pieces put together are that side again. Numbers are never split.
    """
    left, right = TOKEN.findall(old), TOKEN.findall(new)
    before: list[Piece] = []
    after: list[Piece] = []
    at_left = at_right = 0
    for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        ends = block.a + block.size == len(left) and block.b + block.size == len(right)
        if 0 < block.size < SHORTEST_SAME and not ends and (block.a or block.b):
            continue
        _add(before, "removed", left[at_left : block.a])
        _add(after, "added", right[at_right : block.b])
        _add(before, "same", left[block.a : block.a + block.size])
        _add(after, "same", right[block.b : block.b + block.size])
        at_left, at_right = block.a + block.size, block.b + block.size
    return tuple(before), tuple(after)


def _add(side: list[Piece], kind: str, tokens: list[str]) -> None:
    text = "".join(tokens)
    if side and side[-1].kind == kind:
        side[-1] = Piece(kind, side[-1].text + text)
    elif text:
        side.append(Piece(kind, text))


def changes_key(old: Item, new: Item) -> bool:
    """Return whether an answer could earn something else under the new text than under the old one."""
    return _worth(old.to_dict()) != _worth(new.to_dict()) or _moved(old.to_dict(), new.to_dict())


def _worth(data: Mapping[str, Any]) -> dict[str, Any]:
    worth = {name: data[name] for name in ("kind", "key", *DECIDING) if data.get(name)}
    worth["key"] = data.get("key")
    worth["words"] = _words_of_key(data)
    if "parts" in data:
        worth["parts"] = [_worth(part) | {"weight": part.get("weight", 1)} for part in data["parts"]]
    return worth


def _words_of_key(data: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the texts that the letters of the key stand for, in one form; none for kinds without letters."""
    key = data.get("key")
    letters = {*key, *key.values()} if isinstance(key, Mapping) else {key} if isinstance(key, str) else key
    if not isinstance(letters, set | list | tuple):
        return []
    return [
        (name, row["key"], normal(row["text"]))
        for name in LETTERED
        for row in data.get(name, ())
        if row.get("key") in letters
    ]


def _moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Return whether a text stands under another letter than before: the same key then means something else."""
    for name in LETTERED:
        before = {row["text"]: row.get("key") for row in old.get(name, ())}
        if any(before.get(row["text"], row.get("key")) != row.get("key") for row in new.get(name, ())):
            return True
    return any(_moved(one, other) for one, other in zip(old.get("parts", ()), new.get("parts", ()), strict=False))


def _lines(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the fields of JSON data with their texts; objects and lists of objects go on below their place."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if (name, place) != ("id", ""):
                yield from _lines(f"{place}.{name}" if place else name, part)
    elif isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        for number, row in enumerate(value, start=1):
            if "article" in row:
                yield f"{place}[{number}]", _citation(row)
            else:
                letter = row.get("key") if place.rpartition(".")[2] in LETTERED else None
                below = {name: part for name, part in row.items() if name != "key"} if letter else row
                yield from _lines(f"{place}[{letter or number}]", below)
    elif value not in (None, "", []):
        yield place, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "；".join(" / ".join(map(_text, entry)) if isinstance(entry, list) else _text(entry) for entry in value)
    if isinstance(value, bool):
        return "√" if value else "×"
    return "—" if value is None else str(value)


def _citation(row: Mapping[str, Any]) -> str:
    return (
        f"《{row['law']}》（{row['version']}）第{row['article']}条"
        + (f"第{row['paragraph']}款" if row.get("paragraph") else "")
        + (f"第（{row['item']}）项" if row.get("item") else "")
    )
