"""Repairs of items: proposed by one person, signed and thereby published by another, or withdrawn.

Our decisions of 2026-11-27: who signs is neither who proposed nor an author of the item; whoever is a candidate of the
exam has no part in it; where appeals are taken up with a repair, neither person may have marked one of the answers
appealed about, nor may the author take them up. Nothing is repaired while somebody may still be writing whom the key
could reach, for a repair shows the key to all who decide: not before the end, and where keys go out with each hand-in
not before the exam opens, nor by one of its candidates before it ends.

Judging one answer anew (改判) is proposed in ``remarking``, and signed and withdrawn here like the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from question_bank import Item
from question_bank.kinds.case_study import expand
from trainer.accounts.rules import Person
from trainer.audit.service import record
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Missing, Refused, demanded_text
from trainer.exams.models import Candidate, Exam
from trainer.exams.queries import ExamLine, read_exam
from trainer.marking.grading import Place, remedies_of
from trainer.marking.models import Appeal, Mark, MarkEvent, MarkingTask, Repair
from trainer.marking.queries.remarks import demand_remark
from trainer.marking.rules.regrade import DROP, Remedy, Ruling, cleaned, remedy_problems, ruling
from trainer.marking.rules.rubric import may_begin
from trainer.notices.service import Told, queue_each
from trainer.papers.models import Paper, PaperItem
from trainer.papers.rules.scoring import total_points

MANAGE = "exam.manage"
REASON_MOST = 500


class MayNotDecide(Forbidden):
    """The caller runs the exam, but has had to do with what is to be decided; the code says in what way."""

    code = "decider_is_candidate"


class RepairTooEarly(Refused):
    """Somebody may still be writing: the key stays shut until ``ended_at``."""

    code = "repair_too_early"


class RepairIsOpen(Conflict):
    """Another repair of this item waits for its second person."""

    code = "repair_is_open"


class RepairClosed(Conflict):
    """The repair was published or withdrawn meanwhile."""

    code = "repair_closed"


@dataclass(frozen=True)
class RepairSpec:
    """A repair as it is asked for: what becomes of which item, and why, which candidates will read."""

    place: Place
    remedy: Remedy
    reason: str


@dataclass(frozen=True)
class Signed:
    """A published repair and its number in the exam; ``first`` says whether this call published it."""

    exam_id: int
    number: int
    first: bool


def propose(exam_id: int, spec: RepairSpec, *, by: Person, now: datetime, appeal_ids: Sequence[int] = ()) -> int:
    """Propose a repair, with open appeals about the same item that it takes up, and return its id.

    The same proposal by the same person returns the id of the one that stands. Raises ``Missing``, ``Invalid`` at
    ``remedy``, ``answer``, ``reason`` and ``appeals``, ``MayNotDecide`` (see the head of this file),
    ``RepairTooEarly``, ``RepairIsOpen``, ``Conflict`` for an exam that is not published.
    """
    with transaction() as session:
        exam = demand_exam(session, exam_id, by, now)
        lock_exam(session, exam_id)
        demand_no_candidate(session, exam_id, by)
        remedy, _before = demand_remedy(session, exam_id, spec.place, spec.remedy)
        reason = demanded_text("reason", spec.reason, REASON_MOST)
        version_id, part = spec.place
        here = (Repair.exam_id == exam_id, Repair.item_version_id == version_id, Repair.part == part)
        for_all = (*here, Repair.task_id.is_(None), Repair.state == "proposed")
        standing = session.scalars(select(Repair).where(*for_all)).first()
        if standing is not None:
            same = (remedy.kind, remedy.answer, reason, by.id)
            if (standing.remedy, standing.answer, standing.reason, standing.proposed_by) == same and not appeal_ids:
                return standing.id
            raise RepairIsOpen
        appeals = open_appeals(session, exam_id, spec.place, appeal_ids)
        demand_decider(session, spec.place, appeals, by)
        made = Repair(
            exam_id=exam_id,
            item_version_id=version_id,
            part=part,
            remedy=remedy.kind,
            answer=remedy.answer,
            reason=reason,
            proposed_by=by.id,
            proposed_at=now,
        )
        session.add(made)
        session.flush()
        for one in appeals:
            one.state, one.repair_id, one.decided_by, one.decided_at = "taken_up", made.id, by.id, now
        detail = {"repair": made.id, "item_version": version_id, "part": part, "remedy": remedy.kind}
        detail |= {"reason": reason, "appeals": len(appeals)}
        record("exam.repair_proposed", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        return made.id


def withdraw(repair_id: int, *, by: Person, now: datetime) -> None:
    """Withdraw a proposed repair; appeals that it took up wait again. A second call changes nothing.

    Raises ``Missing``, ``MayNotDecide`` for a candidate and, for a published one, ``RepairClosed``.
    """
    with transaction() as session:
        repair, exam = _repair(session, repair_id, by)
        demand_no_candidate(session, exam.id, by)
        if repair.state == "withdrawn":
            return
        if repair.state == "published":
            raise RepairClosed
        repair.state, repair.closed_by, repair.closed_at = "withdrawn", by.id, now
        session.execute(
            update(Appeal)
            .where(Appeal.repair_id == repair_id)
            .values(state="lodged", repair_id=None, decided_by=None, decided_at=None)
        )
        detail = {"repair": repair_id}
        record("exam.repair_withdrawn", by=by.id, target=f"exam:{exam.id}", unit_id=exam.unit_id, detail=detail)


def sign(repair_id: int, *, by: Person, now: datetime) -> Signed:
    """Sign a proposed repair and publish it: from now on it holds for all attempts of the exam, later ones too.

    The results follow by ``regrading.regrade``, called by the roof at once and by a job for whatever is left. Signing
    again, by whomever, changes nothing and returns the same number. Raises ``Missing``, ``MayNotDecide``,
    ``RepairClosed`` for a withdrawn one, ``Invalid`` or ``AnswerDecidedForAll`` where another repair has made this one
    senseless meanwhile.
    """
    with transaction() as session:
        repair, exam = _repair(session, repair_id, by)
        if repair.state == "published":
            assert repair.number is not None
            return Signed(exam.id, repair.number, first=False)
        if repair.state == "withdrawn":
            raise RepairClosed
        demand_exam(session, exam.id, by, now)
        demand_no_candidate(session, exam.id, by)
        place = (repair.item_version_id, repair.part)
        appeals = list(session.scalars(select(Appeal).where(Appeal.repair_id == repair_id).order_by(Appeal.id)))
        _demand_second(session, repair, appeals, by)
        if repair.task_id is None:
            demand_remedy(session, exam.id, place, Remedy(repair.remedy, repair.answer))
            more: dict[str, str] = {}
        else:
            lines = [Decimal(one) for one in repair.lines or ()]
            task = demand_remark(session, exam.id, repair.task_id, lines)
            assert task.points is not None
            more = {"before": f"{task.points.normalize():f}", "after": f"{total_points(lines).normalize():f}"}
        held = lock_exam(session, exam.id)
        number = held.repairs_no + 1
        repair.state, repair.number, repair.closed_by, repair.closed_at = "published", number, by.id, now
        held.repairs_no = number
        told = {}
        for one in appeals:
            one.state = "upheld"
            params = {"title": exam.title, "number": one.number, **more}
            url = f"/attempts/{one.attempt_id}/result"
            anew = repair.task_id is not None
            told[one.user_id] = Told("appeal_remarked", params, url) if anew else Told("appeal_upheld", params, url)
        queue_each(told, key=f"repair:{repair_id}")
        detail = {"repair": repair_id, "item_version": place[0], "part": place[1], "remedy": repair.remedy}
        if repair.task_id is not None:
            detail |= {"answer": repair.task_id, "from": more["before"], "to": more["after"]}
        record("exam.repair_published", by=by.id, target=f"exam:{exam.id}", unit_id=exam.unit_id, detail=detail)
        return Signed(exam.id, number, first=True)


def demand_exam(session: Session, exam_id: int, by: Person, now: datetime) -> ExamLine:
    """Return an exam of the caller's that may be repaired at ``now``; raises as ``propose``."""
    exam = read_exam(session, exam_id, by, permission=MANAGE)
    if exam.state != "published":
        raise Conflict("exam_not_published")
    if now < exam.opens_at or not may_begin(now, release=exam.release, ended_at=exam.ends_at):
        raise RepairTooEarly(ended_at=exam.ends_at)
    demand_keys(session, exam, by, now)
    return exam


