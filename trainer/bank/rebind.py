"""Deciding on the items that a newer version of a law touches: let them cite it, propose that they hold, retire them.

A version of an item is immutable, so citing another version of a law makes a further version of the item, with the
same key. Where the cited words stand unchanged, that takes one click of whoever works on the item, for many items at
once. Where they stand word for word under another number, it takes one click as well. Where the words changed, whether
the key still holds is a judgement on a key: one person proposes it, another agrees (两人原则). A text of the item that
names the old number itself is for the editor: nothing here rewrites a sentence.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.lawdiff import UNCHANGED
from question_bank.laws import items_by_paragraph, name_key
from question_bank.lawtexts import label_of
from trainer.audit.service import record
from trainer.bank.edit import add_version, let_stand
from trainer.bank.lawchange import look_through
from trainer.bank.models import ItemLawCheck, ItemRecord, ItemVersion, LawChange
from trainer.bank.review import OwnText
from trainer.bank.service import retire_item
from trainer.bank.work_queries import FILED
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Missing, Refused
from trainer.laws.queries import known_versions, texts_of

MOST_AT_ONCE = 1000


class AlreadyDecided(Conflict):
    """Somebody else was quicker, or the item or the law has changed meanwhile."""

    code = "law_check_decided"


class NotForOneClick(Refused):
    """The words changed, vanished, or the item's own text names the old number: that is for the editor."""

    code = "law_check_needs_editing"


class SecondPersonNeeded(Refused):
    """Who proposed that an item still holds cannot also agree."""

    code = "second_person_needed"


def confirm_unchanged(
    change_id: int, item_ids: Collection[int], *, by: int, now: datetime, author_id: int | None = None
) -> int:
    """Let items whose cited articles stand unchanged cite the new version, and return how many now do.

    ``author_id`` restricts it to that person's items. What was decided before is passed over, so a second call
    returns 0.
    """
    done: list[int] = []
    with transaction() as session:
        change = _change(session, change_id)
        rows = (
            select(ItemLawCheck)
            .join(ItemRecord, ItemRecord.id == ItemLawCheck.item_id)
            .where(
                ItemLawCheck.change_id == change_id,
                ItemLawCheck.outcome == UNCHANGED,
                ItemLawCheck.state == "waiting",
                ItemLawCheck.item_id.in_(sorted(set(item_ids))[:MOST_AT_ONCE]),
            )
            .order_by(ItemLawCheck.item_id)
            .with_for_update()
        )
        if author_id is not None:
            rows = rows.where(ItemRecord.author_id == author_id)
        for check in session.scalars(rows).all():
            _cite_anew(session, change, check, made_by=by, decided_by=by, now=now)
            done.append(check.item_id)
        _settle(session, change, done, by=by, now=now)
    return len(done)


def keep_item(change_id: int, item_id: int, *, by: int, now: datetime, author_id: int | None = None) -> str:
    """Say that an item still holds under the new version; return ``confirmed`` or ``proposed``.

    Word for word the same text, whatever its number: confirmed at once. Changed words: proposed to a second person. The
    same person a second time changes nothing. Raises ``Missing``, ``AlreadyDecided``, ``NotForOneClick``.
    """
    with transaction() as session:
        change, check, item = _locked(session, change_id, item_id, author_id)
        if check.state == "proposed" and check.decided_by == by:
            return "proposed"
        if check.state != "waiting":
            raise AlreadyDecided
        _refuse_editing(session, change, check, item)
        if all(one["likeness"] == 1.0 for one in check.articles):
            _cite_anew(session, change, check, made_by=by, decided_by=by, now=now)
            _settle(session, change, [item_id], by=by, now=now)
            return "confirmed"
        check.state, check.decided_by, check.decided_at = "proposed", by, now
        record("item.law_change_proposed", by=by, target=f"item:{item.code}", detail=_told(change, check))
        return "proposed"


def agree(change_id: int, item_id: int, *, by: int, now: datetime) -> None:
    """Agree that an item still holds: it cites the new version and leaves quarantine.

    A second call changes nothing. Raises ``SecondPersonNeeded`` for who proposed it, ``OwnText`` for the item's author,
    ``AlreadyDecided``, ``Missing``.
    """
    with transaction() as session:
        change, check, item = _locked(session, change_id, item_id, None)
        if check.state == "confirmed":
            return
        if check.state != "proposed" or check.decided_by is None:
            raise AlreadyDecided
        if check.decided_by == by:
            raise SecondPersonNeeded
        if item.author_id == by:
            raise OwnText
        _refuse_editing(session, change, check, item)
        _cite_anew(session, change, check, made_by=check.decided_by, decided_by=by, now=now)
        _settle(session, change, [item_id], by=by, now=now)


def give_back(change_id: int, item_id: int, *, by: int, now: datetime) -> None:
    """Put a proposal back into the queue: it takes an edited text. A second call changes nothing."""
    with transaction() as session:
        change, check, item = _locked(session, change_id, item_id, None)
        if check.state == "waiting":
            return
        if check.state != "proposed":
            raise AlreadyDecided
        check.state, check.decided_by, check.decided_at = "waiting", None, None
        record("item.law_change_given_back", by=by, target=f"item:{item.code}", detail=_told(change, check))


