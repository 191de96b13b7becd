"""Reads of the bank: the pool of a draw, counts, the list with its filters, one item with its versions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    distinct,
    exists,
    false,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.apart import rivals
from question_bank.fields import RESERVED
from trainer.accounts.models import User
from trainer.bank.models import (
    ITEM_STATES,
    ItemBasis,
    ItemEnemy,
    ItemField,
    ItemMedia,
    ItemRecord,
    ItemStatistic,
    ItemVersion,
)
from trainer.bank.rules import PoolItem
from trainer.bank.rules.rich import stem_in_words
from trainer.core.errors import Missing


def in_quarantine(day: date) -> ColumnElement[bool]:
    """Return the condition on ``ItemRecord`` that a newer version of a law has it out of all draws on a local day."""
    return or_(ItemRecord.state == "quarantined", func.coalesce(ItemRecord.quarantine_on <= day, false()))


def may_be_drawn(until: date) -> ColumnElement[bool]:
    """Return the condition on ``ItemRecord`` that it may be put to somebody on every day up to ``until`` (local)."""
    open_until = or_(ItemRecord.quarantine_on.is_(None), ItemRecord.quarantine_on > until)
    return and_(ItemRecord.state == "published", ItemRecord.version_id.is_not(None), open_until)


def shown_state(today: date) -> ColumnElement[str]:
    """Return the state of an item as lists show it: a published one in quarantine reads ``quarantined``."""
    shut = and_(ItemRecord.state == "published", in_quarantine(today))
    return case((shut, "quarantined"), else_=type_coerce(ItemRecord.state, String))


def read_pool(
    session: Session,
    *,
    until: date,
    kinds: Iterable[str] = (),
    codes: Iterable[str] = (),
    pools: Iterable[str] = ("open",),
    laws: Iterable[str] = (),
) -> list[PoolItem]:
    """Return the published items of ``kinds`` (all when empty) in ``pools``, and those named by ``codes``, by code.

    Each knows which of ``laws`` it cites.

    ``until`` is the last local day on which what is drawn can be sat: an item that goes into quarantine on it or before
    is not in the pool, nor are drafts and retired ones. At most five statements, whatever the size.
    """
    wanted, named = sorted(set(kinds)), sorted(set(codes))
    inside = [may_be_drawn(until)]
    suits = ItemRecord.pool.in_(sorted(set(pools)))
    if wanted:
        suits = and_(suits, ItemRecord.kind.in_(wanted))
    inside.append(or_(suits, ItemRecord.code.in_(named)) if named else suits)
    fields: dict[int, set[str]] = {}
    for item_id, one in session.execute(
        select(ItemField.item_id, ItemField.field).join(ItemRecord, ItemRecord.id == ItemField.item_id).where(*inside)
    ):
        fields.setdefault(item_id, set()).add(one)
    rows = session.execute(
        select(
            ItemRecord.code,
            ItemRecord.id,
            ItemRecord.version_id,
            ItemRecord.kind,
            ItemRecord.wing,
            ItemRecord.topic,
            ItemRecord.difficulty,
            ItemRecord.pool,
            ItemRecord.variant_group,
            ItemRecord.level,
        )
        .where(*inside)
        .order_by(ItemRecord.code)
    ).all()
    apart = _rivals(session, rows)
    facilities = _facilities(session)
    cited: dict[int, set[str]] = {}
    if asked := sorted(set(laws)):
        for item_id, law in session.execute(
            select(ItemBasis.item_id, ItemBasis.law).where(ItemBasis.law.in_(asked)).distinct()
        ):
            cited.setdefault(item_id, set()).add(law)
    return [
        PoolItem(
            row.code,
            row.id,
            row.version_id,
            row.kind,
            row.wing,
            row.topic,
            row.difficulty,
            frozenset(fields.get(row.id, ())),
            row.pool,
            apart.get(row.code, frozenset()),
            row.level,
            frozenset(cited.get(row.id, ())),
            facilities.get(row.id),
        )
        for row in rows
    ]


# Below so many people a share says less than the author's label. Ours, of 2026-11-27: with 30 it is ± 18 points.
MEASURED_LEAST = 30


def _facilities(session: Session) -> dict[int, int]:
    """Return the measured facility of items in ten-thousandths, that of exams before that of practice."""
    rows = session.execute(
        select(ItemStatistic.item_id, ItemStatistic.facility)
        .where(ItemStatistic.shown >= MEASURED_LEAST, ItemStatistic.facility.is_not(None))
        # A later row overwrites an earlier one: practice comes first.
        .order_by(ItemStatistic.origin.desc())
    )
    return {row.item_id: row.facility for row in rows}


@dataclass(frozen=True)
class _Kept:
    """A row as ``question_bank.apart`` wants it."""

    id: str
    variant_group: str | None
    enemies: tuple[str, ...]


def _rivals(session: Session, rows: Sequence[Any]) -> Mapping[str, frozenset[str]]:
    code_of = {row.id: row.code for row in rows}
    enemies: dict[int, list[str]] = {}
    for item_id, enemy_id in session.execute(select(ItemEnemy.item_id, ItemEnemy.enemy_id)):
        if item_id in code_of and enemy_id in code_of:
            enemies.setdefault(item_id, []).append(code_of[enemy_id])
    return rivals(_Kept(row.code, row.variant_group, tuple(enemies.get(row.id, ()))) for row in rows)


def reserved_among(session: Session, codes: Collection[str]) -> set[str]:
    """Return which of these items are kept back from study."""
    if not codes:
        return set()
    rows = select(ItemRecord.code).where(ItemRecord.code.in_(sorted(codes)), ItemRecord.pool == RESERVED)
    return set(session.scalars(rows))


def bodies_of_versions(
    session: Session, version_ids: Iterable[int]
) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    """Return (body, public) of versions by their id. The body holds the key: never hand it to a candidate."""
    wanted = sorted(set(version_ids))
    found: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
    for start in range(0, len(wanted), 500):
        rows = session.execute(
            select(ItemVersion.id, ItemVersion.body, ItemVersion.public).where(
                ItemVersion.id.in_(wanted[start : start + 500])
            )
        )
        found.update({row.id: (row.body, row.public) for row in rows})
    return found


# Bands of figures in ten-thousandths, from the first up to below the second; None is open.
FACILITIES: dict[str, tuple[int | None, int | None]] = {
    "hard": (None, 4000),
    "middling": (4000, 7000),
    "easy": (7000, 9000),
    "very_easy": (9000, None),
}
# After Ebel and Frisbie, see reports.rules.advice.
UPPER_LOWERS: dict[str, tuple[int | None, int | None]] = {
    "negative": (None, 0),
    "poor": (0, 2000),
    "marginal": (2000, 3000),
    "good": (3000, 4000),
    "very_good": (4000, None),
}


def advised(code: str) -> ColumnElement[bool]:
    """Return the condition on ``ItemStatistic`` that it bears an advice."""
    return cast(ItemStatistic.advice, String).contains(f'"{code}"', autoescape=True)


def _measured(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on ``ItemRecord`` that its statistics are those wanted."""

    def has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(ItemStatistic.item_id == ItemRecord.id, *conditions)

    found = []
    for column, bands, asked in (
        (ItemStatistic.facility, FACILITIES, wanted.facility),
        (ItemStatistic.upper_lower, UPPER_LOWERS, wanted.upper_lower),
    ):
        if not asked:
            continue
        if asked not in bands:
            return [false()]
        least, most = bands[asked]
        limits = [ItemStatistic.origin == "exam"]
        limits += [] if least is None else [column >= least]
        limits += [] if most is None else [column < most]
        found.append(has(*limits))
    if wanted.advice:
        found.append(has(advised(wanted.advice)))
    return found


