"""Chance that can be repeated by anybody who knows the seed, in any language and for ever.

The numbers are the SHA-256 of ``seed:0``, ``seed:1`` … (UTF-8), each cut into four whole numbers of 64 bits, big end
first. ``below(n)`` takes the next number, throws it away while it is not below the largest multiple of n in reach, and
gives the rest of the division by n; so all values are equally likely. The standard library's generator promises the
same draws only within one version of Python.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
REACH = 2**64


class Dice:
    """A stream of chance grown from ``seed``; the same seed gives the same stream."""

    def __init__(self, seed: str) -> None:
        self._numbers = _numbers(seed)

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, not including, ``limit`` (1 or more)."""
        fair = REACH - REACH % limit
        while True:
            number = next(self._numbers)
            if number < fair:
                return number % limit

    def sample(self, things: Sequence[T], count: int) -> list[T]:
        """Return ``count`` different places of ``things`` in the order drawn; never more than there are."""
        left = list(things)
        taken = min(count, len(left))
        for place in range(taken):
            other = place + self.below(len(left) - place)
            left[place], left[other] = left[other], left[place]
        return left[:taken]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """Return all of ``things`` in an order by chance."""
        return self.sample(things, len(things))


def _numbers(seed: str) -> Iterator[int]:
    block = 0
    while True:
        digest = hashlib.sha256(f"{seed}:{block}".encode()).digest()
        for start in range(0, 32, 8):
            yield int.from_bytes(digest[start : start + 8], "big")
        block += 1
