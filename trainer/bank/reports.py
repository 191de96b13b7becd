"""Errors that people report who met an item (题目报错), and the answers to them.

One person has one open report on a version at a time. Accepting says that the item will be mended: who decides goes on
to the editor. The reporter gets a notice either way.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from trainer.audit.service import record
from trainer.bank.models import ItemRecord, ItemReport, ItemVersion
from trainer.bank.work_queries import holders_of, may_edit
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Missing, demanded_text
from trainer.notices.service import queue

TEXT_MOST = 1000
OPEN_MOST = 30


class ReportOpen(Conflict):
    """The person's earlier report on this text has not been answered yet."""

    code = "report_open"


class TooManyReports(Conflict):
    """So many reports of one person wait for an answer that no more are taken."""

    code = "too_many_reports"


class ReportDecided(Conflict):
    """Somebody else has answered the report meanwhile."""

    code = "report_decided"


def report_item(version_id: int, *, by: int, origin: str, text: str, now: datetime) -> int:
    """Report an error of a version and return the report's id. ``origin`` is practice, exam or bank.

    The same text a second time returns the open report. Raises ``Invalid`` for an empty or overlong text, ``Missing``,
    ``ReportOpen`` for another text while one is open, ``TooManyReports``.
    """
    text = demanded_text("text", text, TEXT_MOST)
    with transaction() as session:
        # Locked, so that two tabs do not both find no open report.
        version = session.get(ItemVersion, version_id, with_for_update=True)
        if version is None:
            raise Missing
        waiting = select(ItemReport).where(ItemReport.reporter_id == by, ItemReport.state == "new")
        held = session.scalars(waiting.where(ItemReport.version_id == version_id)).first()
        if held is not None:
            if held.text == text:
                return held.id
            raise ReportOpen
        if (session.scalar(select(func.count()).select_from(waiting.subquery())) or 0) >= OPEN_MOST:
            raise TooManyReports
        made = ItemReport(
            item_id=version.item_id, version_id=version_id, reporter_id=by, origin=origin, text=text, created_at=now
        )
        session.add(made)
        session.flush()
        author = session.scalar(select(ItemRecord.author_id).where(ItemRecord.id == version.item_id))
        code = session.scalar(select(ItemRecord.code).where(ItemRecord.id == version.item_id))
        readers = {author} if author else set()
        queue(
            (readers | holders_of(session, "item.manage")) - {by},
            "item_reported",
            key=f"report:{made.id}",
            params={"code": code},
            url="/items/reports",
        )
        return made.id


def accept_report(report_id: int, *, by: int, manages: bool, now: datetime, answer: str = "") -> int:
    """Say that a reported error is one, and return the item's id. The same person's second call changes nothing.

    Raises ``Missing``, ``Forbidden`` for another's item, ``ReportDecided``.
    """
    return _decide(report_id, "accepted", by=by, manages=manages, now=now, answer=answer.strip())


def decline_report(report_id: int, *, by: int, manages: bool, now: datetime, answer: str) -> int:
    """Say with a reason that the item is right as it stands. As ``accept_report``; ``Invalid`` without a reason."""
    return _decide(
        report_id, "declined", by=by, manages=manages, now=now, answer=demanded_text("answer", answer, TEXT_MOST)
    )


def _decide(report_id: int, state: str, *, by: int, manages: bool, now: datetime, answer: str) -> int:
    if len(answer) > TEXT_MOST:
        raise Invalid.at("answer", "too_long", most=TEXT_MOST)
    with transaction() as session:
        found = session.get(ItemReport, report_id, with_for_update=True, populate_existing=True)
        if found is None:
            raise Missing
        item = session.get_one(ItemRecord, found.item_id)
        if not may_edit(session, item, by, manages=manages):
            raise Forbidden
        if found.state != "new":
            if (found.state, found.decided_by) == (state, by):
                return found.item_id
            raise ReportDecided
        found.state, found.answer, found.decided_by, found.decided_at = state, answer, by, now
        detail = {"report": report_id}
        record(f"item.report_{state}", by=by, target=f"item:{item.code}", detail=detail)
        told = {"params": {"answer": answer}, "key": f"report:{report_id}:{state}"}
        if state == "accepted":
            queue([found.reporter_id], "report_accepted", **told)
        else:
            queue([found.reporter_id], "report_declined", **told)
        return found.item_id
