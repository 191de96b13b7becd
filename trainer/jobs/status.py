"""How the scheduler stands: who holds its lease, and what its jobs did last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
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


def failures_since(session: Session, moment: datetime) -> dict[str, int]:
    """Return how many runs of each job have failed since ``moment`` (aware UTC), by name; none gives an empty dict."""
    rows = select(JobRun.job, func.count()).where(JobRun.state == "failed", JobRun.started_at >= moment)
    return {row[0]: row[1] for row in session.execute(rows.group_by(JobRun.job).order_by(JobRun.job))}


@dataclass(frozen=True)
class Stretch:
    """Runs of one job right behind each other that ended alike. Moments are aware UTC; ``error`` is the latest one."""

    job: str
    state: str
    first_at: datetime
    last_at: datetime
    runs: int
    count: int
    error: str


def recent_stretches(session: Session, most: int = 200) -> list[Stretch]:
    """Return the latest ``most`` runs, the newest first, with what repeats drawn together."""
    runs = session.scalars(select(JobRun).order_by(JobRun.id.desc()).limit(most))
    made = []
    for (job, state), group in groupby(runs, key=lambda run: (run.job, run.state)):
        found = list(group)
        first, last = found[-1], found[0]
        done = sum(run.count for run in found)
        made.append(Stretch(job, state, first.started_at, last.started_at, len(found), done, last.error))
    return made