@dataclass(frozen=True)
class ItemFilter:
    """What the list of items is filtered by; an empty part filters nothing. ``words`` all have to occur.

    ``facility`` and ``upper_lower`` are keys of ``FACILITIES`` and ``UPPER_LOWERS``, over the answers in exams;
    ``advice`` is a code of ``ItemStatistic.advice``, in exams or in practice.
    """

    words: str = ""
    kind: str = ""
    wing: str = ""
    topic: str = ""
    field: str = ""
    state: str = ""
    difficulty: int | None = None
    law: str = ""
    pool: str = ""
    facility: str = ""
    upper_lower: str = ""
    advice: str = ""


@dataclass(frozen=True)
class ItemRow:
    """One line of the list of items."""

    id: int
    code: str
    kind: str
    wing: str
    topic: str
    difficulty: int
    state: str
    stem: str


def items_matching(wanted: ItemFilter, today: date) -> Select[Any]:
    """Return the select of items for ``paged``, by code; rows fit ``row_of``. States are those of ``shown_state``."""
    state = shown_state(today)
    rows = (
        select(
            ItemRecord.id,
            ItemRecord.code,
            ItemRecord.kind,
            ItemRecord.wing,
            ItemRecord.topic,
            ItemRecord.difficulty,
            state.label("state"),
            ItemVersion.public,
        )
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .order_by(ItemRecord.code)
    )
    for column, value in (
        (ItemRecord.kind, wanted.kind),
        (ItemRecord.wing, wanted.wing),
        (ItemRecord.topic, wanted.topic),
        (ItemRecord.pool, wanted.pool),
    ):
        if value:
            rows = rows.where(column == value)
    if wanted.state:
        rows = rows.where(state == wanted.state if wanted.state in ITEM_STATES else false())
    if wanted.difficulty:
        rows = rows.where(ItemRecord.difficulty == wanted.difficulty)
    if wanted.field:
        rows = rows.where(exists().where(ItemField.item_id == ItemRecord.id, ItemField.field == wanted.field))
    if wanted.law:
        rows = rows.where(exists().where(ItemBasis.item_id == ItemRecord.id, ItemBasis.law == wanted.law))
    rows = rows.where(*_measured(wanted))
    for word in wanted.words.split()[:8]:
        rows = rows.where(
            or_(ItemRecord.code.contains(word.lower(), autoescape=True), _text_has(word)),
        )
    return rows


