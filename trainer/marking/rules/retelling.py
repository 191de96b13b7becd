"""What may still be told of an item with its old words once a repair has changed its key. Pure.

An explanation and notes are written for one key. The explanation is one text and stays, under a word that it is older;
a note belongs to one piece, and where that piece counts otherwise now it would say the contrary of what is printed
beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from question_bank import Item
from question_bank.item import frozen, thawed
from trainer.marking.rules.regrade import Ruling


def without_old_notes(printed: Item, ruling: Ruling) -> Item:
    """Return the item that ``ruling`` shows, without the notes of pieces that count otherwise than as ``printed``.

    A piece that one accepted key makes right counts as right.
    """
    item = ruling.items[0]
    if all(one.key == printed.key for one in ruling.items):
        return item

    def is_old(piece: str | None) -> bool:
        before, now = _counts(printed, piece), [_counts(one, piece) for one in ruling.items]
        return (before != any(now)) if isinstance(before, bool) else before not in now

    settings = thawed(item.settings)
    for rows in (settings.get("prompts", ()), settings.get("document", ())):
        for row in rows:
            if row.get("note") and is_old(row.get("key")):
                del row["note"]
    options = tuple(replace(one, note="") if one.note and is_old(one.key) else one for one in item.options)
    return replace(item, options=options, settings=frozen(settings))


def _counts(item: Item, piece: str | None) -> Any:
    """Return as what a piece of an item counts: right or not, its place in an order, or what belongs to it."""
    if item.kind == "matching":
        return item.key.get(piece)
    if item.kind == "ordering":
        return item.key.index(piece) if piece in item.key else None
    return piece == item.key if isinstance(item.key, str) else piece in item.key
