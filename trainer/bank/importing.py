"""Taking items into the bank, whole files at a time: all or nothing, and a second run changes nothing.

An item is known by its id, its text by the hash over its content. What is new gets a first version, what has changed
a further one; versions that stand are never touched, because papers point to them. Whether a new text stands at once
or waits for a reviewer is a matter of ``Terms``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from question_bank import Item, load
from question_bank.difference import changes_key
from question_bank.fields import OPEN
from question_bank.incoming import misfiled
from question_bank.kinds import public
from trainer.audit.service import record
from trainer.bank.lawchange import drop_proposals, look_through
from trainer.bank.models import ItemBasis, ItemEnemy, ItemField, ItemPair, ItemRecord, ItemVersion
from trainer.bank.rules import FIRST_STATES
from trainer.core.database import one_at_a_time, transaction

PART = 500
IMPORTS = 7_340_024


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one entry of a file. ``row`` counts the entries from 1, 0 means the file as a whole."""

    row: int
    item_id: str
    place: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do with ``dry_run``. With ``problems`` nothing was stored.

    The lists hold item ids in the order of the file. ``changed`` are items whose new text stands, ``proposed`` those
    whose new text waits for a reviewer. ``kept`` are items whose text somebody has edited here since: the shipped
    content does not overwrite them. ``busy`` were left alone, because somebody is at work on them or has retired them.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    problems: tuple[RowProblem, ...] = ()


def filing_problems(items: Iterable[Item]) -> list[RowProblem]:
    """Return where items are filed under topics, wings or fields that do not exist, and ids used twice."""
    problems: list[RowProblem] = []
    seen: set[str] = set()
    for row, item in enumerate(items, start=1):
        if item.id in seen:
            problems.append(RowProblem(row, item.id, "id", "duplicate_id"))
        seen.add(item.id)
        problems += [RowProblem(row, item.id, one.place, one.code, dict(one.params)) for one in misfiled(item)]
    return problems


@dataclass(frozen=True)
class Terms:
    """How what comes in takes its place.

    ``first`` is the state of an item that was never published. Of a published one a mend of the wording stands at once
    with ``mends``, a change of key with ``keys``; without, it becomes a proposal in review. ``overrules`` also writes
    over what others are at work on, or have retired, which otherwise is left alone.
    """

    first: str = "draft"
    mends: bool = False
    keys: bool = False
    overrules: bool = False


DRAFTS = Terms()
TO_REVIEW = Terms(first="in_review")
MENDS = Terms(first="in_review", mends=True)
# The word of whoever runs the server, who is not one of the people of the bank: new items are drawn at once.
OPERATOR = Terms(first="published", mends=True)
ALL_AT_ONCE = Terms(first="published", mends=True, keys=True, overrules=True)


@dataclass(frozen=True)
class Entry:
    """An item ready for its rows: ``body`` is its JSON form, ``public`` what candidates see of it."""

    id: str
    body: dict[str, Any]
    public: dict[str, Any]
    content_hash: bytes
    note: str = ""

    @classmethod
    def of(cls, item: Item, note: str = "") -> Entry:
        """Return the entry of an item."""
        return cls(item.id, item.to_dict(), public(item), bytes.fromhex(item.content_hash()), note)

    @property
    def enemies(self) -> tuple[str, ...]:
        """The ids of the items it must not meet."""
        return tuple(self.body.get("enemies", ()))


def import_items(
    items: list[Item],
    *,
    by: int | None,
    now: datetime,
    publish: bool = False,
    dry_run: bool = False,
    terms: Terms | None = None,
) -> ImportReport:
    """Take items in and return what happened; all or nothing.

    New items are drafts, and new texts of published ones proposals in review, unless ``publish``; with it what was new
    or changed may be drawn at once, except items that somebody has retired. ``terms`` says it more finely. A changed
    item gets a further version, an equal one is left alone.
    """
    problems = filing_problems(items)
    if problems:
        return ImportReport(problems=tuple(problems))
    with transaction() as session:
        hold_bank(session)
        unknown = _unknown_enemies(session, items)
        if unknown:
            return ImportReport(problems=tuple(unknown))
        entries = [Entry.of(item) for item in items]
        return put_in(
            session, entries, by=by, now=now, terms=terms or (ALL_AT_ONCE if publish else DRAFTS), dry_run=dry_run
        )


