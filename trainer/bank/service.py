"""Changes of an item's state."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from trainer.audit.service import record
from trainer.bank.lawchange import look_through
from trainer.bank.models import ItemRecord
from trainer.bank.rules import FIRST_STATES, is_first, may_become
from trainer.core.clock import utcnow
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Missing

# The columns of an item that is retired, for an UPDATE: what stands on the right is read before anything is written.
RETIRED = {"state": "retired", "was_published": ItemRecord.state.not_in(FIRST_STATES)}


def bring_back(item_id: int, *, by: int | None) -> str:
    """Take back that an item was retired and return its state: ``published``, or ``draft`` if it never was published.

    A newer version of a law may have it in quarantine all the same. A second call changes nothing; raises ``Missing``,
    or ``Conflict`` for an item that is not published yet.
    """
    with transaction() as session:
        item = _locked(session, item_id)
        if item.state in FIRST_STATES:
            raise Conflict
        wanted = "draft" if is_first(item.state, was_published=item.was_published) else "published"
        _put_into(session, item, wanted, {"state": wanted}, by=by)
        return wanted


def retire_item(item_id: int, *, by: int | None) -> None:
    """Take an item out of all later draws; papers that hold it stay as they are. A second call changes nothing."""
    with transaction() as session:
        _put_into(session, _locked(session, item_id), "retired", RETIRED, by=by)


def _locked(session: Session, item_id: int) -> ItemRecord:
    item = session.get(ItemRecord, item_id, with_for_update=True)
    if item is None:
        raise Missing
    return item


def _put_into(session: Session, item: ItemRecord, wanted: str, values: dict[str, Any], *, by: int | None) -> None:
    before = item.state
    if before == wanted:
        return
    if not may_become(before, wanted):
        raise Conflict
    session.execute(update(ItemRecord).where(ItemRecord.id == item.id).values(**values))
    look_through(session, item_ids=[item.id], by=by, now=utcnow())
    action = "item.revived" if wanted == "draft" else f"item.{wanted}"
    record(action, by=by, target=f"item:{item.code}", detail={"from": before})
