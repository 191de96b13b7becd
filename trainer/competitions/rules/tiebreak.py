"""The links of a tie-break chain (同分规则), by name, and what a chain may look like. Pure.

Source: the usual chain of written rounds is total, objective part, time used, earlier hand-in, otherwise a shared
place; the chain is part of the notice. That lots come last, and only where the notice says so, is our decision of
2026-11-24: behind a lot no other link would ever be asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

DEFAULT_CHAIN = ("score", "objective_score", "seconds_used", "submitted_at")
LOT_BITS = 62


class Comparable(Protocol):
    """What the links look at. ``submitted_at`` is aware UTC; ``lot`` was drawn by ``draw_lot``."""

    @property
    def score(self) -> Decimal: ...
    @property
    def objective_score(self) -> Decimal: ...
    @property
    def seconds_used(self) -> int: ...
    @property
    def submitted_at(self) -> datetime: ...
    @property
    def lot(self) -> int: ...


def _hundredths(points: Decimal) -> int:
    return int(points.scaleb(2))


# Each link turns into a value of which the smaller one is the better. Points become whole hundredths, because whole
# numbers sort several times as fast as Decimals and say the same.
LINKS: dict[str, Callable[[Any], Any]] = {
    "score": lambda one: -_hundredths(one.score),
    "objective_score": lambda one: -_hundredths(one.objective_score),
    "seconds_used": lambda one: one.seconds_used,
    "submitted_at": lambda one: one.submitted_at,
    "draw_lots": lambda one: one.lot,
}


def chain_problem(chain: Sequence[str]) -> tuple[str, dict[str, str]] | None:
    """Return what is wrong with a chain as (code, params), None when it may be used.

    A chain starts with ``score``, names no link twice, and ends with ``draw_lots`` if it has it at all.
    """
    for link in chain:
        if link not in LINKS:
            return "unknown_value", {"value": link}
    if not chain or chain[0] != "score":
        return "tie_break_starts_with_score", {}
    if len(set(chain)) != len(chain):
        return "tie_break_names_a_link_twice", {}
    if "draw_lots" in chain[:-1]:
        return "tie_break_lots_come_last", {}
    return None


def order_key(chain: Sequence[str]) -> Callable[[Comparable], tuple[Any, ...]]:
    """Return the sort key of a chain: the better comes first, and equal keys share a place. Raises ``KeyError``."""
    links = [LINKS[name] for name in chain]
    return lambda one: tuple([link(one) for link in links])


def sentence_codes(chain: Sequence[str]) -> list[str]:
    """Return the codes of the sentences that state the chain in words, in its order.

    A chain without lots ends by saying that whoever is still equal shares a place.
    """
    codes = [f"tie_{name}" for name in chain]
    return codes if chain[-1] == "draw_lots" else [*codes, "tie_shared"]


def draw_lot(seed: str, round_id: int, user_id: int) -> int:
    """Return the lot of a person in a round; the same arguments always give the same lot, 0 ≤ lot < 2**62.

    ``seed`` is the secret seed of the exam's blueprint, fixed before anybody sits it, so that nobody can wait for
    better luck; once the seed is published anybody can draw again.
    """
    digest = hashlib.sha256(f"lot|{seed}|{round_id}|{user_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - LOT_BITS)
