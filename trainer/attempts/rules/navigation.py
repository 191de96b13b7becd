"""Sequential navigation (顺序作答): an item that was left cannot be answered any more. Pure.

Our decision of 2026-11-27. In such an attempt the page numbers all its saves by one counter, and coming to an item is
itself a save of that item, without an answer at first. So the log tells when each item was left: at the lowest number
seen of any item behind it. The numbers decide and not the arrival: what was typed before the step may come after it,
out of the outbox of a page that was off line. What the rule cannot know is what a forged page never tells, or numbers
back; the log of events shows by its times what came late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def first_seen(known: Mapping[int, int], given: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the lowest ``seq`` of each item over what is stored (``known``) and the (number, seq) of one call."""
    first = dict(known)
    for number, seq in given:
        first[number] = min(seq, first.get(number, seq))
    return first


def was_left(first: Mapping[int, int], number: int, seq: int) -> bool:
    """Return whether a save of ``number`` was made after the step to a later item; ``first`` as of ``first_seen``."""
    return any(other > number and lowest < seq for other, lowest in first.items())


def furthest(numbers: Iterable[int]) -> int:
    """Return the item that a sequential attempt is at, by the items with a save; the first one before any."""
    return max(numbers, default=1)
