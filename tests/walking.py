"""How the random walks are walked: a few the same way each time, with --soak many by chance."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test


def walk(request, machine, *, usual, soak):
    """Walk what ``machine()`` makes; ``usual`` and ``soak`` are how many walks on (SQLite, PostgreSQL)."""
    long, on_sqlite = request.config.getoption("--soak"), request.config.getoption("--database") == "sqlite"
    profile = settings(
        max_examples=(soak if long else usual)[0 if on_sqlite else 1],
        stateful_step_count=60 if long else 30,
        deadline=None,
        database=None,
        derandomize=not long,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=profile)
