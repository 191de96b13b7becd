"""Putting together what was counted: the statistics of an item over all exams, and over practice.

Rows of ``item_uses`` and ``practice_tallies`` that nobody has merged yet tell which items are due, so nothing is
forgotten when the process ends in between. Each item is put together wholly from its rows; doing it twice is harmless.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.difference import changes_key
from trainer.bank.models import ItemRecord, ItemStatistic, ItemVersion
from trainer.core.database import db, end_read, transaction
from trainer.exams.models import Exam
from trainer.reports.models import ExamStatistic, ItemUse, PracticeTally
from trainer.reports.rules.advice import (
    CODES,
    Advice,
    advise_on_exams,
    advise_on_practice,
    band_of,
    upper_lower_interval,
)
from trainer.reports.rules.drift import Drift, drift_of
from trainer.reports.rules.intervals import Correlation, Interval, mean_correlation
from trainer.reports.rules.item_stats import OptionLine, Tally, option_table, options_of

ITEMS = 50


@dataclass(frozen=True)
class _Count:
    """One row that was counted, of an exam or of a month of practice; ``answers`` of practice alone."""

    item_id: int
    version_id: int
    part: int
    day: date
    tally: Tally
    exam_id: int | None = None
    answers: int = 0


@dataclass(frozen=True)
class _Item:
    """An item with its versions; ``same_key`` are those whose key is that of the text which stands."""

    id: int
    difficulty: int
    body: dict[str, Any]
    numbers: dict[int, int]
    same_key: frozenset[int]


def merge_due(now: datetime, most: int = ITEMS) -> int:
    """Put together the statistics of up to ``most`` items that are due, exams first; return how many were."""
    for table in (ItemUse, PracticeTally):
        due = select(table.item_id).where(table.is_merged.is_(False)).distinct().order_by(table.item_id).limit(most)
        ids = list(db.session.scalars(due))
        end_read()
        if ids:
            merge_items(ids, now)
            return len(ids)
    return 0


def merge_items(item_ids: Sequence[int], now: datetime) -> None:
    """Put together the statistics of items from what was counted: some ten statements for all of them."""
    with transaction() as session:
        items = _items(session, item_ids)
        rows = _in_exams(items, _uses(session, item_ids), now)
        rows += _in_practice(items, _months(session, item_ids), now)
        session.execute(delete(ItemStatistic).where(ItemStatistic.item_id.in_(item_ids)))
        if rows:
            session.execute(insert(ItemStatistic), rows)
        for table in (ItemUse, PracticeTally):
            session.execute(
                update(table).where(table.item_id.in_(item_ids), table.is_merged.is_(False)).values(is_merged=True)
            )


def ask_for_recount(item_id: int, now: datetime) -> int:
    """Let the exams in which an item was used be counted anew by the job, and put the item together again now.

    Returns how many exams will be counted.
    """
    with transaction() as session:
        used = select(ItemUse.exam_id).where(ItemUse.item_id == item_id)
        asked = session.execute(
            update(ExamStatistic).where(ExamStatistic.exam_id.in_(used)).values(checked_at=None)
        ).rowcount
        merge_items([item_id], now)
    return int(asked)


def _items(session: Session, item_ids: Sequence[int]) -> list[_Item]:
    # Locked in one order: a manager's recount and the job would otherwise both put the same row down.
    records = session.execute(
        select(ItemRecord.id, ItemRecord.difficulty, ItemRecord.version_id, ItemVersion.body)
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .where(ItemRecord.id.in_(item_ids))
        .order_by(ItemRecord.id)
        .with_for_update(of=ItemRecord)
    ).all()
    versions: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(
        select(ItemVersion.item_id, ItemVersion.id, ItemVersion.number, ItemVersion.changes_key)
        .where(ItemVersion.item_id.in_(item_ids))
        .order_by(ItemVersion.item_id, ItemVersion.number)
    ):
        versions[row.item_id].append(row)
    # Most items never had another key, so their texts need not be read.
    parted = [item_id for item_id, rows in versions.items() if any(row.changes_key for row in rows)]
    bodies: dict[int, dict[int, Any]] = defaultdict(dict)
    if parted:
        for row in session.execute(
            select(ItemVersion.item_id, ItemVersion.id, ItemVersion.body).where(ItemVersion.item_id.in_(parted))
        ):
            bodies[row.item_id][row.id] = row.body
    return [
        _Item(
            row.id,
            row.difficulty,
            row.body,
            {one.id: one.number for one in versions[row.id]},
            _same_key(row.body, bodies[row.id]) if row.id in bodies else frozenset(one.id for one in versions[row.id]),
        )
        for row in records
    ]


def _same_key(standing: dict[str, Any], bodies: Mapping[int, dict[str, Any]]) -> frozenset[int]:
    """Return the ids of the versions that share the key of the one that stands.

    The keys themselves are compared: one that was proposed and given up parts nothing.
    """
    text = Item.from_dict(standing)
    return frozenset(version_id for version_id, body in bodies.items() if not changes_key(Item.from_dict(body), text))


def _uses(session: Session, item_ids: Sequence[int]) -> list[_Count]:
    rows = session.execute(
        select(ItemUse)
        .join(Exam, Exam.id == ItemUse.exam_id)
        .where(ItemUse.item_id.in_(item_ids), Exam.state == "published")
        .order_by(ItemUse.used_on, ItemUse.exam_id, ItemUse.part)
    ).scalars()
    return [
        _Count(one.item_id, one.item_version_id, one.part, one.used_on, Tally.from_dict(one.tally), one.exam_id)
        for one in rows
    ]


def _months(session: Session, item_ids: Sequence[int]) -> list[_Count]:
    rows = session.execute(
        select(PracticeTally)
        .where(PracticeTally.item_id.in_(item_ids))
        .order_by(PracticeTally.month, PracticeTally.item_version_id)
    ).scalars()
    return [
        _Count(one.item_id, one.item_version_id, 0, one.month, Tally.from_dict(one.tally), answers=one.answers)
        for one in rows
    ]


def _in_exams(items: Sequence[_Item], counts: Sequence[_Count], now: datetime) -> list[dict[str, Any]]:
    made = []
    for item in items:
        mine = [one for one in counts if one.item_id == item.id]
        if not mine:
            continue
        alike = [one for one in mine if one.version_id in item.same_key]
        whole = [one for one in alike if one.part == 0]
        tally, correlation = _added(whole), _correlation(whole)
        options = option_table(tally, *options_of(item.body))
        drift = drift_of((one.day, one.tally) for one in whole)
        advice = advise_on_exams(tally, correlation, options, item.difficulty, drift)
        figures = _figures(item, mine, tally, correlation, options, drift)
        figures["exams"] = len({one.exam_id for one in whole})
        figures["parts"] = _parts(item, alike)
        figures["advice"] = [one.to_dict() for one in advice]
        made.append(_row(item, "exam", tally, correlation, figures, advice, now))
    return made


def _in_practice(items: Sequence[_Item], counts: Sequence[_Count], now: datetime) -> list[dict[str, Any]]:
    made = []
    for item in items:
        mine = [one for one in counts if one.item_id == item.id]
        if not mine:
            continue
        alike = [one for one in mine if one.version_id in item.same_key]
        tally = _added(alike)
        options = option_table(tally, *options_of(item.body))
        drift = drift_of((one.day, one.tally) for one in alike)
        advice = advise_on_practice(tally, options)
        figures = _figures(item, mine, tally, None, options, drift)
        figures["answers"] = sum(one.answers for one in alike)
        figures["advice"] = [one.to_dict() for one in advice]
        made.append(_row(item, "practice", tally, None, figures, advice, now))
    return made


def _added(counts: Iterable[_Count]) -> Tally:
    whole = Tally()
    for one in counts:
        whole.merge(one.tally)
    return whole


def _correlation(counts: Iterable[_Count]) -> Correlation | None:
    """Return the mean of the point-biserials of the exams; two versions in one exam are two groups."""
    found = [(one.tally.point_biserial, one.tally.people) for one in counts]
    return mean_correlation((value, people) for value, people in found if value is not None)


def _row(
    item: _Item,
    origin: str,
    tally: Tally,
    correlation: Correlation | None,
    figures: dict[str, Any],
    advice: Sequence[Advice],
    now: datetime,
) -> dict[str, Any]:
    median = tally.median_seconds
    return {
        "item_id": item.id,
        "origin": origin,
        "shown": tally.people,
        "facility": _stored(tally.facility),
        "discrimination": _stored(correlation and correlation.value),
        "upper_lower": _stored(tally.upper_lower),
        "median_seconds": None if median is None else round(median),
        "figures": figures,
        "advice": sorted({one.code for one in advice}, key=CODES.index),
        "computed_at": now,
    }


def _stored(value: float | None) -> int | None:
    return None if value is None else round(value * 10_000)


def _figures(
    item: _Item,
    counts: Sequence[_Count],
    tally: Tally,
    correlation: Correlation | None,
    options: Sequence[OptionLine],
    drift: Drift,
) -> dict[str, Any]:
    """Return what the page of an item shows, as JSON data; ``counts`` are those of all its versions."""
    counted = [one.day for one in counts if one.version_id in item.same_key and one.part == 0]
    return {
        **_told(tally, correlation),
        "options": _options(options),
        "in_third": tally.in_third,
        "blank": tally.blank,
        "times": tally.times,
        "since": min(counted, default=None) and min(counted).isoformat(),
        "until": max(counted, default=None) and max(counted).isoformat(),
        "versions": _versions(item, counts),
        "quarters": [
            {
                "starts_on": one.starts_on.isoformat(),
                "people": one.people,
                "facility": one.facility,
                "interval": list(one.interval),
            }
            for one in drift.quarters
        ],
        "drift": {"change": drift.change, "chance": drift.chance, "sure": drift.is_sure},
    }


def _told(tally: Tally, correlation: Correlation | None) -> dict[str, Any]:
    """Return facility and both kinds of discrimination with their intervals."""
    return {
        "people": tally.people,
        "facility": tally.facility,
        "facility_interval": list(tally.facility_interval),
        "point_biserial": None
        if correlation is None
        else {
            "value": correlation.value,
            "people": correlation.people,
            "interval": list(correlation.interval),
        },
        "upper_lower": tally.upper_lower,
        "upper_lower_interval": _pair(upper_lower_interval(tally)),
        "groups": [round(tally.upper), round(tally.lower)],
        "band": band_of(tally.upper_lower),
    }


def _pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _options(options: Sequence[OptionLine]) -> list[dict[str, Any]]:
    return [
        {
            "key": one.key,
            "right": one.right,
            "chosen": one.chosen,
            "thirds": list(one.thirds),
            "share": one.share,
            "interval": list(one.interval),
        }
        for one in options
    ]


def _versions(item: _Item, counts: Sequence[_Count]) -> list[dict[str, Any]]:
    """Return each version that was counted by itself, the newest first."""
    made = []
    for version_id, number in sorted(item.numbers.items(), key=lambda one: -one[1]):
        mine = [one for one in counts if one.version_id == version_id and one.part == 0]
        if mine:
            told = _told(_added(mine), _correlation(mine))
            made.append({"number": number, "same_key": version_id in item.same_key, **told})
    return made


def _parts(item: _Item, counts: Sequence[_Count]) -> list[dict[str, Any]]:
    """Return the parts of a case, each by itself with its options; empty for every other kind."""
    made = []
    for number, body in enumerate(item.body.get("parts", ()), start=1):
        mine = [one for one in counts if one.part == number]
        if mine:
            tally = _added(mine)
            lines = _options(option_table(tally, *options_of(body)))
            made.append({"part": number, "kind": body["kind"], "options": lines, **_told(tally, _correlation(mine))})
    return made
