"""Statements of the hot path, compiled once and handed straight to the driver.

SQLAlchemy spends more on preparing a small statement than SQLite on running it: it looks up the compiled text, makes a
context and a result, and converts each value by way of them. What saves an answer, and what tells who calls, runs
thousands of times a second, so for these few statements all that is done once. Types convert as everywhere else, and
errors of the driver come out as SQLAlchemy's own.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

from trainer.core.database import without_detail


class Prepared:
    """A statement for one dialect. All its values are given anew with each run, under the names of its parameters.

    Rows are named tuples of the columns that it selects or returns, in their order.
    """

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._dialect = dialect
        self._positions: tuple[str, ...] | None = tuple(compiled.positiontup) if compiled.positional else None
        # Values that the statement brings itself; all others have to be given, None too.
        own = {name for bind, name in compiled.bind_names.items() if not bind.required}
        self._given = {name: value for name, value in compiled.construct_params(_check=False).items() if name in own}
        self._into: dict[str, Callable[[Any], Any]] = {}
        for bind, name in compiled.bind_names.items():
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                self._into[name] = convert
        columns = list(getattr(statement, "selected_columns", ()) or getattr(statement, "exported_columns", ()))
        self._out: list[tuple[int, Callable[[Any], Any]]] = []
        for place, column in enumerate(columns):
            convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if convert is not None:
                self._out.append((place, convert))
        self._row: Any = namedtuple("Row", [column.key for column in columns], rename=True) if columns else None

    def _execute(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        given = {**self._given, **values}
        for name, convert in self._into.items():
            given[name] = convert(given[name])
        values = given if self._positions is None else [given[name] for name in self._positions]  # type: ignore[assignment]
        cursor = connection.connection.cursor()
        # Whoever counts or traces statements sees these too.
        for tell in connection.dispatch.before_cursor_execute:
            tell(connection, cursor, self._text, values, None, False)
        try:
            cursor.execute(self._text, values)
        except Exception as error:
            base = self._dialect.loaded_dbapi.Error
            if not isinstance(error, base):
                raise
            made = DBAPIError.instance(self._text, None, error, base, hide_parameters=True, dialect=self._dialect)
            without_detail(made)
            if self._dialect.is_disconnect(error, connection.connection, cursor):
                connection.invalidate(error)
            raise made from error
        return cursor

    def count(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run the statement and return how many rows it changed."""
        cursor = self._execute(connection, values)
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run the statement and return all its rows."""
        cursor = self._execute(connection, values)
        found = cursor.fetchall()
        cursor.close()
        return [self._made(row) for row in found]

    def tuples(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run the statement and return all its rows as plain tuples, for columns that need no conversion."""
        assert not self._out, "a column wants to be converted"
        cursor = self._execute(connection, values)
        found: list[Any] = cursor.fetchall()
        cursor.close()
        return found

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Run the statement and return its first row, None without one."""
        cursor = self._execute(connection, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else self._made(row)

    def _made(self, row: Any) -> Any:
        if self._out:
            row = list(row)
            for place, convert in self._out:
                row[place] = convert(row[place])
        return self._row._make(row)


def prepared(make: Callable[..., Any]) -> Callable[..., Prepared]:
    """Let a function that returns a statement return it ``Prepared`` for the dialect of a connection.

    The connection comes first in a call; the rest picks the statement and must be hashable. Each is made once.
    """

    @lru_cache(maxsize=32)
    def made(dialect: Dialect, *which: Any) -> Prepared:
        return Prepared(make(*which), dialect)

    return lambda connection, *which: made(connection.dialect, *which)