def load_shipped(*, now: datetime) -> ImportReport:
    """Bring the shipped content into the bank, published. A second run changes nothing and writes nothing.

    Raises ``question_bank.store.InvalidBank`` when the content is faulty. An item edited on this site since it came
    is kept as it is. The register may have come with a newer version of a law: all items are looked through for it.
    """
    items = list(load())
    entries = [Entry.of(item) for item in items]
    with transaction() as session:
        hold_bank(session)
        problems = _unknown_enemies(session, items)
        if problems:
            return ImportReport(problems=tuple(problems))
        report = put_in(session, entries, by=None, now=now, terms=ALL_AT_ONCE, shipped=True)
        look_through(session, by=None, now=now)
        return report


@dataclass(frozen=True)
class _Known:
    item_id: int
    state: str
    variant_group: str | None
    version_id: int
    current: bytes | None
    proposed: bytes | None
    has_proposal: bool
    number: int
    edited_here: bool
    hashes: frozenset[bytes]


def _lock(session: Session, codes: list[str]) -> None:
    """Keep reviewers and writers off the items of these codes; in the order of ids, as everybody who locks many."""
    wanted = select(ItemRecord.id).order_by(ItemRecord.id).with_for_update()
    ids: list[int] = []
    for start in range(0, len(codes), PART):
        ids += session.scalars(select(ItemRecord.id).where(ItemRecord.code.in_(codes[start : start + PART])))
    ids.sort()
    for start in range(0, len(ids), PART):
        session.execute(wanted.where(ItemRecord.id.in_(ids[start : start + PART])))


def _known(session: Session, codes: list[str]) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for start in range(0, len(codes), PART):
        rows = session.execute(
            select(
                ItemRecord.code,
                ItemRecord.id,
                ItemRecord.state,
                ItemRecord.variant_group,
                ItemRecord.version_id,
                ItemRecord.proposed_version_id,
                ItemVersion.id.label("own"),
                ItemVersion.number,
                ItemVersion.content_hash,
                ItemVersion.is_shipped,
            )
            .join(ItemVersion, ItemVersion.item_id == ItemRecord.id)
            .where(ItemRecord.code.in_(codes[start : start + PART]))
            .order_by(ItemRecord.id, ItemVersion.number)
        ).all()
        for row in rows:
            before = found.get(row.code)
            is_current = row.own == row.version_id
            is_proposed = row.own == row.proposed_version_id
            found[row.code] = _Known(
                item_id=row.id,
                state=row.state,
                variant_group=row.variant_group,
                version_id=row.version_id,
                current=row.content_hash if is_current else (before.current if before else None),
                proposed=row.content_hash if is_proposed else (before.proposed if before else None),
                has_proposal=row.proposed_version_id is not None,
                number=row.number,
                edited_here=not row.is_shipped if is_current else bool(before and before.edited_here),
                hashes=(before.hashes if before else frozenset()) | {row.content_hash},
            )
    return found


@dataclass
class _Places:
    """What becomes of each entry: made anew, standing at once, or proposed (with whether its key is another one)."""

    added: list[Entry] = field(default_factory=list)
    standing: list[Entry] = field(default_factory=list)
    proposed: list[Entry] = field(default_factory=list)
    other_key: set[str] = field(default_factory=set)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)


def _sorted(
    session: Session, entries: list[Entry], known: dict[str, _Known], terms: Terms, *, shipped: bool
) -> _Places:
    places = _Places()
    changed: list[tuple[Entry, _Known]] = []
    for entry in entries:
        held = known.get(entry.id)
        if held is None:
            places.added.append(entry)
        elif entry.content_hash in (held.current, held.proposed) or (shipped and entry.content_hash in held.hashes):
            places.unchanged.append(entry.id)
        elif shipped and held.edited_here:
            places.kept.append(entry.id)
        elif not terms.overrules and (held.has_proposal or held.state in ("in_review", "retired")):
            places.busy.append(entry.id)
        else:
            changed.append((entry, held))
    standing = _bodies(session, [held.version_id for _entry, held in changed if held.state not in FIRST_STATES])
    for entry, held in changed:
        if held.state in FIRST_STATES:
            places.standing.append(entry)
            continue
        if changes_key(Item.from_dict(standing[held.version_id]), Item.from_dict(entry.body)):
            places.other_key.add(entry.id)
        at_once = terms.keys if entry.id in places.other_key else terms.mends
        (places.standing if at_once else places.proposed).append(entry)
    return places


