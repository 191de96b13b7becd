"""Reads of blueprints and papers."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from trainer.bank.models import ItemRecord, ItemVersion
from trainer.bank.queries import ItemFilter, items_matching, may_be_drawn, read_pool
from trainer.papers.models import Blueprint, Draw, Paper, PaperItem, Section
from trainer.papers.rules.apart import Sharing
from trainer.papers.rules.blueprint import POOLS, DrawRules, SectionSpec
from trainer.papers.rules.mending import Stock
from trainer.papers.rules.plan import Plan


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
            laws=tuple(row.laws),
            levels=tuple(row.levels),
            mix=tuple((value, count) for value, count in row.mix),
            order=row.item_order,
        )
        for row in rows
    ]


def rules_of(session: Session, blueprint_id: int) -> DrawRules:
    """Return what the draws of a blueprint keep out."""
    row = session.execute(
        select(Blueprint.avoid_days, Blueprint.avoid_practice, Blueprint.exposure_most).where(
            Blueprint.id == blueprint_id
        )
    ).one()
    return DrawRules(*row)


def stock_for(
    session: Session,
    sections: Sequence[SectionSpec],
    until: date,
    *,
    exposure_most: int = 0,
    since: datetime | None = None,
    met: Set[int] = frozenset(),
    apart_from: int = 0,
    wide: bool = False,
) -> Stock:
    """Return the items from which the sections would be drawn now; see ``read_pool`` for ``until``.

    Kept out are items that stand in papers of ``exposure_most`` blueprints made from ``since`` on, ``apart_from`` not
    counted (0 keeps none out), and the ids in ``met``; never named ones. With ``wide`` items of the other pool are read
    too, for telling what would help.
    """
    named = {code for one in sections for code in one.item_ids}
    pools = {one.pool for one in sections}
    pool = read_pool(
        session,
        until=until,
        kinds={one.kind for one in sections},
        codes=named,
        pools=POOLS if wide else pools,
        laws={law for one in sections for law in one.laws},
    )
    worn = exposed_items(session, exposure_most, since, apart_from) if exposure_most and since else frozenset()
    free, exposed, known, other = [], [], [], []
    for item in pool:
        if item.code in named:
            free.append(item)
        elif item.item_id in worn:
            exposed.append(item)
        elif item.item_id in met:
            known.append(item)
        elif item.pool in pools:
            free.append(item)
        else:
            other.append(item)
    return Stock(free, tuple(exposed), tuple(known), tuple(other))


def items_to_name(words: str, kind: str, until: date, *, today: date, reserve: bool) -> Select[Any]:
    """Return the select for ``paged`` of items that a section of ``kind`` may name, by code, with their ``pool``.

    ``words`` are found as in the list of the bank; ``until`` is the last local day on which the paper may be sat.
    Without ``reserve`` the open pool alone. Rows fit ``bank.queries.row_of``; they hold no key.
    """
    wanted = ItemFilter(words=words, kind=kind, pool="" if reserve else "open")
    return items_matching(wanted, today).where(may_be_drawn(until)).add_columns(ItemRecord.pool)


def exposed_items(session: Session, most: int, since: datetime, apart_from: int) -> frozenset[int]:
    """Return the items that stand in papers of ``most`` or more blueprints made from ``since`` on, by id.

    Papers that nobody sat and nobody will do not count.
    """
    rows = (
        select(ItemVersion.item_id)
        .join(PaperItem, PaperItem.item_version_id == ItemVersion.id)
        .join(Paper, Paper.id == PaperItem.paper_id)
        .join(Blueprint, Blueprint.id == Paper.blueprint_id)
        .where(Paper.created_at >= since, Paper.blueprint_id != apart_from, Blueprint.unsat.is_(False))
        .group_by(ItemVersion.item_id)
        .having(func.count(Paper.blueprint_id.distinct()) >= most)
    )
    return frozenset(session.scalars(rows))


@dataclass(frozen=True)
class DrawLine:
    """A draw as pages tell of it; ``expected`` are shares of the full points in ten-thousandths, by form."""

    first_form: int
    commitment: str
    expected: tuple[int, ...]
    measured: int
    created_at: datetime


def draws_of(session: Session, blueprint_id: int) -> list[DrawLine]:
    """Return the draws of a blueprint in their order; none for papers compiled before draws were kept."""
    rows = session.execute(
        select(Draw.first_form, Draw.commitment, Draw.expected, Draw.measured, Draw.created_at)
        .where(Draw.blueprint_id == blueprint_id)
        .order_by(Draw.first_form)
    )
    return [DrawLine(row[0], row[1], tuple(row[2]), row[3], row[4]) for row in rows]


def commitments_of(session: Session, blueprint_id: int) -> list[str]:
    """Return the commitments of a blueprint's draws in their order."""
    return list(
        session.scalars(select(Draw.commitment).where(Draw.blueprint_id == blueprint_id).order_by(Draw.first_form))
    )


def plans_of(session: Session, blueprint_id: int) -> list[tuple[str, Plan]]:
    """Return the commitments and plans of a blueprint in their order. Plans are for nobody before the exam is over."""
    rows = session.execute(
        select(Draw.commitment, Draw.plan).where(Draw.blueprint_id == blueprint_id).order_by(Draw.first_form)
    )
    return [(row.commitment, json.loads(zlib.decompress(row.plan))) for row in rows]


def common_items(session: Session, blueprint_id: int) -> list[Sharing]:
    """Return what the compiled papers of a blueprint have in common, by section; see ``Sharing``."""
    rows = session.execute(
        select(PaperItem.section, ItemRecord.code, func.count(Paper.id.distinct()))
        .join(Paper, Paper.id == PaperItem.paper_id)
        .join(ItemVersion, ItemVersion.id == PaperItem.item_version_id)
        .join(ItemRecord, ItemRecord.id == ItemVersion.item_id)
        .where(Paper.blueprint_id == blueprint_id)
        .group_by(PaperItem.section, ItemRecord.code)
    ).all()
    forms = session.scalar(select(func.count()).select_from(Paper).where(Paper.blueprint_id == blueprint_id)) or 0
    found = []
    for number, one in enumerate(sections_of(session, blueprint_id), start=1):
        times = {row[1]: row[2] for row in rows if row[0] == number}
        drawn = [count for code, count in times.items() if code not in one.item_ids]
        named = len(times) - len(drawn)
        found.append(Sharing(number, forms, named, sum(drawn), len(drawn), sum(count > 1 for count in drawn)))
    return found


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
