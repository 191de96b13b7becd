"""The deadline and its grace hold to the instant: whatever clock the page has, whatever the server's clock does.

Moments are UTC from end to end, so neither the zone of the site, nor that of the process, nor a change to summer time
can move a deadline; the zone is only how a moment is shown.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.attempts.factories import make_exam
from tests.attempts.test_api import API, code, put, start
from tests.conftest import NINE
from trainer.attempts.jobs import close_overdue
from trainer.attempts.models import Attempt
from trainer.core.clock import iso_z, utcnow
from trainer.core.database import db
from trainer.core.steady import LASTING, SteadyClock
from trainer.core.steady import SECOND as NANOSECONDS
from trainer.jobs.runner import Runner
from trainer.jobs.schedule import SCHEDULE

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

# The night in which New York and Berlin turn their clocks back, and the one in which they turn them forward.
BACK_NEW_YORK = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
FORWARD_NEW_YORK = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)
BACK_BERLIN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
FORWARD_BERLIN = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


@pytest.fixture
def site_zone(app):
    """Set the zone that TIMEZONE names, for the site and for the process."""
    settings, zone = app.config["SETTINGS"], app.config["SETTINGS"].timezone
    kept = os.environ.get("TZ")

    def choose(name):
        object.__setattr__(settings, "timezone", ZoneInfo(name))
        os.environ["TZ"] = name
        time.tzset()

    yield choose
    object.__setattr__(settings, "timezone", zone)
    os.environ.pop("TZ")
    if kept is not None:
        os.environ["TZ"] = kept
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("Asia/Shanghai", NINE),
        ("UTC", NINE),
        ("America/New_York", BACK_NEW_YORK),
        ("America/New_York", FORWARD_NEW_YORK),
        ("Europe/Berlin", BACK_BERLIN),
        ("Europe/Berlin", FORWARD_BERLIN),
        ("Pacific/Kiritimati", NINE),
        ("Pacific/Marquesas", NINE),
    ],
)
def test_no_zone_and_no_summer_time_moves_a_deadline(city, as_user, clock, site_zone, zone, begins):
    site_zone(zone)
    clock(begins)
    exam = make_exam(city, begins, minutes=60)
    officer = as_user("officer")
    made = start(officer, exam).json
    ends = begins + HOUR
    assert made["deadline"] == iso_z(ends)
    assert datetime.fromisoformat(made["deadline"]) - datetime.fromisoformat(made["started_at"]) == HOUR
    attempt = made["attempt_id"]
    for seq, (moment, status) in enumerate(
        [(ends, 200), (ends + 10 * SECOND, 200), (ends + 11 * SECOND, 409), (ends + HOUR, 409)], 1
    ):
        clock(moment)
        assert put(officer, attempt, 1, (1, "B", seq)).status_code == status, moment
    assert close_overdue(ends + 11 * SECOND) == 1
    db.session.expire_all()
    assert db.session.get(Attempt, int(attempt)).submitted_at == ends


@pytest.mark.parametrize("step", [-HOUR, -MINUTE, -SECOND, SECOND, MINUTE])
def test_a_step_of_the_servers_clock_moves_no_deadline(city, as_user, clock, step):
    """An attempt has its end as a moment: a clock that was wrong costs or gives time only while it is wrong."""
    clock(NINE)
    exam = make_exam(city, NINE, minutes=30, opens_in=-120)
    officer = as_user("officer")
    made = start(officer, exam).json
    ends = NINE + 30 * MINUTE
    clock(NINE + 10 * MINUTE + step)
    assert put(officer, made["attempt_id"], 1, (1, "B", 1)).json["deadline"] == iso_z(ends)
    clock(ends + 10 * SECOND)
    assert put(officer, made["attempt_id"], 1, (1, "C", 2)).status_code == 200
    clock(ends + 11 * SECOND)
    assert code(put(officer, made["attempt_id"], 1, (1, "D", 3))) == (409, "attempt_closed")
    # The sweep closes it; a clock that falls back then opens nothing again.
    assert close_overdue(ends + 11 * SECOND) == 1
    clock(ends - MINUTE)
    assert code(put(officer, made["attempt_id"], 1, (1, "D", 4))) == (409, "attempt_closed")
    assert code(start(officer, exam)) == (409, "attempts_used_up")


@pytest.mark.parametrize(
    "said", ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59+14:00", "2026-11-23T09:00:00-12:00", "2026-11-23T01:00:00Z"]
)
def test_what_the_page_takes_for_the_time_counts_for_nothing(city, as_user, clock, said):
    """The page sends no time with an answer; headers and incidents that tell one are not believed."""
    clock(NINE)
    exam = make_exam(city, NINE, minutes=30)
    officer = as_user("officer")
    attempt = start(officer, exam).json["attempt_id"]
    ends = NINE + 30 * MINUTE
    headers = {"Date": said, "X-Request-Start": said, "If-Unmodified-Since": said}
    for moment, status in ((ends + 10 * SECOND, 200), (ends + 11 * SECOND, 409)):
        clock(moment)
        body = {"epoch": 1, "responses": [{"number": 1, "answer": "B", "seq": int(moment.timestamp())}]}
        answer = officer.put(f"{API}/attempts/{attempt}/responses", json=body, headers=headers)
        assert answer.status_code == status
        told = officer.post(f"{API}/attempts/{attempt}/incidents", json={"kind": "other", "at": said})
        assert told.status_code == 201
        assert officer.get(f"{API}/attempts/{attempt}/clock").json["deadline"] == iso_z(ends)
    with_time = body | {"at": said}
    assert officer.put(f"{API}/attempts/{attempt}/responses", json=with_time).status_code == 422


class Machine:
    """The clocks of a machine: ``minutes`` since nine o'clock, and by how much somebody has set the one on the wall."""

    def __init__(self, monkeypatch):
        self.minutes, self.set_by = 0, timedelta()
        self.clock = SteadyClock(lambda: self._nanoseconds(NINE + self.set_by), lambda: self._nanoseconds(NINE - HOUR))
        for place in ("trainer.core.clock", "trainer.jobs.runner"):
            monkeypatch.setattr(f"{place}.steady", self.clock)

    def _nanoseconds(self, since):
        return round((since + self.minutes * MINUTE).timestamp()) * NANOSECONDS


