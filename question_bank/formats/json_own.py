"""Our own JSON, the one format that keeps everything: a bundle of content files, one content file, or a list of items.

A bundle may carry the media of its items: ``"media": [{"sha256", "type", "base64"}]``. Older readers of bundles pass
that over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from question_bank.formats.files import media_type
from question_bank.formats.report import DOUBTFUL, Found, ImportReport, Loss, Medium, Place, Repair, Unreadable
from question_bank.item import Item
from question_bank.store import BUNDLE_FORMAT, BUNDLE_VERSION, Bank, to_bundle

NAME, TITLE = "json", "题库 JSON"
SUFFIXES = (".json",)
MEDIA_TYPE = "application/json"
OPENING = re.compile(rb"\{\s*[\"}]|\[\s*[\[{\"\]]")


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is JSON of questions; other JSON is claimed faintly, to be refused clearly."""
    head = content[:4000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not OPENING.match(head):
        return 0.0
    if b'"question_bank"' in head or b'"items"' in head or (b'"kind"' in head and b'"stem"' in head):
        return 0.98
    return 0.2 if file_name.lower().endswith(".json") else 0.05


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every entry as it stands; whether it is a valid item shows when it is completed.

    Raises ``Unreadable`` for what is no JSON, or JSON of something else.
    """
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("not_json", reason=str(error)[:200]) from error
    notes: list[Repair] = []
    rows = []
    for number, (path, entry) in enumerate(_entries(data), start=1):
        place = Place(file=path or file_name, row=number)
        if isinstance(entry, Mapping):
            rows.append(Found(place, entry, raw=entry))
        else:
            notes.append(Repair("", "not_an_object", DOUBTFUL, before=str(entry)[:80], params={"row": number}))
    return ImportReport(NAME, tuple(rows), tuple(notes), tuple(_media(data, notes)))


def _entries(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, list):
        yield from (("", entry) for entry in data)
        return
    if isinstance(data, dict) and isinstance(data.get("items"), list) and "format" not in data:
        yield from (("", entry) for entry in data["items"])
        return
    if not isinstance(data, dict) or data.get("format") != BUNDLE_FORMAT:
        raise Unreadable("not_our_json")
    if data.get("version") != BUNDLE_VERSION:
        raise Unreadable("unknown_version", version=str(data.get("version"))[:20])
    files = data.get("files")
    if not isinstance(files, list):
        raise Unreadable("not_our_json")
    for file in files:
        if not isinstance(file, dict) or not isinstance(file.get("items"), list):
            raise Unreadable("not_our_json")
        yield from ((str(file.get("path", "")), entry) for entry in file["items"])


def _media(data: Any, notes: list[Repair]) -> Iterator[Medium]:
    rows = data.get("media") if isinstance(data, dict) else None
    for row in rows if isinstance(rows, list) else ():
        try:
            content = base64.b64decode(row["base64"], validate=True)
            told = str(row["sha256"])
        except (TypeError, KeyError, ValueError, binascii.Error):
            notes.append(Repair("media", "medium_unreadable", DOUBTFUL))
            continue
        found = media_type(content)
        if found is None or hashlib.sha256(content).hexdigest() != told:
            notes.append(Repair("media", "medium_unreadable", DOUBTFUL, before=told[:64]))
            continue
        yield Medium(told, found, content)


def write(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> bytes:
    """Return a bundle of the items by wing and topic, and of those of their media that are at hand.

    The order within a topic is kept. ``question_bank.store.from_bundle`` reads it too.
    """
    rows = list(items)
    bundle = to_bundle(Bank.of((item, f"{item.wing}/{item.topic}/items.json") for item in rows))
    held = media or {}
    used = {medium.sha256: medium.type for item in rows for medium in item.media if medium.sha256 in held}
    if not used:
        return bundle.encode()
    data = json.loads(bundle)
    data["media"] = [
        {"sha256": told, "type": type, "base64": base64.b64encode(held[told]).decode()} for told, type in used.items()
    ]
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def losses(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> list[Loss]:
    """Return a loss for each medium whose bytes are not at hand; nothing else is lost."""
    return [
        Loss(item.id, "medium_not_at_hand", params={"name": medium.name})
        for item in items
        for medium in item.media
        if medium.sha256 not in (media or {})
    ]
