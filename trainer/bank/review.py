"""The way of a text to publication: submitted, withdrawn, returned with a reason, approved and thereby published.

The reviewer is never one who wrote on the text since the last publication (``rules.py``). A decision names the version
it was made on: when another was saved meanwhile, or another reviewer was quicker, it is refused.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from question_bank import Item
from trainer.audit.service import record
from trainer.bank.edit import let_stand
from trainer.bank.lawchange import look_through
from trainer.bank.models import ItemRecord, ItemReview, ItemTask, ItemVersion
from trainer.bank.rules import may_review, may_submit, needs_second_person
from trainer.bank.work_queries import ItemWork, filed_since, holders_of, may_edit, read_work
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Missing, Refused
from trainer.notices.service import queue

TEXT_MOST = 2000


class ReviewDecided(Conflict):
    """The text is no longer in review, or is another one by now."""

    code = "review_decided"


class OwnText(Refused):
    """Who wrote on a text since the last publication cannot decide on it."""

    code = "own_text"


class ProposalOutdated(Conflict):
    """Another text has come to stand since this one was written; it has to be saved once more on top of that."""

    code = "proposal_outdated"


class SecondPersonNeeded(Refused):
    """A first text, or a change of key, is published by another person's approval alone."""

    code = "publication_needs_review"


def submit_item(item_id: int, *, by: int, manages: bool, now: datetime) -> None:
    """Hand the text on which one works to reviewers; they get a notice. A second call changes nothing.

    Raises ``Missing``, ``Forbidden`` for another's item, ``Conflict`` when there is no draft, ``ProposalOutdated``.
    """
    with transaction() as session:
        found, held = _locked(session, item_id)
        _refuse_strangers(session, found, by, manages=manages)
        if held.work.state == "in_review":
            return
        if not may_submit(held.work):
            raise Conflict
        if held.is_outdated:
            raise ProposalOutdated
        _put(found, "in_review")
        _close_tasks(session, item_id, "author", now)
        if held.work.is_first:
            _count_towards_topic(session, found, now)
        record("item.submitted", by=by, target=f"item:{found.code}", detail={"version": held.number})
        wanted = set(
            session.scalars(
                select(ItemTask.assignee_id).where(
                    ItemTask.item_id == item_id, ItemTask.role == "reviewer", ItemTask.state == "open"
                )
            )
        )
        readers = (wanted or holders_of(session, "item.review")) - held.work.authors
        queue(readers, "item_to_review", **_notice(found, held, "submitted", now))


def withdraw_item(item_id: int, *, by: int, manages: bool, now: datetime) -> None:
    """Take a text back from the reviewers in order to write on it. A second call changes nothing.

    Raises ``Missing``, ``Forbidden``, and ``Conflict`` when it was published meanwhile.
    """
    with transaction() as session:
        found, held = _locked(session, item_id)
        _refuse_strangers(session, found, by, manages=manages)
        if held.work.state == "draft":
            return
        if held.work.state != "in_review":
            raise Conflict
        _put(found, "draft")
        record("item.withdrawn", by=by, target=f"item:{found.code}", detail={"version": held.number})


def approve_item(item_id: int, version_id: int, *, by: int, now: datetime, text: str = "") -> None:
    """Approve a text and thereby publish it; its authors get a notice.

    The same reviewer's second call changes nothing. Raises ``Missing``, ``OwnText``, ``ReviewDecided`` when the text
    was decided on, withdrawn or replaced meanwhile, ``ProposalOutdated``.
    """
    _decide(item_id, version_id, "approved", by=by, now=now, text=_text(text))


def return_item(item_id: int, version_id: int, *, by: int, now: datetime, text: str) -> None:
    """Give a text back to its authors with a reason. As ``approve_item``; ``Invalid`` without a reason."""
    if not text.strip():
        raise Invalid.at("text", "reason_needed")
    _decide(item_id, version_id, "returned", by=by, now=now, text=_text(text))


def publish_wording(item_id: int, version_id: int, *, by: int, now: datetime) -> None:
    """Publish a mend of the wording as manager of the bank, without a second person. A second call changes nothing.

    Raises ``SecondPersonNeeded`` for a first text or a change of key, ``ReviewDecided``, ``ProposalOutdated``.
    """
    with transaction() as session:
        found, held = _locked(session, item_id)
        if found.version_id == version_id and found.state == "published":
            return
        if held.version_id != version_id or held.work.state is None:
            raise ReviewDecided
        if needs_second_person(held.work):
            raise SecondPersonNeeded
        _publish(session, found, held, by=by, now=now)
        _close_tasks(session, item_id, "reviewer", now)
        _close_tasks(session, item_id, "author", now)


