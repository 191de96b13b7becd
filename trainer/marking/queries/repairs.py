"""Reads of repairs: the items of an exam that could have one, the list of them, and what a result was before them.

Everything here shows keys. It is for those who decide, and for candidates behind the release of their result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, exists, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from question_bank import Item
from question_bank.kinds import public
from question_bank.kinds.case_study import expand
from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.attempts.models import Attempt
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.bank.rules.rich import stem_in_words
from trainer.core.errors import Missing
from trainer.exams.models import Exam
from trainer.exams.queries import ExamLine, read_exam
from trainer.marking.grading import Place, keys_of, remedies_of
from trainer.marking.models import Appeal, FormerResult, Repair, Result
from trainer.marking.rules.regrade import ItemChange, Ruling, changes_between, ruling
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.papers.models import Paper, PaperItem

MANAGE = "exam.manage"


def place_name(place: Place) -> str:
    """Return how addresses and the API name an item of an exam, such as ``17-0``."""
    return f"{place[0]}-{place[1]}"


def parse_place(text: str) -> Place:
    """Return the place that ``place_name`` wrote; raises ``Missing`` for any other text."""
    parts = text.split("-")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 18 for part in parts):
        raise Missing
    return int(parts[0]), int(parts[1])


@dataclass(frozen=True)
class ItemLine:
    """An item of an exam: ``ruling`` is how it is judged now, ``number`` its lowest on a paper, ``papers`` on how many
    papers it is, ``code`` its name in the bank, ``points`` what it was announced to be worth, on one of them.
    """

    place: Place
    code: str
    ruling: Ruling
    number: int
    papers: int
    points: Decimal

    @property
    def item(self) -> Item:
        """The item with the key that is shown as right."""
        return self.ruling.items[0]

    @property
    def stem(self) -> str:
        """The stem as one line of plain words."""
        return stem_in_words(public(self.item))


def items_of_exam(session: Session, exam_id: int, only: Sequence[Place] | None = None) -> list[ItemLine]:
    """Return the items of an exam by number: two statements; ``only`` those at these places."""
    exam = session.execute(select(Exam.blueprint_id, Exam.repairs_no).where(Exam.id == exam_id)).first()
    if exam is None:
        return []
    part = func.coalesce(PaperItem.part, 0)
    rows = (
        select(
            PaperItem.item_version_id,
            part.label("part"),
            func.min(PaperItem.number),
            func.count(),
            func.min(PaperItem.points),
        )
        .join(Paper, Paper.id == PaperItem.paper_id)
        .where(Paper.blueprint_id == exam.blueprint_id)
        .group_by(PaperItem.item_version_id, part)
    )
    if only is not None:
        rows = rows.where(PaperItem.item_version_id.in_({one[0] for one in only}))
    found = [(tuple(row[:2]), *row[2:]) for row in session.execute(rows)]
    found = [row for row in found if only is None or row[0] in set(only)]
    bodies: dict[int, tuple[str, Any]] = {}
    ids = sorted({row[0][0] for row in found})
    for start in range(0, len(ids), 500):
        for one in session.execute(
            select(ItemVersion.id, ItemRecord.code, ItemVersion.body)
            .join(ItemRecord, ItemRecord.id == ItemVersion.item_id)
            .where(ItemVersion.id.in_(ids[start : start + 500]))
        ):
            bodies[one.id] = (one.code, one.body)
    remedies = remedies_of(session, exam_id, exam.repairs_no) if exam.repairs_no else {}
    lines = []
    for place, number, papers, points in found:
        code, body = bodies[place[0]]
        item = expand(Item.from_dict(body))[max(place[1], 1) - 1]
        lines.append(ItemLine(place, code, ruling(item, remedies.get(place, ())), number, papers, points))
    return sorted(lines, key=lambda line: (line.number, line.place))


def item_of_exam(session: Session, exam_id: int, place: Place) -> ItemLine:
    """Return one item of an exam; raises ``Missing`` for one that is on none of its papers."""
    found = items_of_exam(session, exam_id, [place])
    if not found:
        raise Missing
    return found[0]


@dataclass(frozen=True)
class RepairLine:
    """A repair with the people who decided; ``closed_by`` signed or withdrew it. Times are aware UTC.

    ``lines`` are points by line where one answer is judged anew, None elsewhere, and ``comment`` goes with them.
    """

    id: int
    exam_id: int
    place: Place
    remedy: str
    answer: Any
    reason: str
    state: str
    number: int | None
    proposer_id: int
    proposed_by: str
    proposed_at: datetime
    closed_by: str | None
    closed_at: datetime | None
    appeals: int
    changed: int
    lines: tuple[Decimal, ...] | None
    comment: str


def repairs_of(session: Session, exam_id: int, *, repair_id: int | None = None) -> list[RepairLine]:
    """Return the repairs of an exam, the newest first: one statement. The caller has been checked."""
    proposer, closer = aliased(User), aliased(User)
    appeals = select(func.count()).where(Appeal.repair_id == Repair.id).correlate(Repair).scalar_subquery()
    changed = select(func.count()).where(FormerResult.repair_id == Repair.id).correlate(Repair).scalar_subquery()
    rows = (
        select(Repair, proposer.name, closer.name, appeals, changed)
        .join(proposer, proposer.id == Repair.proposed_by)
        .outerjoin(closer, closer.id == Repair.closed_by)
        .where(Repair.exam_id == exam_id)
        .order_by(Repair.id.desc())
    )
    if repair_id is not None:
        rows = rows.where(Repair.id == repair_id)
    return [_line(*row) for row in session.execute(rows)]


@dataclass(frozen=True)
class Correction:
    """A published repair as whoever sees the figures of an exam reads of it; nobody is named.

    ``number`` is the item's, None where papers number their items differently or one answer alone was judged anew.
    """

    number: int | None
    remedy: str
    reason: str
    at: datetime


def corrections_of(session: Session, exam: ExamLine) -> list[Correction]:
    """Return the published repairs of an exam, the oldest first: one statement, four where there are any."""
    found = [one for one in repairs_of(session, exam.id) if one.state == "published"][::-1]
    numbers: dict[Place, int] = {}
    if found and exam.draw == "one_paper":
        numbers = {one.place: one.number for one in items_of_exam(session, exam.id, [one.place for one in found])}
    return [
        Correction(None if one.lines is not None else numbers.get(one.place), one.remedy, one.reason, one.closed_at)
        for one in found
        if one.closed_at is not None
    ]


def read_repair(session: Session, repair_id: int, person: Person) -> RepairLine:
    """Return a repair of an exam that the caller runs; raises ``Missing``."""
    exam_id = session.scalar(select(Repair.exam_id).where(Repair.id == repair_id))
    if exam_id is None:
        raise Missing
    read_exam(session, exam_id, person, permission=MANAGE)
    return repairs_of(session, exam_id, repair_id=repair_id)[0]


def _line(row: Repair, proposed_by: str, closed_by: str | None, appeals: int, changed: int) -> RepairLine:
    return RepairLine(
        id=row.id,
        exam_id=row.exam_id,
        place=(row.item_version_id, row.part),
        remedy=row.remedy,
        answer=row.answer,
        reason=row.reason,
        state=row.state,
        number=row.number,
        proposer_id=row.proposed_by,
        proposed_by=proposed_by,
        proposed_at=row.proposed_at,
        closed_by=closed_by,
        closed_at=row.closed_at,
        appeals=appeals,
        changed=changed,
        lines=None if row.lines is None else tuple(map(Decimal, row.lines)),
        comment=row.comment,
    )


@dataclass(frozen=True)
class Earlier:
    """What a result was before a repair of item ``number``, and why that came; ``at`` is when (aware UTC).

    ``changes`` is what the repair did; ``number`` is None where the item is not of the paper.
    """

    score: Decimal
    passed: bool | None
    correct_count: int
    remedy: str
    reason: str
    number: int | None
    at: datetime
    changes: tuple[ItemChange, ...]


def earlier_results(session: Session, attempt_id: int) -> list[Earlier]:
    """Return what the result of an attempt was before each repair that changed it, the oldest first."""
    rows = session.execute(
        select(FormerResult, Repair, Result.marks, Attempt.paper_id)
        .join(Repair, Repair.id == FormerResult.repair_id)
        .join(Result, Result.attempt_id == FormerResult.attempt_id)
        .join(Attempt, Attempt.id == FormerResult.attempt_id)
        .where(FormerResult.attempt_id == attempt_id)
        .order_by(FormerResult.repairs_no)
    ).all()
    # What came after one is what the next was, and after the last what stands.
    after = [row.FormerResult.marks for row in rows[1:]] + [row.marks for row in rows[-1:]]
    numbers = {key.place: key.number for key in keys_of(session, rows[0].paper_id)} if rows else {}
    return [
        Earlier(
            score=former.score,
            passed=former.passed,
            correct_count=former.correct_count,
            remedy=repair.remedy,
            reason=repair.reason,
            number=numbers.get((repair.item_version_id, repair.part)),
            at=former.superseded_at,
            changes=changes_between(former.marks, then),
        )
        for (former, repair, *_rest), then in zip(rows, after, strict=True)
    ]


@dataclass(frozen=True)
class FormerLine:
    """A result of a person as it stands, with what it was before; ``earlier`` has the oldest first."""

    attempt_id: int
    ordinal: int
    score: Decimal
    max_points: Decimal
    passed: bool | None
    earlier: list[Earlier]


def former_results(session: Session, exam_id: int, user_id: int) -> list[FormerLine]:
    """Return the changed results of a candidate of an exam by attempt, for whoever runs it; often none or one.

    Why a single answer was judged anew is left empty: who decided about it was not told whose it is.
    """
    changed = exists().where(FormerResult.attempt_id == Result.attempt_id)
    rows = session.execute(
        select(Result.attempt_id, Attempt.ordinal, Result.score, Result.max_points, Result.passed)
        .join(Attempt, Attempt.id == Result.attempt_id)
        .where(Result.exam_id == exam_id, Result.user_id == user_id, changed)
        .order_by(Attempt.ordinal)
    ).all()
    return [
        FormerLine(
            *row,
            earlier=[
                replace(one, reason="") if one.remedy == "remark" else one
                for one in earlier_results(session, row.attempt_id)
            ],
        )
        for row in rows
    ]


def people_with_former(session: Session, exam_id: int, user_ids: Sequence[int]) -> set[int]:
    """Return who of these people has a result of the exam that a repair changed."""
    if not user_ids:
        return set()
    return set(
        session.scalars(
            select(Result.user_id)
            .join(FormerResult, FormerResult.attempt_id == Result.attempt_id)
            .where(Result.exam_id == exam_id, Result.user_id.in_(user_ids))
            .distinct()
        )
    )


def changed_people(repair_id: int) -> Select[Any]:
    """Return whose results a repair changed, by name: ``user_id, name, username, unit``, and the scores.

    ``before`` is the score before it, and ``waited`` says that it was none yet because an answer waited for a person;
    ``after`` is the score that the repair led to, also where a later one has changed it again.
    """
    later = aliased(FormerResult)
    same = (later.attempt_id == FormerResult.attempt_id, later.repairs_no > FormerResult.repairs_no)
    then = select(later.score).where(*same).order_by(later.repairs_no).limit(1).scalar_subquery()
    return (
        select(Result.user_id, User.name, User.username, Unit.name.label("unit"))
        .add_columns(FormerResult.score.label("before"), (FormerResult.unmarked > 0).label("waited"))
        .add_columns(func.coalesce(then, Result.score).label("after"))
        .join(Result, Result.attempt_id == FormerResult.attempt_id)
        .join(User, User.id == Result.user_id)
        .join(Unit, Unit.id == Result.unit_id)
        .where(FormerResult.repair_id == repair_id)
        .order_by(User.name, Result.attempt_id)
    )


def reasons_of(session: Session, exam_id: int, repairs_no: int) -> dict[Place, tuple[str, datetime]]:
    """Return by place why an item was repaired last, and when, of the first ``repairs_no`` repairs of an exam.

    Why one answer was judged anew is nobody else's to read and not in it.
    """
    rows = session.execute(
        select(Repair.item_version_id, Repair.part, Repair.reason, Repair.closed_at)
        .where(Repair.exam_id == exam_id, Repair.number <= repairs_no, Repair.task_id.is_(None))
        .order_by(Repair.number)
    )
    return {(row.item_version_id, row.part): (row.reason, row.closed_at) for row in rows}


def decisions_waiting(session: Session, person: Person) -> list[Any]:
    """Return what waits for the caller in exams that the caller runs, by exam: one statement.

    Rows are (what, id, exam title, how many, name): ``appeals`` with the exam's id and their number, ``repair`` with
    the id of one that somebody else, of that name, proposed.
    """
    own = units_within(person.scope(MANAGE).whole)
    waiting = (
        select(literal("appeals").label("what"), Exam.id.label("id"), Exam.title.label("title"))
        .add_columns(func.count().label("many"), literal("").label("name"))
        .join(Appeal, Appeal.exam_id == Exam.id)
        .join(Unit, Unit.id == Exam.unit_id)
        .where(own, Appeal.state == "lodged")
        .group_by(Exam.id, Exam.title)
    )
    to_sign = (
        select(literal("repair"), Repair.id, Exam.title, literal(1), User.name)
        .join(Exam, Exam.id == Repair.exam_id)
        .join(Unit, Unit.id == Exam.unit_id)
        .join(User, User.id == Repair.proposed_by)
        .where(own, Repair.state == "proposed", Repair.proposed_by != person.id)
    )
    return list(session.execute(union_all(waiting, to_sign).order_by("title", "what", "id")))
