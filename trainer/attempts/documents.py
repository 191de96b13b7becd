"""What the page of an attempt is made of: the paper's compiled document and the answers that stand."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from trainer.attempts.models import Attempt, Response
from trainer.papers.models import Paper

DOCUMENTS_KEPT = 256


@dataclass(frozen=True)
class SavedAnswer:
    """An answer that stands; ``answer`` is JSON text."""

    number: int
    answer: str
    seq: int
    saved_at: datetime


@dataclass(frozen=True)
class OpenAttempt:
    """An attempt with all that its page needs. ``document`` is the paper's JSON, free of keys.

    ``sequential``: items are answered in order, and one that was left is closed.
    """

    attempt_id: int
    exam_id: int
    epoch: int
    state: str
    started_at: datetime
    deadline_at: datetime
    document: bytes
    responses: list[SavedAnswer]
    created: bool
    flags: tuple[int, ...] = ()
    sequential: bool = False


def answers_of(connection: Connection, attempt_id: int) -> list[SavedAnswer]:
    """Return the answers that stand in an attempt, by item number."""
    rows = connection.execute(
        select(Response.number, Response.answer, Response.seq, Response.saved_at)
        .where(Response.attempt_id == attempt_id)
        .order_by(Response.number)
    )
    return [SavedAnswer(*row) for row in rows]


_documents: OrderedDict[int, bytes] = OrderedDict()


def document_of(connection: Connection, paper_id: int) -> bytes:
    """Return a paper's compiled document; the last ``DOCUMENTS_KEPT`` papers are kept in the process."""
    known = _documents.get(paper_id)
    if known is None:
        known = bytes(connection.execute(select(Paper.document).where(Paper.id == paper_id)).scalar_one())
        _documents[paper_id] = known
        while len(_documents) > DOCUMENTS_KEPT:
            _documents.popitem(last=False)
    return known


def as_it_stands(connection: Connection, attempt: Attempt, *, epoch: int) -> OpenAttempt:
    """Return an attempt with paper and answers for who may look at it; ``epoch`` is the writer's, 0 only to look."""
    return OpenAttempt(
        attempt_id=attempt.id,
        exam_id=attempt.exam_id,
        epoch=epoch,
        state=attempt.state,
        started_at=attempt.started_at,
        deadline_at=attempt.deadline_at,
        document=document_of(connection, attempt.paper_id),
        responses=answers_of(connection, attempt.id),
        created=False,
        flags=tuple(attempt.flags or ()),
        sequential=attempt.sequential,
    )


def forget_documents() -> None:
    """Empty what the process keeps of papers, for tests that reuse ids."""
    _documents.clear()
