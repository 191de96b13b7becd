"""What the tests of counted results share."""

import pytest

from tests.reports.answers import OVER, count_all, move, sheets, sit_many
from trainer.reports import jobs


@pytest.fixture
def nothing_at_hand(monkeypatch):
    """Let the job begin with nothing counted and end in one slice."""
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 60)
    jobs._counting.clear()
    yield
    jobs._counting.clear()


@pytest.fixture
def spread(city, clock):
    """Sixty people of an exam of the city: 40 in PJ-CGJ, 12 in PJ-SCJ, 5 in XH-CGJ and 3 in JM-CGJ."""
    exam, people = sit_many(city, sheets(), release="after_close")
    move(people[40:52], city.units["PJ-SCJ"])
    move(people[52:57], city.units["XH-CGJ"])
    move(people[57:], city.units["JM-CGJ"])
    count_all()
    clock(OVER)
    return exam, people
