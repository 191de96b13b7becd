"""Queueing of notices and mail, reading of the inbox, feedback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from trainer.audit.service import record
from trainer.core.clock import utcnow
from trainer.core.database import transaction
from trainer.core.errors import Invalid, Missing
from trainer.notices.models import Feedback, Notice

FEEDBACK_MOST = 2000


@dataclass(frozen=True)
class Told:
    """What one person is told: the code of the sentence, what it names, and where it leads."""

    code: str
    params: dict[str, Any]
    url: str | None = None


def queue(
    user_ids: Iterable[int], code: str, *, key: str, params: dict[str, Any] | None = None, url: str | None = None
) -> int:
    """Put one notice into each inbox and return how many are new. Joins the caller's transaction.

    ``key`` names the event (such as ``exam:7:published``): a second call with it adds nothing.
    """
    one = Told(code, params or {}, url)
    return queue_each(dict.fromkeys(user_ids, one), key=key)


def queue_each(told: Mapping[int, Told], *, key: str) -> int:
    """Put a notice of its own into the inbox of each user id; otherwise as ``queue``."""
    wanted = sorted(told)
    now = utcnow()
    added = 0
    with transaction() as session:
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            known = set(session.scalars(select(Notice.user_id).where(Notice.key == key, Notice.user_id.in_(part))))
            rows = [
                {"user_id": one, "key": key, "created_at": now}
                | {"code": told[one].code, "params": told[one].params, "url": told[one].url}
                for one in part
                if one not in known
            ]
            if rows:
                session.execute(insert(Notice), rows)
                added += len(rows)
    return added


def mark_read(user_id: int, notice_id: int | None, now: datetime) -> None:
    """Mark one notice of a person as read, or all with None. A second call keeps the first time."""
    with transaction() as session:
        rows = update(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None)).values(read_at=now)
        session.execute(rows if notice_id is None else rows.where(Notice.id == notice_id))


def give_feedback(user_id: int, unit_id: int, *, page: str, text: str, now: datetime) -> int:
    """Store a complaint or suggestion and return its id. Raises ``Invalid`` for an empty or overlong one."""
    text = text.strip()
    if not text:
        raise Invalid.at("text", "required")
    if len(text) > FEEDBACK_MOST:
        raise Invalid.at("text", "too_long", most=FEEDBACK_MOST)
    with transaction() as session:
        row = Feedback(user_id=user_id, unit_id=unit_id, page=page[:200], text=text, created_at=now)
        session.add(row)
        session.flush()
        return row.id


def answer_feedback(feedback_id: int, *, by: int, answer: str, now: datetime) -> None:
    """Answer a feedback; the writer gets a notice. A second answer replaces the first and is recorded as well."""
    answer = answer.strip()
    if not answer:
        raise Invalid.at("answer", "required")
    if len(answer) > FEEDBACK_MOST:
        raise Invalid.at("answer", "too_long", most=FEEDBACK_MOST)
    with transaction() as session:
        row = session.get(Feedback, feedback_id)
        if row is None:
            raise Missing
        row.state, row.answer, row.answered_by, row.answered_at = "answered", answer, by, now
        record("feedback.answered", by=by, target=f"feedback:{feedback_id}", unit_id=row.unit_id)
        queue([row.user_id], "feedback_answered", key=f"feedback:{feedback_id}:{now.timestamp()}", url="/feedback")
