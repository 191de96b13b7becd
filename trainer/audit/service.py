"""The only writer of audit entries."""

from __future__ import annotations

from typing import Any

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
    with transaction() as session:
        session.add(
            Entry(
                at=utcnow(),
                actor_id=by,
                action=action,
                target=target,
                unit_id=unit_id,
                detail=detail or {},
                request_id=request_id(),
            )
        )
