"""The scheduler's process: APScheduler ticks, the lease says whether we act, the database says what is due.

Jobs live in memory only: a stored job is a pickle, and a database that can write one can run code. Nothing hangs on a
trigger being met in time: each job finds what is due by looking, so a late, doubled or missed tick changes no result.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from trainer.attempts.begun import is_anybody_sitting
from trainer.core.clock import utcnow
from trainer.core.database import db, end_read, transaction
from trainer.core.steady import steady
from trainer.jobs import lease
from trainer.jobs.models import JobRun
from trainer.jobs.schedule import SCHEDULE, Job

RENEW_SECONDS = 5
MIND_SECONDS = 1.0

log = logging.getLogger("trainer.jobs")


class Runner:
    """Runs the schedule for as long as it holds the lease."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        # Machines made from one image, and containers, may share both their name and the number of the process.
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.fence: int | None = None
        self._one_at_a_time = threading.Lock()

    def renew(self) -> None:
        """Take or prolong the lease; say so when it changes hands."""
        with self.app.app_context():
            try:
                fence = lease.take(self.holder, utcnow())
            except Exception:
                log.exception("the lease could not be renewed")
                fence = None
        if fence != self.fence:
            log.debug("lease", extra={"fields": {"holder": self.holder, "fence": fence}})
        self.fence = fence

    def mind_clock(self) -> None:
        """Keep the time of this machine's processes; see ``core/steady.py``. Whether we hold the lease is no matter."""

        def nobody_is_sitting() -> bool:
            with self.app.app_context():
                sitting = is_anybody_sitting(db.session())
                end_read()
                return not sitting

        try:
            steady.mind(nobody_is_sitting)
        except Exception:
            log.exception("the clock could not be minded")

    def run(self, job: Job) -> None:
        """Run one job if we hold the lease; its failure is recorded and stops nothing else."""
        fence = self.fence
        if fence is None:
            return
        with self._one_at_a_time, self.app.app_context():
            started_at = utcnow()
            if not lease.holds(self.holder, fence, started_at):
                return
            try:
                count, error = job.run(started_at), ""
            except Exception as failure:
                log.exception("job failed", extra={"fields": {"job": job.name}})
                count, error = 0, f"{type(failure).__name__}: {failure}"[:500]
            db.session.rollback()
            if count or error:
                _note(job.name, started_at, count, error)


def _note(name: str, started_at: datetime, count: int, error: str) -> None:
    with transaction() as session:
        state = "failed" if error else "done"
        session.add(JobRun(job=name, started_at=started_at, ended_at=utcnow(), state=state, count=count, error=error))


def scheduler_of(runner: Runner, schedule: Iterable[Job] = SCHEDULE) -> BackgroundScheduler:
    """Return APScheduler with ``schedule`` and the renewal of the lease, not started yet."""
    jobs = list(schedule)
    scheduler = BackgroundScheduler(
        timezone="UTC",
        # A thread for each: while one job works, the others wait for it in theirs, and the lease must be renewed.
        executors={"default": ThreadPoolExecutor(len(jobs) + 1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_job(runner.renew, IntervalTrigger(seconds=RENEW_SECONDS, timezone="UTC"), id="lease")
    for job in jobs:
        trigger = IntervalTrigger(seconds=job.every_seconds, timezone="UTC")
        scheduler.add_job(runner.run, trigger, args=[job], id=job.name)
    return scheduler


def catch_up(scheduler: BackgroundScheduler) -> None:
    """Make due what a clock that was set back has put off: APScheduler goes by the machine's clock.

    Without this no job would run, nor the lease be renewed, until the clock is again where it was.
    """
    now = datetime.now(UTC)
    for job in scheduler.get_jobs():
        if job.next_run_time - now > 2 * job.trigger.interval:
            job.modify(next_run_time=now)


def run_forever(app: Flask) -> None:
    """Run until SIGTERM or SIGINT. Several such processes may run; one acts, the others wait for its lease to end."""
    runner = Runner(app)
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    runner.renew()
    scheduler = scheduler_of(runner)
    scheduler.start()
    while not stop.wait(MIND_SECONDS):
        runner.mind_clock()
        catch_up(scheduler)
    scheduler.shutdown(wait=True)
    with app.app_context():
        lease.give_back(runner.holder, utcnow())
