"""Entry tickets (准考码): 128 random bits each, of which only the hash is stored.

A ticket is good for one sitting of one exam. Each use ends the older sessions of its holder, so that two people
cannot write on one ticket; a ticket that was passed on shows at once, because the first page becomes read-only.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from trainer.accounts.models import User
from trainer.accounts.sessions import SignedIn, end_sessions, open_session
from trainer.audit.service import Pen, record
from trainer.core.crypto import new_ticket, token_hash
from trainer.core.database import grouped, transaction
from trainer.core.errors import Missing, Refused
from trainer.core.prepared import prepared
from trainer.core.sheets import guarded
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.rules import own_window, ticket_fits
from trainer.orgs.models import Unit

LONGEST = 64


class BadTicket(Refused):
    """Unknown, reissued, not yet or no longer good: all look alike."""

    code = "bad_ticket"
    status = 401


@dataclass(frozen=True)
class Ticket:
    """An entry ticket as it is handed out; ``code`` is shown this once. Moments are the holder's own window.

    ``reissued`` says that an earlier ticket of the holder is no longer good.
    """

    username: str
    name: str
    unit: str
    code: str
    room: str
    opens_at: datetime
    closes_at: datetime
    shift_minutes: int = 0
    reissued: bool = False


def issue_tickets(
    exam_id: int,
    *,
    by: int | None,
    unit_id: int | None = None,
    sitting_id: int | None = None,
    user_id: int | None = None,
) -> list[Ticket]:
    """Make a ticket for each candidate who is due and return them by unit and name; the caller has the right.

    ``unit_id``, ``sitting_id`` and ``user_id`` limit it to a unit's people, a sitting and a person. A second run
    reissues: the tickets of the first are no longer good. Raises ``Missing`` for an unknown exam, ``Refused`` for one
    that is not published.
    """
    with transaction() as session:
        exam = session.get(Exam, exam_id, with_for_update=True)
        if exam is None:
            raise Missing
        if exam.state != "published":
            raise Refused("exam_not_published")
        asked = (
            select(
                Candidate.id,
                User.username,
                User.name,
                Unit.name.label("unit"),
                Sitting.room,
                Sitting.opens_at,
                Sitting.closes_at,
                Candidate.shift_minutes,
                Candidate.ticket_hash,
            )
            .join(User, User.id == Candidate.user_id)
            .join(Unit, Unit.id == Candidate.unit_id)
            .join(Sitting, Sitting.id == Candidate.sitting_id)
            .where(Candidate.exam_id == exam_id, Candidate.state == "due")
            .order_by(Unit.path, User.name, User.id)
        )
        limits = {Candidate.unit_id: unit_id, Candidate.sitting_id: sitting_id, Candidate.user_id: user_id}
        asked = asked.where(*(column == value for column, value in limits.items() if value is not None))
        rows = session.execute(asked).all()
        tickets = [
            Ticket(
                row.username,
                row.name,
                row.unit,
                new_ticket(),
                row.room,
                *own_window(row.opens_at, row.closes_at, row.shift_minutes),
                shift_minutes=row.shift_minutes,
                reissued=row.ticket_hash is not None,
            )
            for row in rows
        ]
        if rows:
            session.execute(
                update(Candidate),
                [{"id": row[0], "ticket_hash": token_hash(one.code)} for row, one in zip(rows, tickets, strict=True)],
            )
        given = {"unit": unit_id, "sitting": sitting_id, "person": user_id}
        detail = {"tickets": len(tickets)} | {name: value for name, value in given.items() if value is not None}
        record("exam.tickets_issued", by=by, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        return tickets


def to_csv(tickets: list[Ticket]) -> str:
    """Return tickets as CSV with a head, RFC 4180; texts that a spreadsheet would take for formulas are guarded."""
    held = io.StringIO()
    lines = csv.writer(held)
    lines.writerow(["username", "name", "unit", "ticket"])
    lines.writerows([one.username, guarded(one.name), guarded(one.unit), one.code] for one in tickets)
    return held.getvalue()


@prepared
def _holder() -> Any:
    """Return the statement of whom a ticket belongs to, with what its window is made of.

    It holds the candidate, so that of two who come with one ticket at once the later ends the other's session.
    """
    return (
        select(
            Candidate.user_id,
            Candidate.extra_minutes,
            Candidate.shift_minutes,
            Exam.id.label("exam_id"),
            Exam.grace_seconds,
            Exam.unit_id,
            Sitting.opens_at,
            Sitting.closes_at,
        )
        .join(Exam, Exam.id == Candidate.exam_id)
        .join(Sitting, Sitting.id == Candidate.sitting_id)
        .join(User, User.id == Candidate.user_id)
        .where(
            Candidate.ticket_hash == bindparam("ticket_hash"),
            Candidate.state == "due",
            Exam.state == "published",
            User.state == "active",
        )
        .with_for_update(of=Candidate, key_share=True)
    )


def sign_in_by_ticket(ticket: str, *, address: str, now: datetime) -> SignedIn:
    """Open a session for the holder of a ticket and end the older ones. Raises ``BadTicket``.

    Upper case, spaces and hyphens, as people type them, do not matter. No slow hash: nobody guesses 128 bits. Many
    come in the minute before an exam, so their writes are committed together.
    """
    code = "".join(letter for letter in ticket[:LONGEST].lower() if letter not in " -")
    pen = Pen()

    def write(connection: Connection) -> SignedIn:
        row = _holder(connection).first(connection, {"ticket_hash": token_hash(code)})
        if row is None:
            raise BadTicket
        opens_at, closes_at = own_window(row.opens_at, row.closes_at, row.shift_minutes)
        if not ticket_fits(now, opens_at, closes_at, extra_minutes=row.extra_minutes, grace=row.grace_seconds):
            raise BadTicket
        note = pen.on(connection)
        end_sessions(connection, row.user_id)
        note("exam.ticket_used", by=row.user_id, target=f"exam:{row.exam_id}", unit_id=row.unit_id)
        return open_session(connection, row.user_id, now, row.exam_id, note=note)

    return grouped(write)
