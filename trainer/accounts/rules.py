"""What a role may do, who a caller is, what a password must be, and when an account is locked out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from trainer.core.errors import FieldProblem
from trainer.orgs.rules import Reach, Scope

# Who watches a place may read and remind; who runs something may change it. One line a role, the glossary's order.
_OWN: dict[str, frozenset[str]] = {
    "officer": frozenset({"practice.own", "attempt.own", "hours.own"}),
    "training_clerk": frozenset({"people.view", "people.manage", "class.view", "class.manage", "hours.view", "export"}),
    "unit_head": frozenset({"people.view", "class.view", "class.confirm", "hours.view", "export"}),
    "supervisor": frozenset({"people.view", "hours.view", "units.view", "exam.view", "competition.view", "export"}),
    "line_supervisor": frozenset({"people.view", "hours.view", "units.view", "export"}),
    "judicial_office": frozenset({"people.view", "hours.view", "units.view"}),
    "item_author": frozenset({"item.view", "item.edit"}),
    "item_reviewer": frozenset({"item.view", "item.review"}),
    "bank_manager": frozenset({"item.view", "item.edit", "item.manage", "item.reserve", "law.manage", "export"}),
    "exam_officer": frozenset({"exam.view", "exam.manage", "exam.watch", "item.count", "people.view", "export"}),
    # Reserved items are for finals: whoever plans an ordinary exam does not use them up.
    "organiser": frozenset(
        {
            "exam.view",
            "exam.manage",
            "exam.watch",
            "item.count",
            "item.reserve",
            "people.view",
            "competition.view",
            "competition.manage",
            "export",
        }
    ),
    "invigilator": frozenset({"exam.view", "exam.watch"}),
    "marker": frozenset({"exam.mark"}),
    "scorer": frozenset({"competition.view", "competition.score"}),
    "arbitrator": frozenset({"competition.view", "competition.arbitrate"}),
    "mentor": frozenset({"people.view", "mentoring.own"}),
    "lay_supervisor": frozenset({"published.view"}),
    "auditor": frozenset({"audit.view", "people.view", "units.view", "hours.view", "exam.view", "competition.view"}),
    "system_administrator": frozenset(
        {"people.view", "people.manage", "units.view", "units.manage", "grant.manage", "site.manage", "feedback.answer"}
    ),
}
# The law is for all, but not for somebody whom an entry ticket brought here to sit an exam.
_EVERYBODY = frozenset({"law.view"})
PERMISSIONS: dict[str, frozenset[str]] = {role: held | _EVERYBODY for role, held in _OWN.items()}
ROLES = tuple(PERMISSIONS)

# Tickets are printed by exam officers. One that carried all rights of its owner would hand them to the printer.
TICKET_PERMISSIONS = frozenset({"attempt.own"})

# Nobody hands out a role through which the site itself is run, except a system administrator.
SENSITIVE_ROLES = frozenset({"system_administrator", "auditor"})

PASSWORD_LEAST = 10
PASSWORD_MOST = 128
COMMON_PASSWORDS = frozenset(
    [
        "1234567890",
        "0123456789",
        "12345678910",
        "password123",
        "password1234",
        "qwertyuiop",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "aaaaaaaaaa",
        "abc1234567",
        "admin12345",
        "administrator",
        "iloveyou123",
        "woaini1314",
        "woaini5201314",
        "a123456789",
        "q123456789",
        "1111111111",
        "8888888888",
        "6666666666",
        "0000000000",
        "123456789a",
        "1234567890a",
        "jiangmen123",
        "zhifa123456",
        "xingzhengzhifa",
    ]
)

FAILURES_HERE = 8
FAILURES_ANYWHERE = 100
FAILURE_WINDOW = timedelta(minutes=15)
LOCK_TIME = timedelta(minutes=15)
_SEPARATORS = re.compile(r"[\s,;，；、]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")


@dataclass(frozen=True)
class HeldGrant:
    """A grant as the caller holds it."""

    role: str
    unit_id: int
    unit_code: str
    unit_name: str
    unit_path: str
    field: str | None = None


@dataclass(frozen=True)
class Person:
    """The caller as a plain value: who it is, and what it may do where. Equal to no row of the database."""

    # What Flask-Login asks of a user.
    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    id: int
    username: str
    name: str
    unit_id: int
    unit_code: str
    unit_name: str
    unit_path: str
    category: str = "officer"
    locale: str | None = None
    must_change_password: bool = False
    read_only: bool = False
    ticket_exam_id: int | None = None
    grants: tuple[HeldGrant, ...] = ()
    session_hash: bytes | None = field(default=None, repr=False)
    seen_at: datetime | None = None

    def may(self, permission: str) -> bool:
        """Return whether some grant carries ``permission``; who came with an entry ticket may only sit the exam."""
        return any(self._carries(grant, permission) for grant in self.grants)

    def scope(self, permission: str) -> Scope:
        """Return where the caller holds ``permission``."""
        held = (grant for grant in self.grants if self._carries(grant, permission))
        return Scope(tuple(Reach(grant.unit_path, grant.field) for grant in held))

    def _carries(self, grant: HeldGrant, permission: str) -> bool:
        if self.ticket_exam_id is not None and permission not in TICKET_PERMISSIONS:
            return False
        return permission in PERMISSIONS.get(grant.role, ())

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    def get_id(self) -> str:
        return str(self.id)


def password_problems(password: str, username: str, name: str = "password") -> list[FieldProblem]:
    """Return what is wrong with a new password, at the field ``name``; an empty list when it may be used.

    Length and a list of common ones instead of character classes and rotation (OWASP ASVS 6.2.1, 6.2.5, 6.2.10).
    """
    if len(password) < PASSWORD_LEAST:
        return [FieldProblem(name, "password_too_short", {"least": PASSWORD_LEAST})]
    if len(password) > PASSWORD_MOST:
        return [FieldProblem(name, "password_too_long", {"most": PASSWORD_MOST})]
    lowered = password.lower()
    if lowered in COMMON_PASSWORDS or len(set(lowered)) < 4:
        return [FieldProblem(name, "password_too_common", {})]
    if len(username) > 3 and username.lower() in lowered:
        return [FieldProblem(name, "password_contains_name", {})]
    return []


@dataclass(frozen=True)
class Failures:
    """Failed sign-ins counted since ``first_at`` (aware UTC)."""

    count: int
    first_at: datetime
    locked_until: datetime | None = None


def pasted_usernames(text: str) -> list[str]:
    """Return the user names of a pasted list, lower case, each once, in their order; any usual separator divides.

    Of a line with tabs, copied out of a spreadsheet, only the first cell is read: names and units stand behind it. A
    control character becomes U+FFFD: such a name is nobody's, and PostgreSQL would refuse a NUL.
    """
    lines = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text).splitlines()
    cells = [line.strip().split("\t")[0] for line in lines]
    return list(dict.fromkeys(name.lower() for cell in cells for name in _SEPARATORS.split(cell) if name))


def after_failure(known: Failures | None, now: datetime, most: int) -> Failures:
    """Return the count after one more failure. It starts anew when the window has passed, and locks at ``most``."""
    if known is None or now - known.first_at >= FAILURE_WINDOW:
        known = Failures(0, now)
    count = known.count + 1
    return Failures(count, known.first_at, now + LOCK_TIME if count >= most else None)


def is_locked(counts: Iterable[Failures], now: datetime) -> datetime | None:
    """Return until when (aware UTC) sign-in is refused, None when it is open; a lock ends at that very moment."""
    ends = [one.locked_until for one in counts if one.locked_until is not None and one.locked_until > now]
    return max(ends, default=None)


def may_rule(by: Person, held: Iterable[tuple[str, str]]) -> bool:
    """Return whether ``by`` may lock out, or set the password of, somebody who holds roles ``held``.

    ``held`` are pairs of role and unit path. Whoever can do that to a person can become or silence that person, so it
    takes the right to hand out all that the person holds beyond the plain role of an officer.
    """
    return all(role == "officer" or may_grant(by, role, path) for role, path in held)


def may_grant(giver: Person, role: str, unit_path: str) -> bool:
    """Return whether ``giver`` may hand out ``role`` over the unit at ``unit_path``."""
    if role not in PERMISSIONS or not giver.scope("grant.manage").holds_whole(unit_path):
        return False
    return role not in SENSITIVE_ROLES or "system_administrator" in giver.roles
