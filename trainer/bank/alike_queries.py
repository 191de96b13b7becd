"""Reads of the newest search for near-duplicates: the groups still in question, one group, the verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from question_bank import Item
from question_bank.similar import Pair, hanging_together
from trainer.accounts.models import User
from trainer.bank.models import AlikeSearch, ItemEnemy, ItemPair, ItemRecord, ItemVersion
from trainer.bank.rules.rich import stem_in_words
from trainer.bank.work_queries import Viewer, may_be_seen_by

PART = 500


@dataclass(frozen=True)
class Search:
    """The newest search: when it was made, how many items it compared, how many texts came after it."""

    made_at: datetime
    items: int
    newer: int


@dataclass(frozen=True)
class AlikeGroup:
    """Items that hang together by pairs in question, by id; ``percent`` is that of the most alike pair."""

    ids: tuple[int, ...]
    percent: int


@dataclass(frozen=True)
class Member:
    """One item of a group with its text as it stands."""

    id: int
    code: str
    state: str
    pool: str
    topic: str
    variant_group: str | None
    item: Item


def newest_search(session: Session) -> Search | None:
    """Return the newest search, None when nobody has searched yet."""
    found = session.execute(
        select(AlikeSearch.made_at, AlikeSearch.items).order_by(AlikeSearch.id.desc()).limit(1)
    ).first()
    if found is None:
        return None
    newer = session.scalar(
        select(func.count())
        .select_from(ItemRecord)
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .where(ItemVersion.created_at > found.made_at, ItemRecord.state != "retired")
    )
    return Search(found.made_at, found.items, newer or 0)


def groups_in_question(session: Session) -> list[AlikeGroup]:
    """Return the groups of the newest search on which nothing has been decided, the most alike first.

    Pairs with a verdict, of variants of one group, or with a retired item are no longer in question.
    """
    pairs = session.scalar(select(AlikeSearch.pairs).order_by(AlikeSearch.id.desc()).limit(1)) or []
    group_of: dict[int, str | None] = {}
    ids = sorted({one for pair in pairs for one in pair[:2]})
    for start in range(0, len(ids), PART):
        rows = select(ItemRecord.id, ItemRecord.variant_group).where(
            ItemRecord.id.in_(ids[start : start + PART]), ItemRecord.state != "retired"
        )
        group_of.update((row.id, row.variant_group) for row in session.execute(rows))
    decided = {(row.item_id, row.other_id) for row in session.execute(select(ItemPair.item_id, ItemPair.other_id))}
    open_pairs = [
        (left, right, percent)
        for left, right, percent in pairs
        if left in group_of
        and right in group_of
        and (left, right) not in decided
        and (group_of[left] is None or group_of[left] != group_of[right])
    ]
    percents: dict[int, int] = {}
    for left, right, percent in open_pairs:
        for one in (left, right):
            percents[one] = max(percents.get(one, 0), percent)
    # Ids of one width sort as text as they do as numbers.
    together = hanging_together(Pair(f"{left:019d}", f"{right:019d}", percent) for left, right, percent in open_pairs)
    groups = [tuple(int(one) for one in group) for group in together]
    found = [AlikeGroup(group, max(percents[one] for one in group)) for group in groups]
    return sorted(found, key=lambda group: (-group.percent, group.ids))


def group_of_item(session: Session, item_id: int) -> AlikeGroup | None:
    """Return the group in question that holds an item, None when there is none any more."""
    return next((group for group in groups_in_question(session) if item_id in group.ids), None)


def members(session: Session, item_ids: Iterable[int]) -> list[Member]:
    """Return items with their texts, by id."""
    wanted = sorted(set(item_ids))
    rows: list[Any] = []
    for start in range(0, len(wanted), PART):
        rows += session.execute(
            select(ItemRecord, ItemVersion.body)
            .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
            .where(ItemRecord.id.in_(wanted[start : start + PART]))
            .order_by(ItemRecord.id)
        ).all()
    return [
        Member(one.id, one.code, one.state, one.pool, one.topic, one.variant_group, Item.from_dict(body))
        for one, body in rows
    ]


def stems(session: Session, item_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return (code, stem) of items by id, for a list."""
    rows = session.execute(
        select(ItemRecord.id, ItemRecord.code, ItemVersion.public)
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .where(ItemRecord.id.in_(sorted(set(item_ids))))
    )
    return {row.id: (row.code, stem_in_words(row.public)) for row in rows}


def verdicts() -> Select[Any]:
    """Return the select of verdicts on pairs for ``paged``, newest first: (pair, code, code, name of who decided)."""
    other = aliased(ItemRecord)
    return (
        select(ItemPair, ItemRecord.code, other.code, User.name)
        .join(ItemRecord, ItemRecord.id == ItemPair.item_id)
        .join(other, other.id == ItemPair.other_id)
        .outerjoin(User, User.id == ItemPair.decided_by)
        .order_by(ItemPair.decided_at.desc(), ItemPair.item_id, ItemPair.other_id)
    )


def kept_apart(
    session: Session, item_id: int, variant_group: str | None, viewer: Viewer
) -> tuple[list[Any], list[Any]]:
    """Return the variants and the enemies of an item as rows of (id, code), by code: what no paper holds beside it.

    Items that the viewer may not see are not named.
    """
    seen = select(ItemRecord.id, ItemRecord.code).where(may_be_seen_by(viewer))
    variants = seen.where(ItemRecord.variant_group == variant_group, ItemRecord.id != item_id)
    enemies = seen.join(
        ItemEnemy,
        ((ItemEnemy.item_id == item_id) & (ItemEnemy.enemy_id == ItemRecord.id))
        | ((ItemEnemy.enemy_id == item_id) & (ItemEnemy.item_id == ItemRecord.id)),
    ).order_by(ItemRecord.code)
    held = list(session.execute(variants.order_by(ItemRecord.code))) if variant_group is not None else []
    return held, list(session.execute(enemies))
