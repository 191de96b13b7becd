"""Questions out of the bank: what a person may see, in one of the formats, with what that format cannot hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.fields import OPEN, RESERVED
from question_bank.formats import FORMATS, Format, Loss
from trainer.audit.service import record
from trainer.bank.filed_queries import items_to_export
from trainer.bank.queries import ItemFilter
from trainer.bank.work_queries import Viewer, may_be_seen_by
from trainer.core.database import transaction
from trainer.core.errors import Invalid, Missing
from trainer.core.files import media_folder, path_of

ANSWERS = ("beside", "end", "none")
ENDINGS = {"qti_22": ".zip", "qti_30": ".zip"}


@dataclass(frozen=True)
class Exported:
    """A file to hand out. ``losses`` are what the format does not keep, in the order of the items."""

    content: bytes
    name: str
    media_type: str
    count: int
    losses: tuple[Loss, ...]


def writable() -> list[Format]:
    """Return the formats that can be written, by name."""
    return [one for one in FORMATS.values() if one.writer is not None]


def format_to_write(name: str) -> Format:
    """Return a format that can be written. Raises ``Invalid`` at ``format``."""
    found = next((one for one in writable() if one.name == name), None)
    if found is None:
        raise Invalid.at("format", "unknown_value", value=name[:24])
    return found


def items_for(session: Session, wanted: ItemFilter, viewer: Viewer, today: date) -> list[Item]:
    """Return what a person gets of what is asked for, by id. Reserved items come only where ``wanted`` names them."""
    chosen = wanted if wanted.pool else replace(wanted, pool=OPEN)
    return items_to_export(session, chosen, today, may_be_seen_by(viewer))


def losses_of(items: Iterable[Item], name: str) -> list[Loss]:
    """Return what a format would not keep of these items."""
    rows = list(items)
    return format_to_write(name).losses(rows, media=media_of(rows))


def endings_of(name: str) -> tuple[str, ...]:
    """Return the endings that a file of a format may have when it is written, the usual one first."""
    return (ENDINGS[name],) if name in ENDINGS else FORMATS[name].suffixes


def export(items: list[Item], name: str, *, by: int | None, answers: str = "beside", title: str = "") -> Exported:
    """Return the file, and put down who took how many items, each reserved one by its id.

    ``answers`` and ``title`` are for Word. Raises ``Invalid`` for a format or a place of answers that does not exist.
    """
    chosen = format_to_write(name)
    if answers not in ANSWERS:
        raise Invalid.at("answers", "unknown_value", value=answers[:20])
    media = media_of(items)
    options: dict[str, Any] = {"answers": answers, "title": title} if name == "word" else {}
    if not title:
        options.pop("title", None)
    assert chosen.writer is not None, "only formats with a writer are found"
    content = chosen.writer(items, media=media, **options)
    reserved = [item.id for item in items if item.pool == RESERVED]
    with transaction():
        detail: dict[str, Any] = {"format": name, "count": len(items)}
        record("items.exported", by=by, target="bank", detail=detail | ({"reserved": reserved} if reserved else {}))
    ending = endings_of(name)[0]
    losses = tuple(chosen.losses(items, media=media))
    return Exported(content, f"questions-{name}{ending}", chosen.media_type, len(items), losses)


def media_of(items: Iterable[Item]) -> Mapping[str, bytes]:
    """Return the bytes of the pictures and sounds of items by SHA-256, as far as they are here."""
    folder = media_folder(current_app.config["SETTINGS"].instance)
    found: dict[str, bytes] = {}
    for item in items:
        for medium in item.media:
            if medium.sha256 not in found:
                try:
                    found[medium.sha256] = path_of(folder, medium.sha256).read_bytes()
                except Missing:
                    continue
    return found
