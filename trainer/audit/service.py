"""The only writer of audit entries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert

from trainer.audit.models import Entry
from trainer.core.clock import utcnow
from trainer.core.database import transaction
from trainer.web.arrival import request_id


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
