"""The scheduler's lease: at most one process acts, however many are started.

The row carries a fencing number that grows with each taking. A holder that stalled beyond its lease finds another
number in the row and stops acting; and since every job claims its work in the database, a run that slips through
changes nothing twice.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import select

from trainer.core.database import db, end_read, transaction
from trainer.jobs.models import Lease

NAME = "scheduler"
LEASE_TIME = timedelta(seconds=15)
# How far the clocks of two machines may lie apart. A lease that ends later was taken by a clock that has been put right
# since, before this machine was started anew, and nobody would act until then.
APART = timedelta(seconds=60)

log = logging.getLogger("trainer.jobs")


def take(holder: str, now: datetime) -> int | None:
    """Take or prolong the lease for ``holder`` and return its fencing number; None while another one holds it."""
    with transaction() as session:
        lease = session.scalar(select(Lease).where(Lease.name == NAME).with_for_update())
        if lease is None:
            session.add(Lease(name=NAME, holder=holder, fence=1, until=now + LEASE_TIME))
            return 1
        if lease.holder != holder:
            if now < lease.until <= now + LEASE_TIME + APART:
                return None
            if lease.until > now:
                ahead = (lease.until - LEASE_TIME - now).total_seconds()
                log.warning("the lease was taken by a clock ahead of ours", extra={"fields": {"seconds": ahead}})
            lease.holder, lease.fence = holder, lease.fence + 1
        lease.until = now + LEASE_TIME
        return lease.fence


def holds(holder: str, fence: int, now: datetime) -> bool:
    """Return whether ``holder`` still has the lease under ``fence``."""
    row = db.session.execute(select(Lease.holder, Lease.fence, Lease.until).where(Lease.name == NAME)).first()
    end_read()
    return row is not None and (row.holder, row.fence) == (holder, fence) and row.until > now


def give_back(holder: str, now: datetime) -> None:
    """End the lease at once, so that the next scheduler need not wait for it to run out."""
    with transaction() as session:
        lease = session.scalar(select(Lease).where(Lease.name == NAME, Lease.holder == holder).with_for_update())
        if lease is not None:
            lease.until = now
