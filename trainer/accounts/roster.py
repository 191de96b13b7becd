"""The officer list from a spreadsheet: compare it with what is known, show the difference, then apply all or nothing.

The list adds and changes, it never removes: who is not in it stays as they are, an empty cell says nothing. People are
recognised by username. Certificates belong to a feature above this one, so their book comes as an argument.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trainer.accounts.models import Grant, User, UserField
from trainer.accounts.queries import fields_of_people, people_within
from trainer.accounts.roster_sheet import Line
from trainer.accounts.service import LEARNERS, NewPerson, follow_category, person_problems
from trainer.audit.service import record, record_each
from trainer.core.database import transaction
from trainer.core.errors import Conflict, FieldProblem
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope

CHUNK = 500


@dataclass(frozen=True)
class CertificateEntry:
    """What the list says of a certificate; both local days are included."""

    number: str
    valid_from: date
    valid_until: date


class Book(Protocol):
    """The certificates: who holds a number, and the writing of entries."""

    def known(self, session: Session, numbers: Iterable[str]) -> dict[str, tuple[int, CertificateEntry]]: ...

    def put(self, session: Session, entries: Sequence[tuple[int, CertificateEntry]], *, new: bool) -> None: ...


@dataclass(frozen=True)
class Known:
    """A person as stored."""

    id: int
    name: str
    unit_id: int
    unit_name: str
    post: str
    category: str
    state: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One thing that applying would change: ``old`` None means that there was none. Values are codes, not words."""

    column: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Verdict:
    """What becomes of a line. ``outcome`` is ``new``, ``changed``, ``unchanged`` or ``refused``."""

    line: Line
    outcome: str
    unit_id: int | None = None
    unit_name: str = ""
    known: Known | None = None
    changes: tuple[Change, ...] = ()
    problems: tuple[FieldProblem, ...] = ()
    certificate: CertificateEntry | None = None
    certificate_is_new: bool = False


