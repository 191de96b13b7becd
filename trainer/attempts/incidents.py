"""What a candidate's page noticed. Recorded, shown to the invigilator, never acted on by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from trainer.attempts.models import Attempt, Incident
from trainer.core.database import transaction
from trainer.core.errors import Missing, Refused

INCIDENTS_MOST = 500


class TooManyIncidents(Refused):
    """A page that reports without end is not listened to any longer; its first reports stay."""

    code = "too_many_requests"
    status = 429


def record_incident(
    attempt_id: int, user_id: int, *, kind: str, noticed_at: datetime, detail: str, now: datetime
) -> datetime:
    """Record an incident of one's own attempt and return when (aware UTC). Raises ``Missing``, ``TooManyIncidents``.

    ``noticed_at`` comes from the page's clock and is kept within a day of ours: it is a hint, not a fact.
    """
    noticed_at = min(max(noticed_at, now - timedelta(days=1)), now)
    with transaction() as session:
        own = select(Attempt.id).where(Attempt.id == attempt_id, Attempt.user_id == user_id)
        if session.scalar(own) is None:
            raise Missing
        known = session.scalar(select(func.count()).where(Incident.attempt_id == attempt_id))
        if (known or 0) >= INCIDENTS_MOST:
            raise TooManyIncidents
        session.add(Incident(attempt_id=attempt_id, kind=kind, noticed_at=noticed_at, recorded_at=now, detail=detail))
    return now
