"""Start and resume: the paper is ready beforehand, so that three thousand people can begin in one minute.

One statement ties session, person, candidate, sitting, exam and the latest attempt together; then one row is added,
or its epoch raised. The paper's bytes were compiled at publication and are sent as they are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update
from sqlalchemy.orm import aliased

from trainer.accounts.models import User
from trainer.attempts.caller import Caller, demand_ticket, demand_writer, explain_nothing, prolong, who
from trainer.attempts.documents import OpenAttempt, answers_of, document_of
from trainer.attempts.models import Attempt
from trainer.attempts.rules.timing import deadline, is_over, may_start
from trainer.core.database import grouped
from trainer.core.errors import Forbidden, Missing, Refused
from trainer.core.prepared import prepared
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.rules import own_window
from trainer.papers.models import Paper
from trainer.papers.rules.drawing import form_of_attempt


class NotACandidate(Forbidden):
    """The caller is not named for this exam, or is exempt from it or deferred."""

    code = "not_a_candidate"


class NotOpen(Refused):
    """The sitting has not begun; ``opens_at`` (aware UTC) says when it does, or may once the signal is given."""

    code = "not_open"


class Closed(Refused):
    """The sitting is over."""

    code = "closed"


class AttemptsUsedUp(Refused):
    """The caller has handed in as often as the exam allows."""

    code = "attempts_used_up"


@prepared
def _entry(by_token: bool) -> Any:
    caller = Caller(b"", by_token)
    table, columns, conditions = who(caller)
    latest = aliased(Attempt)
    newest = (
        select(func.max(latest.ordinal))
        .where(latest.candidate_id == Candidate.id)
        .correlate(Candidate)
        .scalar_subquery()
    )
    return (
        select(
            Candidate.id,
            Candidate.state.label("candidate_state"),
            Candidate.sitting_id,
            Candidate.paper_id,
            Candidate.extra_minutes,
            Candidate.shift_minutes,
            Candidate.extra_attempts,
            Candidate.user_id,
            Sitting.opens_at,
            Sitting.closes_at,
            Sitting.awaits_signal,
            Exam.state.label("exam_state"),
            Exam.minutes,
            Exam.attempts_allowed,
            Exam.draw,
            Exam.forms,
            Exam.grace_seconds,
            Exam.navigation,
            User.must_change_password,
            Attempt.id.label("attempt_id"),
            Attempt.ordinal,
            Attempt.state,
            Attempt.epoch,
            Attempt.started_at,
            Attempt.deadline_at,
            Attempt.paper_id.label("attempt_paper_id"),
            Attempt.grace_seconds.label("attempt_grace"),
            Attempt.flags,
            Attempt.sequential,
            *columns,
        )
        .select_from(Candidate)
        .join(User, User.id == Candidate.user_id)
        .join(table, table.user_id == User.id)
        .join(Sitting, Sitting.id == Candidate.sitting_id)
        .join(Exam, Exam.id == Candidate.exam_id)
        .outerjoin(Attempt, and_(Attempt.candidate_id == Candidate.id, Attempt.ordinal == newest))
        .where(Candidate.exam_id == bindparam("exam_id"), *conditions)
        # An attempt refers to its exam and would wait for whoever holds it anyway, but with what was read before.
        .with_for_update(read=True, key_share=True, of=Exam)
    )


@prepared
def _lock(by_token: bool) -> Any:
    table, _columns, conditions = who(Caller(b"", by_token))
    return (
        select(Candidate.id)
        .join(User, User.id == Candidate.user_id)
        .join(table, table.user_id == User.id)
        .where(Candidate.exam_id == bindparam("exam_id"), *conditions)
        .with_for_update(of=Candidate)
    )


def start(caller: Caller, exam_id: int, now: datetime) -> OpenAttempt:
    """Start the exam or resume the attempt already open; ``now`` is when the request arrived (aware UTC).

    Two calls at once yield one attempt, the second with the higher epoch. Every call hands out a new epoch, and pages
    that hold an older one may no longer write. Raises ``NotACandidate``, ``NotOpen``, ``Closed``, ``AttemptsUsedUp``,
    ``Missing`` for an exam that does not exist or is not published, ``Unauthenticated``.
    """

    def write(connection: Connection) -> OpenAttempt | str:
        values: dict[str, Any] = {"exam_id": exam_id, "key": caller.key}
        if not caller.by_token:
            values["now"] = now
        if connection.dialect.name == "postgresql":
            # A lock inside the statement below would let it go on with the attempt as it was before it waited.
            _lock(connection, caller.by_token).rows(connection, values)
        row = _entry(connection, caller.by_token).first(connection, values)
        if row is None:
            raise _why_not(connection, caller, exam_id, now)
        demand_writer(row)
        demand_ticket(row, exam_id)
        if row.exam_state != "published" or row.paper_id is None:
            raise Missing
        prolong(connection, caller, row, now)
        if row.attempt_id is not None and row.state == "open":
            if not is_over(now, row.deadline_at, row.attempt_grace):
                return _resume(connection, row, exam_id)
            _hand_in_overdue(connection, row)
            # That close must outlive a refusal of the new start, so the refusal is told by its code, not raised here.
            return _refusal(row, now) or _begin(connection, row, exam_id, now)
        refusal = _refusal(row, now)
        if refusal:
            raise _raised(refusal, row)
        return _begin(connection, row, exam_id, now)

    made = grouped(write)
    if isinstance(made, str):
        raise _raised(made, None)
    return made


def _refusal(row: Any, now: datetime) -> str:
    """Return the code of what stands against a new attempt, empty when nothing does."""
    if row.candidate_state != "due":
        return NotACandidate.code
    window = may_start(now, *_window(row), extra_minutes=row.extra_minutes)
    if window != "yes":
        return window
    if row.awaits_signal:
        return NotOpen.code
    if row.attempt_id is not None and row.ordinal >= row.attempts_allowed + row.extra_attempts:
        return AttemptsUsedUp.code
    return ""


def _window(row: Any) -> tuple[datetime, datetime]:
    return own_window(row.opens_at, row.closes_at, row.shift_minutes)


def _raised(code: str, row: Any) -> Exception:
    if code == NotOpen.code:
        return NotOpen(opens_at=_window(row)[0])
    return {one.code: one for one in (NotACandidate, Closed, AttemptsUsedUp)}[code]()


def _why_not(connection: Connection, caller: Caller, exam_id: int, now: datetime) -> Exception:
    """Return why there is no candidate row: nobody signed in, no such exam, or the caller is not named for it."""
    why = explain_nothing(connection, caller, now)
    if isinstance(why, Missing):
        state = connection.execute(select(Exam.state).where(Exam.id == exam_id)).scalar()
        return NotACandidate() if state == "published" else why
    return why


BEGUN = (
    "exam_id",
    "sitting_id",
    "candidate_id",
    "user_id",
    "ordinal",
    "paper_id",
    "state",
    "epoch",
    "started_at",
    "deadline_at",
    "grace_seconds",
    "sequential",
)


@prepared
def _begun() -> Any:
    return insert(Attempt).values({name: bindparam(name) for name in BEGUN}).returning(Attempt.id)


def _begin(connection: Connection, row: Any, exam_id: int, now: datetime) -> OpenAttempt:
    ends = deadline(now, _window(row)[1], minutes=row.minutes, extra_minutes=row.extra_minutes)
    ordinal = (row.ordinal or 0) + 1
    paper_id = row.paper_id if ordinal == 1 else _paper_of(connection, row, ordinal)
    sequential = row.navigation == "sequential"
    values = {
        "exam_id": exam_id,
        "sitting_id": row.sitting_id,
        "candidate_id": row.id,
        "user_id": row.user_id,
        "ordinal": ordinal,
        "paper_id": paper_id,
        "state": "open",
        "epoch": 1,
        "started_at": now,
        "deadline_at": ends,
        "grace_seconds": row.grace_seconds,
        "sequential": sequential,
    }
    attempt_id = int(_begun(connection).first(connection, values).id)
    document = document_of(connection, paper_id)
    return OpenAttempt(attempt_id, exam_id, 1, "open", now, ends, document, [], created=True, sequential=sequential)


def _paper_of(connection: Connection, row: Any, ordinal: int) -> int:
    """Return the paper of a later attempt: another form while there is one, found by its number."""
    dealt = connection.execute(select(Paper.blueprint_id, Paper.form).where(Paper.id == row.paper_id)).one()
    form = form_of_attempt(row.draw, dealt.form, ordinal, forms=row.forms, attempts=row.attempts_allowed)
    other = select(Paper.id).where(Paper.blueprint_id == dealt.blueprint_id, Paper.form == form)
    return int(connection.execute(other).scalar() or row.paper_id)


def _resume(connection: Connection, row: Any, exam_id: int) -> OpenAttempt:
    epoch = row.epoch + 1
    connection.execute(update(Attempt).where(Attempt.id == row.attempt_id).values(epoch=epoch))
    return OpenAttempt(
        row.attempt_id,
        exam_id,
        epoch,
        "open",
        row.started_at,
        row.deadline_at,
        document_of(connection, row.attempt_paper_id),
        answers_of(connection, row.attempt_id),
        created=False,
        flags=tuple(row.flags or ()),
        sequential=row.sequential,
    )


def _hand_in_overdue(connection: Connection, row: Any) -> None:
    connection.execute(
        update(Attempt)
        .where(Attempt.id == row.attempt_id, Attempt.state == "open")
        .values(state="submitted", submitted_at=row.deadline_at, submitted_by="deadline")
    )
