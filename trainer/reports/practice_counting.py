"""Counting practice, in the order in which its answers came, as far as they have come.

Facility is that of each person's first answer to an item: whoever meets it again has read the explanation. How many
answers there were in all is kept beside it. Nothing is known of how able somebody who practises is, and everybody
chooses what to practise; discrimination is therefore not measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import exists, func, insert, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from trainer.bank.models import ItemVersion
from trainer.core.clock import CITY_ZONE, local_day
from trainer.core.database import db, transaction
from trainer.practice.models import PracticeAnswer
from trainer.reports.models import PracticeTally
from trainer.reports.rules.item_stats import Tally, chosen_in

PAGE = 500  # few enough that nobody who saves an answer meanwhile waits noticeably for the write lock
# On PostgreSQL a lower id may be committed after a higher one; no transaction of practice is open for so long.
YOUNGEST = timedelta(minutes=2)
# Figures of practice need not be of this minute, and each round puts the items that were practised together anew.
WAITED = timedelta(minutes=15)
# What somebody says of an own short answer is no measure of the item, and what still waits may become that.
GRADED = PracticeAnswer.state == "graded"


def count_practice(now: datetime, most: int = PAGE, zone: ZoneInfo = CITY_ZONE) -> int:
    """Count up to ``most`` answers that came since the last time and return how many: five statements.

    Where counting stands is written in the same transaction as what was counted, so nothing counts twice.
    """
    with transaction() as session:
        through = session.scalar(select(func.max(PracticeTally.through_id))) or 0
        rows = _answers_after(session, through, now, most)
        if not rows:
            return 0
        months: dict[tuple[int, date], list[Any]] = {}
        for row in rows:
            day = local_day(row.answered_at, zone)
            months.setdefault((row.item_version_id, day.replace(day=1)), []).append(row)
        _put_down(session, months, through_id=rows[-1].id)
    return len(rows)


def waiting_practice(now: datetime) -> bool:
    """Return whether there are answers that have waited ``WAITED`` to be counted: one statement, no lock."""
    through = select(func.coalesce(func.max(PracticeTally.through_id), 0)).scalar_subquery()
    newer = (
        select(PracticeAnswer.answered_at)
        .where(PracticeAnswer.id > through, GRADED)
        .order_by(PracticeAnswer.id)
        .limit(1)
    )
    oldest = db.session.scalar(newer)
    return oldest is not None and oldest <= now - WAITED


def _answers_after(session: Session, through: int, now: datetime, most: int) -> Sequence[Any]:
    earlier = aliased(PracticeAnswer)
    is_first = ~exists().where(
        earlier.item_id == PracticeAnswer.item_id,
        earlier.user_id == PracticeAnswer.user_id,
        earlier.id < PracticeAnswer.id,
    ).correlate(PracticeAnswer)
    rows = session.execute(
        select(
            PracticeAnswer.id,
            PracticeAnswer.item_id,
            PracticeAnswer.item_version_id,
            PracticeAnswer.answer,
            PracticeAnswer.fraction,
            PracticeAnswer.seconds,
            PracticeAnswer.answered_at,
            is_first.label("is_first"),
        )
        .where(PracticeAnswer.id > through, GRADED)
        .order_by(PracticeAnswer.id)
        .limit(most)
    ).all()
    young = next((place for place, row in enumerate(rows) if row.answered_at > now - YOUNGEST), len(rows))
    return rows[:young]


def _put_down(session: Session, months: dict[tuple[int, date], list[Any]], through_id: int) -> None:
    kinds = _kinds(session, {version_id for version_id, _month in months})
    known = {
        (row.item_version_id, row.month): row
        for row in session.execute(
            select(
                PracticeTally.item_version_id, PracticeTally.month, PracticeTally.answers, PracticeTally.tally
            ).where(tuple_(PracticeTally.item_version_id, PracticeTally.month).in_(sorted(months)))
        )
    }
    new, changed = [], []
    for key, rows in months.items():
        before = known.get(key)
        tally = Tally.from_dict(before.tally) if before else Tally()
        for row in rows:
            if row.is_first:
                answer = orjson.loads(row.answer)
                chosen = chosen_in(kinds[row.item_version_id], answer)
                tally.add_practice(float(row.fraction), chosen, row.seconds, answered=answer is not None)
        values = {
            "answers": len(rows) + (before.answers if before else 0),
            "tally": tally.to_dict(),
            "through_id": through_id,
            "is_merged": False,
        }
        keys = {"item_version_id": key[0], "month": key[1]}
        if before:
            changed.append(keys | values)
        else:
            new.append(keys | values | {"item_id": rows[0].item_id})
    if new:
        session.execute(insert(PracticeTally), new)
    if changed:
        session.execute(update(PracticeTally), changed)


def _kinds(session: Session, version_ids: set[int]) -> dict[int, str]:
    rows = session.execute(select(ItemVersion.id, ItemVersion.public).where(ItemVersion.id.in_(sorted(version_ids))))
    return {row.id: row.public["kind"] for row in rows}
