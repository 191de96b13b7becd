"""Files of the world and questions: one module a format, found by name, by suffix, or by looking at the bytes.

A module offers ``NAME``, ``TITLE`` (zh-CN), ``SUFFIXES``, ``sniff(content, file_name)`` and, where the format can be
read, ``read(content, file_name) -> ImportReport``; where it can be written, ``write(items, **options) -> bytes`` and
``MEDIA_TYPE``. A writer that cannot hold everything also offers ``losses(items, media=…)``. A new format is a new file
and nothing else.

``media`` maps the SHA-256 (hex) of pictures and sounds to their bytes; what is not in it is written as its words.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

from question_bank.formats.report import ImportReport, Loss, Unreadable
from question_bank.item import Item

__all__ = ["FORMATS", "Format", "ImportReport", "Loss", "Unreadable", "find", "read", "sniff"]


@dataclass(frozen=True, slots=True)
class Format:
    """One format. ``reader`` or ``writer`` is None where that direction does not exist.

    ``sniffer`` returns how sure it is that the bytes are of this format, 0 (not at all) to 1.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    sniffer: Callable[[bytes, str], float]
    reader: Callable[[bytes, str], ImportReport] | None
    writer: Callable[..., bytes] | None
    media_type: str = "application/octet-stream"
    loser: Callable[..., list[Loss]] | None = None

    def losses(self, items: Iterable[Item], **options: Any) -> list[Loss]:
        """Return what writing these items would leave out, in the order of the items; empty where all is kept."""
        return self.loser(items, **options) if self.loser else []


def _registered() -> dict[str, Format]:
    found: dict[str, Format] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        loaded = import_module(f"{__name__}.{module.name}")
        name = getattr(loaded, "NAME", None)
        if name is None:
            continue
        if name in found:
            raise RuntimeError(f"two formats are named {name}")
        found[name] = Format(
            name=name,
            title=loaded.TITLE,
            suffixes=loaded.SUFFIXES,
            sniffer=loaded.sniff,
            reader=getattr(loaded, "read", None),
            writer=getattr(loaded, "write", None),
            media_type=getattr(loaded, "MEDIA_TYPE", "application/octet-stream"),
            loser=getattr(loaded, "losses", None),
        )
    return found


FORMATS = MappingProxyType(_registered())


def find(name: str) -> Format | None:
    """Return the format of this name, or None where there is none."""
    return FORMATS.get(name)


def sniff(content: bytes, file_name: str) -> Format | None:
    """Return the readable format that the bytes look most like, None where none claims them.

    What stands inside counts more than the file's name: an ``.xlsx`` may be an old ``.xls`` or a text.
    """
    able = [one for one in FORMATS.values() if one.reader is not None]
    sure = {one.name: one.sniffer(content, file_name) for one in able}
    best = max(able, key=lambda one: (sure[one.name], one.name), default=None)
    return best if best is not None and sure[best.name] > 0 else None


def read(content: bytes, file_name: str, name: str | None = None) -> ImportReport:
    """Read a file in the format named, or in the one it looks like. Raises ``Unreadable`` for the file as a whole."""
    chosen = find(name) if name else sniff(content, file_name)
    if chosen is None or chosen.reader is None:
        raise Unreadable("unknown_format", name=name or "")
    return chosen.reader(content, file_name)