def retire_checked(change_id: int, item_id: int, *, by: int, now: datetime, author_id: int | None = None) -> None:
    """Retire an item of the queue; its checks close. A second call changes nothing."""
    with transaction() as session:
        _law, check, _item = _locked(session, change_id, item_id, author_id)
        if check.state == "retired":
            return
        retire_item(item_id, by=by)


def _change(session: Session, change_id: int) -> LawChange:
    change = session.get(LawChange, change_id)
    if change is None:
        raise Missing
    return change


def _locked(
    session: Session, change_id: int, item_id: int, author_id: int | None
) -> tuple[LawChange, ItemLawCheck, ItemRecord]:
    # The item first, as everybody does who changes it: two orders would be a deadlock on PostgreSQL.
    item = session.get(ItemRecord, item_id, with_for_update=True)
    check = session.get(ItemLawCheck, (change_id, item_id), with_for_update=True)
    if item is None or check is None or (author_id is not None and item.author_id != author_id):
        raise Missing
    return _change(session, change_id), check, item


def names_old_number(body: Mapping[str, Any], articles: Collection[Mapping[str, Any]]) -> bool:
    """Return whether a sentence of the item names an article whose number is another one now."""
    words = json.dumps(body, ensure_ascii=False)
    return any(label_of(one["old"]) in words for one in articles if one["new"] != one["old"])


def _refuse_editing(session: Session, change: LawChange, check: ItemLawCheck, item: ItemRecord) -> None:
    body = session.scalar(select(ItemVersion.body).where(ItemVersion.id == item.version_id)) or {}
    if any(one["new"] is None for one in check.articles) or names_old_number(body, check.articles):
        raise NotForOneClick
    versions = known_versions(session, [change.law])[name_key(change.law)]
    texts = texts_of(session, next(one for one in versions if one.version == change.new_version))
    new_number = {one["old"]: one["new"] for one in check.articles}
    for basis in Item.from_dict(body).citations():
        text = texts.get(new_number[basis.article]) if _cites_old(basis.to_dict(), change) else None
        if text is None or basis.paragraph is None:
            continue
        shape = items_by_paragraph(text)
        if basis.paragraph > len(shape) or (basis.item or 0) > shape[basis.paragraph - 1]:
            raise NotForOneClick


def _cites_old(basis: Mapping[str, Any], change: LawChange) -> bool:
    return name_key(basis["law"]) == name_key(change.law) and basis["version"] == change.old_version


def _cite_anew(
    session: Session, change: LawChange, check: ItemLawCheck, *, made_by: int, decided_by: int, now: datetime
) -> None:
    """Give the item a version that cites the new text, with the same key, and close the check."""
    item = session.get_one(ItemRecord, check.item_id)
    standing = session.get_one(ItemVersion, item.version_id)
    body = standing.body
    new_number = {one["old"]: one["new"] for one in check.articles}
    made = Item.from_dict(_rewritten(body, change, new_number))
    note = f"{change.law} {change.old_version} → {change.new_version}"
    # Nobody wrote on it: an item of the shipped content goes on following that content.
    version = add_version(session, item.id, made, by=made_by, now=now, note=note, is_shipped=standing.is_shipped)
    let_stand(session, item, version.id, made, kept=FILED)
    session.execute(
        update(ItemLawCheck)
        .where(ItemLawCheck.change_id == check.change_id, ItemLawCheck.item_id == check.item_id)
        .values(state="confirmed", decided_by=decided_by, decided_at=now)
    )
    detail = _told(change, check) | {"version": version.number, "made_by": made_by}
    record("item.law_change_confirmed", by=decided_by, target=f"item:{item.code}", detail=detail)


def _rewritten(data: Any, change: LawChange, new_number: Mapping[str, str]) -> Any:
    """Return the data of an item, of the parts of a case too, with the old citations turned into new ones."""
    if isinstance(data, list):
        return [_rewritten(one, change, new_number) for one in data]
    if not isinstance(data, dict):
        return data
    made = {name: _rewritten(part, change, new_number) for name, part in data.items() if name != "basis"}
    if "basis" in data:
        bases = [
            basis | {"version": change.new_version, "article": new_number[basis["article"]]}
            if _cites_old(basis, change)
            else basis
            for basis in data["basis"]
        ]
        # Two articles that became one are cited once.
        made["basis"] = [basis for place, basis in enumerate(bases) if basis not in bases[:place]]
    return made


def _told(change: LawChange, check: ItemLawCheck) -> dict[str, Any]:
    articles = {one["old"]: one["new"] for one in check.articles}
    return {
        "law": change.law,
        "from": change.old_version,
        "to": change.new_version,
        "outcome": check.outcome,
        "articles": articles,
    }


def _settle(session: Session, change: LawChange, item_ids: Collection[int], *, by: int, now: datetime) -> None:
    if item_ids:
        look_through(session, item_ids=item_ids, by=by, now=now)
