"""Prepared statements convert, count and fail exactly as the same statement does through SQLAlchemy."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from trainer.core.columns import UTCDateTime
from trainer.core.database import db, transaction
from trainer.core.prepared import Prepared, prepared
from trainer.orgs.models import Unit

NINE = datetime(2026, 11, 23, 1, tzinfo=UTC)
COLUMNS = ("code", "name", "short_name", "kind", "path", "created_at")


@prepared
def _unit(column):
    return select(Unit.id, Unit.name, Unit.created_at, Unit.sort).where(getattr(Unit, column) == bindparam("wanted"))


@prepared
def _renamed():
    return update(Unit).where(Unit.code == bindparam("wanted")).values(name=bindparam("name"))


@prepared
def _older():
    return select(Unit.code).where(Unit.created_at < bindparam("moment", type_=UTCDateTime)).order_by(Unit.code)


@pytest.fixture
def units(app):
    with transaction() as session:
        for code in ("R", "S"):
            row = dict.fromkeys(COLUMNS, "x") | {"code": code, "name": "江门", "created_at": NINE, "path": code}
            session.add(Unit(**row | {"kind": "city"}))


def test_rows_are_those_of_sqlalchemy_with_times_in_utc(units):
    with db.engine.connect() as connection:
        statement = _unit(connection, "code")
        row = statement.first(connection, {"wanted": "R"})
        assert tuple(row) == tuple(
            connection.execute(select(Unit.id, Unit.name, Unit.created_at, Unit.sort).where(Unit.code == "R")).one()
        )
        assert (row.name, row.created_at) == ("江门", NINE)
        assert statement.first(connection, {"wanted": "nobody"}) is None
        assert len(_unit(connection, "name").rows(connection, {"wanted": "江门"})) == 2


def test_values_are_converted_by_their_types(units):
    elsewhere = (NINE + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=8)))
    with db.engine.connect() as connection:
        assert [row.code for row in _older(connection).rows(connection, {"moment": elsewhere})] == ["R", "S"]
        assert _older(connection).rows(connection, {"moment": NINE}) == []
        with pytest.raises(ValueError, match="naive"):
            _older(connection).rows(connection, {"moment": NINE.replace(tzinfo=None)})


def test_a_change_is_counted_and_undone_with_its_transaction(units):
    with db.engine.connect() as connection:
        change = connection.begin()
        assert _renamed(connection).count(connection, {"wanted": "R", "name": "新会"}) == 1
        assert _renamed(connection).count(connection, {"wanted": "nobody", "name": "新会"}) == 0
        change.rollback()
    assert db.session.scalar(select(Unit.name).where(Unit.code == "R")) == "江门"


def test_a_change_hands_back_what_it_returns(units):
    with db.engine.begin() as connection:
        renamed = update(Unit).where(Unit.code == bindparam("wanted")).values(name=bindparam("name"))
        renamed = Prepared(renamed.returning(Unit.code, Unit.created_at), connection.dialect)
        assert tuple(renamed.first(connection, {"wanted": "R", "name": "新会"})) == ("R", NINE)
        assert renamed.first(connection, {"wanted": "nobody", "name": "新会"}) is None
    assert db.session.scalar(select(Unit.name).where(Unit.code == "R")) == "新会"


def test_an_error_of_the_driver_is_sqlalchemys_and_holds_no_values(units):
    with db.engine.connect() as connection, connection.begin():
        again = Prepared(insert(Unit).values({name: bindparam(name) for name in COLUMNS}), connection.dialect)
        row = {"code": "R", "name": "秘密", "short_name": "x", "kind": "city", "path": "q", "created_at": NINE}
        with pytest.raises(IntegrityError) as caught:
            again.count(connection, row)
        assert "秘密" not in str(caught.value)


def test_a_value_that_is_not_given_is_refused(units):
    with db.engine.connect() as connection, pytest.raises((KeyError, DBAPIError)):
        _unit(connection, "code").first(connection, {})


def test_a_statement_is_made_once_for_a_dialect(app):
    with db.engine.connect() as connection:
        assert _unit(connection, "code") is _unit(connection, "code")
        assert _unit(connection, "code") is not _unit(connection, "name")
        assert _renamed(connection) is _renamed(connection)


def test_whoever_counts_statements_sees_them(units, count_queries):
    with db.engine.connect() as connection, count_queries() as seen:
        _unit(connection, "code").first(connection, {"wanted": "R"})
    assert len(seen) == 1
