"""Changes of an item's state."""

from __future__ import annotations

from sqlalchemy import update

from trainer.audit.service import record
from trainer.bank.lawchange import look_through
from trainer.bank.models import ItemRecord
from trainer.bank.rules import may_become
from trainer.core.clock import utcnow
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Missing


def publish_item(item_id: int, *, by: int | None) -> None:
    """Let an item be drawn, unless a newer version of a law has it in quarantine.

    A second call changes nothing; raises ``Missing``, or ``Conflict`` from a wrong state.
    """
    _put_into(item_id, "published", by=by)


def retire_item(item_id: int, *, by: int | None) -> None:
    """Take an item out of all later draws; papers that hold it stay as they are. A second call changes nothing."""
    _put_into(item_id, "retired", by=by)


def _put_into(item_id: int, wanted: str, *, by: int | None) -> None:
    with transaction() as session:
        item = session.get(ItemRecord, item_id, with_for_update=True)
        if item is None:
            raise Missing
        if item.state == wanted:
            return
        if not may_become(item.state, wanted):
            raise Conflict
        session.execute(update(ItemRecord).where(ItemRecord.id == item_id).values(state=wanted))
        look_through(session, item_ids=[item_id], by=by, now=utcnow())
        record(f"item.{wanted}", by=by, target=f"item:{item.code}", detail={"from": item.state})
