"""The life of a training class: entered, handed in, confirmed or rejected, and taken back by counter-entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person, pasted_usernames
from trainer.audit.service import record
from trainer.core.clock import local_day
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, FieldProblem, Forbidden, Invalid, Missing
from trainer.hours.ledger import credit, reverse
from trainer.hours.rules.crediting import Event
from trainer.notices.service import queue
from trainer.orgs.queries import unit_in
from trainer.training.models import CLASS_KINDS, RollEntry, TrainingClass
from trainer.training.queries import class_in, crowded, heads_over, officers_by_id, officers_by_username
from trainer.training.rules import EDITABLE, ROLL_MOST, entry_problems, handing_in_problems, may_decide


@dataclass(frozen=True)
class ClassEntry:
    """What a clerk writes down of a class. ``held_on`` is the first local day, ``hours`` are for the whole class."""

    unit_id: int
    title: str
    kind: str
    held_on: date | None
    days: int | None
    hours: Decimal | None
    place: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class Roll:
    """Who stands on the roll and who of them was there, by user id, and user names pasted as a list (all there)."""

    listed: frozenset[int] = frozenset()
    present: frozenset[int] = frozenset()
    pasted: str = ""


def enter(entry: ClassEntry, roll: Roll, *, by: Person, now: datetime, hand_in: bool = False) -> int:
    """Enter a class as a draft and return its id; ``hand_in`` submits it too, or nothing is kept.

    Raises ``Invalid`` with all that is wrong, or ``Missing`` for a unit out of scope.
    """
    with transaction() as session:
        _demand_unit(session, entry, by)
        people = _demand_sound(session, None, entry, roll, by=by, now=now, hand_in=hand_in)
        row = TrainingClass(**asdict(entry), state="draft", entered_by=by.id, created_at=now)
        session.add(row)
        session.flush()
        _write_roll(session, row.id, people)
        record("class.entered", by=by.id, target=f"class:{row.id}", unit_id=row.unit_id)
        if hand_in:
            submit(row.id, by=by, now=now)
        return row.id


def change(class_id: int, entry: ClassEntry, roll: Roll, *, by: Person, now: datetime, hand_in: bool = False) -> None:
    """Change a draft or a rejected class with its roll; ``hand_in`` submits it too, or nothing is changed.

    Raises ``Missing``, ``Invalid`` or ``Conflict``.
    """
    with transaction() as session:
        row = _to_edit(session, class_id, by)
        _demand_unit(session, entry, by)
        people = _demand_sound(session, class_id, entry, roll, by=by, now=now, hand_in=hand_in)
        for name, value in asdict(entry).items():
            setattr(row, name, value)
        # Whoever changes it last has entered it: that person must not be the one who confirms.
        row.entered_by = by.id
        _write_roll(session, row.id, people)
        record("class.changed", by=by.id, target=f"class:{row.id}", unit_id=row.unit_id)
        if hand_in:
            session.flush()
            submit(row.id, by=by, now=now)


def problems_of(
    class_id: int | None, entry: ClassEntry, roll: Roll, *, by: Person, now: datetime, hand_in: bool
) -> list[FieldProblem]:
    """Return all that keeps a class from being kept or, with ``hand_in``, handed in; an empty list when nothing does.

    ``class_id`` is None for a new one. For a form of which some fields have no readable value at all.
    """
    return _read(db.session(), class_id, entry, roll, by=by, now=now, hand_in=hand_in)[1]


def discard(class_id: int, *, by: Person) -> None:
    """Delete a class that was never confirmed. Raises ``Missing`` out of scope, ``Conflict`` once it is handed in."""
    with transaction() as session:
        row = _to_edit(session, class_id, by)
        session.execute(delete(RollEntry).where(RollEntry.class_id == row.id))
        record("class.discarded", by=by.id, target=f"class:{row.id}", unit_id=row.unit_id)
        session.delete(row)


def submit(class_id: int, *, by: Person, now: datetime) -> None:
    """Hand a class in for confirmation and tell those who may confirm it.

    Raises ``Missing`` out of scope, ``Conflict`` when it is handed in already, ``Invalid`` when something lacks.
    """
    with transaction() as session:
        row = _to_edit(session, class_id, by)
        present = session.scalar(select(func.count()).where(RollEntry.class_id == row.id, RollEntry.present.is_(True)))
        problems = handing_in_problems(row.held_on, row.evidence, present or 0, local_day(now))
        if problems:
            raise Invalid(problems)
        row.state, row.reason = "submitted", ""
        row.decided_by, row.decided_at = None, None
        path = unit_in(session, by.scope("class.manage"), row.unit_id).path
        record("class.submitted", by=by.id, target=f"class:{row.id}", unit_id=row.unit_id, detail={"present": present})
        queue(
            [head for head in heads_over(session, path) if head != by.id],
            "class_to_confirm",
            key=f"class:{row.id}:submitted:{now.isoformat()}",
            params={"title": row.title},
            url=f"/training/{row.id}",
        )


def recall(class_id: int, *, by: Person) -> None:
    """Take a class back before it is decided on: it is a draft again. For who entered it alone.

    Raises ``Missing`` out of scope, ``Forbidden`` for anybody else, ``Conflict`` when it is not handed in any more.
    """
    with transaction() as session:
        scope = by.scope("class.manage")
        row, unit = class_in(session, scope, class_id, lock=True)
        if not scope.holds_whole(unit.path):
            raise Missing
        if row.entered_by != by.id:
            raise Forbidden("class_of_another")
        if row.state != "submitted":
            raise Conflict("class_decided_already")
        row.state = "draft"
        record("class.recalled", by=by.id, target=f"class:{row.id}", unit_id=row.unit_id)


def confirm(class_id: int, *, by: Person, now: datetime, checked: bool = False) -> int:
    """Confirm a class and credit its hours to everybody present; return how many people were credited.

    One transaction: state, ledger, audit and notices. A second call raises ``Conflict`` and credits nobody. Raises
    ``Missing`` out of scope, ``Forbidden`` for who entered the class, and ``Conflict`` when somebody would come to
    more than eight hours on a day with other classes, unless the caller has ``checked`` that.
    """
    with transaction() as session:
        row = _to_decide(session, class_id, by, "submitted")
        beyond = crowded(session, row)
        if beyond and not checked:
            raise Conflict("class_days_crowded", count=len(beyond))
        row.state, row.decided_by, row.decided_at = "confirmed", by.id, now
        present = session.scalars(
            select(RollEntry.user_id).where(RollEntry.class_id == row.id, RollEntry.present.is_(True))
        )
        event = Event(
            source="class",
            source_id=str(row.id),
            title=row.title,
            hours=row.hours,
            occurred_on=row.held_on,
            confirmed_by=by.id,
            note=row.evidence,
        )
        credited = credit(event, present, by=by.id, now=now)
        detail: dict[str, Any] = {"people": len(credited)}
        if beyond:
            detail["checked_beyond_a_day"] = [one.user_id for one in beyond]
        record("class.confirmed", by=by.id, target=f"class:{row.id}", unit_id=row.unit_id, detail=detail)
        queue(
            credited,
            "hours_credited",
            key=f"class:{row.id}:confirmed",
            params={"title": row.title, "hours": str(row.hours)},
            url=f"/hours?year={row.held_on.year}",
        )
        _tell_clerk(row, "class_confirmed", f"class:{row.id}:told", {"title": row.title, "people": len(credited)})
        return len(credited)


def reject(class_id: int, reason: str, *, by: Person, now: datetime) -> None:
    """Send a class back to the clerk with a reason. Raises ``Missing``, ``Forbidden``, ``Conflict`` or ``Invalid``."""
    reason = _reason(reason)
    with transaction() as session:
        row = _to_decide(session, class_id, by, "submitted")
        row.state, row.decided_by, row.decided_at, row.reason = "rejected", by.id, now, reason
        record("class.rejected", by=by.id, target=f"class:{row.id}", unit_id=row.unit_id, detail={"reason": reason})
        _tell_clerk(
            row, "class_rejected", f"class:{row.id}:rejected:{now.isoformat()}", {"title": row.title, "reason": reason}
        )


def withdraw(class_id: int, reason: str, *, by: Person, now: datetime, user_ids: Iterable[int] | None = None) -> int:
    """Take back the hours of a confirmed class, for ``user_ids`` or, with None, for all; return how many people.

    The entries stay and counter-entries are added. With None the class is withdrawn for good: what was wrong is
    entered anew as another class. Raises ``Missing``, ``Forbidden``, ``Conflict`` or ``Invalid``; taking back what was
    taken back already returns 0.
    """
    reason = _reason(reason)
    with transaction() as session:
        row = _to_decide(session, class_id, by, "confirmed")
        taken = reverse("class", str(row.id), by=by.id, reason=reason, now=now, user_ids=user_ids)
        if user_ids is None:
            row.state, row.reason = "withdrawn", reason
        record(
            "class.withdrawn",
            by=by.id,
            target=f"class:{row.id}",
            unit_id=row.unit_id,
            detail={"people": len(taken), "whole": user_ids is None, "reason": reason},
        )
        queue(
            taken,
            "hours_taken_back",
            key=f"class:{row.id}:withdrawn",
            params={"title": row.title, "hours": str(row.hours), "reason": reason},
            url=f"/hours?year={row.held_on.year}",
        )
        return len(taken)


def _reason(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid.at("reason", "reason_needed")
    if len(text) > 200:
        raise Invalid.at("reason", "too_long", most=200)
    return text


def _demand_unit(session: Session, entry: ClassEntry, by: Person) -> None:
    unit = unit_in(session, by.scope("class.manage"), entry.unit_id)
    if not by.scope("class.manage").holds_whole(unit.path):
        raise Missing


def _demand_sound(
    session: Session,
    class_id: int | None,
    entry: ClassEntry,
    roll: Roll,
    *,
    by: Person,
    now: datetime,
    hand_in: bool,
) -> dict[int, bool]:
    """Return the roll to write. Raises ``Invalid`` with everything that is wrong at once."""
    people, problems = _read(session, class_id, entry, roll, by=by, now=now, hand_in=hand_in)
    if problems:
        raise Invalid(problems)
    return people


def _read(
    session: Session,
    class_id: int | None,
    entry: ClassEntry,
    roll: Roll,
    *,
    by: Person,
    now: datetime,
    hand_in: bool,
) -> tuple[dict[int, bool], list[FieldProblem]]:
    """Return who stands on the roll and whether they were there, and all that is wrong with class and roll."""
    problems = entry_problems(entry.title, entry.held_on, entry.days, entry.hours)
    if entry.kind not in CLASS_KINDS:
        problems.append(FieldProblem("kind", "unknown_value", {"value": entry.kind}))
    people, wrong = _read_roll(session, class_id, roll, by)
    if hand_in:
        # Where names are wrong, that nobody else was there is no news.
        present = sum(people.values()) or len(wrong)
        problems += handing_in_problems(entry.held_on, entry.evidence, present, local_day(now))
    return people, problems + wrong


def _to_edit(session: Session, class_id: int, by: Person) -> TrainingClass:
    scope = by.scope("class.manage")
    row, unit = class_in(session, scope, class_id, lock=True)
    if not scope.holds_whole(unit.path):
        raise Missing
    if row.state not in EDITABLE:
        raise Conflict("class_not_editable")
    return row


def _to_decide(session: Session, class_id: int, by: Person, state: str) -> TrainingClass:
    scope = by.scope("class.confirm")
    row, unit = class_in(session, scope, class_id, lock=True)
    if not scope.holds_whole(unit.path):
        raise Missing
    if not may_decide(by.id, row.entered_by):
        raise Forbidden("own_class")
    if row.state != state:
        raise Conflict("class_decided_already")
    return row


def _read_roll(
    session: Session, class_id: int | None, roll: Roll, by: Person
) -> tuple[dict[int, bool], list[FieldProblem]]:
    """Return who stands on the roll and whether they were there, and at ``pasted`` what is wrong with the names."""
    scope = by.scope("class.manage")
    names = pasted_usernames(roll.pasted)
    if len(names) + len(roll.listed) > ROLL_MOST:
        return {}, [FieldProblem("pasted", "roll_too_long", {"most": ROLL_MOST})]
    known = officers_by_username(session, scope, names)
    unknown = [name for name in names if name not in known]
    problems = []
    if unknown:
        said = {"names": "、".join(unknown[:10]), "count": len(unknown)}
        problems.append(FieldProblem("pasted", "unknown_people", said))
    kept = set(session.scalars(select(RollEntry.user_id).where(RollEntry.class_id == class_id)))
    # Who has left or moved since stays on the roll of a class that took place; nobody new comes from outside.
    listed = officers_by_id(session, scope, sorted(roll.listed - kept)) | (roll.listed & kept)
    people = {user_id: user_id in roll.present for user_id in listed}
    return people | dict.fromkeys(known.values(), True), problems


def _write_roll(session: Session, class_id: int, people: dict[int, bool]) -> None:
    """Replace the roll of a class by ``people``, who were there or not."""
    session.execute(delete(RollEntry).where(RollEntry.class_id == class_id))
    rows = [{"class_id": class_id, "user_id": one, "present": there} for one, there in sorted(people.items())]
    if rows:
        session.execute(insert(RollEntry), rows)


def _tell_clerk(row: TrainingClass, code: str, key: str, params: dict[str, Any]) -> None:
    if row.entered_by is not None:
        queue([row.entered_by], code, key=key, params=params, url=f"/training/{row.id}")
