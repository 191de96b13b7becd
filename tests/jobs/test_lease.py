"""At most one scheduler acts."""

import os
import threading
import time
from datetime import datetime, timedelta

import pytest

from tests.conftest import NINE
from trainer.core.database import db, transaction
from trainer.core.files import keep, uploads_folder
from trainer.jobs import lease
from trainer.jobs.models import JobRun
from trainer.jobs.runner import Runner, catch_up, scheduler_of
from trainer.jobs.schedule import SCHEDULE, Job

SECOND = timedelta(seconds=1)


def test_the_lease_goes_to_one_and_to_the_next_only_when_it_has_run_out(app):
    assert lease.take("a", NINE) == 1
    assert lease.take("b", NINE + 14 * SECOND) is None
    assert lease.take("a", NINE + 14 * SECOND) == 1
    assert lease.take("b", NINE + 28 * SECOND) is None
    assert lease.take("b", NINE + 29 * SECOND) == 2
    assert not lease.holds("a", 1, NINE + 30 * SECOND)
    assert lease.holds("b", 2, NINE + 30 * SECOND)
    assert not lease.holds("b", 2, NINE + 44 * SECOND)


def test_a_lease_taken_by_a_clock_that_was_an_hour_ahead_stops_nobody(app):
    lease.take("a", NINE + 3600 * SECOND)
    assert lease.take("b", NINE) == 2
    lease.take("b", NINE + 59 * SECOND)
    assert lease.take("c", NINE) is None


def test_a_lease_given_back_is_free_at_once(app):
    lease.take("a", NINE)
    lease.give_back("a", NINE + SECOND)
    assert lease.take("b", NINE + SECOND) == 2


def test_two_schedulers_of_one_name_and_number_are_two_holders(app, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "h" * 200)
    first, second = Runner(app), Runner(app)
    first.renew()
    second.renew()
    assert (first.fence, second.fence) == (1, None)


def test_a_runner_without_the_lease_does_nothing(app):
    done = []
    runner = Runner(app)
    runner.run(Job("never", 1, lambda now: done.append(now) or 1))
    assert done == []


def test_a_job_that_fails_is_recorded_and_stops_nothing(app):
    runner = Runner(app)
    runner.renew()

    def fail(_now):
        raise LookupError("gone")

    runner.run(Job("failing", 1, fail))
    runner.run(Job("working", 1, lambda now: 3))
    runner.run(Job("idle", 1, lambda now: 0))
    rows = {row.job: (row.state, row.count) for row in db.session.query(JobRun)}
    assert rows == {"failing": ("failed", 0), "working": ("done", 3)}


def test_every_job_of_the_schedule_runs_on_an_empty_site_and_finds_nothing(app):
    for job in SCHEDULE:
        assert job.run(NINE) == 0, job.name


def test_the_lease_is_renewed_while_a_job_takes_its_time(app, monkeypatch):
    monkeypatch.setattr("trainer.jobs.runner.RENEW_SECONDS", 0.05)
    runner, started, go_on = Runner(app), threading.Event(), threading.Event()
    runner.renew()
    renewals = []
    monkeypatch.setattr(runner, "renew", lambda: renewals.append(time.monotonic()))

    def work(_now):
        started.set()
        go_on.wait(10)
        return 0

    scheduler = scheduler_of(runner, [Job(f"slow {number}", 0.05, work) for number in range(8)])
    scheduler.start()
    try:
        assert started.wait(10)
        time.sleep(0.5)
        seen = len(renewals)
        time.sleep(0.5)
        assert len(renewals) > seen
    finally:
        go_on.set()
        scheduler.shutdown(wait=True)


@pytest.mark.parametrize("step", [-3600, 3600])
def test_jobs_go_on_when_the_clock_is_set(app, monkeypatch, step):
    set_by = timedelta()

    class Wall(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + set_by

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Wall)
    monkeypatch.setattr("trainer.jobs.runner.datetime", Wall)
    runner, runs = Runner(app), []
    runner.renew()
    monkeypatch.setattr(runner, "renew", lambda: None)
    scheduler = scheduler_of(runner, [Job("often", 0.1, lambda now: runs.append(now) or 0)])
    scheduler.start()
    try:
        time.sleep(0.3)
        set_by = timedelta(seconds=step)
        time.sleep(0.3)
        seen = len(runs)
        catch_up(scheduler)
        time.sleep(0.5)
        assert len(runs) > seen
        catch_up(scheduler)
    finally:
        scheduler.shutdown(wait=True)


def run_of_schedule(name, now):
    return next(job for job in SCHEDULE if job.name == name).run(now)


def test_the_record_of_runs_is_kept_for_two_weeks(app):
    with transaction() as session:
        for days in (0, 13, 15):
            at = NINE - timedelta(days=days)
            session.add(JobRun(job=f"{days} days ago", started_at=at, ended_at=at, state="done", count=1))
    assert run_of_schedule("drop_old_runs", NINE) == 1
    assert run_of_schedule("drop_old_runs", NINE) == 0
    assert sorted(row.job for row in db.session.query(JobRun)) == ["0 days ago", "13 days ago"]


def test_uploads_with_peoples_data_are_kept_for_a_day(app):
    folder = uploads_folder(app.config["SETTINGS"].instance)
    fresh, old = keep(folder, b"fresh"), keep(folder, b"old")
    os.utime(folder / old, (time.time() - 90_000,) * 2)
    assert run_of_schedule("drop_uploads", NINE) == 1
    assert {fresh, old} & {path.name for path in folder.iterdir()} == {fresh}
