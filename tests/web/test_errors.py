"""Answers to what goes wrong."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from trainer.core.database import LOST_MEANWHILE, db


class _Lost(Exception):
    """A driver's error without a state, as when the server has gone."""


@pytest.fixture
def as_served(app, monkeypatch):
    """Let nothing reach the caller but answers, as in front of a browser."""
    monkeypatch.setitem(app.config, "RAISE_DEFECTS", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)


LOST = [
    OperationalError("SELECT 1", {}, _Lost("gone")),
    PoolTimeout("none is free"),
    PendingRollbackError("a statement before has lost the connection", code=LOST_MEANWHILE),
]


@pytest.mark.parametrize("failure", LOST, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("path", ["/", "/people", "/sign-in", "/api/v1/me", "/no-such-page", "/api/v1/no-such-thing"])
def test_a_lost_database_is_said_in_a_sentence(app, as_user, as_served, monkeypatch, path, failure):
    client = as_user("officer")
    db.session.remove()

    def lost(*args, **kwargs):
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(type(db.engine), "connect", lost)
        answer = client.get(path)
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (503, "nosniff")
    said = answer.json["detail"] if path.startswith("/api/") else answer.text
    assert "数据库暂时不可用" in said
    assert "SELECT" not in answer.text


def test_a_defect_is_one_sentence_without_a_trace(app, as_user, as_served, monkeypatch):
    client = as_user("officer")
    monkeypatch.setattr("trainer.notices.queries.inbox", lambda *args, **kwargs: 1 / 0)
    answer = client.get("/notices")
    assert answer.status_code == 500
    assert "系统出了差错" in answer.text
    assert "ZeroDivision" not in answer.text
