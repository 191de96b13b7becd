"""Nothing that was acknowledged is lost, however often workers and server are killed."""

import pytest

from bench.kills import run_kills
from bench.served import served
from tests.servers import Postgres


def _hold(outcome, kills, struck):
    assert outcome.kills >= kills
    assert set(outcome.returns) == struck
    assert outcome.acknowledged > 5 * kills
    assert outcome.handed_in > 0
    assert outcome.lost == 0
    assert outcome.unexpected == {}


@pytest.mark.slow
def test_a_hundred_kills_lose_no_acknowledged_answer_on_sqlite():
    with served() as site:
        _hold(run_kills(site, kills=100), 100, {"server", "workers"})


@pytest.mark.slow
def test_kills_lose_no_acknowledged_answer_on_postgresql_nor_does_the_database_being_killed():
    postgres = Postgres()
    try:
        postgres.sql("CREATE DATABASE kills")
        with served(database_url=postgres.url("kills"), workers=2) as site:
            outcome = run_kills(site, kills=25, candidates=60, database=postgres)
            _hold(outcome, 25, {"server", "workers", "database"})
    finally:
        postgres.stop()
