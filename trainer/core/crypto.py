"""Secrets: password hashes, random tokens and what is stored of them, keyed digests.

Passwords are hashed with Argon2id at 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet). Random
tokens of 256 bits need no slow hash; only their SHA-256 is stored. At most ``HASH_LANES`` password hashes run at
once in a process, so that a sign-in rush cannot take the cores away from those who are writing answers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from trainer.core.errors import Busy
from trainer.core.process import any_core

HASH_LANES = 1
_lanes = threading.BoundedSemaphore(HASH_LANES)
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Checked when the account is unknown or has no password, so that the answer takes as long as for a known one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$d96sDlKB55dawVobDTvgUQ$qIzDGdR127yg31kq5ymE5D7XfEys3dPuQtFNcEO4Ihw"

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class _Lane:
    def __enter__(self) -> None:
        if not _lanes.acquire(timeout=25):
            raise Busy(what="password_hash")

    def __exit__(self, *_: object) -> None:
        _lanes.release()


def hash_password(password: str) -> str:
    """Return the Argon2id hash to store."""
    with _Lane(), any_core():
        return _hasher.hash(password)


def password_fits(stored: str | None, password: str) -> bool:
    """Return whether ``password`` belongs to ``stored``; None never fits and costs the same time."""
    with _Lane(), any_core():
        try:
            return _hasher.verify(stored or _NOBODY, password) and stored is not None
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
