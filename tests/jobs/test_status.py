"""What the record of runs tells an administrator."""

from datetime import timedelta

from tests.conftest import NINE
from trainer.admin.site_routes import JOB_NAMES
from trainer.core.database import db, transaction
from trainer.jobs.models import JobRun
from trainer.jobs.schedule import SCHEDULE
from trainer.jobs.status import failures_since, recent_stretches


def test_runs_right_behind_each_other_are_told_as_one_stretch(app):
    at = [NINE + timedelta(seconds=number) for number in range(5)]
    with transaction() as session:
        for moment, state, count in zip(at, ("done", "done", "failed", "done", "done"), (1, 2, 0, 3, 4), strict=True):
            error = "KeyError: x" if state == "failed" else ""
            session.add(JobRun(job="tidy", started_at=moment, ended_at=moment, state=state, count=count, error=error))
            session.flush()
    found = recent_stretches(db.session())
    assert [(one.state, one.first_at, one.last_at, one.runs, one.count) for one in found] == [
        ("done", at[3], at[4], 2, 7),
        ("failed", at[2], at[2], 1, 0),
        ("done", at[0], at[1], 2, 3),
    ]
    assert found[1].error == "KeyError: x"
    assert failures_since(db.session(), at[2]) == {"tidy": 1}
    assert failures_since(db.session(), at[3]) == {}


def test_every_job_has_a_name_in_words():
    assert sorted(JOB_NAMES) == sorted(job.name for job in SCHEDULE)
