"""Reads of certificates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from trainer.certificates.models import Certificate
from trainer.certificates.rules import days_left, standing


@dataclass(frozen=True)
class CertificateLine:
    """A person's certificate as a line; ``standing`` is a word of ``rules.standing``."""

    number: str
    valid_from: date
    valid_until: date
    standing: str
    days_left: int


def certificate_of(session: Session, user_id: int, day: date) -> CertificateLine | None:
    """Return the certificate of a person that runs longest, None where there is none. ``day`` is local.

    A renewal that has not begun yet comes after every one that has: what holds today is what matters.
    """
    row = session.scalar(
        select(Certificate)
        .where(Certificate.user_id == user_id)
        .order_by((Certificate.valid_from <= day).desc(), Certificate.valid_until.desc(), Certificate.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    return CertificateLine(
        number=row.number,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        standing=standing(row.state, row.valid_from, row.valid_until, day),
        days_left=days_left(row.valid_until, day),
    )
