"""Parallel forms that share no items where the bank allows it, and as few as possible where it does not.

What stood in one sitting is known in the next; so forms of one exam are drawn together. Each part of the blueprint
gets items of its own (``drawing.shared_out``), which are put in order by what people get on average and cut into as
many strata as the part has places. A form holds one item of each stratum: the forms are as hard as each other place by
place, and share nothing as long as every stratum has an item for each form. A stratum that is too small is gone through
again from its start. Named items stand in every form, as the organiser wants.

Rivals lie in one stratum, of which a form takes one item, so they never meet; and where a stratum has enough without
them, only one of a group of variants stands in any form.

The number of repeated places is the least possible where nothing in the pool has rivals: the items are shared out by
the largest flow, each part's own are cut into equal strata, and a smaller stratum repeats exactly what it lacks. A
group of variants counts once when sections contend for it and cannot be cut in two, and of a tangle of enemies one
peaceful set is taken; there a longer search might now and then save a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from trainer.bank.rules import PoolItem
from trainer.papers.rules.chance import Dice
from trainer.papers.rules.drawing import Part, shared_out
from trainer.papers.rules.rivals import Lot


@dataclass(frozen=True)
class Sharing:
    """What ``forms`` parallel forms have in common in one section (1 first).

    ``named`` items stand in all of them by the organiser's wish and count nowhere else. The other places ask for
    ``needed`` different items and have ``found``; ``shared`` of these stand in more than one form.
    """

    section: int
    forms: int
    named: int
    needed: int
    found: int
    shared: int


def strata_of(parts: Sequence[Part], pool: Sequence[PoolItem], seed: str, forms: int) -> list[list[list[PoolItem]]]:
    """Return for each part its strata, easy ones first, as many as it has places beside its named items.

    No stratum is empty, no item and no two rivals lie in different ones. The same seed and pool, in any order, give the
    same strata. Raises ``CannotDraw`` where not even one paper can be made.
    """
    dice = Dice(f"{seed}:strata")
    return [
        [_items_of(stratum, forms, dice) for stratum in _cut(dice.shuffled(lots), places, forms)]
        for places, lots in shared_out(parts, pool, seed, forms)
    ]


def sharing_of(parts: Sequence[Part], strata: Sequence[Sequence[Sequence[PoolItem]]], forms: int) -> list[Sharing]:
    """Return what forms drawn from the strata share, by section; sections in which they share nothing too."""
    found: dict[int, Sharing] = {}
    for part, own in zip(parts, strata, strict=True):
        so_far = found.get(part.section, Sharing(part.section, forms, 0, 0, 0, 0))
        found[part.section] = Sharing(
            part.section,
            forms,
            so_far.named + part.count - len(own),
            so_far.needed + forms * len(own),
            so_far.found + sum(min(forms, len(stratum)) for stratum in own),
            so_far.shared + sum(min(len(stratum), max(0, forms - len(stratum))) for stratum in own),
        )
    return list(found.values())


def _cut(lots: Sequence[Lot], places: int, forms: int) -> list[list[Lot]]:
    """Return ``places`` strata of the lots; where some lack items for all forms, others give what they can spare."""
    order = sorted(lots, key=lambda lot: -_share(lot))
    bounds = [place * len(order) // places for place in range(places + 1)] if places else [0]
    strata = [order[start:end] for start, end in pairwise(bounds)]
    # Lots of several items make strata uneven. Each move fills more places than it empties, so there is an end to them.
    while move := next(filter(None, (_move(strata, taker, forms) for taker in range(places))), None):
        giver, lot, taker = move
        strata[giver].remove(lot)
        strata[taker].append(lot)
    return strata


def _move(strata: Sequence[Sequence[Lot]], taker: int, forms: int) -> tuple[int, Lot, int] | None:
    """Return from which stratum which lot should go to ``taker``, the nearest that helps; None where none does."""
    lacks = _lack(strata[taker], forms)
    if not lacks:
        return None
    for giver in sorted(range(len(strata)), key=lambda one: abs(one - taker)):
        if giver == taker or len(strata[giver]) < 2:
            continue
        for lot in strata[giver]:
            left = [one for one in strata[giver] if one is not lot]
            gain = lacks - _lack([*strata[taker], lot], forms)
            if gain > _lack(left, forms) - _lack(strata[giver], forms):
                return giver, lot, taker
    return None


def _lack(stratum: Sequence[Lot], forms: int) -> int:
    return max(0, forms - sum(len(lot.items) for lot in stratum))


def _share(lot: Lot) -> int:
    return sum(item.share for item in lot.items) // len(lot.items)


def _items_of(stratum: Sequence[Lot], forms: int, dice: Dice) -> list[PoolItem]:
    """Return the items of a stratum by code: one of each lot where that is enough for all forms, else all of them."""
    if len(stratum) >= forms:
        items = [lot.items[dice.below(len(lot.items))] if len(lot.items) > 1 else lot.items[0] for lot in stratum]
    else:
        items = [item for lot in stratum for item in lot.items]
    return sorted(items, key=lambda item: item.code)
