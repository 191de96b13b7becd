"""Which items must never meet in one paper: variants of one question and declared enemies.

One item can give away the key of another, or ask the same in other words. Both relations hold in both directions,
whoever declared them. Near-duplicates (``question_bank.similar``) are only suspected and not among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class Kept(Protocol):
    """What needs to be known of an item: an ``Item``, or a row about one."""

    @property
    def id(self) -> str: ...
    @property
    def variant_group(self) -> str | None: ...
    @property
    def enemies(self) -> tuple[str, ...]: ...


def rivals(items: Iterable[Kept]) -> Mapping[str, frozenset[str]]:
    """Return for each item, by id, the ids it must not meet; items without any are left out.

    Only ids of the given items are in the answer: an enemy that is not among them cannot be met.
    """
    held = {item.id: item for item in items}
    groups: dict[str, set[str]] = {}
    apart: dict[str, set[str]] = {}
    for item in held.values():
        if item.variant_group is not None:
            groups.setdefault(item.variant_group, set()).add(item.id)
        for enemy in item.enemies:
            if enemy in held:
                apart.setdefault(item.id, set()).add(enemy)
                apart.setdefault(enemy, set()).add(item.id)
    for group in groups.values():
        for item_id in group:
            apart.setdefault(item_id, set()).update(group - {item_id})
    return {item_id: frozenset(others) for item_id, others in sorted(apart.items()) if others}
