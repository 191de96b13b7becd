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
            row = {"at": utcnow(), "actor_id": by, "action": action, "request_id": self._request_id}
            row |= {"target": target, "unit_id": unit_id, "detail": detail or {}}
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


def record_each(action: str, done: Iterable[tuple[str, int | None, dict[str, Any]]], *, by: int | None) -> None:
    """Write an entry for each (target, unit id, detail) to which the same was done, at once; see ``record``."""
    same = {"at": utcnow(), "actor_id": by, "action": action, "request_id": request_id()}
    rows = [same | {"target": target, "unit_id": unit_id, "detail": detail} for target, unit_id, detail in done]
    if rows:
        with transaction() as session:
            session.execute(insert(Entry.__table__), rows)
