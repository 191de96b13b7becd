"""A keyed chain over the rows of an append-only table. Pure.

Each sealed row bears a number without gaps (1, 2, 3 …) and the HMAC-SHA-256 of the chain's name, that number, the code
of the row before and the canonical bytes of all its other columns. A plain hash chain could be computed anew by
whoever owns the database; this one needs a key that lies outside it (our decision, after the pitfall of plain SHA
chains). What the chain alone cannot tell, that its end was cut off, is told by the head: the last number and code,
kept outside the database as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from trainer.core.crypto import keyed_digest, same

FIRST = bytes(32)


@dataclass(frozen=True)
class Head:
    """The newest sealed row that is known for certain: its number, 0 for none yet, and its code."""

    number: int = 0
    mac: bytes = FIRST


@dataclass(frozen=True)
class Sealed:
    """A sealed row as it stands in the table; ``content`` are its columns without number and code."""

    number: int
    mac: bytes
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Break:
    """The first place at which a chain does not hold.

    ``kind`` is ``changed`` (the content or the code of ``number`` is not what was sealed), ``missing`` (``number`` is
    gone from the middle), ``cut`` (the end is gone from ``number`` on) or ``no_key`` (there are sealed rows, and the
    key that sealed them is not here). ``entry_id`` is the row's id where there is a row, None otherwise.
    """

    kind: str
    number: int
    entry_id: int | None = None


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return the bytes that stand for a row: JSON with sorted names, moments in UTC with microseconds, exact decimals.

    Equal rows give equal bytes on every database. A value of another type than columns have raises ``TypeError``.
    """
    plain = {name: _plain(value) for name, value in content.items()}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return "t:" + value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return "d:" + value.isoformat()
    if isinstance(value, Decimal):
        return f"n:{value:.2f}"
    if isinstance(value, bytes):
        return "b:" + value.hex()
    if isinstance(value, str):
        # The mark keeps a text apart from a day or a number that happens to be written like it.
        return "s:" + value
    return value


def code(key: bytes, name: str, number: int, before: bytes, content: Mapping[str, Any]) -> bytes:
    """Return the 32 bytes that seal ``content`` as row ``number`` of the chain ``name`` behind the code ``before``."""
    return keyed_digest(key, name.encode(), number.to_bytes(8, "big"), before, canonical(content))


def first_break(key: bytes, name: str, rows: Iterable[Sealed], head: Head) -> Break | None:
    """Return the first place at which the chain is broken, None where it holds.

    ``rows`` come in the order of their numbers and are read once. ``head`` may be older than the last row (the site
    stopped between a seal and the keeping of its head) but never newer: then the end has been cut.
    """
    before, number = FIRST, 0
    for row in rows:
        number += 1
        if row.number != number:
            return Break("missing", number)
        expected = code(key, name, number, before, row.content)
        kept = head.number == number and not same(head.mac, row.mac)
        if not same(expected, row.mac) or kept:
            return Break("changed", number, row.content.get("id"))
        before = row.mac
    return Break("cut", number + 1) if number < head.number else None
