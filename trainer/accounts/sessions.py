"""Signing in and out. Sessions are rows: signing out, a new password or a lock ends them at once, everywhere.

A session ends after ``IDLE`` without a request and after ``LONGEST`` in any case (OWASP ASVS 7.3.1, 7.3.2); a saved
answer counts as a request. Failed sign-ins are counted in the database by username and address, so that somebody
elsewhere cannot lock an officer out and a hall behind one address is never blocked as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from trainer.accounts.models import ApiToken, SignInFailure, SignInSession, User
from trainer.accounts.rules import FAILURES_ANYWHERE, FAILURES_HERE, Failures, after_failure
from trainer.audit.service import record
from trainer.core.clock import utcnow
from trainer.core.crypto import new_token, password_fits, token_hash
from trainer.core.database import db, end_read, transaction
from trainer.core.errors import Missing, Refused

IDLE = timedelta(hours=4)
LONGEST = timedelta(hours=16)
TOUCH_EVERY = timedelta(minutes=10)
ANYWHERE = ""


class BadCredentials(Refused):
    """Unknown username and wrong password look alike."""

    code = "bad_credentials"
    status = 401


class Locked(Refused):
    """Too many failures; ``until`` (aware UTC) says when to try again."""

    code = "locked"
    status = 429


@dataclass(frozen=True)
class SignedIn:
    """A new session: the token for the cookie, stored nowhere, and whose it is."""

    token: str
    user_id: int


def sign_in(username: str, password: str, *, address: str, now: datetime) -> SignedIn:
    """Check a password and open a session. Raises ``BadCredentials`` or ``Locked``; ``Busy`` when too many are at it.

    The slow hash runs before the write lock is taken.
    """
    username = username.strip().lower()[:64]
    address = address[:64]
    session = db.session()
    user = session.execute(select(User.id, User.password_hash, User.state).where(User.username == username)).first()
    counts = _counts(session, username, address)
    end_read()
    for known in counts.values():
        if known.locked_until is not None and known.locked_until > now:
            raise Locked(until=known.locked_until)
    fits = password_fits(user.password_hash if user else None, password)
    if user is None or not fits or user.state != "active":
        _count_failure(username, address, now)
        raise BadCredentials
    with transaction() as session:
        # The password may have changed while it was hashed.
        still = session.scalar(select(User.password_hash).where(User.id == user.id, User.state == "active"))
        if still != user.password_hash:
            raise BadCredentials
        if counts:
            session.execute(
                delete(SignInFailure).where(
                    SignInFailure.username == username, SignInFailure.address.in_([address, ANYWHERE])
                )
            )
        return open_session(session, user.id, now)


def open_session(session: Session, user_id: int, now: datetime, ticket_exam_id: int | None = None) -> SignedIn:
    """Add a session for a person within the caller's transaction and return its token."""
    token = new_token()
    session.add(
        SignInSession(
            token_hash=token_hash(token),
            user_id=user_id,
            created_at=now,
            seen_at=now,
            expires_at=now + IDLE,
            ticket_exam_id=ticket_exam_id,
        )
    )
    record("session.opened", by=user_id, target=f"user:{user_id}")
    return SignedIn(token, user_id)


def _counts(session: Session, username: str, address: str) -> dict[str, Failures]:
    rows = session.scalars(
        select(SignInFailure).where(SignInFailure.username == username, SignInFailure.address.in_([address, ANYWHERE]))
    )
    return {row.address: Failures(row.failures, row.first_at, row.locked_until) for row in rows}


def _count_failure(username: str, address: str, now: datetime) -> None:
    with transaction() as session:
        known = _counts(session, username, address)
        for where, most in ((address, FAILURES_HERE), (ANYWHERE, FAILURES_ANYWHERE)):
            count = after_failure(known.get(where), now, most)
            session.merge(
                SignInFailure(
                    username=username,
                    address=where,
                    failures=count.count,
                    first_at=count.first_at,
                    locked_until=count.locked_until,
                )
            )
            if count.locked_until is not None:
                record("session.locked", by=None, target="username", detail={"everywhere": where == ANYWHERE})


def sign_out(session_hash: bytes, *, by: int) -> None:
    """End one session. A second call changes nothing."""
    with transaction() as session:
        gone = session.execute(delete(SignInSession).where(SignInSession.token_hash == session_hash)).rowcount
        if gone:
            record("session.closed", by=by, target=f"user:{by}")


def end_sessions(session: Session, user_id: int, *, but: bytes | None = None, tokens: bool = False) -> None:
    """End all sessions of a person within the caller's transaction, except ``but``; with ``tokens`` API tokens too."""
    ended = delete(SignInSession).where(SignInSession.user_id == user_id)
    session.execute(ended if but is None else ended.where(SignInSession.token_hash != but))
    if tokens:
        session.execute(
            update(ApiToken)
            .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
            .values(revoked_at=utcnow())
        )


def touch(session_hash: bytes, now: datetime) -> None:
    """Prolong a session that is in use; writes at most once in ``TOUCH_EVERY``."""
    session = db.session()
    row = session.execute(
        select(SignInSession.seen_at, SignInSession.created_at).where(SignInSession.token_hash == session_hash)
    ).first()
    if row is None or now - row.seen_at < TOUCH_EVERY:
        return
    with transaction() as session:
        session.execute(
            update(SignInSession)
            .where(SignInSession.token_hash == session_hash, SignInSession.expires_at > now)
            .values(seen_at=now, expires_at=min(now + IDLE, row.created_at + LONGEST))
        )


def drop_ended(now: datetime) -> int:
    """Delete sessions that have ended and return how many; failures of a passed window go as well."""
    with transaction() as session:
        gone = session.execute(delete(SignInSession).where(SignInSession.expires_at <= now)).rowcount
        session.execute(delete(SignInFailure).where(SignInFailure.first_at < now - timedelta(days=1)))
        return gone


def make_token(user_id: int, *, by: int | None, label: str, read_only: bool, now: datetime) -> str:
    """Make an API token for a person and return it; it is shown this once, only its hash is stored."""
    token = new_token()
    with transaction() as session:
        row = ApiToken(
            token_hash=token_hash(token), user_id=user_id, label=label[:80], read_only=read_only, created_at=now
        )
        session.add(row)
        session.flush()
        record("token.made", by=by, target=f"user:{user_id}", detail={"token": row.id, "read_only": read_only})
    return token


def revoke_token(token_id: int, *, user_id: int, by: int, now: datetime) -> None:
    """Revoke an API token of a person. A second call changes nothing; raises ``Missing`` for somebody else's."""
    with transaction() as session:
        token = session.get(ApiToken, token_id)
        if token is None or token.user_id != user_id:
            raise Missing
        if token.revoked_at is None:
            token.revoked_at = now
            record("token.revoked", by=by, target=f"user:{user_id}", detail={"token": token_id})
