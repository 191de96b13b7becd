"""Practice: what was answered, and when an item should come back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import Hundredths, RowId, StateText, UTCDateTime
from trainer.core.database import db

ANSWER_STATES = ("graded", "waiting", "self_assessed")


class PracticeAnswer(db.Model):
    """One graded answer in practice (练习作答). Rows only come; a card can be rebuilt from them.

    ``sent_key`` is made by the client, one for each showing of an item: a second sending of it changes nothing.
    ``answer`` is canonical JSON text, ``null`` for "I do not know". ``seconds`` is what a client of the API cared to
    tell, None otherwise; it serves the memory of this one item, is never summed and never shown. Of an item alone the
    median over many people is told.

    A short answer is ``waiting`` until its writer has compared it with the rubric, then ``self_assessed`` (自评).
    ``met`` holds for each part the numbers of the points that it makes. Only what is ``graded`` may be counted.
    """

    __tablename__ = "practice_answers"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    sent_key: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(Text)
    fraction: Mapped[Decimal] = mapped_column(Hundredths)
    correct: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(StateText(*ANSWER_STATES), default="graded", server_default="graded")
    met: Mapped[list[list[int]] | None] = mapped_column(JSON)
    seconds: Mapped[int | None] = mapped_column(Integer)
    answered_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (
        UniqueConstraint("user_id", "sent_key"),
        Index(None, "user_id", "answered_at"),
        # Whether an answer is a person's first to an item is asked when practice is counted.
        Index(None, "item_id", "user_id"),
    )


class Card(db.Model):
    """A person's memory of an item (记忆卡): the state of the fsrs library and when the item is due again.

    ``wrong`` says that the item is in the wrong-answer book (错题本): the last answer was wrong, or it has not yet been
    right often enough since.
    """

    __tablename__ = "practice_cards"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    memory: Mapped[dict[str, Any]] = mapped_column(JSON)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    wrong: Mapped[bool] = mapped_column(Boolean)
    right_in_a_row: Mapped[int] = mapped_column(Integer, default=0)
    answered_count: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (Index(None, "user_id", "due_at"), Index(None, "user_id", "wrong"))
