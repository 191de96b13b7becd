"""Writes of many requests in one commit on PostgreSQL: who refuses, waits or breaks does it alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.conftest import NINE
from trainer.core import database
from trainer.core.database import db, grouped, transaction
from trainer.core.errors import Conflict, Refused
from trainer.core.groups import Alike
from trainer.orgs.models import Unit

pytestmark = pytest.mark.postgresql_only


@pytest.fixture
def unit(app):
    with transaction() as session:
        session.add(Unit(code="R", name="根", short_name="根", kind="city", path="r", created_at=NINE, sort=0))


def up(connection):
    connection.execute(update(Unit).values(sort=Unit.sort + 1))
    return "up"


def stored():
    db.session.rollback()
    return db.session.scalar(select(Unit.sort))


@pytest.fixture
def in_one_group(app):
    """Let writes go with one group, each asked for by a thread of its own; return what came of each, in their order."""

    def run(*writes):
        groups = database._groups_of(db.engine)
        begun, go = threading.Event(), threading.Event()

        def hold(connection):
            begun.set()
            assert go.wait(20)

        def one(write):
            with app.app_context():
                try:
                    return grouped(*write) if isinstance(write, tuple) else grouped(write)
                except (Refused, DBAPIError) as error:
                    return error
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(len(writes) + 1) as crowd:
            holding = crowd.submit(one, hold)
            assert begun.wait(20)
            asked = []
            for place, write in enumerate(writes, 1):
                asked.append(crowd.submit(one, write))
                until = time.monotonic() + 20
                while len(groups._jobs) < place and time.monotonic() < until:
                    time.sleep(0.001)
            go.set()
            assert holding.result(20) is None
            return [one.result(20) for one in asked]

    return run


def transactions(run, *writes):
    """Return (what came of the writes, in how many transactions they ran)."""
    ids = []

    def noting(write):
        def one(connection):
            ids.append(connection.scalar(text("SELECT pg_current_xact_id()::text")))
            return write(connection)

        return one

    return run(*map(noting, writes)), ids


def test_what_waits_together_is_committed_together(unit, in_one_group):
    came, ids = transactions(in_one_group, up, up, up)
    assert came == ["up"] * 3
    assert (len(ids), len({*ids})) == (3, 1)
    assert stored() == 3


def test_who_refuses_before_a_change_disturbs_nobody(unit, in_one_group):
    def refuse(connection):
        connection.scalar(select(Unit.sort).with_for_update())
        raise Conflict

    came, ids = transactions(in_one_group, up, refuse, up)
    assert (came[0], came[2], type(came[1])) == ("up", "up", Conflict)
    assert (len(ids), len({*ids})) == (3, 1)
    assert stored() == 2


def test_who_refuses_after_a_change_undoes_that_change_alone(unit, in_one_group):
    def change_and_refuse(connection):
        connection.execute(update(Unit).values(sort=Unit.sort + 100))
        raise Conflict

    came = in_one_group(up, change_and_refuse, up)
    assert (came[0], came[2], type(came[1])) == ("up", "up", Conflict)
    assert stored() == 2


def test_an_error_of_the_database_is_told_to_the_one_who_made_it(unit, in_one_group):
    came = in_one_group(up, lambda connection: connection.execute(text("SELECT 1 / (length('') * 1)")), up)
    assert (came[0], came[2]) == ("up", "up")
    assert "division by zero" in str(came[1])
    assert stored() == 2


def test_who_breaks_the_connection_breaks_it_for_no_other(unit, in_one_group):
    came = in_one_group(
        up, lambda connection: connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    )
    assert came[0] == "up"
    assert isinstance(came[1], OperationalError)
    assert stored() == 1
    assert in_one_group(up) == ["up"]


def test_only_who_wants_a_row_that_somebody_holds_waits_for_it(app, unit):
    """The others of the group are through while the row is still held."""
    done = []

    def one(write):
        with app.app_context():
            done.append(grouped(write))
            db.session.remove()

    with transaction() as session:
        session.add(Unit(code="S", name="乙", short_name="乙", kind="city", path="s", created_at=NINE, sort=0))

    def held(connection):
        connection.execute(update(Unit).where(Unit.code == "R").values(sort=7))
        return "held"

    def free(connection):
        connection.execute(update(Unit).where(Unit.code == "S").values(sort=Unit.sort + 1))
        return "free"

    with transaction() as session:
        session.execute(select(Unit.id).where(Unit.code == "R").with_for_update())
        threads = [threading.Thread(target=one, args=(write,)) for write in (held, free, free)]
        for thread in threads:
            thread.start()
        for thread in threads[1:]:
            thread.join(20)
        assert done == ["free", "free"]
    threads[0].join(20)
    assert done == ["free", "free", "held"]


def test_a_commit_whose_outcome_is_unknown_is_not_run_again(app, unit, in_one_group, monkeypatch):
    groups = database._groups_of(db.engine)
    run, runs = groups._run, []

    def breaking(connection, batch):
        run(connection, batch)
        runs.append(len(batch))
        if len(batch) == 2:
            connection.connection.driver_connection.close()

    monkeypatch.setattr(groups, "_run", breaking)
    came = in_one_group(up, up)
    assert [type(one) for one in came] == [OperationalError] * 2
    assert runs == [1, 2]
    assert stored() == 0


def test_what_is_alike_is_run_together_and_the_rest_by_its_own_write(unit, in_one_group):
    seen = []

    def work(connection, values):
        seen.append([*values])
        connection.execute(update(Unit).values(sort=Unit.sort + 10))
        return [None if value == "odd" else f"{value} together" for value in values]

    came = in_one_group((up, Alike(work, "a")), (up, Alike(work, "odd")), up, (up, Alike(work, "b")))
    assert came == ["a together", "up", "up", "b together"]
    assert seen == [["a", "odd", "b"]]
    assert stored() == 12


def test_who_was_run_together_is_run_alone_where_the_group_breaks(unit, in_one_group):
    def work(connection, values):
        connection.execute(update(Unit).values(sort=Unit.sort + 10))
        return [*values]

    came = in_one_group((up, Alike(work, "a")), lambda connection: connection.execute(text("SELECT 1 / (0 * 1)")))
    assert came[0] == "up"
    assert isinstance(came[1], DBAPIError)
    assert stored() == 1


def test_a_defect_in_running_together_is_logged_although_nobody_else_notices(unit, in_one_group, caplog):
    def work(connection, values):
        raise KeyError("defect")

    with caplog.at_level("ERROR", "trainer.core.groups"):
        assert in_one_group((up, Alike(work, "a")), (up, Alike(work, "b"))) == ["up", "up"]
    assert [record.exc_info[0] for record in caplog.records] == [KeyError]
    assert stored() == 2
