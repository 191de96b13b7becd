"""The graders of papers: items with their keys, read after a hand-in and never by what serves candidates.

A paper is judged by its items as they were printed and by the repairs that were published for the exam since. Neither
ever changes, so a process may keep them: the papers by id, the repaired ones by the number of the last repair as well,
which comes with the exam or the result. A repair raises that number, and every process reads anew.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import orjson
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from question_bank import Grade, Item, grade
from question_bank.kinds import KINDS
from question_bank.kinds.case_study import expand
from trainer.bank.models import ItemVersion
from trainer.exams.models import Exam
from trainer.marking.models import Repair
from trainer.marking.rules import Mark, mark_of
from trainer.marking.rules.regrade import DROP, FULL_MARKS, Line, Remedy, Ruling, ruling, worth
from trainer.papers.models import PaperItem

PAPERS_KEPT = 64
MARKS_KEPT, LENGTH_KEPT = 128, 60

# What is repaired: an item version and a part of it, 0 for the whole.
Place = tuple[int, int]


@dataclass(frozen=True)
class PaperKey:
    """One item of a paper with all that marking needs. ``section`` counts from 1.

    ``item`` is the part of a case, and ``part`` which one it is, 1 first; 0 for an item that is none. It has the key by
    which the item is judged now; further ones are in ``ruling``. ``points`` is what the item is worth after repairs,
    ``announced`` what it was worth on the paper.
    """

    number: int
    section: int
    item: Item
    item_version_id: int
    points: Decimal
    partial_credit: str
    part: int = 0
    announced: Decimal = field(default=Decimal("0.00"))
    ruling: Ruling | None = None
    _marks: dict[str | None, Mark] = field(init=False, repr=False, compare=False, default_factory=dict)

    def judge(self, answer: Any) -> Grade:
        """Return the grade of ``answer``, None being unanswered."""
        if self.ruling is not None:
            return self.ruling.judge(answer, self.partial_credit)
        return grade(self.item, answer, self.partial_credit)

    def mark(self, answer: str | None) -> Mark:
        """Return the mark of an answer as it is stored, in canonical JSON; None being unanswered.

        Most candidates give one of a few answers, so what was worked out is kept: a paper of 100 items is marked in a
        twentieth of the time.
        """
        known = self._marks.get(answer)
        if known is None:
            known = mark_of(self.points, self.judge(None if answer is None else orjson.loads(answer)))
            if len(self._marks) < MARKS_KEPT and (answer is None or len(answer) <= LENGTH_KEPT):
                # Many answers earn the same; they share what is kept.
                self._marks[answer] = known = next((one for one in self._marks.values() if one == known), known)
        return known

    @property
    def place(self) -> Place:
        """What a repair of this item names."""
        return self.item_version_id, self.part

    @cached_property
    def by_person(self) -> bool:
        """Whether answers to it take a person, as long as no repair decides them."""
        return not KINDS[self.item.kind].keyed

    @property
    def outcome(self) -> str:
        """``drop`` or ``full_marks`` where a repair decides for all, else empty."""
        return self.ruling.outcome if self.ruling else ""

    @property
    def line(self) -> Line:
        """The item as the rule of repairs sees it."""
        return Line(self.announced, self.outcome, self.by_person)


_keys: OrderedDict[tuple[int, int, int], tuple[PaperKey, ...]] = OrderedDict()


def keys_of(
    session: Session | Connection, paper_id: int, exam_id: int = 0, repairs_no: int = 0
) -> tuple[PaperKey, ...]:
    """Return the items of a paper by number, after the first ``repairs_no`` repairs of an exam.

    The last papers asked for are kept in the process.
    """
    name = (paper_id, exam_id if repairs_no else 0, repairs_no)
    known = _keys.get(name)
    if known is None:
        if repairs_no:
            known = repaired(keys_of(session, paper_id), remedies_of(session, exam_id, repairs_no))
        else:
            known = _printed(session, paper_id)
        _keys[name] = known
        while len(_keys) > PAPERS_KEPT:
            _keys.popitem(last=False)
    return known


def _printed(session: Session | Connection, paper_id: int) -> tuple[PaperKey, ...]:
    rows = session.execute(
        select(
            PaperItem.number,
            PaperItem.section,
            PaperItem.part,
            PaperItem.item_version_id,
            PaperItem.points,
            PaperItem.partial_credit,
            ItemVersion.body,
        )
        .join(ItemVersion, ItemVersion.id == PaperItem.item_version_id)
        .where(PaperItem.paper_id == paper_id)
        .order_by(PaperItem.number)
    )
    return tuple(
        PaperKey(
            number=one.number,
            section=one.section,
            item=expand(Item.from_dict(one.body))[(one.part or 1) - 1],
            item_version_id=one.item_version_id,
            points=one.points,
            partial_credit=one.partial_credit,
            part=one.part or 0,
            announced=one.points,
        )
        for one in rows
    )


def remedies_of(session: Session | Connection, exam_id: int, repairs_no: int) -> dict[Place, list[Remedy]]:
    """Return what the first ``repairs_no`` published repairs of an exam do, by place, in their order.

    Those that judge one answer anew are none of the item and not in it.
    """
    rows = session.execute(
        select(Repair.item_version_id, Repair.part, Repair.remedy, Repair.answer)
        .where(Repair.exam_id == exam_id, Repair.number <= repairs_no, Repair.task_id.is_(None))
        .order_by(Repair.number)
    )
    found: dict[Place, list[Remedy]] = defaultdict(list)
    for version_id, part, remedy, answer in rows:
        found[version_id, part].append(Remedy(remedy, answer))
    return found


def decided_places(session: Session, exam_id: int) -> frozenset[Place]:
    """Return the items of an exam that a repair decides for all, so that its answers tell nothing of them."""
    number = session.scalar(select(Exam.repairs_no).where(Exam.id == exam_id)) or 0
    if not number:
        return frozenset()
    last = {place: remedies[-1].kind for place, remedies in remedies_of(session, exam_id, number).items()}
    return frozenset(place for place, kind in last.items() if kind in (DROP, FULL_MARKS))


def repaired(keys: Sequence[PaperKey], remedies: Mapping[Place, Sequence[Remedy]]) -> tuple[PaperKey, ...]:
    """Return ``keys``, as they were printed, after the remedies of each place."""
    ruled = [
        replace(key, ruling=found, item=found.items[0])
        if (found := ruling(key.item, remedies[key.place]) if key.place in remedies else None)
        else key
        for key in keys
    ]
    return tuple(
        replace(key, points=points) for key, points in zip(ruled, worth([key.line for key in ruled]), strict=True)
    )


def forget_keys() -> None:
    """Empty what the process keeps of papers, for tests that reuse ids."""
    _keys.clear()
