"""The only writer of audit entries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, insert

from trainer.audit.models import Entry
from trainer.core.clock import utcnow
from trainer.core.database import transaction
from trainer.core.prepared import prepared
from trainer.web.arrival import request_id

# Target, unit id and detail of an entry.
Done = tuple[str, int | None, dict[str, Any]]
COLUMNS = ("at", "actor_id", "action", "target", "unit_id", "detail", "request_id")


class Recording(Protocol):
    """What writes an audit entry: ``record``, or a pen for a grouped write."""

    def __call__(
        self,
        action: str,
        *,
        by: int | None,
        target: str,
        unit_id: int | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None: ...


@prepared
def _entry() -> Any:
    return insert(Entry).values({name: bindparam(name) for name in COLUMNS})


class Pen:
    """Writes entries in a grouped write, whose thread knows of no request; made in the request's own thread."""

    def __init__(self) -> None:
        self._request_id = request_id()

    def on(self, connection: Connection) -> Recording:
        """Return what writes entries on that connection, as ``record`` does in a transaction."""

        def write(
            action: str,
            *,
            by: int | None,
            target: str,
            unit_id: int | None = None,
            detail: dict[str, Any] | None = None,
        ) -> None:
            (row,) = _rows(action, [(target, unit_id, detail or {})], by=by, request=self._request_id)
            _entry(connection).count(connection, row)

        return write


def record(
    action: str, *, by: int | None, target: str, unit_id: int | None = None, detail: dict[str, Any] | None = None
) -> None:
    """Write down that ``by`` did ``action`` (such as ``exam.published``) to ``target`` (such as ``exam:7``).

    Joins the transaction of the change, so that neither is there without the other. ``by`` None is the site itself.
    ``detail`` holds codes, ids and numbers, never names or passwords. Each call writes one more entry.
    """
    record_each(action, [(target, unit_id, detail or {})], by=by)


def record_each(action: str, done: Iterable[Done], *, by: int | None) -> None:
    """Write an entry for each (target, unit id, detail) to which the same was done, at once; see ``record``."""
    rows = _rows(action, done, by=by, request=request_id())
    if rows:
        with transaction() as session:
            session.execute(insert(Entry.__table__), rows)


def _rows(action: str, done: Iterable[Done], *, by: int | None, request: str | None) -> list[dict[str, Any]]:
    same = {"at": utcnow(), "actor_id": by, "action": action, "request_id": request}
    return [same | {"target": target, "unit_id": unit_id, "detail": detail} for target, unit_id, detail in done]
