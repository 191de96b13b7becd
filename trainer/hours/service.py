"""The requirement of a year, and who is exempt from it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trainer.accounts.queries import user_in
from trainer.accounts.rules import Person
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.core.errors import Invalid, Missing
from trainer.hours.models import Exemption, Requirement


def set_requirement(year: int, hours: Decimal, *, by: Person, now: datetime) -> None:
    """Set the hours of a training year. A second call replaces the first. Raises ``Invalid`` beyond 0 to 400."""
    if not 0 <= hours <= 400:
        raise Invalid.at("hours", "out_of_range", least=0, most=400)
    with transaction() as session:
        session.merge(Requirement(year=year, hours=hours))
        record("hours.requirement_set", by=by.id, target=f"year:{year}", detail={"hours": str(hours)})


def exempt(user_id: int, year: int, reason: str, *, by: Person, now: datetime) -> None:
    """Exempt a person from the hours of a year. A second call replaces the reason.

    Raises ``Missing`` for a person outside the caller's scope, ``Invalid`` without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid.at("reason", "required")
    with transaction() as session:
        user, unit = user_in(session, by.scope("class.confirm"), user_id)
        session.merge(Exemption(user_id=user.id, year=year, reason=reason[:200], decided_by=by.id, decided_at=now))
        record(
            "hours.exempted",
            by=by.id,
            target=f"user:{user.id}",
            unit_id=unit.id,
            detail={"year": year, "reason": reason[:200]},
        )


def end_exemption(user_id: int, year: int, *, by: Person) -> None:
    """End an exemption: the hours of the year are due again. Raises ``Missing`` where there is none in scope."""
    with transaction() as session:
        user, unit = user_in(session, by.scope("class.confirm"), user_id)
        row = session.get(Exemption, (user.id, year))
        if row is None:
            raise Missing
        session.delete(row)
        record("hours.exemption_ended", by=by.id, target=f"user:{user.id}", unit_id=unit.id, detail={"year": year})
