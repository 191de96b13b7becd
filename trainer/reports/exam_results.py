"""The results of an exam as a workbook. Heads come from the caller, in its language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from trainer.core.sheets import Column, Sheet, write_book
from trainer.reports.queries.exams import ResultLine


def results_sheet(
    title: str, lines: Sequence[ResultLine], *, heads: Mapping[str, str], words: Mapping[str, str], zone: ZoneInfo
) -> bytes:
    """Return the results of an exam as .xlsx.

    ``heads`` names the sheet and its columns; ``words`` the outcomes ``passed failed absent exempt deferred``,
    ``unmarked`` while answers wait for a person, and ``none`` for an exam without a pass mark.
    """
    columns = [
        Column(heads["name"], 14),
        Column(heads["username"], 16),
        Column(heads["unit"], 34),
        Column(heads["score"], 10),
        Column(heads["outcome"], 10),
        Column(heads["correct"], 10),
        Column(heads["minutes"], 12),
        Column(heads["submitted_at"], 18),
    ]
    rows = [
        (
            line.name,
            line.username,
            line.unit_name,
            line.score,
            words[_outcome(line)],
            line.correct_count,
            None if line.seconds_used is None else round(line.seconds_used / 60, 1),
            line.submitted_at,
        )
        for line in lines
    ]
    return write_book([Sheet(heads["sheet"], title, columns, rows)], zone)


def _outcome(line: ResultLine) -> str:
    if line.score is None:
        return "absent" if line.candidate_state == "due" else line.candidate_state
    if line.unmarked:
        return "unmarked"
    if line.passed is None:
        return "none"
    return "passed" if line.passed else "failed"
