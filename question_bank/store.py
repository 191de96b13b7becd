"""The content files: read in one fixed order, written in one canonical form so that diffs stay small.

Items lie in ``<folder>/<wing>/<topic>/<chapter>.json`` as ``{"items": [...]}``; everything else in the folder
(``topics.json``, ``laws/``, ``checks.json``) is not read here. The order of a bank is that of the taxonomy
(wing, topic), then chapter file by name, then place in the file; it is the same on every machine.

``checks.json`` is the record of second readings: which item was answered anew from which articles, on which day
(local), and whether it was confirmed or mended then.

In the canonical form each field of an item has its line, and so has each object of a list: an option, a legal basis,
a prompt. The parts of a case study are laid out like items.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from question_bank.fields import Problem
from question_bank.item import InvalidItem, Item
from question_bank.topics import CONTENT, taxonomy

LIKE_ITEMS = "parts"
BUNDLE_FORMAT = "question_bank"
BUNDLE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem with its file (relative, with slashes) and the id of the item or its number in the file."""

    file: str
    item: str
    problem: Problem

    def __str__(self) -> str:
        return f"{self.file}:{self.item or '?'}: {self.problem}"


class InvalidBank(ValueError):
    """Content that is no valid bank; ``faults`` names every fault, in the order of the bank."""

    code = "invalid_bank"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Bank:
    """The items of a folder in their fixed order; ``files[n]`` is the file of ``items[n]``."""

    items: tuple[Item, ...] = ()
    files: tuple[str, ...] = ()
    _places: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, pairs: Iterable[tuple[Item, str]]) -> Bank:
        """Return the bank of items with their files. Of two items with one id, ``get`` finds the first."""
        rows = tuple(pairs)
        places: dict[str, int] = {}
        for place, (item, _) in enumerate(rows):
            places.setdefault(item.id, place)
        return cls(tuple(item for item, _ in rows), tuple(file for _, file in rows), places)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def get(self, item_id: str) -> Item:
        """Return the item of this id; raises ``KeyError`` where there is none."""
        return self.items[self._places[item_id]]

    def file_of(self, item_id: str) -> str:
        """Return the file of an item; raises ``KeyError`` where there is none."""
        return self.files[self._places[item_id]]

    def by_file(self) -> dict[str, list[Item]]:
        """Return the items of each file, files and items in the order of the bank."""
        grouped: dict[str, list[Item]] = {}
        for item, file in zip(self.items, self.files, strict=True):
            grouped.setdefault(file, []).append(item)
        return grouped


def content_files(folder: Path | None = None) -> list[Path]:
    """Return the content files of a folder, the shipped one for None, in the order of the bank."""
    root = folder or CONTENT
    wings = {wing.slug: place for place, wing in enumerate(taxonomy().wings)}
    topics = {topic.slug: place for place, topic in enumerate(taxonomy().topics)}

    def order(path: Path) -> tuple[int, str, int, str, str]:
        wing, topic, chapter = path.relative_to(root).parts
        return wings.get(wing, len(wings)), wing, topics.get(topic, len(topics)), topic, chapter

    return sorted(root.glob("*/*/*.json"), key=order)


@dataclass(frozen=True, slots=True)
class Check:
    """A second reading: the item answered anew from the articles ``against``, with ``outcome`` confirmed or mended."""

    item: str
    against: tuple[str, ...]
    checked_on: date
    outcome: str


def read_checks(folder: Path | None = None) -> list[Check]:
    """Return the record of second readings in its order, none where a folder has no record."""
    path = (folder or CONTENT) / "checks.json"
    if not path.exists():
        return []
    return [
        Check(row["item"], tuple(row["against"]), date.fromisoformat(row["checked_on"]), row["outcome"])
        for row in json.loads(path.read_bytes())["checks"]
    ]


def read(folder: Path | None = None) -> tuple[Bank, list[Fault]]:
    """Return what can be read of a folder and every fault of the rest. Raises ``OSError`` alone."""
    root = folder or CONTENT
    pairs: list[tuple[Item, str]] = []
    faults: list[Fault] = []
    for path in content_files(root):
        file = path.relative_to(root).as_posix()
        entries, problem = _entries(path.read_bytes())
        if problem:
            faults.append(Fault(file, "", problem))
        for index, entry in enumerate(entries):
            try:
                pairs.append((Item.from_dict(entry), file))
            except InvalidItem as error:
                faults += [Fault(file, error.item_id or f"#{index + 1}", found) for found in error.problems]
    return Bank.of(pairs), faults


