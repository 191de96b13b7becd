"""More time, after a disturbance or for who needs it: minutes for people, a room or all, or a later close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.attempts.desk import REASON_MOST, demand_reason, held_candidate, is_under_way, latest_attempt
from trainer.attempts.models import Attempt
from trainer.attempts.rules.timing import deadline
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Invalid, Missing
from trainer.exams.changing import MANAGE
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.queries import read_exam
from trainer.exams.rules import EXTRA_MINUTES_MOST, own_window
from trainer.exams.service import extend_closing
from trainer.exams.sittings import refuse_if_out


class AlreadyHandedIn(Conflict):
    """The candidate's attempt has been handed in, and the exam allows no further one."""

    code = "already_handed_in"


class HaveNoTime(Conflict):
    """``names`` have handed in for the last time, or are exempt or deferred: there is no time to be longer."""

    code = "have_no_time"


class MinutesInUse(Conflict):
    """``names`` have started with the minutes that they were given; these are not taken back."""

    code = "minutes_in_use"


@dataclass(frozen=True)
class Extension:
    """What a candidate has now: all extra minutes, and the new deadline (aware UTC) of an attempt under way."""

    extra_minutes: int
    deadline_at: datetime | None


def extend(exam_id: int, candidate_id: int, *, minutes: int, by: int, reason: str, now: datetime) -> Extension:
    """Give a candidate ``minutes`` more, at once also for the attempt under way. The caller has checked the right.

    Each call adds; they come on top of paper and sitting alike (``rules.timing``). The candidate's page learns of it
    with its next save or heartbeat. Raises ``Invalid`` for minutes outside 1 to ``EXTRA_MINUTES_MOST`` or without a
    reason, ``AlreadyHandedIn``, ``Missing`` for a candidate of another exam, and ``Refused`` once nobody can write any
    more: who writes then could know the keys, or how the papers were drawn.
    """
    _check(minutes, reason)
    with transaction() as session:
        _exam_with_time_left(session, exam_id, now)
        candidate = held_candidate(session, exam_id, candidate_id)
        attempt = latest_attempt(session, candidate_id)
        if attempt is not None and not is_under_way(attempt, now):
            allowed = session.scalar(select(Exam.attempts_allowed).where(Exam.id == exam_id)) or 1
            if attempt.ordinal >= allowed + candidate.extra_attempts:
                raise AlreadyHandedIn
            attempt = None
        candidate.extra_minutes += minutes
        if attempt is not None:
            attempt.deadline_at += timedelta(minutes=minutes)
        record(
            "attempt.extended",
            by=by,
            target=f"candidate:{candidate_id}",
            detail={"exam": exam_id, "minutes": minutes, "reason": reason.strip()[:REASON_MOST]},
        )
        return Extension(candidate.extra_minutes, attempt.deadline_at if attempt is not None else None)


