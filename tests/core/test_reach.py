"""While a server is away one asks for all."""

import socket
import threading

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from trainer.core.database import db, engine_options, is_unavailable
from trainer.core.reach import PAUSE_SECONDS, Away, Reach


class _Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return _Clock()


@pytest.fixture
def reach(clock):
    return Reach(clock)


def _refuse():
    raise OSError("refused")


def test_a_failure_is_told_to_those_who_come_soon_after_it_and_then_tried_again(reach, clock):
    with pytest.raises(OSError, match="refused"):
        reach.connect(_refuse)
    with pytest.raises(Away, match="refused"):
        reach.connect(lambda: "connected")
    clock.now += 2 * PAUSE_SECONDS
    with pytest.raises(OSError, match="refused"):
        reach.connect(_refuse)
    with pytest.raises(Away):
        reach.connect(lambda: "connected")


def test_once_it_is_back_everybody_connects(reach, clock):
    with pytest.raises(OSError, match="refused"):
        reach.connect(_refuse)
    clock.now += 2 * PAUSE_SECONDS
    assert reach.connect(lambda: "first") == "first"
    assert reach.connect(lambda: "second") == "second"


def test_one_alone_tries_whether_it_is_back_and_the_others_do_not_wait_for_that(reach, clock):
    with pytest.raises(OSError, match="refused"):
        reach.connect(_refuse)
    clock.now += 2 * PAUSE_SECONDS
    begun, may_end, found = threading.Event(), threading.Event(), []

    def slowly():
        begun.set()
        may_end.wait(10)
        return "first"

    thread = threading.Thread(target=lambda: found.append(reach.connect(slowly)))
    thread.start()
    assert begun.wait(10)
    clock.now += 60
    with pytest.raises(Away):
        reach.connect(lambda: "second")
    may_end.set()
    thread.join(10)
    assert (found, reach.connect(lambda: "second")) == (["first"], "second")


def test_while_no_one_has_failed_many_connect_at_once(reach):
    assert reach.connect(lambda: reach.connect(lambda: "inner")) == "inner"


def test_a_server_that_is_away_is_asked_once_and_everybody_hears_that_it_is(monkeypatch):
    monkeypatch.setattr("trainer.core.reach.PAUSE_SECONDS", 60.0)
    refused = 0

    def refuse_all():
        nonlocal refused
        while True:
            try:
                line, _address = listener.accept()
            except OSError:
                return
            refused += 1
            line.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse_all, daemon=True)
        thread.start()
        url = f"postgresql+psycopg://site@127.0.0.1:{listener.getsockname()[1]}/none?sslmode=disable&gssencmode=disable"
        engine = create_engine(url, **engine_options(url, 4))
        for _ in range(5):
            with pytest.raises(OperationalError) as failed:
                engine.connect()
            assert is_unavailable(failed.value)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
    assert refused == 1


@pytest.mark.postgresql_only
def test_a_machine_that_falls_silent_is_given_up_within_seconds(app):
    with db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        with socket.fromfd(raw.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line:
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
