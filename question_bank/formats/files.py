"""The pictures and sounds that come with foreign questions: named, recognised by their bytes, each kept once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from question_bank.fields import MAX_ALT, MAX_BYTES
from question_bank.formats.report import Medium

ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
}
LONGEST_NAME = 60


def media_type(content: bytes) -> str | None:
    """Return the media type that the bytes themselves show, None where an item may not have such a file."""
    for magic, found in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"OggS", "audio/ogg"),
        (b"ID3", "audio/mpeg"),
    ):
        if content.startswith(magic):
            return found
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    if len(content) > 2 and content[0] == 0xFF and content[1] in (0xFB, 0xF3, 0xF2, 0xFA):
        return "audio/mpeg"
    return None


@dataclass(frozen=True, slots=True)
class Shelf:
    """The files that one question may show, by the path or name it refers to them with."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    def get(self, source: str) -> bytes | None:
        """Return the file of a reference, which may be percent-encoded; None where it is not there."""
        bare = source.split("#")[0].split("?")[0]
        for tried in (source, bare, unquote(bare), unquote(bare).removeprefix("./"), unquote(bare).lstrip("/")):
            if tried in self.files:
                return self.files[tried]
        return None

    def likely(self, source: str) -> bytes | None:
        """Return the only file whose path ends as the reference does; None where there are none or several."""
        return None


class Pictures:
    """The media that the texts of one question show, with the names that its Markdown has for them."""

    def __init__(self) -> None:
        self._by_hash: dict[str, dict[str, Any]] = {}
        self._contents: dict[str, bytes] = {}

    def name_of(self, content: bytes, file_name: str, alt: str) -> str | None:
        """Return the name of a medium, the same for the same bytes; None where an item may not have such a file."""
        found = media_type(content)
        if found is None or not 1 <= len(content) <= MAX_BYTES:
            return None
        told = hashlib.sha256(content).hexdigest()
        if told not in self._by_hash:
            name = self._free_name(file_name, ENDINGS[found])
            self._by_hash[told] = {
                "name": name,
                "sha256": told,
                "type": found,
                "alt": " ".join(alt.split())[:MAX_ALT].strip() or name,
                "bytes": len(content),
            }
            self._contents[told] = content
        return str(self._by_hash[told]["name"])

    def rename_low_lines(self) -> dict[str, str]:
        """Give media whose names have low lines others, and return them by the old ones: a fill-in stem has none."""
        changed: dict[str, str] = {}
        for one in self._by_hash.values():
            old = str(one["name"])
            if "_" in old:
                one["name"] = ""
                stem, _, ending = old.replace("_", "-").strip("-").rpartition(".")
                one["name"] = changed[old] = self._free_name(stem or "file", ending)
        return changed

    def alt_of(self, name: str) -> str:
        """Return the words of a medium by its name."""
        return next(str(one["alt"]) for one in self._by_hash.values() if one["name"] == name)

    def take(self, other: Pictures) -> None:
        """Take the media of another question in, under the names that its texts have for them."""
        self._by_hash = {**other._by_hash, **self._by_hash}
        self._contents |= other._contents

    def entries(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Return the JSON form of the media of these names, in the order in which they were met."""
        wanted = set(names)
        return [dict(one) for one in self._by_hash.values() if one["name"] in wanted]

    def media(self) -> tuple[Medium, ...]:
        """Return every medium with its bytes."""
        return tuple(
            Medium(sha256=told, type=str(one["type"]), content=self._contents[told])
            for told, one in self._by_hash.items()
        )

    def _free_name(self, file_name: str, ending: str) -> str:
        stem = PurePosixPath(unquote(file_name)).stem.lower()
        stem = re.sub("[^a-z0-9_-]+", "-", stem).strip("-_")[:LONGEST_NAME].strip("-_") or "file"
        taken = {one["name"] for one in self._by_hash.values()}
        name, number = f"{stem}.{ending}", 2
        while name in taken:
            name, number = f"{stem}-{number}.{ending}", number + 1
        return name
