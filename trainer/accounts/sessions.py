"""Signing in and out. Sessions are rows: signing out, a new password or a lock ends them at once, everywhere.

A session ends after ``IDLE`` without a request and after ``LONGEST`` in any case (OWASP ASVS 7.3.1, 7.3.2); a saved
answer counts as a request. Failed sign-ins are counted in the database by username and address, so that somebody
elsewhere cannot lock an officer out and a hall behind one address is never blocked as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from trainer.accounts.models import ApiToken, SignInFailure, SignInSession, User
from trainer.accounts.rules import FAILURES_ANYWHERE, FAILURES_HERE, Failures, after_failure, is_locked
from trainer.audit.service import Pen, Recording, record
from trainer.core.clock import utcnow
from trainer.core.crypto import (
    keyed_digest,
    new_token,
    password_fits,
    place_in_line,
    same,
    token_hash,
    turn_to_hash,
)
from trainer.core.database import connection_of, db, end_read, grouped, is_sqlite, single_read, transaction
from trainer.core.errors import Missing, Refused
from trainer.core.lane import Place
from trainer.core.prepared import prepared

IDLE = timedelta(hours=4)
LONGEST = timedelta(hours=16)
TOUCH_EVERY = timedelta(minutes=10)
ANYWHERE = ""
# Where the own password is asked for again while signed in; counted like an address of its own.
INSIDE = "signed_in"


class BadCredentials(Refused):
    """Unknown username and wrong password look alike."""

    code = "bad_credentials"
    status = 401


class Locked(Refused):
    """Too many failures; ``until`` (aware UTC) says when to try again."""

    code = "locked"
    status = 429


class InLine(Refused):
    """Others are to be let in first: ``place`` of them, for about ``seconds``; ``wait_ms`` says when to ask again.

    ``turn`` is to be handed back then, and keeps the place for that username.
    """

    code = "in_line"
    status = 429

    def __init__(self, place: Place, turn: str, now: datetime) -> None:
        wait = timedelta(seconds=place.wait)
        told = {"place": max(1, place.before), "seconds": ceil(place.lasts), "wait_ms": ceil(place.wait * 1000)}
        super().__init__(**told, until=now + wait)
        self.turn = turn


@dataclass(frozen=True)
class SignedIn:
    """A new session: the token for the cookie, stored nowhere, whose it is, and the exam it is for with a ticket."""

    token: str
    user_id: int
    ticket_exam_id: int | None = None


def _name(username: str) -> str:
    return username.strip().lower()[:64]


def _turn_of(key: bytes, username: str, number: int) -> str:
    mac = keyed_digest(key, b"turn", str(number).encode(), _name(username).encode("utf-8", "surrogatepass"))
    return f"{number}.{mac.hex()[:32]}"


def _number_of(key: bytes, username: str, turn: str) -> int | None:
    """Return the number that was drawn for a username; None where the turn is empty, somebody else's or made up."""
    number = turn.partition(".")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    return (
        int(number)
        if same(turn.encode("utf-8", "surrogatepass"), _turn_of(key, username, int(number)).encode())
        else None
    )


def take_turn(username: str, *, turn: str, key: bytes, now: datetime) -> str:
    """Return the turn to sign in with, for a username that need not exist. Raises ``InLine`` when it is not one's turn.

    ``turn`` is what an earlier call gave, empty the first time; ``key`` is the site's secret. A second call keeps the
    place.
    """
    place = place_in_line(_number_of(key, username, turn))
    held = _turn_of(key, username, place.number)
    if place.wait:
        raise InLine(place, held, now)
    return held


@prepared
def _known() -> Any:
    return select(User.id, User.password_hash, User.state).where(User.username == bindparam("username"))


@prepared
def _still() -> Any:
    """Return the statement that reads a password again; whoever changes it waits for this session, then ends it."""
    found = select(User.password_hash).where(User.id == bindparam("user_id"), User.state == "active")
    return found.with_for_update(read=True)


@prepared
def _forgiven() -> Any:
    here = or_(SignInFailure.address == bindparam("address"), SignInFailure.address == ANYWHERE)
    return delete(SignInFailure).where(SignInFailure.username == bindparam("username"), here)


def sign_in(username: str, password: str, *, address: str, now: datetime, turn: str = "", key: bytes = b"") -> SignedIn:
    """Check a password and open a session. Raises ``BadCredentials``, ``Locked``, or ``InLine`` when many are at it.

    ``turn`` is what ``InLine`` or ``take_turn`` gave for this username, ``key`` the site's secret.

    The slow hash runs before the write lock is taken; what was true before it is looked at again after it, because
    a lock, a new password or many guesses at once may have come in between. Many come at once, so what is written is
    committed together; and whoever is too early is sent to the line before anything is read.
    """
    username = _name(username)
    address = address[:64]
    place = place_in_line(_number_of(key, username, turn))
    if place.wait:
        raise InLine(place, _turn_of(key, username, place.number), now)
    number = place.number
    here = {"username": username, "address": address}
    with single_read() as connection:
        user = _known(connection).first(connection, {"username": username})
        _refuse_locked(_counts(connection, username, address), now)
    with turn_to_hash(number) as place:
        if place.wait:
            raise InLine(place, _turn_of(key, username, place.number), now)
        fits = password_fits(user.password_hash if user else None, password)
    if user is None or not fits or user.state != "active":
        _count_failure(username, address, now)
        raise BadCredentials
    pen = Pen()

    def write(connection: Connection) -> SignedIn:
        still = _still(connection).first(connection, {"user_id": user.id})
        counts = _counts(connection, username, address)
        _refuse_locked(counts, now)
        if still is None or still.password_hash != user.password_hash:
            raise BadCredentials
        if counts:
            _forgiven(connection).count(connection, here)
        return open_session(connection, user.id, now, note=pen.on(connection))

    return grouped(write)


