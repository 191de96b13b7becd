"""Sealing the rows of an append-only table into a chain (``chain.py``), and checking that chain.

The append itself stays plain: a chain computed in the transaction of every write would put all writers of a
PostgreSQL server into one row. So rows come unsealed, and a job seals them within a second. What is changed in that
second is not told by the chain.

The key (``<name>.key``) and the heads (``heads.json``) lie in INSTANCE/keys with mode 0600: outside the database and
outside its backups. A head is kept after the commit of the seal, so it may lag behind by one run, never lead. Whoever
seals first compares the table with the head: a table whose end was cut is not sealed on, for that would cover the
cut. After a backup has been restored the table rightly ends before the head; ``adopt_head`` then takes the table's
end as the new head, and the caller records who decided so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from trainer.config import read_or_make_key
from trainer.core.chain import FIRST, Break, Head, Sealed, code, first_break
from trainer.core.database import db, end_read, one_at_a_time, transaction
from trainer.core.errors import Refused

BATCH = 1000
SEAL_COLUMNS = ("chain_no", "mac")
# Two schedulers at once on PostgreSQL would give one number twice; SQLite's write lock orders them by itself.
ADVISORY_LOCK = 7_340_021


class ChainBroken(Refused):
    """The table does not hold what was sealed last; nothing is sealed until somebody has looked."""

    code = "chain_broken"


def seal(model: Any, name: str, keys: Path) -> int:
    """Seal all rows of ``model`` that are not sealed yet, oldest id first, and return how many.

    A second call with nothing new writes nothing and returns 0. Raises ``ChainBroken`` when the table's end is not
    the head that was kept.
    """
    count = 0
    while done := _seal_batch(model, name, keys):
        count += done
    return count


def _seal_batch(model: Any, name: str, keys: Path) -> int:
    waiting = select(*_columns(model)).where(model.chain_no.is_(None)).order_by(model.id).limit(BATCH)
    # The empty case is the usual one, once a second: it takes no write lock.
    if db.session().execute(waiting.limit(1)).first() is None:
        return 0
    with transaction() as session:
        one_at_a_time(session, ADVISORY_LOCK)
        last = _continue_from(session, model, name, read_head(keys, name))
        key = read_or_make_key(_key_file(keys, name))
        sealed = []
        for row in session.execute(waiting):
            content = _content(row)
            last = Head(last.number + 1, code(key, name, last.number + 1, last.mac, content))
            sealed.append({"id": content["id"], "chain_no": last.number, "mac": last.mac})
        if sealed:
            session.execute(update(model), sealed)
    if sealed:
        keep_head(keys, name, last)
    return len(sealed)


def _continue_from(session: Session, model: Any, name: str, head: Head) -> Head:
    last = _end(session, model)
    at_head = session.scalar(select(model.mac).where(model.chain_no == head.number)) if head.number else FIRST
    if last.number < head.number or at_head != head.mac:
        raise ChainBroken(chain=name, number=head.number)
    return last


def _end(session: Session, model: Any) -> Head:
    row = session.execute(
        select(model.chain_no, model.mac).where(model.chain_no.is_not(None)).order_by(model.chain_no.desc()).limit(1)
    ).first()
    return Head(row.chain_no, row.mac) if row else Head()


def check(model: Any, name: str, keys: Path) -> tuple[int, int, Break | None]:
    """Return how many rows are sealed, how many wait for it, and the first break (None where the chain holds).

    Reads the whole table in order, a batch at a time, and writes nothing.
    """
    # The head comes first, before the read begins: one that is newer than the rows would look like a cut end.
    end_read()
    head = read_head(keys, name)
    session = db.session()
    sealed = session.scalar(select(func.count()).where(model.chain_no.is_not(None))) or 0
    waiting = session.scalar(select(func.count()).where(model.chain_no.is_(None))) or 0
    if not sealed and not head.number:
        return 0, waiting, None
    if not _key_file(keys, name).exists():
        return sealed, waiting, Break("no_key", 1)
    key = read_or_make_key(_key_file(keys, name))
    return sealed, waiting, first_break(key, name, _rows(session, model), head)


@dataclass(frozen=True)
class Glance:
    """A chain as its ends show it: how many rows are sealed, how many wait, and whether the end is the kept head."""

    sealed: int
    waiting: int
    holds: bool


def glance(model: Any, name: str, keys: Path) -> Glance:
    """Return how a chain stands without reading it; what was changed in its middle is found by ``check`` alone."""
    session, head = db.session(), read_head(keys, name)
    waiting = session.scalar(select(func.count()).where(model.chain_no.is_(None))) or 0
    last = _end(session, model)
    try:
        _continue_from(session, model, name, head)
    except ChainBroken:
        return Glance(last.number, waiting, False)
    return Glance(last.number, waiting, True)


def _rows(session: Session, model: Any) -> Iterator[Sealed]:
    after = -(2**62)
    while True:
        part = session.execute(
            select(*_columns(model), model.chain_no.label("_number"), model.mac.label("_mac"))
            .where(model.chain_no > after)
            .order_by(model.chain_no)
            .limit(BATCH)
        ).all()
        for row in part:
            content = _content(row)
            after = content.pop("_number")
            yield Sealed(after, content.pop("_mac") or b"", content)
        if len(part) < BATCH:
            return


def adopt_head(model: Any, name: str, keys: Path) -> Head:
    """Take the end of the table as the head from now on, and return it. For the restoring of a backup alone."""
    head = _end(db.session(), model)
    keep_head(keys, name, head)
    return head


def read_head(keys: Path, name: str) -> Head:
    """Return the head that was kept for a chain; number 0 where none was."""
    kept = _heads(keys).get(name)
    return Head(kept["number"], bytes.fromhex(kept["mac"])) if kept else Head()


def keep_head(keys: Path, name: str, head: Head) -> None:
    """Keep the head of a chain on disk, whole or not at all, synced before it is put in place."""
    heads = _heads(keys) | {name: {"number": head.number, "mac": head.mac.hex()}}
    half = keys / f"heads.json.{os.getpid()}"
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(heads, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    half.replace(keys / "heads.json")


def _heads(keys: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = orjson.loads((keys / "heads.json").read_bytes())
    except FileNotFoundError:
        return {}
    return kept


def _key_file(keys: Path, name: str) -> Path:
    return keys / f"{name}.key"


def _columns(model: Any) -> list[Any]:
    return [column for column in model.__table__.columns if column.name not in SEAL_COLUMNS]


def _content(row: Any) -> dict[str, Any]:
    return dict(row._mapping)