def demand_keys(session: Session, exam: ExamLine, by: Person, now: datetime) -> None:
    """Raise ``RepairTooEarly`` for a candidate of an exam that has not ended: to them keys come with the own result."""
    if now < exam.ends_at and is_candidate(session, exam.id, by):
        raise RepairTooEarly(ended_at=exam.ends_at)


def demand_no_candidate(session: Session, exam_id: int, by: Person) -> None:
    """Raise unless the caller has nothing to gain from the exam."""
    if is_candidate(session, exam_id, by):
        raise MayNotDecide("decider_is_candidate")


def is_candidate(session: Session, exam_id: int, by: Person) -> bool:
    """Return whether somebody sits the exam, and so has no part in what is decided about it."""
    return bool(session.scalar(select(exists().where(Candidate.exam_id == exam_id, Candidate.user_id == by.id))))


def demand_remedy(session: Session, exam_id: int, place: Place, remedy: Remedy) -> tuple[Remedy, Ruling]:
    """Return the remedy in canonical form, and how the item is judged without it.

    Raises ``Invalid``, ``Missing`` for an item that is on no paper of the exam, and ``Refused`` where nothing would be
    left on a paper.
    """
    item, remedies = item_at(session, exam_id, place)
    before = ruling(item, remedies)
    remedy = cleaned(before.items[0], remedy)
    problems = remedy_problems(before, remedy)
    if problems:
        raise Invalid(problems)
    if remedy.kind == DROP and _would_empty_a_paper(session, exam_id, place):
        raise Refused("nothing_left_on_paper")
    return remedy, before


