"""What the scheduler does, and how often: one table.

Every job takes the time (aware UTC) and returns how many things it did. Each is idempotent and finds its work by
looking at the tables; the interval says how late it may be, never whether something happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from trainer.accounts.jobs import drop_uploads
from trainer.accounts.sessions import drop_ended
from trainer.attempts.heard import drop_heard
from trainer.attempts.jobs import close_overdue
from trainer.bank.jobs import forget_imports, go_on_with_imports
from trainer.competitions.jobs import take_results, tell_prizes
from trainer.exams.jobs import warn_of_old_law
from trainer.hours.jobs import seal_chains
from trainer.jobs.tidying import drop_old_runs
from trainer.marking.jobs import credit_left_over, regrade_left_over, settle_left_over
from trainer.reports.jobs import count_answers


@dataclass(frozen=True)
class Job:
    """One line of the table."""

    name: str
    every_seconds: int
    run: Callable[[datetime], int]


SCHEDULE: tuple[Job, ...] = (
    Job("seal_chains", 1, seal_chains),
    Job("close_overdue", 3, close_overdue),
    Job("settle_left_over", 5, settle_left_over),
    Job("regrade_left_over", 15, regrade_left_over),
    Job("take_results", 15, take_results),
    Job("tell_prizes", 15, tell_prizes),
    Job("credit_left_over", 20, credit_left_over),
    Job("go_on_with_imports", 20, go_on_with_imports),
    Job("count_answers", 5, count_answers),
    Job("warn_of_old_law", 300, warn_of_old_law),
    Job("drop_heard", 60, drop_heard),
    Job("drop_ended_sessions", 600, drop_ended),
    Job("drop_uploads", 3600, drop_uploads),
    Job("forget_imports", 3600, forget_imports),
    Job("drop_old_runs", 3600, drop_old_runs),
)