def _refuse_locked(counts: dict[str, Failures], now: datetime) -> None:
    until = is_locked(counts.values(), now)
    if until is not None:
        raise Locked(until=until)


def confirm_password(username: str, stored: str | None, password: str, now: datetime) -> bool:
    """Return whether somebody signed in knows the own password; wrong ones are counted. Raises ``Locked``."""
    _refuse_locked(_counts(db.session(), username, INSIDE), now)
    end_read()
    fits = password_fits(stored, password)
    if not fits:
        _count_failure(username, INSIDE, now)
    return fits


@prepared
def _opened() -> Any:
    names = ("token_hash", "user_id", "created_at", "seen_at", "expires_at", "ticket_exam_id")
    return insert(SignInSession).values({name: bindparam(name) for name in names})


def open_session(
    session: Session | Connection,
    user_id: int,
    now: datetime,
    ticket_exam_id: int | None = None,
    *,
    note: Recording = record,
) -> SignedIn:
    """Add a session for a person within the caller's transaction and return its token; ``note`` writes the audit."""
    token = new_token()
    row = {
        "token_hash": token_hash(token),
        "user_id": user_id,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + IDLE,
        "ticket_exam_id": ticket_exam_id,
    }
    connection = connection_of(session)
    _opened(connection).count(connection, row)
    note("session.opened", by=user_id, target=f"user:{user_id}")
    return SignedIn(token, user_id, ticket_exam_id)


@prepared
def _failed() -> Any:
    columns = (SignInFailure.address, SignInFailure.failures, SignInFailure.first_at, SignInFailure.locked_until)
    here = or_(SignInFailure.address == bindparam("address"), SignInFailure.address == ANYWHERE)
    return select(*columns).where(SignInFailure.username == bindparam("username"), here)


def _counts(source: Session | Connection, username: str, address: str) -> dict[str, Failures]:
    connection = connection_of(source)
    rows = _failed(connection).rows(connection, {"username": username, "address": address})
    return {row.address: Failures(row.failures, row.first_at, row.locked_until) for row in rows}


def _count_failure(username: str, address: str, now: datetime) -> None:
    with transaction() as session:
        _make_rows(session, username, address, now)
        known = _counts(session, username, address)
        for where, most in ((address, FAILURES_HERE), (ANYWHERE, FAILURES_ANYWHERE)):
            count = after_failure(known.get(where), now, most)
            session.execute(
                update(SignInFailure)
                .where(SignInFailure.username == username, SignInFailure.address == where)
                .values(failures=count.count, first_at=count.first_at, locked_until=count.locked_until)
            )
            if count.locked_until is not None:
                owner = session.scalar(select(User.id).where(User.username == username))
                target = f"user:{owner}" if owner else "username"
                record("session.locked", by=None, target=target, detail={"everywhere": where == ANYWHERE})


def forgive(session: Session, username: str) -> None:
    """Forget the failed sign-ins of a person, and the lock they led to, within the caller's transaction."""
    session.execute(delete(SignInFailure).where(SignInFailure.username == username))


def _make_rows(session: Session, username: str, address: str, now: datetime) -> None:
    """Make sure that both counters are there, and hold them: two failures at once must count as two."""
    insert_or_not = sqlite_insert if is_sqlite() else postgres_insert
    for where in (ANYWHERE, address):
        row = {"username": username, "address": where, "failures": 0, "first_at": now}
        session.execute(insert_or_not(SignInFailure).values(row).on_conflict_do_nothing())
    session.execute(
        select(SignInFailure.address)
        .where(SignInFailure.username == username, SignInFailure.address.in_([ANYWHERE, address]))
        .order_by(SignInFailure.address)
        .with_for_update()
    )


def sign_out(session_hash: bytes, *, by: int) -> None:
    """End one session. A second call changes nothing."""
    with transaction() as session:
        gone = session.execute(delete(SignInSession).where(SignInSession.token_hash == session_hash)).rowcount
        if gone:
            record("session.closed", by=by, target=f"user:{by}")


@prepared
def _ended(but_one: bool) -> Any:
    ended = delete(SignInSession).where(SignInSession.user_id == bindparam("owner"))
    return ended.where(SignInSession.token_hash != bindparam("but")) if but_one else ended


def end_sessions(
    session: Session | Connection, user_id: int, *, but: bytes | None = None, tokens: bool = False
) -> None:
    """End all sessions of a person within the caller's transaction, except ``but``; with ``tokens`` API tokens too."""
    connection = connection_of(session)
    values = {"owner": user_id} if but is None else {"owner": user_id, "but": but}
    _ended(connection, but is not None).count(connection, values)
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