def load(folder: Path | None = None) -> Bank:
    """Return all items of a folder, the shipped content for None.

    Raises ``InvalidBank`` with every fault found; an id used twice is one.
    """
    bank, faults = read(folder)
    seen: dict[str, str] = {}
    for item, file in zip(bank.items, bank.files, strict=True):
        if item.id in seen:
            faults.append(Fault(file, item.id, Problem("id", "duplicate_id", {"other": seen[item.id]})))
        seen.setdefault(item.id, file)
    if faults:
        raise InvalidBank(faults)
    return bank


def to_json(items: Iterable[Item]) -> str:
    """Return the canonical text of a content file; the items are sorted by id."""
    rows = [_item_lines(item.to_dict()) for item in sorted(items, key=lambda item: item.id)]
    if not rows:
        return '{\n  "items": []\n}\n'
    return '{\n  "items": [\n' + ",\n".join("\n".join(lines) for lines in rows) + "\n  ]\n}\n"


def format_files(folder: Path | None = None, *, write: bool = True) -> list[str]:
    """Bring every content file into canonical form and return those that were not in it.

    With ``write=False`` nothing is changed. A file with a fault is left alone: it could lose what is not
    understood. A second call finds nothing to do.
    """
    root = folder or CONTENT
    bank, faults = read(root)
    faulty = {fault.file for fault in faults}
    changed = []
    for file, items in bank.by_file().items():
        path = root / file
        canonical = to_json(items)
        if file in faulty or path.read_bytes() == canonical.encode():
            continue
        changed.append(file)
        if write:
            path.write_text(canonical, encoding="utf-8", newline="\n")
    return changed


def to_bundle(bank: Bank) -> str:
    """Return a whole bank as one JSON text: the content files by path. ``from_bundle`` reads it back."""
    files = [{"path": file, "items": [item.to_dict() for item in items]} for file, items in bank.by_file().items()]
    data = {"format": BUNDLE_FORMAT, "version": BUNDLE_VERSION, "files": files}
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def from_bundle(content: str) -> Bank:
    """Return the bank of a bundle. Raises ``InvalidBank`` for anything else than what ``to_bundle`` makes."""
    try:
        data = json.loads(content)
    except ValueError as error:
        raise InvalidBank([Fault("", "", Problem("", "not_json", {"reason": str(error)}))]) from error
    if not isinstance(data, dict) or (data.get("format"), data.get("version")) != (
        BUNDLE_FORMAT,
        BUNDLE_VERSION,
    ):
        raise InvalidBank([Fault("", "", Problem("format", "unknown_format"))])
    pairs: list[tuple[Item, str]] = []
    faults: list[Fault] = []
    files = data.get("files")
    if not isinstance(files, list):
        raise InvalidBank([Fault("", "", Problem("files", "not_a_list"))])
    for entry in files:
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not _safe_path(path) or not isinstance(entry.get("items"), list):
            faults.append(Fault(str(path), "", Problem("path", "bad_path")))
            continue
        for index, value in enumerate(entry["items"]):
            try:
                pairs.append((Item.from_dict(value), path))
            except InvalidItem as error:
                faults += [Fault(path, error.item_id or f"#{index + 1}", found) for found in error.problems]
    if faults:
        raise InvalidBank(faults)
    return Bank.of(pairs)


def write(bank: Bank, folder: Path) -> list[str]:
    """Write the content files of a bank below a folder, replacing those of the same name; return their paths."""
    for file, items in bank.by_file().items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_json(items), encoding="utf-8", newline="\n")
    return list(bank.by_file())


def _entries(content: bytes) -> tuple[list[Any], Problem | None]:
    try:
        data = json.loads(content.decode("utf-8"))
    except ValueError as error:  # not UTF-8, or not JSON
        return [], Problem("", "not_json", {"reason": str(error)})
    if not isinstance(data, dict) or set(data) != {"items"} or not isinstance(data["items"], list):
        return [], Problem("", "not_a_content_file")
    return data["items"], None


def _safe_path(path: str) -> bool:
    parts = path.split("/")
    return (
        len(parts) == 3
        and path.endswith(".json")
        and all(part and not part.startswith(".") and "\\" not in part and "\0" not in part for part in parts)
    )


def _item_lines(data: Mapping[str, Any], indent: str = "    ") -> list[str]:
    inner = indent + "  "
    rows = []
    for name, value in data.items():
        if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
            if name == LIKE_ITEMS:
                body = ",\n".join("\n".join(_item_lines(entry, inner + "  ")) for entry in value)
            else:
                body = ",\n".join(f"{inner}  {_compact(entry)}" for entry in value)
            rows.append(f"{inner}{_compact(name)}: [\n{body}\n{inner}]")
        else:
            rows.append(f"{inner}{_compact(name)}: {_compact(value)}")
    return [indent + "{", ",\n".join(rows), indent + "}"]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
