"""How the scheduler stands: who holds its lease, and what its jobs did last."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from trainer.jobs.models import JobRun, Lease


def current_lease(session: Session) -> Lease | None:
    """Return the scheduler's lease, that of a holder that is gone as well; None before any scheduler has run."""
    return session.scalar(select(Lease).order_by(Lease.until.desc()).limit(1))


def last_runs(session: Session) -> list[Row[Any]]:
    """Return for each job that ever did something its name, last start, and how many runs failed, by name."""
    failed = func.count().filter(JobRun.state == "failed")
    rows = select(
        JobRun.job, func.max(JobRun.started_at).label("last"), func.count().label("runs"), failed.label("failed")
    )
    return list(session.execute(rows.group_by(JobRun.job).order_by(JobRun.job)))


def recent_runs(session: Session, most: int = 50) -> list[JobRun]:
    """Return the latest runs, the newest first."""
    return list(session.scalars(select(JobRun).order_by(JobRun.id.desc()).limit(most)))
