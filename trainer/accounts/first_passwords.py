"""First passwords for many at once: whoever was imported cannot sign in before there is one.

Passwords are random, must be changed at the first sign-in, and exist in clear only in what the verb returns, so that
they are handed out once. A person who has a password is never touched, whatever the caller asks for: nobody's password
can be reset in bulk. Our decision of 2026-11-27.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update

from trainer.accounts.models import User
from trainer.accounts.queries import without_password
from trainer.accounts.rules import Person
from trainer.accounts.sessions import forgive
from trainer.audit.service import record
from trainer.core.crypto import hash_password, new_password
from trainer.core.database import db, end_read, transaction

# A hash takes some 20 ms and only one runs at a time, so a call ends within ten seconds or so.
MOST = 500


@dataclass(frozen=True)
class FirstPassword:
    """A password just made, with whom it is for."""

    username: str
    name: str
    unit: str
    password: str = field(repr=False)


def make_first_passwords(user_ids: Sequence[int], *, by: Person, now: datetime) -> list[FirstPassword]:
    """Give people without a password a random one and return them by unit and name, at most ``MOST``.

    Left out, without a word, is who has one already, lies outside the caller's scope, is not active, or holds a role
    that the caller may not hand out. A second call therefore returns an empty list.
    """
    waiting = without_password(db.session(), by, user_ids=user_ids[:MOST])
    end_read()
    # Hashed before the transaction: nobody who writes answers waits for it.
    made = {one.id: (password := new_password(), hash_password(password)) for one in waiting}
    with transaction() as session:
        # Held, so that nobody is given a role or a password between this look and the deed.
        session.execute(select(User.id).where(User.id.in_(made)).order_by(User.id).with_for_update()).all()
        people = without_password(session, by, user_ids=list(made))
        rows = [
            {
                "id": one.id,
                "password_hash": made[one.id][1],
                "password_changed_at": now,
                "must_change_password": True,
            }
            for one in people
        ]
        if rows:
            session.execute(update(User), rows)
        for one in people:
            forgive(session, one.username)
            record("password.first_made", by=by.id, target=f"user:{one.id}", unit_id=one.unit_id)
    return [FirstPassword(one.username, one.name, one.unit, made[one.id][0]) for one in people]
