"""What the scheduler does about its own record: runs are kept for as long as somebody might ask about them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from trainer.core.database import transaction
from trainer.jobs.models import JobRun

KEPT = timedelta(days=14)


def drop_old_runs(now: datetime) -> int:
    """Delete runs that began more than ``KEPT`` before ``now`` and return how many. A second call finds none."""
    with transaction() as session:
        return session.execute(delete(JobRun).where(JobRun.started_at < now - KEPT)).rowcount
