"""From scores to places. Pure.

Places are shared as 1, 2, 2, 4: whoever is equal in the whole chain has the same place, and the next place counts
everybody before it (标准竞赛排名). Never 1, 2, 2, 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


def rank(items: Iterable[T], key: Callable[[T], Any], *, then: Callable[[T], Any]) -> list[tuple[int, T]]:
    """Return (place, item), the best first; items of equal ``key`` share a place.

    ``then`` orders those who share a place for reading only and never decides a place; with it the order of the
    result does not depend on the order of ``items``. An empty input gives an empty list.
    """
    keyed = sorted(((key(item), then(item), item) for item in items), key=lambda one: one[:2])
    ranked: list[tuple[int, T]] = []
    place, before = 0, None
    for number, (value, _reading, item) in enumerate(keyed, 1):
        if number == 1 or value != before:
            place, before = number, value
        ranked.append((place, item))
    return ranked
