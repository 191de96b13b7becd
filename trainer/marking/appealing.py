"""Lodging appeals against items of one's own result, and rejecting them; taking up is proposing a repair.

Our decision of 2026-11-27: one appeal for each item of an attempt, and its decision is final, as in contests. It is
decided by somebody else than an author of the item or a marker of the answer, and by no candidate of the exam.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.attempts.models import Attempt
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Invalid, Missing, demanded_text
from trainer.exams.models import Exam
from trainer.exams.queries import read_exam
from trainer.marking.models import Appeal
from trainer.marking.queries.appeals import appeals_until
from trainer.marking.repairing import MANAGE, demand_decider, demand_no_candidate
from trainer.marking.rules.appealing import ANSWER_MOST, DAYS_MOST, REASON_MOST
from trainer.notices.service import Told, queue_each
from trainer.papers.models import PaperItem


class AppealsClosed(Conflict):
    """No appeal is taken: the window has ended (``ended_at``, None where there is none)."""

    code = "appeals_closed"


class AppealLodged(Conflict):
    """The candidate has appealed about this item already."""

    code = "appeal_lodged"


def lodge(attempt_id: int, number: int, reason: str, *, by: Person, now: datetime) -> int:
    """Appeal about an item of one's own released result and return the appeal's id.

    The same reason a second time returns the appeal that stands. Raises ``Missing`` for an attempt or number that is
    not the caller's, ``Invalid`` at ``reason``, ``AppealsClosed``, ``AppealLodged``.
    """
    reason = demanded_text("reason", reason, REASON_MOST)
    with transaction() as session:
        # Locked, so that two tabs do not both find no appeal.
        attempt = session.scalars(select(Attempt).where(Attempt.id == attempt_id).with_for_update()).one_or_none()
        if attempt is None or attempt.user_id != by.id or by.ticket_exam_id not in (None, attempt.exam_id):
            raise Missing
        place = session.execute(
            select(PaperItem.item_version_id, func.coalesce(PaperItem.part, 0)).where(
                PaperItem.paper_id == attempt.paper_id, PaperItem.number == number
            )
        ).first()
        if place is None:
            raise Missing
        here = (Appeal.attempt_id == attempt_id, Appeal.number == number)
        standing = session.scalars(select(Appeal).where(*here)).one_or_none()
        if standing is not None:
            if standing.reason == reason:
                return standing.id
            raise AppealLodged
        ends = appeals_until(session, attempt_id, now)
        if ends is None or now >= ends:
            raise AppealsClosed
        made = Appeal(
            exam_id=attempt.exam_id,
            attempt_id=attempt_id,
            number=number,
            user_id=by.id,
            item_version_id=place[0],
            part=place[1],
            reason=reason,
            lodged_at=now,
        )
        session.add(made)
        session.flush()
        record("exam.appealed", by=by.id, target=f"exam:{attempt.exam_id}", detail={"appeal": made.id})
        return made.id


def reject(exam_id: int, appeal_ids: Sequence[int], answer: str, *, by: Person, now: datetime) -> int:
    """Reject appeals about one item together, with the reason that their candidates read; return how many.

    Those that the caller rejected with the same words before are passed over. Raises ``Missing``, ``Invalid`` at
    ``answer`` and ``appeals``, ``MayNotDecide``.
    """
    answer = demanded_text("answer", answer, ANSWER_MOST)
    with transaction() as session:
        exam = read_exam(session, exam_id, by, permission=MANAGE)
        demand_no_candidate(session, exam_id, by)
        found = _locked(session, exam_id, appeal_ids)
        if len({(one.item_version_id, one.part) for one in found}) > 1:
            raise Invalid.at("appeals", "appeals_of_one_item")
        demand_decider(session, (found[0].item_version_id, found[0].part), found, by)
        done = [one for one in found if (one.state, one.answer, one.decided_by) == ("rejected", answer, by.id)]
        waiting = [one for one in found if one.state == "lodged"]
        if len(done) + len(waiting) < len(found):
            raise Invalid.at("appeals", "appeals_decided")
        for one in waiting:
            one.state, one.answer, one.decided_by, one.decided_at = "rejected", answer, by.id, now
            params = {"title": exam.title, "number": one.number, "answer": answer}
            told = {one.user_id: Told("appeal_rejected", params, f"/attempts/{one.attempt_id}/result")}
            queue_each(told, key=f"appeal:{one.id}")
        if waiting:
            detail = {"appeals": [one.id for one in waiting], "reason": answer}
            record("exam.appeals_rejected", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        return len(waiting)


def _locked(session: Session, exam_id: int, appeal_ids: Sequence[int]) -> list[Appeal]:
    wanted = sorted(set(appeal_ids))
    if not wanted:
        raise Invalid.at("appeals", "required")
    rows = select(Appeal).where(Appeal.id.in_(wanted), Appeal.exam_id == exam_id).order_by(Appeal.id).with_for_update()
    found = list(session.scalars(rows.execution_options(populate_existing=True)))
    if len(found) < len(wanted):
        raise Missing
    return found


def set_appeal_days(exam_id: int, days: int, *, by: Person) -> None:
    """Say for how many working days results of an exam may be appealed, 0 for not at all. The same again is harmless.

    Raises ``Missing`` and ``Invalid`` at ``days``.
    """
    if not 0 <= days <= DAYS_MOST:
        raise Invalid.at("days", "out_of_range", least=0, most=DAYS_MOST)
    with transaction() as session:
        found = read_exam(session, exam_id, by, permission=MANAGE)
        exam = session.get_one(Exam, exam_id, with_for_update=True)
        if exam.appeal_days == days:
            return
        before, exam.appeal_days = exam.appeal_days, days
        detail = {"from": before, "to": days}
        record("exam.appeal_days_set", by=by.id, target=f"exam:{exam_id}", unit_id=found.unit_id, detail=detail)
