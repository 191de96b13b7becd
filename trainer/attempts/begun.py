"""Whether anybody sits an exam now, or has begun one."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from trainer.attempts.models import Attempt


def is_anybody_sitting(session: Session) -> bool:
    """Return whether any attempt of the site is open, one whose time is over and which nobody has closed yet too."""
    return bool(session.scalar(select(exists().where(Attempt.state == "open"))))


def has_anybody_begun(session: Session, exam_id: int) -> bool:
    """Return whether there is any attempt of an exam."""
    return bool(session.scalar(select(exists().where(Attempt.exam_id == exam_id))))
