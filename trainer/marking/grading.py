"""The graders of papers: items with their keys, read after a hand-in and never by what serves candidates."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from question_bank import Grade, Item, grade
from question_bank.kinds.case_study import expand
from trainer.bank.models import ItemVersion
from trainer.papers.models import PaperItem

PAPERS_KEPT = 64


@dataclass(frozen=True)
class PaperKey:
    """One item of a paper with all that marking needs. ``section`` counts from 1.

    ``item`` is the part of a case, and ``part`` which one it is, 1 first; 0 for an item that is none.
    """

    number: int
    section: int
    item: Item
    item_version_id: int
    points: Decimal
    partial_credit: str
    part: int = 0

    def judge(self, answer: Any) -> Grade:
        """Return the grade of ``answer``, None being unanswered."""
        return grade(self.item, answer, self.partial_credit)


_keys: OrderedDict[int, tuple[PaperKey, ...]] = OrderedDict()


def keys_of(session: Session, paper_id: int) -> tuple[PaperKey, ...]:
    """Return the items of a paper by number. Versions never change, so the last papers are kept in the process."""
    known = _keys.get(paper_id)
    if known is None:
        rows = session.execute(
            select(PaperItem, ItemVersion.body)
            .join(ItemVersion, ItemVersion.id == PaperItem.item_version_id)
            .where(PaperItem.paper_id == paper_id)
            .order_by(PaperItem.number)
        )
        known = tuple(
            PaperKey(
                number=one.number,
                section=one.section,
                item=expand(Item.from_dict(body))[(one.part or 1) - 1],
                item_version_id=one.item_version_id,
                points=one.points,
                partial_credit=one.partial_credit,
                part=one.part or 0,
            )
            for one, body in rows
        )
        _keys[paper_id] = known
        while len(_keys) > PAPERS_KEPT:
            _keys.popitem(last=False)
    return known


def forget_keys() -> None:
    """Empty what the process keeps of papers, for tests that reuse ids."""
    _keys.clear()