def _text_has(word: str) -> Any:
    """Return the condition that the stem or an option holds ``word``, as it is written inside JSON text."""
    return cast(ItemVersion.public, String).contains(orjson.dumps(word).decode()[1:-1], autoescape=True)


def row_of(row: Any) -> ItemRow:
    """Return a row of ``items_matching`` as a line of the list."""
    return ItemRow(
        row.id, row.code, row.kind, row.wing, row.topic, row.difficulty, row.state, stem_in_words(row.public)
    )


def counts_by(session: Session, column: str, today: date) -> dict[str, int]:
    """Return how many items there are by ``state`` (as shown), ``kind``, ``wing`` or ``topic``."""
    by = {
        "state": shown_state(today),
        "kind": ItemRecord.kind,
        "wing": ItemRecord.wing,
        "topic": ItemRecord.topic,
    }[column]
    # PostgreSQL does not see that two parameters of a grouped expression are the same: it is named first.
    column_of = select(by.label("value")).subquery()
    counted = select(column_of.c.value, func.count()).group_by(column_of.c.value)
    return {row[0]: row[1] for row in session.execute(counted)}


def medium_type(session: Session, sha256: str) -> str | None:
    """Return the media type of a file of items, None for one that the bank does not hold."""
    return session.scalar(select(ItemMedia.media_type).where(ItemMedia.sha256 == sha256))


def shows_medium(sha256: str, *, after_answer: bool = False) -> ColumnElement[bool]:
    """Return the condition on ``ItemVersion`` that its candidates see this medium, or see it after the answer too."""
    text = ItemVersion.body if after_answer else ItemVersion.public
    return cast(text, String).contains(f'"{sha256}"', autoescape=True)


def published_kinds(session: Session) -> set[str]:
    """Return the kinds of which the bank has published items, in whichever pool."""
    return set(session.scalars(select(ItemRecord.kind).where(ItemRecord.state == "published").distinct()))


def published_by_topic(session: Session) -> dict[str, int]:
    """Return how many published items each topic holds; topics without any are not in it."""
    rows = select(ItemRecord.topic, func.count()).where(ItemRecord.state == "published").group_by(ItemRecord.topic)
    return {row[0]: row[1] for row in session.execute(rows)}


@dataclass(frozen=True)
class VersionLine:
    """One version of an item; ``created_by`` is None for shipped content."""

    id: int
    number: int
    created_at: datetime
    created_by: str | None
    changes_key: bool = False
    note: str = ""


@dataclass(frozen=True)
class ItemPage:
    """An item with the text of one version (the current one unless asked otherwise) and the list of all."""

    id: int
    code: str
    state: str
    pool: str
    item: Item
    version: VersionLine
    versions: tuple[VersionLine, ...]
    is_current: bool
    quarantine_on: date | None


def read_item(session: Session, item_id: int, number: int | None = None) -> ItemPage:
    """Return an item, key and all, for those who may see it. Raises ``Missing`` for an unknown item or version."""
    record = session.get(ItemRecord, item_id)
    if record is None:
        raise Missing
    rows = session.execute(
        select(
            ItemVersion.id,
            ItemVersion.number,
            ItemVersion.created_at,
            User.name,
            ItemVersion.changes_key,
            ItemVersion.note,
        )
        .outerjoin(User, User.id == ItemVersion.created_by)
        .where(ItemVersion.item_id == item_id)
        .order_by(ItemVersion.number.desc())
    )
    versions = tuple(VersionLine(*row) for row in rows)
    wanted = [
        line for line in versions if (line.number == number if number is not None else line.id == record.version_id)
    ]
    if not wanted:
        raise Missing
    body = session.scalar(select(ItemVersion.body).where(ItemVersion.id == wanted[0].id))
    return ItemPage(
        id=record.id,
        code=record.code,
        state=record.state,
        pool=record.pool,
        item=Item.from_dict(body),
        version=wanted[0],
        versions=versions,
        is_current=wanted[0].id == record.version_id,
        quarantine_on=record.quarantine_on,
    )


def fields_of(session: Session, item_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the enforcement fields of items by their row, sorted; items that are in none are left out."""
    found: dict[int, list[str]] = {}
    rows = select(ItemField.item_id, ItemField.field).where(ItemField.item_id.in_(sorted(set(item_ids))))
    for item_id, field in session.execute(rows.order_by(ItemField.field)):
        found.setdefault(item_id, []).append(field)
    return found


def laws_cited(session: Session) -> list[tuple[str, str, int]]:
    """Return the laws that items not retired rest on as (law, version, items), those cited most first."""
    count = func.count(distinct(ItemBasis.item_id))
    rows = session.execute(
        select(ItemBasis.law, ItemBasis.law_version, count)
        .join(ItemRecord, ItemRecord.id == ItemBasis.item_id)
        .where(ItemRecord.state != "retired")
        .group_by(ItemBasis.law, ItemBasis.law_version)
        .order_by(count.desc(), ItemBasis.law)
    )
    return [(row[0], row[1], row[2]) for row in rows]
