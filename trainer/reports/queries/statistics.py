"""Reads of statistics: of one item, of the bank by what its figures say, of one exam with its items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, case, cast, false, func, select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.bank.models import ItemRecord, ItemStatistic, ItemVersion
from trainer.bank.queries import advised
from trainer.bank.rules.rich import stem_in_words
from trainer.bank.work_queries import Viewer, may_be_seen_by
from trainer.papers.models import Paper, PaperItem
from trainer.reports.models import ExamStatistic, ItemUse
from trainer.reports.rules.advice import CODES, Advice, advise_on_exams
from trainer.reports.rules.drift import Drift
from trainer.reports.rules.intervals import Correlation, correlation_interval
from trainer.reports.rules.item_stats import OptionLine, Tally, option_table, options_of

EXAM_SORTS = ("number", "facility", "upper_lower", "point_biserial", "advice")
SORTS = ("advice", "facility", "discrimination", "upper_lower", "shown")
NO_DRIFT = Drift((), None, None)


def statistics_of(session: Session, item_id: int) -> dict[str, ItemStatistic]:
    """Return the statistics of an item by origin: ``exam``, ``practice``, those that there are."""
    rows = session.scalars(select(ItemStatistic).where(ItemStatistic.item_id == item_id))
    return {row.origin: row for row in rows}


@dataclass(frozen=True)
class StatisticRow:
    """An item of the bank with its figures in exams; they are None where they tell nothing."""

    id: int
    code: str
    kind: str
    topic: str
    difficulty: int
    stem: str
    shown: int
    facility: float | None
    discrimination: float | None
    upper_lower: float | None
    advice: tuple[str, ...]


def measured_items(
    viewer: Viewer, *, origin: str, advice: str = "", sort: str = "advice", descending: bool = False
) -> Select[Any]:
    """Return the select for ``paged`` of items that were counted and the viewer may see; rows fit ``measured_item``.

    ``advice`` is one of ``CODES``, ``any`` or ``none``. Sorted by advice the gravest comes first.
    """
    rows = (
        select(
            ItemRecord.id,
            ItemRecord.code,
            ItemRecord.kind,
            ItemRecord.topic,
            ItemRecord.difficulty,
            ItemVersion.public,
            ItemStatistic.shown,
            ItemStatistic.facility,
            ItemStatistic.discrimination,
            ItemStatistic.upper_lower,
            ItemStatistic.advice,
        )
        .join(ItemStatistic, ItemStatistic.item_id == ItemRecord.id)
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .where(ItemStatistic.origin == origin, may_be_seen_by(viewer))
    )
    if advice:
        rows = rows.where(_advice_is(advice))
    columns: dict[str, ColumnElement[Any]] = {
        "advice": case({code: place for place, code in enumerate(CODES)}, value=_first_advice(), else_=len(CODES)),
        "facility": ItemStatistic.facility,
        "discrimination": ItemStatistic.discrimination,
        "upper_lower": ItemStatistic.upper_lower,
        "shown": ItemStatistic.shown,
    }
    key = columns[sort]
    return rows.order_by(key.is_(None), key.desc() if descending else key, ItemRecord.code)


def _first_advice() -> ColumnElement[str]:
    """Return the gravest advice: the first of the list, which is written gravest first."""
    text = cast(ItemStatistic.advice, String)
    found: ColumnElement[Any] = case(
        *[(text.startswith(f'["{code}"', autoescape=True), code) for code in CODES], else_=""
    )
    return found


def _advice_is(advice: str) -> ColumnElement[bool]:
    empty = cast(ItemStatistic.advice, String) == "[]"
    if advice in ("any", "none"):
        return ~empty if advice == "any" else empty
    return advised(advice) if advice in CODES else false()


def measured_item(row: Any) -> StatisticRow:
    """Return a row of ``measured_items`` as a line."""
    return StatisticRow(
        row.id,
        row.code,
        row.kind,
        row.topic,
        row.difficulty,
        stem_in_words(row.public),
        row.shown,
        *(None if value is None else value / 10_000 for value in (row.facility, row.discrimination, row.upper_lower)),
        tuple(row.advice),
    )


def advice_counts(session: Session, viewer: Viewer, origin: str) -> dict[str, int]:
    """Return how many items bear each advice, ``all`` those counted and ``none`` those without: one statement."""
    seen = (
        select(ItemStatistic.advice)
        .join(ItemRecord, ItemRecord.id == ItemStatistic.item_id)
        .where(ItemStatistic.origin == origin, may_be_seen_by(viewer), ItemRecord.version_id.is_not(None))
    )
    text = cast(seen.subquery().c.advice, String).label("advice")
    inner = select(text).subquery()
    rows = session.execute(select(inner.c.advice, func.count()).group_by(inner.c.advice))
    counts = dict.fromkeys(("all", "none", *CODES), 0)
    for words, number in rows:
        counts["all"] += number
        found = [code for code in CODES if f'"{code}"' in words]
        for code in found or ["none"]:
            counts[code] += number
    return counts


@dataclass(frozen=True)
class ExamItem:
    """An item of an exam by its answers there. ``number`` is that on the first paper, None where papers differ.

    ``seen`` says that the caller may open it in the bank. For who may not ``options`` is empty, and the options that
    ``advice`` names are to be kept from the page: they tell the key.
    """

    id: int
    code: str
    kind: str
    topic: str
    difficulty: int
    number: int | None
    people: int
    facility: float
    facility_interval: tuple[float, float]
    point_biserial: float | None
    point_biserial_interval: tuple[float, float] | None
    upper_lower: float | None
    blank: int
    advice: tuple[Advice, ...]
    options: tuple[OptionLine, ...]
    seen: bool


def exam_statistic(session: Session, exam_id: int) -> ExamStatistic | None:
    """Return what was counted of an exam, None before that."""
    return session.get(ExamStatistic, exam_id)


def exam_items(session: Session, exam_id: int, blueprint_id: int, person: Person) -> list[ExamItem]:
    """Return the items of a counted exam, by number where all papers have the same ones, else by code.

    Three statements. Advice is from this exam alone, so nothing is said of drift.
    """
    viewer = Viewer(person.id, person.may("item.manage"), person.may("item.review"))
    is_seen = may_be_seen_by(viewer) if person.may("item.view") else false()
    rows = session.execute(
        select(
            ItemUse.item_version_id,
            ItemUse.tally,
            ItemRecord.id,
            ItemRecord.code,
            ItemRecord.kind,
            ItemRecord.topic,
            ItemRecord.difficulty,
            ItemVersion.body,
            case((is_seen, 1), else_=0).label("seen"),
        )
        .join(ItemRecord, ItemRecord.id == ItemUse.item_id)
        .join(ItemVersion, ItemVersion.id == ItemUse.item_version_id)
        .where(ItemUse.exam_id == exam_id, ItemUse.part == 0)
        .order_by(ItemRecord.code)
    ).all()
    numbers = _numbers(session, blueprint_id, {row.item_version_id for row in rows})
    items = [_exam_item(row, numbers.get(row.item_version_id)) for row in rows]
    return sorted(items, key=lambda one: (one.number is None, one.number or 0, one.code))


def _numbers(session: Session, blueprint_id: int, version_ids: set[int]) -> dict[int, int]:
    """Return the numbers on the first paper of a blueprint, none where that paper has not all the versions."""
    first = select(func.min(Paper.id)).where(Paper.blueprint_id == blueprint_id).scalar_subquery()
    rows = session.execute(
        select(PaperItem.item_version_id, func.min(PaperItem.number))
        .where(PaperItem.paper_id == first)
        .group_by(PaperItem.item_version_id)
    )
    found = {row[0]: row[1] for row in rows}
    return found if version_ids <= found.keys() else {}


def _exam_item(row: Any, number: int | None) -> ExamItem:
    tally = Tally.from_dict(row.tally)
    value = tally.point_biserial
    interval = None if value is None else correlation_interval(value, tally.people)
    correlation = None if value is None or interval is None else Correlation(value, tally.people, interval)
    options = option_table(tally, *options_of(row.body))
    return ExamItem(
        id=row.id,
        code=row.code,
        kind=row.kind,
        topic=row.topic,
        difficulty=row.difficulty,
        number=number,
        people=tally.people,
        facility=tally.facility or 0.0,
        facility_interval=tally.facility_interval,
        point_biserial=value,
        point_biserial_interval=interval,
        upper_lower=tally.upper_lower,
        blank=sum(tally.blank),
        advice=tuple(advise_on_exams(tally, correlation, options, row.difficulty, NO_DRIFT)),
        options=tuple(options) if row.seen else (),
        seen=bool(row.seen),
    )


def sorted_items(items: Sequence[ExamItem], sort: str, *, descending: bool) -> list[ExamItem]:
    """Return items of an exam by one of ``EXAM_SORTS``; by advice the gravest first, unmeasured ones last."""
    measures: dict[str, Callable[[ExamItem], float | None]] = {
        "facility": lambda one: one.facility,
        "upper_lower": lambda one: one.upper_lower,
        "point_biserial": lambda one: one.point_biserial,
        "advice": lambda one: min((CODES.index(told.code) for told in one.advice), default=None),
    }
    measure = measures.get(sort)
    if measure is None:
        return list(reversed(items)) if descending else list(items)
    known = [(value, one) for one in items if (value := measure(one)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [one for _value, one in known] + [one for one in items if measure(one) is None]


def last_counted(session: Session) -> datetime | None:
    """Return when the statistics of any item were made last, None before the first."""
    return session.scalar(select(func.max(ItemStatistic.computed_at)))