def extend_many(exam_id: int, sitting_id: int | None, *, minutes: int, by: int, reason: str, now: datetime) -> int:
    """Give everybody of a sitting, of all with None, ``minutes`` more and return how many; the caller has the right.

    It reaches those who are due and not handed in, those who have not started too; who has handed in for the last time
    keeps what they had. Each call adds. Raises what ``extend`` does, and ``Missing`` for a sitting of another exam.
    """
    _check(minutes, reason)
    with transaction() as session:
        exam = _exam_with_time_left(session, exam_id, now)
        sittings = select(Sitting.id).where(Sitting.exam_id == exam_id).order_by(Sitting.id)
        if sitting_id is not None:
            sittings = sittings.where(Sitting.id == sitting_id)
        among = list(session.scalars(sittings))
        people = session.scalars(
            select(Candidate)
            .where(Candidate.exam_id == exam_id, Candidate.sitting_id.in_(among))
            .order_by(Candidate.id)
            .with_for_update()
        ).all()
        if not among:
            raise Missing
        attempts = (Attempt.exam_id == exam_id, Attempt.sitting_id.in_(among))
        given = _give(session, exam, people, attempts, minutes, now)
        detail = {"minutes": minutes, "people": len(given), "reason": reason.strip()[:REASON_MOST]}
        if sitting_id is not None:
            detail["sitting"] = session.scalar(select(Sitting.number).where(Sitting.id == sitting_id))
        record("exam.minutes_added", by=by, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        return len(given)


def extend_named(
    exam_id: int, candidate_ids: Sequence[int], minutes: int, *, by: Person, reason: str, now: datetime
) -> int:
    """Give the named candidates ``minutes`` more and return for how many it changed; all of them or, refused, none.

    For whoever runs the exam, from the draft on and while it runs. Each call adds, as on the board; 0 takes back what
    those had who have not started, and asks for no reason. Raises ``Invalid`` for minutes beyond
    ``EXTRA_MINUTES_MOST`` or without a reason, ``HaveNoTime``, ``MinutesInUse``, ``Missing`` for a candidate of
    another exam or scope, and ``Refused`` once nobody can write any more.
    """
    if not 0 <= minutes <= EXTRA_MINUTES_MOST:
        raise Invalid.at("minutes", "out_of_range", least=0, most=EXTRA_MINUTES_MOST)
    if minutes:
        demand_reason(reason)
    with transaction() as session:
        read_exam(session, exam_id, by, permission=MANAGE)
        # Not ``held_exam``: a start holds its candidate and then asks for the exam, which that would keep from it.
        exam = _exam_with_time_left(session, exam_id, now)
        chosen = (Candidate.exam_id == exam_id, Candidate.id.in_(candidate_ids))
        people = session.scalars(select(Candidate).where(*chosen).order_by(Candidate.id).with_for_update()).all()
        if not people or len(people) != len(set(candidate_ids)):
            raise Missing
        attempts = (Attempt.exam_id == exam_id, Attempt.candidate_id.in_(candidate_ids))
        if minutes:
            given = _give(session, exam, people, attempts, minutes, now)
            reached = {one.id for one in given}
            left_out = [one for one in people if one.id not in reached]
            if left_out:
                raise HaveNoTime(names=_names(session, left_out))
        else:
            given = [one for one in people if one.extra_minutes]
            started = set(session.scalars(select(Attempt.candidate_id).where(*attempts).with_for_update()))
            in_use = [one for one in given if one.id in started]
            if in_use:
                raise MinutesInUse(names=_names(session, in_use))
            for one in given:
                one.extra_minutes = 0
        if given:
            detail = {"people": [one.user_id for one in given], "minutes": minutes}
            detail |= {"reason": reason.strip()[:REASON_MOST]} if reason.strip() else {}
            record("exam.minutes_granted", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        return len(given)


def extend_for_all(exam_id: int, closes_at: datetime, *, by: Person, now: datetime) -> None:
    """Move the closing time of an exam to a later one, at once also for the attempts that it would have cut short.

    Nobody gets more than the length of the paper and the minutes granted to them. The same time again changes nothing.
    Raises what ``exams.service.extend_closing`` does.
    """
    with transaction() as session:
        last = select(Sitting.id).where(Sitting.exam_id == exam_id)
        closing = select(func.max(Sitting.closes_at)).where(Sitting.exam_id == exam_id).scalar_subquery()
        among = list(session.scalars(last.where(Sitting.closes_at == closing)))
        extend_closing(exam_id, closes_at, by=by, now=now)
        under_way = session.execute(
            select(Attempt, Candidate.extra_minutes, Exam.minutes, Candidate.shift_minutes)
            .join(Candidate, Candidate.id == Attempt.candidate_id)
            .join(Exam, Exam.id == Attempt.exam_id)
            .where(Attempt.exam_id == exam_id, Attempt.state == "open", Attempt.sitting_id.in_(among))
            .order_by(Attempt.id)
            .with_for_update(of=Attempt)
        )
        for attempt, extra_minutes, minutes, shift in under_way:
            if not is_under_way(attempt, now):
                continue
            closes = own_window(closes_at, closes_at, shift)[1]
            ends = deadline(attempt.started_at, closes, minutes=minutes, extra_minutes=extra_minutes)
            attempt.deadline_at = max(attempt.deadline_at, ends)


def _give(
    session: Session, exam: Exam, people: Sequence[Candidate], attempts: tuple[Any, ...], minutes: int, now: datetime
) -> list[Candidate]:
    """Add minutes to held candidates and their attempts under way; return who got them.

    Left out is who handed in for good, and who is neither due nor writing. ``attempts`` are the conditions by which
    theirs are found.
    """
    latest: dict[int, Attempt] = {}
    for attempt in session.scalars(select(Attempt).where(*attempts).order_by(Attempt.id).with_for_update()):
        latest[attempt.candidate_id] = attempt
    given, running = [], []
    for one in people:
        own = latest.get(one.id)
        runs = own is not None and is_under_way(own, now)
        if own is not None and not runs and own.ordinal >= exam.attempts_allowed + one.extra_attempts:
            continue
        if one.state != "due" and not runs:
            continue
        given.append(one)
        if own is not None and runs:
            running.append({"id": own.id, "deadline_at": own.deadline_at + timedelta(minutes=minutes)})
    if given:
        added = [{"id": one.id, "extra_minutes": one.extra_minutes + minutes} for one in given]
        session.execute(update(Candidate), added)
    if running:
        session.execute(update(Attempt), running)
    return given


def _names(session: Session, people: Sequence[Candidate]) -> str:
    """Return the names of the first ten, for a refusal."""
    among = select(User.name).where(User.id.in_([one.user_id for one in people])).order_by(User.name).limit(10)
    return ", ".join(session.scalars(among))


def _exam_with_time_left(session: Session, exam_id: int, now: datetime) -> Exam:
    """Return an exam in which somebody can still write, held so that nobody releases results in between."""
    exam = session.get(Exam, exam_id, with_for_update={"read": True})
    if exam is None:
        raise Missing
    refuse_if_out(session, exam, now)
    return exam


def _check(minutes: int, reason: str) -> None:
    if not 1 <= minutes <= EXTRA_MINUTES_MOST:
        raise Invalid.at("minutes", "out_of_range", least=1, most=EXTRA_MINUTES_MOST)
    demand_reason(reason)
