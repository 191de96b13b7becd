"""Who goes through to the next round (晋级). Pure.

Our decisions of 2026-11-24: all who share the last place that goes through go through, so a cut may let more than
``top`` pass (a chain that ends in lots leaves no such tie). Places guaranteed to units come on top of ``top`` and
push nobody out; there too a tie at the edge lets all of it pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ranked:
    """Somebody in a ranking: ``key`` names them, ``unit`` is what ``per_unit_at_least`` counts by."""

    place: int
    key: Hashable
    unit: Hashable


@dataclass(frozen=True)
class Advanced:
    """Somebody who goes through. ``reason``: ``top``, ``tied`` (equal to the last of the top), ``unit``."""

    key: Hashable
    reason: str


def advancing(ranking: Sequence[Ranked], *, top: int, per_unit_at_least: int = 0) -> list[Advanced]:
    """Return who goes through, in the order of ``ranking`` (best first, shared places as 1, 2, 2, 4).

    ``tied`` marks those beyond the number ``top`` who share the last place within it. A unit with fewer people in
    the ranking than ``per_unit_at_least`` sends all it has.
    """
    cut = ranking[min(top, len(ranking)) - 1].place if ranking and top > 0 else 0
    through: dict[Hashable, str] = {}
    of_unit: dict[Hashable, list[Ranked]] = defaultdict(list)
    for number, one in enumerate(ranking, 1):
        of_unit[one.unit].append(one)
        if one.place <= cut:
            through[one.key] = "top" if number <= top else "tied"
    if per_unit_at_least > 0:
        for members in of_unit.values():
            edge = members[min(per_unit_at_least, len(members)) - 1].place
            for one in members:
                if one.place <= edge:
                    through.setdefault(one.key, "unit")
    return [Advanced(one.key, through[one.key]) for one in ranking if one.key in through]