def _decide(item_id: int, version_id: int, verdict: str, *, by: int, now: datetime, text: str) -> None:
    with transaction() as session:
        found, held = _locked(session, item_id)
        if held.version_id != version_id or held.work.state != "in_review":
            last = session.scalars(
                select(ItemReview).where(ItemReview.version_id == version_id).order_by(ItemReview.id.desc()).limit(1)
            ).first()
            if last is not None and last.item_id == item_id and (last.reviewer_id, last.verdict) == (by, verdict):
                return
            raise ReviewDecided
        if not may_review(held.work, by):
            raise OwnText
        session.add(
            ItemReview(
                item_id=item_id, version_id=version_id, reviewer_id=by, verdict=verdict, text=text, created_at=now
            )
        )
        detail = {"version": held.number, "changes_key": held.work.changes_key}
        record(f"item.{verdict}", by=by, target=f"item:{found.code}", detail=detail)
        if verdict == "approved":
            if held.is_outdated:
                raise ProposalOutdated
            _publish(session, found, held, by=by, now=now)
        else:
            _put(found, "draft")
        _close_tasks(session, item_id, "reviewer", now)
        if verdict == "approved":
            queue(held.work.authors, "item_approved", **_notice(found, held, verdict, now))
        else:
            queue(held.work.authors, "item_returned", **_notice(found, held, verdict, now))


def _publish(session: Session, found: ItemRecord, held: ItemWork, *, by: int, now: datetime) -> None:
    if held.is_outdated:
        raise ProposalOutdated
    before = found.state
    if found.proposed_version_id is not None:
        new = session.get_one(ItemVersion, held.version_id)
        kept = filed_since(session, found.id, new.created_at)
        let_stand(session, found, new.id, Item.from_dict(new.body), kept=kept)
    found.proposed_version_id = found.proposed_state = None
    found.state = "published"
    # What it cites decides whether it may be drawn: a text that cites what stands ends a quarantine, no other does.
    look_through(session, item_ids=[found.id], by=by, now=now)
    record("item.published", by=by, target=f"item:{found.code}", detail={"from": before, "version": held.number})


def _locked(session: Session, item_id: int) -> tuple[ItemRecord, ItemWork]:
    found = session.get(ItemRecord, item_id, with_for_update=True, populate_existing=True)
    if found is None or found.version_id is None:
        raise Missing
    return found, read_work(session, found)


def _refuse_strangers(session: Session, found: ItemRecord, by: int, *, manages: bool) -> None:
    if not may_edit(session, found, by, manages=manages):
        raise Forbidden


def _put(found: ItemRecord, state: str) -> None:
    if found.proposed_version_id is None:
        found.state = state
    else:
        found.proposed_state = state


def _text(text: str) -> str:
    text = text.strip()
    if len(text) > TEXT_MOST:
        raise Invalid.at("text", "too_long", most=TEXT_MOST)
    return text


def _notice(found: ItemRecord, held: ItemWork, event: str, now: datetime) -> dict[str, Any]:
    key = f"item:{found.id}:{held.version_id}:{event}:{now.timestamp()}"
    return {"key": key, "params": {"code": found.code}, "url": f"/items/{found.id}"}


def _close_tasks(session: Session, item_id: int, role: str, now: datetime) -> None:
    session.execute(
        update(ItemTask)
        .where(ItemTask.item_id == item_id, ItemTask.role == role, ItemTask.state == "open")
        .values(state="done", done_at=now)
    )


def _count_towards_topic(session: Session, found: ItemRecord, now: datetime) -> None:
    """Close the tasks to write so many items on the topic once so many have been handed in."""
    session.flush()
    for task in session.scalars(
        select(ItemTask).where(
            ItemTask.assignee_id == found.author_id,
            ItemTask.topic == found.topic,
            ItemTask.role == "author",
            ItemTask.state == "open",
        )
    ).all():
        if written_for(session, task) >= task.count:
            task.state, task.done_at = "done", now


def written_for(session: Session, task: ItemTask) -> int:
    """Return how many items its assignee has written on the topic of a task since it was given, and handed in."""
    return (
        session.scalar(
            select(func.count())
            .select_from(ItemRecord)
            .where(
                ItemRecord.author_id == task.assignee_id,
                ItemRecord.topic == task.topic,
                ItemRecord.created_at >= task.created_at,
                ItemRecord.state.in_(("in_review", "published", "quarantined")),
            )
        )
        or 0
    )
