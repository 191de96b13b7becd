"""Reads of blueprints and papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from trainer.bank.models import ItemRecord, ItemVersion
from trainer.bank.queries import read_pool
from trainer.bank.rules import PoolItem
from trainer.papers.models import Blueprint, Paper, PaperItem, Section
from trainer.papers.rules.blueprint import SectionSpec
from trainer.papers.rules.drawing import Lack, count_suiting, find_lacks


def sections_of(session: Session, blueprint_id: int) -> list[SectionSpec]:
    """Return the sections of a blueprint in their order; an empty list for an unknown one."""
    rows = session.scalars(select(Section).where(Section.blueprint_id == blueprint_id).order_by(Section.number))
    return [
        SectionSpec(
            title=row.title,
            kind=row.kind,
            count=row.count,
            points_each=row.points_each,
            partial_credit=row.partial_credit,
            wing=row.wing,
            topics=tuple(row.topics),
            fields=tuple(row.fields),
            difficulty=tuple(row.difficulty),
            item_ids=tuple(row.item_codes),
            pool=row.pool,
        )
        for row in rows
    ]


def pool_for(session: Session, sections: Sequence[SectionSpec], until: date) -> list[PoolItem]:
    """Return the items from which the sections would be drawn now, by code; see ``read_pool`` for ``until``."""
    return read_pool(
        session,
        until=until,
        kinds={one.kind for one in sections},
        codes={code for one in sections for code in one.item_ids},
        pools={one.pool for one in sections},
    )


@dataclass(frozen=True)
class Supply:
    """How a section stands: ``found`` items suit it by themselves; ``lack`` is None when it gets all it asks for."""

    wanted: int
    found: int
    lack: Lack | None


def supply_of(session: Session, sections: Sequence[SectionSpec], until: date) -> list[Supply]:
    """Return for each section what the bank has for it now, competition between sections included.

    ``until`` is the last local day on which the paper can be sat.
    """
    pool = pool_for(session, sections, until)
    parts = [one.part() for one in sections]
    lacks = {lack.section: lack for lack in find_lacks(parts, pool)}
    return [
        Supply(part.count, found, lacks.get(number))
        for number, (part, found) in enumerate(zip(parts, count_suiting(parts, pool), strict=True), start=1)
    ]


@dataclass(frozen=True)
class PaperLine:
    """A compiled paper without its text; ``digest`` in hex."""

    id: int
    form: int
    digest: str


def papers_of(session: Session, blueprint_id: int) -> list[PaperLine]:
    """Return the papers of a blueprint by form."""
    rows = session.execute(
        select(Paper.id, Paper.form, Paper.digest).where(Paper.blueprint_id == blueprint_id).order_by(Paper.form)
    )
    return [PaperLine(row.id, row.form, row.digest.hex()) for row in rows]


def seed_of(session: Session, blueprint_id: int) -> str:
    """Return the secret seed of a blueprint. To be told only when the exam is over: it gives all papers away."""
    return session.scalar(select(Blueprint.seed).where(Blueprint.id == blueprint_id)) or ""


@dataclass(frozen=True)
class PaperItemLine:
    """One item of a paper by its frozen version; ``section`` counts from 1, ``part`` is that of a case study."""

    number: int
    section: int
    item_version_id: int
    points: Decimal
    partial_credit: str
    part: int | None


def items_of_paper(session: Session, paper_id: int) -> list[PaperItemLine]:
    """Return the items of a paper by number."""
    rows = session.execute(
        select(
            PaperItem.number,
            PaperItem.section,
            PaperItem.item_version_id,
            PaperItem.points,
            PaperItem.partial_credit,
            PaperItem.part,
        )
        .where(PaperItem.paper_id == paper_id)
        .order_by(PaperItem.number)
    )
    return [PaperItemLine(*row) for row in rows]


def version_under(session: Session, paper_id: int, number: int) -> int | None:
    """Return the id of the item version that stands under a number of a paper, None where there is no such number."""
    return session.scalar(
        select(PaperItem.item_version_id).where(PaperItem.paper_id == paper_id, PaperItem.number == number)
    )


def reserved_in_papers(session: Session, blueprint_id: int) -> list[str]:
    """Return the codes of the reserved items that stand in papers of a blueprint, in their order."""
    rows = (
        select(ItemRecord.code)
        .join(ItemVersion, ItemVersion.item_id == ItemRecord.id)
        .join(PaperItem, PaperItem.item_version_id == ItemVersion.id)
        .join(Paper, Paper.id == PaperItem.paper_id)
        .where(Paper.blueprint_id == blueprint_id, ItemRecord.pool == "reserved")
        .distinct()
        .order_by(ItemRecord.code)
    )
    return list(session.scalars(rows))


def uses_of(session: Session, item_ids: Sequence[int]) -> dict[int, int]:
    """Return in how many papers items stand in any version, by item; those in none are left out."""
    rows = (
        select(ItemVersion.item_id, func.count(PaperItem.paper_id.distinct()))
        .join(PaperItem, PaperItem.item_version_id == ItemVersion.id)
        .where(ItemVersion.item_id.in_(sorted(set(item_ids))))
        .group_by(ItemVersion.item_id)
    )
    return {row[0]: row[1] for row in session.execute(rows)}


def items_in_papers() -> Select[Any]:
    """Return the select of the ids of all items that stand in some paper, for use as a condition."""
    return select(ItemVersion.item_id).join(PaperItem, PaperItem.item_version_id == ItemVersion.id)
