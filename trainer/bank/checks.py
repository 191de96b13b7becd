"""Quiet notes on one item while it is written: clues, citations, and other items like it. Nothing here refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.check import check
from question_bank.laws import name_key, register
from question_bank.similar import nearest, words
from question_bank.store import Bank
from question_bank.topics import taxonomy
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.bank.work_queries import Viewer, may_be_seen_by
from trainer.laws.queries import fingerprints_of, known_versions

# What a file of shipped content is asked, or what one item alone cannot tell.
NOT_HERE = frozenset({"id_of_other_form", "lonely_variant", "unknown_enemy", "wrong_folder"})
COMPARED_MOST = 1000


@dataclass(frozen=True)
class Note:
    """One note. ``is_error`` tells facts from judgements; ``other_id`` is a similar item of the bank."""

    place: str
    code: str
    params: Mapping[str, Any]
    is_error: bool = False
    other_id: int | None = None


def notes_on(session: Session, item: Item, *, item_id: int | None, viewer: Viewer, day: date) -> list[Note]:
    """Return what a check finds in an item, errors first; ``item_id`` is its own, None for a new one.

    ``day`` is the local day on which the laws should be in force. Items that the viewer may not see are not compared.
    """
    findings = check(Bank((item,), ("",)), register(), taxonomy(), day=day)
    notes = [
        Note(one.place, one.code, one.params, is_error=one.level == "error")
        for one in findings
        if one.code not in NOT_HERE
    ]
    notes = _with_loaded_laws(session, item, notes)
    notes += _alike(session, item, item_id, viewer)
    return sorted(notes, key=lambda one: not one.is_error)


def _with_loaded_laws(session: Session, item: Item, notes: list[Note]) -> list[Note]:
    """Return the notes, those on laws and versions unknown to the register by what texts loaded beside it say."""
    unknown = [one for one in notes if one.code in ("unknown_law", "unknown_version")]
    if not unknown:
        return notes
    data = item.to_dict()
    cited = {f"basis[{index}]": one for index, one in enumerate(data["basis"])}
    for number, part in enumerate(data.get("parts", ())):
        cited |= {f"parts[{number}].basis[{index}]": one for index, one in enumerate(part.get("basis", ()))}
    known = known_versions(session, [one["law"] for one in cited.values()])
    kept = [one for one in notes if one not in unknown]
    for note in unknown:
        basis = cited.get(note.place)
        versions = known.get(name_key(basis["law"]), []) if basis is not None else []
        loaded = next((one for one in versions if basis and one.version == basis["version"] and one.text_id), None)
        if basis is None or loaded is None:
            kept.append(note)
        elif basis["article"] not in fingerprints_of(session, loaded):
            told = {"law": basis["law"], "article": basis["article"]}
            kept.append(Note(note.place, "no_such_article", told, is_error=True))
    return kept


def _alike(session: Session, item: Item, item_id: int | None, viewer: Viewer) -> list[Note]:
    """Return the items of the same topic that are near-duplicates, the nearest first."""
    rows = session.execute(
        select(ItemRecord.id, ItemRecord.code, ItemVersion.body)
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .where(ItemRecord.topic == item.topic, ItemRecord.state != "retired", may_be_seen_by(viewer))
        .order_by(ItemRecord.id.desc())
        .limit(COMPARED_MOST)
    )
    said: dict[str, str] = {}
    ids: dict[str, int] = {}
    for other_id, code, body in rows:
        if other_id == item_id or (item.variant_group and body.get("variant_group") == item.variant_group):
            continue
        said[code], ids[code] = words(Item.from_dict(body)), other_id
    return [
        Note("stem", "near_duplicate", {"other": code, "percent": percent}, other_id=ids[code])
        for code, percent in nearest(words(item), said)
    ]