def _bodies(session: Session, version_ids: list[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(version_ids), PART):
        rows = select(ItemVersion.id, ItemVersion.body).where(ItemVersion.id.in_(version_ids[start : start + PART]))
        found.update({row.id: row.body for row in session.execute(rows)})
    return found


def hold_bank(session: Session) -> None:
    """Let no other import write until this transaction ends: both would bring the same new item."""
    one_at_a_time(session, IMPORTS)


def put_in(
    session: Session,
    entries: list[Entry],
    *,
    by: int | None,
    now: datetime,
    terms: Terms,
    dry_run: bool = False,
    shipped: bool = False,
) -> ImportReport:
    """Put entries into the bank under ``terms`` and return what happened. Joins the caller's transaction.

    No two entries have the same id, and their enemies are in the bank or among them. The caller has called
    ``hold_bank``.
    """
    _lock(session, [entry.id for entry in entries])
    known = _known(session, [entry.id for entry in entries])
    places = _sorted(session, entries, known, terms, shipped=shipped)
    report = ImportReport(
        added=tuple(entry.id for entry in places.added),
        changed=tuple(entry.id for entry in places.standing),
        proposed=tuple(entry.id for entry in places.proposed),
        unchanged=tuple(places.unchanged),
        kept=tuple(places.kept),
        busy=tuple(places.busy),
    )
    fresh = places.added + places.standing
    if dry_run or not (fresh or places.proposed):
        return report
    ids = {code: held.item_id for code, held in known.items()}
    if places.added:
        rows = [
            _columns(entry) | {"code": entry.id, "state": terms.first, "author_id": by, "created_at": now}
            for entry in places.added
        ]
        made = session.execute(insert(ItemRecord).returning(ItemRecord.id, ItemRecord.code), rows)
        ids.update({code: item_id for item_id, code in made})
    if places.standing:
        old = [ids[entry.id] for entry in places.standing]
        for start in range(0, len(old), PART):
            session.execute(delete(ItemField).where(ItemField.item_id.in_(old[start : start + PART])))
            session.execute(delete(ItemBasis).where(ItemBasis.item_id.in_(old[start : start + PART])))
    coming = fresh + places.proposed
    version_of: dict[int, int] = {}
    # In parts: the statement of all of them holds every text a second and a third time.
    for start in range(0, len(coming), PART):
        versions = [
            {
                "item_id": ids[entry.id],
                "number": known[entry.id].number + 1 if entry.id in known else 1,
                "body": entry.body,
                "public": entry.public,
                "content_hash": entry.content_hash,
                "created_at": now,
                "created_by": by,
                "changes_key": entry.id in places.other_key,
                "note": entry.note[:300],
                "is_shipped": by is None,
            }
            for entry in coming[start : start + PART]
        ]
        made = session.execute(insert(ItemVersion).returning(ItemVersion.id, ItemVersion.item_id), versions)
        version_of.update((item_id, version_id) for version_id, item_id in made)
    if fresh:
        _let_stand(session, fresh, ids, version_of, known, terms)
    if places.proposed:
        session.execute(
            update(ItemRecord),
            [
                {
                    "id": ids[entry.id],
                    "proposed_version_id": version_of[ids[entry.id]],
                    "proposed_state": "in_review",
                }
                for entry in places.proposed
            ],
        )
    look_through(session, item_ids=[ids[entry.id] for entry in fresh], by=by, now=now)
    record(
        "items.imported",
        by=by,
        target="bank",
        detail={
            "added": len(places.added),
            "changed": len(places.standing),
            "proposed": len(places.proposed),
            "published": terms.first == "published",
            "shipped": shipped,
        },
    )
    return report


def _let_stand(
    session: Session,
    fresh: list[Entry],
    ids: dict[str, int],
    version_of: dict[int, int],
    known: dict[str, _Known],
    terms: Terms,
) -> None:
    updates = []
    for entry in fresh:
        held = known.get(entry.id)
        columns = _columns(entry)
        if held is not None and columns["variant_group"] is None:
            # A file that names no group says nothing against one that was made here.
            columns["variant_group"] = held.variant_group
        state = terms.first if held is None else _state_after(held.state, terms)
        updates.append({"id": ids[entry.id], "version_id": version_of[ids[entry.id]], "state": state} | columns)
    session.execute(update(ItemRecord), updates)
    drop_proposals(session, [ids[entry.id] for entry in fresh if entry.id in known])
    session.execute(
        insert(ItemField), [{"item_id": ids[entry.id], "field": one} for entry in fresh for one in entry.body["fields"]]
    )
    bases = [
        {
            "item_id": ids[entry.id],
            "law": basis["law"],
            "law_version": basis["version"],
            "article": basis["article"],
            "paragraph": basis.get("paragraph"),
            "point": basis.get("item"),
        }
        for entry in fresh
        for basis in _citations(entry.body)
    ]
    if bases:
        # The table, not the class: rows of the class are parted by which of their columns are empty.
        session.execute(insert(ItemBasis.__table__), bases)
    declare_enemies(session, fresh, ids)


def _citations(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an item and its parts cite, each place once, in order."""
    found = [*body["basis"], *(one for part in body.get("parts", ()) for one in part.get("basis", ()))]
    return list({tuple(sorted((name, str(value)) for name, value in one.items())): one for one in found}.values())


def _unknown_enemies(session: Session, items: list[Item]) -> list[RowProblem]:
    """Return the enemies that are neither in the file nor in the bank: they would be forgotten when they come."""
    known = {item.id for item in items}
    asked = sorted({enemy for item in items for enemy in item.enemies} - known)
    for start in range(0, len(asked), PART):
        known.update(session.scalars(select(ItemRecord.code).where(ItemRecord.code.in_(asked[start : start + PART]))))
    return [
        RowProblem(row, item.id, "enemies", "unknown_enemy", {"enemy": enemy})
        for row, item in enumerate(items, start=1)
        for enemy in item.enemies
        if enemy not in known
    ]


def declare_enemies(session: Session, items: Sequence[Item | Entry], ids: dict[str, int]) -> None:
    """Put down the enemies of items that are new or changed, in place of what those declared before.

    What the other side declares stands in its own text, so both texts of a pair are asked. What a manager decided on a
    pair (``alike.py``) stays.
    """
    own = [ids[item.id] for item in items]
    met: set[int] = set()
    for start in range(0, len(own), PART):
        part = own[start : start + PART]
        either = or_(ItemEnemy.item_id.in_(part), ItemEnemy.enemy_id.in_(part))
        for pair in session.execute(select(ItemEnemy.item_id, ItemEnemy.enemy_id).where(either)):
            met.update(pair)
        session.execute(delete(ItemEnemy).where(either))
    declared = {item.id: set(item.enemies) for item in items}
    mine = set(declared)
    others = sorted(met - set(own))
    for start in range(0, len(others), PART):
        rows = session.scalars(
            select(ItemVersion.body)
            .join(ItemRecord, ItemRecord.version_id == ItemVersion.id)
            .where(ItemRecord.id.in_(others[start : start + PART]))
        )
        declared.update({body["id"]: set(body.get("enemies", ())) & mine for body in rows})
    names = sorted(set(declared) | {enemy for enemies in declared.values() for enemy in enemies})
    number = dict(ids)
    for start in range(0, len(names), PART):
        found = select(ItemRecord.code, ItemRecord.id).where(ItemRecord.code.in_(names[start : start + PART]))
        number.update((row.code, row.id) for row in session.execute(found))
    pairs = {
        tuple(sorted((number[code], number[enemy])))
        for code, enemies in declared.items()
        for enemy in enemies
        if code in number and enemy in number
    }
    for start in range(0, len(own), PART):
        part = own[start : start + PART]
        decided = select(ItemPair.item_id, ItemPair.other_id).where(
            ItemPair.verdict == "enemies", or_(ItemPair.item_id.in_(part), ItemPair.other_id.in_(part))
        )
        pairs.update((row.item_id, row.other_id) for row in session.execute(decided))
    if pairs:
        session.execute(insert(ItemEnemy), [{"item_id": one, "enemy_id": other} for one, other in sorted(pairs)])


def _columns(entry: Entry) -> dict[str, Any]:
    names = ("kind", "wing", "topic", "difficulty", "level")
    return {name: entry.body[name] for name in names} | {
        "pool": entry.body.get("pool", OPEN),
        "variant_group": entry.body.get("variant_group"),
    }


def _state_after(state: str, terms: Terms) -> str:
    """Return the state of an item whose text has just changed; what was retired by somebody stays so."""
    if state == "retired":
        return state
    return terms.first if state in FIRST_STATES else "published"


def count_items(session: Session) -> int:
    """Return how many items there are in all states."""
    return session.scalar(select(func.count()).select_from(ItemRecord)) or 0