@dataclass(frozen=True)
class Report:
    """The whole comparison, in the order of the list."""

    verdicts: tuple[Verdict, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many lines have which outcome; all four are there."""
        found = Counter(verdict.outcome for verdict in self.verdicts)
        return {outcome: found[outcome] for outcome in ("new", "changed", "unchanged", "refused")}

    @property
    def fingerprint(self) -> str:
        """A digest of what applying would do; another one means that something has changed in between."""
        mark = hashlib.sha256()
        for verdict in self.verdicts:
            said = [(change.column, str(change.old), str(change.new)) for change in verdict.changes]
            wrong = [(problem.field, problem.code) for problem in verdict.problems]
            mark.update(repr((verdict.line.number, verdict.outcome, verdict.unit_id, said, wrong)).encode())
        return mark.hexdigest()[:32]


def compare(session: Session, lines: Sequence[Line], scope: Scope, book: Book) -> Report:
    """Return what applying ``lines`` would do within ``scope``; stores nothing.

    Takes a fixed number of statements for each 500 lines.
    """
    units = _Units(session, scope)
    names = [line.username for line in lines if line.username]
    people = _people(session, names, scope)
    owned = book.known(session, [line.certificate_number for line in lines if line.certificate_number])
    seen: dict[str, int] = {}
    numbers: dict[str, int] = {}
    verdicts = []
    for line in lines:
        problems = list(line.problems)
        for value, column, first in (
            (line.username, "username", seen),
            (line.certificate_number, "certificate_number", numbers),
        ):
            if value and first.setdefault(value, line.number) != line.number:
                problems.append(FieldProblem(column, "twice_in_file", {"row": first[value]}))
        verdicts.append(_judge(line, problems, units, people, owned))
    return Report(tuple(verdicts))


class _Units:
    """The active units of a scope, found by code, by name, and by short name where that is clear."""

    def __init__(self, session: Session, scope: Scope) -> None:
        rows = session.execute(
            select(Unit.id, Unit.code, Unit.name, Unit.short_name).where(units_within(scope), Unit.state == "active")
        ).all()
        self.by_code = {row.code: (row.id, row.name) for row in rows}
        self.by_name: dict[str, list[tuple[int, str]]] = {}
        for row in rows:
            for name in {row.name, row.short_name}:
                self.by_name.setdefault(name, []).append((row.id, row.name))

    def find(self, text: str) -> tuple[int, str] | FieldProblem:
        """Return (id, name) of the unit meant, or the problem."""
        found = self.by_code.get(text.upper()) or self.by_code.get(text.split(" ")[0].upper())
        if found:
            return found
        named = self.by_name.get(text, [])
        exact = [one for one in named if one[1] == text]
        if len(exact or named) == 1:
            return (exact or named)[0]
        if named:
            return FieldProblem("unit", "ambiguous_unit", {"value": text, "count": len(exact or named)})
        return FieldProblem("unit", "unknown_unit", {"value": text})


def _people(session: Session, usernames: Sequence[str], scope: Scope) -> dict[str, Known | None]:
    """Return the people of these usernames; None for one that is taken outside ``scope``."""
    found: dict[str, Known | None] = {}
    for start in range(0, len(usernames), CHUNK):
        part = usernames[start : start + CHUNK]
        rows = session.execute(
            select(User.id, User.username, User.name, User.post, User.category, User.state, Unit.id, Unit.name)
            .join(Unit, Unit.id == User.unit_id)
            .where(User.username.in_(part), people_within(scope))
        ).all()
        fields = fields_of_people(session, [row.id for row in rows])
        for row in rows:
            found[row.username] = Known(
                row.id, row.name, row[6], row[7], row.post, row.category, row.state, tuple(fields[row.id])
            )
        for name in session.scalars(select(User.username).where(User.username.in_(part))):
            found.setdefault(name, None)
    return found


def _judge(
    line: Line,
    problems: list[FieldProblem],
    units: _Units,
    people: dict[str, Known | None],
    owned: dict[str, tuple[int, CertificateEntry]],
) -> Verdict:
    marked = {problem.field for problem in problems}
    unit_id, unit_name = None, ""
    if line.unit:
        unit = units.find(line.unit)
        if isinstance(unit, FieldProblem):
            problems.append(unit)
        else:
            unit_id, unit_name = unit
    entry = NewPerson(line.username, line.name, "", line.post or "", line.category or "officer", line.fields or ())
    problems += [problem for problem in person_problems(entry) if problem.field not in marked]
    known = people.get(line.username)
    if line.username in people and known is None:
        problems.append(FieldProblem("username", "taken", {"value": line.username}))
    if known is not None and known.state == "left":
        problems.append(FieldProblem("username", "person_left_in_list"))
    certificate, is_new = None, False
    if not {"certificate_number", "valid_from", "valid_until"} & marked:
        certificate, is_new = _certificate(line, known, owned, problems)
    if problems:
        return Verdict(line, "refused", unit_id, unit_name, known, problems=tuple(problems))
    changes = tuple(_changes(line, known, unit_id, unit_name, certificate, owned))
    outcome = "new" if known is None else "changed" if changes else "unchanged"
    kept = certificate if any(change.column == "certificate_number" for change in changes) else None
    return Verdict(line, outcome, unit_id, unit_name, known, changes, (), kept, is_new)


def _certificate(
    line: Line, known: Known | None, owned: dict[str, tuple[int, CertificateEntry]], problems: list[FieldProblem]
) -> tuple[CertificateEntry | None, bool]:
    number, since, until = line.certificate_number, line.valid_from, line.valid_until
    if number is None:
        if since or until:
            problems.append(FieldProblem("certificate_number", "required"))
        return None, False
    owner, stored = owned.get(number, (None, None))
    if stored is not None and (known is None or owner != known.id):
        problems.append(FieldProblem("certificate_number", "certificate_taken", {"value": number}))
        return None, False
    since = since or (stored.valid_from if stored else None)
    until = until or (stored.valid_until if stored else None)
    for column, day in (("valid_from", since), ("valid_until", until)):
        if day is None:
            problems.append(FieldProblem(column, "required"))
    if since is None or until is None:
        return None, False
    if until < since:
        problems.append(FieldProblem("valid_until", "dates_reversed"))
        return None, False
    return CertificateEntry(number, since, until), stored is None


def _changes(
    line: Line,
    known: Known | None,
    unit_id: int | None,
    unit_name: str,
    certificate: CertificateEntry | None,
    owned: dict[str, tuple[int, CertificateEntry]],
) -> Iterable[Change]:
    if known is not None:
        if line.name != known.name:
            yield Change("name", known.name, line.name)
        if unit_id != known.unit_id:
            yield Change("unit", known.unit_name, unit_name)
        if line.post is not None and line.post != known.post:
            yield Change("post", known.post, line.post)
        if line.category is not None and line.category != known.category:
            yield Change("category", known.category, line.category)
        if line.fields is not None and set(line.fields) != set(known.fields):
            yield Change("fields", known.fields, line.fields)
    if certificate is not None:
        stored = owned.get(certificate.number, (None, None))[1]
        if stored != certificate:
            yield Change("certificate_number", stored, certificate)


def apply(
    lines: Sequence[Line],
    *,
    scope: Scope,
    book: Book,
    by: int | None,
    now: datetime,
    expected: str | None = None,
    source: str = "",
) -> Report:
    """Enter and change everybody of the list in one transaction and return what was done.

    Raises ``Conflict`` and stores nothing when a line is refused, or when the outcome is no longer the one whose
    fingerprint is ``expected`` (None: no preview was shown). A second call finds everything unchanged. ``source`` is
    the digest of the file, for the audit record.
    """
    with transaction() as session:
        # The units stay open until this is stored; on SQLite the write lock sees to it.
        session.execute(select(Unit.id).where(units_within(scope)).order_by(Unit.id).with_for_update(read=True)).all()
        report = compare(session, lines, scope, book)
        refused = report.counts["refused"]
        if refused:
            raise Conflict("roster_has_refused_rows", count=refused)
        if expected is not None and report.fingerprint != expected:
            raise Conflict("roster_changed")
        try:
            _enter(session, [one for one in report.verdicts if one.outcome == "new"], book, by, now, source)
            _change(session, [one for one in report.verdicts if one.outcome == "changed"], book, by, now, source)
        except IntegrityError:
            raise Conflict("roster_changed") from None
        counts = report.counts
        if counts["new"] or counts["changed"]:
            record("roster.applied", by=by, target="people", detail={**counts, "file": source[:16]})
    return report


def _enter(session: Session, new: Sequence[Verdict], book: Book, by: int | None, now: datetime, source: str) -> None:
    if not new:
        return
    rows = [
        {
            "username": one.line.username,
            "name": one.line.name,
            "unit_id": one.unit_id,
            "post": one.line.post or "",
            "category": one.line.category or "officer",
            "created_at": now,
        }
        for one in new
    ]
    session.execute(insert(User), rows)
    ids: dict[str, int] = {}
    names = [row["username"] for row in rows]
    for start in range(0, len(names), CHUNK):
        part = select(User.username, User.id).where(User.username.in_(names[start : start + CHUNK]))
        ids.update((name, user_id) for name, user_id in session.execute(part))
    held = [{"user_id": ids[one.line.username], "field": slug} for one in new for slug in one.line.fields or ()]
    if held:
        session.execute(insert(UserField), held)
    learners = [one for one in new if (one.line.category or "officer") in LEARNERS]
    grants = [
        {"user_id": ids[one.line.username], "role": "officer", "unit_id": one.unit_id, "granted_at": now}
        for one in learners
    ]
    if grants:
        session.execute(insert(Grant), grants)
    book.put(session, [(ids[one.line.username], one.certificate) for one in new if one.certificate], new=True)
    done = [(f"user:{ids[one.line.username]}", one.unit_id, {"file": source[:16]}) for one in new]
    record_each("person.entered", done, by=by)


def _change(
    session: Session, changed: Sequence[Verdict], book: Book, by: int | None, now: datetime, source: str
) -> None:
    values: list[dict[str, Any]] = []
    for one in changed:
        new = {change.column: change.new for change in one.changes}
        row = {name: new[name] for name in ("name", "post", "category") if name in new}
        if "unit" in new:
            row["unit_id"] = one.unit_id
        if row:
            values.append({"id": _known(one).id, **row})
    # Rows of a bulk update must name the same columns, so each set of columns goes by itself.
    for columns in sorted({tuple(sorted(row)) for row in values}):
        session.execute(update(User), [row for row in values if tuple(sorted(row)) == columns])
    refield = [one for one in changed if any(change.column == "fields" for change in one.changes)]
    ids = [_known(one).id for one in refield]
    for start in range(0, len(ids), CHUNK):
        session.execute(delete(UserField).where(UserField.user_id.in_(ids[start : start + CHUNK])))
    held = [{"user_id": _known(one).id, "field": slug} for one in refield for slug in one.line.fields or ()]
    if held:
        session.execute(insert(UserField), held)
    for one in changed:
        if any(change.column in ("unit", "category") for change in one.changes):
            user = session.get(User, _known(one).id, populate_existing=True)
            assert user is not None
            follow_category(session, user, now=now)
    for is_new in (True, False):
        entries = [
            (_known(one).id, one.certificate)
            for one in changed
            if one.certificate is not None and one.certificate_is_new is is_new
        ]
        book.put(session, entries, new=is_new)
    told = [{"file": source[:16], "columns": [change.column for change in one.changes]} for one in changed]
    done = [(f"user:{_known(one).id}", one.unit_id, detail) for one, detail in zip(changed, told, strict=True)]
    record_each("person.changed", done, by=by)


def _known(verdict: Verdict) -> Known:
    assert verdict.known is not None
    return verdict.known
