"""Reads of inboxes and of feedback."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import User
from trainer.core.errors import Missing
from trainer.notices.models import Feedback, Notice
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope


def unread_count(session: Session, user_id: int) -> int:
    """Return how many notices of a person are unread; served by an index alone."""
    found = session.scalar(select(func.count()).where(Notice.user_id == user_id, Notice.read_at.is_(None)))
    return found or 0


def inbox(user_id: int, *, only_unread: bool = False) -> Select[Any]:
    """Return the statement for the notices of a person, the newest first."""
    rows = select(Notice).where(Notice.user_id == user_id)
    if only_unread:
        rows = rows.where(Notice.read_at.is_(None))
    return rows.order_by(Notice.created_at.desc(), Notice.id.desc())


def notice_of(session: Session, user_id: int, notice_id: int) -> Notice:
    """Return a notice of a person; raises ``Missing`` for somebody else's as for one that does not exist."""
    row = session.scalar(select(Notice).where(Notice.id == notice_id, Notice.user_id == user_id))
    if row is None:
        raise Missing
    return row


def feedback_of(user_id: int) -> Select[Any]:
    """Return the statement for what a person has written, the newest first; rows of ``Feedback`` and the answerer."""
    answerer = aliased(User)
    rows = select(Feedback, answerer.name).outerjoin(answerer, answerer.id == Feedback.answered_by)
    return rows.where(Feedback.user_id == user_id).order_by(Feedback.id.desc())


def feedback_within(scope: Scope, *, state: str = "", text: str = "") -> Select[Any]:
    """Return the statement for feedback from units of ``scope``: unanswered first, then the newest.

    Rows of ``Feedback``, the writer's name, the unit's name and the answerer's name.
    """
    writer, answerer = aliased(User), aliased(User)
    rows = (
        select(Feedback, writer.name, Unit.name, answerer.name)
        .join(writer, writer.id == Feedback.user_id)
        .join(Unit, Unit.id == Feedback.unit_id)
        .outerjoin(answerer, answerer.id == Feedback.answered_by)
        .where(units_within(scope))
    )
    if state:
        rows = rows.where(Feedback.state == state)
    if text:
        rows = rows.where(
            or_(Feedback.text.contains(text, autoescape=True), writer.name.contains(text, autoescape=True))
        )
    return rows.order_by(Feedback.state.desc(), Feedback.id.desc())


def feedback_in(session: Session, scope: Scope, feedback_id: int) -> tuple[Feedback, str, str, str | None]:
    """Return a feedback with the names of writer, unit and answerer; raises ``Missing`` out of ``scope``."""
    row = session.execute(feedback_within(scope).where(Feedback.id == feedback_id)).first()
    if row is None:
        raise Missing
    return row[0], row[1], row[2], row[3]


def waiting_feedback(session: Session, scope: Scope) -> int:
    """Return how many feedbacks of ``scope`` wait for an answer."""
    found = session.scalar(
        select(func.count())
        .select_from(Feedback)
        .join(Unit, Unit.id == Feedback.unit_id)
        .where(Feedback.state == "new", units_within(scope))
    )
    return found or 0