def item_at(session: Session, exam_id: int, place: Place) -> tuple[Item, list[Remedy]]:
    """Return an item of an exam as it was printed, and the published remedies of it. Raises ``Missing``."""
    version_id, part = place
    row = session.execute(
        select(ItemVersion.body, Exam.repairs_no)
        .join(PaperItem, PaperItem.item_version_id == ItemVersion.id)
        .join(Paper, Paper.id == PaperItem.paper_id)
        .join(Exam, Exam.blueprint_id == Paper.blueprint_id)
        .where(Exam.id == exam_id, ItemVersion.id == version_id, func.coalesce(PaperItem.part, 0) == part)
        .limit(1)
    ).first()
    if row is None:
        raise Missing
    item = expand(Item.from_dict(row.body))[max(part, 1) - 1]
    return item, remedies_of(session, exam_id, row.repairs_no).get(place, [])


def _would_empty_a_paper(session: Session, exam_id: int, place: Place) -> bool:
    """Whether a paper with the item has nothing else that is worth anything: one statement, however many papers."""
    number = session.scalars(select(Exam.repairs_no).where(Exam.id == exam_id)).one()
    gone = {place} | {
        one for one, remedies in remedies_of(session, exam_id, number).items() if remedies[-1].kind == DROP
    }
    other = aliased(PaperItem)
    is_gone = or_(
        *((other.item_version_id == version) & (func.coalesce(other.part, 0) == part) for version, part in sorted(gone))
    )
    bare = (
        select(PaperItem.paper_id)
        .join(Paper, Paper.id == PaperItem.paper_id)
        .join(Exam, Exam.blueprint_id == Paper.blueprint_id)
        .where(Exam.id == exam_id, PaperItem.item_version_id == place[0], func.coalesce(PaperItem.part, 0) == place[1])
        .where(~exists().where(other.paper_id == PaperItem.paper_id, other.points > 0, ~is_gone))
        .limit(1)
    )
    return session.scalar(bare) is not None


