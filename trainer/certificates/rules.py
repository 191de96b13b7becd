"""How a certificate stands on a day. Pure.

Both days of validity are local days and included. The term of Guangdong's certificate was not found in a source, so
nothing is computed from it: the days on the certificate decide. That it is called expiring for its last 90 days is
our own choice (2026-11-23).
"""

from __future__ import annotations

from datetime import date, timedelta

EXPIRING_DAYS = 90


def standing(state: str, valid_from: date, valid_until: date, day: date) -> str:
    """Return ``valid``, ``expiring``, ``expired`` or ``upcoming``, or the ``state`` that overrules the days."""
    if state != "valid":
        return state
    if day < valid_from:
        return "upcoming"
    if day > valid_until:
        return "expired"
    return "expiring" if days_left(valid_until, day) <= EXPIRING_DAYS else "valid"


def days_left(valid_until: date, day: date) -> int:
    """Return the days for which the certificate is still valid after ``day``; negative once it has expired."""
    return (valid_until - day) // timedelta(days=1)
