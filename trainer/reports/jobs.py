"""What the scheduler does for statistics: a little at a time, because one job runs at a time.

An exam is counted over many ticks. How far it has come is kept in this process alone: one that ends in between begins
that exam anew.
"""

from __future__ import annotations

import time
from datetime import datetime

from trainer.reports import counting, merging
from trainer.reports.practice_counting import count_practice, waiting_practice
from trainer.web.locale import zone

SLICE_SECONDS = 0.4
# Looked at one at a time, so that a site with very many exams still comes round within the day.
CHECKS = 1

_counting: list[counting.ExamCount] = []


def count_answers(now: datetime) -> int:
    """Count what is to be counted for ``SLICE_SECONDS`` at most; return how many exams were finished or items renewed.

    In this order: the exam at hand, items that are due, an exam that has come to its end, practice, and whether
    results of counted exams have changed. A run that finds nothing is six short statements and no write.
    """
    until = time.monotonic() + SLICE_SECONDS
    done = 0
    while time.monotonic() < until:
        if _counting:
            done += _go_on(now)
            continue
        merged = merging.merge_due(now)
        if merged:
            done += merged
            continue
        exam_id = counting.next_to_count(now)
        if exam_id is not None:
            _counting.append(counting.ExamCount(exam_id, zone()))
        elif not (waiting_practice(now) and count_practice(now, zone=zone())) and not counting.check_counted(
            now, CHECKS
        ):
            break
    return done


def _go_on(now: datetime) -> int:
    """Count one page more of the exam at hand; return 1 when that was the last. An error gives the exam up for now."""
    current = _counting.pop()
    if current.advance():
        _counting.append(current)
        return 0
    current.write(now)
    return 1
