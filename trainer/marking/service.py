"""What a released pass brings: credit hours. Harmless however often it runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from trainer.attempts.models import Attempt
from trainer.core.clock import CITY_ZONE, local_day
from trainer.core.database import db, end_read, transaction
from trainer.exams.models import Exam
from trainer.exams.queries import last_own_closing, longest_extra
from trainer.exams.rules import ends_at
from trainer.hours.ledger import credit
from trainer.hours.models import LedgerEntry
from trainer.hours.rules.crediting import Event
from trainer.marking.models import Result
from trainer.marking.rules import may_see_result
from trainer.notices.service import queue

SOURCE = "exam"
PART = 500


def may_be_visible(now: Any) -> ColumnElement[bool]:
    """Return ``rules.may_see_result`` as a condition on ``Exam``, but for the minutes granted; ``now`` aware UTC."""
    return or_(
        Exam.released_at <= now,
        Exam.release == "after_submit",
        and_(Exam.release == "after_close", last_own_closing() <= now),
    )


def _stands_for(number: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition on ``LedgerEntry`` that it is of the exam with this number and was not taken back."""
    counter = aliased(LedgerEntry)
    of_exam = or_(LedgerEntry.source_id == number, LedgerEntry.source_id.like(number + ".%"))
    return and_(of_exam, ~exists().where(counter.reverses_id == LedgerEntry.id))


def credit_passes(now: datetime, attempt_ids: Sequence[int] | None = None, zone: ZoneInfo = CITY_ZONE) -> int:
    """Enter the hours of exams that earn some for each who passed and may see it; return how many people got them.

    Nothing is entered before the release, for the ledger would tell the result. An exam is credited once for each
    person, on the local day of the first pass; once more where a repair took that back and another attempt passes. It
    and its resits (补考) earn together once: a repair may let somebody pass what they have made up for since.
    ``attempt_ids`` limits the look to these attempts; None looks at all.
    """
    theirs = and_(LedgerEntry.source == SOURCE, LedgerEntry.user_id == Result.user_id)
    number = db.cast(Exam.id, db.String)
    entered = exists().where(theirs, LedgerEntry.source_id == number)
    # Only a repair takes hours of an exam back, so that with none what was entered once stands.
    stands = exists().where(theirs, _stands_for(number))
    kin = aliased(Exam)
    made_up = exists().where(
        theirs,
        _stands_for(db.cast(kin.id, db.String)),
        or_(
            kin.id == Exam.resit_of_id,
            kin.resit_of_id == Exam.id,
            and_(kin.resit_of_id == Exam.resit_of_id, kin.id != Exam.id),
        ),
    )
    passed = (
        select(
            Exam, Result.user_id, Result.attempt_id, Result.submitted_at, last_own_closing(), longest_extra(), entered
        )
        .join(Attempt, Attempt.id == Result.attempt_id)
        .join(Exam, Exam.id == Result.exam_id)
        .where(
            Result.passed.is_(True),
            Result.unmarked == 0,
            Exam.credit_hours > 0,
            ~Exam.is_mock,
            Exam.state == "published",
            may_be_visible(now),
            or_(~entered, and_(Exam.repairs_no > 0, ~stands)),
            ~made_up,
        )
        .order_by(Result.submitted_at)
    )
    if attempt_ids is not None:
        passed = passed.where(Result.attempt_id.in_(attempt_ids))
    waiting: dict[tuple[int, str, date], list[int]] = defaultdict(list)
    exams: dict[int, Exam] = {}
    seen: set[tuple[int, int]] = set()
    for exam, user_id, attempt_id, submitted_at, closes_at, extra_minutes, again in db.session.execute(passed):
        ended_at = ends_at(closes_at, extra_minutes, grace_seconds=exam.grace_seconds)
        if not may_see_result(exam.release, submitted=True, ended_at=ended_at, released_at=exam.released_at, now=now):
            continue
        exams[exam.id] = exam
        if (exam.id, user_id) not in seen:
            seen.add((exam.id, user_id))
            # An event is entered once; the pass of another attempt is another one.
            source_id = f"{exam.id}.a{attempt_id}" if again else str(exam.id)
            waiting[(exam.id, source_id, local_day(submitted_at, zone))].append(user_id)
    end_read()
    count = 0
    for (exam_id, source_id, day), user_ids in waiting.items():
        exam = exams[exam_id]
        event = Event(
            source=SOURCE,
            source_id=source_id,
            title=exam.title,
            hours=exam.credit_hours,  # type: ignore[arg-type]  # the condition above leaves no None
            occurred_on=day,
        )
        with transaction() as session:
            new = credit(event, _who_still_pass(session, exam_id, user_ids), by=None, now=now)
            queue(
                new,
                "hours_credited",
                key=f"exam:{source_id}:hours",
                params={"title": exam.title, "hours": str(exam.credit_hours)},
                url="/hours",
            )
            count += len(new)
    return count


def _who_still_pass(session: Session, exam_id: int, user_ids: Sequence[int]) -> list[int]:
    """Return those who pass now, with the results that say so held: a repair may have come since they were read.

    A repair that comes later waits for these rows, and then finds the hours that it takes back.
    """
    found: list[int] = []
    for start in range(0, len(user_ids), PART):
        rows = (
            select(Result.user_id)
            .where(Result.exam_id == exam_id, Result.user_id.in_(user_ids[start : start + PART]))
            .where(Result.passed.is_(True), Result.unmarked == 0)
            .order_by(Result.attempt_id)
            .with_for_update(read=True)
        )
        found += session.scalars(rows)
    return found
