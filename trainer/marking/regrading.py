"""Carrying published repairs out: every result of the exam is brought up to the exam's number of repairs.

Results are taken a page at a time, each page one transaction, and a page is found by the number that its results bear.
So the work may end anywhere and be taken up again by anybody: what is done is not done twice. A result that was settled
while a repair was being published is found in the same way.

A repair that judges one answer anew (改判) passes over all results but one; there the points of the answer and its
record change as well. Where several repairs are behind, a result names the last that concerns it.

With a result change, in the same transaction: the result before it is kept, hours that rested on a pass that is gone
are taken back, those that had been taken back before come again, and who may see the result is told. Boards, and hours
of those who pass for the first time, follow as after every change of results (``marking.jobs.spread``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from trainer.attempts.models import Attempt
from trainer.core.clock import local_day
from trainer.core.database import db, end_read, transaction
from trainer.exams.models import Exam
from trainer.exams.queries import last_own_closing, longest_extra
from trainer.exams.rules import ends_at
from trainer.hours.ledger import credit, reverse
from trainer.hours.models import LedgerEntry
from trainer.hours.rules.crediting import Event
from trainer.marking.grading import remedies_of
from trainer.marking.models import Appeal, FormerResult, MarkEvent, MarkingTask, Repair, Result
from trainer.marking.queries.effects import after_repairs, keys_after, papers_with
from trainer.marking.rules import may_see_result
from trainer.marking.rules.regrade import DROP, FULL_MARKS, Regraded
from trainer.marking.service import SOURCE
from trainer.notices.service import Told, queue_each
from trainer.papers.rules.scoring import NOTHING, total_points

PAGE = 200


def regrade(exam_id: int, now: datetime) -> list[int]:
    """Bring all results of an exam up to its repairs; return the attempts whose score or pass is another now.

    A second call finds nothing to do and returns an empty list.
    """
    changed: list[int] = []
    while (page := _regrade_page(exam_id, now)) is not None:
        changed += page
    return changed


def exams_to_regrade() -> list[int]:
    """Return the ids of exams with results that a published repair has not reached."""
    behind = exists().where(Result.exam_id == Exam.id, Result.repairs_no < Exam.repairs_no)
    found = list(db.session().scalars(select(Exam.id).where(Exam.repairs_no > 0, behind).order_by(Exam.id)))
    end_read()
    return found


def _regrade_page(exam_id: int, now: datetime) -> list[int] | None:
    """Regrade some results; None when there are none left."""
    with transaction() as session:
        row = session.execute(
            select(Exam, last_own_closing(), longest_extra()).where(Exam.id == exam_id, Exam.repairs_no > 0)
        ).first()
        if row is None:
            return None
        exam, closes_at, extra_minutes = row
        behind = (Result.exam_id == exam_id, Result.repairs_no < exam.repairs_no)
        ids = list(session.scalars(select(Result.attempt_id).where(*behind).order_by(Result.attempt_id).limit(PAGE)))
        if not ids:
            return None
        _decide_tasks(session, exam, ids)
        judged = _judged_anew(session, exam, ids)
        # Locked in the order in which marking locks: answers, then results. Who else regrades waits, and finds nothing.
        rows = session.execute(
            select(Result, Attempt.paper_id)
            .join(Attempt, Attempt.id == Result.attempt_id)
            .where(*behind, Result.attempt_id.in_(ids))
            .order_by(Result.attempt_id)
            .with_for_update(of=Result)
            .execution_options(populate_existing=True)
        ).all()
        causes = _causes(session, exam, [one[0] for one in rows], judged)
        concerned = [(one[0], one[1]) for one in rows if one[0].attempt_id in causes]
        anew = {result.attempt_id: _judge_anew(session, result, judged) for result, _paper_id in concerned}
        remedies = remedies_of(session, exam_id, exam.repairs_no)
        touched = papers_with(session, exam_id, remedies)
        touched |= {paper_id for result, paper_id in concerned if anew[result.attempt_id]}
        keys = keys_after(session, remedies)
        stands = after_repairs(session, concerned, keys, exam.pass_mark, anew, touched=touched)
        out = may_see_result(
            exam.release,
            submitted=True,
            ended_at=ends_at(closes_at, extra_minutes, grace_seconds=exam.grace_seconds),
            released_at=exam.released_at,
            now=now,
        )
        changed = defaultdict(list)
        for (result, _paper_id), after in zip(concerned, stands, strict=True):
            repair = causes[result.attempt_id]
            told = _stand(session, result, after, repair, now)
            if told is not None:
                changed[repair].append(told)
        for result, _paper_id in rows:
            result.repairs_no = exam.repairs_no
        session.flush()
        for repair, results in changed.items():
            reversed_for = _correct_hours(session, exam, repair, [one for one, *_rest in results], now)
            if out:
                _tell(session, exam, repair, results, reversed_for)
        return sorted(result.attempt_id for results in changed.values() for result, *_rest in results)


# A result with the score and the pass before; the score is None where an answer still waited for a person.
Changed = tuple[Result, Decimal | None, bool | None]
# By attempt the answers that repairs judge anew, in the order of the repairs.
Judged = dict[int, list[tuple[Repair, MarkingTask]]]


def _judged_anew(session: Session, exam: Exam, attempt_ids: Sequence[int]) -> Judged:
    """Return the answers of attempts that published repairs judge anew, locked."""
    rows = session.execute(
        select(Repair, MarkingTask)
        .join(MarkingTask, MarkingTask.id == Repair.task_id)
        .where(
            Repair.exam_id == exam.id,
            Repair.number <= exam.repairs_no,
            MarkingTask.attempt_id.in_(attempt_ids),
        )
        .order_by(MarkingTask.id)
        .with_for_update(of=MarkingTask)
        .execution_options(populate_existing=True)
    )
    found: Judged = defaultdict(list)
    for repair, task in sorted(rows.all(), key=lambda row: row[0].number):
        found[task.attempt_id].append((repair, task))
    return found


def _causes(session: Session, exam: Exam, results: Sequence[Result], judged: Judged) -> dict[int, Repair]:
    """Return by attempt the last repair that a result is behind and that concerns it; not in it is who has none."""
    published = session.scalars(
        select(Repair).where(Repair.exam_id == exam.id, Repair.number <= exam.repairs_no).order_by(Repair.number.desc())
    ).all()
    found = {}
    for result in results:
        own = {repair.id for repair, _task in judged.get(result.attempt_id, ())}
        # Numbers have no gaps, and the highest come first.
        for repair in published[: exam.repairs_no - result.repairs_no]:
            if repair.task_id is None or repair.id in own:
                found[result.attempt_id] = repair
                break
    return found


def _judge_anew(session: Session, result: Result, judged: Judged) -> dict[int, tuple[Decimal, Decimal]]:
    """Give answers of an attempt the points of the repairs it is behind and write them into the record.

    Returns (points, most points) by item number.
    """
    found = {}
    for repair, task in judged.get(result.attempt_id, ()):
        if repair.number <= result.repairs_no:
            continue
        points = total_points(map(Decimal, repair.lines))
        task.points = points
        found[task.number] = (points, task.max_points)
        session.add(
            MarkEvent(
                task_id=task.id,
                marker_id=repair.proposed_by,
                kind="remarked",
                lines=repair.lines,
                points=points,
                comment=repair.comment,
                by=repair.closed_by,
                at=repair.closed_at,
            )
        )
    return found


def _stand(session: Session, result: Result, after: Regraded, repair: Repair, now: datetime) -> Changed | None:
    """Bring one result up to the repairs and keep what stood; return what changed, None for nothing."""
    before = (result.score, result.passed)
    if result.marks != after.marks:
        session.add(
            FormerResult(
                attempt_id=result.attempt_id,
                repairs_no=result.repairs_no,
                repair_id=repair.id,
                score=result.score,
                objective_score=result.objective_score,
                passed=result.passed,
                correct_count=result.correct_count,
                unmarked=result.unmarked,
                marks=result.marks,
                superseded_at=now,
            )
        )
    was_waiting = result.unmarked
    result.score, result.objective_score, result.passed = after.score, after.objective_score, after.passed
    result.correct_count, result.unmarked, result.marks = after.correct_count, after.unmarked, after.marks
    if before == (after.score, after.passed) and was_waiting == after.unmarked:
        return None
    return result, None if was_waiting else before[0], before[1]


def _decide_tasks(session: Session, exam: Exam, attempt_ids: Sequence[int]) -> None:
    """Take answers out of marking that a repair decides for all: nobody needs to mark them any more."""
    decided = session.scalars(
        select(Repair).where(
            Repair.exam_id == exam.id, Repair.number <= exam.repairs_no, Repair.remedy.in_((DROP, FULL_MARKS))
        )
    )
    for one in decided.all():
        points = NOTHING if one.remedy == DROP else MarkingTask.max_points
        session.execute(
            update(MarkingTask)
            .where(
                MarkingTask.exam_id == exam.id,
                MarkingTask.attempt_id.in_(attempt_ids),
                MarkingTask.item_version_id == one.item_version_id,
                MarkingTask.part == one.part,
                MarkingTask.points.is_(None),
            )
            .values(points=points, wants_third=False)
        )


def _correct_hours(session: Session, exam: Exam, repair: Repair, results: Sequence[Result], now: datetime) -> set[int]:
    """Take back hours that rest on no pass any more, and enter those again that had been taken back.

    Return the ids of the people whose hours were taken back.
    """
    people = sorted({one.user_id for one in results})
    if not people or not exam.credit_hours:
        return set()
    passing = (
        select(Result.user_id, func.min(Result.submitted_at))
        .where(Result.exam_id == exam.id, Result.user_id.in_(people), Result.passed.is_(True), Result.unmarked == 0)
        .group_by(Result.user_id)
    )
    passes: dict[int, datetime] = {row[0]: row[1] for row in session.execute(passing)}
    counter = aliased(LedgerEntry)
    standing: dict[int, str] = {}
    taken_back: set[int] = set()
    for user_id, source_id, reversal in session.execute(
        select(LedgerEntry.user_id, LedgerEntry.source_id, counter.id)
        .outerjoin(counter, counter.reverses_id == LedgerEntry.id)
        .where(
            LedgerEntry.source == SOURCE,
            or_(LedgerEntry.source_id == str(exam.id), LedgerEntry.source_id.like(f"{exam.id}.%")),
            LedgerEntry.user_id.in_(people),
        )
    ):
        if reversal is None:
            standing[user_id] = source_id
        else:
            taken_back.add(user_id)
    reason = repair.reason[:200]
    lost = standing.keys() - passes.keys()
    for source_id in sorted({standing[one] for one in lost}):
        theirs = [one for one in lost if standing[one] == source_id]
        reverse(SOURCE, source_id, by=repair.closed_by, reason=reason, now=now, user_ids=theirs)
    for user_id in sorted(taken_back & passes.keys() - standing.keys()):
        # An event is entered once; what was taken back comes again under the number of the repair.
        event = Event(
            source=SOURCE,
            source_id=f"{exam.id}.{exam.repairs_no}",
            title=exam.title,
            hours=exam.credit_hours,
            occurred_on=local_day(passes[user_id]),
            note=reason,
        )
        credit(event, [user_id], by=repair.closed_by, now=now)
    return set(lost)


def _tell(
    session: Session, exam: Exam, repair: Repair, changed: Sequence[Changed], reversed_for: Collection[int]
) -> None:
    """Queue one notice for each whose result changed; who appealed is told of the appeal besides.

    Whose answer was judged anew has been told its points with the appeal, and is told what that means for the pass.
    """
    anew = repair.task_id is not None
    appealed = set(session.scalars(select(Appeal.user_id).where(Appeal.repair_id == repair.id)))
    told: dict[int, Told] = {}
    for result, before, passed_before in changed:
        if result.unmarked:
            continue
        url = f"/attempts/{result.attempt_id}/result"
        if before is None:
            # It was the last answer that waited: nobody has seen a score yet that could have changed.
            told[result.user_id] = Told("result_marked", {"title": exam.title}, url)
            continue
        params = {"title": exam.title, "before": f"{before.normalize():f}", "after": f"{result.score.normalize():f}"}
        gained, lost = result.passed and not passed_before, passed_before and not result.passed
        reversed_now = result.user_id in reversed_for
        if anew and gained:
            told[result.user_id] = Told("result_remarked_passed", params, url)
        elif anew and lost and reversed_now:
            told[result.user_id] = Told("result_remarked_reversed", params, url)
        elif anew and lost:
            told[result.user_id] = Told("result_remarked_failed", params, url)
        elif gained:
            told[result.user_id] = Told("result_repaired_passed", params, url)
        elif lost and reversed_now:
            told[result.user_id] = Told("result_repaired_reversed", params, url)
        elif lost:
            told[result.user_id] = Told("result_repaired_failed", params, url)
        elif not anew:
            told[result.user_id] = Told("result_repaired", params, url)
    if anew:
        queue_each(told, key=f"repair:{repair.id}:pass")
        return
    # The notice of the appeal bears the repair's own key, and each key is used once for a person.
    queue_each({one: what for one, what in told.items() if one not in appealed}, key=f"repair:{repair.id}")
    queue_each({one: what for one, what in told.items() if one in appealed}, key=f"repair:{repair.id}:result")
