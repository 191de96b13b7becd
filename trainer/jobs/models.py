"""The scheduler's lease and the record of its runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, StateText, UTCDateTime
from trainer.core.database import db


class Lease(db.Model):
    """Who may act as the scheduler now (租约). ``fence`` grows with each taking, so a stalled holder can be told."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    fence: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime] = mapped_column(UTCDateTime)


class JobRun(db.Model):
    """One run of a job that did something or failed (任务记录)."""

    __tablename__ = "job_runs"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    job: Mapped[str] = mapped_column(String(60))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(StateText("done", "failed"))
    count: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (Index(None, "job", "started_at"),)