@pytest.mark.parametrize("step", [-25 * HOUR, -HOUR, -5 * SECOND, 5 * SECOND, HOUR, 25 * HOUR])
def test_a_step_while_people_sit_ends_and_prolongs_nothing(city, as_user, app, monkeypatch, step):
    """The scheduler, which closes what is over for good, goes by the time that the attempts were begun in."""
    machine = Machine(monkeypatch)
    officer = as_user("officer")
    exam = make_exam(city, NINE, minutes=30, opens_in=-120)
    made = start(officer, exam).json
    ends = NINE + 30 * MINUTE
    assert made["deadline"] == iso_z(ends)
    runner = Runner(app)
    close = next(job for job in SCHEDULE if job.name == "close_overdue")

    def round_of_jobs():
        runner.renew()
        runner.mind_clock()
        runner.run(close)

    round_of_jobs()
    machine.set_by = step
    for minute in (5, 15, 29):
        machine.minutes = minute
        round_of_jobs()
        saved = put(officer, made["attempt_id"], 1, (1, "B", minute))
        assert (saved.status_code, saved.json["deadline"], utcnow()) == (200, iso_z(ends), NINE + minute * MINUTE)
    machine.minutes = 31
    assert code(put(officer, made["attempt_id"], 1, (1, "C", 31))) == (409, "attempt_closed")
    round_of_jobs()
    db.session.expire_all()
    closed = db.session.get(Attempt, int(made["attempt_id"]))
    assert (closed.state, closed.submitted_at, closed.submitted_by) == ("submitted", ends, "deadline")
    # Now that nobody is sitting, the clock on the wall counts again.
    assert LASTING < 31 * 60 * NANOSECONDS
    round_of_jobs()
    assert (utcnow(), machine.clock.step) == (NINE + 31 * MINUTE + step, 0.0)
