"""Pictures, sound and film that somebody adds to an item in the editor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from question_bank.fields import MARKDOWN, MAX_ALT, MAX_MEDIA
from question_bank.formats.files import ENDINGS, media_type
from question_bank.richtext import escape
from trainer.bank.models import ItemMedia
from trainer.core import files
from trainer.core.database import transaction
from trainer.core.errors import Invalid

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
LONGEST_NAME = 60
# What candidates read, and what explains it; other strings of an item are keys and slugs.
TEXTS = ("stem", "text", "note", "explanation", "sample", "point")


def keep_medium(folder: Path, content: bytes, *, by: int, now: datetime) -> str:
    """Store a file of an item and return its SHA-256. A second call with the same bytes changes nothing.

    Raises ``Invalid`` at ``picture`` for what is too large or no picture, sound or film that an item may show.
    """
    if len(content) > MOST_BYTES:
        raise Invalid.at("picture", "file_too_large", most=MOST_BYTES // MEGABYTE)
    found = media_type(content)
    if found is None:
        raise Invalid.at("picture", "medium_of_unknown_type")
    digest = files.keep(folder, content)
    with transaction() as session:
        if session.get(ItemMedia, digest) is None:
            row = ItemMedia(sha256=digest, media_type=found, bytes=len(content), created_by=by, created_at=now)
            session.add(row)
    return digest


def media_entries(session: Session, rows: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Return the JSON form of media by (name, SHA-256, words); those that the bank does not hold are left out."""
    wanted = list(rows)[:MAX_MEDIA]
    held = {
        row.sha256: row
        for row in session.scalars(select(ItemMedia).where(ItemMedia.sha256.in_([one for _n, one, _a in wanted])))
    }
    return [
        {
            "name": name,
            "sha256": sha256,
            "type": held[sha256].media_type,
            "alt": alt,
            "bytes": held[sha256].bytes,
        }
        for name, sha256, alt in wanted
        if sha256 in held
    ]


def with_medium(data: Mapping[str, Any], session: Session, sha256: str, *, file_name: str, alt: str) -> dict[str, Any]:
    """Return the data of an item with one more medium, shown at the end of its stem.

    A plain item becomes Markdown, its signs escaped so that it reads as before. Raises ``Invalid`` without words, which
    those who cannot see it are read.
    """
    words = " ".join(alt.split())
    if not words:
        raise Invalid.at("picture_alt", "required")
    if len(words) > MAX_ALT:
        raise Invalid.at("picture_alt", "too_long", most=MAX_ALT)
    made = dict(data) if data.get("format") == MARKDOWN else _as_markdown(data) | {"format": MARKDOWN}
    media = list(made.get("media", ()))
    if len(media) >= MAX_MEDIA:
        raise Invalid.at("picture", "too_many", count=len(media) + 1, most=MAX_MEDIA)
    known = next((one["name"] for one in media if one["sha256"] == sha256), None)
    name = known or _free_name(file_name, sha256, session, {one["name"] for one in media})
    if known is None:
        media += media_entries(session, [(name, sha256, words)])
    return made | {"media": media, "stem": f"{made.get('stem', '')}\n\n![](media:{name})".strip()}


def _free_name(file_name: str, sha256: str, session: Session, taken: set[str]) -> str:
    stem = re.sub("[^a-z0-9-]+", "-", PurePosixPath(file_name).stem.lower()).strip("-")[:LONGEST_NAME].strip("-")
    ending = ENDINGS[session.get_one(ItemMedia, sha256).media_type]
    name, number = f"{stem or 'file'}.{ending}", 2
    while name in taken:
        name, number = f"{stem or 'file'}-{number}.{ending}", number + 1
    return name


def _as_markdown(data: Any, name: str = "") -> Any:
    if isinstance(data, Mapping):
        return {one: _as_markdown(value, one) for one, value in data.items()}
    if isinstance(data, list):
        return [_as_markdown(one, name) for one in data]
    return escape(data) if isinstance(data, str) and name in TEXTS else data
