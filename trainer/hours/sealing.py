"""Sealing and checking of the two chains of the site: the hours ledger and the audit record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.audit.models import Entry
from trainer.core import seals
from trainer.core.chain import Break
from trainer.core.seals import Glance
from trainer.hours.models import LedgerEntry

CHAINS: dict[str, Any] = {"hours": LedgerEntry, "audit": Entry}


def seal(keys: Path) -> int:
    """Seal what is new in both chains and return how many rows that were; ``keys`` is the folder of the chains' keys.

    A second call with nothing new writes nothing. Raises ``ChainBroken`` where a chain's end is not what was sealed
    last; the other chain has been sealed then if it comes before.
    """
    return sum(seals.seal(model, name, keys) for name, model in CHAINS.items())


def verify(name: str, keys: Path) -> tuple[int, int, Break | None]:
    """Return how many rows of a chain are sealed, how many wait, and the first break (None where it holds)."""
    return seals.check(CHAINS[name], name, keys)


def glance(name: str, keys: Path) -> Glance:
    """Return how a chain stands by its two ends, cheaply; only ``verify`` proves it."""
    return seals.glance(CHAINS[name], name, keys)


def adopt_heads(keys: Path) -> None:
    """Take the present ends of both chains for their heads: after a restored backup, and then alone."""
    for name, model in CHAINS.items():
        seals.adopt_head(model, name, keys)
