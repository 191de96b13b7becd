"""The audit record over the API, for auditors, within their scope."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Id, Listing, Moment, Shape, Text, api_blueprint, id_after, operation
from trainer.audit.models import Entry
from trainer.audit.queries import AuditFilter, entries
from trainer.audit.routes import visible
from trainer.core.database import db
from trainer.web.locale import zone
from trainer.web.view import url_with

bp = api_blueprint("audit_api")


class AuditQuery(Listing):
    actor: Text | None = Field(None, pattern="^[0-9]{1,19}$", description="id of a person")
    action: Text | None = Field(None, max_length=60, description="such as class.confirmed, or class for the family")
    target: Text | None = Field(None, max_length=80, description="such as class:7, or class for all of them")
    day: date | None = Field(None, description="local day of the city")


class AuditOut(Shape):
    id: Id
    at: Moment
    actor: Id | None = Field(description="null for the site itself")
    action: str
    target: str
    unit: Id | None
    detail: dict[str, Any]
    request_id: str | None
    sealed: bool = Field(description="whether the entry is in the chain already")


class AuditListOut(Shape):
    items: list[AuditOut]
    next: str | None


@operation(
    bp,
    "GET",
    "/audit",
    needs_permission="audit.view",
    summary="Who changed what, within your scope, the newest first",
    query=AuditQuery,
    answers={200: AuditListOut},
)
def audit(query: AuditQuery) -> Any:
    actor = id_after(query.actor)
    wanted = AuditFilter(None if actor is None else (actor,), query.action or "", query.target or "", query.day)
    rows = entries(visible(current_user.scope("audit.view")), wanted, zone())
    after = id_after(query.after)
    if after is not None:
        rows = rows.where(Entry.id < after)
    found = list(db.session().scalars(rows.limit(query.limit + 1)))
    items = [
        AuditOut(
            id=str(one.id),
            at=one.at,
            actor=None if one.actor_id is None else str(one.actor_id),
            action=one.action,
            target=one.target,
            unit=None if one.unit_id is None else str(one.unit_id),
            detail=one.detail,
            request_id=one.request_id,
            sealed=one.chain_no is not None,
        )
        for one in found[: query.limit]
    ]
    return AuditListOut(items=items, next=url_with(after=items[-1].id) if len(found) > query.limit else None)