def demand_decider(session: Session, place: Place, appeals: Sequence[Appeal], by: Person) -> None:
    """Raise ``MayNotDecide`` for an author of the item or a marker of one of the answers."""
    if not appeals:
        return
    if by.id in _authors(session, place[0]):
        raise MayNotDecide("decider_is_author")
    if by.id in _markers(session, appeals):
        raise MayNotDecide("decider_is_marker")


def why_not_sign(session: Session, repair_id: int, by: Person) -> str:
    """Return the code of why the caller may not sign a repair that is proposed, empty for no reason."""
    repair = session.get_one(Repair, repair_id)
    if is_candidate(session, repair.exam_id, by):
        return "decider_is_candidate"
    appeals = list(session.scalars(select(Appeal).where(Appeal.repair_id == repair_id)))
    return _why_not_second(session, repair, appeals, by)


def _demand_second(session: Session, repair: Repair, appeals: Sequence[Appeal], by: Person) -> None:
    why = _why_not_second(session, repair, appeals, by)
    if why:
        raise MayNotDecide(why)


def _why_not_second(session: Session, repair: Repair, appeals: Sequence[Appeal], by: Person) -> str:
    if by.id == repair.proposed_by:
        return "signer_is_proposer"
    if by.id in _authors(session, repair.item_version_id):
        return "signer_is_author"
    if by.id in _markers(session, appeals):
        return "decider_is_marker"
    return ""


def _authors(session: Session, version_id: int) -> set[int]:
    row = session.execute(
        select(ItemVersion.created_by, ItemRecord.author_id)
        .join(ItemRecord, ItemRecord.id == ItemVersion.item_id)
        .where(ItemVersion.id == version_id)
    ).one()
    return {one for one in row if one is not None}


def _markers(session: Session, appeals: Sequence[Appeal]) -> set[int]:
    """Return who has marked one of the answers appealed about, at any time. The appeals are about one item."""
    if not appeals:
        return set()
    about = (
        MarkingTask.attempt_id.in_([one.attempt_id for one in appeals]),
        MarkingTask.item_version_id == appeals[0].item_version_id,
        MarkingTask.part == appeals[0].part,
    )
    now = select(Mark.marker_id).join(MarkingTask, MarkingTask.id == Mark.task_id).where(*about)
    ever = select(MarkEvent.marker_id).join(MarkingTask, MarkingTask.id == MarkEvent.task_id).where(*about)
    return set(session.scalars(now)) | set(session.scalars(ever))


def open_appeals(session: Session, exam_id: int, place: Place, ids: Sequence[int]) -> list[Appeal]:
    """Return open appeals about an item, locked. Raises ``Invalid`` for any that is decided or about another item."""
    if not ids:
        return []
    found = list(
        session.scalars(
            select(Appeal)
            .where(
                Appeal.id.in_(sorted(set(ids))),
                Appeal.exam_id == exam_id,
                Appeal.item_version_id == place[0],
                Appeal.part == place[1],
                Appeal.state == "lodged",
            )
            .order_by(Appeal.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    if len(found) < len(set(ids)):
        raise Invalid.at("appeals", "appeals_decided")
    return found


def _repair(session: Session, repair_id: int, by: Person) -> tuple[Repair, ExamLine]:
    """Return a repair of the caller's scope, locked behind its exam; raises ``Missing``."""
    exam_id = session.scalar(select(Repair.exam_id).where(Repair.id == repair_id))
    if exam_id is None:
        raise Missing
    exam = read_exam(session, exam_id, by, permission=MANAGE)
    lock_exam(session, exam_id)
    rows = select(Repair).where(Repair.id == repair_id).with_for_update()
    return session.scalars(rows.execution_options(populate_existing=True)).one(), exam


def lock_exam(session: Session, exam_id: int) -> Exam:
    """Return the exam's row, locked: proposing, signing and withdrawing of one exam come one after the other."""
    # Not against those who only point to the exam: people go on starting and handing in.
    rows = select(Exam).where(Exam.id == exam_id).with_for_update(key_share=True)
    return session.scalars(rows.execution_options(populate_existing=True)).one()
