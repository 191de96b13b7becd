"""Secrets: password hashes, random tokens and what is stored of them, keyed digests.

Passwords are hashed with Argon2id at 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet). Random
tokens of 256 bits need no slow hash; only their SHA-256 is stored. One password hash runs at a time in a site
(``core.lane``), so that a sign-in rush cannot take the cores away from those who are writing answers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from trainer.core.errors import Busy
from trainer.core.lane import PATIENCE, Lane, Place
from trainer.core.process import stand_back

T = TypeVar("T")
_Job = tuple[Future[Any], Callable[[], Any]]
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Checked when the account is unknown or has no password, so that the answer takes as long as for a known one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$d96sDlKB55dawVobDTvgUQ$qIzDGdR127yg31kq5ymE5D7XfEys3dPuQtFNcEO4Ihw"

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


# Until a site has made its own, as in a command that runs alone.
_lane: Lane | threading.Lock = threading.Lock()
# Seconds for which a process keeps the lane while it has more to hash: to hand it on costs a few milliseconds.
SPELL = 0.2
# The process that it belongs to, and what its hashing thread has before it; a fork has none.
_hashing: tuple[int, SimpleQueue[_Job]] | None = None
_making = threading.Lock()
# Whether this thread has room at the lane.
_mine = threading.local()


def make_lane(folder: Path, threads: int) -> None:
    """Give the site in ``folder`` its lane of password hashes.

    Half of the threads of a process may wait, and half as many are asked to come at once, but four at least: fewer, and
    the lane stands still until they are there.
    """
    global _lane
    _lane = Lane(folder, max(1, threads // 2), max(4, threads // 4))


@contextmanager
def turn_to_hash(number: int | None) -> Iterator[Place]:
    """Let somebody who wants to sign in hash one password; where the place has a ``wait``, it is not their turn yet.

    ``number`` is the one that was drawn before, None for whoever has none.
    """
    if not isinstance(_lane, Lane):
        yield Place(0, 0, 0.0)
        return
    with _lane.turn(number) as place:
        _mine.room = not place.wait
        try:
            yield place
        finally:
            _mine.room = False


@contextmanager
def room_to_hash() -> Iterator[None]:
    """Keep room for the hashes of somebody who stands in no line; within it, and in a turn, there is room already.

    Raises ``Busy`` at once where too many do so in this process.
    """
    if getattr(_mine, "room", False) or not isinstance(_lane, Lane):
        yield
        return
    with _lane.beside():
        _mine.room = True
        try:
            yield
        finally:
            _mine.room = False


def place_in_line(number: int | None) -> Place:
    """Return the place of a number before the lane of password hashes, of a new one where it is None or not good."""
    return _lane.ask(number) if isinstance(_lane, Lane) else Place(0, 0, 0.0)


def _hash(work: Callable[..., T], *arguments: Any) -> T:
    """Run a hash in the lane and in the one thread of this process that hashes.

    Raises ``Busy`` after ``PATIENCE``, and at once where there is no room.

    A hash needs 19 MiB, which the C library keeps for each thread that ever had it. The thread takes the lane by itself
    and goes from one hash to the next: were each handed to it by the one who waits, it would stand still meanwhile.
    """
    global _hashing
    given: Future[T] = Future()
    with room_to_hash():
        with _making:
            if _hashing is None or _hashing[0] != os.getpid():
                _hashing = os.getpid(), SimpleQueue()
                threading.Thread(target=_hash_forever, args=(_hashing[1],), name="password-hash", daemon=True).start()
            _hashing[1].put((given, partial(work, *arguments)))
        try:
            return given.result(PATIENCE)
        except TimeoutError:
            given.cancel()
            raise Busy(what="password_lane") from None


def _hash_forever(jobs: SimpleQueue[_Job]) -> None:
    """Hash what comes, in the lane; one that nobody waits for any more is left out."""
    with suppress(OSError):
        stand_back()
    while True:
        job: _Job | None = jobs.get()
        try:
            with _lane:
                until = time.monotonic() + SPELL
                while job is not None:
                    _do(*job)
                    job = None if time.monotonic() > until or jobs.empty() else jobs.get()
        except Exception as error:
            # The lane was not to be had, or its files cannot be opened: told to whoever waits, and the next is taken.
            if job is not None and job[0].set_running_or_notify_cancel():
                job[0].set_exception(error)


def _do(given: Future[Any], work: Callable[[], Any]) -> None:
    if not given.set_running_or_notify_cancel():
        return
    try:
        given.set_result(work())
    except BaseException as error:
        given.set_exception(error)


def hash_password(password: str) -> str:
    """Return the Argon2id hash to store. Raises ``Busy`` when the lane is not to be had in time."""
    return _hash(_hasher.hash, password)


def password_fits(stored: str | None, password: str) -> bool:
    """Return whether ``password`` belongs to ``stored``; None never fits and costs the same time. Raises ``Busy``."""
    try:
        return _hash(_hasher.verify, stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def new_token() -> str:
    """Return 256 random bits as URL-safe text, for sessions and API tokens."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what is stored of a random token: its SHA-256, 32 bytes."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def new_password(length: int = 12) -> str:
    """Return a random first password without letters that look alike."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def new_ticket() -> str:
    """Return an entry ticket: 128 random bits as 26 characters in groups that a person can type."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def keyed_digest(key: bytes, *parts: bytes) -> bytes:
    """Return HMAC-SHA-256 over the parts, each led by its length so that no two lists of parts look alike."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        mac.update(len(part).to_bytes(8, "big"))
        mac.update(part)
    return mac.digest()


def same(left: str | bytes, right: str | bytes) -> bool:
    """Return whether two secrets are equal, in time that does not tell where they differ."""
    if isinstance(left, str):
        left = left.encode()
    if isinstance(right, str):
        right = right.encode()
    return hmac.compare_digest(left, right)
