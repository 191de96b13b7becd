"""Who calls on the hot path, decided in the statement that does the work: no person is loaded, nothing is cached.

A session or token is given by its hash alone; the conditions below join it to the row that is asked for, so that a
session that has just been ended or a person who has just been locked out gets no further write through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, literal, select, update
from sqlalchemy.sql import Select

from trainer.accounts.models import ApiToken, SignInSession, User
from trainer.accounts.sessions import IDLE, LONGEST, TOUCH_EVERY
from trainer.core.columns import UTCDateTime
from trainer.core.errors import Forbidden, Missing, Unauthenticated

NOW: Any = bindparam("now", type_=UTCDateTime)


@dataclass(frozen=True)
class Caller:
    """A session (``by_token`` false) or API token by its SHA-256."""

    key: bytes
    by_token: bool = False


def who(caller: Caller, key: Any = None, now: Any = NOW) -> tuple[Any, Any, list[Any]]:
    """Return (the credential's table, its columns to select, the conditions) that tie it to an active ``User``.

    Hash and moment are the parameters ``key`` and ``now``, or the columns given instead.
    """
    key = bindparam("key") if key is None else key
    if caller.by_token:
        nothing = [literal(None).label(name) for name in ("seen_at", "signed_in_at", "ticket_exam_id")]
        columns = [*nothing, ApiToken.read_only]
        on = and_(ApiToken.token_hash == key, ApiToken.revoked_at.is_(None), User.id == ApiToken.user_id)
        return ApiToken, columns, [on, User.state == "active"]
    columns = [
        SignInSession.seen_at,
        SignInSession.created_at.label("signed_in_at"),
        SignInSession.ticket_exam_id,
        literal(False).label("read_only"),
    ]
    on = and_(
        SignInSession.token_hash == key,
        SignInSession.expires_at > now,
        User.id == SignInSession.user_id,
    )
    return SignInSession, columns, [on, User.state == "active"]


def explain_nothing(connection: Connection, caller: Caller, now: datetime) -> Exception:
    """Return why a joined statement found no row: nobody is signed in, or there is no such thing for the caller."""
    _table, _columns, conditions = who(caller)
    known: Select[Any] = select(User.id).where(*conditions)
    found = connection.execute(known, {"key": caller.key, "now": now} if not caller.by_token else {"key": caller.key})
    return Unauthenticated() if found.first() is None else Missing()


def demand_writer(row: Any) -> None:
    """Raise unless the caller of ``row`` may write: not with a reading token, not before choosing a password.

    Who came with an entry ticket cannot choose one there and need not, as in ``accounts.queries``.
    """
    if row.read_only:
        raise Forbidden("token_reads_only")
    if row.must_change_password and row.ticket_exam_id is None:
        raise Forbidden("password_change_due")


def demand_ticket(row: Any, exam_id: int) -> None:
    """Raise ``Forbidden`` for who came with an entry ticket of another exam."""
    if row.ticket_exam_id not in (None, exam_id):
        raise Forbidden


def prolong(connection: Connection, caller: Caller, row: Any, now: datetime) -> None:
    """Keep the session alive: saving answers is activity. Writes at most once in ``TOUCH_EVERY``."""
    if row.seen_at is None or now - row.seen_at < TOUCH_EVERY:
        return
    until: datetime = min(now + IDLE, row.signed_in_at + LONGEST)
    if until > now:
        connection.execute(
            update(SignInSession).where(SignInSession.token_hash == caller.key).values(seen_at=now, expires_at=until)
        )
