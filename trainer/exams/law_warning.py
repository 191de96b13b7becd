"""Telling organisers that a paper which stands rests on words of a law that will not hold while it is sat.

A compiled paper is never changed behind anybody's back: its organiser decides whether to cancel, to bring the sitting
forward by making another exam, or to let the key be repaired afterwards.
"""

from __future__ import annotations

from datetime import datetime

from trainer.core.clock import local_day
from trainer.core.database import db, end_read, transaction
from trainer.exams.queries import exams_to_come, stale_items
from trainer.notices.service import queue
from trainer.web.locale import zone

PAGE = "/exams/{exam_id}"


def warn_organisers(now: datetime) -> int:
    """Tell those who made the exams that are still to come, and return how many notices are new.

    An organiser is told once for each exam and day from which items of it are stale, so a second call tells nothing.
    Called after a law was loaded, and by the scheduler, because an exam may be extended over such a day.
    """
    due = []
    session = db.session()
    for exam, closes_at in exams_to_come(session, now):
        found = stale_items(session, exam.blueprint_id, local_day(closes_at, zone()))
        if found and exam.created_by is not None:
            due.append((exam.id, exam.title, exam.created_by, found))
    end_read()
    told = 0
    if due:
        with transaction():
            for exam_id, title, organiser, found in due:
                day = min(one.stale_on for one in found)
                told += queue(
                    [organiser],
                    "exam_rests_on_old_law",
                    key=f"exam:{exam_id}:old_law:{day.isoformat()}",
                    params={
                        "title": title,
                        "count": len({one.item_id for one in found}),
                        "law": found[0].law,
                        "force_on": day.isoformat(),
                    },
                    url=PAGE.format(exam_id=exam_id),
                )
    return told
